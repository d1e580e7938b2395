package repair

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"hass/internal/graph"
)

// The parameters of a refit.
const (
	// damping times the mean variance of the inputs is added to every variance: it keeps weights near the layer's original ones.
	damping = 0.3
	// rounds of the search for the zeros: alternating directions of multipliers. The share of zeros rises over the first
	// rampRounds of them as 1 - (1 - x)^3.
	rounds     = 16
	rampRounds = 12
	// descents is the number of steps of conjugate gradients that end the fit, over the remaining weights.
	descents = 20
)

// errSingular is the error of moments to which no weights can be fitted.
var errSingular = errors.New("its inputs on the calibration images do not determine weights")

// mostInputs bounds the inputs of a layer that is refit: its moments take 40 times their square, in bytes.
const mostInputs = 8192

// refits reports whether a layer is refit. If it is not, and a user could expect it, note gives the reason.
func (l *layer) refits(o Options) (ok bool, note string) {
	op, conv := l.node.Op.(graph.Conv)
	switch {
	case o.Repair != Refit || !l.changed:
	case !conv:
		note = "a transposed convolution is not refit but matched"
	case op.Groups > 1 && l.weights.Shape[1] == 1:
		// A filter over one channel has too few weights to compensate for one another.
	case l.few():
		note = fmt.Sprintf("its outputs on the calibration images are fewer than %d times its inputs: it is not refit but matched; more images would help", fewSamples)
	case l.inputs > mostInputs:
		note = fmt.Sprintf("an output sums over more than %d inputs: it is not refit but matched", mostInputs)
	default:
		ok = true
	}
	return ok, note
}

// refit gives the layer the weights with which its sums, from its inputs in the repaired network, are nearest to those of the
// original network.
func (l *layer) refit(ctx context.Context, t *twin, w *walk) error {
	op := l.node.Op.(graph.Conv)
	in := t.g.Nodes[l.at+1].Inputs[0]
	s := newSampler(op, t.g.Shapes[in], t.g.Shapes[l.was], uint64(l.number), (fewSamples*l.inputs+w.images.N-1)/w.images.N)
	grams, err := gather(ctx, w, s, l.at, in, l.was)
	if err != nil {
		return err
	}
	old := t.pruned.Consts[l.node.Inputs[1]].F
	per := s.fg * s.inputs // weights of a group
	problems := make([]*problem, len(grams))
	for g, m := range grams {
		h, c, ok := m.covariances()
		if !ok {
			return errSingular
		}
		if problems[g], err = newProblem(h, c, old[g*per:][:per]); err != nil {
			return err
		}
		problems[g].count(l.rows, g*s.fg, s.fg)
		grams[g] = nil
	}
	weights, err := solve(ctx, problems, l.report.Zeros)
	if err != nil {
		return err
	}
	l.weights = &graph.Tensor{Type: graph.Float, Shape: l.weights.Shape, F: weights}
	l.set(t)
	return nil
}

// gather sums up the samples of a layer, by group: its input, value in, and its original output, value out, of node at.
func gather(ctx context.Context, w *walk, s *sampler, at int, in, out string) ([]*gram, error) {
	grams := make([]*gram, s.op.Groups)
	for g := range grams {
		grams[g] = newGram(s.inputs, s.fg)
	}
	err := pass(ctx, w, at, at+1, []string{in, out}, func(i int, v values) ([]samples, error) {
		return s.take(i, v[in], v[out]), nil
	}, func(list []samples) error {
		for g := range grams {
			if err := grams[g].add(ctx, list[g]); err != nil {
				return err
			}
		}
		return nil
	})
	for _, m := range grams {
		if err == nil {
			err = m.flush(ctx)
		}
	}
	return grams, err
}

// count sets the weight of every row, from n channels of rows from first on; a nil rows leaves all weights equal.
func (p *problem) count(rows []float64, first, n int) {
	if rows == nil {
		return
	}
	for _, v := range rows[first:][:n] {
		p.rows = append(p.rows, float32(v))
	}
}

