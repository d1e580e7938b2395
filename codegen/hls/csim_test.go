package hls_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
)

// runner compiles projects faster than make does: one translation unit each, no
// optimisation, and the runtime, which is the same for all, once.
type runner struct {
	t       testing.TB
	dir     string
	flags   []string
	once    sync.Once
	runtime string
}

func newRunner(t testing.TB, flags ...string) *runner {
	projecttest.NeedCompiler(t)
	return &runner{t: t, dir: t.TempDir(), flags: append([]string{"-std=c++14", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas"}, flags...)}
}

func (r *runner) gxx(t testing.TB, project string, args ...string) {
	t.Helper()
	all := append(append([]string{}, r.flags...), "-Iinclude", "-Isrc", "-Itb", "-Isim")
	cmd := exec.Command("g++", append(all, args...)...)
	cmd.Dir = project
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("g++ %s: %v\n%s", strings.Join(args, " "), err, text)
	}
}

// csim compiles and runs the project and gives the report and the exit code.
func (r *runner) csim(t testing.TB, project string) (*verify.CSimResult, int) {
	t.Helper()
	r.once.Do(func() {
		r.runtime = filepath.Join(r.dir, "runtime.o")
		r.gxx(t, project, "-c", "-o", r.runtime, "tb/runtime.cpp")
	})
	sources, err := filepath.Glob(filepath.Join(project, "src", "*.cpp"))
	if err != nil {
		t.Fatal(err)
	}
	var unit strings.Builder
	for _, s := range append(sources, filepath.Join(project, "tb", "tb.cpp")) {
		fmt.Fprintf(&unit, "#include %q\n", s)
	}
	if err := os.WriteFile(filepath.Join(project, "all.cpp"), []byte(unit.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	r.gxx(t, project, "-o", "csim", "all.cpp", r.runtime)
	return r.run(t, project)
}

func (r *runner) run(t testing.TB, project string) (*verify.CSimResult, int) {
	t.Helper()
	cmd := exec.Command("./csim", "data", verify.ReportName)
	cmd.Dir = project
	text, err := cmd.CombinedOutput()
	code := 0
	if err != nil {
		exit, ok := err.(*exec.ExitError)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	data, err := os.ReadFile(filepath.Join(project, verify.ReportName))
	if err != nil {
		t.Fatalf("csim wrote no report, exit code %d:\n%s", code, text)
	}
	res := new(verify.CSimResult)
	if err := json.Unmarshal(data, res); err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	return res, code
}

// compareWithSim compares the engines' numbers of beats, by cycles, with those of hwsim.
func compareWithSim(t testing.TB, d *design.Design, images [][]int32, res *verify.CSimResult) {
	t.Helper()
	for _, diff := range res.CompareEngines(projecttest.SimCosts(t, d, images)) {
		t.Error(diff)
	}
}

// TestEngines runs elastic engines, plain, grouped and depthwise, and packed ones.
func TestEngines(t *testing.T) {
	r := newRunner(t, "-O0")
	t.Parallel()
	for _, make := range []func(testing.TB, string) *design.Design{designtest.Elastic, designtest.ElasticThresholds, designtest.Packed} {
		dir := t.TempDir()
		d := make(t, dir)
		images, err := d.GoldenImages(dir)
		if err != nil {
			t.Fatal(err)
		}
		res, code := r.csim(t, projecttest.Generate(t, d, dir, "project"))
		if code != 0 || !res.OK() || res.Images != len(images) {
			t.Fatalf("exit code %d: %s", code, res.Problem())
		}
		compareWithSim(t, d, images, res)
	}
}

// TestScheduled runs scheduled engines.
func TestScheduled(t *testing.T) {
	r := newRunner(t, "-O0")
	t.Parallel()
	dir := t.TempDir()
	d := designtest.Scheduled(t, dir)
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	res, code := r.csim(t, projecttest.Generate(t, d, dir, "project"))
	if code != 0 || !res.OK() || res.Images != len(images) || !res.Bounded {
		t.Fatalf("exit code %d: %s", code, res.Problem())
	}
}

// TestRandom runs random networks on random hardware through csim: bit-exact, and every
// engine takes the cycles that the simulator counts.
func TestRandom(t *testing.T) {
	r := newRunner(t, "-O0")
	t.Parallel()
	seeds := 16
	if n, err := strconv.Atoi(os.Getenv("HASS_SEEDS")); err == nil {
		seeds = n // for a longer search
	}
	work := make(chan int64)
	var wg sync.WaitGroup
	seen := newCoverage()
	for range runtime.NumCPU() {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for seed := range work {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					dir := t.TempDir()
					d := designtest.Random(t, dir, seed, 3)
					images, err := d.GoldenImages(dir)
					if err != nil {
						t.Fatal(err)
					}
					res, code := r.csim(t, projecttest.Generate(t, d, dir, "project"))
					if code != 0 || !res.OK() || res.Images != 3 || !res.Bounded {
						t.Fatalf("exit code %d: %s", code, res.Problem())
					}
					compareWithSim(t, d, images, res)
					seen.add(d)
				})
			}
		}()
	}
	for s := range seeds {
		work <- int64(s)
	}
	for _, s := range rareSeeds(t, seeds) {
		work <- s
	}
	close(work)
	wg.Wait()
	t.Logf("covered: %v", seen.m)
	for _, what := range features {
		if seen.m[what] == 0 {
			t.Errorf("no design had %s", what)
		}
	}
}

// features must occur in the designs of TestRandom, besides modules of every kind and engines of every kind, plain, grouped
// and depthwise.
var features = append(append(everyKind("engine", "grouped", "depthwise"), hwtest.Rescalings()...),
	"gangs", "gang of several", "rows of taps",
	"broadcast add", "broadcast mul", "function affine", "function hardswish", "function leakyrelu", "function curve", "slope per channel", "linear", "nearest",
	"average", "maximum", "shift per channel", "threshold", "asymmetric pads", "pads beyond the kernel", "dilation", "stride", "several pixels in", "several pixels out", "tail pixels",
)

// everyKind are modules of every kind, and features of engines of every kind.
func everyKind(features ...string) (list []string) {
	for _, kind := range hw.ProcessKinds() {
		list = append(list, "process "+string(kind))
	}
	for _, f := range features {
		for _, kind := range hw.LaneEngines() {
			list = append(list, f+" "+string(kind))
		}
	}
	return list
}

// rareSeeds gives seeds from the given one on, each of which brings a feature that the
// seeds before it do not.
func rareSeeds(t testing.TB, from int) (seeds []int64) {
	c := newCoverage()
	for seed := range int64(2000) {
		missing := 0
		for _, what := range features {
			if c.m[what] == 0 {
				missing++
			}
		}
		if missing == 0 {
			break
		}
		x, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := x.Network()
		if err != nil {
			t.Fatal(err)
		}
		one := newCoverage()
		one.addNetwork(n)
		adds := seed < int64(from)
		for _, what := range features {
			adds = adds || c.m[what] == 0 && one.m[what] > 0
		}
		if adds {
			c.addNetwork(n)
			if seed >= int64(from) {
				seeds = append(seeds, seed)
			}
		}
	}
	return seeds
}

// coverage counts the features that the random designs had.
type coverage struct {
	mu sync.Mutex
	m  map[string]int
}

func newCoverage() *coverage { return &coverage{m: make(map[string]int)} }

func (c *coverage) add(d *design.Design) {
	if n, err := d.Network(); err == nil {
		c.addNetwork(n)
	}
}

func (c *coverage) addNetwork(n *hw.Network) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range n.Processes {
		c.m["process "+string(p.Kind)]++
	}
	for _, what := range hwtest.RescalingsOf(n) {
		c.m[what]++
	}
	for i, l := range n.Net.Layers {
		hl := n.Layers[i]
		mark := func(what string, ok bool) {
			if ok {
				c.m[what]++
			}
		}
		mark("several pixels in", hl.InPx > 1)
		mark("several pixels out", hl.OutPx > 1)
		mark("tail pixels", n.Net.Tensors[l.Out].W%hl.OutPx != 0)
		if l.Conv != nil {
			c.m["engine "+string(hl.Engine)]++
			mark("gangs", hl.Gangs() > 1)
			mark("gang of several", hl.Gang > 1)
			mark("shift per channel", len(l.Conv.Shift) > 1)
			mark("threshold", l.Conv.TauA > 0)
			g := l.Conv.Window
			for d, pad := range g.Pads {
				mark("pads beyond the kernel", pad > (g.Kernel[d%2]-1)*g.Dilation[d%2])
			}
			mark("asymmetric pads", l.Conv.Pads[0] != l.Conv.Pads[2] || l.Conv.Pads[1] != l.Conv.Pads[3])
			mark("dilation", l.Conv.Dilation != [2]int{1, 1})
			mark("stride", l.Conv.Stride != [2]int{1, 1})
			mark("rows of taps", hl.MTap > l.Conv.Kernel[1])
			mark("wide accumulator", l.Conv.AccBits > 32)
			depthwise := n.Net.Depthwise(&l)
			mark("depthwise "+string(hl.Engine), depthwise)
			mark("grouped "+string(hl.Engine), l.Conv.Groups > 1 && !depthwise)
		}
		mark("broadcast "+string(l.Kind), n.Net.Broadcast(&l))
		if l.Act != nil {
			c.m["function "+string(l.Act.Fn)]++
			mark("slope per channel", len(l.Act.Mul) > 1)
		}
		if l.Resize != nil {
			mark("linear", l.Resize.Rows.Weight != nil)
			mark("nearest", l.Resize.Rows.Weight == nil)
		}
		if l.Pool != nil {
			mark("average", !l.Pool.Max)
			mark("maximum", l.Pool.Max)
		}
	}
}
