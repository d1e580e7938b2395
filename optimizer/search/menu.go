package search

import (
	"context"
	"math"
	"slices"

	"hass/internal/design"
	"hass/internal/intnet"
	"hass/optimizer"
	"hass/sparsity"
)

// gridSteps is the number of steps of a variable.
const gridSteps = 24

// menuLevels are the densities of a menu.
var menuLevels = []float64{1, 0.94, 0.88, 0.82, 0.76, 0.7, 0.63, 0.56, 0.49, 0.42, 0.35, 0.28, 0.22, 0.16, 0.1}

// newMenu asks the optimizer for the hardware that each layer could have with more zeros: at each level the zeros of the layer's
// thresholds, from choices by layer and level. Nothing is run pruned: the activations are those of the unpruned network.
func (p *Problem) newMenu(ctx context.Context, choices [][]choice) (*optimizer.Menu, error) {
	x := make([]float64, p.Dims())
	return optimizer.NewMenu(ctx, p.input(nil, nil), p.Rating, len(choices[0]), func(level int) (*intnet.Net, optimizer.CycleEstimator, error) {
		for k := range p.Convs {
			// A level that cannot be reached is equal to the previous one.
			if c := choices[k][level]; !math.IsInf(c.divergence, 1) {
				x[k], x[len(p.Convs)+k] = float64(c.w)/gridSteps, float64(c.a)/gridSteps
			}
		}
		net, err := p.prune(x, false) // a repair leaves as many zeros
		if err != nil {
			return nil, nil, err
		}
		est, err := p.foretell(ctx, net)
		return net, est, err
	})
}

// foretell is an estimator of the cycles of a pruned network on the activations of the unpruned network.
func (p *Problem) foretell(ctx context.Context, net *intnet.Net) (*sparsity.Estimator, error) {
	counter := sparsity.NewPairCounter(net)
	var zeros []*sparsity.ImageZeros
	err := intnet.RunMany(ctx, p.exec, p.sample(), p.opt.Workers, func(i int) ([]int32, error) { return p.images[i], nil },
		func(x *intnet.Exec, _ [][]int32) (*sparsity.ImageZeros, error) { return counter.Image(x, 0, nil), nil },
		func(_ int, z *sparsity.ImageZeros) error {
			zeros = append(zeros, z)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return sparsity.NewEstimator(net, counter.Bitmaps(zeros), p.estimatorOptions())
}

// densities are, by variable and grid value, the shares of weights or activations that remain non-zero.
func (p *Problem) densities() [][]float64 {
	d := make([][]float64, p.Dims())
	for k := range p.Convs {
		for j := range gridSteps + 1 {
			u := float64(j) / gridSteps
			d[k] = append(d[k], 1-below(p.weights[k], u*p.MaxW[k]))
			d[len(p.Convs)+k] = append(d[len(p.Convs)+k], 1-below(p.acts[k], u*p.MaxA[k]))
		}
	}
	return d
}

// choice is the cheapest way, in divergence, to a density level of a layer.
type choice struct {
	divergence float64 // infinite if there is none
	w, a       int     // grid values
}

// choose finds the choice for every layer and level; a value u of variable v costs divergence(v, u).
func choose(density [][]float64, divergence func(v int, u float64) float64) [][]choice {
	n := len(density) / 2
	all := make([][]choice, n)
	for k := range n {
		dw, da := make([]float64, gridSteps+1), make([]float64, gridSteps+1)
		for j := range gridSteps + 1 {
			u := float64(j) / gridSteps
			dw[j], da[j] = divergence(k, u), divergence(n+k, u)
		}
		for _, level := range menuLevels {
			best := choice{divergence: math.Inf(1)}
			for i := range dw {
				for j := range da {
					if d := dw[i] + da[j]; d < best.divergence && density[k][i]*density[n+k][j] <= level+1e-9 {
						best = choice{d, i, j}
					}
				}
			}
			all[k] = append(all[k], best)
		}
	}
	return all
}

// extremes are, for each layer, no pruning and pruning to the end of the range.
func (p *Problem) extremes() [][]choice {
	return slices.Repeat([][]choice{{{}, {w: gridSteps, a: gridSteps}}}, len(p.Convs))
}

// choicesBy are the choices by the curves.
func (p *Problem) choicesBy(c *Curves) [][]choice { return choose(p.densities(), c.at) }

// worthProbing is the share of the hardware of all convolutions, at even prices, from which on a layer's curves are
// probed.
const worthProbing = 0.0002

// worth reports for every variable whether zeros in its layer could matter: the layer takes a relevant part of the
// hardware, and less with more zeros.
func (p *Problem) worth(m *optimizer.Menu) []bool {
	saved := make([]float64, len(p.Convs))
	sum := 0.0
	even := [design.NumResources]float64{1, 1, 1, 1, 1, 0}
	for k, i := range p.Convs {
		levels := m.Layers[i]
		limit := p.Rating.CyclesPerImage * optimizer.MenuStep
		full := cheapest(levels[0], limit, &even)
		saved[k] = full - cheapest(levels[len(levels)-1], limit, &even)
		sum += full
	}
	w := make([]bool, p.Dims())
	for k := range p.Convs {
		w[k] = saved[k] > worthProbing*sum && p.MaxW[k] > 0
		w[len(p.Convs)+k] = saved[k] > worthProbing*sum && p.MaxA[k] > 0
	}
	return w
}

// cheapest is the least price of the items of at most limit cycles; infinite if there are none.
func cheapest(items []optimizer.MenuItem, limit float64, price *[design.NumResources]float64) float64 {
	c, _ := cheapestItem(items, limit, price)
	return c
}

func cheapestItem(items []optimizer.MenuItem, limit float64, price *[design.NumResources]float64) (float64, *optimizer.MenuItem) {
	best, at := math.Inf(1), (*optimizer.MenuItem)(nil)
	for k := range items {
		m := &items[k]
		if m.Cycles > limit {
			break
		}
		c := 0.0
		for r, v := range m.Shares {
			c += price[r] * v
		}
		if c < best {
			best, at = c, m
		}
	}
	return best, at
}
