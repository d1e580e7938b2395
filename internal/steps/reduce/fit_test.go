package reduce

import (
	"slices"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/designtest"
)

// TestFitEngines: engines of every design are kept if their layer can still have them, and a layer that lost weights and
// channels gets engines that hw.Expand accepts.
func TestFitEngines(t *testing.T) {
	for name, make := range map[string]func(testing.TB, string) *design.Design{
		"scheduled": designtest.Scheduled, "packed": designtest.Packed, "elastic": designtest.Elastic,
	} {
		t.Run(name, func(t *testing.T) {
			d := make(t, t.TempDir())
			had := map[string]hw.Layer{}
			for i, l := range d.Net.Layers {
				had[l.ID] = d.Layers[i]
			}
			check := func(n *intnet.Net, layers []hw.Layer) {
				t.Helper()
				if _, err := hw.Expand(n, layers, nil); err != nil {
					t.Fatal(err)
				}
				for i, l := range n.Layers {
					if got, want := layers[i].Engine, had[l.ID].Engine; got != want {
						t.Errorf("%s: a %s engine became a %s one", l.ID, want, got)
					}
				}
			}
			check(d.Net, fit(d.Net, had))
			// The first layer alone, with one channel in and one out.
			c := *d.Net.Layers[0].Conv
			taps := c.Kernel[0] * c.Kernel[1]
			c.OutC, c.Weights, c.Bias = 1, c.Weights[:taps], c.Bias[:1]
			l, n := d.Net.Layers[0], *d.Net
			l.Conv = &c
			n.Tensors = slices.Clone(d.Net.Tensors[:2])
			n.Tensors[0].C, n.Tensors[1].C = 1, 1
			n.Layers, n.Outputs = []intnet.Layer{l}, []int{1}
			layers := fit(&n, had)
			if _, err := hw.Expand(&n, layers, nil); err != nil {
				t.Fatal(err)
			}
			if got, want := layers[0].Engine.Row().Static, had[l.ID].Engine.Row().Static; got != want {
				t.Errorf("a %s engine became a %s one", had[l.ID].Engine, layers[0].Engine)
			}
		})
	}
}

// TestUnknownBits: only values that are X in Icarus Verilog send a trial to another simulator.
func TestUnknownBits(t *testing.T) {
	for text, want := range map[string]bool{
		"48 mismatches; the first: output1, image 0, word 0: got 0xXxx, want 0x0":  true,
		"1 mismatches; the first: output0, image 0, word 3: got 0x1X, want 0x12":   true,
		"48 mismatches; the first: output0, image 0, word 1: got 0x0, want 0x5000": false,
		"deadlock: call 0: no output word":                                         false,
	} {
		if got := unknownBits.MatchString(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
