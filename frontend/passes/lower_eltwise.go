package passes

import (
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerEltwise turns Add, Sum, Mul, Sub, Div, Max, Min and Neg into element-wise
// operators of two operands: a Sum of many becomes a chain of additions, a
// constant subtracted or divided by is negated or inverted.
func lowerEltwise(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		if err := a.Done(); err != nil {
			return err
		}
		for i, v := range n.Inputs {
			if v == "" {
				return ops.Refuse("the model is damaged: export it again", "input %d is missing", i)
			}
			if c := r.Graph.Consts[v]; c != nil && c.Type != graph.Float {
				return ops.Refuse("", "its operand %q is %s, want floats", v, c.Type)
			}
		}
		if many := a.Op.Type == "Sum" || a.Op.Type == "Max" || a.Op.Type == "Min"; len(n.Inputs) != 2 && !many && a.Op.Type != "Neg" {
			return ops.Refuse("the model is damaged: export it again", "it has %d inputs, want 2", len(n.Inputs))
		}
		op := graph.Eltwise{Fn: "add"}
		switch a.Op.Type {
		case "Mul":
			op.Fn = "mul"
		case "Max", "Min":
			op.Fn = strings.ToLower(a.Op.Type)
		case "Neg":
			op.Fn = "mul"
			r.SetInputs(n, n.Inputs[0], r.Scalar(n.Name+"/minus", -1))
		case "Sub", "Div":
			op.Fn = strings.ToLower(a.Op.Type)
			c := r.Constant(n, 1)
			if c == nil {
				break
			}
			op.Fn = "add"
			t := &graph.Tensor{Type: graph.Float, Shape: slices.Clone(c.Shape), F: make([]float32, len(c.F))}
			for i, v := range c.F {
				if t.F[i] = -v; a.Op.Type == "Div" {
					t.F[i] = 1 / v
				}
			}
			if err := finite(t.F); err != nil {
				return err
			}
			suffix := "/negated"
			if a.Op.Type == "Div" {
				op.Fn, suffix = "mul", "/inverse"
			}
			r.SetInputs(n, n.Inputs[0], r.NewConst(n.Inputs[1], suffix, t))
		}
		// The constant operand comes second.
		if len(n.Inputs) == 2 && r.Constant(n, 0) != nil && op.Fn != "sub" && op.Fn != "div" {
			r.SetInputs(n, n.Inputs[1], n.Inputs[0])
		}
		n.Op = op
		if len(n.Inputs) <= 2 {
			return nil
		}
		// Sum, Max, Min: from left to right; the last operator keeps the name
		// and the output.
		rest := slices.Clone(n.Inputs)
		acc := rest[0]
		for i, v := range rest[1 : len(rest)-1] {
			s, err := graph.Broadcast(r.Shape(acc), r.Shape(v))
			if err != nil {
				return err
			}
			out := r.NewValue(n.Outputs[0] + "/partial")
			r.Graph.Shapes[out] = s
			r.Add(n, &graph.Node{Name: n.Name + "/partial", Op: op, Inputs: []string{acc, v}, Outputs: []string{out}})
			acc, rest[i+1] = out, out
		}
		r.SetInputs(n, acc, rest[len(rest)-1])
		return nil
	}, "Add", "Sum", "Mul", "Sub", "Div", "Max", "Min", "Neg")
}
