package acceptance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/steps/reduce"
	"hass/internal/test/figures"
	"hass/internal/test/hwtest"
)

// What a reduction of a planted fault must reach. The time is CPU time of this process and all that it starts, so that other work
// on the machine disturbs it little.
const (
	reducedLayers = 3
	reducedTime   = 2 * time.Minute
	// reducedSeeds are the random networks that are tried until the fault shows on one.
	reducedSeeds = 20
)

// plantedFaults are planted in one back end each. A fault of the simulator changes the layers that it runs, one of a
// project the text of a library file.
var plantedFaults = []struct {
	backend, name string
	seed          int64 // of the first random network that is tried
	kind          reduce.Kind
	layer         func(l *intnet.Layer)
	mutant
}{
	{backend: reduce.HWSim, name: "convolutions round the other way", seed: 1, kind: reduce.Values, layer: func(l *intnet.Layer) {
		if l.Kind == intnet.KindConv {
			l.Rounding = map[fixed.Rounding]fixed.Rounding{fixed.HalfUp: fixed.HalfEven, fixed.HalfEven: fixed.HalfUp}[l.Rounding]
		}
	}},
	{backend: reduce.HWSim, name: "sums double their second operand", seed: 5, kind: reduce.Values, layer: func(l *intnet.Layer) {
		if l.Kind == intnet.KindAdd {
			l.Factors[1] *= 2
		}
	}},
	{backend: reduce.HLS, name: "requantisation rounds down", seed: 50, kind: reduce.Values, mutant: mutant{
		file: "include/hass/arith.hpp", old: "clamp<T>((halves + carry) >> 1, least, most)", new: "clamp<T>(halves >> 1, least, most)"}},
	{backend: reduce.HLS, name: "windows take the first row for padding", seed: 27, kind: reduce.Values, mutant: mutant{
		file: "include/hass/window.hpp", old: "const bool inside = iy >= 0 &&", new: "const bool inside = iy > 0 &&"}},
	{backend: reduce.RTL, name: "requantisation rounds down", seed: 50, kind: reduce.Values, mutant: mutant{
		file: "rtl/hass_requant.sv", old: "CMP'($signed({1'b0, up}));", new: "CMP'($signed({1'b0, up && CMP == 0}));"}},
	{backend: reduce.RTL, name: "banked engines lose the last lane of a bank", seed: 50, kind: reduce.Values, mutant: mutant{
		file: "rtl/hass_select_banked.sv", old: "left[k] <= start ? pairs[k*N+n] : rest[k];", new: "left[k] <= k == K - 1 ? 1'b0 : start ? pairs[k*N+n] : rest[k];"}},
	{backend: reduce.RTL, name: "marks do not rise while a FIFO is read", seed: 27, kind: reduce.Cycles, mutant: mutant{
		file: "rtl/hass_watermark.sv", old: "else if (issue && taken == top)", new: "else if (issue && !read && taken == top)"}},
}

// plantedFault is the fault of a name.
func plantedFault(t *testing.T, backend, name string) mutant {
	t.Helper()
	for _, f := range plantedFaults {
		if f.backend == backend && f.name == name {
			return f.mutant
		}
	}
	t.Fatalf("%s has no fault %q", backend, name)
	return mutant{}
}

