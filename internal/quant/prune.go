package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/settings"
)

// Pruner lowers single convolutions of a network with fixed formats, each with its own thresholds.
// The integers are the same as from Lower. A search over thresholds uses it.
type Pruner struct {
	net    *intnet.Net
	spec   *Spec
	layers []*layer // by layer of net; nil for layers that are not convolutions
}

// NewPruner lowers g under spec and prepares its convolutions. Conv does not use the thresholds of spec.
func NewPruner(g *graph.Graph, spec *Spec) (*Pruner, error) {
	net, err := Lower(g, spec)
	if err != nil {
		return nil, err
	}
	p, err := plan(g)
	if err != nil {
		return nil, err
	}
	if err := p.decide(spec); err != nil {
		return nil, err
	}
	r := &Pruner{net: net, spec: spec, layers: make([]*layer, len(net.Layers))}
	convs := map[string]*layer{}
	for _, l := range p.layers {
		if l.kind == intnet.KindConv {
			convs[l.node.Name] = l
		}
	}
	for i := range net.Layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv {
			if r.layers[i] = convs[l.Name]; r.layers[i] == nil {
				return nil, fmt.Errorf("layer %q: the model has no such convolution", l.Name)
			}
		}
	}
	return r, nil
}

// Net is the network with the thresholds of the spec.
func (p *Pruner) Net() *intnet.Net { return p.net }

// Weights are the float weights of convolution layer i of Net, in the model's order. They must not be changed.
func (p *Pruner) Weights(i int) []float32 { return p.layers[i].model.F }

// Stored are the weights of Weights as the integer network quantises them: equalised channels are multiplied
// by powers of two.
func (p *Pruner) Stored(i int) []float32 { return p.layers[i].w.F }

// Conv lowers convolution layer i of Net under thresholds t.
func (p *Pruner) Conv(i int, t settings.Tau) (*intnet.Conv, error) {
	l := &p.net.Layers[i]
	if err := t.Check(); err != nil {
		return nil, fmt.Errorf("layer %q: %w", l.Name, err)
	}
	s := p.spec.Convs[l.Name]
	s.TauW, s.TauA = t.W, t.A
	if err := p.spec.prunes(p.layers[i], s); err != nil {
		return nil, err
	}
	in := p.net.Tensors[l.In[0]].Format
	c := convOf(p.layers[i], s, in, ValueSpec{p.net.Tensors[l.Out].Format, l.Rounding})
	if was := l.Conv; was.Scaled() { // correct for all weights, so also for the remaining ones
		c.WeightStep, c.Mul, c.Shift, c.Thresholds, c.Bias, c.BiasFrac = was.WeightStep, was.Mul, was.Shift, was.Thresholds, was.Bias, was.BiasFrac
	}
	if err := quantizeWeights(p.layers[i], s, in, c); err != nil {
		return nil, fmt.Errorf("layer %q: %w", l.Name, err)
	}
	return c, nil
}

// Repaired lowers convolution layer i of Net with other weights, in the model's order, and with add added to the biases by channel.
func (p *Pruner) Repaired(i int, tauA float64, weights, add []float32) (*intnet.Conv, error) {
	own, at := *p.layers[i], p.net.Layers[i]
	s, in, to := p.spec.Convs[at.Name], p.net.Tensors[at.In[0]].Format, ValueSpec{p.net.Tensors[at.Out].Format, at.Rounding}
	if own.w != own.model || own.grid != nil || own.bipolar || own.levels != nil || len(weights) != len(own.w.F) || len(add) != own.w.Shape[0] {
		return nil, fmt.Errorf("layer %q: %d weights and %d biases cannot take the place of its own", at.Name, len(weights), len(add))
	}
	w, b := *own.w, &graph.Tensor{Type: graph.Float, Shape: graph.Shape{len(add)}, F: slices.Clone(add)}
	for c := 0; own.b != nil && c < len(add); c++ {
		b.F[c] += own.b.F[c]
	}
	w.F, own.b, s.TauW, s.TauA = weights, b, 0, tauA
	own.w, own.model = &w, &w
	var err error
	if s.WeightStep != nil {
		s.WeightStep = own.weightSteps(s, func(int, int) float64 { return 1 }, in, to.Format)
	} else if s.WeightFrac, err = weightFracs(&own, s.WeightBits, in, to.Format); err != nil {
		return nil, fmt.Errorf("layer %q: %w", at.Name, err)
	}
	if err = lowerConv(&own, s, in, to, &at, sought); err == nil {
		err = quantizeWeights(&own, s, in, at.Conv)
	}
	return at.Conv, err
}

// TauA is the integer threshold of layer i of Net for a float threshold tau on its input.
func (p *Pruner) TauA(i int, tau float64) int64 {
	return integerTau(max(tau, p.layers[i].tauA), p.net.Tensors[p.net.Layers[i].In[0]].Format)
}

// maxTau is larger than every activation.
const maxTau = 1 << fixed.MaxBits

// integerTau is the least integer q of format f whose value is at least tau. A threshold beyond every
// activation is the same as any larger one; 0 prunes nothing.
func integerTau(tau float64, f fixed.Format) int64 {
	if tau <= 0 {
		return 0
	}
	return int64(min(math.Ceil(tau/f.Step()), maxTau))
}
