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
	"testing"
	"time"

	"hass/hwsim"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/steps/reduce"
	"hass/internal/test/figures"
	"hass/internal/test/hwtest"
)

// What a reduction of a planted fault must reach.
const (
	reducedLayers = 3
	reducedTime   = 2 * time.Minute
)

// plantedFaults are planted in one back end each. A fault of the simulator changes the layers that it runs, one of a
// project the text of a library file.
var plantedFaults = []struct {
	backend, name string
	seed          int64 // of a random network of at least ten layers on which it shows
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
	{backend: reduce.RTL, name: "banked engines lose the last lane of a bank", seed: 50, kind: reduce.Cycles, mutant: mutant{
		file: "rtl/hass_select_banked.sv", old: "assign rest[k*N+:N] = slice & earlier;", new: "assign rest[k*N+:N] = k == K - 1 ? '0 : slice & earlier;"}},
	{backend: reduce.RTL, name: "marks do not rise while a FIFO is read", seed: 27, kind: reduce.Cycles, mutant: mutant{
		file: "rtl/hass_watermark.sv", old: "else if (issue && taken == top)", new: "else if (issue && !read && taken == top)"}},
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
			c, err := hwtest.Deep(f.seed, 12)
			if err != nil {
				t.Fatal(err)
			}
			d := &design.Design{Model: "random.onnx", Target: hw.Both, Net: c.Net, Layers: c.Layers}
			for name, depth := range c.Depths {
				d.FIFOs = append(d.FIFOs, design.FIFO{Name: name, Depth: depth})
			}
			whole := reduce.FromDesign(d, c.Images(2))
			dir := t.TempDir()
			b := &reduce.Backend{Name: f.backend, Dir: filepath.Join(dir, "work")}
			opts := reduce.Options{Log: func(line string) { t.Log(line) }}
			var r *reduce.Result
			if f.backend == reduce.HWSim {
				opts.Check = layerFault(f.layer)
				r, err = reduce.Run(t.Context(), whole, opts)
			} else {
				b.Edit = f.plant
				r, err = b.Reduce(t.Context(), whole, opts)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s of %s, %.1f s, differs in %s: %s", r.Case, whole, r.Took.Seconds(), r.Difference.Kind, r.Difference.Text)
			if n := len(r.Case.Net.Layers); n > reducedLayers || r.Took > reducedTime || r.Difference.Kind != f.kind {
				t.Errorf("%d layers in %s, %s; want at most %d in %v, %s", n, r.Took, r.Difference.Kind, reducedLayers, reducedTime, f.kind)
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
				// The fault is not in the command, whose simulator is right.
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
			rows = append(rows, []string{f.backend, f.name, fmt.Sprint(len(c.Net.Layers)), strings.TrimSpace(kinds), r.Case.String(), fmt.Sprint(r.Trials), fmt.Sprintf("%.1f", r.Took.Seconds())})
		})
	}
	if len(rows) < len(plantedFaults) {
		return // some were left out
	}
	if !t.Failed() {
		figures.Write(t, "reduce", figures.Table{
			Command: "make acceptance-hostile HOSTILE_ONLY=Reduce",
			Note:    "A fault planted in one back end and a random network on which it shows; what `hass reduce` leaves of it, after how many comparisons and seconds (two cores, shared).",
			Columns: []string{"back end", "planted fault", "layers", "left", "case left", "trials", "s"}, Rows: rows,
		})
	}
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

// plant puts the fault into a project, which is left alone where it has no such file.
func (m mutant) plant(dir string) error { return m.replace(dir, m.old, m.new) }

func (m mutant) replace(dir, old, new string) error {
	file := filepath.Join(dir, filepath.FromSlash(m.file))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), old); n != 1 {
		return fmt.Errorf("%s: %q stands %d times, want once", file, old, n)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), old, new, 1)), 0o644)
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
