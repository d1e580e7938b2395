package optimizer

import (
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/design"
	"hass/internal/hw"
)

// TestAverageDSP checks that an average over a power of two is a shift.
func TestAverageDSP(t *testing.T) {
	for _, tt := range []struct{ side, want int }{{8, 0}, {7, 1}, {4, 0}, {1, 0}} {
		b := newBuild(tt.side, tt.side, 4)
		net := b.done(b.globalAvg(0))
		got := layerCost(net, 0, hw.Layer{InPx: 1, InCh: 1, OutPx: 1, OutCh: 1}, design.Family7).DSP
		if got != tt.want {
			t.Errorf("average over %dx%d: %d DSPs, want %d", tt.side, tt.side, got, tt.want)
		}
	}
}

// TestDecomposition checks that the sum which the search computes step by step equals the cost of the
// network that hw.Expand makes of the choice, with FIFOs into joins at the rule's depth.
func TestDecomposition(t *testing.T) {
	b := newBuild(6, 6, 4)
	x := b.conv(0, 6, 3, 1, true)
	y := b.maxPool(b.Add(b.conv(x, 6, 3, 1, true), x), 2)
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
			p.extra.Apply(n)
			got, ok := p.total(x)
			if diff := cmp.Diff(p.model.Total(n), got); diff != "" || !ok {
				t.Fatalf("%s: total of the network (-) and of the search (+):\n%s", name, diff)
			}
		}
	}
}
