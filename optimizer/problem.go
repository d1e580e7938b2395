package optimizer

import (
	"fmt"
	"slices"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/streams"
	"hass/optimizer/widths"
)

// problem is the choice of one option per layer such that the sum of all costs stays within the budget. Options fall into classes
// by the widths of the layer's streams. Layers are coupled only by these widths: through converters, FIFO widths, and the rule
// that one width must divide the other. Going through the layers in order, the state is the widths of the tensors that are
// written and still to be read.
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
	wired := streams.New(p.model, p.extra)
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
				cost, fits := wired.Cost(i, reads[c], cl.p, width)
				if !fits {
					continue
				}
				path, err := wired.Path(clocks, i, reads[c], cl.p, width)
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

// hardware is the layers of a choice.
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
