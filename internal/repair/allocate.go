package repair

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/gradient"
	"hass/internal/graph"
)

// levels are the shares at which the cost of a layer's zeros is measured.
var levels = []float64{0.15, 0.3, 0.45, 0.6, 0.75, 0.9}

const (
	shareStep = 0.02 // step of the shares of layers, up to the last level
	leastCost = 1e-7 // nats; smaller costs count as this
)

// candidate is a layer that gets a share.
type candidate struct {
	node    *graph.Node
	macs    int64 // per image
	sampler *sampler
	trials  []trial // one for each level
	curve   []float64
}

// trial is the effect of a layer's repaired zeros.
type trial struct {
	change *floatexec.Exec // from the layer's input to the change of its sums, before the bias compensates for the mean
	mean   []float64       // mean change, by channel
}

// allocate distributes a share over the pruned layers of g, so that all zeros together save that share of the layers' multiplications
// at the least divergence. Zeros are fitted on one half of the images and judged on the other. The divergence of a small change is
// estimated as half the mean square of its product with the gradients of a class's log-likelihood. The class is drawn from the
// network's class probabilities.
func allocate(ctx context.Context, g *graph.Graph, net *gradient.Net, rows map[string][]float64, o Options) (map[string]float64, error) {
	fit := o.Images
	fit.N = o.Images.N / 2
	if fit.N < 1 {
		return nil, errors.New("an allocation needs at least two images")
	}
	role := roles(g)
	var list []*candidate
	byName := map[string]*candidate{}
	w := &walk{g: g, images: fit, limit: maxHeld}
	for at, n := range g.Nodes {
		op, ok := n.Op.(graph.Conv)
		if !ok || !o.prunes(role[n.Name]) {
			continue
		}
		s := newSampler(op, g.Shapes[n.Inputs[0]], g.Shapes[n.Outputs[0]], uint64(at), 0)
		if s.inputs > mostInputs {
			continue // its moments would take too much memory; it gets the common share
		}
		c := &candidate{node: n, sampler: s, macs: int64(len(g.Consts[n.Inputs[1]].F)) * int64(s.size)}
		if err := c.fit(ctx, w, at, rows[n.Name], o); err != nil {
			return nil, fmt.Errorf("layer %q: %w", n.Name, err)
		}
		list, byName[n.Name] = append(list, c), c
	}
	type products map[string][]float64
	judged := 0
	err := backward(ctx, net, o.Images, fit.N, func() products { return products{} }, func(r products, node *graph.Node, x, d []float32) error {
		c := byName[node.Name]
		if c == nil {
			return nil
		}
		var err error
		r[node.Name], err = c.judge(x, d)
		return err
	}, func(r products) {
		judged++
		for name, list := range r {
			c := byName[name]
			if c.curve == nil {
				c.curve = make([]float64, len(levels))
			}
			for k, q := range list {
				c.curve[k] += float64(q*q) / 2
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		for k := range c.curve {
			c.curve[k] /= float64(judged)
		}
	}
	return choice(list, o.Share), nil
}

// prunes tells whether layers of a role are pruned by a share.
func (o *Options) prunes(r Role) bool { return r == Inner || slices.Contains(o.Prune, r) }

// fit makes the layer's trials from its inputs in the original network.
func (c *candidate) fit(ctx context.Context, w *walk, at int, rows []float64, o Options) error {
	s, n := c.sampler, c.node
	op := n.Op.(graph.Conv)
	grams, err := gather(ctx, w, s, at, n.Inputs[0], n.Outputs[0])
	if err != nil {
		return err
	}
	old := w.g.Consts[n.Inputs[1]].F
	per := s.fg * s.inputs
	covariances := make([][]float64, len(grams)) // of the inputs
	var problems []*problem
	refits := o.Repair == Refit && !(op.Groups > 1 && s.cg == 1) && w.images.N*int(s.size) >= fewSamples*s.inputs
	for k, m := range grams {
		h, _, ok := m.covariances()
		if !ok {
			return errSingular
		}
		covariances[k] = slices.Clone(h)
		if !refits {
			continue
		}
		own := old[k*per:][:per]
		p, err := newProblem(h, timesSymmetric(own, h, s.inputs), own)
		if errors.Is(err, errSingular) {
			refits = false
			continue
		}
		p.count(rows, k*s.fg, s.fg)
		problems = append(problems, p)
	}
	for _, level := range levels {
		next := slices.Clone(old)
		if zeros := zerosOf(level, len(old)); refits {
			if next, err = solve(ctx, problems, max(zeros, countZeros(old))); err != nil {
				return err
			}
		} else {
			cutShare(next, level)
		}
		t := trial{mean: make([]float64, s.out[1])}
		for f := range t.mean {
			m, h := grams[f/s.fg], covariances[f/s.fg]
			a, b := old[f*s.inputs:][:s.inputs], next[f*s.inputs:][:s.inputs]
			scale := 1.0
			if y, z := variance(a, h), variance(b, h); y > 0 && z > 0 {
				scale = min(max(math.Sqrt(y/z), 1/float64(mostScale)), mostScale)
			}
			for i := range b {
				b[i] = float32(float64(b[i])*scale) - a[i]
				t.mean[f] += float64(float64(b[i]) * (float64(m.shift[i]) + m.sum[i]/float64(m.n)))
			}
		}
		part := &graph.Graph{Name: "change", Inputs: []graph.Value{{Name: "x", Type: graph.Float, Shape: s.in}}, Outputs: []string{"y"},
			Nodes:  []*graph.Node{{Name: n.Name, Op: op, Inputs: []string{"x", "w"}, Outputs: []string{"y"}}},
			Consts: map[string]*graph.Tensor{"w": {Type: graph.Float, Shape: w.g.Consts[n.Inputs[1]].Shape, F: next}}, Shapes: map[string]graph.Shape{"x": s.in, "y": s.out}}
		if t.change, err = floatexec.New(part); err != nil {
			return err
		}
		c.trials = append(c.trials, t)
	}
	return nil
}

// variance is w H w'.
func variance(w []float32, h []float64) float64 {
	sum := 0.0
	for i, a := range w {
		if a == 0 {
			continue
		}
		row := 0.0
		for j, b := range w {
			row += float64(float64(b) * h[i*len(w)+j])
		}
		sum += float64(float64(a) * row)
	}
	return sum
}

// timesSymmetric is W H, where W has rows of k weights.
func timesSymmetric(w []float32, h []float64, k int) []float64 {
	t := make([]float64, len(w))
	for i, v := range w {
		if v == 0 {
			continue
		}
		to := t[i/k*k:][:k]
		for j, x := range h[i%k*k:][:k] {
			to[j] += float64(float64(v) * x)
		}
	}
	return t
}

// judge gives, for one image, the product of each trial's change with the gradient.
func (c *candidate) judge(x, d []float32) ([]float64, error) {
	list := make([]float64, len(c.trials))
	size := int(c.sampler.size)
	for k, t := range c.trials {
		out, err := t.change.Run([][]float32{x}, nil)
		if err != nil {
			return nil, err
		}
		for f, mean := range t.mean {
			for i, g := range d[f*size:][:size] {
				list[k] += float64(float64(g) * (float64(out[0][f*size+i]) - mean))
			}
		}
	}
	return list, nil
}

// costs are the costs of a layer's shares 0, shareStep, 2*shareStep, ... The logarithm is interpolated linearly between levels, and
// more zeros never cost less.
func (c *candidate) costs() []float64 {
	logs := []float64{math.Log(leastCost)}
	for _, v := range c.curve {
		logs = append(logs, max(logs[len(logs)-1], floatexec.Log(max(v, leastCost))))
	}
	at := append([]float64{0}, levels...)
	var list []float64
	for s := 0; float64(s)*shareStep <= at[len(at)-1]+1e-9; s++ {
		share := float64(s) * shareStep
		k := 1
		for k < len(at)-1 && at[k] < share {
			k++
		}
		part := min(1, (share-at[k-1])/(at[k]-at[k-1]))
		list = append(list, floatexec.Exp(logs[k-1]+float64(part*(logs[k]-logs[k-1]))))
	}
	return list
}

// choice gives every layer a share, so that together they save the given share of all multiplications at the least cost. Every layer
// gets the share that is best at a common price of a multiplication, or slightly less if these shares save more than needed.
func choice(list []*candidate, share float64) map[string]float64 {
	costs := make([][]float64, len(list))
	total := 0.0
	for i, c := range list {
		costs[i] = c.costs()
		total += float64(c.macs)
	}
	at := func(price float64) (steps []int, saved float64) {
		for i, c := range list {
			best, least := 0, math.Inf(1)
			for s, cost := range costs[i] {
				if v := cost - float64(price*float64(c.macs)*float64(s)*shareStep); v <= least {
					best, least = s, v
				}
			}
			steps = append(steps, best)
			saved += float64(float64(c.macs) * float64(best) * shareStep)
		}
		return steps, saved
	}
	low, high := -60.0, 60.0 // logarithms of prices
	for range 100 {
		mid := (low + high) / 2
		if _, saved := at(floatexec.Exp(mid)); saved >= share*total {
			high = mid
		} else {
			low = mid
		}
	}
	steps, saved := at(floatexec.Exp(high))
	// The last price may save too much: undo the most expensive steps while the rest saves enough.
	for {
		back, most := -1, 0.0
		for i, c := range list {
			if s := steps[i]; s > 0 && saved-float64(float64(c.macs)*shareStep) >= share*total {
				if gain := (costs[i][s] - costs[i][s-1]) / float64(c.macs); back < 0 || gain > most {
					back, most = i, gain
				}
			}
		}
		if back < 0 {
			break
		}
		steps[back]--
		saved -= float64(float64(list[back].macs) * shareStep)
	}
	shares := map[string]float64{}
	for i, c := range list {
		shares[c.node.Name] = float64(steps[i]) * shareStep
	}
	return shares
}

// halves is the number of image runs of an allocation: one half of the images for every layer, to fit, and the other half once.
func halves(layers int, images calib.Images) int { return layers*(images.N/2) + images.N - images.N/2 }
