package rewrite

import (
	"slices"

	"hass/internal/graph"
)

// readers are the nodes that read a value, in the order in which they were added; a node that
// reads it twice is listed twice. Dropping one of many does not search the others: its place
// stays empty until half of the places are empty.
type readers struct {
	list  []*graph.Node // nil where one was dropped
	empty int
	at    map[*graph.Node][]int // places in list; only for a list that was long once
}

// manyReaders is the number of readers, or inputs of a node, from which on an index is worth
// its memory.
const manyReaders = 32

func (u *readers) add(n *graph.Node) {
	if u.at != nil {
		u.at[n] = append(u.at[n], len(u.list))
	}
	u.list = append(u.list, n)
}

// drop removes one of n's readings.
func (u *readers) drop(n *graph.Node) {
	i := -1
	switch {
	case len(u.list) <= manyReaders:
		i = slices.Index(u.list, n)
	default:
		if u.at == nil {
			u.index()
		}
		if p := u.at[n]; len(p) > 0 {
			i, u.at[n] = p[0], p[1:]
		}
	}
	if i < 0 {
		return
	}
	u.list[i] = nil
	if u.empty++; 2*u.empty > len(u.list) {
		u.compact()
	}
}

func (u *readers) index() {
	u.at = make(map[*graph.Node][]int, len(u.list))
	for i, n := range u.list {
		if n != nil {
			u.at[n] = append(u.at[n], i)
		}
	}
}

func (u *readers) compact() {
	u.list, u.empty, u.at = slices.DeleteFunc(u.list, func(n *graph.Node) bool { return n == nil }), 0, nil
}

// Readers is the number of times that a value is read.
func (r *Rewriter) Readers(v string) int {
	if u := r.users[v]; u != nil {
		return len(u.list) - u.empty
	}
	return 0
}

// UsersOf are the nodes that read a value; a node that reads it twice is listed twice. The
// slice is valid until the graph changes.
func (r *Rewriter) UsersOf(v string) []*graph.Node {
	u := r.users[v]
	if u == nil {
		return nil
	}
	if u.empty > 0 {
		u.compact()
	}
	return u.list
}

func (r *Rewriter) addUser(v string, n *graph.Node) {
	u := r.users[v]
	if u == nil {
		u = &readers{}
		r.users[v] = u
	}
	u.add(n)
}

func (r *Rewriter) addUsers(n *graph.Node) {
	for _, v := range n.Inputs {
		if v != "" {
			r.addUser(v, n)
		}
	}
}

func (r *Rewriter) dropUser(v string, n *graph.Node) {
	if u := r.users[v]; u != nil {
		u.drop(n)
	}
}

// place is the place of the value v among the inputs of n, which instead will take.
func (r *Rewriter) place(n *graph.Node, v, instead string) int {
	if len(n.Inputs) <= manyReaders {
		return slices.Index(n.Inputs, v)
	}
	at := r.wide[n]
	if at == nil {
		at = make(map[string][]int, len(n.Inputs))
		for i, in := range n.Inputs {
			at[in] = append(at[in], i)
		}
		r.wide[n] = at
	}
	i := at[v][0]
	at[v] = at[v][1:]
	at[instead] = append(at[instead], i)
	return i
}
