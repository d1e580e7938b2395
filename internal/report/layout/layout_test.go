package layout

import (
	"math/rand"
	"reflect"
	"testing"
)

// TestArrange: in random graphs every edge leads down a rank at a time, no two places of a rank overlap, edges end at the sides of
// their nodes, and the same graph is laid out the same.
func TestArrange(t *testing.T) {
	for seed := range int64(30) {
		rng := rand.New(rand.NewSource(seed))
		n := 2 + rng.Intn(120)
		var edges [][2]int
		for v := 1; v < n; v++ {
			for range 1 + rng.Intn(3) {
				edges = append(edges, [2]int{max(0, v-1-rng.Intn(8)), v})
			}
		}
		l := Arrange(n, edges)
		if l == nil {
			t.Fatalf("seed %d: no layout", seed)
		}
		for e, route := range l.Routes {
			for i := 1; i < len(route); i++ {
				if a, b := l.Places[route[i-1]].Rank, l.Places[route[i]].Rank; b != a+1 {
					t.Errorf("seed %d: edge %d goes from rank %d to %d", seed, e, a, b)
				}
			}
			if l.Places[route[0]].Node != edges[e][0] || l.Places[route[len(route)-1]].Node != edges[e][1] {
				t.Errorf("seed %d: edge %d ends elsewhere", seed, e)
			}
			for _, off := range []float64{l.Leave[e], l.Enter[e]} {
				if off < -NodeWidth/2 || off > NodeWidth/2 {
					t.Errorf("seed %d: edge %d ends %v beside its node", seed, e, off)
				}
			}
		}
		for r, rank := range l.Ranks {
			for i := 1; i < len(rank); i++ {
				a, b := &l.Places[rank[i-1]], &l.Places[rank[i]]
				if gap := b.X - a.X - (a.Width()+b.Width())/2; gap < nodeGap-1 { // places are rounded
					t.Errorf("seed %d: rank %d: a gap of %v", seed, r, gap)
				}
			}
			for _, k := range rank {
				if p := &l.Places[k]; p.X < p.Width()/2-1 {
					t.Errorf("seed %d: a place is left of the drawing: %v", seed, p.X)
				}
			}
		}
		if !reflect.DeepEqual(l, Arrange(n, edges)) {
			t.Errorf("seed %d: laid out differently", seed)
		}
	}
}

// TestArrangeChain: a chain is a straight line, and a skip connection a straight line next to it.
func TestArrangeChain(t *testing.T) {
	l := Arrange(5, [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}})
	for v := range 5 {
		if p := l.Places[l.At[v]]; p.X != l.Places[l.At[0]].X || p.Rank != v {
			t.Errorf("node %d is at %v in rank %d", v, p.X, p.Rank)
		}
	}
	l = Arrange(4, [][2]int{{0, 1}, {1, 2}, {2, 3}, {0, 3}})
	skip := l.Routes[3]
	if len(skip) != 4 || l.Places[skip[1]].X != l.Places[skip[2]].X {
		t.Errorf("the skip goes through %v", skip)
	}
	if l.Places[l.At[1]].X != l.Places[l.At[2]].X {
		t.Error("the chain inside bends")
	}
}

// TestArrangeBounded: a graph that would need too many places is not laid out.
func TestArrangeBounded(t *testing.T) {
	if Arrange(maxPlaces+1, nil) != nil {
		t.Error("too many nodes are laid out")
	}
	// Each of many long edges has a point in every rank.
	n := 1000
	var edges [][2]int
	for v := 1; v < n; v++ {
		edges = append(edges, [2]int{v - 1, v}, [2]int{0, v})
	}
	if Arrange(n, edges) != nil {
		t.Error("half a million points are laid out")
	}
}
