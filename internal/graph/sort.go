package graph

import (
	"fmt"
	"slices"
)

// Sort orders nodes so that producers come before users, and otherwise
// keeps their order. maker maps values to nodes. A cycle is an error
// that names it.
func Sort(nodes []*Node, maker map[string]*Node) ([]*Node, error) {
	const (
		fresh = iota
		open
		done
	)
	state := make(map[*Node]int, len(nodes))
	out := make([]*Node, 0, len(nodes))
	type frame struct {
		n    *Node
		next int // input to visit next
	}
	for _, root := range nodes {
		if state[root] == done {
			continue
		}
		stack := []frame{{root, 0}}
		state[root] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == len(top.n.Inputs) {
				state[top.n] = done
				out = append(out, top.n)
				stack = stack[:len(stack)-1]
				continue
			}
			dep := maker[top.n.Inputs[top.next]]
			top.next++
			if dep == nil || state[dep] == done {
				continue
			}
			if state[dep] == open {
				at := slices.IndexFunc(stack, func(f frame) bool { return f.n == dep })
				msg := ""
				for _, f := range stack[at:] {
					if len(msg) < 200 {
						msg += fmt.Sprintf("%q reads from ", f.n.Name)
					}
				}
				return nil, fmt.Errorf("the graph has a cycle: node %s%q", msg, dep.Name)
			}
			state[dep] = open
			stack = append(stack, frame{dep, 0})
		}
	}
	return out, nil
}
