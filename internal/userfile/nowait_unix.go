//go:build unix

package userfile

import "syscall"

// noWait lets opening return at once even if the path has become a pipe without a writer.
const noWait = syscall.O_NONBLOCK
