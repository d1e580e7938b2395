package rewrite

import (
	"math/rand/v2"
	"slices"
	"testing"

	"hass/internal/graph"
)

// TestReaders: readers give the same as a plain list.
func TestReaders(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	nodes := make([]*graph.Node, 40)
	for i := range nodes {
		nodes[i] = &graph.Node{}
	}
	for range 50 {
		u := &readers{}
		var want []*graph.Node
		for range 400 {
			n := nodes[r.IntN(len(nodes))]
			if r.IntN(3) > 0 {
				u.add(n)
				want = append(want, n)
			} else {
				u.drop(n)
				if i := slices.Index(want, n); i >= 0 {
					want = slices.Delete(want, i, i+1)
				}
			}
			if len(u.list)-u.empty != len(want) {
				t.Fatalf("%d readers, want %d", len(u.list)-u.empty, len(want))
			}
		}
		u.compact()
		if !slices.Equal(u.list, want) {
			t.Fatal("other readers, or in another order")
		}
	}
}
