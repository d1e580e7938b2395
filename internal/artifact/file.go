package artifact

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Output is a file to be written.
type Output struct {
	Path  string
	Write func(w io.Writer) error
	// Side, if not nil, receives name, hash and size of the file as soon as it is written,
	// before the next output is written.
	Side *SideFile
}

// WriteFiles writes files that belong together; the last one names the others. All are first
// written to temporary files beside their places and synced. On any failure until then, such as a
// full disk, and when ctx is cancelled, the temporary files are removed and nothing has changed.
// Then all are renamed into place. A process that is killed between two renames leaves no last
// file, so no file ever names side files that are not its own.
//
// A path that is a symbolic link is followed. A path that is a folder, a device or a pipe is
// an error before anything is written.
func WriteFiles(ctx context.Context, outputs ...Output) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	targets := make([]string, len(outputs))
	for i, o := range outputs {
		var err error
		if targets[i], err = outputFile(o.Path); err != nil {
			return fmt.Errorf("write %s: %w", o.Path, err)
		}
		RemoveStale(filepath.Dir(targets[i]))
	}
	temps := make([]*temporary, len(outputs))
	for i, o := range outputs {
		t, err := newTemporaryFile(targets[i])
		if err != nil {
			return fmt.Errorf("write %s: %w (is the folder there and writable?)", o.Path, cause(err))
		}
		defer t.remove()
		temps[i] = t
		if err := fill(ctx, t.f, o); err != nil {
			return fmt.Errorf("write %s: %w", o.Path, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return place(outputs, targets, temps)
}

// place renames all temporaries.
func place(outputs []Output, targets []string, temps []*temporary) error {
	live.Lock()
	defer live.Unlock()
	last := len(outputs) - 1
	if last > 0 {
		if err := os.Remove(targets[last]); err != nil && !notThere(err) {
			return fmt.Errorf("write %s: %w", outputs[last].Path, cause(err))
		}
	}
	for i, t := range temps {
		if err := os.Rename(t.path, targets[i]); err != nil {
			return fmt.Errorf("write %s: %w", outputs[i].Path, cause(err))
		}
		t.forget()
	}
	for i := range targets {
		if dir := filepath.Dir(targets[i]); i == last || dir != filepath.Dir(targets[last]) {
			syncDir(dir)
		}
	}
	return nil
}

// WriteFile is WriteFiles for one file. Writes fail with the context's error once ctx is
// cancelled.
func WriteFile(ctx context.Context, path string, fn func(w io.Writer) error) error {
	return WriteFiles(ctx, Output{Path: path, Write: fn})
}

// WriteBytes is WriteFile for contents already in memory.
func WriteBytes(ctx context.Context, path string, data []byte) error {
	return WriteFile(ctx, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// CheckFile reports early, before long work, whether WriteFile could write path, and removes
// leftovers of killed processes beside it.
func CheckFile(path string) error {
	target, err := outputFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	dir := filepath.Dir(target)
	switch st, err := os.Stat(dir); {
	case notThere(err):
		return fmt.Errorf("%s: folder %s does not exist", path, dir)
	case err != nil:
		return fmt.Errorf("%s: %w", path, cause(err))
	case !st.IsDir():
		return fmt.Errorf("%s: %s is not a folder", path, dir)
	}
	RemoveStale(dir)
	t, err := newTemporaryFile(target)
	if err != nil {
		return fmt.Errorf("%s: folder %s is not writable: %w", path, dir, cause(err))
	}
	t.remove()
	return nil
}

// outputFile gives the place of a file to be written, with links followed. An existing file
// there must be regular: a rename would replace a device, and side files would be written
// beside it.
func outputFile(path string) (string, error) {
	target, err := resolve(path)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(target)
	switch {
	case notThere(err):
		return target, noDevice(path)
	case err != nil:
		return "", cause(err)
	case st.IsDir():
		return "", errors.New("is a folder; name a file")
	case !st.Mode().IsRegular():
		return "", errors.New("is a device or a pipe, which no output is written to; name a file (and pass that on)")
	}
	return target, noDevice(path)
}

// fill writes an output into its temporary file and syncs it.
func fill(ctx context.Context, f *os.File, o Output) error {
	h := hashing{ctx: ctx, w: f, h: sha256.New()}
	w := bufio.NewWriterSize(&h, 1<<16)
	if err := o.Write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return cause(err)
	}
	if err := f.Sync(); err != nil {
		return cause(err)
	}
	if o.Side != nil {
		*o.Side = SideFile{Path: filepath.Base(o.Path), SHA256: hex.EncodeToString(h.h.Sum(nil)), Bytes: h.n}
	}
	return nil
}

// hashing hashes and counts what it writes, until ctx is done.
type hashing struct {
	ctx context.Context
	w   io.Writer
	h   hash.Hash
	n   int64
}

func (c *hashing) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.w.Write(p)
	c.h.Write(p[:n])
	c.n += int64(n)
	return n, err
}

// resolve makes path absolute and follows symbolic links of an existing target,
// so that a rename replaces the file and not the link.
func resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("empty path")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", cause(err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return abs, nil
	}
	if err != nil {
		return "", cause(err)
	}
	return real, nil
}

// noDevice refuses paths that lead through /dev or /proc, including links on the way: /dev/stdout may be a regular
// file, but its side files would be in /dev, and other programs still write to it. Shared memory is an ordinary
// folder.
func noDevice(path string) error {
	abs, err := filepath.Abs(path)
	if err != nil {
		return cause(err)
	}
	for range 40 { // at most as many links as the kernel follows
		if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
			abs = filepath.Join(dir, filepath.Base(abs))
		}
		for _, dir := range []string{"/dev/", "/proc/"} {
			if strings.HasPrefix(abs, dir) && !strings.HasPrefix(abs, "/dev/shm/") {
				return fmt.Errorf("lies in %s, where no output is written to; name a file (and pass that on)", strings.TrimSuffix(dir, "/"))
			}
		}
		link, err := os.Readlink(abs)
		if err != nil {
			return nil // the end, or a path that resolve refuses
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(abs), link)
		}
		abs = link
	}
	return nil
}

// syncDir makes a rename durable. Some file systems refuse to sync a folder;
// that is not a failure, because the rename has happened anyway.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// cause removes the path from an *fs.PathError or *os.LinkError: the user does
// not know the temporary name and is told the real one.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
