package reduce

import (
	"context"
	"errors"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hass/codegen"
	"hass/hwsim"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
)

// deep is the random case of a seed, of at least ten layers.
func deep(t testing.TB, seed int64, images int) *Case {
	t.Helper()
	c, err := hwtest.Deep(seed, 12)
	if err != nil {
		t.Fatal(err)
	}
	d := &design.Design{Model: "random.onnx", Target: limits.Both, Net: c.Net, Layers: c.Layers}
	for name, depth := range c.Depths {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: name, Depth: depth})
	}
	return FromDesign(d, c.Images(images))
}

// wrongSimulator checks a simulator that has a fault: it runs a network that the fault has changed.
func wrongSimulator(fault func(n *intnet.Net, l *intnet.Layer)) Check {
	return func(ctx context.Context, c *Case) (Difference, error) {
		net := cloneNet(c.Net)
		for i := range net.Layers {
			fault(net, &net.Layers[i])
		}
		n, err := hw.Expand(net, c.Layers, c.Depths)
		if err != nil {
			return Difference{}, err
		}
		r, err := hwsim.Run(ctx, n, c.Images, hwsim.Options{Finite: true})
		if err != nil {
			return Difference{}, err
		}
		return CompareOutputs(c, r.Outputs)
	}
}

// otherRounding is the fault of layers that round the other way.
func otherRounding(kind intnet.Kind) func(n *intnet.Net, l *intnet.Layer) {
	return func(_ *intnet.Net, l *intnet.Layer) {
		if l.Kind == kind && l.Requantises() {
			l.Rounding = map[fixed.Rounding]fixed.Rounding{fixed.HalfUp: fixed.HalfEven, fixed.HalfEven: fixed.HalfUp}[l.Rounding]
		}
	}
}

// simulatorFaults are planted in the simulator.
var simulatorFaults = []struct {
	name  string
	fault func(n *intnet.Net, l *intnet.Layer)
	keeps intnet.Kind // must be in the reduced network
}{
	{"convolutions round the other way", otherRounding(intnet.KindConv), intnet.KindConv},
	{"sums double their second operand", func(_ *intnet.Net, l *intnet.Layer) {
		if l.Kind == intnet.KindAdd {
			l.Factors[1] *= 2
		}
	}, intnet.KindAdd},
	{"products lose a unit", func(_ *intnet.Net, l *intnet.Layer) {
		if l.Kind == intnet.KindMul && l.Lo < l.Hi {
			l.Hi--
		}
	}, intnet.KindMul},
	{"a kernel of several taps loses its last weight", func(n *intnet.Net, l *intnet.Layer) {
		if l.Conv != nil && l.Conv.Kernel[0]*l.Conv.Kernel[1] > 1 {
			l.Conv.Weights[len(l.Conv.Weights)-1] = 0
		}
	}, intnet.KindConv},
}

// TestSimulator reduces random networks of twelve layers on which a simulator with a fault differs.
func TestSimulator(t *testing.T) {
	const want = 2 // of each fault
	for _, f := range simulatorFaults {
		found := 0
		for seed := int64(1); seed < 60 && found < want; seed++ {
			c := deep(t, seed, 3)
			start := time.Now()
			var lines []string
			r, err := Run(t.Context(), c, Options{Check: wrongSimulator(f.fault), Log: func(l string) { lines = append(lines, l) }})
			if errors.Is(err, ErrEqual) {
				continue
			}
			if err != nil {
				t.Fatalf("%s: seed %d: %v", f.name, seed, err)
			}
			found++
			kept := false
			for _, l := range r.Case.Net.Layers {
				kept = kept || l.Kind == f.keeps
			}
			if len(r.Case.Net.Layers) > 3 || !kept || r.Stopped != "" {
				t.Errorf("%s: seed %d: %s left %q:\n%s", f.name, seed, r.Case, r.Stopped, strings.Join(lines, "\n"))
			}
			t.Logf("%s: seed %d: %d layers to %s in %d trials, %.1f s: %s", f.name, seed, len(c.Net.Layers), r.Case, r.Trials, time.Since(start).Seconds(), r.Difference.Text)
		}
		if found < want {
			t.Errorf("%s: differed in %d networks only", f.name, found)
		}
	}
}

