package calib

import (
	"context"
	"fmt"
	"math"

	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/workers"
)

// Held is the form of a value in the integer network.
type Held struct {
	fixed.Format
	Channels int
	Powers   []int // by channel; nil for 0
}

// Mean is the mean of a channel over images, in float and in its format, both multiplied by its
// power of two.
type Mean struct{ Float, Held float64 }

// Means runs images through g in float32 and gives the means of the channels of values.
func Means(ctx context.Context, g *graph.Graph, images Images, values map[string]Held) (map[string][]Mean, error) {
	x, err := floatexec.New(g)
	if err != nil {
		return nil, err
	}
	sums := make(map[string][]Mean)
	for name, v := range values {
		sums[name] = make([]Mean, v.Channels)
	}
	images.pass()
	err = workers.Ordered(ctx, images.N, images.Workers, func(_, i int) (map[string][]Mean, error) {
		img, err := images.Load(i)
		if err != nil {
			return nil, err
		}
		all := make(map[string][]Mean)
		if _, err = x.Run([][]float32{img}, func(name string, data []float32) {
			if v, ok := values[name]; ok {
				all[name] = v.means(data)
			}
		}); err != nil {
			return nil, fmt.Errorf("calibration image %d: %w", i, err)
		}
		return all, nil
	}, func(_ int, all map[string][]Mean) error {
		for name, list := range all {
			for c, m := range list {
				sums[name][c].Float += m.Float / float64(images.N)
				sums[name][c].Held += m.Held / float64(images.N)
			}
		}
		images.step()
		return nil
	})
	return sums, err
}

// means are those of one image.
func (v *Held) means(data []float32) []Mean {
	list := make([]Mean, v.Channels)
	n := len(data) / len(list)
	lo, hi, step := float64(v.Min()), float64(v.Max()), v.Step()
	for c := range list {
		power := 1.0
		if v.Powers != nil {
			power = math.Ldexp(1, v.Powers[c])
		}
		sum, held := 0.0, 0.0
		for _, x := range data[c*n:][:n] {
			y := float64(x) * power
			sum += y
			held += min(max(math.Floor(y/step+0.5), lo), hi)
		}
		list[c] = Mean{sum / float64(n), held * step / float64(n)}
	}
	return list
}
