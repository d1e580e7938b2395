package recurrence

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
	"hass/optimizer/cost/loops"
)

var date = flag.String("date", "", "with -update, which writes the table of package optimizer/cost/loops anew: the day of the measurement")

// tableFile is the table that the optimizer reads.
const tableFile = "../../../optimizer/cost/loops/loops.toml"

const (
	compiler  = "clang++-14"
	optimizer = "opt-14"
)

// passes unroll all inner loops and put arrays into values, as synthesis does; the loop of a process stays, but a weight
// loader's of few words.
func passes() []string {
	list := []string{"-enable-new-pm=0", "-S", "-unroll-threshold=100000000", "-unroll-full-max-count=256", "-unroll-runtime=false", "-unroll-allow-partial=false",
		"-always-inline", "-inline", "-inline-threshold=1000000", "-sroa", "-early-cse", "-instcombine", "-simplifycfg"}
	for range 4 { // loops in loops, and arrays that become values once their indices are constant
		list = append(list, "-loop-rotate", "-loop-unroll", "-sroa", "-instcombine", "-simplifycfg")
	}
	return append(list, "-early-cse", "-instcombine", "-sccp", "-adce")
}

// projectLoops estimates the loops of a project's processes.
func projectLoops(t *testing.T, dir string) (loops []Loop) {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(dir, "src", "*.cpp"))
	if err != nil {
		t.Fatal(err)
	}
	run := func(name string, args ...string) {
		t.Helper()
		if text, err := exec.Command(name, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
	}
	for _, source := range sources {
		if filepath.Base(source) == "hass_top.cpp" {
			continue // calls only
		}
		raw, ir := filepath.Join(t.TempDir(), "raw.ll"), filepath.Join(t.TempDir(), "unrolled.ll")
		// Not every kind of a module reads all constants of its configuration.
		run(compiler, "-std=c++14", "-O2", "-Xclang", "-disable-llvm-passes", "-D__SYNTHESIS__", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-const-variable", "-S", "-emit-llvm", "-o", raw,
			"-Itestdata", "-I"+filepath.Join(dir, "include"), "-I"+filepath.Join(dir, "sim"), "-I"+filepath.Join(dir, "src"), source)
		run(optimizer, append(passes(), raw, "-o", ir)...)
		text, err := os.ReadFile(ir)
		if err != nil {
			t.Fatal(err)
		}
		found, err := Loops(string(text))
		if err != nil {
			t.Fatal(err)
		}
		loops = append(loops, found...)
	}
	return loops
}

// kindSeeds are random cases that have the modules which the others lack: activation, concat and zero insertion, slice, resize.
var kindSeeds = []int64{5, 14, 16, 20}

// TestProjects: every loop of the emitted C++ can start an iteration every 5 ns, and the largest of each kind of module are the
// figures of the table that the optimizer reads.
func TestProjects(t *testing.T) {
	testenv.Long(t)
	testenv.Tools(t, "clang-14 llvm-14", compiler, optimizer)
	budget := design.LoopBudget(200)
	seen := loops.Table{NS: map[string]float64{}}
	check := func(name string, d *design.Design, dir string) {
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]string{} // by process; the weight loader is none
		for i := range n.Processes {
			keys[n.Processes[i].Name] = loops.KeyOf(n, i)
		}
		worst := map[string]Loop{} // by process
		found := projectLoops(t, dir)
		seen.Loops += len(found)
		for _, l := range found {
			process := processName(l.Function)
			key, ok := keys[process]
			if ok {
				seen.NS[key] = max(seen.NS[key], math.Ceil(l.NS*100-1e-6)/100)
			}
			if l.NS >= worst[process].NS {
				worst[process] = l
			}
			if l.NS > budget {
				t.Errorf("%s: %s: a loop of %d instructions needs %.2f ns an iteration, more than %.2f:\n  %s", name, process, l.Instructions, l.NS, budget, strings.Join(l.Path, "\n  "))
			}
		}
		if len(found) == 0 {
			t.Errorf("%s: no loops", name)
		}
		for _, process := range slices.Sorted(maps.Keys(worst)) {
			t.Logf("%s: %s: %.2f ns", name, process, worst[process].NS)
		}
	}
	net, err := hwtest.ResNet8(rand.New(rand.NewSource(1)), 8, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range hw.LaneEngines() {
		layers, depths, err := hwtest.UniformHW(net, kind, 1, 3, 4, 2)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		rng := rand.New(rand.NewSource(1))
		d := designtest.New(t, dir, net, layers, depths, [][]int32{hwtest.Image(rng, net.Tensors[net.Input]), hwtest.Image(rng, net.Tensors[net.Input])})
		check(string(kind), d, projecttest.Generate(t, d, dir, "project"))
	}
	dir := t.TempDir()
	scheduled := designtest.Scheduled(t, dir)
	check("scheduled", scheduled, projecttest.Generate(t, scheduled, dir, "project"))
	dir = t.TempDir()
	packed := designtest.Packed(t, dir)
	check("packed", packed, projecttest.Generate(t, packed, dir, "project"))
	const seeds = 4 // a project of each takes seconds
	list := kindSeeds
	for seed := range int64(seeds) {
		list = append(list, seed)
	}
	for _, seed := range list {
		dir := t.TempDir()
		d := designtest.Random(t, dir, seed, 2)
		check(fmt.Sprint("random ", seed), d, projecttest.Generate(t, d, dir, "project"))
	}
	compareTable(t, seen)
}

// compareTable compares the table with the measured recurrences, or writes it.
func compareTable(t *testing.T, seen loops.Table) {
	if flag.Lookup("update").Value.String() == "true" { // of package projecttest
		if *date == "" {
			t.Fatal("-update needs -date, the day of the measurement")
		}
		seen.Tool, seen.Date = "LLVM 14 on the emitted C++, inner loops unrolled", *date
		seen.Delays = "reported by Vitis HLS 2021.2 for an xczu7ev-2"
		var b bytes.Buffer
		b.WriteString("# The largest recurrence of the C++ loop of each module, in ns: written by the test of internal/test/recurrence (-update).\n\n")
		if err := toml.NewEncoder(&b).Encode(seen); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(tableFile, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, want := seen.NS, loops.BuiltIn().NS; !maps.Equal(got, want) {
		t.Errorf("the largest recurrences are %v, in the table they are %v (-update -date DAY accepts)", got, want)
	}
}

// processName is the name in a mangled one: _ZN6design<length><name>E...
func processName(mangled string) string {
	rest := strings.TrimPrefix(mangled, "_ZN6design")
	var n int
	if _, err := fmt.Sscanf(rest, "%d", &n); err != nil {
		return mangled
	}
	rest = strings.TrimLeft(rest, "0123456789")
	return rest[:min(n, len(rest))]
}
