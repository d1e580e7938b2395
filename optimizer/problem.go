package optimizer

import (
	"fmt"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/widths"
)

// problem is the choice of one option per layer such that the sum of all costs stays
// within the budget. Options fall into classes by the widths of the layer's streams.
// Layers are coupled only by these widths: through converters, FIFO widths, and the rule
// that one width must divide the other. Going through the layers in order, the state is
// the widths of the tensors that are written and still to be read.
type problem struct {
	net    *intnet.Net
	model  derive.Pricing
	extra  *fifo.Rule
	budget design.Vec
	limit  derive.Path // of every choice
	fixed  design.Vec  // top-level cost of any design

	beamWidth int
	space     *space // that enumerates the options

	layers []layerSet
	arcs   [][][]arc // by layer and state: the classes that fit and keep the limit
	every  [][][]arc // the same without the limit
	states []int     // number of states before each layer, and after the last
	ends   float64   // largest cycles of any option
}

// layerSet is the options of a layer by class, cycles ascending within each.
type layerSet struct {
	classes []class
}

type class struct {
	q, p int // channels per beat in and out
	opts []option
}

// arc is the choice of a class in a state.
type arc struct {
	class int
	next  int         // state before the next layer
	cost  design.Vec  // of the streams and converters that this determines
	path  derive.Path // of the converters and forks
	share [design.NumResources]float64
}

// pick is the option chosen for a layer.
type pick struct{ class, opt int }

func newProblem(net *intnet.Net, model derive.Pricing, clocks *derive.Paths, sets [][]option, tried [][]int, budget design.Vec) (*problem, error) {
	p := &problem{net: net, model: model, extra: fifo.New(model.Net, model.Pixels), fixed: model.Top(len(net.Outputs)), beamWidth: beamWidth, limit: derive.AnyPath}
	for _, opts := range sets {
		var ls layerSet
		for _, o := range opts {
			n := len(ls.classes)
			if n == 0 || ls.classes[n-1].q != o.hl.InCh || ls.classes[n-1].p != o.hl.OutCh {
				ls.classes = append(ls.classes, class{q: o.hl.InCh, p: o.hl.OutCh})
				n++
			}
			ls.classes[n-1].opts = append(ls.classes[n-1].opts, o)
			p.ends = max(p.ends, o.cycles)
		}
		p.layers = append(p.layers, ls)
	}
	if err := p.link(clocks, tried); err != nil {
		return nil, err
	}
	p.setBudget(budget)
	return p, nil
}

// setBudget sets the budget and the shares computed from it.
func (p *problem) setBudget(budget design.Vec) {
	p.budget = budget
	for i := range p.layers {
		for c := range p.layers[i].classes {
			opts := p.layers[i].classes[c].opts
			for k := range opts {
				opts[k].share = p.share(opts[k].cost)
			}
		}
		for s := range p.arcs[i] {
			for k := range p.arcs[i][s] {
				p.arcs[i][s][k].share = p.share(p.arcs[i][s][k].cost)
			}
		}
	}
}

// share is cost over budget; where the budget is 0, any cost counts as a thousand budgets.
func (p *problem) share(v design.Vec) (s [design.NumResources]float64) {
	for r := range v {
		switch {
		case p.budget[r] > 0:
			s[r] = float64(v[r]) / float64(p.budget[r])
		case v[r] > 0:
			s[r] = 1000
		}
	}
	return s
}

// link finds the arcs of every state that can be reached.
func (p *problem) link(clocks *derive.Paths, tried [][]int) error {
	net := p.net
	live := widths.Live(net)
	p.states = make([]int, len(live))
	for i, ts := range live {
		p.states[i] = 1
		for _, t := range ts {
			p.states[i] *= len(tried[t])
		}
	}
	p.arcs, p.every = make([][][]arc, len(net.Layers)), make([][][]arc, len(net.Layers))
	reach := []bool{true}
	streams := newStreams(net)
	for i, l := range net.Layers {
		p.arcs[i] = make([][]arc, p.states[i])
		next := make([]bool, p.states[i+1])
		width := make([]int, len(net.Tensors)) // of the live tensors
		reads := make([][]int, len(p.layers[i].classes))
		for c, cl := range p.layers[i].classes {
			for port := range l.In {
				reads[c] = append(reads[c], hw.PortCh(net, &l, cl.q, port))
			}
		}
		for s, ok := range reach {
			if !ok {
				continue
			}
			clear(width)
			for k, rest := len(live[i])-1, s; k >= 0; k-- {
				t := live[i][k]
				width[t] = tried[t][rest%len(tried[t])]
				rest /= len(tried[t])
			}
			for c, cl := range p.layers[i].classes {
				cost, fits := p.stepCost(streams, i, reads[c], cl.p, width)
				if !fits {
					continue
				}
				path, err := p.stepPath(clocks, streams, i, reads[c], cl.p, width)
				if err != nil {
					return err
				}
				to := 0
				for _, t := range live[i+1] {
					w := width[t]
					switch {
					case t == l.Out:
						w = cl.p
					case w == 0: // the input, first read here
						w = reads[c][slices.Index(l.In, t)]
					}
					to = to*len(tried[t]) + slices.Index(tried[t], w)
				}
				p.arcs[i][s] = append(p.arcs[i][s], arc{class: c, next: to, cost: cost, path: path})
				next[to] = true
			}
		}
		reach, p.every[i] = next, slices.Clone(p.arcs[i])
		if !slices.Contains(reach, true) {
			return fmt.Errorf("layer %s: no stream widths fit its neighbours", l.ID)
		}
	}
	return nil
}

