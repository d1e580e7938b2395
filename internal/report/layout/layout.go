// Package layout places the nodes and edges of a graph without cycles in ranks from top to bottom.
//
// It takes the number of nodes and the edges between them; it gives the place of every node and the way of every edge, the same for the
// same graph. It knows sizes in CSS pixels, and nothing about what nodes stand for or how they are drawn.
package layout

import (
	"math"
	"slices"
)

// The graph is drawn in ranks from top to bottom: a node stands below all that it reads (longest paths). An edge over several ranks
// goes through a point in each of them, which has a place in the order as nodes have. Few sweeps of barycentres order the ranks; then
// every place moves as near to its neighbours as the order and the gaps allow.

// maxPlaces bounds the nodes, and points of long edges, that are laid out.
const maxPlaces = 6000

// Sizes of the drawing in CSS pixels.
const (
	NodeWidth  = 196
	NodeHeight = 62
	nodeGap    = 28
	pointWidth = 12 // of a long edge
	RankGap    = 30 // without labels
	LabelLine  = 13
	Margin     = 16
	portGap    = 48 // between edges at a side of a node
)

// Place is a node, or a point of a long edge, in a rank.
type Place struct {
	Node  int // index, or -1
	Rank  int
	X     float64 // of the middle
	ups   []joint // to places in the rank above
	downs []joint // to places in the rank below
}

// joint is a piece of an edge from a place to another one. It is straight where that one is off to the right.
type joint struct {
	place int
	off   float64
}

// Width is the room that a place takes.
func (p *Place) Width() float64 {
	if p.Node < 0 {
		return pointWidth
	}
	return NodeWidth
}

// Layout is where nodes and edges go.
type Layout struct {
	Places []Place
	Ranks  [][]int // places from left to right
	At     []int   // by node: its place
	Routes [][]int // by edge: the places that it goes through, both ends included
	// Leave and Enter are where edges end at the sides of their nodes, as offsets from the middle.
	Leave, Enter []float64
}

// Arrange lays n nodes out, whose edges {from, to} lead from earlier nodes to later ones. It gives nil if there are too many.
func Arrange(n int, edges [][2]int) *Layout {
	rank := make([]int, n)
	into := make([][]int, n)
	for e, edge := range edges {
		into[edge[1]] = append(into[edge[1]], e)
	}
	deepest := 0
	for v := range n {
		for _, e := range into[v] {
			rank[v] = max(rank[v], rank[edges[e][0]]+1)
		}
		deepest = max(deepest, rank[v])
	}
	total := n
	for _, e := range edges {
		if total += rank[e[1]] - rank[e[0]] - 1; total > maxPlaces {
			return nil
		}
	}
	if total > maxPlaces {
		return nil
	}
	l := &Layout{Ranks: make([][]int, deepest+1), At: make([]int, n)}
	put := func(node, rank int) int {
		l.Places = append(l.Places, Place{Node: node, Rank: rank})
		k := len(l.Places) - 1
		l.Ranks[rank] = append(l.Ranks[rank], k)
		return k
	}
	for v := range n {
		l.At[v] = put(v, rank[v])
	}
	for _, e := range edges {
		route := []int{l.At[e[0]]}
		for r := rank[e[0]] + 1; r < rank[e[1]]; r++ {
			route = append(route, put(-1, r))
		}
		route = append(route, l.At[e[1]])
		for i := 1; i < len(route); i++ {
			a, b := route[i-1], route[i]
			l.Places[a].downs = append(l.Places[a].downs, joint{place: b})
			l.Places[b].ups = append(l.Places[b].ups, joint{place: a})
		}
		l.Routes = append(l.Routes, route)
	}
	l.order()
	l.Leave, l.Enter = l.ports(edges, 0), l.ports(edges, 1)
	l.joints()
	l.position()
	return l
}

// sweeps is how often ranks are ordered and places moved, down and up.
const sweeps = 6

// settling is how often chains move half way to where they want to be.
const settling = 80

// order orders the places of every rank by where their neighbours are in the rank before.
func (l *Layout) order() {
	index := make([]float64, len(l.Places))
	number := func(r int) {
		for i, k := range l.Ranks[r] {
			index[k] = float64(i)
		}
	}
	for r := range l.Ranks {
		number(r)
	}
	for s := range sweeps {
		down := s%2 == 0
		l.visit(down, func(r int) {
			key := make(map[int]float64, len(l.Ranks[r]))
			for _, k := range l.Ranks[r] {
				key[k] = mean(l.neighbours(k, down), index, index[k])
			}
			slices.SortStableFunc(l.Ranks[r], func(a, b int) int {
				switch {
				case key[a] < key[b]:
					return -1
				case key[a] > key[b]:
					return 1
				}
				return 0
			})
			number(r)
		})
	}
}

// visit calls do for all ranks, from above or from below.
func (l *Layout) visit(down bool, do func(rank int)) {
	for i := range l.Ranks {
		if down {
			do(i)
		} else {
			do(len(l.Ranks) - 1 - i)
		}
	}
}

// neighbours are the places that a place is connected with, in the rank that a sweep comes from.
func (l *Layout) neighbours(k int, down bool) []joint {
	if down {
		return l.Places[k].ups
	}
	return l.Places[k].downs
}

