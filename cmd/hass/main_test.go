package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"hass/internal/artifact"
	"hass/internal/npy"
	"hass/internal/test/testenv"
)

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"hass": main})
}

// tests runs the tests and removes the folders of prepare.
type tests struct{ m *testing.M }

func (t tests) Run() int {
	defer func() {
		if prepared.runs != "" {
			os.RemoveAll(prepared.runs)
		}
	}()
	return t.m.Run()
}

// TestScripts runs testdata/script/*.txtar. Besides testscript's own, the
// commands are:
//
//	fails CODE cmd args...      cmd must exit with CODE, say "hass: ..." once, and leave no file changed
//	fields FILE key[=value]...  a JSON file (or stdout) has these fields; a dot goes into an object
//	model KIND FILE             writes a model of models_test.go
//	set DIR N HxWxC [labels]    writes a data set of N images, DIR/set.toml
//	edit FILE REGEXP NEW        replaces every match; there must be one
//	damage FILE                 flips one bit in the middle
//	gz FILE                     writes FILE.gz
//	deep FILE                   writes TOML that is nested 100,000 deep
//	array FILE DxD... [type]    writes a .npy of ones; type nan: of NaN
//	figures PAGE DIR            the numbers of a report equal those of summary.json and simulation.json in DIR
//	clean DIR                   no file below DIR holds a hostile name of models_test.go
//
// $DEMO is examples/demo, $RUN a folder with the demo's profile.json and
// design.json (empty with -short), $TINY one with tiny.onnx, its data set and its profile and design.
func TestScripts(t *testing.T) {
	demo, runs := prepare(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("DEMO", demo)
			e.Setenv("RUN", filepath.Join(runs, "demo"))
			e.Setenv("TINY", filepath.Join(runs, "tiny"))
			return nil
		},
		Condition: func(cond string) (bool, error) {
			if cond != "g++" {
				return false, fmt.Errorf("unknown condition %q", cond)
			}
			if testing.Short() {
				return false, nil
			}
			_, gerr := exec.LookPath("g++")
			_, merr := exec.LookPath("make")
			return gerr == nil && merr == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails":  cmdFails,
			"fields": cmdFields,
			"model":  cmdModel,
			"set":    cmdSet,
			"edit":   cmdEdit,
			"damage": cmdDamage,
			"gz":     cmdGz,
			"array":  cmdArray,
			"clean":  cmdClean,
			"deep":   cmdDeep,

			"figures": cmdFigures,
		},
	})
}

// hass runs one command line in this process.
func hass(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(context.Background(), args, &out, &err)
	return code, out.String(), err.String()
}

var prepared struct {
	once sync.Once
	runs string
}

// prepare makes, once, the folders with which many tests begin: runs/demo and runs/tiny, each with
// profile and design. Nobody writes there afterwards. demo is examples/demo.
func prepare(t *testing.T) (demo, runs string) {
	t.Helper()
	demo = filepath.Join(testenv.Root(t), "examples", "demo")
	prepared.once.Do(func() {
		dir, err := os.MkdirTemp("", "hass-test-*")
		if err != nil {
			t.Fatal(err)
		}
		prepared.runs = dir
		prepareIn(t, demo, dir)
	})
	if t.Failed() || prepared.runs == "" {
		t.Fatal("the runs that this test begins with could not be made")
	}
	return demo, prepared.runs
}

func prepareIn(t *testing.T, demo, runs string) {
	t.Helper()
	for _, d := range []string{"demo", "tiny"} {
		if err := os.Mkdir(filepath.Join(runs, d), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	in := func(elem ...string) string { return filepath.Join(append([]string{runs}, elem...)...) }
	if err := os.WriteFile(in("tiny", "tiny.onnx"), models["tiny"]().Encode(), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := writeSet(in("tiny"), 8, []int{8, 8, 3}, []int{0, 1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	commands := [][]string{
		{"profile", in("tiny", "tiny.onnx"), "--data", in("tiny", "set.toml"), "-o", in("tiny", "profile.json")},
		{"optimize", in("tiny", "tiny.onnx"), "--profile", in("tiny", "profile.json"), "--platform", "zybo", "-o", in("tiny", "design.json")},
		{"profile", filepath.Join(demo, "model.onnx"), "--data", filepath.Join(demo, "calib.toml"), "-o", in("demo", "profile.json")},
		{"optimize", filepath.Join(demo, "model.onnx"), "--profile", in("demo", "profile.json"), "--platform", "zedboard", "-o", in("demo", "design.json")},
	}
	if testing.Short() {
		commands = commands[:2] // the demo takes seconds
	}
	for _, args := range commands {
		if code, _, stderr := hass(args...); code != 0 {
			t.Fatalf("hass %v: exit %d: %s", args, code, stderr)
		}
	}
}

// files is every file below the script's folder with a hash, folders included.
func files(ts *testscript.TestScript) map[string]string {
	m := map[string]string{}
	root := ts.Getenv("WORK")
	ts.Check(filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		m[path] = d.Type().String()
		if d.Type().IsRegular() {
			if m[path], err = artifact.HashFile(path); err != nil {
				return err
			}
		}
		return nil
	}))
	return m
}

func cmdFails(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fails CODE cmd args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	before := files(ts)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
	stderr := ts.ReadFile("stderr")
	if !strings.HasPrefix(stderr, "hass: ") || strings.Count("\n"+stderr, "\nhass: ") != 1 {
		ts.Fatalf("want one error that begins with \"hass: \"")
	}
	for _, bad := range []string{"panic", "goroutine ", "runtime error", "internal error", "%!", ".go:"} {
		if strings.Contains(stderr, bad) {
			ts.Fatalf("the error holds %q", bad)
		}
	}
	for _, r := range stderr {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			ts.Fatalf("the error holds the control character %q", r)
		}
	}
	if len(stderr) > 4000 {
		ts.Fatalf("the error has %d bytes", len(stderr))
	}
	after := files(ts)
	for path, h := range after {
		if before[path] != h {
			ts.Fatalf("%s was written", path)
		}
	}
	for path := range before {
		if _, ok := after[path]; !ok {
			ts.Fatalf("%s was removed", path)
		}
	}
}

// cmdDeep writes 200 KB of TOML that is nested 100,000 deep.
func cmdDeep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: deep FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte("a = "+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"\n"), 0o666))
}