// differs is a check that calls everything different, and counts.
func differs(calls *int) Check {
	return func(context.Context, *Case) (Difference, error) {
		*calls++
		return Difference{Kind: Values, Text: "always"}, nil
	}
}

// TestBounds stops reductions: by trials, by a trial's time, by an interrupt; the best so far is given.
func TestBounds(t *testing.T) {
	c := deep(t, 1, 2)
	calls := 0
	r, err := Run(t.Context(), c, Options{Check: differs(&calls), Trials: 5})
	if err != nil || r.Stopped == "" || r.Trials != 5 || calls != 5 || r.Steps != 4 {
		t.Errorf("5 trials: %+v, %v, %d calls", r, err, calls)
	}

	ctx, cancel := context.WithCancel(t.Context())
	r, err = Run(ctx, c, Options{Check: func(ctx context.Context, c *Case) (Difference, error) {
		if calls++; calls == 10 {
			cancel()
			return Difference{}, ctx.Err()
		}
		return Difference{Kind: Values}, nil
	}})
	if !errors.Is(err, context.Canceled) || r == nil || r.Steps != 3 || len(r.Case.Net.Layers) != 1 {
		t.Errorf("interrupted: %+v, %v", r, err)
	}

	first := true
	r, err = Run(t.Context(), c, Options{Trials: 4, TrialTime: time.Millisecond, Check: func(ctx context.Context, c *Case) (Difference, error) {
		if first {
			first = false
			return Difference{Kind: Values}, nil
		}
		<-ctx.Done()
		return Difference{}, ctx.Err()
	}})
	if err != nil || r.Steps != 0 || r.Failed != 3 {
		t.Errorf("trials that hang: %+v, %v", r, err)
	}

	// Another kind of difference is another fault.
	first = true
	r, err = Run(t.Context(), c, Options{Trials: 10, Check: func(context.Context, *Case) (Difference, error) {
		kind := Deadlock
		if first {
			first, kind = false, Values
		}
		return Difference{Kind: kind}, nil
	}})
	if err != nil || r.Steps != 0 {
		t.Errorf("another kind: %+v, %v", r, err)
	}
	if _, err := Run(t.Context(), c, Options{Check: func(context.Context, *Case) (Difference, error) { return Difference{}, nil }}); !errors.Is(err, ErrEqual) {
		t.Errorf("nothing differs: %v", err)
	}
}

// TestSmallest reduces everything as far as it goes: one layer of one value, twice the same.
func TestSmallest(t *testing.T) {
	for seed := int64(1); seed < 12; seed++ {
		var keys [2]any
		for i := range keys {
			calls := 0
			r, err := Run(t.Context(), deep(t, seed, 3), Options{Check: differs(&calls)})
			if err != nil {
				t.Fatal(err)
			}
			in := r.Case.Net.Tensors[r.Case.Net.Input]
			if len(r.Case.Net.Layers) != 1 || in.H*in.W*in.C != 1 || len(r.Case.Images) != 1 || r.Stopped != "" {
				t.Errorf("seed %d: %s left %q", seed, r.Case, r.Stopped)
			}
			if keys[i], err = r.Case.digest(); err != nil {
				t.Fatal(err)
			}
		}
		if keys[0] != keys[1] {
			t.Errorf("seed %d: two reductions differ", seed)
		}
	}
}

