package hw_test

import (
	"math/rand"
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/memory"
	"hass/internal/schedule"
	"hass/internal/test/hwtest"
)

// TestSumsDepths: a filter of many rows and many of one row, on two chains: the FIFO of the short ones holds all that come before the long
// one's sum, and a place less stops the engine for ever.
func TestSumsDepths(t *testing.T) {
	f := fixed.Format{Bits: 8}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 3, 3, 40, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 31, Out: f, WeightBits: 8, Density: 0, Shift: 8})
	c := b.Net.Layers[0].Conv
	for i := range 40 {
		c.Weights[i] = 1 // the first filter has 40 weights in one bank, the others one each
	}
	for o := 1; o < 31; o++ {
		c.Weights[o*40] = 1
	}
	c.AccBits = c.BoundBits(f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	bank, err := schedule.Assign(hw.ScheduleWeights(c), 1)
	if err != nil {
		t.Fatal(err)
	}
	hl := hw.Layer{InPx: 3, InCh: 1, OutPx: 3, OutCh: 1, MTap: 1, MCh: 1, Engine: hw.ScheduledEngine, N: 1, Gang: 1, GangDepth: 12, WeightMem: memory.BRAM,
		Scheduled: hw.Scheduled{Chains: 2, Places: hw.PlacesOf(bank)}}
	hl.LinePixels = hw.WindowOf(net, net.Layers[0], hl).FullLinePixels()
	n, err := hw.Expand(net, []hw.Layer{hl}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := live.Prove(n); err != nil {
		t.Fatal(err)
	}
	for i := range n.Streams {
		if s := &n.Streams[i]; s.Name == "l0_conv_sums1" {
			least, err := live.Minimum(n, i, 100)
			if err != nil {
				t.Fatal(err)
			}
			if least < 25 || s.Depth < least {
				t.Errorf("depth %d, the token minimum is %d", s.Depth, least)
			}
			s.Depth = least - 1
			if _, err := live.Prove(n); err == nil {
				t.Errorf("depth %d is live", s.Depth)
			}
			return
		}
	}
	t.Error("no FIFO of sums")
}
