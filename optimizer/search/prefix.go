package search

import (
	"slices"

	"hass/internal/intnet"
	"hass/sparsity"
)

// Trials whose first layers are pruned alike share the work of these layers. Keeping every tensor of every image
// would cost more than it saves, so a trial stores the live tensors at a few cuts of the network where they are
// small.

// cut is a place between layers.
type cut struct {
	layer int   // the first after the cut
	live  []int // tensors produced before it and read behind it, without the input
	elems int   // of live
}

const (
	cutsWanted = 12
	slotsKept  = 6
	slotBytes  = 512 << 20 // of one slot; beyond, images are not kept
)

// findCuts divides the network into parts of equal work and chooses in each the place with the smallest live
// tensors.
func findCuts(net *intnet.Net) []cut {
	n := len(net.Layers)
	last := make([]int, len(net.Tensors)) // reader
	for i, l := range net.Layers {
		for _, t := range l.In {
			last[t] = i
		}
	}
	for _, t := range net.Outputs {
		last[t] = n
	}
	work := make([]float64, n+1) // before each layer
	for i := range net.Layers {
		l := &net.Layers[i]
		out := net.Tensors[l.Out]
		work[i+1] = work[i] + float64(out.H*out.W*max(out.C, net.WeightCount(l)))
	}
	var cuts []cut
	for i := 1; i < n; i++ {
		c := cut{layer: i}
		for k := range i {
			if t := net.Layers[k].Out; last[t] >= i {
				c.live = append(c.live, t)
				c.elems += net.Tensors[t].H * net.Tensors[t].W * net.Tensors[t].C
			}
		}
		part := func(at int) int { return int(work[at] / work[n] * cutsWanted) }
		if k := len(cuts) - 1; k >= 0 && part(cuts[k].layer) == part(i) {
			if c.elems < cuts[k].elems {
				cuts[k] = c
			}
			continue
		}
		cuts = append(cuts, c)
	}
	return cuts
}

// slot holds the stored tensors of a trial.
type slot struct {
	net   *intnet.Net
	exec  *intnet.Exec
	state [][][]int16 // by image and cut; nil for an image that was not stored
	zeros []*sparsity.ImageZeros
}

// differs is the first layer in which a network differs from the slot's; the number of layers if none does.
func (s *slot) differs(net *intnet.Net) int {
	for i := range net.Layers {
		a, b := net.Layers[i].Conv, s.net.Layers[i].Conv
		if a != b && (&a.Weights[0] != &b.Weights[0] || a.TauA != b.TauA) {
			return i
		}
	}
	return len(net.Layers)
}

// nearest is the slot that shares most layers with a network, or nil, and the number of cuts within the shared
// layers.
func (p *Problem) nearest(net *intnet.Net) (best *slot, shared int) {
	for _, s := range p.slots {
		first, n := s.differs(net), 0
		for n < len(p.cuts) && p.cuts[n].layer <= first {
			n++
		}
		if n > shared {
			best, shared = s, n
		}
	}
	return best, shared
}

// keep adds a slot; used is the slot that the trial started from, which is kept longest.
func (p *Problem) keep(s, used *slot) {
	if i := slices.Index(p.slots, used); i >= 0 {
		p.slots = append(slices.Delete(p.slots, i, i+1), used)
	}
	if len(p.slots) >= slotsKept {
		p.slots = slices.Delete(p.slots, 0, 1)
	}
	p.slots = append(p.slots, s)
}

// pack copies the live tensors at a cut from an executor. 16-bit unsigned values wrap; their format restores them.
func (p *Problem) pack(x *intnet.Exec, c *cut) []int16 {
	v := make([]int16, 0, c.elems)
	for _, t := range c.live {
		for _, e := range x.Tensor(t) {
			v = append(v, int16(e))
		}
	}
	return v
}

// unpack puts them back.
func (p *Problem) unpack(x *intnet.Exec, c *cut, v []int16) {
	for _, t := range c.live {
		dst := x.Tensor(t)
		if p.Net.Tensors[t].Format.Signed {
			for i, e := range v[:len(dst)] {
				dst[i] = int32(e)
			}
		} else {
			for i, e := range v[:len(dst)] {
				dst[i] = int32(uint16(e))
			}
		}
		v = v[len(dst):]
	}
}
