// Package mixed chooses the width of every layer's weights by the loss of the network.
//
// Half of the calibration images are used to fit formats and to probe layers. A probe lowers the weights of one layer alone to a narrower
// width and measures, with the integer executor, the divergence of the outputs from the network with all weights at the widest. Only for
// probes, values have 16 bits, because rounding of coarser values behind a change would hide small changes. Divergences of independent changes
// add up (to second order), so one price per saved bit operation decides for all layers: the steps of every layer's lower hull are taken in
// the order of divergence per saved bit operation. Bit operations are multiplications times the widths of both factors. They measure the
// cost of a layer's multipliers in a pipeline whose layers all work at the rate of the images. Bisection finds the number of steps: every
// network that it tries is fitted with its widths and judged on the other half of the images against the float network.
//
// Widths of values are not lowered: layers that sums and Concats connect share the format of their values, so one of them cannot be lowered
// alone.
package mixed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/metrics"
	"hass/internal/quant"
	"hass/internal/settings"
)

// probeImages bounds the images for probes. Each image takes about half as many runs of the network as there are probes.
const probeImages = 32

// fitPasses is the largest number of passes of a fit through its images (see quant.Fit).
const fitPasses = 3

// Options direct Search.
type Options struct {
	Quant      quant.Options // of every fit; widths that it lists by layer are kept
	Candidates []int         // widths of weights to choose from, in bits, the widest first; at least two
	Loss       float64       // largest allowed loss, in the unit of Judgement.Lost

	Workers  int                   // goroutines; all cores if <= 0
	Progress func(done, total int) // called after every image of every pass; may be nil
}

// Report is the result of a search.
type Report struct {
	Loss       float64 `json:"loss"`       // the allowed loss
	Candidates []int   `json:"candidates"` // widths of weights, the widest first
	Fitted     int     `json:"fitted"`     // images of the fits
	Probed     int     `json:"probed"`     // of these, images for probes of single layers
	Judged     int     `json:"judged"`     // the other images
	Layers     []Layer `json:"layers"`     // whose weights had a width to choose, in the order of the network

	BitOperations float64 `json:"bit_operations"` // as a share of the bit operations with all these weights at the widest
	WeightBits    float64 `json:"weight_bits"`    // likewise, bits of the weights' memory

	Chosen Judgement `json:"chosen"` // with the widths of Layers
	Widest Judgement `json:"widest"` // with all these weights at the widest
	Next   *Next     `json:"next"`   // the first step that would lose too much; nil if all weights have the narrowest
}

// Layer is a layer whose weights had a width to choose.
type Layer struct {
	Name    string `json:"name"`    // model's node name
	MACs    int64  `json:"macs"`    // multiplications per image
	Weights int    `json:"weights"` // number
	Bits    int    `json:"bits"`    // chosen
	// Divergences are the divergences of the outputs, by candidate from the second on, if only this layer is lowered in the network with all
	// weights at the widest and values of 16 bits. Units: nats of class probabilities, shares of class numbers, noise over signal of other
	// outputs. Rounded to four digits.
	Divergences []float64 `json:"divergences"`
}

// Next is a step that was not taken.
type Next struct {
	Layer     string `json:"layer"`
	Bits      int    `json:"bits"`
	Judgement        // of the network with this step
}

// searcher is the state of a search.
type searcher struct {
	g              *graph.Graph
	set            *dataset.Set
	plan           *judge.Plan
	opt            Options
	fitted, judged []int // images
	done, total    int
}

