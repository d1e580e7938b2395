package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerLayout turns the remaining Transpose and Expand into transpose and expand, and DepthToSpace and SpaceToDepth into a transpose between
// reshapes. An Expand before element-wise operators that broadcast by themselves is dropped.
func lowerLayout(r *rewriter) error {
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x, out := n.Inputs[0], n.Outputs[0]
		s := r.Shape(x)
		if a.Op.Type == "DepthToSpace" || a.Op.Type == "SpaceToDepth" {
			b, err := ops.BlockOf(a, s)
			if err != nil {
				return err
			}
			if err := a.Done(); err != nil {
				return err
			}
			v := r.Chain(n, "/split", graph.Reshape{To: b.Split}, x)
			v = r.Chain(n, "/moved", graph.Transpose{Perm: b.Perm}, v)
			n.Op = graph.Reshape{To: b.To}
			r.SetInputs(n, v)
			return nil
		}
		if a.Op.Type == "Transpose" {
			perm, err := ops.PermOf(a, len(s))
			if err != nil {
				return err
			}
			if err := a.Done(); err != nil {
				return err
			}
			n.Op = graph.Transpose{Perm: perm}
			return nil
		}
		if err := a.Done(); err != nil {
			return err
		}
		broadcasts := !r.Output[out] && !slices.ContainsFunc(r.UsersOf(out), func(u *graph.Node) bool {
			if _, ok := u.Op.(graph.Eltwise); !ok || u.Inputs[0] == u.Inputs[1] {
				return true
			}
			other := u.Inputs[0]
			if other == out {
				other = u.Inputs[1]
			}
			b, err := graph.Broadcast(s, r.Shape(other))
			return err != nil || !b.Equal(r.Shape(u.Outputs[0]))
		})
		if broadcasts {
			r.Redirect(out, x)
			r.Remove(n)
			return nil
		}
		n.Op = graph.Expand{To: slices.Clone(r.Shape(out))}
		r.SetInputs(n, x)
		return nil
	}, "Transpose", "Expand", "DepthToSpace", "SpaceToDepth")
}