// problem is the fit of one group of a layer: weights W, a row for every output, that minimise tr(W H W') - 2 tr(W T'). Its columns are
// scaled so that the diagonal of H is 1.
type problem struct {
	scale  []float64 // of every column: the root of H's diagonal
	h, inv panels    // H, and the inverse of H + I
	t      matrix    // T
	start  matrix    // solution without zeros
	may    []bool    // weights that may be non-zero
	rows   []float32 // weight of every row in the choice of zeros; nil if all are equal
}

// newProblem takes covariances of inputs and of outputs with inputs, and the layer's original weights w.
func newProblem(h, t []float64, w []float32) (*problem, error) {
	k := int(math.Round(math.Sqrt(float64(len(h)))))
	rows := len(w) / k
	mean := 0.0
	for i := range k {
		mean += h[i*k+i] / float64(k)
	}
	if !(mean > 0) {
		return nil, errSingular
	}
	p := &problem{scale: make([]float64, k), t: newMatrix(rows, k), start: newMatrix(rows, k), may: make([]bool, len(w))}
	lambda := damping * mean
	for i := range k {
		h[i*k+i] += lambda
		p.scale[i] = math.Sqrt(h[i*k+i])
	}
	for i := range k {
		for j := range k {
			h[i*k+j] /= float64(p.scale[i] * p.scale[j])
		}
		h[i*k+i] = 1
	}
	for i, v := range w {
		p.may[i] = v != 0
		t[i] = (t[i] + float64(lambda*float64(v))) / p.scale[i%k]
	}
	var c mat.Cholesky
	if !c.Factorize(mat.NewSymDense(k, h)) {
		return nil, errSingular
	}
	var x mat.Dense
	if err := c.SolveTo(&x, mat.NewDense(rows, k, t).T()); err != nil {
		return nil, errSingular
	}
	p.h = newPanels(narrow(k, k, h))
	p.t = narrow(rows, k, t)
	for r := range rows {
		for i := range k {
			p.start.row(r)[i] = float32(x.At(i, r))
		}
	}
	for i := range k {
		h[i*k+i] = 2
	}
	var inv mat.SymDense
	if !c.Factorize(mat.NewSymDense(k, h)) || c.InverseTo(&inv) != nil {
		return nil, errSingular
	}
	m := newMatrix(k, k)
	for i := range k {
		for j := range k {
			m.v[i*k+j] = float32(inv.At(i, j))
		}
	}
	p.inv = newPanels(m)
	return p, nil
}

// narrow is a matrix in float32.
func narrow(rows, cols int, v []float64) matrix {
	m := newMatrix(rows, cols)
	for i := range m.v {
		m.v[i] = float32(v[i])
	}
	return m
}

// solve gives the weights of all groups of a layer with the given number of zeros, including the weights that must be 0.
func solve(ctx context.Context, groups []*problem, zeros int) ([]float32, error) {
	must, all := 0, 0
	for _, p := range groups {
		all += len(p.may)
		for _, ok := range p.may {
			if !ok {
				must++
			}
		}
	}
	w := make([]matrix, len(groups))
	masks := make([][]bool, len(groups))
	for g, p := range groups {
		w[g], masks[g] = p.start, p.may
	}
	if zeros > must {
		var err error
		if w, masks, err = choose(ctx, groups, zeros, must); err != nil {
			return nil, err
		}
	}
	list := make([]float32, 0, all)
	for g, p := range groups {
		if err := p.descend(ctx, w[g], masks[g]); err != nil {
			return nil, err
		}
		for i, v := range w[g].v {
			list = append(list, float32(float64(v)/p.scale[i%len(p.scale)]))
		}
	}
	return list, nil
}

