//go:build !unix

package userfile

// noWait: elsewhere nothing waits in opening a file.
const noWait = 0
