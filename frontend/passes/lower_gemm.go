package passes

import (
	"fmt"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// product is a Gemm or MatMul of one row of data with constant weights.
type product struct {
	k, f        int  // inputs, outputs
	transB      bool // weights are [f,k]
	alpha, beta float32
}

// fullyConnected reports whether n multiplies one row of data by a constant
// matrix and adds at most a constant.
func (r *rewriter) fullyConnected(n *graph.Node, a *ops.Attrs) bool {
	out, err := r.ProductShape(n, a, r.Shape(ops.In(n, 0)))
	if err != nil || len(out) == 0 || out.Elems() != out[len(out)-1] {
		return false
	}
	w := r.Constant(n, 1)
	return w != nil && w.Type == graph.Float && len(w.Shape) == 2 && len(r.Shape(n.Inputs[0])) > 0 &&
		(a.Op.Type == "MatMul" || ops.In(n, 2) == "" || r.Constant(n, 2) != nil)
}

// product reads a Gemm or MatMul of one row of data; others are left to
// lower-matmul.
func (r *rewriter) product(n *graph.Node, a *ops.Attrs) (product, error) {
	p := product{alpha: 1, beta: 1}
	x, w := r.Shape(ops.In(n, 0)), r.Shape(ops.In(n, 1))
	if len(x) == 0 || w == nil {
		return p, fmt.Errorf("it multiplies %v by %v", x, w)
	}
	if len(w) != 2 {
		return p, ops.Refuse("", "its right operand is %v, want a matrix", w)
	}
	if a.Op.Type == "Gemm" {
		if len(x) != 2 {
			return p, fmt.Errorf("its left operand is %v, want a matrix", x)
		}
		p.alpha, p.beta = a.Float("alpha", 1), a.Float("beta", 1)
		p.transB = a.Int("transB", 0) != 0
		if a.Int("transA", 0) != 0 {
			// A transposed column of data is a row.
			x = graph.Shape{x[1], x[0]}
		}
	}
	p.k, p.f = w[0], w[1]
	if p.transB {
		p.k, p.f = w[1], w[0]
	}
	rows := x[:len(x)-1].Elems()
	switch {
	case x[len(x)-1] != p.k:
		return p, fmt.Errorf("%v times %v does not fit", x, graph.Shape{p.k, p.f})
	case rows != 1:
		return p, ops.Refuse("only one row of data times constant weights is supported", "its data have %d rows", rows)
	case p.f < 1 || p.k < 1:
		return p, fmt.Errorf("its weights %v are empty", w)
	}
	return p, nil
}

// lowerGemm turns Gemm and MatMul into a 1x1 conv on one pixel: alpha and beta
// go into weights and bias, the weights become [F,K,1,1].
func lowerGemm(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		if !r.fullyConnected(n, a) {
			return nil // lower-matmul handles it
		}
		w, err := r.Weights(n, 1, "weights")
		if err != nil {
			return err
		}
		p, err := r.product(n, a)
		if err != nil {
			return err
		}
		var bias *graph.Tensor
		if a.Op.Type == "Gemm" && ops.In(n, 2) != "" && p.beta != 0 {
			c, err := r.Weights(n, 2, "addend")
			if err != nil {
				return err
			}
			at, ok := graph.ByChannel(c.Shape, graph.Shape{1, p.f}, p.f)
			if !ok {
				return fmt.Errorf("its addend %v does not fit %d outputs", c.Shape, p.f)
			}
			bias = &graph.Tensor{Type: graph.Float, Shape: graph.Shape{p.f}, F: make([]float32, p.f)}
			for i := range bias.F {
				bias.F[i] = p.beta * c.F[at[i]]
			}
		}
		if err := a.Done(); err != nil {
			return err
		}
		lowered := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{p.f, p.k, 1, 1}, F: make([]float32, len(w.F))}
		for o := range p.f {
			for k := range p.k {
				at := k*p.f + o
				if p.transB {
					at = o*p.k + k
				}
				lowered.F[o*p.k+k] = p.alpha * w.F[at]
			}
		}
		if w.Grid != nil && p.alpha == 1 {
			g := *w.Grid
			if g.Axis = 1 - g.Axis; p.transB {
				g.Axis = w.Grid.Axis
			}
			lowered.Grid = &g
		}
		if err := finite(lowered.F); err != nil {
			return fmt.Errorf("alpha %v times weights: %w", p.alpha, err)
		}
		inputs := []string{n.Inputs[0], r.NewConst(n.Inputs[1], "/conv", lowered)}
		if bias != nil {
			inputs = append(inputs, r.NewConst(n.Inputs[2], "/conv", bias))
		}
		n.Op = graph.Conv{Window: unitWindow, Groups: 1}
		r.SetInputs(n, inputs...)
		r.ReshapeBefore(n, 0, graph.Shape{1, p.k, 1, 1})
		r.ReshapeAfter(n, graph.Shape{1, p.f, 1, 1})
		return nil
	}, "Gemm", "MatMul")
}
