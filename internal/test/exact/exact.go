// Package exact evaluates a graph of quantised values by ONNX's definitions. It gives the values that an integer network must have.
// Unlike in float32, ties are exact.
package exact

import (
	"fmt"
	"math"

	"hass/internal/floatexec"
	"hass/internal/graph"
)

// Values evaluates g for one image in float64, all tensors by name. The values are exact, and a quotient is a tie only if the true
// quotient is, in graphs whose quantisers have scales that are powers of two with at most about 40 bits between two of them. The
// weights of a resize may be fractions: a result next to a multiple of 2^-20 is rounded to that multiple.
func Values(g *graph.Graph, image []float32) (map[string]*floatexec.Tensor[float64], error) {
	values := make(map[string]*floatexec.Tensor[float64])
	put := func(name string, shape graph.Shape, data []float32) {
		v := &floatexec.Tensor[float64]{Shape: shape, Data: make([]float64, len(data))}
		for i, x := range data {
			v.Data[i] = float64(x)
		}
		values[name] = v
	}
	put(g.Inputs[0].Name, g.Inputs[0].Shape, image)
	for name, c := range g.Consts {
		put(name, c.Shape, c.F)
	}
	for _, n := range g.Nodes {
		var in []*floatexec.Tensor[float64]
		for _, name := range n.Inputs {
			in = append(in, values[name])
		}
		y, err := floatexec.Eval(n.Op, in...)
		if err != nil {
			return nil, fmt.Errorf("node %q: %w", n.Name, err)
		}
		if _, ok := n.Op.(graph.Resize); ok {
			for i, v := range y.Data {
				if q := math.Ldexp(math.Round(math.Ldexp(v, 20)), -20); math.Abs(v-q) < 1e-10 {
					y.Data[i] = q
				}
			}
		}
		values[n.Outputs[0]] = y
	}
	return values, nil
}
