package intnet_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/intnet"
	"hass/internal/test/hwtest"
)

// TestReplace: an executor with some replaced convolutions gives the same as a new one, when it runs from the first
// layer, and from the first layer that differs.
func TestReplace(t *testing.T) {
	replaced := 0
	for seed := range int64(60) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		base, err := intnet.New(c.Net)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(uint64(seed), 3))
		net := *c.Net
		net.Layers = slices.Clone(c.Net.Layers)
		first := len(net.Layers)
		for i := range net.Layers {
			l := &net.Layers[i]
			if l.Kind != intnet.KindConv || rng.IntN(2) > 0 {
				continue
			}
			conv := *l.Conv
			if rng.IntN(2) > 0 { // another threshold only
				conv.TauA = int64(rng.IntN(20))
			} else {
				conv.Weights = slices.Clone(conv.Weights)
				for k := range conv.Weights {
					if rng.IntN(2) > 0 {
						conv.Weights[k] = 0
					}
				}
			}
			l.Conv = &conv
			first = min(first, i)
			replaced++
		}
		x, err := base.Replace(&net)
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := intnet.New(&net)
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range c.Images(2) {
			want, err := fresh.Run(img)
			if err != nil {
				t.Fatal(err)
			}
			got, err := x.Run(img)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d: %s", seed, d)
			}
			if _, err := base.Run(img); err != nil {
				t.Fatal(err)
			}
			if first < len(net.Layers) {
				alone := *c.Net
				alone.Layers = slices.Clone(c.Net.Layers)
				alone.Layers[first] = net.Layers[first]
				one, err := intnet.New(&alone)
				if err != nil {
					t.Fatal(err)
				}
				want, err := one.Run(img)
				if err != nil {
					t.Fatal(err)
				}
				got, err := base.Probe(first, x, img)
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("seed %d, probe of layer %d: %s", seed, first, d)
				}
				if _, err := base.Run(img); err != nil {
					t.Fatal(err)
				}
			}
			part, err := base.Replace(&net)
			if err != nil {
				t.Fatal(err)
			}
			for i := range first {
				copy(part.Tensor(net.Layers[i].Out), base.Tensor(net.Layers[i].Out))
			}
			if got, err = part.RunFrom(first, img); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, from layer %d: %s", seed, first, d)
			}
		}
	}
	if replaced < 20 {
		t.Errorf("only %d convolutions replaced", replaced)
	}
}

func TestReplaceRefuses(t *testing.T) {
	a, err := hwtest.New(1)
	if err != nil {
		t.Fatal(err)
	}
	x, err := intnet.New(a.Net)
	if err != nil {
		t.Fatal(err)
	}
	net := *a.Net
	net.Layers = net.Layers[:len(net.Layers)-1]
	if _, err := x.Replace(&net); err == nil {
		t.Error("a shorter network was taken")
	}
	for i := range a.Net.Layers {
		if a.Net.Layers[i].Kind != intnet.KindConv {
			continue
		}
		net := *a.Net
		net.Layers = slices.Clone(net.Layers)
		conv := *net.Layers[i].Conv
		conv.Weights = conv.Weights[:len(conv.Weights)-1]
		net.Layers[i].Conv = &conv
		if _, err := x.Replace(&net); err == nil {
			t.Errorf("layer %d: a missing weight was taken", i)
		}
	}
}
