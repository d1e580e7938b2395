//go:build unix

package verify

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// watch starts a program in its own process group, with a shell beside it that waits for the other end of file 3 to
// close. It closes when this process ends for any reason, and then the group is killed.
const watch = `(read _ <&3; kill -9 0) >/dev/null 2>&1 & exec 3<&-; exec "$@"`

// groupCommand is a command whose whole process group ends when the context is cancelled or this process ends: otherwise make
// would die but its compilers would continue. Call release once the command has ended.
func groupCommand(ctx context.Context, name string, args ...string) (cmd *exec.Cmd, release func(), err error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	cmd = exec.CommandContext(ctx, "sh", append([]string{"-c", watch, name, name}, args...)...)
	cmd.ExtraFiles = []*os.File{r} // file 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	return cmd, func() { r.Close(); w.Close() }, nil
}
