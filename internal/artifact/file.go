package artifact

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteFile makes the file path from what fn writes. The bytes go to a temporary
// file in the same folder, which is synced and renamed over path once fn has
// returned nil; on any failure, and when ctx is cancelled before the rename, the
// temporary file is removed and path is left as it was. Writes fail with the
// context's error once ctx is cancelled.
//
// A path that is a symbolic link is followed; one that is a device or pipe
// (/dev/stdout) is written directly.
func WriteFile(ctx context.Context, path string, fn func(w io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", path, err)
		}
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	target, err := resolve(path)
	if err != nil {
		return err
	}
	switch st, err := os.Stat(target); {
	case err == nil && st.IsDir():
		return errors.New("is a folder; name a file")
	case err == nil && !st.Mode().IsRegular():
		f, err := os.OpenFile(target, os.O_WRONLY, 0)
		if err != nil {
			return cause(err)
		}
		defer f.Close()
		return fill(ctx, f, fn)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return cause(err)
	}

	tmp := beside(target, "tmp")
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return fmt.Errorf("%w (is the folder there and writable?)", cause(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(tmp)
		}
	}()
	if err := fill(ctx, f, fn); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return cause(err)
	}
	if err := f.Close(); err != nil {
		return cause(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Rename(tmp, target); err != nil {
		return cause(err)
	}
	syncDir(filepath.Dir(target))
	return nil
}

// WriteBytes is WriteFile for contents already in memory.
func WriteBytes(ctx context.Context, path string, data []byte) error {
	return WriteFile(ctx, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// fill runs fn on a buffered writer over f that fails once ctx is done.
func fill(ctx context.Context, f *os.File, fn func(io.Writer) error) error {
	w := bufio.NewWriterSize(ctxWriter{ctx, f}, 1<<16)
	if err := fn(w); err != nil {
		return err
	}
	return w.Flush()
}

type ctxWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c ctxWriter) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(p)
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

// beside names a hidden sibling of path that does not exist yet. The random part
// never reaches an artefact's contents.
func beside(path, what string) string {
	var b [6]byte
	rand.Read(b[:])
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+what+"-"+hex.EncodeToString(b[:]))
}

// syncDir makes a rename durable. Some file systems refuse to sync a folder; the
// rename has happened either way, so that is no failure.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		d.Sync()
		d.Close()
	}
}

// cause strips the path from an *fs.PathError or *os.LinkError: temporary names
// mean nothing to the user, who is told the real one.
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
