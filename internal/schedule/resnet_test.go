package schedule_test

import (
	"testing"

	"hass/internal/schedule"
	"hass/internal/test/prunednet"
	"hass/internal/test/testenv"
)

// TestPrunedResNet50: on the pruned ResNet-50, the share of used places is at most half a point below that of another program with its own
// search (92.2 % with 4 banks, 84.0 % with 8, weighted by the multiplications of each layer). 8-bit products of two pixels fit 18 bits
// without a split row.
func TestPrunedResNet50(t *testing.T) {
	testenv.Long(t)
	layers := prunednet.Layers(t)
	for _, c := range []struct {
		banks int
		want  float64
	}{{4, 0.922}, {8, 0.840}} {
		var work, places float64
		split := 0
		for _, l := range layers {
			bank, err := schedule.Assign(&l.Weights, c.banks)
			if err != nil {
				t.Fatal(err)
			}
			cfg := schedule.Config{Banks: c.banks, Chains: 1, Field: schedule.Field{Bits: 18, Hi: 255}}
			p, err := schedule.New(&l.Weights, bank, cfg)
			if err != nil {
				t.Fatalf("%s: %v", l.Name, err)
			}
			check(t, &l.Weights, bank, cfg, p)
			split += p.Split
			work += float64(p.Weights * l.Pixels())
			places += float64(p.Rows * c.banks * l.Pixels())
		}
		t.Logf("%d banks: %.1f %% of the places hold a weight, %d rows split", c.banks, 100*work/places, split)
		if work/places < c.want-0.005 || split > 0 {
			t.Errorf("%d banks: %.1f %% of the places hold a weight, %d rows split; want %.1f and none", c.banks, 100*work/places, split, 100*c.want)
		}
	}
}
