package hwsim

import (
	"context"
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
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
	engines, modules := map[string]int64{}, map[string]int{}
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
		for _, p := range n.Processes {
			modules[moduleCase(c.Net, p)]++
		}
		for _, k := range r.Skips {
			empty += k.EmptyLanes
			full += k.FullLanes
			saved += k.Dense - k.Cycles
			engines[engineCase(c.Net, k.Layer)+" "+string(c.Layers[k.Layer].Engine)] += k.Beats
			if float64(k.Cycles) < k.Ideal || k.Cycles > k.Dense {
				t.Errorf("seed %d layer %s: %d cycles, ideal %.1f, dense %d", seed, k.Name, k.Cycles, k.Ideal, k.Dense)
			}
		}
	}
	t.Logf("lanes empty %d, full %d; cycles saved %d; beats %v; modules %v; forms %v; rounding %+v", empty, full, saved, engines, modules, forms, rounding)
	if empty == 0 || full == 0 || saved == 0 || len(engines) < 9 || rounding.ties == 0 || rounding.even == 0 || rounding.saturated == 0 {
		t.Error("a case that must occur did not")
	}
	if testing.Short() {
		return
	}
	for _, f := range []string{"multiplier", "multipliers", "thresholds", "average", "add factor", "mul factor"} {
		if forms[f] == 0 {
			t.Errorf("nothing was rescaled by %s", f)
		}
	}
	if len(engines) < 11 {
		t.Errorf("%d of 12 kinds of engines and convolutions", len(engines))
	}
	want := []string{"mul broadcast", "activation affine", "activation hardswish", "activation leakyrelu", "activation curve"}
	for _, k := range hw.ProcessKinds() {
		if k != hw.Activation { // by function
			want = append(want, string(k))
		}
	}
	for _, k := range want {
		if modules[k] == 0 {
			t.Errorf("no module %s occurred", k)
		}
	}
}

// engineCase tells plain, grouped and depthwise convolutions apart.
func engineCase(net *intnet.Net, layer int) string {
	switch l := &net.Layers[layer]; {
	case net.Depthwise(l):
		return "depthwise"
	case l.Conv.Groups > 1:
		return "grouped"
	}
	return "plain"
}

// moduleCase is a kind of process, and a variant of it.
func moduleCase(net *intnet.Net, p hw.Process) string {
	kind := string(p.Kind)
	if p.Layer < 0 {
		return kind
	}
	switch l := &net.Layers[p.Layer]; {
	case p.Kind == hw.Activation:
		kind += " " + string(l.Act.Fn)
	case net.Broadcast(l):
		kind += " broadcast"
	}
	return kind
}

// TestBroadcast adds and multiplies a map with its own mean, in beats of several pixels and a row's tail.
func TestBroadcast(t *testing.T) {
	for seed := range int64(20) {
		rng := rand.New(rand.NewSource(seed))
		b := hwtest.NewBuilder(rng, 3, 5, 4, s8)
		x := b.Last()
		b.Add(x, b.GlobalPool(x, seed%3 == 0, s8), fixed.Format{Bits: 8, Frac: 1, Signed: true})
		b.Mul(b.Last(), b.GlobalPool(b.Last(), hwtest.Mean, s8), fixed.Format{Bits: 8, Frac: 2, Signed: true})
		net, err := b.Done()
		if err != nil {
			t.Fatal(err)
		}
		px, ch := 1+rng.Intn(3), []int{1, 2, 4}[rng.Intn(3)]
		layers := hwtest.PlainHW(net)
		for i := range layers {
			layers[i].InPx, layers[i].InCh, layers[i].OutPx, layers[i].OutCh = px, ch, px, ch
			if net.Layers[i].Kind == intnet.KindGlobalPool {
				layers[i].OutPx = 1
			}
		}
		depths, err := hwtest.LiveDepths(rng, net, layers)
		if err != nil {
			t.Fatal(err)
		}
		n := expand(t, net, layers, depths)
		images := [][]int32{hwtest.Image(rng, net.Tensors[x]), hwtest.Image(rng, net.Tensors[x])}
		r := mustRun(t, n, images, Options{Stall: 0.1, Seed: uint64(seed)})
		for i, image := range images {
			if d := cmp.Diff(naive(net, image)[net.Outputs[0]], r.Outputs[i][0]); d != "" {
				t.Fatalf("seed %d image %d (-want +got):\n%s", seed, i, d)
			}
		}
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

// TestResNet8 compares the simulator with the executor on a network of ResNet-8's size.
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
	}
}
