package scheduled_test

import (
	"math/rand"
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
	"hass/optimizer/scheduled"
)

// TestChoices: every choice expands, takes at most the cycles that were asked for, and no fewer chains would do.
func TestChoices(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewSource(1))
	f := fixed.Format{Bits: 8}
	b := hwtest.NewBuilder(rng, 6, 6, 5, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 24, Out: f, WeightBits: 8, Density: 0.3, Shift: 8})
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 6, Out: f, WeightBits: 8, Density: 0.3, Shift: 8, Groups: 2})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	m := scheduled.NewMenu(net, design.FamilyUSPlus)
	if !m.Fits(0) || m.Fits(1) {
		t.Error("one group fits, several do not")
	}
	if _, err := m.Choices(1, hw.Layer{InPx: 6, OutPx: 6}, 1000); err == nil {
		t.Error("a grouped convolution is taken")
	}
	rest := hwtest.PlainHW(net)
	kinds := map[int]bool{}
	for _, cycles := range []int{280, 400, 800, 3000} {
		list, err := m.Choices(0, hw.Layer{InPx: 6, OutPx: 6, GangDepth: 12, WeightMem: memory.BRAM}, cycles)
		if err != nil || len(list) == 0 {
			t.Fatalf("%d cycles: %d choices, %v", cycles, len(list), err)
		}
		of := func(hl hw.Layer) int {
			rest[1].InPx, rest[1].OutPx = 6, 6
			rest[1].LinePixels = hw.WindowOf(net, net.Layers[1], rest[1]).FullLinePixels()
			n, err := hw.Expand(net, []hw.Layer{hl, rest[1]}, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := n.ScheduledModule(0)
			return p.CyclesPerImage()
		}
		for _, hl := range list {
			kinds[hl.N] = true
			if got := of(hl); got > cycles || hl.Scheduled.Field != 18 {
				t.Errorf("%d banks, %d chains, field %d: %d cycles, more than %d", hl.N, hl.Scheduled.Chains, hl.Scheduled.Field, got, cycles)
			}
			if hl.Scheduled.Chains > 1 {
				hl.Scheduled.Chains--
				if got := of(hl); got <= cycles {
					t.Errorf("%d banks: %d chains take %d cycles, %d would do", hl.N, hl.Scheduled.Chains, got, cycles)
				}
			}
		}
	}
	if len(kinds) < 6 {
		t.Errorf("choices of %v banks only", kinds)
	}
	if list, err := m.Choices(0, hw.Layer{InPx: 6, OutPx: 6}, 100); err != nil || len(list) > 0 {
		t.Errorf("45 words in 16 cycles: %d choices, %v", len(list), err)
	}
}
