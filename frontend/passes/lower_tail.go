package passes

import (
	"slices"
	"strings"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerTail marks Softmax, LogSoftmax and ArgMax as host operators where only reshapes and
// host operators follow. Anywhere else they are refused: the accelerator would
// have to send its data out and back.
func lowerTail(r *rewriter) error {
	// From the outputs back, so that one host operator may follow another.
	tail := map[*graph.Node]bool{}
	all := r.nodes()
	for _, n := range slices.Backward(all) {
		f, foreign := n.Op.(graph.Foreign)
		_, reshape := n.Op.(graph.Reshape)
		if !reshape && !(foreign && f.Domain == "" && slices.Contains(tailOps, f.Type)) {
			continue
		}
		tail[n] = !slices.ContainsFunc(r.usersOf(n.Outputs[0]), func(u *graph.Node) bool { return !tail[u] })
	}
	return r.each(func(n *graph.Node, a *ops.Attrs) error {
		if !tail[n] {
			return ops.Refuse("only the last operators of a network may run on the host", "it stands inside the network")
		}
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
			r.reshapeAfter(n, full)
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
		r.reshapeBefore(n, 0, flat)
		r.reshapeAfter(n, flat)
		return nil
	}, tailOps...)
}

// tailOps are the ONNX operators that may run on the host.
var tailOps = []string{"Softmax", "LogSoftmax", "ArgMax"}
