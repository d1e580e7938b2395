package repair

import (
	"context"
	"math"
	"math/rand/v2"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/gradient"
	"hass/internal/graph"
	"hass/internal/workers"
)

// drawn draws the class for the gradient of image i from the class probabilities of the network.
func drawn(i int) func(logs []float32) int {
	return func(logs []float32) int {
		at := rand.New(rand.NewPCG(1, uint64(i))).Float64()
		for c, l := range logs {
			if at -= floatexec.Exp(float64(l)); at < 0 {
				return c
			}
		}
		return len(logs) - 1
	}
}

// backward runs images from first on through net, forward and backward. look gets the input x and the gradient d of every convolution
// of an image and adds to the image's sums r; done gets the sums in the order of the images.
func backward[R any](ctx context.Context, net *gradient.Net, images calib.Images, first int, begin func() R, look func(r R, node *graph.Node, x, d []float32) error, done func(R)) error {
	return workers.Ordered(ctx, images.N-first, images.Workers, func(_, k int) (R, error) {
		i, r := first+k, begin()
		x, err := images.Load(i)
		if err != nil {
			return r, err
		}
		var bad error
		err = net.Run(x, drawn(i), func(node *graph.Node, x, d []float32) {
			if bad == nil {
				bad = look(r, node, x, d)
			}
		})
		if err == nil {
			err = bad
		}
		return r, err
	}, func(_ int, r R) error {
		if images.Step != nil {
			images.Step()
		}
		done(r)
		return nil
	})
}

// rowWeights measure how much the network's answer depends on every output channel of its convolutions, by node name: the root of the
// mean squared gradient of a class's log-likelihood, divided by the same of the whole layer.
func rowWeights(ctx context.Context, net *gradient.Net, images calib.Images) (map[string]packed, error) {
	sums := map[string]packed{}
	err := backward(ctx, net, images, 0, func() map[string][]float64 { return map[string][]float64{} }, func(r map[string][]float64, node *graph.Node, _, d []float32) error {
		list := make([]float64, net.Channels(node))
		n := len(d) / len(list)
		for c := range list {
			for _, v := range d[c*n:][:n] {
				list[c] += float64(float64(v)*float64(v)) / float64(n)
			}
		}
		r[node.Name] = list
		return nil
	}, func(r map[string][]float64) {
		for name, list := range r {
			if sums[name] == nil {
				sums[name] = make(packed, len(list))
			}
			for c, v := range list {
				sums[name][c] += v
			}
		}
	})
	for _, list := range sums {
		mean := 0.0
		for _, v := range list {
			mean += v / float64(len(list))
		}
		for c, v := range list {
			list[c] = 1
			if mean > 0 {
				list[c] = math.Sqrt(v / mean)
			}
		}
	}
	return sums, err
}
