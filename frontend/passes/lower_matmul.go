package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerMatmul turns products other than fully connected layers over one row of
// data into matmul: products of two run-time matrices, or of several rows. A
// Gemm becomes a product between transposes, a scaling and an addition.
func lowerMatmul(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		for _, v := range n.Inputs {
			if t := r.Graph.Consts[v]; t != nil && t.Type != graph.Float {
				return ops.Refuse("", "its operand %q is %s, want floats", v, t.Type)
			}
		}
		if a.Op.Type == "MatMul" {
			if err := a.Done(); err != nil {
				return err
			}
			n.Op = graph.MatMul{}
			return nil
		}
		alpha, beta := a.Float("alpha", 1), a.Float("beta", 1)
		transposed := [2]bool{a.Int("transA", 0) != 0, a.Int("transB", 0) != 0}
		if err := a.Done(); err != nil {
			return err
		}
		inputs := slices.Clone(n.Inputs)
		for i, t := range transposed {
			if t {
				inputs[i] = r.Chain(n, "/transposed", graph.Transpose{Perm: []int{1, 0}}, inputs[i])
			}
		}
		addend := ops.In(n, 2)
		if beta == 0 {
			addend = ""
		}
		if addend != "" && beta != 1 {
			addend = r.Chain(n, "/beta", graph.Eltwise{Fn: "mul"}, addend, r.Scalar(n.Name+"/beta", beta))
		}
		var op graph.Op = graph.MatMul{}
		inputs = inputs[:2]
		if alpha != 1 {
			inputs = []string{r.Chain(n, "/product", op, inputs...), r.Scalar(n.Name+"/alpha", alpha)}
			op = graph.Eltwise{Fn: "mul"}
		}
		if addend != "" {
			inputs = []string{r.Chain(n, "/scaled", op, inputs...), addend}
			op = graph.Eltwise{Fn: "add"}
		}
		n.Op = op
		r.SetInputs(n, inputs...)
		return nil
	}, "MatMul", "Gemm")
}
