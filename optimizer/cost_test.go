package optimizer

import (
	"math"
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/hw"
)

// TestEngineAgainstMeasured compares the engines' LUT formula with the measured engines
// (yosys, xc7, 16 bit). Mapping noise alone is 25 %.
func TestEngineAgainstMeasured(t *testing.T) {
	for _, tt := range []struct {
		kind    hw.EngineKind
		tap, ch int
		n       int
		want    int // LUTs
	}{
		{hw.Banked, 9, 1, 3, 308}, {hw.Banked, 1, 16, 4, 602}, {hw.Banked, 1, 64, 8, 2245},
		{hw.Crossbar, 9, 1, 3, 693}, {hw.Crossbar, 1, 16, 4, 1479}, {hw.Crossbar, 1, 64, 8, 12904},
	} {
		k := 1
		if tt.tap == 9 {
			k = 3
		}
		b := newBuild(8, 8, 64)
		net := b.done(b.conv(0, 1, k, 1, true))
		l := hw.Layer{InPx: 1, InCh: tt.ch, OutPx: 1, OutCh: 1, MTap: tt.tap, MCh: tt.ch, Engine: tt.kind, N: tt.n, Gang: 1, GangDepth: 5, WeightMem: MemBRAM}
		win := hw.WindowOf(net, net.Layers[0], l)
		v := costModel{net: net, family: Family7}.gang(net.Layers[0], l, win, net.Tensors[0])
		got := v[1] - processLUT - loadLUT // the measured engines have neither
		if err := math.Abs(float64(got)/float64(tt.want) - 1); err > 0.2 {
			t.Errorf("%s %d->%d: %d LUTs, measured %d", tt.kind, tt.tap*tt.ch, tt.n, got, tt.want)
		}
		if v[0] != tt.n {
			t.Errorf("%s %d->%d: %d DSPs, want %d", tt.kind, tt.tap*tt.ch, tt.n, v[0], tt.n)
		}
	}
}

// TestAverageDSP checks that an average over a power of two is a shift.
func TestAverageDSP(t *testing.T) {
	for _, tt := range []struct{ side, want int }{{8, 0}, {7, 2}, {4, 0}, {1, 0}} {
		b := newBuild(tt.side, tt.side, 4)
		net := b.done(b.globalAvg(0))
		got := Cost(net, 0, hw.Layer{InPx: 1, InCh: 1, OutPx: 1, OutCh: 1}, Family7).DSP
		if got != tt.want {
			t.Errorf("average over %dx%d: %d DSPs, want %d", tt.side, tt.side, got, tt.want)
		}
	}
}

// TestDecomposition checks that what the search adds up step by step is the cost of the
// network that hw.Expand makes of the choice, with FIFOs into joins at the rule's depth.
func TestDecomposition(t *testing.T) {
	b := newBuild(6, 6, 4)
	x := b.conv(0, 6, 3, 1, true)
	y := b.maxPool(b.add(b.conv(x, 6, 3, 1, true), x), 2)
	twice := b.done(b.conv(y, 4, 1, 1, false), y)
	for name, net := range map[string]*build{"resnet8": {resnet8()}, "lenet": {lenet()}, "two outputs": {twice}} {
		p := testProblem(t, net.net, bigBudget)
		rng := rand.New(rand.NewSource(3))
		for range 30 {
			x, state := []pick{}, 0
			for i := range p.layers {
				a := p.arcs[i][state][rng.Intn(len(p.arcs[i][state]))]
				x = append(x, pick{a.class, rng.Intn(len(p.layers[i].classes[a.class].opts))})
				state = a.next
			}
			n, err := hw.Expand(net.net, p.hardware(x), nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			p.extra.applyRule(n)
			got, ok := p.total(x)
			if diff := cmp.Diff(p.model.total(n), got); diff != "" || !ok {
				t.Fatalf("%s: total of the network (-) and of the search (+):\n%s", name, diff)
			}
		}
	}
}
