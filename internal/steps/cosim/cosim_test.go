package cosim

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
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

// simulate simulates the project out of a design and compares values with the reference and, without stalls,
// cycles with the simulator.
func simulate(t *testing.T, d *design.Design, dir, out string, opts verify.Options) {
	t.Helper()
	ctx := context.Background()
	r, err := verify.RTL(ctx, out, opts)
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

// TestRandom simulates random networks on random hardware, among them every kind of process and engine: bit-exact with and
// without random stalls, and without them every cycle, stall and FIFO mark equals the simulator's. HASS_SEEDS=FROM-TO runs
// others than the usual few.
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
	seeds := func(yield func(int64) bool) {
		for seed := from; seed < to && yield(int64(seed)); seed++ {
		}
	}
	if os.Getenv("HASS_SEEDS") == "" {
		seeds = slices.Values(variedSeeds(t, int64(to)))
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := designtest.Random(t, dir, seed, 3)
			n, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			if w := work(n); w > maxWork {
				t.Skipf("skipped: %d values a run are too many for Icarus Verilog", w)
			}
			out := generate(t, d, dir)
			simulate(t, d, dir, out, verify.Options{Icarus: true})
			simulate(t, d, dir, out, verify.Options{Icarus: true, Stall: 30, Seed: seed + 1})
		})
	}
}

// variedSeeds are the seeds below the given one whose networks are small enough, and later seeds whose networks have a kind of process,
// engine or rescaling that is still missing, until all kinds are covered.
func variedSeeds(t *testing.T, first int64) (seeds []int64) {
	missing := map[string]bool{}
	for _, kind := range hw.EngineKinds() {
		missing["engine "+string(kind)] = true
		if !kind.Row().Static {
			missing["wide gang "+string(kind)] = true
		}
	}
	for _, kind := range hw.ProcessKinds() {
		missing["process "+string(kind)] = true
	}
	for _, what := range hwtest.Rescalings() {
		missing[what] = true
	}
	for seed := int64(0); seed < first || len(missing) > 0; seed++ {
		if seed == first {
			seed = rareSeeds
		}
		if seed == mostSeeds {
			t.Fatalf("no small network of the first %d, and of those from %d to %d, has %v", first, rareSeeds, mostSeeds, slices.Sorted(maps.Keys(missing)))
		}
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		if work(n) > maxWork {
			continue
		}
		before := len(missing)
		for _, what := range hwtest.RescalingsOf(n) {
			delete(missing, what)
		}
		for i := range n.Processes {
			p := &n.Processes[i]
			delete(missing, "process "+string(p.Kind))
			if p.Kind == hw.Engine || p.Kind == hw.ScheduledProc {
				hl := &n.Layers[p.Layer]
				delete(missing, "engine "+string(hl.Engine))
				if hl.Gang > 4 { // these processes copy shared registers
					delete(missing, "wide gang "+string(hl.Engine))
				}
			}
		}
		if seed < first || len(missing) < before {
			seeds = append(seeds, seed)
		}
	}
	return seeds
}

// rareSeeds is the seed at which the search for missing kinds continues: only about one of ten thousand seeds gives a small network with a
// wide gang of elastic engines, and there is one near this seed. mostSeeds bounds the search.
const (
	rareSeeds = 23_800
	mostSeeds = 30_000
)

// maxWork bounds the work for Icarus Verilog to about ten seconds per network.
const maxWork = 600

// work estimates the work of an event-driven simulator: tokens times their lanes.
func work(n *hw.Network) int {
	sum := 0
	for _, s := range n.Streams {
		sum += s.Tokens * s.Beat.Px * s.Beat.Ch
	}
	return sum
}

// TestElastic are networks of elastic engines, by shifts and by thresholds and multipliers.
func TestElastic(t *testing.T) {
	need(t, "iverilog", "vvp", "make")
	for _, make := range []func(testing.TB, string) *design.Design{designtest.Elastic, designtest.ElasticThresholds} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := make(t, dir)
			out := generate(t, d, dir)
			simulate(t, d, dir, out, verify.Options{Icarus: true})
			simulate(t, d, dir, out, verify.Options{Icarus: true, Stall: 30, Seed: 3})
		})
	}
}

// TestScheduled is a network of scheduled engines.
func TestScheduled(t *testing.T) {
	need(t, "iverilog", "vvp", "make")
	t.Parallel()
	dir := t.TempDir()
	d := designtest.Scheduled(t, dir)
	out := generate(t, d, dir)
	simulate(t, d, dir, out, verify.Options{Icarus: true})
	simulate(t, d, dir, out, verify.Options{Icarus: true, Stall: 30, Seed: 3})
}

// TestPacked is a network of packed engines.
func TestPacked(t *testing.T) {
	need(t, "iverilog", "vvp", "make")
	t.Parallel()
	dir := t.TempDir()
	d := designtest.Packed(t, dir)
	out := generate(t, d, dir)
	simulate(t, d, dir, out, verify.Options{Icarus: true})
	simulate(t, d, dir, out, verify.Options{Icarus: true, Stall: 30, Seed: 3})
}

// TestVerilator is a random network in Verilator, whose waveforms are compared too, and one of elastic engines by thresholds and
// multipliers.
func TestVerilator(t *testing.T) {
	need(t, "verilator", "g++", "make")
	dir := t.TempDir()
	d := designtest.Random(t, dir, 2, 3)
	out := generate(t, d, dir)
	t.Setenv("TRACE", "1")
	simulate(t, d, dir, out, verify.Options{})
	compareVCD(t, d, dir, out, "TOP.hass_tb.dut")
	t.Setenv("TRACE", "")
	dir = t.TempDir()
	d = designtest.ElasticThresholds(t, dir)
	simulate(t, d, dir, generate(t, d, dir), verify.Options{})
}

// TestLint checks that whole projects, in which modules contain others, give no warning.
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
	dir = t.TempDir()
	lint(designtest.Scheduled(t, dir), dir)
	dir = t.TempDir()
	lint(designtest.Packed(t, dir), dir)
	for seed := range int64(4) {
		dir := t.TempDir()
		lint(designtest.Random(t, dir, seed, 3), dir)
	}
}
