//go:build unix

package artifact

import (
	"errors"
	"os"
	"syscall"
)

// tryLock takes the lock of an open file or folder. The lock ends with the process.
func tryLock(f *os.File) lockResult {
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case err == nil:
		return lockTaken
	case errors.Is(err, syscall.EWOULDBLOCK):
		return lockHeld
	}
	return lockUnknown
}