// streams describes how each tensor is wired, as hw.Expand wires it.
type streams struct {
	readers []int // consumers of each tensor, graph outputs included
	sinks   []int
	source  []int // default depth of a FIFO written by the tensor's producer
}

func newStreams(net *intnet.Net) streams {
	n := len(net.Tensors)
	s := streams{make([]int, n), make([]int, n), make([]int, n)}
	s.source[net.Input] = hw.DefaultDepth(hw.Latency(hw.Source, hw.Layer{}))
	for i, l := range net.Layers {
		s.source[l.Out] = hw.DefaultDepth(hw.LayerLatency(net, &net.Layers[i], hw.Layer{}))
		for _, t := range l.In {
			s.readers[t]++
		}
	}
	for _, t := range net.Outputs {
		s.readers[t]++
		s.sinks[t]++
	}
	return s
}

// written is the cost of a tensor's writing end at w channels per beat: the FIFO to its
// fork, the fork, and its sinks.
func (p *problem) written(st streams, t, w int) design.Vec {
	bits := p.model.Px(t) * w * p.net.Tensors[t].Format.Bits
	depth := st.source[t]
	var v design.Vec
	if st.readers[t] > 1 {
		v = p.model.FIFO(bits, depth).Add(p.model.Fork(st.readers[t]))
		depth = hw.DefaultDepth(hw.Latency(hw.Fork, hw.Layer{}))
	}
	for range st.sinks[t] {
		v = v.Add(p.model.FIFO(bits, depth)).Add(p.model.Sink(p.model.Beats(t, w)))
	}
	return v
}

// stepCost is the cost that layer i adds in streams if it reads its ports at the given widths and writes w channels per
// beat. width are the widths of the tensors that it reads (0: the input, not read before). fits is false if neither of two
// widths divides the other.
func (p *problem) stepCost(st streams, i int, reads []int, w int, width []int) (v design.Vec, fits bool) {
	l := &p.net.Layers[i]
	for port, t := range l.In {
		q := reads[port]
		from := width[t]
		if from == 0 {
			first := slices.Index(l.In, t)
			from = reads[first] // the source writes the width that its first reader takes
			if port == first {
				bits := p.model.Px(t) * q * p.net.Tensors[t].Format.Bits
				v = v.Add(p.written(st, t, q)).Add(p.model.Source(bits, p.model.Beats(t, q)))
			}
		}
		if !widths.Fit(from, q) {
			return v, false
		}
		bits, px := p.net.Tensors[t].Format.Bits, p.model.Px(t)
		depth := st.source[t]
		if st.readers[t] > 1 {
			depth = hw.DefaultDepth(hw.Latency(hw.Fork, hw.Layer{}))
		}
		if from != q {
			v = v.Add(p.model.FIFO(px*from*bits, depth))
			v = v.Add(p.model.Convert(bits, hw.Beat{Px: px, Ch: from}, hw.Beat{Px: px, Ch: q}))
			depth = hw.DefaultDepth(hw.Latency(hw.Convert, hw.Layer{}))
		}
		v = v.Add(p.model.FIFO(px*q*bits, max(fifo.ShiftDepth, depth+p.extra.Tokens(i, port, q))))
	}
	return v.Add(p.written(st, l.Out, w)), true
}

// stepPath is the slowest path of the converters and forks that stepCost prices.
func (p *problem) stepPath(clocks *derive.Paths, st streams, i int, reads []int, w int, width []int) (all derive.Path, err error) {
	l := &p.net.Layers[i]
	fork := func(t, w int) error {
		if st.readers[t] < 2 {
			return nil
		}
		f, err := clocks.Fork(p.model.Px(t)*w*p.net.Tensors[t].Format.Bits, st.readers[t])
		all = all.With(f)
		return err
	}
	for port, t := range l.In {
		from := width[t]
		if from == 0 {
			first := slices.Index(l.In, t)
			from = reads[first]
			if port == first {
				if err := fork(t, from); err != nil {
					return all, err
				}
			}
		}
		if from != reads[port] {
			c, err := clocks.Convert(p.net.Tensors[t].Format.Bits, p.model.Px(t), from, reads[port])
			if err != nil {
				return all, err
			}
			all = all.With(c)
		}
	}
	return all, fork(l.Out, w)
}

// hardware is the hardware of all layers of a choice.
func (p *problem) hardware(x []pick) []hw.Layer {
	layers := make([]hw.Layer, len(x))
	for i, k := range x {
		layers[i] = p.layers[i].classes[k.class].opts[k.opt].hl
	}
	return layers
}

// cycles are those of the slowest layer of a choice.
func (p *problem) cycles(x []pick) float64 {
	c := 0.0
	for i, k := range x {
		c = max(c, p.layers[i].classes[k.class].opts[k.opt].cycles)
	}
	return c
}

// arc is the choice of a class of layer i in a state; nil if its widths do not fit.
func (p *problem) arc(i, state, class int) *arc {
	arcs := p.arcs[i][state]
	at, ok := slices.BinarySearchFunc(arcs, class, func(a arc, c int) int { return a.class - c })
	if !ok {
		return nil
	}
	return &arcs[at]
}

// total is the cost of a choice; false if its widths do not fit.
func (p *problem) total(x []pick) (design.Vec, bool) {
	v, state := p.fixed, 0
	for i, k := range x {
		a := p.arc(i, state, k.class)
		if a == nil {
			return v, false
		}
		v = v.Add(a.cost).Add(p.layers[i].classes[k.class].opts[k.opt].cost)
		state = a.next
	}
	return v, true
}
