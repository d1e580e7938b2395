package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hass/internal/userfile"
)

// An update of a project goes through a folder inside it:
//
//	.hass-update/steps.json   the steps to do
//	.hass-update/new/...      the new files
//
// It is written under a temporary name; the rename to updateName commits the update. Every step
// can be repeated.
const (
	updateName = ".hass-update"
	stepsName  = "steps.json"
	newName    = "new"
)

// step is a change of one file. Old is the hash of the present file, "" for none: if the
// file differs at the time of the step, a user has changed it meanwhile and it stays.
type step struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"` // hash of the new file, "" if the old one is to be removed
}

// CheckWhole returns an error if an update of the project folder dir has begun but not ended.
func CheckWhole(dir string) error {
	if _, err := os.Lstat(filepath.Join(dir, updateName)); err == nil {
		return fmt.Errorf("%s: the last hass generate was killed while it put new files in place; run it again, it will finish", dir)
	}
	return nil
}

// updateProject updates the project in target to files.
func updateProject(ctx context.Context, target string, files []TreeFile, mode Mode) (*Kept, error) {
	lock, err := os.Open(target)
	if err != nil {
		return nil, cause(err)
	}
	defer lock.Close()
	if tryLock(lock) == lockHeld {
		return nil, ErrBusy
	}
	root, err := os.OpenRoot(target)
	if err != nil {
		return nil, cause(err)
	}
	defer root.Close()
	RemoveStale(target)
	if err := finishUpdate(root); err != nil {
		return nil, err
	}
	old, err := readOld(root, target, mode)
	if err != nil {
		return nil, err
	}
	if err := old.sameContents(files[len(files)-1].Data); err != nil {
		return nil, err
	}
	steps, kept, err := planUpdate(ctx, root, old, files, mode)
	if err != nil {
		return nil, err
	}
	if len(steps) > 0 {
		if err := stage(ctx, target, files, steps); err != nil {
			return nil, err
		}
		live.Lock()
		err := applyUpdate(root)
		live.Unlock()
		if err != nil {
			return nil, err
		}
	}
	kept.Foreign, err = foreign(root, files)
	return kept, err
}

// oldProject describes the present contents of the folder.
type oldProject struct {
	hash map[string]string // of the generated files, as they were generated
	// unknown means that no manifest lists the generated files: every file of which the new
	// project needs another version then counts as edited.
	unknown  bool
	manifest *Manifest // nil if there is none
}

// sameContents refuses to turn a folder of one kind into one of another, because all of its unedited files would be
// removed. text is the new manifest.
func (old *oldProject) sameContents(text []byte) error {
	var m Manifest
	if old.manifest == nil || json.Unmarshal(text, &m) != nil {
		return nil
	}
	if was, is := old.manifest.contents(), m.contents(); was != is {
		return fmt.Errorf("it holds %s, not %s; name another folder, nothing was changed", was, is)
	}
	return nil
}

// readOld reads the manifest of the old project.
func readOld(root *os.Root, target string, mode Mode) (*oldProject, error) {
	old := &oldProject{hash: map[string]string{}}
	m, err := ReadManifest(target)
	switch {
	case notThere(err):
		_, err := root.Lstat(Marker)
		old.unknown = err == nil // otherwise the folder is empty
		return old, nil
	case err != nil && mode == ReplaceEdits:
		old.unknown = true
		return old, nil
	case err != nil:
		return nil, fmt.Errorf("%w (--force replaces all generated files)", err)
	}
	old.manifest = m
	for _, f := range m.Files {
		old.hash[f.Path] = f.SHA256
	}
	text, err := readSmall(root, ManifestName)
	if err != nil {
		return nil, cause(err)
	}
	old.hash[ManifestName] = HashBytes(text)
	return old, nil
}

// planUpdate compares the folder with the old and the new project.
func planUpdate(ctx context.Context, root *os.Root, old *oldProject, files []TreeFile, mode Mode) ([]step, *Kept, error) {
	kept := &Kept{}
	var steps []step
	var edited, obstacles []string
	fresh := map[string]bool{}
	change := func(path, now, then string) {
		generated, known := old.hash[path]
		switch {
		case now == then:
		case now == notFile:
			obstacles = append(obstacles, path)
		case now == "" || known && now == generated:
			steps = append(steps, step{Path: path, Old: now, New: then})
		case known && then == generated && mode == KeepEdits:
			kept.Edited = append(kept.Edited, path)
		case !known && !old.unknown:
			obstacles = append(obstacles, path)
		case mode == ReplaceEdits:
			kept.Replaced = append(kept.Replaced, path)
			steps = append(steps, step{Path: path, Old: now, New: then})
		default:
			edited = append(edited, path)
		}
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		now, err := hashIn(root, f.Path)
		if err != nil {
			return nil, nil, err
		}
		fresh[f.Path] = true
		change(f.Path, now, HashBytes(f.Data))
	}
	var gone []string
	for path := range old.hash {
		if !fresh[path] {
			gone = append(gone, path)
		}
	}
	slices.Sort(gone)
	for _, path := range gone {
		now, err := hashIn(root, path)
		if err != nil {
			return nil, nil, err
		}
		change(path, now, "")
	}
	if len(obstacles) > 0 {
		return nil, nil, fmt.Errorf("%s: not made by hass, and in the way of a generated file; move it away, nothing was changed", list(obstacles))
	}
	if len(edited) > 0 {
		return nil, nil, fmt.Errorf("%s: edited since hass generated it, and the new project has another version or none; "+
			"move your version away, or --force to give it up, nothing was changed", list(edited))
	}
	// The manifest comes last, because it identifies the project.
	if i := slices.IndexFunc(steps, func(s step) bool { return s.Path == ManifestName }); i >= 0 {
		m := steps[i]
		steps = append(slices.Delete(steps, i, i+1), m)
	}
	return steps, kept, nil
}

