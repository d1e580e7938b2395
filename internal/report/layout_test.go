package report

import (
	"math/rand"
	"reflect"
	"slices"
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
		l := arrange(n, edges)
		if l == nil {
			t.Fatalf("seed %d: no layout", seed)
		}
		for e, route := range l.routes {
			for i := 1; i < len(route); i++ {
				if a, b := l.places[route[i-1]].rank, l.places[route[i]].rank; b != a+1 {
					t.Errorf("seed %d: edge %d goes from rank %d to %d", seed, e, a, b)
				}
			}
			if l.places[route[0]].node != edges[e][0] || l.places[route[len(route)-1]].node != edges[e][1] {
				t.Errorf("seed %d: edge %d ends elsewhere", seed, e)
			}
			for _, off := range []float64{l.leave[e], l.enter[e]} {
				if off < -nodeWidth/2 || off > nodeWidth/2 {
					t.Errorf("seed %d: edge %d ends %v beside its node", seed, e, off)
				}
			}
		}
		for r, rank := range l.ranks {
			for i := 1; i < len(rank); i++ {
				a, b := &l.places[rank[i-1]], &l.places[rank[i]]
				if gap := b.x - a.x - (a.width()+b.width())/2; gap < nodeGap-1 { // places are rounded
					t.Errorf("seed %d: rank %d: a gap of %v", seed, r, gap)
				}
			}
			for _, k := range rank {
				if p := &l.places[k]; p.x < p.width()/2-1 {
					t.Errorf("seed %d: a place is left of the drawing: %v", seed, p.x)
				}
			}
		}
		if !reflect.DeepEqual(l, arrange(n, edges)) {
			t.Errorf("seed %d: laid out differently", seed)
		}
	}
}

// TestArrangeChain: a chain is a straight line, and a skip connection a straight line next to it.
func TestArrangeChain(t *testing.T) {
	l := arrange(5, [][2]int{{0, 1}, {1, 2}, {2, 3}, {3, 4}})
	for v := range 5 {
		if p := l.places[l.at[v]]; p.x != l.places[l.at[0]].x || p.rank != v {
			t.Errorf("node %d is at %v in rank %d", v, p.x, p.rank)
		}
	}
	l = arrange(4, [][2]int{{0, 1}, {1, 2}, {2, 3}, {0, 3}})
	skip := l.routes[3]
	if len(skip) != 4 || l.places[skip[1]].x != l.places[skip[2]].x {
		t.Errorf("the skip goes through %v", skip)
	}
	if l.places[l.at[1]].x != l.places[l.at[2]].x {
		t.Error("the chain inside bends")
	}
}

// TestArrangeBounded: a graph that would need too many places is not laid out.
func TestArrangeBounded(t *testing.T) {
	if arrange(maxPlaces+1, nil) != nil {
		t.Error("too many nodes are laid out")
	}
	// Each of many long edges has a point in every rank.
	n := 1000
	var edges [][2]int
	for v := 1; v < n; v++ {
		edges = append(edges, [2]int{v - 1, v}, [2]int{0, v})
	}
	if arrange(n, edges) != nil {
		t.Error("half a million points are laid out")
	}
}

func TestMost(t *testing.T) {
	weight := func(v int) float64 { return float64(v % 10) }
	if got := most([]int{1, 19, 5, 29, 7}, 3, weight); !slices.Equal(got, []int{19, 29, 7}) {
		t.Errorf("%v", got)
	}
	if got := most([]int{11, 1, 21}, 2, weight); !slices.Equal(got, []int{11, 1}) {
		t.Errorf("of equal ones %v are kept", got)
	}
}
