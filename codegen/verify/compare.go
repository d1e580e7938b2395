package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hass/codegen/project"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/edits"
	"hass/internal/hw/limits"
)

// maxDifferences bounds the number of differences that Compare lists for each file and for the design.
const maxDifferences = 20

// Comparison is the result of comparing a project with a design.
type Comparison struct {
	Target      limits.Target
	Images      int      // golden images of the project
	Differences []string // from the design, each with its place; empty: none
	Edited      []string // files whose edits have no effect (comments, order, prose)

	files []project.File // of the project as generated from the design
}

// Problem describes the differences in one line; "" if there are none.
func (c *Comparison) Problem() string {
	switch n := len(c.Differences); {
	case n == 0:
		return ""
	case n == 1:
		return "is not this design's: " + c.Differences[0]
	default:
		return fmt.Sprintf("is not this design's, %d differences: %s", n, strings.Join(c.Differences[:min(n, 5)], "; "))
	}
}

// Compare compares the folder with all files of project p: the copy of the design, field by field, and every generated
// file. A difference is a result, not an error. Errors are a folder that cannot be read and a cancelled context. Files that
// hass did not generate are the user's, but a file that a build of the project would use is a difference. m is the folder's
// manifest.
func Compare(ctx context.Context, p *project.Project, files []project.File, folder string, m *artifact.Manifest) (*Comparison, error) {
	c := &Comparison{Target: limits.Target(m.Target), Images: m.Golden, files: files}
	if m.Golden != len(p.Images) {
		c.differ("%s: golden_images is %d; the design has %d", artifact.ManifestName, m.Golden, len(p.Images))
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	c.compareDesign(p.Design, root)
	edited := map[string][]byte{}
	for _, f := range c.files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		switch f.Path {
		case artifact.ManifestName:
			c.compareManifest(m, f.Data, edited)
		case project.RecordName:
			// compareDesign has compared it.
		default:
			c.compareFile(p, root, f, edited)
		}
	}
	if err := c.compareForeign(ctx, root); err != nil {
		return nil, err
	}
	slices.Sort(c.Edited)
	if len(c.Differences) > 0 {
		c.Edited = nil // no longer relevant
	}
	return c, nil
}

func (c *Comparison) differ(format string, args ...any) {
	c.Differences = append(c.Differences, fmt.Sprintf(format, args...))
}

// compareDesign compares the project's copy of the design with d.
func (c *Comparison) compareDesign(d *design.Design, root *os.Root) {
	var made design.Design
	data, err := readInside(root, project.RecordName, maxRecord)
	if err == nil {
		err = artifact.Decode(data, design.Schema, design.Version, &made)
	}
	if err != nil {
		c.differ("%s: %v", project.RecordName, err)
		return
	}
	for _, x := range artifact.Diff(made, *d, 0, maxDifferences) {
		c.differ("%s is %s in the project's design, %s in this one", namedLayer(d, x.Path), x.A, x.B)
	}
}

// namedLayer adds the layer's name to a path into the hardware of the layers, whose elements have no names.
func namedLayer(d *design.Design, path string) string {
	var i int
	if n, _ := fmt.Sscanf(path, "layers[%d]", &i); n == 1 && i < len(d.Net.Layers) {
		index, rest, _ := strings.Cut(path, "]")
		return index + "] (" + d.Net.Layers[i].ID + ")" + rest
	}
	return path
}

// maxRecord bounds the project's copy of the design in bytes.
const maxRecord = 1 << 30

// compareFile compares a generated file with the project's.
func (c *Comparison) compareFile(p *project.Project, root *os.Root, f project.File, edited map[string][]byte) {
	data, err := readInside(root, f.Path, int64(len(f.Data))+1<<20)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.differ("%s is missing", f.Path)
		return
	case err != nil:
		c.differ("%s: %v", f.Path, err)
		return
	case bytes.Equal(data, f.Data):
		return
	case edits.Neutral(f.Path, f.Data, data):
		c.Edited = append(c.Edited, f.Path)
		edited[f.Path] = data
		return
	}
	if path.Ext(f.Path) == ".bin" {
		c.differ("%s: %s", f.Path, binaryDifference(p, f.Path, data, f.Data))
		return
	}
	c.differ("%s%s", f.Path, textDifference(f.Path, string(data), string(f.Data)))
}

