//go:build unix

package userfile

import (
	"path/filepath"
	"syscall"
	"testing"
)

// makePipe makes a named pipe that nobody writes to.
func makePipe(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(name, 0o666); err != nil {
		t.Fatal(err)
	}
	return name
}
