package repair

import (
	"math"
	"strings"
	"testing"

	"hass/internal/gradient"
	"hass/internal/graph"
)

// TestCosts: costs pass through the levels, rise everywhere and start at the least.
func TestCosts(t *testing.T) {
	c := candidate{curve: []float64{1e-4, 1e-3, 5e-4, 1e-2, 0.1, 0}}
	list := c.costs()
	if len(list) != 46 || math.Abs(list[0]/leastCost-1) > 1e-9 {
		t.Fatalf("%d costs from %g", len(list), list[0])
	}
	for i, want := range map[int]float64{15: 1e-3, 30: 1e-2, 45: 0.1} {
		if math.Abs(list[i]/want-1) > 1e-9 {
			t.Errorf("share %g costs %g, want %g", float64(i)*shareStep, list[i], want)
		}
	}
	for i := range list[1:] {
		if list[i+1] < list[i] {
			t.Errorf("share %g costs %g, less than %g", float64(i+1)*shareStep, list[i+1], list[i])
		}
	}
}

// TestChoiceOfShares compares shares with the best of all choices of two layers, and layers alike get alike.
func TestChoiceOfShares(t *testing.T) {
	layer := func(name string, macs int64, curve ...float64) *candidate {
		return &candidate{node: &graph.Node{Name: name}, macs: macs, curve: curve}
	}
	a := layer("a", 1000, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1)
	b := layer("b", 3000, 1e-4, 1e-3, 1e-2, 0.1, 1, 10)
	for _, share := range []float64{0.1, 0.3, 0.5, 0.7, 0.85} {
		got := choice([]*candidate{a, b}, share)
		saved := (1000*got["a"] + 3000*got["b"]) / 4000
		cost := func(x, y int) float64 { return a.costs()[x] + b.costs()[y] }
		mine := cost(int(math.Round(got["a"]/shareStep)), int(math.Round(got["b"]/shareStep)))
		best := math.Inf(1)
		for x := range 46 {
			for y := range 46 {
				if (1000*float64(x)+3000*float64(y))*shareStep/4000 >= saved-1e-9 {
					best = min(best, cost(x, y))
				}
			}
		}
		if saved < share-1e-9 || saved > share+0.03 || mine > best*(1+1e-9) {
			t.Errorf("share %g: %v saves %g and costs %g, at best %g", share, got, saved, mine, best)
		}
		if got["a"] < got["b"] {
			t.Errorf("share %g: %v, though the first layer costs less", share, got)
		}
	}
	same := choice([]*candidate{layer("a", 10, a.curve...), layer("b", 10, a.curve...)}, 0.4)
	if same["a"] != same["b"] || math.Abs(same["a"]-0.4) > 0.021 {
		t.Errorf("two layers alike: %v", same)
	}
}

// deaf is a network of two branches alike, of which the output hardly hears the second.
func deaf() *graph.Graph {
	b := newBuilder(3, 8)
	b.relu(b.conv("first", "x", 8, 3, 1))
	for _, name := range []string{"loud", "quiet"} {
		b.relu(b.conv(name, "first.relu", 12, 3, 1))
		b.node(name+".pool", graph.GlobalPool{}, name+".relu")
		b.conv(name+".head", name+".pool", 6, 1, 1)
	}
	for i := range b.g.Consts["quiet.head.w"].F {
		b.g.Consts["quiet.head.w"].F[i] *= 0.02
	}
	b.node("sum", graph.Eltwise{Fn: "add"}, "loud.head", "quiet.head")
	return b.done("sum")
}

