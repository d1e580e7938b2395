package recurrence

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand"
	"os"
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

// kindSeeds are random cases that have the modules which the others lack: activation, concat and zero insertion, slice, resize.
var kindSeeds = []int64{5, 14, 16, 20}

// TestProjects: every loop of the emitted C++ can start an iteration every 5 ns, and the largest of each kind of module are the
// figures of the table that the optimizer reads.
func TestProjects(t *testing.T) {
	testenv.Long(t)
	testenv.Tools(t, "clang-14 llvm-14", Compiler, Optimizer)
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
		found, err := Project(dir, "testdata", nil)
		if err != nil {
			t.Fatal(err)
		}
		seen.Loops += len(found)
		for _, l := range found {
			process := l.Process()
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
