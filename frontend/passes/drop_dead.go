package passes

import "slices"

// dropDead removes nodes and constants that no graph output needs.
func dropDead(r *rewriter) error {
	need := map[string]bool{}
	for _, out := range r.Graph.Outputs {
		need[out] = true
	}
	for _, n := range slices.Backward(r.Nodes()) {
		live := slices.ContainsFunc(n.Outputs, func(v string) bool { return need[v] })
		if !live {
			r.Remove(n)
			continue
		}
		for _, v := range n.Inputs {
			need[v] = true
		}
	}
	for name := range r.Graph.Consts {
		if !need[name] {
			delete(r.Graph.Consts, name)
		}
	}
	return nil
}
