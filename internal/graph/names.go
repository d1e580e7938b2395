package graph

import "fmt"

// Names gives names that nobody has. It remembers how far each has come, so that equal
// names do not count from the beginning.
type Names struct {
	used map[string]bool
	next map[string]int
}

// NewNames knows no names yet.
func NewNames() *Names { return &Names{used: map[string]bool{}, next: map[string]int{}} }

// Reserve notes that a name is taken.
func (n *Names) Reserve(name string) { n.used[name] = true }

// Take appends ~2, ~3, ... to a name until nobody has it.
func (n *Names) Take(name string) string {
	out := n.Free(name, func(s string) bool { return n.used[s] })
	n.used[out] = true
	return out
}

// Free is Take for names whose holder the caller knows.
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