// mean is that of values at the other ends of joints, as straight joints lead them here; otherwise without any.
func mean(of []joint, values []float64, otherwise float64) float64 {
	if len(of) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, j := range of {
		sum += values[j.place] - j.off
	}
	return sum / float64(len(of))
}

// ports are the places along a node's side where edges end: end 0 is where they leave, 1 where they enter. They stand in the order of
// where the edges go to or come from.
func (l *Layout) ports(edges [][2]int, end int) []float64 {
	index := make([]int, len(l.Places))
	for _, rank := range l.Ranks {
		for i, k := range rank {
			index[k] = i
		}
	}
	byNode := make([][]int, len(l.At))
	for k, e := range edges {
		byNode[e[end]] = append(byNode[e[end]], k)
	}
	offset := make([]float64, len(edges))
	for _, list := range byNode {
		beside := func(k int) int {
			if route := l.Routes[k]; end == 0 {
				return index[route[1]]
			} else {
				return index[route[len(route)-2]]
			}
		}
		slices.SortStableFunc(list, func(a, b int) int { return beside(a) - beside(b) })
		step := min(portGap, (NodeWidth-40)/float64(max(1, len(list)-1)))
		for i, k := range list {
			offset[k] = step * (float64(i) - float64(len(list)-1)/2)
		}
	}
	return offset
}

// joints makes the joints of all edges anew, with the offsets of their ends.
func (l *Layout) joints() {
	for k := range l.Places {
		l.Places[k].ups, l.Places[k].downs = nil, nil
	}
	for e, route := range l.Routes {
		for i := 1; i < len(route); i++ {
			a, b, off := route[i-1], route[i], 0.0
			if i == 1 {
				off += l.Leave[e]
			}
			if i == len(route)-1 {
				off -= l.Enter[e]
			}
			l.Places[a].downs = append(l.Places[a].downs, joint{b, off})
			l.Places[b].ups = append(l.Places[b].ups, joint{a, -off})
		}
	}
}

// chains gives every place its chain, by the first place of it, and how far right of that one it is where the chain is straight. A joint
// that is the only one below its upper end and above its lower one joins a chain: points of an edge, and layers in a row.
func (l *Layout) chains() (first []int, off []float64) {
	first, off = make([]int, len(l.Places)), make([]float64, len(l.Places))
	for _, rank := range l.Ranks { // from above, so that the upper end is known
		for _, k := range rank {
			first[k] = k
			if ups := l.Places[k].ups; len(ups) == 1 && len(l.Places[ups[0].place].downs) == 1 {
				first[k], off[k] = first[ups[0].place], off[ups[0].place]-ups[0].off
			}
		}
	}
	return first, off
}

// position gives every place its x, the least of them half a width. Chains move as a whole, and bend only where the places of a rank
// would overlap.
func (l *Layout) position() {
	x := make([]float64, len(l.Places))
	for _, rank := range l.Ranks {
		at := 0.0
		for _, k := range rank {
			w := l.Places[k].Width()
			x[k] = at + w/2
			at += w + nodeGap
		}
	}
	first, off := l.chains()
	sum, number := make([]float64, len(l.Places)), make([]float64, len(l.Places))
	for range settling {
		// Where the first place of every chain wants to be: by the places that the chain is joined to, or where it is.
		clear(sum)
		clear(number)
		for k := range l.Places {
			for _, joints := range [][]joint{l.Places[k].ups, l.Places[k].downs} {
				for _, j := range joints {
					if first[j.place] != first[k] {
						sum[first[k]] += x[j.place] - j.off - off[k]
						number[first[k]]++
					}
				}
			}
		}
		now, size := make([]float64, len(l.Places)), make([]float64, len(l.Places))
		for k := range l.Places {
			now[first[k]] += x[k] - off[k]
			size[first[k]]++
		}
		for _, rank := range l.Ranks {
			want, weight := make([]float64, len(rank)), make([]float64, len(rank))
			for i, k := range rank {
				f := first[k]
				base := now[f] / size[f]
				if number[f] > 0 {
					base = (base + sum[f]/number[f]) / 2
				}
				want[i] = base + off[k]
				if weight[i] = 1; l.Places[k].Node < 0 {
					weight[i] = 8 // long edges are straight
				}
			}
			l.spread(rank, want, weight, x)
		}
	}
	left := math.Inf(1)
	for k := range x {
		left = min(left, x[k]-l.Places[k].Width()/2)
	}
	for k := range x {
		l.Places[k].X = math.Round(x[k] - left)
	}
}

// spread sets the x of a rank's places: their order and gaps are kept, and the weighted squares of their distances from where
// they want to be are least (pool adjacent violators).
func (l *Layout) spread(rank []int, want, weight []float64, x []float64) {
	type block struct {
		sum, weight float64 // of want less offset
		n           int
	}
	offset := make([]float64, len(rank))
	for i := 1; i < len(rank); i++ {
		offset[i] = offset[i-1] + (l.Places[rank[i-1]].Width()+l.Places[rank[i]].Width())/2 + nodeGap
	}
	var blocks []block
	for i := range rank {
		b := block{weight[i] * (want[i] - offset[i]), weight[i], 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.sum/last.weight <= b.sum/b.weight {
				break
			}
			b = block{last.sum + b.sum, last.weight + b.weight, last.n + b.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			x[rank[i]] = b.sum/b.weight + offset[i]
			i++
		}
	}
}