// choose finds the zeros by alternating directions: weights w that solve the problems are pulled towards weights z with zeros,
// with u as the accumulated difference.
func choose(ctx context.Context, groups []*problem, zeros, must int) (z []matrix, masks [][]bool, err error) {
	w, u, sum := make([]matrix, len(groups)), make([]matrix, len(groups)), make([]matrix, len(groups))
	z, masks = make([]matrix, len(groups)), make([][]bool, len(groups))
	for g, p := range groups {
		rows, cols := p.start.rows, p.start.cols
		w[g] = matrix{rows, cols, slices.Clone(p.start.v)}
		u[g], sum[g], z[g] = newMatrix(rows, cols), newMatrix(rows, cols), newMatrix(rows, cols)
	}
	for round := range rounds {
		for g := range groups {
			for i, v := range w[g].v {
				sum[g].v[i] = v + u[g].v[i]
			}
		}
		if round < rampRounds {
			left := 1 - float64(round+1)/rampRounds
			now := must + int(math.Round(float64(zeros-must)*(1-float64(left*left)*left)))
			masks = largest(groups, sum, now)
		}
		for g, p := range groups {
			to := sum[g] // will be the target of the next weights
			for i, s := range sum[g].v {
				z[g].v[i] = 0
				if masks[g][i] {
					z[g].v[i] = s
				}
				u[g].v[i] = s - z[g].v[i]
				to.v[i] = p.t.v[i] + (z[g].v[i] - u[g].v[i])
			}
			if round == rounds-1 {
				continue
			}
			if err := product(ctx, w[g], to, p.inv); err != nil {
				return nil, nil, err
			}
		}
	}
	return z, masks, nil
}

// largest reports which weights remain if the given number of weights, the ones of least magnitude in all groups, become 0. Weights that
// must be 0 come first.
func largest(groups []*problem, w []matrix, zeros int) [][]bool {
	var list []float32
	for g, p := range groups {
		for i := range w[g].v {
			list = append(list, p.weight(w[g], i))
		}
	}
	slices.Sort(list)
	limit, below := float32(-2), 0
	if zeros > 0 {
		limit = list[zeros-1]
		below, _ = slices.BinarySearch(list, limit)
	}
	equal := zeros - below // number of weights equal to limit that become zero, the first ones
	masks := make([][]bool, len(groups))
	for g, p := range groups {
		masks[g] = make([]bool, len(p.may))
		for i := range w[g].v {
			v := p.weight(w[g], i)
			switch {
			case v > limit:
				masks[g][i] = true
			case v == limit && equal > 0:
				equal--
			case v == limit:
				masks[g][i] = p.may[i]
			}
		}
	}
	return masks
}

// weight is the magnitude of weight i in the choice of zeros; -1 if it must be 0.
func (p *problem) weight(w matrix, i int) float32 {
	v := max(w.v[i], -w.v[i])
	switch {
	case !p.may[i]:
		return -1
	case p.rows != nil:
		return float32(v * p.rows[i/w.cols])
	}
	return v
}

// descend moves w to the minimum over the weights of the mask, and sets the others to 0.
func (p *problem) descend(ctx context.Context, w matrix, mask []bool) error {
	rows, cols := w.rows, w.cols
	rest, dir, q := newMatrix(rows, cols), newMatrix(rows, cols), newMatrix(rows, cols)
	for i := range w.v {
		if !mask[i] {
			w.v[i] = 0
		}
	}
	if err := product(ctx, q, w, p.h); err != nil {
		return err
	}
	size := make([]float64, rows)
	for r := range rows {
		for i, v := range p.t.row(r) {
			if mask[r*cols+i] {
				rest.row(r)[i] = v - q.row(r)[i]
			}
		}
		copy(dir.row(r), rest.row(r))
		size[r] = dot(rest.row(r), rest.row(r))
	}
	for range descents {
		if err := product(ctx, q, dir, p.h); err != nil {
			return err
		}
		for r := range rows {
			for i := range cols {
				if !mask[r*cols+i] {
					q.row(r)[i] = 0
				}
			}
			curve := dot(dir.row(r), q.row(r))
			if !(curve > 0) || size[r] == 0 {
				continue // the minimum, within the precision of float32
			}
			step := float32(size[r] / curve)
			for i, d := range dir.row(r) {
				w.row(r)[i] += float32(step * d)
				rest.row(r)[i] -= float32(step * q.row(r)[i])
			}
			next := dot(rest.row(r), rest.row(r))
			turn := float32(next / size[r])
			for i, v := range rest.row(r) {
				dir.row(r)[i] = v + float32(turn*dir.row(r)[i])
			}
			size[r] = next
		}
	}
	return nil
}

func dot(a, b []float32) float64 {
	s := 0.0
	for i, v := range a {
		s += float64(float64(v) * float64(b[i]))
	}
	return s
}
