package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReduce makes invalid requests, and reduces back ends that are equal; the tests of internal/steps/reduce plant faults.
func TestReduce(t *testing.T) {
	_, runs := prepare(t)
	design := filepath.Join(runs, "tiny", "design.json")
	mine := filepath.Join(t.TempDir(), "mine")
	if err := os.Mkdir(mine, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mine, "notes"), []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--target", "hwsim"}, 2, "--check"},
		{[]string{"--target", "hwsim", "--check", "-o", out}, 2, "--check"},
		{[]string{"--target", "hwsim", "--check", "--golden=-1"}, 2, "--golden -1"},
		{[]string{"--target", "hwsim", "--trials=-1", "-o", out}, 2, "--trials -1"},
		{[]string{"--target", "hls", "--stall", "5", "-o", out}, 2, "--stall is for --target rtl"},
		{[]string{"--target", "rtl", "--stall", "95", "-o", out}, 2, "--stall 95"},
		{[]string{"--target", "hwsim", "--edits", mine, "-o", out}, 2, "--edits is for generated projects"},
		{[]string{"--target", "hls", "--edits", mine, "-o", out}, 1, "mine"},
		{[]string{"--target", "hwsim", "-o", mine}, 1, "it holds files, which stay"},
		{[]string{"--target", "hwsim", "--check", "--golden", "1000"}, 1, "--golden asks for 1000"},
		{[]string{"--target", "hwsim", "--check"}, 0, "are equal on"},
		{[]string{"--target", "hwsim", "-o", out}, 1, "there is nothing to reduce"},
	} {
		code, stdout, stderr := hass(append([]string{"reduce", design}, c.args...)...)
		if code != c.code || !strings.Contains(stdout+stderr, c.want) {
			t.Errorf("%q: exit code %d, want %d with %q:\n%s%s", c.args, code, c.code, c.want, stdout, stderr)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Errorf("%s was written", out)
	}
}
