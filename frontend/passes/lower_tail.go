package passes

import (
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerTail turns Softmax, LogSoftmax and ArgMax into host operators. Package quant decides whether the host can run them
// at their place in the graph.
func lowerTail(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(n.Inputs[0])
		if len(x) == 0 {
			return ops.Refuse("", "its input is a single number")
		}
		if a.Op.Type == "ArgMax" {
			fn := "argmax"
			if a.Int("select_last_index", 0) != 0 {
				fn = "lastargmax"
			}
			ax, err := ops.Axis(a.Int("axis", 0), len(x))
			if err != nil {
				return err
			}
			a.Ignore("keepdims") // the output's shape shows it
			if err := a.Done(); err != nil {
				return err
			}
			n.Op = graph.Host{Fn: fn, Axis: ax}
			full := slices.Clone(x)
			full[ax] = 1
			r.ReshapeAfter(n, full)
			return nil
		}
		fn := strings.ToLower(a.Op.Type)
		def := int64(-1)
		if a.Op.Opset < 13 {
			def = 1
		}
		ax, err := ops.FlattenAxis(a.Int("axis", def), len(x))
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		if a.Op.Opset >= 13 {
			n.Op = graph.Host{Fn: fn, Axis: min(ax, len(x)-1)}
			return nil
		}
		// Before opset 13 Softmax runs over all dimensions from the axis on.
		if ax < len(x) && x[ax+1:].Elems() == 1 {
			n.Op = graph.Host{Fn: fn, Axis: ax}
			return nil
		}
		flat := graph.Shape{x[:ax].Elems(), x[ax:].Elems()}
		n.Op = graph.Host{Fn: fn, Axis: 1}
		r.ReshapeBefore(n, 0, flat)
		r.ReshapeAfter(n, flat)
		return nil
	}, tailOps...)
}

// tailOps are the ONNX operators that may run on the host.
var tailOps = []string{"Softmax", "LogSoftmax", "ArgMax"}
