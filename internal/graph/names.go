package graph

import "fmt"

// Names makes unique names. It remembers the last number of each name, so that equal
// names are not counted from the beginning.
type Names struct {
	used map[string]bool
	next map[string]int
}

// NewNames knows no names yet.
func NewNames() *Names { return &Names{used: map[string]bool{}, next: map[string]int{}} }

// Reserve marks a name as taken.
func (n *Names) Reserve(name string) { n.used[name] = true }

// Take appends ~2, ~3, ... to a name until it is free.
func (n *Names) Take(name string) string {
	out := n.Free(name, func(s string) bool { return n.used[s] })
	n.used[out] = true
	return out
}

// Free is Take with a caller that knows which names are taken.
func (n *Names) Free(name string, taken func(string) bool) string {
	if !taken(name) {
		return name
	}
	for k := max(2, n.next[name]); ; k++ {
		if out := fmt.Sprintf("%s~%d", name, k); !taken(out) {
			n.next[name] = k + 1
			return out
		}
	}
}
