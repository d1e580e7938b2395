package live

import (
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// residual is conv(3x3) -> conv(3x3) + identity, the smallest net with a skip.
func residual(h, w, c int) *intnet.Net {
	f := fixed.Format{Bits: 16, Frac: 8, Signed: true}
	ten := func(id string) intnet.Tensor { return intnet.Tensor{Name: id, ID: id, H: h, W: w, C: c, Format: f} }
	conv := func(id string, in, out int) intnet.Layer {
		return intnet.Layer{Name: id, ID: id, Kind: intnet.KindConv, In: []int{in}, Out: out, Conv: &intnet.Conv{
			Window: intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 1, 1}},
			Groups: 1, OutC: c, AccBits: 40,
		}}
	}
	return &intnet.Net{
		Name: "residual", Tensors: []intnet.Tensor{ten("x"), ten("a"), ten("b"), ten("y")},
		Layers: []intnet.Layer{conv("c1", 0, 1), conv("c2", 1, 2),
			{Name: "add", ID: "add", Kind: intnet.KindAdd, In: []int{2, 0}, Out: 3}},
		Input: 0, Outputs: []int{3},
	}
}

func residualHW(net *intnet.Net, px int) []hw.Layer {
	conv := hw.Layer{InPx: px, InCh: 2, OutPx: px, OutCh: 2, MTap: 3, MCh: 1, Engine: hw.Banked, N: 1, Gang: 1, GangDepth: 4}
	layers := []hw.Layer{conv, conv, {InPx: px, InCh: 2, OutPx: px, OutCh: 2}}
	for i := range 2 {
		layers[i].LinePixels = hw.WindowOf(net, net.Layers[i], layers[i]).FullLinePixels()
	}
	return layers
}

// TestSkipFIFOMinimum: a skip connection needs a depth equal to the delay of its branch; with less, the deadlock names it.
func TestSkipFIFOMinimum(t *testing.T) {
	for _, px := range []int{1, 2} {
		net := residual(7, 6, 4)
		n, err := hw.Expand(net, residualHW(net, px), map[string]int{"x_2": 1000})
		if err != nil {
			t.Fatal(err)
		}
		skip := -1
		for i, s := range n.Streams {
			if s.Join >= 0 && s.Tensor == 0 {
				skip = i
			}
		}
		least, err := Minimum(n, skip, 1000)
		if err != nil {
			t.Fatal(err)
		}
		// Two 3x3 convolutions delay by two rows and two pixels at least: (2*6+2) pixels of 2 beats.
		if least < (2*6+2)*2/px-2 || least > 7*6*2/px {
			t.Errorf("px %d: token minimum %d is not between two rows and a map", px, least)
		}
		n.Streams[skip].Depth = least
		if _, err := Prove(n); err != nil {
			t.Errorf("at the minimum: %v", err)
		}
		n.Streams[skip].Depth = least - 1
		_, err = Prove(n)
		dead, ok := err.(*Deadlock)
		if !ok {
			t.Fatalf("one below the minimum: got %v, want a deadlock", err)
		}
		if dead.Enlarge != n.Streams[skip].Name {
			t.Errorf("deadlock names FIFO %s, want %s: %v", dead.Enlarge, n.Streams[skip].Name, dead)
		}
		t.Logf("px %d: minimum %d; below it: %v", px, least, dead)
	}
}

// TestMinimumIsLeast checks the growing search against trying every depth.
func TestMinimumIsLeast(t *testing.T) {
	for _, tt := range []struct{ h, w, c, px int }{{7, 6, 4, 1}, {4, 9, 2, 1}, {5, 8, 4, 2}, {3, 3, 6, 1}} {
		net := residual(tt.h, tt.w, tt.c)
		n, err := hw.Expand(net, residualHW(net, tt.px), nil)
		if err != nil {
			t.Fatal(err)
		}
		var joins []int
		for i, s := range n.Streams {
			if s.Join >= 0 {
				joins = append(joins, i)
				n.Streams[i].Depth = 500
			}
		}
		for _, i := range joins {
			least, err := Minimum(n, i, 500)
			if err != nil {
				t.Fatal(err)
			}
			want := 1
			for ; want < 500; want++ {
				n.Streams[i].Depth = want
				if _, err := Prove(n); err == nil {
					break
				}
			}
			n.Streams[i].Depth = 500
			if least != want {
				t.Errorf("%v, FIFO %s: token minimum %d, trying every depth gives %d", tt, n.Streams[i].Name, least, want)
			}
		}
	}
}

// TestMinimumLimit checks that a limit below the minimum is an error.
func TestMinimumLimit(t *testing.T) {
	net := residual(7, 6, 4)
	n, err := hw.Expand(net, residualHW(net, 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range n.Streams {
		if s.Join >= 0 && s.Tensor == 0 {
			if d, err := Minimum(n, i, 5); err == nil {
				t.Errorf("minimum %d with a limit of 5", d)
			}
			if n.Streams[i].Depth != s.Depth {
				t.Errorf("the search changed the stream's depth")
			}
		}
	}
}

// TestSeveral checks that running equal iterations at once reaches the occupancies and
// the end that single iterations reach, over many small depths.
func TestSeveral(t *testing.T) {
	net := residual(5, 4, 4)
	for depth := 1; depth <= 6; depth++ {
		n, err := hw.Expand(net, residualHW(net, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n.Streams {
			n.Streams[i].Depth = depth
			if n.Streams[i].Join >= 0 {
				n.Streams[i].Depth = 60
			}
		}
		if _, d := Run(n, 3); d != nil {
			t.Fatalf("depth %d: %v", depth, d)
		}
		single := newTokenRun(n, 3)
		for i := range single.sched {
			single.sched[i] = plain{single.sched[i]} // hides the fast path
		}
		single.run()
		fast := newTokenRun(n, 3)
		fast.run()
		for i := range single.occ {
			if single.occ[i] != fast.occ[i] || single.occ[i] != 0 {
				t.Errorf("depth %d, stream %s: %d tokens left, %d in the fast run", depth, n.Streams[i].Name, single.occ[i], fast.occ[i])
			}
		}
	}
}

type plain struct{ hw.Schedule }
