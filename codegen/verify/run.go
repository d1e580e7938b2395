package verify

import (
	"bytes"
	"context"
	"os"
	"strings"
)

// runMake runs make in the folder dir and returns all of its output.
func runMake(ctx context.Context, dir string, args ...string) (string, error) {
	cmd, release, err := groupCommand(ctx, "make", append([]string{"-f", "Makefile"}, args...)...) // not somebody else's GNUmakefile
	if err != nil {
		return "", err
	}
	defer release()
	cmd.Dir = dir
	// If a make runs us, its jobs and targets must not be passed on.
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "MAKEFLAGS=") && !strings.HasPrefix(e, "MFLAGS=") && !strings.HasPrefix(e, "MAKELEVEL=") {
			cmd.Env = append(cmd.Env, e)
		}
	}
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	err = cmd.Run()
	return text.String(), err
}

// tail is the last n lines of s.
func tail(s string, n int) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// tool is the program named by an environment variable, or the usual one.
func tool(variable, usual string) string {
	if name := os.Getenv(variable); name != "" {
		return name
	}
	return usual
}
