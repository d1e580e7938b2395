package sparsity

import (
	"context"
	"math/rand"
	"testing"

	"hass/hwsim"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/test/hwtest"
)

// TestScheduledCycles: the estimate of a scheduled engine equals the simulator's cycles per image, for any images.
func TestScheduledCycles(t *testing.T) {
	for seed := range int64(14) {
		rng := rand.New(rand.NewSource(seed))
		f := fixed.Format{Bits: 8}
		b := hwtest.NewBuilder(rng, 6, 5, 3, f)
		kernel, filters := 3, 8
		if seed >= 8 { // the sums of many filters leave one by one
			kernel, filters = 1, 40
		}
		b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(kernel, 1, kernel/2), OutC: filters, Out: f, WeightBits: 8, Density: 0.4, Shift: 8})
		net, err := b.Done()
		if err != nil {
			t.Fatal(err)
		}
		images := [][]int32{hwtest.Image(rng, net.Tensors[0]), hwtest.Image(rng, net.Tensors[0]), hwtest.Image(rng, net.Tensors[0])}
		e, err := NewEstimator(net, NewBitmaps(net, len(images), func(image, _ int) []int32 { return images[image] }), EstimatorOptions{Pixels: -1})
		if err != nil {
			t.Fatal(err)
		}
		l := hw.Layer{InPx: 1 + int(seed%3), OutPx: 1 + int(seed%3), InCh: 1, GangDepth: 12}
		if err := hwtest.Schedule(rng, net, 0, &l); err != nil {
			t.Fatal(err)
		}
		got, ci, err := e.Conv(0, l)
		if err != nil {
			t.Fatal(err)
		}
		l.LinePixels = hw.WindowOf(net, net.Layers[0], l).FullLinePixels()
		n, err := hw.Expand(net, []hw.Layer{l}, map[string]int{net.Tensors[1].ID: 16})
		if err != nil {
			t.Fatal(err)
		}
		r, err := hwsim.Run(context.Background(), n, images, hwsim.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if ci != 0 || r.CyclesPerImage != got {
			t.Errorf("seed %d, %d banks, %d chains, %d pixels: estimate %v +- %v, simulated %v", seed, l.N, l.Scheduled.Chains, l.OutPx, got, ci, r.PerImage)
		}
	}
}