// built are the folders of a project whose files are compiled by wildcard or found by include paths.
var built = []string{"include", "src", "rtl", "tb", "sim", "board"}

// compareForeign looks for files in those folders that the design does not generate: a header would take precedence
// over one of the compiler's, a source would be compiled too. Hidden files and editors' backups are never used.
func (c *Comparison) compareForeign(ctx context.Context, root *os.Root) error {
	own := map[string]bool{}
	for _, f := range c.files {
		own[f.Path] = true
	}
	foreign := 0
	for _, dir := range built {
		err := fs.WalkDir(root.FS(), dir, func(name string, e fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case name == dir && errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return fmt.Errorf("%s: %w", name, plainError(err))
			case strings.HasPrefix(e.Name(), ".") && e.IsDir():
				return fs.SkipDir
			case e.IsDir() || own[name] || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), "~"):
				return nil
			}
			if foreign++; foreign <= maxDifferences {
				c.differ("%+q is no file of the design, and a build would take it: move it out of %s/", name, dir)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if foreign > maxDifferences {
		c.differ("%d more files in %s/ are not the design's", foreign-maxDifferences, strings.Join(built, "/, "))
	}
	return nil
}

// compareManifest compares the manifest with that of the design. A file with a neutral edit may be listed with the edit.
func (c *Comparison) compareManifest(m *artifact.Manifest, generated []byte, edited map[string][]byte) {
	var want artifact.Manifest
	if err := artifact.Decode(generated, artifact.ManifestSchema, artifact.ManifestVersion, &want); err != nil {
		c.differ("%s: %v", artifact.ManifestName, err) // cannot happen: we wrote it
		return
	}
	for i, f := range want.Files {
		data, ok := edited[f.Path]
		if have := m.File(f.Path); ok && have != nil && have.SHA256 == artifact.HashBytes(data) && have.Bytes == int64(len(data)) {
			want.Files[i] = *have
		}
	}
	listed := map[string]bool{}
	for _, f := range want.Files {
		listed[f.Path] = true
		switch have := m.File(f.Path); {
		case have == nil:
			c.differ("%s does not list %s", artifact.ManifestName, f.Path)
		case *have != f:
			c.differ("%s: %s has the SHA-256 %.12s... and %d bytes there, %.12s... and %d by the design", artifact.ManifestName, f.Path, have.SHA256, have.Bytes, f.SHA256, f.Bytes)
		}
	}
	for _, f := range m.Files {
		if !listed[f.Path] {
			c.differ("%s lists %+q, which the design does not give", artifact.ManifestName, f.Path)
		}
	}
	m.Files, want.Files = nil, nil
	for _, x := range artifact.Diff(*m, want, 0, maxDifferences) {
		c.differ("%s: %s is %s, %s by the design", artifact.ManifestName, x.Path, x.A, x.B)
	}
}

// readInside reads a regular file of at most limit bytes below root.
func readInside(root *os.Root, name string, limit int64) ([]byte, error) {
	name = filepath.FromSlash(name)
	st, err := root.Stat(name)
	if err != nil {
		return nil, plainError(err)
	}
	if !st.Mode().IsRegular() {
		return nil, errors.New("is not a regular file")
	}
	if st.Size() > limit {
		return nil, fmt.Errorf("has %d bytes, far too many", st.Size())
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, plainError(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit))
	return data, plainError(err)
}

// plainError removes the path, which the caller names.
func plainError(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// Stage writes the project as generated from the design into the empty folder dir, for a run that no other
// file of the project's folder can influence.
func (c *Comparison) Stage(ctx context.Context, dir string) error {
	return writeFiles(ctx, dir, c.files)
}

// writeFiles writes files below the folder dir.
func writeFiles(ctx context.Context, dir string, files []project.File) error {
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		mode := fs.FileMode(0o666)
		if f.Executable {
			mode = 0o777
		}
		if err := os.WriteFile(name, f.Data, mode); err != nil {
			return err
		}
	}
	return nil
}