// TestAttempts makes the candidates of all passes for random networks. Each that is made is a design that can be written
// and read, and the simulator equals the integer network on it; of every pass that has any some are made.
func TestAttempts(t *testing.T) {
	testenv.Long(t)
	made, refused := map[string]int{}, map[string]int{}
	dir := t.TempDir()
	for seed := int64(1); seed <= 4; seed++ {
		whole, err := deep(t, seed, 2).edit().done()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range passes {
			attempts := p.attempts(whole, "")
			for i := range min(len(attempts), 12) {
				a := attempts[i*len(attempts)/min(len(attempts), 12)]
				c, err := a.make()
				if err != nil {
					refused[p.name]++
					continue
				}
				if made[p.name]++; i%3 != 0 {
					continue
				}
				d, err := c.Write(t.Context(), filepath.Join(dir, "d.json"))
				if err != nil {
					t.Errorf("seed %d: %s: %s: %v", seed, p.name, a.what, err)
					continue
				}
				b := &Backend{Name: HWSim}
				if diff, err := b.Check(t.Context(), FromDesign(d, c.Images)); err != nil || diff.Kind != Equal {
					t.Errorf("seed %d: %s: %s: %+v, %v", seed, p.name, a.what, diff, err)
				}
			}
		}
	}
	t.Logf("made %v, refused %v", made, refused)
	for _, p := range passes {
		if made[p.name] == 0 && refused[p.name] > 0 {
			t.Errorf("no candidate of pass %q was made", p.name)
		}
	}
}

// TestProject reduces a small network whose C++ has an edited library, and writes the folder.
func TestProject(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: compiles for half a minute")
	}
	for _, p := range []string{"g++", "make"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("skipped: %s is not installed; csim needs it (Debian: apt-get install g++ make)", p)
		}
	}
	rng := rand.New(rand.NewSource(1))
	f := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	nb := hwtest.NewBuilder(rng, 3, 3, 2, f)
	nb.Pool(nb.Last(), hwtest.Square(2, 1, 0), hwtest.Maximum, false, f)
	nb.Conv(nb.Last(), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 2, Out: f, WeightBits: 8, Density: 1, Shift: 5})
	net, err := nb.Done()
	if err != nil {
		t.Fatal(err)
	}
	images := [][]int32{hwtest.Image(rng, net.Tensors[0]), hwtest.Image(rng, net.Tensors[0])}
	dir := t.TempDir()
	d := designtest.New(t, dir, net, hwtest.PlainHW(net), nil, images)
	project := filepath.Join(dir, "whole")
	if _, err := codegen.Generate(t.Context(), d, dir, project, codegen.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := replaceIn(filepath.Join(project, "include/hass/arith.hpp"), "clamp<T>((halves + carry) >> 1, least, most)", "clamp<T>(halves >> 1, least, most)"); err != nil {
		t.Fatal(err)
	}
	edit, edited, err := LibraryEdits(project, codegen.HLS)
	if err != nil || len(edited) != 1 || edited[0] != "include/hass/arith.hpp" {
		t.Fatalf("edits %q, %v", edited, err)
	}
	b := &Backend{Name: HLS, Edit: edit, Dir: t.TempDir()}
	r, err := b.Reduce(t.Context(), FromDesign(d, images), Options{Trials: 8})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Case.Net.Layers) != 1 || r.Case.Net.Layers[0].Kind != intnet.KindConv || r.Difference.Kind != Values {
		t.Errorf("%s, %+v", r.Case, r.Difference)
	}
	out := filepath.Join(dir, "out")
	if err := b.Write(t.Context(), out, r, "design.json", edited); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(out, readmeName))
	if err != nil || !strings.Contains(string(readme), r.Difference.Text) || !strings.Contains(string(readme), "arith.hpp") || strings.Count(string(readme), "\n") > 12 {
		t.Errorf("README: %v\n%s", err, readme)
	}
	for _, name := range []string{"run.sh", "design.json", "project/include/hass/arith.hpp"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
	if _, edited, err := LibraryEdits(filepath.Join(out, projectName), codegen.HLS); err != nil || len(edited) != 1 {
		t.Errorf("edits of the result %q, %v", edited, err)
	}
	// The folder is somebody's now.
	if err := b.Write(t.Context(), out, r, "design.json", edited); err == nil || !strings.Contains(err.Error(), "it holds files, which stay") {
		t.Errorf("a second time: %v", err)
	}
	// An edit of a file that depends on the design cannot be carried over.
	top := filepath.Join(project, "src", "hass_top.cpp")
	text, err := os.ReadFile(top)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(top, append(text, "// mine\n"...), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LibraryEdits(project, codegen.HLS); err == nil || !strings.Contains(err.Error(), "only edits of the library") {
		t.Errorf("an edit of the top: %v", err)
	}
}
