package repair

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/gradient"
	"hass/internal/graph"
	"hass/internal/settings"
	"hass/internal/workers"
)

const (
	// singleSamples is the number of samples of a layer by which its channels are matched; singleFloats bounds the inputs that are
	// kept of it. Both sums that a match compares are of the same samples, so few are enough.
	singleSamples = 1024
	singleFloats  = 1 << 22
	// singleInputs bounds the inputs of a layer that is refit alone: the problem stays in memory.
	singleInputs = 2304
	// refitSteps is the number of steps to which the zeros of a refit are rounded, so that close thresholds share one.
	refitSteps = 50
)

// Singles repairs single layers of a network, each by its own thresholds alone: a layer's inputs are those of the unpruned network. So
// the repair of a layer is the same whatever is pruned before it, and it can be kept. Its methods may be called concurrently.
type Singles struct {
	layers map[string]*single
}

// single is a layer that can be repaired.
type single struct {
	node    *graph.Node
	s       *sampler
	weights *graph.Tensor
	x       []matrix       // by group: inputs, one row for every sample
	y       []meanVariance // by output channel: of the sums without bias
	still   float64        // variance below which a channel counts as constant
	few     bool           // a fit would not hold for other images

	problems []*problem // of a refit, by group; nil for a match
	mu       sync.Mutex
	refitted map[int][]float32 // by number of zeros
}

// meanVariance is the mean and the variance of a channel.
type meanVariance struct{ mean, variance float64 }

// NewSingles runs the unpruned network over images and keeps samples of every convolution whose weights may change.
func NewSingles(ctx context.Context, g *graph.Graph, images calib.Images, method Method) (*Singles, error) {
	if images.N < 1 || len(g.Inputs) != 1 || method != Match && method != Refit {
		return nil, fmt.Errorf("repair %q of single layers, %d images, %d inputs: want match or refit, images and one input", method, images.N, len(g.Inputs))
	}
	exec, err := floatexec.New(g)
	if err != nil {
		return nil, err
	}
	all := &Singles{layers: map[string]*single{}}
	readers := map[string][]*gathering{}
	var list []*gathering
	for at, n := range g.Nodes {
		op, ok := n.Op.(graph.Conv)
		if !ok {
			continue
		}
		w := g.Consts[n.Inputs[1]]
		if w == nil || w.Type != graph.Float || w.Grid != nil {
			continue
		}
		s := newSampler(op, g.Shapes[n.Inputs[0]], g.Shapes[n.Outputs[0]], uint64(at), 0)
		most := min(singleSamples, max(singleFloats/(s.inputs*op.Groups), 1))
		s.pixels = min(max(most/images.N, 1), int(s.size))
		l := &gathering{l: &single{node: n, s: s, weights: w, few: images.N*int(s.size) < fewSamples*s.inputs, refitted: map[int][]float32{}}, most: most}
		if method == Refit && !l.l.few && s.inputs <= singleInputs && !(op.Groups > 1 && s.cg == 1) {
			l.wide = newSampler(op, s.in, s.out, uint64(at), (fewSamples*s.inputs+images.N-1)/images.N)
			for range op.Groups {
				l.grams = append(l.grams, newGram(s.inputs, 0))
			}
		}
		list, readers[n.Inputs[0]] = append(list, l), append(readers[n.Inputs[0]], l)
	}
	if err := gatherSingles(ctx, exec, images, readers); err != nil {
		return nil, err
	}
	var rows map[string]packed
	if method == Refit {
		if net, err := gradient.New(g); err == nil { // without gradients all channels count alike
			if rows, err = rowWeights(ctx, net, images); err != nil {
				return nil, err
			}
		}
	}
	for _, l := range list {
		ok, err := l.finish(ctx, rows[l.l.node.Name])
		if err != nil {
			return nil, err
		}
		if ok {
			all.layers[l.l.node.Name] = l.l
		}
	}
	return all, nil
}