func cmdFields(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fields FILE key[=value]...")
	}
	var top any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(args[0])))
	d.UseNumber()
	ts.Check(d.Decode(&top))
	if d.More() {
		ts.Fatalf("%s: more than one JSON value", args[0])
	}
	for _, a := range args[1:] {
		key, want, compare := strings.Cut(a, "=")
		v := top
		for _, k := range strings.Split(key, ".") {
			switch x := v.(type) {
			case map[string]any:
				var ok bool
				if v, ok = x[k]; !ok {
					ts.Fatalf("%s: no field %s", args[0], key)
				}
			case []any:
				i, err := strconv.Atoi(k)
				if err != nil || i >= len(x) {
					ts.Fatalf("%s: no element %s", args[0], key)
				}
				v = x[i]
			default:
				ts.Fatalf("%s: %s is no object", args[0], key)
			}
		}
		if got := fmt.Sprint(v); compare && got != want {
			ts.Fatalf("%s: %s is %s, want %s", args[0], key, got, want)
		}
	}
}

func cmdModel(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: model KIND FILE")
	}
	var data []byte
	if m, ok := models[args[0]]; ok {
		data = m().Encode()
	} else if b, ok := damaged[args[0]]; ok {
		data = b()
	} else {
		ts.Fatalf("no model %q", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o666))
}

func cmdSet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: set DIR N HxWxC [label...]")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	dims, err := parseDims(args[2])
	ts.Check(err)
	var labels []int
	for _, a := range args[3:] {
		l, err := strconv.Atoi(a)
		ts.Check(err)
		labels = append(labels, l)
	}
	ts.Check(os.MkdirAll(ts.MkAbs(args[0]), 0o777))
	ts.Check(writeSet(ts.MkAbs(args[0]), n, dims, labels))
}

// writeSet writes n images of seeded pixels and labels that repeat the given ones.
func writeSet(dir string, n int, dims, labels []int) error {
	img := &npy.Array{DType: "uint8", Shape: append([]int{n}, dims...)}
	x := uint32(1)
	for range img.Len() {
		x = x*1664525 + 1013904223
		img.U8 = append(img.U8, uint8(x>>24))
	}
	if err := writeNpy(filepath.Join(dir, "images.npy"), img); err != nil {
		return err
	}
	c := dims[len(dims)-1]
	list := func(v string) string { return strings.TrimSuffix(strings.Repeat(v+", ", c), ", ") }
	text := fmt.Sprintf("images = \"images.npy\"\n[input]\ndivisor = 255.0\nmean = [%s]\nstd = [%s]\n", list("0.5"), list("0.25"))
	if labels != nil {
		l := &npy.Array{DType: "int32", Shape: []int{n}}
		for i := range n {
			l.I32 = append(l.I32, int32(labels[i%len(labels)]))
		}
		if err := writeNpy(filepath.Join(dir, "labels.npy"), l); err != nil {
			return err
		}
		text = "labels = \"labels.npy\"\n" + text
	}
	return os.WriteFile(filepath.Join(dir, "set.toml"), []byte(text), 0o666)
}

func writeNpy(path string, a *npy.Array) error {
	var b bytes.Buffer
	if err := npy.Write(&b, a); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}

func parseDims(s string) ([]int, error) {
	var dims []int
	for _, p := range strings.Split(s, "x") {
		d, err := strconv.Atoi(p)
		if err != nil {
			return nil, err
		}
		dims = append(dims, d)
	}
	return dims, nil
}

func cmdEdit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	path, text := ts.MkAbs(args[0]), ts.ReadFile(args[0])
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	if !re.MatchString(text) {
		ts.Fatalf("%s does not match %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(path, []byte(re.ReplaceAllString(text, args[2])), 0o666))
}

func cmdDamage(ts *testscript.TestScript, neg bool, args []string) {
	path, data := ts.MkAbs(args[0]), []byte(ts.ReadFile(args[0]))
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(path, data, 0o666))
}

func cmdGz(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".gz"), gzipped([]byte(ts.ReadFile(args[0]))), 0o666))
}

func cmdArray(ts *testscript.TestScript, neg bool, args []string) {
	dims, err := parseDims(args[1])
	ts.Check(err)
	a := &npy.Array{DType: "float32", Shape: dims}
	one := float32(1)
	if len(args) > 2 && args[2] == "nan" {
		one = float32(math.NaN())
	} else if len(args) > 2 {
		a.DType = args[2]
	}
	for range a.Len() {
		switch a.DType {
		case "float32":
			a.F32 = append(a.F32, one)
		case "uint8":
			a.U8 = append(a.U8, 1)
		}
	}
	ts.Check(writeNpy(ts.MkAbs(args[0]), a))
}

// cmdClean looks for the hostile names of models_test.go, byte for byte.
func cmdClean(ts *testscript.TestScript, neg bool, args []string) {
	n := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		n++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, name := range hostileNames {
			if bytes.Contains(text, []byte(name)) || strings.Contains(path, name) {
				ts.Fatalf("%s holds %q", path, name)
			}
		}
		return nil
	}))
	if n < 10 {
		ts.Fatalf("%d files: nothing was looked for", n)
	}
}
