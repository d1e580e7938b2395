package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"hass/internal/artifact"
	"hass/internal/npy"
	"hass/internal/test/testenv"
)

var update = flag.Bool("update", false, "write the README's demo output anew")

// leaves are all commands that have --json.
func leaves(t *testing.T) []*kong.Node {
	t.Helper()
	var c cli
	k, err := kong.New(&c, kong.Name("hass"), vars())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(k.Model.Leaves(false), func(n *kong.Node) bool { return slices.Contains(texts, strings.TrimPrefix(n.FullPath(), "hass ")) })
}

// texts are the commands that print a text for another program, man or a shell, and have no --json.
var texts = []string{"man", "completion", "search template"}

// TestJSON: every command has --json, which prints one JSON object that opens as all artefacts do, and nothing
// else; progress goes to stderr. docs/formats.md lists the schemas.
func TestJSON(t *testing.T) {
	testenv.Long(t)
	demo, runs := prepare(t)
	dir := t.TempDir()
	tiny := func(name string) string { return filepath.Join(runs, "tiny", name) }
	in := func(name string) string { return filepath.Join(dir, name) }
	x := npy.Array{DType: "float32", Shape: []int{2, 3, 8, 8}, F32: make([]float32, 2*3*8*8)}
	if err := artifact.WriteFile(t.Context(), in("x.npy"), func(w io.Writer) error { return npy.Write(w, &x) }); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		command, schema string
		args            []string
		needs           string // a program
	}{
		{"check", "hass.check", []string{tiny("tiny.onnx")}, ""},
		{"split", "hass.split", []string{tiny("tiny.onnx"), "-o", in("parts")}, ""},
		{"run", "hass.run", []string{tiny("tiny.onnx"), "--input", in("x.npy"), "--output", in("y.npy")}, ""},
		{"profile", "hass.profile", []string{tiny("tiny.onnx"), "--data", tiny("set.toml"), "-o", in("p.json")}, ""},
		{"eval", "hass.eval", []string{tiny("tiny.onnx"), "--data", tiny("set.toml")}, ""},
		{"prune", "hass.prune", []string{tiny("tiny.onnx"), "--data", tiny("set.toml"), "--share", "0.3", "--test", tiny("set.toml"), "-o", in("pruned.onnx")}, ""},
		{"optimize", "hass.design", []string{tiny("tiny.onnx"), "--profile", tiny("profile.json"), "--platform", "zybo", "-o", in("d.json")}, ""},
		{"generate", "hass.generate", []string{tiny("design.json"), "-o", in("project")}, ""},
		{"verify", "hass.verification", []string{in("project")}, "g++"},
		{"simulate", "hass.simulation", []string{tiny("design.json"), "--data", tiny("set.toml"), "--images", "2"}, ""},
		{"reduce", "hass.reduction", []string{tiny("design.json"), "--target", "hwsim", "--check"}, ""},
		{"show", "hass.network", []string{tiny("design.json")}, ""},
		{"annotate", "hass.annotate", []string{tiny("tiny.onnx"), "--design", tiny("design.json"), "-o", in("annotated.onnx")}, ""},
		{"demo", "hass.demo", []string{in("demo")}, ""},
		{"platforms", "hass.platforms", nil, ""},
		{"report", "hass.report", []string{tiny("design.json"), tiny("profile.json"), "-o", in("report.html")}, ""},
		{"search run", "hass.search", []string{filepath.Join(demo, "model.onnx"), "--platform", "zcu104", "--calib", filepath.Join(demo, "calib.toml"),
			"--calib-images", "16", "--evals", "2", "--sampler", "random", "-o", in("s.db")}, ""},
		{"search show", "hass.search", []string{in("s.db")}, ""},
		{"search watch", "hass.search", []string{in("s.db")}, ""},
		{"search export", "hass.export", []string{in("s.db"), "--csv", in("s.csv")}, ""},
		{"build", "hass.summary", []string{tiny("tiny.onnx"), "--calib", tiny("set.toml"), "--platform", "zybo", "--images", "4", "-o", in("run")}, "g++"},
		// calibrate needs a synthesis report; its script tests it.
		{"calibrate", "hass.calibrate", nil, "skip"},
	}
	formats, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, answers, ok := strings.Cut(string(formats), "\n## Answers of `--json`\n")
	if !ok {
		t.Fatal("docs/formats.md has no section about the answers of --json")
	}
	answers, _, _ = strings.Cut(answers, "\n## ")
	for _, n := range leaves(t) {
		name := strings.TrimPrefix(n.FullPath(), "hass ")
		if !slices.ContainsFunc(n.Flags, func(f *kong.Flag) bool { return f.Name == "json" }) {
			t.Errorf("%s has no --json", name)
		}
		i := slices.IndexFunc(tests, func(c struct {
			command, schema string
			args            []string
			needs           string
		}) bool {
			return c.command == name
		})
		if i < 0 {
			t.Errorf("%s --json is not tested", name)
			continue
		}
		if !regexp.MustCompile("(?m)^\\|[^|]*`" + name + "`[^|]*\\| `" + regexp.QuoteMeta(tests[i].schema) + "`").MatchString(answers) {
			t.Errorf("docs/formats.md does not say that %s --json gives %s", name, tests[i].schema)
		}
	}
	for _, c := range tests {
		t.Run(c.command, func(t *testing.T) {
			if c.needs == "skip" {
				t.Skip("skipped: see calibrate.txtar")
			}
			if c.needs != "" {
				if _, err := exec.LookPath(c.needs); err != nil {
					t.Skipf("skipped: %s is not installed", c.needs)
				}
			}
			code, stdout, stderr := hass(slices.Concat(strings.Fields(c.command), c.args, []string{"--json"})...)
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr)
			}
			d := json.NewDecoder(strings.NewReader(stdout))
			var h artifact.Header
			if err := d.Decode(&h); err != nil {
				t.Fatalf("%v\n%.300s", err, stdout)
			}
			if d.More() {
				t.Error("more than one value on stdout")
			}
			if !strings.HasPrefix(stdout, "{\n  \"schema\": ") || h.Schema != c.schema || h.SchemaVersion < 1 || h.Tool != artifact.Tool || h.Inputs == nil {
				t.Errorf("it opens with %.200s", stdout)
			}
		})
	}
}

