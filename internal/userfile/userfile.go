// Package userfile reads the files that users name: models, data sets, settings, artefacts.
//
// It takes a path and gives an open regular file, its bytes up to a limit, or the values of a
// TOML text. A device, a pipe, a socket or a folder is an error that says so, at once: opening a
// pipe would wait for its writer, and /dev/zero has no end. A file larger than its limit and a
// TOML text nested deeper than any of ours are errors before they cost anything. It never
// writes. Errors are *fs.PathError or name a line; callers say what the file is for.
package userfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Open opens the regular file path for reading and gives its size in bytes.
func Open(path string) (*os.File, int64, error) {
	return open(path, func() (fs.FileInfo, error) { return os.Stat(path) },
		func() (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|noWait, 0) })
}

// OpenIn is Open of a name below a folder, which symbolic links cannot leave.
func OpenIn(root *os.Root, name string) (*os.File, int64, error) {
	return open(name, func() (fs.FileInfo, error) { return root.Stat(name) },
		func() (*os.File, error) { return root.OpenFile(name, os.O_RDONLY|noWait, 0) })
}

// open looks before it opens, since opening a device may do something, and after it, since the
// path may be another file by then.
func open(path string, stat func() (fs.FileInfo, error), open func() (*os.File, error)) (*os.File, int64, error) {
	st, err := stat()
	if err == nil {
		err = Regular(path, st)
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := open()
	if err != nil {
		return nil, 0, err
	}
	if st, err = f.Stat(); err == nil {
		err = Regular(path, st)
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

// Regular is nil for a regular file and else an error that says what path is.
func Regular(path string, st fs.FileInfo) error {
	what := ""
	switch mode := st.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	default:
		what = "something else"
	}
	return &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("is %s, not a regular file", what)}
}

// Read gives the contents of the regular file path, which may have up to limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, size, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, path, size, limit)
}

// ReadIn is Read of a name below a folder, which symbolic links cannot leave.
func ReadIn(root *os.Root, name string, limit int64) ([]byte, error) {
	f, size, err := OpenIn(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, name, size, limit)
}

// readAll reads a file of size bytes, or as many as it has grown to.
func readAll(f io.Reader, path string, size, limit int64) ([]byte, error) {
	large := func() error {
		return &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("has more than %d bytes, the limit for such a file", limit)}
	}
	if size > limit {
		return nil, large()
	}
	data := make([]byte, size)
	if n, err := io.ReadFull(f, data); err != nil {
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return data[:n], nil // it became shorter
		}
		return nil, err
	}
	rest, err := io.ReadAll(io.LimitReader(f, limit-size+1))
	if err != nil {
		return nil, err
	}
	if int64(len(rest)) > limit-size {
		return nil, large()
	}
	return append(data, rest...), nil
}
