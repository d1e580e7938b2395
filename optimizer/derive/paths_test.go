package derive

import (
	"testing"

	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
)

// TestRemembered: a remembered path belongs to the requested module, whatever was requested before.
func TestRemembered(t *testing.T) {
	shared := NewPaths(limits.Both)
	different := map[Path]bool{}
	for seed := range int64(40) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.Net.Layers {
			for _, gang := range []int{c.Layers[i].Gang, 1} {
				hl := c.Layers[i]
				if hl.Gang = gang; c.Net.Layers[i].Kind != intnet.KindConv && gang != c.Layers[i].Gang {
					continue
				}
				got, err := shared.Layer(c.Net, i, hl)
				if err != nil {
					t.Fatal(err)
				}
				want, err := NewPaths(limits.Both).Layer(c.Net, i, hl)
				if err != nil {
					t.Fatal(err)
				}
				different[want] = true
				if got != want {
					t.Errorf("seed %d, layer %d in gangs of %d: %+v, remembered %+v", seed, i, gang, want, got)
				}
			}
		}
	}
	if len(different) < 20 {
		t.Errorf("only %d different paths", len(different))
	}
}
