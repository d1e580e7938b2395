package scheduled_test

import (
	"math/rand"
	"slices"
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
	"hass/optimizer/scheduled"
)

// TestEngines: every engine expands to the rows and the cycles that it says, more chains take fewer cycles, and wide weights share no
// multiplier.
func TestEngines(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewSource(1))
	f := fixed.Format{Bits: 8}
	b := hwtest.NewBuilder(rng, 6, 6, 5, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 24, Out: f, WeightBits: 8, Density: 0.3, Shift: 8})
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 6, Out: f, WeightBits: 8, Density: 0.3, Shift: 8, Groups: 2})
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 6, Out: f, WeightBits: 16, Density: 0.9, Shift: 8})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	m := scheduled.NewMenu(net, design.FamilyUSPlus)
	if !scheduled.Fits(net, 0) || scheduled.Fits(net, 1) {
		t.Error("one group fits, several do not")
	}
	base := hw.Layer{InPx: 6, OutPx: 6, GangDepth: 12, WeightMem: memory.BRAM}
	if _, err := m.Engines(t.Context(), 1, base); err == nil {
		t.Error("a grouped convolution is taken")
	}
	rest := hwtest.PlainHW(net)
	for i := range rest {
		rest[i].InPx, rest[i].OutPx = 6, 6
		rest[i].LinePixels = hw.WindowOf(net, net.Layers[i], rest[i]).FullLinePixels()
	}
	for layer, field := range map[int]int{0: 18, 2: 0} {
		list, err := m.Engines(t.Context(), layer, base)
		if err != nil {
			t.Fatal(err)
		}
		banks := map[int]int{} // cycles of the last one
		for _, e := range list {
			layers := slices.Clone(rest)
			layers[layer] = e.Layer
			n, err := hw.Expand(net, layers, nil)
			if err != nil {
				t.Fatal(err)
			}
			p := n.ScheduledModule(layer)
			if p.Rows != e.Rows || p.LayerCycles(net.Layers[layer].Conv.OutC) != e.Cycles || p.Field != field {
				t.Errorf("layer %d, %d banks, %d chains, field %d: %d rows, %d cycles; want %d rows, %d cycles, field %d",
					layer, p.Banks, p.Chains, p.Field, e.Rows, e.Cycles, p.Rows, p.LayerCycles(net.Layers[layer].Conv.OutC), field)
			}
			if last, ok := banks[p.Banks]; ok && e.Cycles >= last {
				t.Errorf("layer %d, %d banks, %d chains: %d cycles, fewer chains take %d", layer, p.Banks, p.Chains, e.Cycles, last)
			}
			banks[p.Banks] = e.Cycles
		}
		if layer == 0 && len(banks) < 6 || len(banks) == 0 {
			t.Errorf("layer %d: engines of %v banks only", layer, banks)
		}
	}
}
