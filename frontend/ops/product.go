package ops

import (
	"fmt"

	"hass/internal/graph"
)

// ProductShape is the shape of a Gemm or MatMul.
func (r *Reading) ProductShape(n *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	w := r.Shape(In(n, 1))
	if w == nil {
		return nil, fmt.Errorf("it lacks its right operand")
	}
	if a.Op.Type == "Gemm" {
		if len(x) != 2 || len(w) != 2 {
			return nil, fmt.Errorf("it multiplies %v by %v, want matrices", x, w)
		}
		if a.Int("transA", 0) != 0 {
			x = graph.Shape{x[1], x[0]}
		}
		if a.Int("transB", 0) != 0 {
			w = graph.Shape{w[1], w[0]}
		}
	}
	out, err := graph.Infer(graph.MatMul{}, []graph.Shape{x, w})
	if err != nil {
		return nil, err
	}
	if c := r.Shape(In(n, 2)); a.Op.Type == "Gemm" && c != nil {
		if s, err := graph.Broadcast(out[0], c); err != nil || !s.Equal(out[0]) {
			return nil, fmt.Errorf("its addend %v does not fit %v", c, out[0])
		}
	}
	return out[0], nil
}
