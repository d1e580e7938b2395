package artifact

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// temporary is a hidden file or folder that will replace its neighbour, or is used to build
// it. It is locked while its process lives, so that others can distinguish it from the
// leftover of a killed process.
type temporary struct {
	path string
	f    *os.File // open for writing, if it is a file
}

// live holds the temporaries of this process. Its lock is also held while results are
// renamed into place, so that Abandon cannot interfere.
var live struct {
	sync.Mutex
	list map[*temporary]bool
}

// Abandon removes the temporaries of this process and blocks all further writes: a goroutine
// that would rename a result into place waits forever. Call it only if the process ends now, in
// the middle of its work. A rename in progress is finished first.
func Abandon() {
	live.Lock() // permanently
	for t := range live.list {
		os.RemoveAll(t.path)
	}
}

// newTemporaryFile creates a temporary file beside target.
func newTemporaryFile(target string) (*temporary, error) {
	return newTemporary(target, func(path string) (*os.File, error) {
		return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	})
}

// newTemporaryFolder creates a temporary folder beside target, or in it.
func newTemporaryFolder(target string) (*temporary, error) {
	return newTemporary(target, func(path string) (*os.File, error) {
		if err := os.Mkdir(path, 0o777); err != nil {
			return nil, err
		}
		return os.Open(path)
	})
}

func newTemporary(target string, create func(path string) (*os.File, error)) (*temporary, error) {
	for range 8 {
		t := &temporary{path: temporaryName(target)}
		var err error
		if t.f, err = create(t.path); err != nil {
			return nil, err
		}
		if tryLock(t.f) == lockHeld || !t.same() {
			t.f.Close() // between creation and locking another process removed it as a leftover
			continue
		}
		live.Lock()
		if live.list == nil {
			live.list = map[*temporary]bool{}
		}
		live.list[t] = true
		live.Unlock()
		return t, nil
	}
	return nil, errors.New("temporary files vanish as soon as they are made")
}

// same reports whether the path still refers to the open file.
func (t *temporary) same() bool {
	a, err := t.f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(t.path)
	return err == nil && os.SameFile(a, b)
}

// forget unregisters a temporary that has become a result. The caller holds live.
func (t *temporary) forget() {
	delete(live.list, t)
	t.f.Close()
}

// remove deletes a temporary with its contents; it does nothing after forget.
func (t *temporary) remove() {
	live.Lock()
	defer live.Unlock()
	if live.list[t] {
		os.RemoveAll(t.path)
		t.forget()
	}
}

const temporaryMark = ".hass-tmp-"

// temporaryName makes a name for a hidden sibling of path. Random digits make it unique;
// the check digits after them ensure that no user's file is mistaken for a temporary.
// Neither reaches an artefact.
func temporaryName(path string) string {
	var b [6]byte
	rand.Read(b[:])
	base := filepath.Base(path)
	if len(base) > 100 { // file systems allow 255 bytes in total
		base = base[:100]
	}
	name := "." + base + temporaryMark + hex.EncodeToString(b[:])
	return filepath.Join(filepath.Dir(path), name+checkDigits(name))
}

func checkDigits(name string) string {
	sum := sha256.Sum256([]byte("hass temporary " + name))
	return hex.EncodeToString(sum[:4])
}

// isTemporary tells whether a file name was made by temporaryName.
func isTemporary(name string) bool {
	n := len(name) - 8
	return n > 0 && strings.Contains(name, temporaryMark) && name[n:] == checkDigits(name[:n])
}

// RemoveStale removes from a folder the temporaries of killed processes.
func RemoveStale(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // whoever writes there will report the error
	}
	for _, e := range entries {
		if !isTemporary(e.Name()) || !e.IsDir() && !e.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, e.Name())
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if tryLock(f) == lockTaken {
			os.RemoveAll(path)
		}
		f.Close()
	}
}

// lockResult is the result of tryLock.
type lockResult int

const (
	lockTaken   lockResult = iota // it was free and is ours until the file is closed
	lockHeld                      // another open file holds it, so its process lives
	lockUnknown                   // this file system or operating system has no such locks
)

// ErrBusy is the error of a folder that another process is writing.
var ErrBusy = errors.New("another hass is writing it; wait for that one to end")

// notThere reports whether err means that a file is missing.
func notThere(err error) bool { return errors.Is(err, fs.ErrNotExist) }
