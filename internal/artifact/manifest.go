package artifact

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
)

// ManifestName is the manifest's file in a project folder.
const ManifestName = "manifest.json"

// Schema names of the manifest.
const (
	ManifestSchema  = "hass.manifest"
	ManifestVersion = 1
)

// Passes is the target of a folder that holds the graph after each pass instead of a project.
const Passes = "passes"

// inputs are the names of the inputs whose hashes a manifest of the target must have.
func (m *Manifest) inputs() []string {
	if m.Target == Passes {
		return []string{"model"}
	}
	return []string{"design", "weights", "golden"}
}

// contents describes the contents of a folder with this manifest.
func (m *Manifest) contents() string {
	if m.Target == Passes {
		return "dumped passes"
	}
	return "a project"
}

// maxManifestFiles bounds the number of files of a project; the largest networks have a few thousand.
const maxManifestFiles = 1 << 18

// Manifest lists the inputs of a project folder and every file that was generated into it,
// except itself and the marker. A file of the folder that it does not list is the user's; a
// file whose hash differs was edited. Header.Inputs has the hashes of the design ("design",
// as the tool writes it, so independent of the order of fields and white space), of its
// weights ("weights") and of its golden images ("golden"). A folder of dumped passes has
// the target Passes and the hash of the model ("model") instead.
type Manifest struct {
	Header
	Target string     `json:"target"`        // hls, rtl or Passes
	Golden int        `json:"golden_images"` // number of the design's images that were written
	Files  []SideFile `json:"files"`         // in the order of their paths
}

// ReadManifest reads and checks the manifest of the project folder dir. The error is
// fs.ErrNotExist if there is none.
func ReadManifest(dir string) (*Manifest, error) {
	m := &Manifest{}
	name := filepath.Join(dir, ManifestName)
	if err := ReadJSON(name, ManifestSchema, ManifestVersion, m); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// File is the entry of a path, nil if the manifest does not list it.
func (m *Manifest) File(path string) *SideFile {
	for i := range m.Files {
		if m.Files[i].Path == path {
			return &m.Files[i]
		}
	}
	return nil
}

// Edited lists the files of the manifest that differ from their generated version in the project folder dir. A missing
// file is an error.
func (m *Manifest) Edited(dir string) ([]string, error) {
	var edited []string
	for _, f := range m.Files {
		file, err := f.open(dir)
		if err != nil {
			return nil, fmt.Errorf("%s lists a file that is not there as it was: %w", ManifestName, err)
		}
		sum, _, err := hashReader(file)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(dir, f.Path), cause(err))
		}
		if sum != f.SHA256 {
			edited = append(edited, f.Path)
		}
	}
	return edited, nil
}

func (m *Manifest) check() error {
	if len(m.Files) > maxManifestFiles {
		return fmt.Errorf("lists %d files; at most %d are expected", len(m.Files), maxManifestFiles)
	}
	for _, name := range m.inputs() {
		if !isHash(m.Inputs[name]) {
			return fmt.Errorf("inputs: %q is not the SHA-256 of the %s", m.Inputs[name], name)
		}
	}
	for i, f := range m.Files {
		switch {
		case !fs.ValidPath(f.Path) || f.Path == "." || strings.ContainsRune(f.Path, '\\') || !filepath.IsLocal(filepath.FromSlash(f.Path)):
			return fmt.Errorf("file %q: must be a plain path inside the project", f.Path)
		case f.Path == ManifestName || f.Path == Marker:
			return fmt.Errorf("file %q: the manifest does not list itself or the marker", f.Path)
		case i > 0 && f.Path <= m.Files[i-1].Path:
			return fmt.Errorf("file %q: files are listed once each, in the order of their paths", f.Path)
		case f.Bytes < 0 || !isHash(f.SHA256):
			return fmt.Errorf("file %q: %d bytes, SHA-256 %q", f.Path, f.Bytes, f.SHA256)
		}
	}
	return nil
}

// isHash tells whether s has the form of HashBytes.
func isHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
