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

// Curves give the effect of each threshold alone on the network's outputs.
type Curves struct {
	Images int       `json:"images"` // probed, the first of the study
	Levels []float64 `json:"levels"` // values of a variable, ascending
	// Divergence is the mean divergence by variable and level, in nats; nil for a variable that was not probed.
	Divergence [][]float64 `json:"divergence"`
	// Cost is the work of the probes in evaluations of all images.
	Cost float64 `json:"cost"`
}

// check refuses impossible curves of some variables: the database may come from anybody.
func (c *Curves) check(variables int) error {
	if len(c.Divergence) != variables || len(c.Levels) < 2 {
		return fmt.Errorf("%d curves of %d values for %d variables", len(c.Divergence), len(c.Levels), variables)
	}
	for i, u := range c.Levels {
		if u <= 0 || u > 1 || i > 0 && u <= c.Levels[i-1] {
			return fmt.Errorf("its values are not ascending in 0..1: %g", u)
		}
	}
	for i, d := range c.Divergence {
		if d != nil && len(d) != len(c.Levels) {
			return fmt.Errorf("variable %d has %d points of %d", i, len(d), len(c.Levels))
		}
	}
	return nil
}

// probeLevels are the probed values of a variable. Between and below them a power law is assumed: the error from pruning grows
// with the cube of the threshold where densities are flat. Many values on few images are better than the reverse: a step of
// the curve between two values does more harm than noise.
var probeLevels = []float64{0.1, 0.22, 0.4, 0.62, 0.9}

// Probe measures the curves of the variables for which wanted is true on the first images. Each image runs once
// unpruned. Then layers are probed from the last to the first, each on the stored tensors of that run, so that a probe
// computes only the layers behind it.
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
		var tau settings.Tau
		if b.variable < len(p.Convs) {
			tau.W = probeLevels[b.level] * p.MaxW[k]
		} else {
			tau.A = probeLevels[b.level] * p.MaxA[k]
		}
		lower := p.pruner.Conv
		if p.mender != nil {
			lower = p.mended
		}
		pruned, err := lower(b.layer, tau)
		if err != nil {
			return nil, err
		}
		conv := *pruned
		conv.TauA = p.pruner.TauA(b.layer, tau.A)
		net.Layers[b.layer].Conv = &conv
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

// leastDivergence replaces divergences that are too small to measure.
const leastDivergence = 1e-7

// mostPower is the exponent of a curve between two levels above which there is taken to be a step between them.
const mostPower = 8

// at interpolates the curve of a variable: by powers between the levels, by the first two levels' power below them, and by the
// last two levels' power above them. If there is a step between two levels, it is taken to be just above the lower one.
func (c *Curves) at(variable int, u float64) float64 {
	d := c.Divergence[variable]
	switch {
	case u <= 0:
		return 0
	case d == nil:
		return math.Inf(1)
	}
	// Values that do not ascend are noise: take the maximum so far.
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

// rise is the increase of a variable's curve from u to the next level, or to 1: the largest step that it may hide in between.
func (c *Curves) rise(variable int, u float64) float64 {
	next := 1.0
	for _, l := range slices.Backward(c.Levels) {
		if l >= u {
			next = l
		}
	}
	return c.at(variable, next) - c.at(variable, u)
}
