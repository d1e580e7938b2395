package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Marker is the file that marks a project folder.
const Marker = ".hass-output"

const (
	markerText    = "This folder was written by hass. manifest.json lists the generated files; all others are yours and stay.\n"
	markerTextOld = "This folder was written by hass" // start of the marker's text in every version
)

// TreeFile is a generated file of a project folder.
type TreeFile struct {
	Path       string // slash-separated, relative to the folder
	Data       []byte
	Executable bool
}

// Kept lists the files of a project folder that WriteProject kept or replaced. Paths
// are slash-separated and relative to the folder; those of folders end in a slash.
type Kept struct {
	Foreign  []string // files that hass did not generate
	Edited   []string // edited generated files whose unedited version is the new one; they were kept
	Replaced []string // edited generated files that were replaced because of force
}

// Mode is the treatment of edited generated files by WriteProject.
type Mode int

const (
	KeepEdits    Mode = iota // they stay; if the new project needs another version, it is refused
	ReplaceEdits             // they are replaced or, if the new project has no such file, removed
)

// CheckDir checks that WriteProject may create or update the folder path: it must not exist, be
// empty, or be a project of hass. Commands call it before long work, so that a wrong -o fails at
// once.
func CheckDir(path string) error {
	target, err := resolve(path)
	if err == nil {
		err = noDevice(path)
	}
	if err == nil {
		_, err = ownFolder(target)
	}
	if err != nil {
		return fmt.Errorf("output folder %s: %w", path, err)
	}
	return nil
}

// WriteProject creates the folder path from files, the last of which is the manifest that
// lists them, or updates an existing project there to these files.
//
// A new folder is filled beside its place and renamed. In an existing project only differing
// files are changed. Files that the old manifest does not list stay, and so do edited generated
// files, subject to mode. Files that the new project no longer has are removed. The new files
// are first written and synced into a folder inside the project. Until that is complete, a
// failure, an interrupt or a killed process leaves the old project unchanged. From then on the
// next call, whatever it writes, first finishes the update, and until then CheckWhole reports
// that the project is not finished.
func WriteProject(ctx context.Context, path string, files []TreeFile, mode Mode) (kept *Kept, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("output folder %s: %w", path, err)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if n := len(files); n == 0 || files[n-1].Path != ManifestName {
		return nil, errors.New("no manifest is to be written")
	}
	target, err := resolve(path)
	if err != nil {
		return nil, err
	}
	RemoveStale(filepath.Dir(target))
	exists, err := ownFolder(target)
	if err != nil {
		return nil, err
	}
	if exists {
		return updateProject(ctx, target, files, mode)
	}
	return &Kept{}, newProject(ctx, target, files)
}

// newProject creates a folder that does not exist.
func newProject(ctx context.Context, target string, files []TreeFile) error {
	files = append(files[:len(files):len(files)], TreeFile{Path: Marker, Data: []byte(markerText)})
	return newFolder(target, func(dir string) error { return writeTree(ctx, dir, files) })
}

// newFolder fills a folder beside its place, which must be absent or empty, and renames it.
func newFolder(target string, fill func(dir string) error) error {
	t, err := newTemporaryFolder(target)
	if err != nil {
		return fmt.Errorf("%w (is the parent folder there and writable?)", cause(err))
	}
	defer t.remove()
	if err := fill(t.path); err != nil {
		return err
	}
	live.Lock()
	defer live.Unlock()
	if err := os.Rename(t.path, target); err != nil {
		return cause(err)
	}
	t.forget()
	syncDir(filepath.Dir(target))
	return nil
}

// WriteFolder creates the folder path, which must not exist or must be empty: fill writes into another folder beside it,
// which is then renamed, so it appears as a whole or not at all. Leftovers of killed processes beside it are removed.
func WriteFolder(path string, fill func(dir string) error) error {
	target, err := resolve(path)
	if err == nil {
		err = noDevice(path)
	}
	if err == nil {
		RemoveStale(filepath.Dir(target))
		err = newFolder(target, fill)
	}
	if err != nil {
		return fmt.Errorf("output folder %s: %w", path, err)
	}
	return nil
}

// Scratch creates a temporary folder in the system's folder for temporary files, and removes the leftovers of killed
// processes there. The caller must call done at the end.
func Scratch() (dir string, done func(), err error) {
	parent := os.TempDir()
	RemoveStale(parent)
	t, err := newTemporaryFolder(filepath.Join(parent, "hass"))
	if err != nil {
		return "", nil, fmt.Errorf("folder %s for temporary files: %w", parent, cause(err))
	}
	if err := os.Chmod(t.path, 0o700); err != nil { // others use the parent folder too
		t.remove()
		return "", nil, err
	}
	return t.path, t.remove, nil
}

// writeTree writes and syncs files below dir.
func writeTree(ctx context.Context, dir string, files []TreeFile) error {
	dirs := map[string]bool{dir: true}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if d := filepath.Dir(name); !dirs[d] {
			if err := os.MkdirAll(d, 0o777); err != nil {
				return cause(err)
			}
			dirs[d] = true
		}
		mode := fs.FileMode(0o666)
		if f.Executable {
			mode = 0o777
		}
		if err := writeSynced(name, f.Data, mode); err != nil {
			return fmt.Errorf("%s: %w", f.Path, cause(err))
		}
	}
	for d := range dirs {
		syncDir(d)
	}
	return ctx.Err()
}

func writeSynced(name string, data []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

// ownFolder reports whether target exists; it is an error if we must not write there.
func ownFolder(target string) (exists bool, err error) {
	if target == filepath.Dir(target) {
		return true, errors.New("is the root of the file system; name a folder below it")
	}
	st, err := os.Stat(target)
	if notThere(err) {
		return false, nil
	}
	if err != nil {
		return false, cause(err)
	}
	if !st.IsDir() {
		return true, errors.New("exists and is not a folder; name another")
	}
	entries, err := os.ReadDir(target)
	if err != nil {
		return true, cause(err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return isTemporary(e.Name()) })
	if len(entries) == 0 {
		return true, nil
	}
	root, err := os.OpenRoot(target)
	if err != nil {
		return true, cause(err)
	}
	defer root.Close()
	if st, err := root.Lstat(updateName); err == nil && st.IsDir() {
		return true, nil
	}
	text, err := readSmall(root, Marker)
	if err == nil && strings.HasPrefix(string(text), markerTextOld) {
		return true, nil
	}
	if _, err := ReadManifest(target); err != nil {
		return true, errors.New("is not empty and was not written by hass; name another folder or empty this one")
	}
	return true, nil
}