// TestHostileReduce plants faults in every back end and reduces random networks on which they show: three layers at most are left
// in time, the folder's run.sh exits with 1, and with 0 once the fault is undone.
func TestHostileReduce(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE_HOSTILE") != "1" {
		t.Skip("skipped: compiles hundreds of projects (run \"make acceptance-hostile HOSTILE_ONLY=Reduce\")")
	}
	bin := buildHass(t, t.TempDir())
	var rows [][]string
	for _, f := range plantedFaults {
		t.Run(f.backend+"/"+f.name, func(t *testing.T) {
			dir := t.TempDir()
			b := &reduce.Backend{Name: f.backend, Dir: filepath.Join(dir, "work")}
			opts := reduce.Options{Log: func(line string) { t.Log(line) }}
			var whole *reduce.Case
			var r *reduce.Result
			var took time.Duration
			for seed := f.seed; r == nil; seed++ {
				if seed == f.seed+reducedSeeds {
					t.Fatalf("it shows on none of %d networks", reducedSeeds)
				}
				whole = deepCase(t, seed)
				before := cpuTime(t, syscall.RUSAGE_SELF) + childTime(t)
				var err error
				if f.backend == reduce.HWSim {
					opts.Check = layerFault(f.layer)
					r, err = reduce.Run(t.Context(), whole, opts)
				} else {
					b.Edit = f.plant
					r, err = b.Reduce(t.Context(), whole, opts)
				}
				took = cpuTime(t, syscall.RUSAGE_SELF) + childTime(t) - before
				if err != nil && !errors.Is(err, reduce.ErrEqual) {
					t.Fatal(err)
				}
			}
			t.Logf("%s of %s, %.1f s, differs in %s: %s", r.Case, whole, took.Seconds(), r.Difference.Kind, r.Difference.Text)
			if n := len(r.Case.Net.Layers); n > reducedLayers || took > reducedTime || r.Difference.Kind != f.kind {
				t.Errorf("%d layers in %s, %s; want at most %d in %v, %s", n, took, r.Difference.Kind, reducedLayers, reducedTime, f.kind)
			}
			var edited []string
			if f.file != "" {
				edited = []string{f.file}
			}
			out := filepath.Join(dir, "out")
			if err := b.Write(t.Context(), out, r, "random network", edited); err != nil {
				t.Fatal(err)
			}
			if f.backend == reduce.HWSim {
				// The fault is not in the command, whose simulator is correct.
				runScript(t, bin, out, 0)
			} else {
				runScript(t, bin, out, 1)
				f.undo(t, filepath.Join(out, "project"))
				runScript(t, bin, out, 0)
			}
			kinds := ""
			for _, l := range r.Case.Net.Layers {
				kinds += " " + string(l.Kind)
			}
			rows = append(rows, []string{f.backend, f.name, fmt.Sprint(len(whole.Net.Layers)), strings.TrimSpace(kinds), r.Case.String(), fmt.Sprint(r.Trials), fmt.Sprintf("%.1f", took.Seconds())})
		})
	}
	if len(rows) < len(plantedFaults) {
		return // some were left out
	}
	if !t.Failed() {
		figures.Write(t, "reduce", figures.Table{
			Command: "make acceptance-hostile HOSTILE_ONLY=Reduce",
			Note:    "A fault planted in one back end and a random network on which it shows; what `hass reduce` leaves of it, after how many comparisons and CPU seconds of all programs together.",
			Columns: []string{"back end", "planted fault", "layers", "left", "case left", "trials", "CPU s"}, Rows: rows,
		})
	}
}

// deepCase is a random network of twelve layers or more with hardware and images.
func deepCase(t *testing.T, seed int64) *reduce.Case {
	t.Helper()
	c, err := hwtest.Deep(seed, 12)
	if err != nil {
		t.Fatal(err)
	}
	d := &design.Design{Model: "random.onnx", Target: limits.Both, Net: c.Net, Layers: c.Layers}
	for name, depth := range c.Depths {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: name, Depth: depth})
	}
	return reduce.FromDesign(d, c.Images(2))
}

// layerFault checks a simulator that runs other layers than the network has.
func layerFault(fault func(l *intnet.Layer)) reduce.Check {
	return func(ctx context.Context, c *reduce.Case) (reduce.Difference, error) {
		net := *c.Net
		net.Layers = slices.Clone(net.Layers)
		for i := range net.Layers {
			fault(&net.Layers[i])
		}
		n, err := hw.Expand(&net, c.Layers, c.Depths)
		if err != nil {
			return reduce.Difference{}, err
		}
		r, err := hwsim.Run(ctx, n, c.Images, hwsim.Options{Finite: true})
		if err != nil {
			return reduce.Difference{}, err
		}
		return reduce.CompareOutputs(c, r.Outputs)
	}
}

// undo takes the fault out of a project: the file is as the manifest lists it.
func (m mutant) undo(t *testing.T, project string) {
	t.Helper()
	if err := m.replace(project, m.new, m.old); err != nil {
		t.Fatal(err)
	}
	list, err := artifact.ReadManifest(project)
	if err != nil {
		t.Fatal(err)
	}
	if edited, err := list.Edited(project); err != nil || len(edited) > 0 {
		t.Errorf("%s: edited %q, %v", project, edited, err)
	}
}

// runScript runs a result's run.sh.
func runScript(t *testing.T, bin, dir string, want int) {
	t.Helper()
	cmd := exec.Command("sh", filepath.Join(dir, "run.sh"))
	cmd.Env = append(os.Environ(), "HASS="+bin)
	out, err := cmd.CombinedOutput()
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	if code != want {
		t.Errorf("%s exits with %d, want %d:\n%s", filepath.Join(dir, "run.sh"), code, want, out)
	}
}
