package report

import (
	"encoding/json"
	"math"
	"math/rand"
	"strings"
	"testing"

	"hass/hwsim"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
)

// run simulates a network on some images.
func run(t *testing.T, n *hw.Network, images [][]int32, finite bool) *hwsim.Result {
	t.Helper()
	r, err := hwsim.Run(t.Context(), n, images, hwsim.Options{Finite: finite})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestByHand: the counters of a dot product of three lanes and one multiplier, which takes 3, 1 and 1 cycles for three
// images, explain that 3 cycles an image were simulated where the estimate said 4.
func TestByHand(t *testing.T) {
	f := fixed.Format{Bits: 8, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 1, 3, 1, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: intnet.Window{Kernel: [2]int{1, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, OutC: 1, Out: f, WeightBits: 4, Density: 1})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	for i := range net.Layers[0].Conv.Weights {
		net.Layers[0].Conv.Weights[i] = 1
	}
	n, err := hw.Expand(net, []hw.Layer{{InPx: 1, InCh: 1, OutPx: 1, OutCh: 1, MTap: 3, MCh: 1, LinePixels: 3, Engine: hw.Crossbar, N: 1, Gang: 1, GangDepth: 4}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, n, [][]int32{{1, 2, 3}, {0, 5, 0}, {0, 0, 0}}, true)
	rep, err := New(n, r, Predicted{CyclesPerImage: 4.5, Layers: []float64{4}})
	if err != nil {
		t.Fatal(err)
	}
	a := rep.Bottleneck
	if a.Difference != -1.5 || a.Difference != a.Model+a.BusyError+a.Starved+a.Blocked+a.Drift {
		t.Errorf("accounting does not add up: %+v", a)
	}
	var text strings.Builder
	if err := rep.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 images, 3.0 cycles per image (predicted 4.5, -33.33 %)", "44.4 %", "drift"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("report lacks %q:\n%s", want, text.String())
		}
	}
	if _, err := json.Marshal(rep); err != nil {
		t.Error(err)
	}
}

// TestAccount: on random networks the parts of the account add up to the difference, and the parts of each layer to the
// cycles per image.
func TestAccount(t *testing.T) {
	for seed := range int64(20) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		r := run(t, n, c.Images(4), false)
		rep, err := New(n, r, Predicted{CyclesPerImage: r.CyclesPerImage * 0.9})
		if err != nil {
			t.Fatal(err)
		}
		a := rep.Bottleneck
		if sum := a.Model + a.BusyError + a.Starved + a.Blocked + a.Drift; math.Abs(sum-a.Difference) > 1e-6 || a.Difference <= 0 {
			t.Errorf("seed %d: accounting does not add up to %g: %+v", seed, a.Difference, a)
		}
		for _, l := range rep.Layers {
			if sum := l.Busy + l.Starved + l.Blocked + l.Drift; math.Abs(sum-r.CyclesPerImage) > 1e-6 {
				t.Errorf("seed %d: layer %s: parts add up to %g, not %g", seed, l.Layer, sum, r.CyclesPerImage)
			}
		}
	}
	c, err := hwtest.New(1)
	if err != nil {
		t.Fatal(err)
	}
	n, err := c.Network()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(n, &hwsim.Result{}, Predicted{}); err == nil {
		t.Error("a result of another network is taken")
	}
}