// gathering is a layer while its samples are gathered.
type gathering struct {
	l     *single
	most  int // samples to keep
	wide  *sampler
	grams []*gram // by group, of more samples than the layer keeps; none for a match
}

// taken are the samples of one image and layer.
type taken struct {
	l          *gathering
	kept, wide []samples
}

// gatherSingles runs the images.
func gatherSingles(ctx context.Context, exec *floatexec.Exec, images calib.Images, readers map[string][]*gathering) error {
	return workers.Ordered(ctx, images.N, images.Workers, func(_, i int) (list []taken, err error) {
		x, err := images.Load(i)
		if err != nil {
			return nil, err
		}
		_, err = exec.Run([][]float32{x}, func(name string, data []float32) {
			for _, l := range readers[name] {
				t := taken{l: l, kept: l.l.s.take(i, data, nil)}
				if l.wide != nil {
					t.wide = l.wide.take(i, data, nil)
				}
				list = append(list, t)
			}
		})
		return list, err
	}, func(_ int, list []taken) error {
		if images.Step != nil {
			images.Step()
		}
		for _, t := range list {
			l := t.l.l
			if l.x == nil {
				l.x = make([]matrix, len(t.kept))
			}
			for g, s := range t.kept {
				x := &l.x[g]
				if n := min(s.x.rows, t.l.most-x.rows); n > 0 {
					x.rows, x.cols, x.v = x.rows+n, s.x.cols, append(x.v, s.x.v[:n*s.x.cols]...)
				}
			}
			for g, s := range t.wide {
				if err := t.l.grams[g].add(ctx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// finish computes the moments of the layer's sums, and the problems of a refit. ok is false if the layer cannot be repaired: its sums
// are not finite or never change.
func (t *gathering) finish(ctx context.Context, rows []float64) (ok bool, err error) {
	l := t.l
	if l.y, err = l.sums(ctx, l.weights.F, 0); err != nil {
		return false, err
	}
	mean := 0.0
	for _, m := range l.y {
		mean += m.variance / float64(len(l.y))
	}
	if !(mean > 0) || math.IsInf(mean, 0) {
		return false, nil
	}
	l.still = stillness * mean
	per := l.s.fg * l.s.inputs
	for g, m := range t.grams {
		if err := m.flush(ctx); err != nil {
			return false, err
		}
		own := l.weights.F[g*per:][:per]
		h, _, finite := m.covariances()
		if !finite {
			return true, nil
		}
		p, err := newProblem(h, timesSymmetric(own, h, l.s.inputs), own)
		if errors.Is(err, errSingular) {
			l.problems = nil
			return true, nil
		}
		if err != nil {
			return false, err
		}
		p.count(rows, g*l.s.fg, l.s.fg)
		l.problems = append(l.problems, p)
	}
	return true, nil
}

// sums are the moments of the layer's sums over its samples, without bias, with weights w and inputs below tau read as 0.
func (l *single) sums(ctx context.Context, w []float32, tau float64) ([]meanVariance, error) {
	list := make([]meanVariance, 0, l.s.out[1])
	for g, x := range l.x {
		if tau > 0 {
			x.v = slices.Clone(x.v)
			cutBelow(x.v, tau)
		}
		right := newMatrix(l.s.inputs, l.s.fg)
		for f := range l.s.fg {
			for i, v := range w[(g*l.s.fg+f)*l.s.inputs:][:l.s.inputs] {
				right.v[i*l.s.fg+f] = v
			}
		}
		to := newMatrix(x.rows, l.s.fg)
		if err := product(ctx, to, x, newPanels(right)); err != nil {
			return nil, err
		}
		for f := range l.s.fg {
			var m meanVariance
			for r := range to.rows {
				m.mean += float64(to.v[r*to.cols+f])
			}
			m.mean /= float64(to.rows)
			for r := range to.rows {
				d := float64(to.v[r*to.cols+f]) - m.mean
				m.variance += float64(d * d)
			}
			m.variance /= float64(to.rows)
			list = append(list, m)
		}
	}
	return list, nil
}

// Repair gives a layer's weights under thresholds, in the model's order, and what is to be added to its biases. ok is false if the layer
// is not repaired: then its thresholds cut and nothing more. Weights below the weight threshold are 0; after a refit as many are 0,
// rounded to steps, but not the same.
func (s *Singles) Repair(ctx context.Context, name string, t settings.Tau) (weights, add []float32, ok bool, err error) {
	l := s.layers[name]
	if l == nil || t.W == 0 && t.A == 0 {
		return nil, nil, false, nil
	}
	w := slices.Clone(l.weights.F)
	cutBelow(w, t.W)
	zeros, old := countZeros(w), countZeros(l.weights.F)
	if zeros == old && l.few {
		return nil, nil, false, nil // a fit to so few samples costs more than the inputs that are cut
	}
	if l.problems != nil && zeros > old {
		if w, err = l.refit(ctx, zeros, old); err != nil {
			return nil, nil, false, err
		}
	}
	now, err := l.sums(ctx, w, t.A)
	if err != nil {
		return nil, nil, false, err
	}
	add = make([]float32, len(now))
	for c, z := range now {
		y, scale := l.y[c], 1.0
		if y.variance > l.still && z.variance > l.still {
			scale = min(max(math.Sqrt(y.variance/z.variance), 1/float64(mostScale)), mostScale)
		}
		add[c] = float32(y.mean - float64(scale*z.mean))
		for i, v := range w[c*l.s.inputs:][:l.s.inputs] {
			w[c*l.s.inputs+i] = float32(float64(v) * scale)
		}
	}
	return w, add, true, nil
}

// refit gives a copy of the refitted weights with about as many zeros; old are those of the model.
func (l *single) refit(ctx context.Context, zeros, old int) ([]float32, error) {
	if step := max(1, len(l.weights.F)/refitSteps); step > 1 {
		zeros = max(old, (zeros+step/2)/step*step)
	}
	zeros = min(zeros, len(l.weights.F)-1)
	l.mu.Lock()
	defer l.mu.Unlock()
	w, ok := l.refitted[zeros]
	if !ok {
		var err error
		if w, err = solve(ctx, l.problems, zeros); err != nil {
			return nil, err
		}
		l.refitted[zeros] = w
	}
	return slices.Clone(w), nil
}

// Apply gives a copy of g in which the layers have the weights and biases of Repair under thresholds, or weights cut by them where a
// layer is not repaired; thresholds on activations are not part of it.
func (s *Singles) Apply(ctx context.Context, g *graph.Graph, taus map[string]settings.Tau) (*graph.Graph, error) {
	cut := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for name, t := range taus {
		cut.Layers[name] = settings.LayerTau{W: &t.W}
	}
	out, err := cut.Apply(g)
	if err != nil {
		return nil, err
	}
	out.Nodes = slices.Clone(out.Nodes)
	names := graph.NewNames()
	for name := range out.Consts {
		names.Reserve(name)
	}
	for name := range out.Shapes {
		names.Reserve(name)
	}
	for i, n := range out.Nodes {
		w, add, ok, err := s.Repair(ctx, n.Name, taus[n.Name])
		if err != nil {
			return nil, fmt.Errorf("layer %q: %w", n.Name, err)
		}
		if !ok {
			continue
		}
		own := *n
		own.Inputs = []string{n.Inputs[0], names.Take(n.Inputs[1]), names.Take(n.Name + "/bias")}
		old := s.layers[n.Name].weights
		out.Consts[own.Inputs[1]] = &graph.Tensor{Type: graph.Float, Shape: old.Shape, F: w}
		if len(n.Inputs) > 2 && n.Inputs[2] != "" {
			for c, v := range out.Consts[n.Inputs[2]].F {
				add[c] += v
			}
		}
		out.Consts[own.Inputs[2]] = &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(add)}, F: add}
		out.Nodes[i] = &own
	}
	if err := graph.Verify(out); err != nil {
		return nil, fmt.Errorf("repaired network: %w", err)
	}
	return out, nil
}
