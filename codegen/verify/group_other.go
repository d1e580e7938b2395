//go:build !unix

package verify

import (
	"context"
	"os/exec"
	"time"
)

// groupCommand is a command; after cancellation it waits for the command for a bounded time.
func groupCommand(ctx context.Context, name string, args ...string) (cmd *exec.Cmd, release func(), err error) {
	cmd = exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second
	return cmd, func() {}, nil
}
