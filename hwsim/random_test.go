package hwsim

import (
	"context"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/hw"
	"hass/internal/hwtest"
	"hass/internal/intnet"
)

// mustRun simulates or fails, and checks the invariants that hold for every run.
func mustRun(t testing.TB, n *hw.Network, images [][]int32, opt Options) *Result {
	t.Helper()
	r, err := Run(context.Background(), n, images, opt)
	if err != nil {
		t.Fatal(err)
	}
	steady := r.LastOut[r.Images-1] - r.LastOut[0]
	for i, p := range r.Processes {
		a := p.Run
		if got := a.Busy + a.StarvedCycles() + a.BlockedCycles() + a.Idle; got != r.Total || a.Idle < 0 {
			t.Fatalf("%s: %d cycles accounted for of %d: %+v", p.Name, got, r.Total, a)
		}
		a = p.Steady
		if got := a.Busy + a.StarvedCycles() + a.BlockedCycles() + p.Drift; got != steady || a.Idle != 0 {
			t.Fatalf("%s: %d steady cycles accounted for of %d: %+v drift %d", p.Name, got, steady, a, p.Drift)
		}
		if n.Processes[i].Kind == hw.Engine {
			var beats, cycles int64
			for c, b := range p.Hist {
				beats += b
				cycles += int64(c) * b
			}
			if beats != p.Run.Iterations || cycles != p.Run.Busy {
				t.Fatalf("%s: histogram has %d beats and %d cycles, counters %d and %d", p.Name, beats, cycles, p.Run.Iterations, p.Run.Busy)
			}
		}
	}
	for _, f := range r.FIFOs {
		if f.Most > f.Depth || f.Most < 1 {
			t.Fatalf("FIFO %s: high water %d of %d", f.Name, f.Most, f.Depth)
		}
	}
	return r
}

// TestRandom compares the simulator with the definitions and the executor on random networks, hardware
// and adversarial data, undisturbed and with random stalls outside.
func TestRandom(t *testing.T) {
	seeds := int64(250)
	if testing.Short() {
		seeds = 60
	}
	var empty, full, saved int64
	kinds := map[hw.EngineKind]int64{}
	for seed := range seeds {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		images := c.Images(3)
		r := mustRun(t, n, images, Options{Finite: seed%2 == 0})
		exec, err := intnet.New(c.Net)
		if err != nil {
			t.Fatal(err)
		}
		for i, image := range images {
			outputs, err := exec.Run(image)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			if d := cmp.Diff(outputs, r.Outputs[i]); d != "" {
				t.Fatalf("seed %d image %d (-executor +simulator):\n%s", seed, i, d)
			}
			want := naive(c.Net, image)
			for k, o := range c.Net.Outputs {
				if d := cmp.Diff(want[o], r.Outputs[i][k]); d != "" {
					t.Fatalf("seed %d image %d output %d (-want +got):\n%s", seed, i, k, d)
				}
			}
		}
		late := mustRun(t, n, images, Options{Stall: 0.3, Seed: uint64(seed), Finite: seed%2 == 0})
		if d := cmp.Diff(r.Outputs, late.Outputs); d != "" {
			t.Fatalf("seed %d: stalls changed the outputs:\n%s", seed, d)
		}
		if late.Total < r.Total {
			t.Errorf("seed %d: %d cycles with stalls, %d without", seed, late.Total, r.Total)
		}
		for _, k := range r.Skips {
			empty += k.EmptyLanes
			full += k.FullLanes
			saved += k.Dense - k.Cycles
			kinds[c.Layers[k.Layer].Engine] += k.Beats
			if float64(k.Cycles) < k.Ideal || k.Cycles > k.Dense {
				t.Errorf("seed %d layer %s: %d cycles, ideal %.1f, dense %d", seed, k.Name, k.Cycles, k.Ideal, k.Dense)
			}
		}
	}
	t.Logf("lanes empty %d, full %d; cycles saved %d; beats %v; rounding %+v", empty, full, saved, kinds, rounding)
	if empty == 0 || full == 0 || saved == 0 || len(kinds) != 3 || rounding.ties == 0 || rounding.saturated == 0 {
		t.Error("a case that must occur did not")
	}
}

// TestDeeper checks that deeper FIFOs never cost a cycle.
func TestDeeper(t *testing.T) {
	for seed := range int64(60) {
		c, err := hwtest.New(1000 + seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		images := c.Images(4)
		r := mustRun(t, n, images, Options{})
		for i := range n.Streams {
			if (int64(i)+seed)%3 == 0 {
				n.Streams[i].Depth += 1 + i%4
			}
		}
		d := mustRun(t, n, images, Options{})
		if d.Total > r.Total {
			t.Errorf("seed %d: %d cycles with deeper FIFOs, %d before", seed, d.Total, r.Total)
		}
		for i := range d.LastOut {
			if d.LastOut[i] > r.LastOut[i] {
				t.Errorf("seed %d: image %d leaves at %d with deeper FIFOs, %d before", seed, i, d.LastOut[i], r.LastOut[i])
			}
		}
		if diff := cmp.Diff(r.Outputs, d.Outputs); diff != "" {
			t.Errorf("seed %d: depths changed the outputs:\n%s", seed, diff)
		}
	}
}

// TestResNet8 compares the simulator with the executor on a network of ResNet-8's size,
// and checks the account of its bottleneck.
func TestResNet8(t *testing.T) {
	rng := rand.New(rand.NewSource(9))
	for _, bits := range []int{16, 8} {
		net, err := hwtest.ResNet8(rng, bits, 0.6)
		if err != nil {
			t.Fatal(err)
		}
		layers, depths, err := hwtest.UniformHW(net, hw.Crossbar, 2, 4, 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		n, err := hw.Expand(net, layers, depths)
		if err != nil {
			t.Fatal(err)
		}
		var images [][]int32
		for range 4 {
			images = append(images, hwtest.Image(rng, net.Tensors[net.Input]))
		}
		r := mustRun(t, n, images, Options{})
		exec, err := intnet.New(net)
		if err != nil {
			t.Fatal(err)
		}
		for i, image := range images {
			want, err := exec.Run(image)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, r.Outputs[i]); d != "" {
				t.Errorf("%d bits, image %d (-executor +simulator):\n%s", bits, i, d)
			}
		}
		rep, err := NewReport(n, r, Predicted{CyclesPerImage: r.CyclesPerImage * 0.9})
		if err != nil {
			t.Fatal(err)
		}
		a := rep.Bottleneck
		if sum := a.Model + a.BusyError + a.Starved + a.Blocked + a.Drift; math.Abs(sum-a.Difference) > 1e-6 || a.Difference <= 0 {
			t.Errorf("accounting does not add up to %g: %+v", a.Difference, a)
		}
		var text strings.Builder
		if err := rep.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		t.Logf("\n%s", text.String())
	}
}
