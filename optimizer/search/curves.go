package search

import (
	"context"
	"fmt"
	"math"
	"slices"

	"hass/internal/intnet"
	"hass/internal/metrics"
	"hass/internal/settings"
	"hass/internal/workers"
)

// Curves say what each threshold alone does to the network's outputs.
type Curves struct {
	Images int       `json:"images"` // probed, the first of the study
	Levels []float64 `json:"levels"` // values of a variable, ascending
	// Divergence is the mean divergence by variable and level, in nats; nil for a variable that was not probed.
	Divergence [][]float64 `json:"divergence"`
	// Cost is the work of the probes in evaluations of all images.
	Cost float64 `json:"cost"`
}

// probeLevels are the values of a variable that are probed. Between and below them a power law is taken: the error that
// pruning makes grows with the cube of the threshold where densities are flat. Rather many values on few images than the other
// way round: a step of the curve between two values does more harm than noise.
var probeLevels = []float64{0.1, 0.22, 0.4, 0.62, 0.9}

// Probe measures the curves of the variables for which wanted is true on the first images. An image is run once
// unpruned; then layers are probed from the last to the first, each on the tensors that the run has left before it, so
// that a probe costs only the layers behind.
func (p *Problem) Probe(ctx context.Context, images int, wanted []bool, progress func(done, total int)) (*Curves, error) {
	c := &Curves{Images: min(images, len(p.images)), Levels: probeLevels, Divergence: make([][]float64, p.Dims())}
	type probe struct {
		variable, level, layer int
		exec                   *intnet.Exec
	}
	var probes []probe
	work := make([]float64, len(p.Net.Layers)+1) // behind each layer
	for i := len(p.Net.Layers) - 1; i >= 0; i-- {
		l := &p.Net.Layers[i]
		out := p.Net.Tensors[l.Out]
		work[i] = work[i+1] + float64(out.H*out.W*max(out.C, p.Net.WeightCount(l)))
	}
	c.Cost = float64(c.Images) / float64(len(p.images)) // the unpruned run
	for k := len(p.Convs) - 1; k >= 0; k-- {
		for _, v := range []int{k, len(p.Convs) + k} {
			if !wanted[v] {
				continue
			}
			c.Divergence[v] = make([]float64, len(probeLevels))
			for j := range probeLevels {
				probes = append(probes, probe{variable: v, level: j, layer: p.Convs[k]})
				c.Cost += work[p.Convs[k]] / work[0] * float64(c.Images) / float64(len(p.images))
			}
		}
	}
	for i := range probes {
		b := &probes[i]
		k := b.variable % len(p.Convs)
		net := *p.Net
		net.Layers = slices.Clone(p.Net.Layers)
		conv := *net.Layers[b.layer].Conv
		if b.variable < len(p.Convs) {
			pruned, err := p.pruner.Conv(b.layer, settings.Tau{W: probeLevels[b.level] * p.MaxW[k]})
			if err != nil {
				return nil, err
			}
			conv = *pruned
		} else {
			conv.TauA = p.pruner.TauA(b.layer, probeLevels[b.level]*p.MaxA[k])
		}
		net.Layers[b.layer].Conv = &conv
		var err error
		if b.exec, err = p.exec.Part(&net); err != nil {
			return nil, err
		}
	}
	execs := make([]*intnet.Exec, workers.Count(c.Images, p.opt.Workers))
	for w := range execs {
		execs[w] = p.exec.Clone()
	}
	out := p.Net.Outputs[0]
	err := workers.Ordered(ctx, c.Images, p.opt.Workers, func(w, i int) ([]float64, error) {
		x := execs[w]
		if _, err := x.Run(p.images[i]); err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		var d []float64
		for _, b := range probes {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			scores, err := x.Probe(b.layer, b.exec, p.images[i])
			if err != nil {
				return nil, fmt.Errorf("image %d: %w", i, err)
			}
			d = append(d, metrics.Divergence(p.logp[i], metrics.LogSoftmax(p.Net.Dequantize(out, scores[0]))))
		}
		return d, nil
	}, func(i int, d []float64) error {
		for k, b := range probes {
			c.Divergence[b.variable][b.level] += d[k] / float64(c.Images)
		}
		if progress != nil {
			progress(i+1, c.Images)
		}
		return nil
	})
	return c, err
}

// leastDivergence stands for what is too small to be seen.
const leastDivergence = 1e-7

// mostPower is that of a curve between two levels above which there is a step somewhere between them.
const mostPower = 8

// at interpolates the curve of a variable: powers between the levels, the first two's power below them, and beyond the last as
// between the last two. Where there is a step between two levels, all between them is behind it.
func (c *Curves) at(variable int, u float64) float64 {
	d := c.Divergence[variable]
	switch {
	case u <= 0:
		return 0
	case d == nil:
		return math.Inf(1)
	}
	// Values that do not ascend are noise: the larger of what came before.
	v := make([]float64, len(d))
	most := leastDivergence
	for i := range d {
		most = max(most, d[i])
		v[i] = most
	}
	j := 0
	for j < len(v)-2 && u > c.Levels[j+1] {
		j++
	}
	power := math.Log(v[j+1]/v[j]) / math.Log(c.Levels[j+1]/c.Levels[j])
	switch {
	case u < c.Levels[0]:
		power = min(max(power, 1.5), 4)
		return v[0] * math.Pow(u/c.Levels[0], power)
	case power > mostPower && u > c.Levels[j] && u < c.Levels[j+1]:
		return v[j+1]
	}
	return v[j] * math.Pow(u/c.Levels[j], power)
}

// rise is how much the curve of a variable rises from u to the next level, or to 1: what it may hide in between.
func (c *Curves) rise(variable int, u float64) float64 {
	next := 1.0
	for _, l := range slices.Backward(c.Levels) {
		if l >= u {
			next = l
		}
	}
	return c.at(variable, next) - c.at(variable, u)
}