// Search chooses widths of weights for the layers of g. plan tells how the labels of set judge the outputs. The result has the widths of
// opt.Quant and an entry for each layer of the report.
func Search(ctx context.Context, g *graph.Graph, set *dataset.Set, plan *judge.Plan, opt Options) (*settings.Widths, *Report, error) {
	s := &searcher{g: g, set: set, plan: plan, opt: opt}
	if len(opt.Candidates) < 2 {
		return nil, nil, errors.New("fewer than two widths of weights to choose from")
	}
	if set.Len() < 2 {
		return nil, nil, fmt.Errorf("%s: %d images: one half is fitted and the other judged, which takes two", set.Path, set.Len())
	}
	for i := range set.Len() { // alternate, because sets may be sorted by class
		if i%2 == 0 {
			s.fitted = append(s.fitted, i)
		} else {
			s.judged = append(s.judged, i)
		}
	}
	if w := opt.Quant.Widths; w != nil && w.Weights != 0 {
		return nil, nil, errors.New("widths: [default] weights is what the search chooses; leave it out, and list the layers that shall keep a width of their own")
	}
	open := s.open()
	if len(open) == 0 {
		return nil, nil, errors.New("no layer has weights whose width is to be chosen: the widths file lists them all, or the model brings its own quantisers; drop these by --requantise")
	}
	probes := min(len(s.fitted), probeImages)
	judgements := 1 + bits.Len(uint(len(open)*(len(opt.Candidates)-1))) // one of the widest network, the others of the bisection
	s.total = (len(opt.Candidates)+judgements)*fitPasses*len(s.fitted) + probes + judgements*len(s.judged)

	_, widest, err := s.fit(ctx, s.widths(open, nil), nil)
	if err != nil {
		return nil, nil, err
	}
	first, err := s.judge(ctx, widest)
	if err != nil {
		return nil, nil, err
	}
	if first.Lost > opt.Loss {
		return nil, nil, fmt.Errorf("with all weights at %d bits the network loses %s, more than --loss %g: allow more, give values more bits ([default] bits of a --widths file), or add a wider one to --candidates",
			opt.Candidates[0], first, opt.Loss)
	}
	r := &Report{Loss: opt.Loss, Candidates: opt.Candidates, Fitted: len(s.fitted), Probed: probes, Judged: len(s.judged), Chosen: *first, Widest: *first}
	convs := layers(widest, open)
	for _, at := range convs {
		l := &widest.Layers[at]
		out, n := &widest.Tensors[l.Out], widest.WeightCount(l)
		r.Layers = append(r.Layers, Layer{Name: l.Name, MACs: int64(out.H*out.W) * int64(n), Weights: n, Bits: opt.Candidates[0]})
	}
	spec, fine, err := s.fit(ctx, fineValues(s.widths(open, nil)), nil)
	if err != nil {
		return nil, nil, err
	}
	var lower []*intnet.Net
	for k := range opt.Candidates[1:] {
		net, err := s.lowered(ctx, open, k+1, spec)
		if err != nil {
			return nil, nil, err
		}
		lower = append(lower, net)
	}
	if err := s.probe(ctx, fine, lower, layers(fine, open), r); err != nil {
		return nil, nil, err
	}
	var menus []menu
	for i, at := range convs {
		l := &r.Layers[i]
		values := widest.Tensors[widest.Layers[at].In[0]].Format.Bits
		menus = append(menus, newMenu(opt.Candidates, float64(l.MACs)*float64(values), l.Divergences))
	}
	if err := s.descend(ctx, open, menus, r); err != nil {
		return nil, nil, err
	}
	was, now, memory, left := 0.0, 0.0, 0.0, 0.0
	for i := range r.Layers {
		l := &r.Layers[i]
		was, now = was+menus[i].work*float64(opt.Candidates[0]), now+menus[i].work*float64(l.Bits)
		memory, left = memory+float64(l.Weights*opt.Candidates[0]), left+float64(l.Weights*l.Bits)
		for k, d := range l.Divergences {
			l.Divergences[k] = metrics.Rounded(d)
		}
	}
	r.BitOperations, r.WeightBits = metrics.Rounded(now/was), metrics.Rounded(left/memory)
	if opt.Progress != nil { // fits may have needed fewer passes
		opt.Progress(s.total, s.total)
	}
	return s.widths(open, r.bits()), r, nil
}

