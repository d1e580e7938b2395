//go:build unix

package codegen

import (
	"os/exec"
	"syscall"
	"time"
)

// killGroup makes a cancelled context end not only cmd but all that it started:
// make dies at once, but its compilers would go on and keep the pipes open.
func killGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
}