// list names a few paths.
func list(paths []string) string {
	const most = 5
	text := strings.Join(paths[:min(most, len(paths))], ", ")
	if n := len(paths) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// notFile is the result of hashIn for anything but a regular file.
const notFile = "no file"

// hashIn is the hash of a file of the project, "" if there is none. If one of its folders is
// not a folder, the result is notFile, too.
func hashIn(root *os.Root, name string) (string, error) {
	st, err := root.Lstat(filepath.FromSlash(name))
	switch {
	case notThere(err):
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if st, err := root.Lstat(filepath.FromSlash(dir)); err == nil && !st.IsDir() {
				return notFile, nil
			}
		}
		return "", nil
	case err != nil:
		return notFile, nil // a folder of the path is a file, or a link that leads outside
	case !st.Mode().IsRegular():
		return notFile, nil
	}
	f, _, err := userfile.OpenIn(root, filepath.FromSlash(name))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, cause(err))
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", name, cause(err))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// stage writes the new files and the steps, and renames the whole to updateName.
func stage(ctx context.Context, target string, files []TreeFile, steps []step) error {
	t, err := newTemporaryFolder(filepath.Join(target, "update"))
	if err != nil {
		return cause(err)
	}
	defer t.remove()
	needed := map[string]bool{}
	for _, s := range steps {
		needed[s.Path] = s.New != ""
	}
	text, err := json.Marshal(steps)
	if err != nil {
		return err
	}
	tree := []TreeFile{{Path: stepsName, Data: text}}
	for _, f := range files {
		if needed[f.Path] {
			f.Path = path.Join(newName, f.Path)
			tree = append(tree, f)
		}
	}
	if err := writeTree(ctx, t.path, tree); err != nil {
		return err
	}
	live.Lock()
	defer live.Unlock()
	if err := os.Rename(t.path, filepath.Join(target, updateName)); err != nil {
		return cause(err)
	}
	t.forget()
	syncDir(target)
	return nil
}

// finishUpdate finishes the update of a killed process.
func finishUpdate(root *os.Root) error {
	if _, err := root.Lstat(updateName); notThere(err) {
		return nil
	}
	live.Lock()
	defer live.Unlock()
	return applyUpdate(root)
}

// applyUpdate does the steps of the update folder and removes it. The caller holds live.
func applyUpdate(root *os.Root) error {
	fail := func(err error) error {
		return fmt.Errorf("new files are being put in place: %w; run this again to finish", err)
	}
	text, err := readSmall(root, path.Join(updateName, stepsName))
	if err != nil {
		return fail(err)
	}
	var steps []step
	if err := json.Unmarshal(text, &steps); err != nil {
		return fail(fmt.Errorf("%s/%s: %w", updateName, stepsName, err))
	}
	for _, s := range steps {
		if !fs.ValidPath(s.Path) || s.Path == "." {
			return fail(fmt.Errorf("%s/%s: path %q", updateName, stepsName, s.Path))
		}
		if err := s.apply(root); err != nil {
			return fail(fmt.Errorf("%s: %w", s.Path, cause(err)))
		}
	}
	if text, err := readSmall(root, Marker); err != nil || string(text) != markerText {
		if err := root.WriteFile(Marker, []byte(markerText), 0o666); err != nil {
			return fail(cause(err))
		}
	}
	if d, err := root.Open("."); err == nil {
		d.Sync() // as in syncDir
		d.Close()
	}
	// Renamed first, so that a partly removed update folder is not mistaken for a pending update.
	done := filepath.Base(temporaryName("update"))
	if err := root.Rename(updateName, done); err != nil {
		return fail(cause(err))
	}
	if err := root.RemoveAll(done); err != nil {
		return fail(cause(err))
	}
	return nil
}

// apply does a step; it may have been done before.
func (s step) apply(root *os.Root) error {
	name := filepath.FromSlash(s.Path)
	now, err := hashIn(root, s.Path)
	if err != nil {
		return err
	}
	if now == s.New || now != s.Old {
		return nil // done before, or changed by a user meanwhile
	}
	if s.New == "" {
		if err := root.Remove(name); err != nil {
			return err
		}
		for dir := filepath.Dir(name); dir != "." && root.Remove(dir) == nil; dir = filepath.Dir(dir) {
			// If a folder was removed, it was empty.
		}
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	return root.Rename(filepath.Join(updateName, newName, name), name)
}

// foreign lists the files beside generated files. Folders without generated files are not searched.
func foreign(root *os.Root, files []TreeFile) ([]string, error) {
	ours := map[string]bool{".": true, Marker: true}
	dirs := []string{"."}
	for _, f := range files {
		ours[f.Path] = true
		for dir := path.Dir(f.Path); !ours[dir]; dir = path.Dir(dir) {
			ours[dir] = true
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	var found []string
	for _, dir := range dirs {
		entries, err := fs.ReadDir(root.FS(), dir)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, cause(err))
		}
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if ours[name] || isTemporary(e.Name()) {
				continue
			}
			if e.IsDir() {
				name += "/"
			}
			found = append(found, name)
		}
	}
	return found, nil
}

// readSmall reads a small file of the project.
func readSmall(root *os.Root, name string) ([]byte, error) {
	data, err := userfile.ReadIn(root, filepath.FromSlash(name), maxJSON)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return data, cause(err)
}
