//go:build !unix

package userfile

import "testing"

// makePipe makes nothing: there are no named pipes in folders here.
func makePipe(*testing.T, string) string { return "" }