// TestREADMEDemo: the README shows the command of make demo, and its output; the pictures of make docs-pictures are of this run.
func TestREADMEDemo(t *testing.T) {
	root := testenv.Root(t)
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(readme)
	parts := regexp.MustCompile(`(?s)\n` + "`make demo` runs" + `\n\n((?:    [^\n]*\n)+)\n(and prints[^\n]*\n\n)((?:(?:    [^\n]*)?\n)+?)\n?` + "`runs/demo`").FindStringSubmatchIndex(text)
	if parts == nil {
		t.Fatal("the README does not show the demo's command and output")
	}
	command := strings.Fields(strings.ReplaceAll(text[parts[2]:parts[3]], "\\\n", ""))
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	recipe := regexp.MustCompile(`(?m)^demo:.*\n((?:\t.*\n)+)`).FindStringSubmatch(string(makefile))
	if recipe == nil {
		t.Fatal("the Makefile has no demo")
	}
	if d := cmp.Diff(strings.Fields(strings.ReplaceAll(recipe[1], "\\\n", "")), command); d != "" {
		t.Errorf("the README's command is not that of make demo (-make +README):\n%s", d)
	}
	testenv.Tools(t, "g++ make", "g++", "make")
	t.Chdir(root)
	out := slices.Index(command, "-o")
	if out < 0 {
		t.Fatal("the demo's command has no -o")
	}
	run := filepath.Join(t.TempDir(), "demo")
	command[out+1] = run
	code, stdout, stderr := hass(command[1:]...)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	pictures(t, root, string(makefile), run)
	var block strings.Builder
	for line := range strings.Lines(strings.Trim(stdout, "\n") + "\n") {
		block.WriteString(strings.TrimRight("    "+line, " \n") + "\n")
	}
	if *update {
		text = text[:parts[6]] + block.String() + text[parts[7]:]
		if err := os.WriteFile(filepath.Join(root, "README.md"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(block.String(), strings.TrimRight(text[parts[6]:parts[7]], "\n")+"\n"); d != "" {
		t.Errorf("the README shows another output than the demo's: run \"go test ./cmd/hass -run TestREADMEDemo -update\" (-demo +README):\n%s", d)
	}
}

// pictures draws a run with the commands of make docs-pictures, compares the pictures with the files under docs, and checks that the README
// shows them.
func pictures(t *testing.T, root, makefile, run string) {
	recipe := regexp.MustCompile(`(?m)^docs-pictures: demo\n((?:\t.*\n)+)`).FindStringSubmatch(makefile)
	if recipe == nil {
		t.Fatal("the Makefile has no docs-pictures")
	}
	drawn := t.TempDir()
	for line := range strings.Lines(recipe[1]) {
		args := strings.Fields(strings.NewReplacer("runs/demo", run, "docs/", drawn+"/").Replace(line))
		if code, _, stderr := hass(args[1:]...); code != 0 {
			t.Fatalf("%s: exit code %d: %s", strings.TrimSpace(line), code, stderr)
		}
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(drawn, "*.svg"))
	if err != nil || len(names) != 2 {
		t.Fatalf("pictures: %v, %v", names, err)
	}
	for _, file := range names {
		shown := filepath.Join(root, "docs", filepath.Base(file))
		now, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(shown, now, 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if old, err := os.ReadFile(shown); err != nil || !bytes.Equal(old, now) || len(now) > 200_000 {
			t.Errorf("docs/%s is not what the demo draws (%d bytes, %v): run \"make docs-pictures\"", filepath.Base(file), len(now), err)
		}
		if !strings.Contains(string(readme), "](docs/"+filepath.Base(file)+")") {
			t.Errorf("the README does not show docs/%s", filepath.Base(file))
		}
	}
}
