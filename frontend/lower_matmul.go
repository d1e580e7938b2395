package frontend

import (
	"slices"

	"hass/internal/graph"
)

// lowerMatmul turns what is no fully connected layer over one row of data into
// matmul: products of two run-time matrices, or of several rows. A Gemm becomes
// a product between transposes, a scaling and an addition.
func lowerMatmul(r *rewriter) error {
	return r.each(func(n *graph.Node, a *attrs) error {
		for _, v := range n.Inputs {
			if t := r.graph.Consts[v]; t != nil && t.Type != graph.Float {
				return refuse("", "its operand %q is %s, want floats", v, t.Type)
			}
		}
		if a.op.Type == "MatMul" {
			if err := a.done(); err != nil {
				return err
			}
			n.Op = graph.MatMul{}
			return nil
		}
		alpha, beta := a.float("alpha", 1), a.float("beta", 1)
		transposed := [2]bool{a.int("transA", 0) != 0, a.int("transB", 0) != 0}
		if err := a.done(); err != nil {
			return err
		}
		inputs := slices.Clone(n.Inputs)
		for i, t := range transposed {
			if t {
				inputs[i] = r.chain(n, "/transposed", graph.Transpose{Perm: []int{1, 0}}, inputs[i])
			}
		}
		addend := in(n, 2)
		if beta == 0 {
			addend = ""
		}
		if addend != "" && beta != 1 {
			addend = r.chain(n, "/beta", graph.Eltwise{Fn: "mul"}, addend, r.scalar(n.Name+"/beta", beta))
		}
		var op graph.Op = graph.MatMul{}
		inputs = inputs[:2]
		if alpha != 1 {
			inputs = []string{r.chain(n, "/product", op, inputs...), r.scalar(n.Name+"/alpha", alpha)}
			op = graph.Eltwise{Fn: "mul"}
		}
		if addend != "" {
			inputs = []string{r.chain(n, "/scaled", op, inputs...), addend}
			op = graph.Eltwise{Fn: "add"}
		}
		n.Op = op
		r.setInputs(n, inputs...)
		return nil
	}, "MatMul", "Gemm")
}

// scalar is a new constant of one number.
func (r *rewriter) scalar(base string, v float32) string {
	return r.newConst(base, "", &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{v}})
}

// chain puts a new operator beside n and returns its output. Its inputs must fit
// it.
func (r *rewriter) chain(n *graph.Node, suffix string, op graph.Op, inputs ...string) string {
	out := r.newValue(n.Outputs[0] + suffix)
	shapes := make([]graph.Shape, len(inputs))
	for i, v := range inputs {
		shapes[i] = r.shape(v)
	}
	if s, err := graph.Infer(op, shapes); err == nil { // otherwise Verify says what is wrong
		r.graph.Shapes[out] = s[0]
	}
	r.add(n, &graph.Node{Name: n.Name + suffix, Op: op, Inputs: inputs, Outputs: []string{out}})
	return out
}
