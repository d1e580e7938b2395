package quant

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/intnet"
	"hass/internal/settings"
)

// TestPruner: a convolution that is pruned alone equals that of the network lowered with all thresholds.
func TestPruner(t *testing.T) {
	g := everything(t, 3)
	imgs := images(4, 6, g.Inputs[0].Shape.Elems(), 1, 0.2)
	spec, _ := lower(t, g, imgs, Options{Bits: 16})
	p, err := NewPruner(g, spec)
	if err != nil {
		t.Fatal(err)
	}
	tau := settings.Tau{W: 0.2, A: 0.3}
	pruned := *spec
	pruned.Convs = map[string]ConvSpec{}
	for name, c := range spec.Convs {
		c.TauW, c.TauA = tau.W, tau.A
		pruned.Convs[name] = c
	}
	want, err := Lower(g, &pruned)
	if err != nil {
		t.Fatal(err)
	}
	zeros, convs := 0, 0
	for i := range want.Layers {
		l := &want.Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		got, err := p.Conv(i, tau)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l.Conv, got); d != "" {
			t.Errorf("layer %q: %s", l.Name, d)
		}
		if a := p.TauA(i, tau.A); a != l.Conv.TauA {
			t.Errorf("layer %q: integer threshold %d, want %d", l.Name, a, l.Conv.TauA)
		}
		for k, w := range got.Weights {
			if w == 0 && p.Net().Layers[i].Conv.Weights[k] != 0 {
				zeros++
			}
		}
		convs++
	}
	if convs < 5 || zeros == 0 {
		t.Errorf("%d convolutions, %d weights pruned", convs, zeros)
	}
	if _, err := p.Conv(0, settings.Tau{W: -1}); err == nil && p.Net().Layers[0].Kind == intnet.KindConv {
		t.Error("a negative threshold was taken")
	}
}

// TestRepaired: a layer with its own weights in place of its own is the same layer; other weights get a binary point that holds them.
func TestRepaired(t *testing.T) {
	g := everything(t, 3)
	imgs := images(4, 6, g.Inputs[0].Shape.Elems(), 1, 0.2)
	spec, _ := lower(t, g, imgs, Options{Bits: 16, Pruned: true})
	p, err := NewPruner(g, spec)
	if err != nil {
		t.Fatal(err)
	}
	convs := 0
	for i := range p.Net().Layers {
		l := &p.Net().Layers[i]
		if l.Kind != intnet.KindConv {
			continue
		}
		convs++
		w, zero := p.Weights(i), make([]float32, l.Conv.OutC)
		want, err := p.Conv(i, settings.Tau{A: 0.3})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Repaired(i, 0.3, w, zero)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("layer %q (-own +repaired):\n%s", l.Name, d)
		}
		double := make([]float32, len(w))
		for k, v := range w {
			double[k] = 2 * v
		}
		if got, err = p.Repaired(i, 0, double, zero); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l.Conv.Weights, got.Weights); d != "" {
			t.Errorf("layer %q, weights doubled (-own +repaired):\n%s", l.Name, d)
		}
		if _, err := p.Repaired(i, 0, w[1:], zero); err == nil {
			t.Errorf("layer %q took %d weights of %d", l.Name, len(w)-1, len(w))
		}
	}
	if convs < 5 {
		t.Errorf("%d convolutions", convs)
	}
}
