// Package pixels chooses the number of pixels per beat of every stream.
//
// It takes a network and the largest number of pixels that a stream may carry; it gives a number for every tensor, with
// which the layers' modules fit together whatever other hardware is chosen for them.
package pixels

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// Rows as the argument most of Of means that every stream carries whole rows of its map, or equal parts of rows that are wider than
// rowPixels.
const Rows = -1

// rowPixels is the largest number of pixels in a part of a row. A module holds a beat in registers, and the targets bound
// the widths of arrays and tokens (internal/hw/limits).
const rowPixels = 64

// Of gives the pixels per beat of every tensor's streams in a design whose widest streams carry most of them, a power of two or Rows. A
// small map needs fewer: with a power of two each map gets the least power of two for which no stream has more beats of pixels per image
// than the largest map has at most pixels per beat. All maps of one size get the same number, so that layers which keep their beat fit. A
// map and a part of its rows also keep their beat although their sizes differ: the part gets the number of the whole map. If a module takes
// one pixel per beat, or a stride does not divide the power of two, maps of that size get one. With Rows, the parts of rows are as wide as
// the stride divides.
//
// More pixels per beat raise the bound of one pixel per cycle, and one read of the weights serves all pixels of a beat.
func Of(net *intnet.Net, most int) []int {
	px := make([]int, len(net.Tensors))
	sizes := keptBeats(net)
	var by map[mapSize]int
	switch {
	case most == Rows:
		by = partsOfRows(net, sizes)
	case most <= 1:
		for t := range px {
			px[t] = 1
		}
		return px
	default:
		by = powersOfTwo(net, sizes, most)
	}
	for i := range net.Layers {
		l := &net.Layers[i]
		if (l.Kind.Moves() || l.Kind == intnet.KindResize) && !keepsRows(net, l) {
			by[sizes.of(sizeOf(net, l.In[0]))], by[sizes.of(sizeOf(net, l.Out))] = 1, 1
		}
	}
	for t := range px {
		px[t] = by[sizes.of(sizeOf(net, t))]
	}
	return px
}

// powersOfTwo gives the pixels per beat for every size of a map, at most most.
func powersOfTwo(net *intnet.Net, sizes sizeClasses, most int) map[mapSize]int {
	limit := 1
	for t := range net.Tensors {
		s := sizeOf(net, t)
		limit = max(limit, s.h*fixed.CeilDiv(s.w, most))
	}
	by := map[mapSize]int{}
	for t := range net.Tensors {
		s, p := sizeOf(net, t), 1
		for p < most && 2*p <= s.w && s.h*fixed.CeilDiv(s.w, p) > limit {
			p *= 2
		}
		by[sizes.of(s)] = max(by[sizes.of(s)], p)
	}
	for i := range net.Layers {
		l := &net.Layers[i]
		if s := sizes.of(sizeOf(net, l.In[0])); by[s]%strideOf(l) != 0 {
			by[s] = 1
		}
	}
	return by
}

// partsOfRows gives the pixels per beat for every size of a map if streams carry rows.
func partsOfRows(net *intnet.Net, sizes sizeClasses) map[mapSize]int {
	by, strides := map[mapSize]int{}, map[mapSize]int{}
	for t := range net.Tensors {
		s := sizeOf(net, t)
		parts := fixed.CeilDiv(s.w, rowPixels)
		by[sizes.of(s)] = max(by[sizes.of(s)], fixed.CeilDiv(s.w, parts))
		strides[sizes.of(s)] = 1
	}
	for i := range net.Layers {
		l := &net.Layers[i]
		s := sizes.of(sizeOf(net, l.In[0]))
		strides[s] = strides[s] / hw.GCD(strides[s], strideOf(l)) * strideOf(l)
	}
	for s, p := range by {
		switch stride := strides[s]; {
		case stride > rowPixels:
			by[s] = 1
		case p > 1:
			by[s] = fixed.CeilDiv(p, stride) * stride
		}
	}
	return by
}

// strideOf is the number of columns by which a layer's window moves.
func strideOf(l *intnet.Layer) int {
	switch l.Kind {
	case intnet.KindConv:
		return l.Conv.Stride[1]
	case intnet.KindPool:
		return l.Pool.Stride[1]
	}
	return 1
}

// mapSize is the height and width of a map.
type mapSize struct{ h, w int }

// sizeClasses maps every size to a representative of all sizes with the same pixels per beat.
type sizeClasses map[mapSize]mapSize

// sizeOf is the size of a tensor's map.
func sizeOf(net *intnet.Net, t int) mapSize { return mapSize{net.Tensors[t].H, net.Tensors[t].W} }

// of is the representative of s.
func (c sizeClasses) of(s mapSize) mapSize {
	for {
		next, ok := c[s]
		if !ok {
			return s
		}
		s = next
	}
}

// keptBeats finds the sizes that layers connect: those of a map and of a part of its rows.
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

// keepsRows reports whether layer l is a slice of whole rows, which may take several pixels per beat. Other slices, a resize
// and a zero insertion take one (see hw.Expand).
func keepsRows(net *intnet.Net, l *intnet.Layer) bool {
	return l.Kind == intnet.KindSlice && net.Tensors[l.In[0]].W == net.Tensors[l.Out].W
}