// TestAllocate: a share goes where the output does not hear it, saves the multiplications that were asked for, and is nearer to the
// unpruned network on other images than the same share of every layer.
func TestAllocate(t *testing.T) {
	g := deaf()
	all := images(300, g)
	fit, judge := all, all
	fit.N, judge.N = 200, 100
	judge.Load = func(i int) ([]float32, error) { return all.Load(200 + i) }
	for _, method := range []Method{Match, Refit} {
		o := Options{Share: 0.4, Repair: method, Images: fit}
		plain, _, err := Prune(t.Context(), g, o)
		if err != nil {
			t.Fatal(err)
		}
		ran, planned := 0, 0
		o.Allocate, o.Work = true, func(n int) { planned = n }
		o.Images.Step = func() { ran++ }
		out, r, err := Prune(t.Context(), g, o)
		if err != nil {
			t.Fatal(err)
		}
		if ran > planned || ran < planned/2 {
			t.Errorf("%s: %d images were run, %d announced", method, ran, planned)
		}
		share := map[string]float64{}
		for _, l := range r.Layers {
			share[l.Name] = float64(l.Zeros) / float64(l.Weights)
		}
		if !(share["quiet"] > share["loud"]+0.3) || math.Abs((share["quiet"]+share["loud"])/2-0.4) > 0.02 {
			t.Errorf("%s: shares %v", method, share)
		}
		if a, b := far(t, g, out, judge), far(t, g, plain, judge); !(a < 0.7*b) {
			t.Errorf("%s: %g from the unpruned network, without an allocation %g", method, a, b)
		}
	}
}

// TestPredicted: the cost of a layer's zeros as predicted by gradients is close to the measured divergence.
func TestPredicted(t *testing.T) {
	g := deaf()
	im := images(400, g)
	net, err := gradient.New(g)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Share: 0.3, Repair: Match, Images: im}
	fit := im
	fit.N = 200
	w := &walk{g: g, images: fit, limit: maxHeld}
	at := 2 // the convolution "loud"
	n := g.Nodes[at]
	c := &candidate{node: n, sampler: newSampler(n.Op.(graph.Conv), g.Shapes[n.Inputs[0]], g.Shapes[n.Outputs[0]], 1, 0)}
	if err := c.fit(t.Context(), w, at, nil, o); err != nil {
		t.Fatal(err)
	}
	sum, count := make([]float64, len(levels)), 0
	if err := backward(t.Context(), net, im, 200, func() *[]float64 { return new([]float64) }, func(r *[]float64, node *graph.Node, x, d []float32) (err error) {
		if node.Name == n.Name {
			*r, err = c.judge(x, d)
		}
		return err
	}, func(r *[]float64) {
		count++
		for k, q := range *r {
			sum[k] += q * q / 2
		}
	}); err != nil {
		t.Fatal(err)
	}
	// The same zeros in that layer alone.
	tau := map[int]float64{}
	for k, level := range levels[:4] {
		shares := map[string]float64{"loud": level, "quiet": 0, "loud.head": 0, "quiet.head": 0}
		tw, err := newTwin(g, o, shares)
		if err != nil {
			t.Fatal(err)
		}
		wk := &walk{g: tw.g, images: fit, limit: maxHeld}
		for _, l := range tw.layers {
			if l.changed && l.node.Name == "loud" {
				if err := l.repair(t.Context(), tw, wk, o); err != nil {
					t.Fatal(err)
				}
			}
		}
		out, err := tw.result()
		if err != nil {
			t.Fatal(err)
		}
		tau[k] = divergence(t, g, out, im, 200)
		if said := sum[k] / float64(count); said < tau[k]/2.5 || said > 2.5*tau[k] {
			t.Errorf("share %g: gradients say %g nats, it is %g", level, said, tau[k])
		}
	}
	if !(tau[3] > 4*tau[0]) {
		t.Errorf("divergences %v hardly grow", tau)
	}
}

// TestAllocateRefused: an allocation that cannot be made is an error, not another pruning.
func TestAllocateRefused(t *testing.T) {
	b := newBuilder(3, 6)
	b.conv("a", "x", 4, 1, 1)
	b.conv("b", "a", 4, 3, 1)
	b.conv("c", "b", 2, 1, 1)
	g := b.done("c")
	for _, c := range []struct {
		want string
		o    Options
	}{
		{"gradients", Options{Share: 0.3, Repair: Match, Allocate: true, Images: images(4, g)}},
		{"a repair", Options{Share: 0.3, Repair: None, Allocate: true, Images: images(4, g)}},
	} {
		if _, _, err := Prune(t.Context(), g, c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
	g = block()
	if _, _, err := Prune(t.Context(), g, Options{Share: 0.3, Repair: Match, Allocate: true, Images: images(1, g)}); err == nil || !strings.Contains(err.Error(), "two images") {
		t.Errorf("one image: %v", err)
	}
}
