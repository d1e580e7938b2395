package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"hass/internal/test/testenv"
)

// TestDamage feeds cut, flipped and edited files to the commands that read them.
// For any contents there must be no panic, an exit code of 0 or 1, a single error message, and a
// result within seconds. HASS_ACCEPTANCE=1 runs ten times as many cases.
func TestDamage(t *testing.T) {
	testenv.Long(t)
	demo, runs := prepare(t)
	work := t.TempDir()
	more := 1
	if os.Getenv("HASS_ACCEPTANCE") == "1" {
		more = 10
	}
	tiny := filepath.Join(runs, "tiny")
	set := filepath.Join(tiny, "set.toml")
	// The damaged file is in a separate folder together with its side files.
	for _, f := range []string{"images.npy", "labels.npy", "set.toml", "design.weights.bin", "design.golden.npy", "profile.bitmaps.bin", "profile.golden.npy"} {
		data, err := os.ReadFile(filepath.Join(tiny, f))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, f), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// images.toml names bad.npy.
	toml, err := os.ReadFile(filepath.Join(work, "set.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "images.toml"), bytes.Replace(toml, []byte("images.npy"), []byte("bad.npy"), 1), 0o666); err != nil {
		t.Fatal(err)
	}
	bad, tinyModel := filepath.Join(work, "bad"), filepath.Join(tiny, "tiny.onnx")
	for _, c := range []struct {
		file string
		n    int
		args [][]string
	}{
		{filepath.Join(demo, "model.onnx"), 100, [][]string{
			{"check", bad},
			{"eval", bad, "--data", filepath.Join(demo, "test.toml"), "--images", "1"},
		}},
		{tinyModel, 100, [][]string{
			{"check", bad},
			{"eval", bad, "--data", set, "--images", "1"},
			{"profile", bad, "--data", set, "-o", filepath.Join(work, "p.json")},
		}},
		{filepath.Join(tiny, "profile.json"), 100, [][]string{
			{"eval", tinyModel, "--data", set, "--images", "1", "--profile", bad},
			{"optimize", tinyModel, "--profile", bad, "--platform", "zybo", "-o", filepath.Join(work, "d.json")},
		}},
		{filepath.Join(tiny, "design.json"), 120, [][]string{
			{"simulate", bad, "--data", set, "--images", "2"},
			{"generate", bad, "-o", filepath.Join(work, "project")},
			{"report", bad, "-o", filepath.Join(work, "report.html")},
		}},
		{filepath.Join(tiny, "images.npy"), 50, [][]string{
			{"eval", tinyModel, "--data", filepath.Join(work, "images.toml")},
			{"profile", tinyModel, "--data", filepath.Join(work, "images.toml"), "-o", filepath.Join(work, "p.json")},
		}},
		{set, 100, [][]string{
			{"eval", tinyModel, "--data", bad, "--images", "1"},
		}},
	} {
		good, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(damageSeed, uint64(len(good))))
		start := time.Now()
		ok := 0
		for i := range more * c.n {
			data, how := mutate(rng, good)
			for _, name := range []string{bad, bad + ".npy"} {
				if err := os.WriteFile(name, data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, args := range c.args {
				code, stdout, stderr, took := guarded(args)
				switch {
				case strings.HasPrefix(stderr, "panic"):
					t.Errorf("%s, case %d (%s): hass %s: %s", filepath.Base(c.file), i, how, args[0], stderr)
				case code != 0 && code != 1:
					t.Errorf("%s, case %d (%s): hass %s: exit code %d: %s", filepath.Base(c.file), i, how, args[0], code, stderr)
				case code == 1 && (!strings.HasPrefix(stderr, "hass: ") || strings.Contains(stderr, "runtime error") || strings.Contains(stderr, "internal error")):
					t.Errorf("%s, case %d (%s): hass %s: error %q", filepath.Base(c.file), i, how, args[0], stderr)
				case code == 1 && args[0] == "eval" && stdout != "":
					t.Errorf("%s, case %d (%s): an error after the result %q", filepath.Base(c.file), i, how, stdout)
				case took > 20*time.Second:
					t.Errorf("%s, case %d (%s): hass %s took %v", filepath.Base(c.file), i, how, args[0], took)
				}
				if code == 0 {
					ok++
				}
			}
		}
		t.Logf("%s: %d of %d commands succeeded, %v", filepath.Base(c.file), ok, more*c.n*len(c.args), time.Since(start).Round(time.Millisecond))
	}
	// Nothing but whole files is left behind.
	entries, err := os.ReadDir(work)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

// guarded runs a command line; a panic becomes an error that begins with "panic".
func guarded(args []string) (code int, stdout, stderr string, took time.Duration) {
	defer func() {
		if r := recover(); r != nil {
			code, stderr = -1, fmt.Sprintf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	start := time.Now()
	var out, err bytes.Buffer
	code = run(ctx, args, &out, &err)
	return code, out.String(), err.String(), time.Since(start)
}

const damageSeed = 1

var (
	number = regexp.MustCompile(`-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?`)
	odd    = []string{"0", "-1", "1", "2", "3", "7", "64", "255", "1000", "65536", "16777216", "2147483647", "-2147483648", "9223372036854775807", "1e300", "0.5", "null", "\"x\"", "[]", "{}"}
)

// mutate damages a file: it is cut, bits flip, or, in a text, a number becomes another.
func mutate(rng *rand.Rand, good []byte) (data []byte, how string) {
	data = append([]byte(nil), good...)
	text := !bytes.ContainsRune(good, 0)
	switch k := rng.IntN(10); {
	case k == 0:
		n := rng.IntN(len(data))
		return data[:n], fmt.Sprintf("cut to %d bytes", n)
	case k <= 6 && text:
		numbers := number.FindAllIndex(data, -1)
		at := numbers[rng.IntN(len(numbers))]
		v := odd[rng.IntN(len(odd))]
		return append(append(data[:at[0]:at[0]], v...), good[at[1]:]...), fmt.Sprintf("%s at byte %d becomes %s", good[at[0]:at[1]], at[0], v)
	case k == 7:
		a, b := rng.IntN(len(data)), rng.IntN(len(data))
		a, b = min(a, b), min(max(a, b), min(a, b)+200)
		return append(data[:a:a], good[b:]...), fmt.Sprintf("bytes %d to %d are gone", a, b)
	default:
		how = "bits flipped:"
		head := min(len(data), 4096) // the place of a model's structure
		for range 1 + rng.IntN(4) {
			i := rng.IntN(len(data))
			if rng.IntN(2) == 0 {
				i = rng.IntN(head)
			}
			bit := rng.IntN(8)
			data[i] ^= 1 << bit
			how += fmt.Sprintf(" %d.%d", i, bit)
		}
		return data, how
	}
}
