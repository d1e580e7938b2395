//go:build !unix

package codegen

import (
	"os/exec"
	"time"
)

// killGroup bounds how long a cancelled command is waited for.
func killGroup(cmd *exec.Cmd) { cmd.WaitDelay = time.Second }
