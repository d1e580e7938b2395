package quant

import (
	"math/rand/v2"
	"testing"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// TestWithoutQuantisers: graphs of quantised models become float graphs that are quantised as such: no scale but powers of two is left, and the integer
// network is near the float one.
func TestWithoutQuantisers(t *testing.T) {
	for seed := range uint64(20) {
		k := &keptGraph{text: newText(seed, "[1,2,6,8]"), rng: rand.New(rand.NewPCG(seed, 5)), scaled: true}
		k.random(4)
		last := k.quantise(value{"v1", 2, 6, 8, 4}) // an output that a quantiser makes
		g := k.graph(t, last.name)
		plain, err := Dropped.Of(g)
		if err != nil {
			t.Fatal(err)
		}
		if err := graph.Verify(plain); err != nil {
			t.Fatalf("graph %d: %v", seed, err)
		}
		for _, n := range plain.Nodes {
			if _, ok := n.Op.(graph.Quantize); ok {
				t.Fatalf("graph %d keeps the quantiser %q", seed, n.Name)
			}
		}
	}
	k := &keptGraph{text: newText(3, "[1,2,6,8]"), rng: rand.New(rand.NewPCG(3, 5)), scaled: true}
	v := k.quantise(k.conv(k.quantise(value{"x", 2, 6, 8, 4})))
	g := k.graph(t, v.name)
	plain, err := Dropped.Of(g)
	if err != nil {
		t.Fatal(err)
	}
	imgs := images(4, 6, 2*6*8, 2, -1)
	_, net := lower(t, plain, imgs, Options{Bits: 16})
	for _, tensor := range net.Tensors {
		if tensor.Format.Scale != 0 {
			t.Errorf("tensor %q has the format %v", tensor.Name, tensor.Format)
		}
	}
	for _, l := range net.Layers {
		if l.Kind == intnet.KindConv && (l.Conv.Scaled() || l.Rounding != fixed.HalfUp) {
			t.Errorf("layer %q multiplies or rounds %v", l.Name, l.Rounding)
		}
	}
	compareFloat(t, "without quantisers", plain, net, imgs)
	if same, err := Kept.Of(g); err != nil || same != g {
		t.Error("a graph that keeps its quantisers is another one")
	}
	if _, err := Quantisers("some").Of(g); err == nil {
		t.Error("an unknown choice is taken")
	}
}
