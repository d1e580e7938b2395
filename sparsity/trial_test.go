package sparsity

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/intnet"
	"hass/internal/test/hwtest"
)

// TestPairCounter: a search gathers image by image the same counts as NewBitmaps gathers from tensors.
func TestPairCounter(t *testing.T) {
	convs := 0
	for seed := range int64(60) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		x, err := intnet.New(c.Net)
		if err != nil {
			t.Fatal(err)
		}
		const images = 3
		values := map[[2]int][]int32{}
		var zeros []*ImageZeros
		p := NewPairCounter(c.Net)
		for k, img := range c.Images(images) {
			if _, err := x.Run(img); err != nil {
				t.Fatal(err)
			}
			for i := range c.Net.Tensors {
				values[[2]int{k, i}] = append([]int32(nil), x.Tensor(i)...)
			}
			zeros = append(zeros, p.Image(x, 0, nil))
		}
		got := p.Bitmaps(zeros)
		want := NewBitmaps(c.Net, images, func(image, tensor int) []int32 { return values[[2]int{image, tensor}] })
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		if d := got.PairDensity(c.Net); d < 0 || d > 1 {
			t.Errorf("seed %d: pair density %v", seed, d)
		}
		convs += len(got.Layers)
	}
	if convs < 30 {
		t.Errorf("only %d convolutions compared", convs)
	}
}

// TestCache: answers from a cache equal the answers of a separate estimator, and the same zeros are found
// again.
func TestCache(t *testing.T) {
	cache := NewCache()
	found, asked := 0, 0
	for round := range 2 {
		for seed := range int64(20) {
			c, err := hwtest.New(seed)
			if err != nil {
				t.Fatal(err)
			}
			x, err := intnet.New(c.Net)
			if err != nil {
				t.Fatal(err)
			}
			p := NewPairCounter(c.Net)
			var zeros []*ImageZeros
			for _, img := range c.Images(2) {
				if _, err := x.Run(img); err != nil {
					t.Fatal(err)
				}
				zeros = append(zeros, p.Image(x, 0, nil))
			}
			b := p.Bitmaps(zeros)
			own, err := NewEstimator(c.Net, b, EstimatorOptions{Pairs: 1000})
			if err != nil {
				t.Fatal(err)
			}
			states := len(cache.layers)
			shared, err := NewEstimator(c.Net, b, EstimatorOptions{Pairs: 1000, Cache: cache})
			if err != nil {
				t.Fatal(err)
			}
			if round == 1 && len(cache.layers) == states {
				found++
			}
			for i := range c.Net.Layers {
				l := &c.Net.Layers[i]
				if l.Kind != intnet.KindConv || c.Layers[i].OutPx > c.Net.Tensors[l.Out].W {
					continue // the estimator takes no beat wider than a row
				}
				want, wantCI, err := own.Conv(i, c.Layers[i])
				if err != nil {
					t.Fatal(err)
				}
				if got, ci, err := shared.Conv(i, c.Layers[i]); err != nil || got != want || ci != wantCI {
					t.Errorf("seed %d, layer %d: %v +- %v (%v) from the cache, %v +- %v without", seed, i, got, ci, err, want, wantCI)
				}
				asked++
			}
		}
	}
	if found != 20 || asked < 20 {
		t.Errorf("%d of 20 networks found again, %d questions", found, asked)
	}
}
