package frontend

import (
	"fmt"

	"hass/internal/graph"
)

// productShape is the shape of a Gemm or MatMul.
func (r *reading) productShape(n *graph.Node, a *attrs, x graph.Shape) (graph.Shape, error) {
	w := r.shape(in(n, 1))
	if w == nil {
		return nil, fmt.Errorf("it lacks its right operand")
	}
	if a.op.Type == "Gemm" {
		if len(x) != 2 || len(w) != 2 {
			return nil, fmt.Errorf("it multiplies %v by %v, want matrices", x, w)
		}
		if a.int("transA", 0) != 0 {
			x = graph.Shape{x[1], x[0]}
		}
		if a.int("transB", 0) != 0 {
			w = graph.Shape{w[1], w[0]}
		}
	}
	out, err := graph.Infer(graph.MatMul{}, []graph.Shape{x, w})
	if err != nil {
		return nil, err
	}
	if c := r.shape(in(n, 2)); a.op.Type == "Gemm" && c != nil {
		if s, err := graph.Broadcast(out[0], c); err != nil || !s.Equal(out[0]) {
			return nil, fmt.Errorf("its addend %v does not fit %v", c, out[0])
		}
	}
	return out[0], nil
}
