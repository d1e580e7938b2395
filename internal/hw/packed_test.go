package hw

import (
	"math/rand"
	"strings"
	"testing"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
)

// convOf is a network of one convolution of 1x1 of the given widths.
func convOf(bits int, signed bool, weightBits, groups int) (*intnet.Net, *intnet.Layer) {
	f := fixed.Format{Bits: bits, Signed: signed}
	net := &intnet.Net{
		Tensors: []intnet.Tensor{{ID: "x", H: 4, W: 4, C: 8, Format: f}, {ID: "y", H: 4, W: 4, C: 8, Format: f}},
		Layers: []intnet.Layer{{ID: "conv", Kind: intnet.KindConv, In: []int{0}, Out: 1, Conv: &intnet.Conv{
			OutC: 8, Groups: groups, WeightBits: weightBits, Window: intnet.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}}}},
	}
	return net, &net.Layers[0]
}

// TestCheckPacked refuses packings that compute wrong sums, or that no slice has.
func TestCheckPacked(t *testing.T) {
	net, l := convOf(8, true, 8, 1)
	four, quad := convOf(4, false, 4, 1)
	for _, c := range []struct {
		name string
		net  *intnet.Net
		l    *intnet.Layer
		hl   Layer
		want string
	}{
		{"right", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 18, Deep: 7, Filters: 1}}, ""},
		{"four a slice", four, quad, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 10, Deep: 4, Filters: 2}}, ""},
		{"alone", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 0, Deep: 8, Filters: 1}}, ""},
		{"a sum too many", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 18, Deep: 8, Filters: 1}}, "cascades of 8 lanes; a field of 18 bits holds the sum of 7"},
		{"a sum of four too many", four, quad, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 10, Deep: 5, Filters: 2}}, "holds the sum of 4"},
		{"too wide", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 19, Deep: 2, Filters: 1}}, "operands of 28 and 8 bits"},
		{"beyond the sum", four, quad, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 13, Deep: 2, Filters: 2}}, "48 bits at most"},
		{"no lanes", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 18, Deep: 0, Filters: 1}}, "cascades of 0 lanes"},
		{"more than lanes", net, l, Layer{Engine: Packed, N: 2, Packing: packing.Packing{Field: 18, Deep: 3, Filters: 1}}, "cascades of 3 lanes"},
		{"three lanes share", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 18, Deep: 1, Filters: 3}}, "3 output lanes share"},
		{"two share without fields", net, l, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 0, Deep: 1, Filters: 2}}, "2 output lanes share"},
		{"no packing", net, l, Layer{Engine: Packed, N: 8}, "0 output lanes share"},
		{"another engine", net, l, Layer{Engine: Dense, N: 8, Packing: packing.Packing{Field: 18, Deep: 1, Filters: 1}}, "only a packed one"},
	} {
		err := checkPacked(c.net, c.l, c.hl)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	dw, depthwise := convOf(4, true, 4, 8)
	if err := checkPacked(dw, depthwise, Layer{Engine: Packed, N: 8, Packing: packing.Packing{Field: 10, Deep: 1, Filters: 2}}); err == nil {
		t.Error("two channels of a depthwise convolution share activations")
	}
}

// TestPackings: a packing of any widths is one that checkPacked takes.
func TestPackings(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	shared := 0
	for range 2000 {
		net, l := convOf(1+rng.Intn(16), rng.Intn(2) == 0, 1+rng.Intn(16), []int{1, 8}[rng.Intn(2)])
		n := 1 + rng.Intn(64)
		p := PackingOf(net, l, n, []int{25, 27}[rng.Intn(2)])
		if err := checkPacked(net, l, Layer{Engine: Packed, N: n, Packing: p}); err != nil {
			t.Errorf("%+v of %+v and weights of %d bits: %v", p, net.Tensors[0].Format, l.Conv.WeightBits, err)
		}
		if p.Field > 0 {
			shared++
		}
	}
	if shared < 500 {
		t.Errorf("only %d of 2000 share multipliers", shared)
	}
}

// TestQueue: an engine of any kind knows as many tokens as the FIFO before it holds, whatever its gang_depth.
func TestQueue(t *testing.T) {
	for _, kind := range []EngineKind{Dense, Banked, Packed} {
		net, l := convOf(8, true, 8, 1)
		hl := Layer{InPx: 2, InCh: 4, OutPx: 2, OutCh: 4, MTap: 1, MCh: 4, Engine: kind, N: 4, Gang: 4, GangDepth: 2, LinePixels: 64, WeightMem: memory.LUTRAM}
		if kind == Banked {
			hl.N = 2
		}
		if kind == Packed {
			hl.Packing = PackingOf(net, l, hl.N, packing.Wide)
		}
		net.Outputs = []int{1}
		n, err := Expand(net, []Layer{hl}, map[string]int{"conv_beats0": 9})
		if err != nil {
			t.Fatal(err)
		}
		for i := range n.Processes {
			if e, ok := n.Module(i).(EngineParams); ok && e.Queue != 9 {
				t.Errorf("%s: behind a FIFO of 9 an engine counts %d tokens", kind, e.Queue)
			}
		}
	}
}

// TestTurn: the lanes of a cascade begin one after the other, and a short one ends with the others.
func TestTurn(t *testing.T) {
	for _, c := range []struct {
		m, deep int
		want    []int
	}{{1, 1, []int{0}}, {3, 1, []int{0, 0, 0}}, {4, 2, []int{0, 1, 0, 1}}, {5, 3, []int{0, 1, 2, 1, 2}}, {7, 3, []int{0, 1, 2, 0, 1, 2, 2}}} {
		e := EngineParams{M: c.m, Packing: &packing.Packing{Deep: c.deep}}
		for lane, want := range c.want {
			if got := e.Turn(lane); got != want {
				t.Errorf("lane %d of %d in cascades of %d waits %d cycles, want %d", lane, c.m, c.deep, got, want)
			}
		}
	}
}
