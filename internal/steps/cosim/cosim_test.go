package cosim

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/testenv"
)

// need skips the test if a program is missing.
func need(t *testing.T, programs ...string) {
	t.Helper()
	testenv.Tools(t, "iverilog verilator yosys g++ make", programs...)
}

// generate writes the RTL project of a design whose side files are in dir.
func generate(t *testing.T, d *design.Design, dir string) string {
	t.Helper()
	out := filepath.Join(dir, "rtl")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
		t.Fatal(err)
	}
	return out
}

// verify simulates the project out of a design and compares values with the reference and, without stalls,
// cycles with the simulator.
func verify(t *testing.T, d *design.Design, dir, out string, opts codegen.RTLOptions) {
	t.Helper()
	ctx := context.Background()
	r, err := codegen.VerifyRTL(ctx, out, opts)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Fatal(r.Problem())
	}
	if opts.Stall > 0 {
		return
	}
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	diffs, err := Compare(ctx, n, images, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(diffs) > 0 {
		t.Errorf("%d differences from the simulator:\n%s", len(diffs), strings.Join(diffs[:min(len(diffs), 20)], "\n"))
	}
}

// TestRandom simulates random networks on random hardware: bit-exact with and without random stalls,
// and without them every cycle, stall and FIFO mark equals the simulator's. HASS_SEEDS=FROM-TO runs others than the
// usual few.
func TestRandom(t *testing.T) {
	need(t, "iverilog", "vvp", "make")
	from, to := 0, 40
	if s := os.Getenv("HASS_SEEDS"); s != "" {
		a, b, _ := strings.Cut(s, "-")
		var err error
		if from, err = strconv.Atoi(a); err == nil {
			to, err = strconv.Atoi(b)
		}
		if err != nil {
			t.Fatalf("HASS_SEEDS=%s: want FROM-TO", s)
		}
	}
	ran := map[string]int{} // processes and engines by kind
	for seed := from; seed < to; seed++ {
		dir := t.TempDir()
		d := designtest.Random(t, dir, int64(seed), 3)
		n := work(t, d)
		if n <= maxWork {
			for what := range kindsOf(t, d) {
				ran[what]++
			}
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			if n > maxWork {
				t.Skipf("skipped: %d values a run are too many for Icarus Verilog", n)
			}
			out := generate(t, d, dir)
			verify(t, d, dir, out, codegen.RTLOptions{Icarus: true})
			verify(t, d, dir, out, codegen.RTLOptions{Icarus: true, Stall: 30, Seed: int64(seed) + 1})
		})
	}
	if os.Getenv("HASS_SEEDS") != "" {
		return
	}
	for _, kind := range hw.EngineKinds() {
		if ran["engine "+string(kind)] == 0 {
			t.Errorf("no design had an engine of kind %s: %v", kind, ran)
		}
	}
}

// kindsOf are the kinds of a design's processes and engines.
func kindsOf(t *testing.T, d *design.Design) map[string]bool {
	t.Helper()
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for i := range n.Processes {
		p := &n.Processes[i]
		kinds["process "+string(p.Kind)] = true
		if p.Kind == hw.Engine {
			kinds["engine "+string(n.Layers[p.Layer].Engine)] = true
		}
	}
	return kinds
}

// maxWork bounds what a test gives to Icarus Verilog, to some ten seconds a network.
const maxWork = 600

// work is about how much an event-driven simulator has to do: tokens times their lanes.
func work(t *testing.T, d *design.Design) int {
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, s := range n.Streams {
		sum += s.Tokens * s.Beat.Px * s.Beat.Ch
	}
	return sum
}

// TestElastic is a network of elastic engines.
func TestElastic(t *testing.T) {
	need(t, "iverilog", "vvp", "make")
	t.Parallel()
	dir := t.TempDir()
	d := designtest.Elastic(t, dir)
	out := generate(t, d, dir)
	verify(t, d, dir, out, codegen.RTLOptions{Icarus: true})
	verify(t, d, dir, out, codegen.RTLOptions{Icarus: true, Stall: 30, Seed: 3})
}

// TestVerilator is one random network in Verilator.
func TestVerilator(t *testing.T) {
	need(t, "verilator", "g++", "make")
	dir := t.TempDir()
	d := designtest.Random(t, dir, 2, 3)
	out := generate(t, d, dir)
	verify(t, d, dir, out, codegen.RTLOptions{})
}

// TestLint checks that whole projects give no warning: modules of one may be within those of another there.
func TestLint(t *testing.T) {
	need(t, "verilator", "iverilog", "make")
	lint := func(d *design.Design, dir string) {
		cmd := exec.Command("make", "-s", "lint")
		cmd.Dir = generate(t, d, dir)
		if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(strings.ToLower(string(out)), "warning") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	dir := t.TempDir()
	lint(designtest.Elastic(t, dir), dir)
	for seed := range int64(12) {
		dir := t.TempDir()
		lint(designtest.Random(t, dir, seed, 3), dir)
	}
}
