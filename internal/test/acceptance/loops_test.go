package acceptance

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/test/figures"
	"hass/internal/test/recurrence"
	"hass/internal/test/testenv"
	"hass/optimizer/cost/loops"
	"hass/optimizer/derive"
)

// loopNetworks are the networks whose C++ loops are estimated. Streams carry one pixel, so that engines that skip zeros are among the choices.
var loopNetworks = []struct {
	name, model, calib, bits, platform string
	engines                            []string // --engine, one design for each
}{
	{"demo", "", "", "16", "zcu104", []string{"auto", "banked"}},
	{"ResNet-8", resnet, "cifar10_resnet8/calib.toml", "8", "zcu104", []string{"auto", "elastic"}},
	{"MobileNetV2", mobileNetV2, "mobilenet_v2/calib2.toml", "8", "u250", []string{"auto"}},
	{"ResNet-50 pruned", prunedResNet50, "resnet50_pruned/calib.toml", "8", "u250", []string{"auto"}},
}

// loopRow is a kind of module of a network.
type loopRow struct {
	loops, fast, faster int // number of loops; of loops that reach 200 MHz; of loops that reach 250 MHz
	most                float64
	where               string
}

// TestLoops estimates the recurrences of every loop of the C++ of four networks, and refuses one that is too slow for 200 MHz, or slower than
// the table that the optimizer reads says of its kind of module.
func TestLoops(t *testing.T) {
	dir := os.Getenv("HASS_LOOPS")
	if dir == "" {
		t.Skip("skipped: compiles the C++ of four networks with clang (run \"make acceptance-loops\")")
	}
	testenv.Tools(t, "clang-14 llvm-14", recurrence.Compiler, recurrence.Optimizer)
	a := newAcceptance(t)
	var rows [][]string
	for _, n := range loopNetworks {
		for _, engine := range n.engines {
			name := n.name + ", " + engine
			t.Run(name, func(t *testing.T) {
				model, calib := a.path(n.model), a.path(n.calib)
				if n.model == "" {
					demo := filepath.Join(testenv.Root(t), "examples", "demo")
					model, calib = filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml")
				}
				rows = append(rows, kept(t, filepath.Join(dir, name), func(folder string) [][]string {
					profile, path, project := filepath.Join(folder, "profile.json"), filepath.Join(folder, "design.json"), filepath.Join(folder, "project")
					a.hass(t, "profile", model, "--data", calib, "--bits", n.bits, "-o", profile)
					a.hass(t, "optimize", model, "--profile", profile, "--platform", n.platform, "--target", "hls", "--pixels", "1", "--engine", engine, "-o", path)
					if err := os.RemoveAll(project); err != nil { // of another commit
						t.Fatal(err)
					}
					a.hass(t, "generate", path, "--target", "hls", "-o", project)
					return loopRows(t, name, path, project)
				})...)
			})
		}
	}
	if t.Failed() {
		return
	}
	figures.Write(t, "loops", figures.Table{
		Command: "make acceptance-loops",
		Note: fmt.Sprintf("Recurrences of the loops of the emitted C++ (`--target hls`, one pixel a beat), estimated from LLVM IR with the delays that Vitis HLS 2021.2 reports for an xczu7ev-2; no tool scheduled them. A loop can start an iteration in every cycle "+
			"at 200 MHz if its recurrence takes at most %.2f ns, at 250 MHz %.2f ns: the period less the default uncertainty of 27 %%. The table of the optimizer is at least as large for every kind.", design.LoopBudget(200), design.LoopBudget(250)),
		Columns: []string{"network, engines", "module", "loops", "largest, ns", "of", "reach 200 MHz", "reach 250 MHz"},
		Rows:    rows,
	})
}

// loopRows are the rows of one project, by kind of module, and one of all.
func loopRows(t *testing.T, name, path, project string) (rows [][]string) {
	d, err := derive.ReadDesign(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	keys, names := map[string]string{}, []string{}
	for i := range n.Processes {
		keys[n.Processes[i].Name] = loops.KeyOf(n, i)
		names = append(names, n.Processes[i].Name)
	}
	for i := range n.Net.Layers {
		names = append(names, n.Net.Layers[i].ID)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }) // the longest first
	headers := filepath.Join(testenv.Root(t), "internal", "test", "recurrence", "testdata")
	found, err := recurrence.Project(project, headers, names)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*loopRow{}
	for i := range found {
		l := &found[i]
		key, ok := keys[l.Process()]
		if !ok {
			key = "weight loader"
		}
		for _, k := range []string{key, "all"} {
			if by[k] == nil {
				by[k] = &loopRow{}
			}
			by[k].count(l)
		}
		if l.NS > design.LoopBudget(200) {
			t.Errorf("%s: %s needs %.2f ns an iteration, 200 MHz allow %.2f:\n  %s", name, l.Process(), l.NS, design.LoopBudget(200), strings.Join(l.Path, "\n  "))
		}
		if ok {
			if most, err := loops.Of(key); err != nil || l.NS > most+0.01 {
				t.Errorf("%s: %s needs %.2f ns an iteration, the optimizer's table says at most %.2f (%v)", name, l.Process(), l.NS, most, err)
			}
		}
	}
	for _, key := range append(slices.DeleteFunc(slices.Sorted(maps.Keys(by)), func(k string) bool { return k == "all" }), "all") {
		r := by[key]
		if r == nil {
			t.Fatalf("%s: no loops", name)
		}
		share := func(of int) string { return fmt.Sprintf("%.0f %%", 100*float64(of)/float64(r.loops)) }
		rows = append(rows, []string{name, key, fmt.Sprint(r.loops), fmt.Sprintf("%.2f", r.most), r.where, share(r.fast), share(r.faster)})
	}
	return rows
}

// count adds a loop.
func (r *loopRow) count(l *recurrence.Loop) {
	r.loops++
	if l.NS <= design.LoopBudget(200) {
		r.fast++
	}
	if l.NS <= design.LoopBudget(250) {
		r.faster++
	}
	if l.NS > r.most || r.where == "" {
		r.most, r.where = l.NS, l.Process()
	}
}
