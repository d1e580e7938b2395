package optimizer

import (
	"math/rand"
	"slices"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer/pixels"
	"hass/optimizer/scheduled"
)

func TestPixelsOf(t *testing.T) {
	// A chain 32x32 -> 16x16 -> 8x8 -> 1x1, and one whose stride of 3 no power of two is divided by.
	b := newBuild(32, 32, 4)
	net := b.done(b.globalAvg(b.conv(b.conv(0, 8, 3, 2, true), 8, 3, 2, true)))
	c := newBuild(30, 30, 4)
	third := c.done(c.conv(c.conv(0, 8, 3, 1, true), 8, 3, 3, false))
	// Rows of 103 pixels come in two parts, which a stride of 2 divides.
	w := newBuild(6, 103, 4)
	wide := w.done(w.conv(w.conv(0, 8, 3, 2, true), 8, 3, 2, true))
	for _, tc := range []struct {
		name string
		got  []int
		want []int
	}{
		{"one pixel", pixels.Of(net, 1), []int{1, 1, 1, 1}},
		{"none given", pixels.Of(net, 0), []int{1, 1, 1, 1}},
		{"two", pixels.Of(net, 2), []int{2, 1, 1, 1}},
		{"eight", pixels.Of(net, 8), []int{8, 2, 1, 1}},
		{"a row", pixels.Of(net, 16), []int{16, 4, 1, 1}},
		// A part of the rows keeps the beat of the whole, whose 12 rows need it; a part of the columns takes one pixel.
		{"rows", pixels.Of(kindNet(t, kinds()["rows"]), 4), []int{4, 4, 4, 1}},
		{"row split", pixels.Of(kindNet(t, kinds()["row split"]), 4), []int{4, 4, 4, 4, 4}},
		{"columns", pixels.Of(kindNet(t, kinds()["slice"]), 4), []int{1, 1, 1}},
		{"a stride of 3", pixels.Of(third, 4), []int{1, 1, 1}},
		{"whole rows", pixels.Of(net, pixels.Rows), []int{32, 16, 8, 1}},
		{"whole rows and a part of them", pixels.Of(kindNet(t, kinds()["rows"]), pixels.Rows), []int{10, 10, 10, 5}},
		{"whole rows, a stride of 3", pixels.Of(third, pixels.Rows), []int{30, 30, 10}},
		{"parts of rows", pixels.Of(wide, pixels.Rows), []int{52, 52, 26}},
	} {
		if !slices.Equal(tc.got, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, tc.got, tc.want)
		}
	}
}

// TestPixelsLiftTheWall: with one pixel a beat no design has fewer cycles than an image has pixels; with four, a large device
// has a quarter of them. Its streams have the pixels of pixels.Of.
func TestPixelsLiftTheWall(t *testing.T) {
	testenv.Long(t)
	b := newBuild(32, 32, 2)
	net := withWeights(b.done(b.conv(b.conv(b.conv(0, 4, 3, 1, true), 4, 3, 1, true), 4, 3, 2, true)))
	for _, most := range []int{1, 4} {
		d := optimize(t, net, "u250", func(in *Input) { in.Pixels = most })
		if want := float64(32 * 32 / most); d.Predicted.CyclesPerImage != want {
			t.Errorf("%d pixels: %v cycles, want %v", most, d.Predicted.CyclesPerImage, want)
		}
		for i, px := range pixels.Of(net, most) {
			if i == 0 {
				continue
			}
			if l := d.Layers[i-1]; l.OutPx != px {
				t.Errorf("%d pixels: layer %d writes %d a beat, want %d", most, i-1, l.OutPx, px)
			}
		}
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := live.Prove(n); err != nil {
			t.Error(err)
		}
		for _, s := range n.Streams {
			if s.Kind == hw.TensorToken && s.Beat.Px > most {
				t.Errorf("stream %s carries %d pixels", s.Name, s.Beat.Px)
			}
		}
	}
	p, err := design.LoadPlatform("u250")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []int{-2, 3, 32} {
		if _, err := Optimize(t.Context(), Input{Net: net, Est: meanEst{net, 0.5}, Platform: p, Shares: design.WholeShares(), Pixels: bad}); err == nil {
			t.Errorf("%d pixels were taken", bad)
		}
	}
}

// TestPixelsExpand: whatever the network and the pixels, the optimiser's design has a network of modules.
func TestPixelsExpand(t *testing.T) {
	nets := 30
	if testing.Short() {
		nets = 8
	}
	p, err := design.LoadPlatform("u250")
	if err != nil {
		t.Fatal(err)
	}
	for seed := range nets {
		net, err := hwtest.RandomNet(rand.New(rand.NewSource(int64(seed))), nil, 1+seed%7)
		if err != nil {
			t.Fatal(err)
		}
		for _, most := range []int{2, 8, pixels.Rows} {
			in := Input{Net: net, Est: meanEst{net, 0.5}, Platform: p, Shares: design.WholeShares(), Pixels: most, Coarse: true, Menu: scheduled.NewMenu(net, p.Family)}
			d, err := Optimize(t.Context(), in)
			if err != nil {
				t.Errorf("seed %d, %d pixels: %v", seed, most, err)
				continue
			}
			if _, err := d.Network(); err != nil {
				t.Errorf("seed %d, %d pixels: %v", seed, most, err)
			}
		}
	}
}
