package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/internal/test/testenv"
)

// TestTutorial runs the shell commands of docs/tutorial.md in an empty folder, as a newcomer would.
func TestTutorial(t *testing.T) {
	testenv.Long(t)
	testenv.Tools(t, "g++ make", "g++", "make", "sh")
	root := testenv.Root(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		script.WriteString(block[1])
	}
	for _, command := range []string{"check", "profile", "eval", "optimize", "show", "generate", "verify", "simulate", "build", "prune", "search"} {
		if !strings.Contains(script.String(), "hass "+command+" ") {
			t.Errorf("the tutorial does not run hass %s", command)
		}
	}
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, root+"/cmd/hass").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command("sh", "-eu", "-c", script.String())
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"0 mismatches", "bottleneck"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the commands never print %q:\n%s", want, out.String())
		}
	}
	for _, file := range []string{"run/summary.json", "project/hls_config.cfg", "pruned.onnx", "study.db", "trace.json"} {
		if _, err := os.Stat(filepath.Join(cmd.Dir, file)); err != nil {
			t.Error(err)
		}
	}
}