// open are the names of the convolutions whose weights have a width to choose: neither the model nor the user gives one.
func (s *searcher) open() []string {
	var names []string
	for _, n := range s.g.Nodes {
		if !graph.Convolves(n.Op) || s.g.Consts[n.Inputs[1]] == nil || s.g.Consts[n.Inputs[1]].Grid != nil {
			continue
		}
		if w := s.opt.Quant.Widths; w == nil || w.Layers[n.Name].Weights == 0 {
			names = append(names, n.Name)
		}
	}
	return names
}

// layers are the indices of the layers with the given names.
func layers(net *intnet.Net, names []string) []int {
	var list []int
	for i := range net.Layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv && slices.Contains(names, l.Name) {
			list = append(list, i)
		}
	}
	return list
}

// widths are the user's widths with widths for the open layers: the given ones by name, the widest for a layer without one.
func (s *searcher) widths(open []string, given map[string]int) *settings.Widths {
	w := &settings.Widths{Layers: map[string]settings.LayerWidths{}}
	if own := s.opt.Quant.Widths; own != nil {
		*w = *own
		w.Layers = maps.Clone(own.Layers)
	}
	for _, name := range open {
		l := w.Layers[name]
		if l.Weights = s.opt.Candidates[0]; given[name] != 0 {
			l.Weights = given[name]
		}
		w.Layers[name] = l
	}
	return w
}

// fineValues keeps widths of weights and makes all values as wide as possible.
func fineValues(w *settings.Widths) *settings.Widths {
	f := &settings.Widths{Default: fixed.MaxBits, Layers: map[string]settings.LayerWidths{}}
	for name, l := range w.Layers {
		if l.Weights != 0 {
			f.Layers[name] = settings.LayerWidths{Weights: l.Weights}
		}
	}
	return f
}

// fit fits and lowers the network with the given widths. equal, if not nil, are the powers of equalised channels.
func (s *searcher) fit(ctx context.Context, w *settings.Widths, equal calib.Powers) (*quant.Spec, *intnet.Net, error) {
	opt := s.opt.Quant
	opt.Widths, opt.Equal = w, equal
	images := calib.Images{N: len(s.fitted), Workers: s.opt.Workers, Load: func(i int) ([]float32, error) { return s.load(s.fitted[i]) }, Step: s.step}
	spec, err := quant.Fit(ctx, s.g, images, opt)
	if err != nil {
		return nil, nil, fmt.Errorf("calibration: %w", err)
	}
	net, err := quant.Lower(s.g, spec)
	return spec, net, err
}

// lowered is the network of spec, whose values are fine, with all open weights at a candidate and everything else unchanged. So each of its
// convolutions equals the convolution that is lowered alone.
func (s *searcher) lowered(ctx context.Context, open []string, candidate int, spec *quant.Spec) (*intnet.Net, error) {
	low := map[string]int{}
	for _, name := range open {
		low[name] = s.opt.Candidates[candidate]
	}
	equal := spec.Equal
	if equal == nil {
		equal = calib.Powers{}
	}
	own, _, err := s.fit(ctx, fineValues(s.widths(open, low)), equal)
	if err != nil {
		return nil, err
	}
	own.Values = spec.Values // with coarser weights, sums may get fewer binary places
	return quant.Lower(s.g, own)
}

func (s *searcher) load(i int) ([]float32, error) {
	x := make([]float32, s.set.C*s.set.H*s.set.W)
	return x, s.set.Float(i, x)
}

// quantised is image i as floats and as the integer input of net.
func (s *searcher) quantised(net *intnet.Net, i int) (x []float32, q []int32, err error) {
	if x, err = s.load(i); err != nil {
		return nil, nil, err
	}
	if q, err = net.QuantizeInput(x); err != nil {
		return nil, nil, fmt.Errorf("%s: %s: %w", s.set.Path, s.set.Name(i), err)
	}
	return x, q, nil
}

func (s *searcher) step() {
	if s.done++; s.opt.Progress != nil {
		s.opt.Progress(s.done, s.total)
	}
}

// bits are the chosen widths, by layer.
func (r *Report) bits() map[string]int {
	m := map[string]int{}
	for _, l := range r.Layers {
		m[l.Name] = l.Bits
	}
	return m
}
