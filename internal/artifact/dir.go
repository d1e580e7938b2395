package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Marker is the file that tells a folder made by WriteDir from any other.
const Marker = ".hass-output"

const markerText = "This folder was written by hass as a whole and is replaced as a whole.\n"

// CheckDir reports whether WriteDir may create or replace the folder path: it
// must not exist, be empty, or carry the marker. Commands call it before long
// work, so that a wrong -o fails at once.
func CheckDir(path string) error {
	target, err := resolve(path)
	if err != nil {
		return fmt.Errorf("output folder %s: %w", path, err)
	}
	if _, err := replaceable(target); err != nil {
		return fmt.Errorf("output folder %s: %w", path, err)
	}
	return nil
}

// WriteDir makes the folder path from what fn puts into the temporary folder it
// is given, a sibling of path. After fn has returned nil the folder is renamed
// to path. A folder already there is replaced only if it is empty or was made by
// WriteDir itself; on failure, and when ctx is cancelled before the rename, it
// stays as it was and the temporary folder is removed.
func WriteDir(ctx context.Context, path string, fn func(tmp string) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("output folder %s: %w", path, err)
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := resolve(path)
	if err != nil {
		return err
	}
	if _, err := replaceable(target); err != nil {
		return err
	}
	tmp := beside(target, "tmp")
	if err := os.Mkdir(tmp, 0o777); err != nil {
		return fmt.Errorf("%w (is the parent folder there and writable?)", cause(err))
	}
	defer os.RemoveAll(tmp) // after the rename there is nothing left to remove
	if err := fn(tmp); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(tmp, Marker), []byte(markerText), 0o666); err != nil {
		return cause(err)
	}
	if err := syncTree(tmp); err != nil {
		return cause(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}

	// Asked again: fn may have run for minutes.
	exists, err := replaceable(target)
	if err != nil {
		return err
	}
	if !exists {
		if err := os.Rename(tmp, target); err != nil {
			return cause(err)
		}
	} else {
		old := beside(target, "old")
		if err := os.Rename(target, old); err != nil {
			return cause(err)
		}
		if err := os.Rename(tmp, target); err != nil {
			return errors.Join(cause(err), os.Rename(old, target))
		}
		if err := os.RemoveAll(old); err != nil {
			return fmt.Errorf("written, but the folder it replaced could not be removed: %w", err)
		}
	}
	syncDir(filepath.Dir(target))
	return nil
}

// replaceable reports whether target exists, and an error if it must not be
// replaced.
func replaceable(target string) (exists bool, err error) {
	if target == filepath.Dir(target) {
		return true, errors.New("is the root of the file system; name a folder below it")
	}
	st, err := os.Stat(target)
	if errors.Is(err, fs.ErrNotExist) {
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
	if len(entries) == 0 {
		return true, nil
	}
	text, err := os.ReadFile(filepath.Join(target, Marker))
	if err != nil || !strings.HasPrefix(string(text), markerText) {
		return true, errors.New("is not empty and was not written by hass; name another folder or empty this one")
	}
	return true, nil
}

// syncTree flushes every regular file below dir to disk.
func syncTree(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		return f.Sync()
	})
}
