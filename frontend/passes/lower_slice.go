package passes

import (
	"fmt"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerSlice turns Slice into slice and Split into one slice per output that is
// read.
func lowerSlice(r *rewriter) error {
	if err := r.Each(func(n *graph.Node, a *ops.Attrs) error {
		op, err := r.SliceOf(n, a, r.Shape(n.Inputs[0]))
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		if op.To.Equal(r.Shape(n.Inputs[0])) && !slices.ContainsFunc(op.Step, func(v int) bool { return v < 0 }) {
			r.Bypass(n, n.Inputs[0])
			return nil
		}
		n.Op = op
		r.SetInputs(n, n.Inputs[0])
		return nil
	}, "Slice"); err != nil {
		return err
	}
	return r.EachOutput(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(n.Inputs[0])
		ax, sizes, err := r.SplitOf(n, a, x)
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		data, outputs, at := n.Inputs[0], n.Outputs, 0
		used := func(v string) bool { return v != "" && (r.Output[v] || r.Readers(v) > 0) }
		first := -1
		for i, out := range outputs {
			op := ops.WholeSlice(x)
			op.Start[ax], op.To[ax] = at, sizes[i]
			at += sizes[i]
			switch {
			case !used(out):
				delete(r.Maker, out)
				delete(r.Graph.Shapes, out)
			case first < 0: // the node itself keeps its name
				first = i
				n.Op, n.Outputs = op, []string{out}
				r.SetInputs(n, data)
			default:
				r.Add(n, &graph.Node{Name: fmt.Sprintf("%s/%d", n.Name, i), Op: op, Inputs: []string{data}, Outputs: []string{out}})
			}
		}
		if first < 0 {
			n.Outputs = nil
			r.SetInputs(n)
			r.Gone[n] = true
		}
		return nil
	}, "Split")
}
