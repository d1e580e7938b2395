// Package pixels says how many pixels a beat of every stream carries.
//
// It takes a network and the most pixels that a stream may carry; it gives a number for every tensor with which the layers'
// modules fit together, whatever else is chosen for them.
package pixels

import "hass/internal/intnet"

// Of gives the pixels per beat of every tensor's streams in a design whose widest streams carry most of them, a power
// of two. A map of few pixels needs few a beat: each takes the least power of two with which no stream has more
// beats of pixels an image than the largest map has at most pixels a beat. All maps of one size carry the same, so that
// layers which keep their beat fit; so do a map and a part of its rows, which are of different size but keep their beat too:
// the part carries as many as the whole needs. Where a module takes one pixel a beat, or a stride does not divide the
// pixels, maps of that size carry one.
//
// More pixels a beat lift the bound of one pixel a cycle, and one read of the weights serves all pixels of a beat.
func Of(net *intnet.Net, most int) []int {
	px := make([]int, len(net.Tensors))
	if most <= 1 {
		for t := range px {
			px[t] = 1
		}
		return px
	}
	of := func(t int) mapSize { return mapSize{net.Tensors[t].H, net.Tensors[t].W} }
	limit := 1
	for t := range net.Tensors {
		limit = max(limit, of(t).h*ceilDiv(of(t).w, most))
	}
	sizes := keptBeats(net)
	by := map[mapSize]int{}
	for t := range net.Tensors {
		s, p := of(t), 1
		for p < most && 2*p <= s.w && s.h*ceilDiv(s.w, p) > limit {
			p *= 2
		}
		by[sizes.of(s)] = max(by[sizes.of(s)], p)
	}
	one := func(tensors ...int) {
		for _, t := range tensors {
			by[sizes.of(of(t))] = 1
		}
	}
	for i := range net.Layers {
		l := &net.Layers[i]
		switch l.Kind {
		case intnet.KindConv, intnet.KindPool:
			stride := 1
			if l.Conv != nil {
				stride = l.Conv.Stride[1]
			} else {
				stride = l.Pool.Stride[1]
			}
			if by[sizes.of(of(l.In[0]))]%stride != 0 {
				one(l.In[0])
			}
		default:
			if (l.Kind.Moves() || l.Kind == intnet.KindResize) && !keepsRows(net, l) {
				one(l.In[0], l.Out)
			}
		}
	}
	for t := range px {
		px[t] = by[sizes.of(of(t))]
	}
	return px
}

// mapSize is the height and width of a map.
type mapSize struct{ h, w int }

// sizeClasses names one size for all sizes whose maps carry the same pixels per beat.
type sizeClasses map[mapSize]mapSize

// of is the size that stands for s.
func (c sizeClasses) of(s mapSize) mapSize {
	for {
		next, ok := c[s]
		if !ok {
			return s
		}
		s = next
	}
}

// keptBeats finds the sizes that layers tie together: those of a map and of a part of its rows.
func keptBeats(net *intnet.Net) sizeClasses {
	c := sizeClasses{}
	for i := range net.Layers {
		l := &net.Layers[i]
		in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
		if l.Kind != intnet.KindSlice || !keepsRows(net, l) {
			continue
		}
		if a, b := c.of(mapSize{in.H, in.W}), c.of(mapSize{out.H, out.W}); a != b {
			c[b] = a
		}
	}
	return c
}

// keepsRows tells whether layer l is a slice of whole rows, which may take several pixels a beat; other slices, a resize and a
// zero insertion take one (see hw.Expand).
func keepsRows(net *intnet.Net, l *intnet.Layer) bool {
	return l.Kind == intnet.KindSlice && net.Tensors[l.In[0]].W == net.Tensors[l.Out].W
}

// ceilDiv is a / b, rounded up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
