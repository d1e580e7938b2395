package quant

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/ident"
	"hass/internal/intnet"
	"hass/internal/resample"
	"hass/internal/settings"
)

// Lower builds the integer network that spec decides for g. Operators that the
// hardware lacks are an *UnsupportedError; a spec of another graph is an error
// that names the value or layer it misses. The result has passed intnet's
// validation, weights included.
func Lower(g *graph.Graph, spec *Spec) (*intnet.Net, error) {
	p, err := plan(g)
	if err != nil {
		return nil, err
	}
	if err := spec.matches(p); err != nil {
		return nil, err
	}
	if err := p.decide(spec); err != nil {
		return nil, err
	}
	net, err := p.layout(spec, sought)
	if err != nil {
		return nil, err
	}
	if err := p.weights(net, spec); err != nil {
		return nil, err
	}
	if err := net.Validate(); err != nil {
		return nil, fmt.Errorf("model %q does not fit the integer network: %w", g.Name, err)
	}
	if err := net.ValidateWeights(); err != nil {
		return nil, fmt.Errorf("model %q does not fit the integer network: %w", g.Name, err)
	}
	return net, nil
}

// layout is the integer network that spec decides, without weights, biases and the widths
// of accumulators.
func (p *network) layout(spec *Spec, care effort) (*intnet.Net, error) {
	g := p.g
	net := &intnet.Net{Name: g.Name, Host: []intnet.HostOp{}, Outputs: []int{}, Results: []intnet.Result{}}
	var names ident.Namer
	ids := make([]string, len(p.layers))
	for i, l := range p.layers { // layers first: their names are the ones users read
		ids[i] = names.Name(l.node.Name, string(l.kind))
	}
	tensors := make(map[string]int)
	tensor := func(name string, d dims) int {
		n := len(net.Tensors)
		tensors[name] = n
		net.Tensors = append(net.Tensors, intnet.Tensor{Name: name, ID: names.Name(name, "tensor"), H: d.h, W: d.w, C: d.c, Format: spec.Values[name].Format})
		return n
	}
	net.Input = tensor(p.input, p.inDims)
	net.InputRounding = spec.Values[p.input].Rounding
	for i, l := range p.layers {
		out := intnet.Layer{Name: l.node.Name, ID: ids[i], Kind: l.kind, Out: tensor(l.out, l.dims)}
		for _, in := range l.in {
			out.In = append(out.In, tensors[in])
		}
		if l.kind == intnet.KindConcat {
			joinFormats(net, l, spec.Values[l.out], &out, &names, care)
		}
		if err := lowerLayer(net, l, spec, &out, care); err != nil {
			return nil, fmt.Errorf("layer %q: %w", l.node.Name, err)
		}
		net.Layers = append(net.Layers, out)
	}
	output := map[int]bool{}
	leaves := func(t int) {
		if !output[t] {
			output[t], net.Outputs = true, append(net.Outputs, t)
		}
	}
	var err error
	if net.Tail, err = p.lowerTail(tensors); err != nil {
		return nil, err
	}
	for _, r := range p.results {
		if r.tensor == "" { // the host's tail computes it
			for _, in := range net.Tail.Inputs {
				leaves(in.Tensor)
			}
			net.Results = append(net.Results, intnet.Result{Name: r.name, Shape: r.shape, Tensor: intnet.FromTail})
			continue
		}
		t := tensors[r.tensor]
		leaves(t)
		net.Results = append(net.Results, intnet.Result{Name: r.name, Shape: r.shape, Tensor: t, Host: r.host})
	}
	for _, h := range p.host {
		net.Host = append(net.Host, intnet.HostOp{Name: h.node.Name, Op: h.op.Fn, Shape: h.shape, Axis: h.op.Axis, Input: tensors[h.input]})
	}
	return net, nil
}

// structure reports what Validate would refuse in the network independent of its weights:
// sizes, geometry, and formats given by the model.
func (p *network) structure() error {
	if n := len(p.layers); n > intnet.MaxLayers { // check before they are all built
		return fmt.Errorf("integer network: %d layers; want 1 to %d", n, intnet.MaxLayers)
	}
	spec := &Spec{Values: make(map[string]ValueSpec), Convs: make(map[string]ConvSpec)}
	give := func(value string) {
		spec.Values[value] = ours(nominal)
		if from := p.source(value); from != value {
			spec.Values[value] = spec.Values[from]
		} else if given := p.given(value); given != nil {
			spec.Values[value] = kept(*given)
		}
	}
	give(p.input)
	for _, l := range p.layers {
		give(l.out)
		if f, ok := l.between(spec.Values[l.in[0]].Format); ok && l.fixed == nil {
			spec.Values[l.out] = ours(f)
		}
		if l.kind == intnet.KindConv {
			spec.Convs[l.node.Name] = ConvSpec{WeightBits: nominal.Bits, WeightFrac: []int{nominal.Frac}}
			if l.grid != nil {
				frac, _ := l.keptFracs(l.grid.width())
				spec.Convs[l.node.Name] = ConvSpec{WeightBits: l.grid.width(), WeightFrac: frac}
			}
		}
	}
	net, err := p.layout(spec, draft)
	if err != nil {
		return err
	}
	for i := range net.Layers {
		if c := net.Layers[i].Conv; c != nil {
			if c.AccBits, c.BiasFrac = fixed.MaxAccBits, 0; c.Scaled() {
				c.AccBits = nominalAcc
			}
		}
	}
	return net.Validate()
}

// nominal is the format, and nominalAcc the accumulator width before a multiplier, in networks whose numbers do not matter.
var nominal = fixed.Format{Bits: 8, Frac: 4, Signed: true}

const nominalAcc = 24

// matches checks that the spec has exactly the decisions that the network needs.
func (s *Spec) matches(p *network) error {
	values, convs := 1, 0
	missing := func(what, name string) error {
		return fmt.Errorf("the profile has no %s %q: it belongs to another model; run hass profile again", what, name)
	}
	if _, ok := s.Values[p.input]; !ok {
		return missing("value", p.input)
	}
	if err := s.keeps(p, p.input); err != nil {
		return err
	}
	for _, l := range p.layers {
		values++
		if _, ok := s.Values[l.out]; !ok {
			return missing("value", l.out)
		}
		if err := s.keeps(p, l.out); err != nil {
			return err
		}
		if l.kind != intnet.KindConv {
			continue
		}
		convs++
		c, ok := s.Convs[l.node.Name]
		if !ok {
			return missing("convolution", l.node.Name)
		}
		if n := len(c.WeightFrac); c.WeightBits < 2 || c.WeightBits > fixed.MaxBits || n != 1 && n != l.w.Shape[0] && !(n == 0 && (l.keepsWeights(c) || c.WeightStep != nil)) {
			return fmt.Errorf("profile: convolution %q has %d-bit weights and %d binary points", l.node.Name, c.WeightBits, n)
		}
		if err := (settings.Tau{W: c.TauW, A: c.TauA}).Check(); err != nil {
			return fmt.Errorf("profile: convolution %q: %w", l.node.Name, err)
		}
		if err := c.checkSteps(l); err != nil {
			return fmt.Errorf("profile: convolution %q: %w", l.node.Name, err)
		}
		for _, f := range c.WeightFrac {
			if f < -intnet.MaxFrac || f > intnet.MaxFrac {
				return fmt.Errorf("profile: convolution %q has the binary point %d", l.node.Name, f)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Values)) {
		if f := s.Values[name]; f.Bits < 2 || f.Bits > fixed.MaxBits || f.Frac < -intnet.MaxFrac || f.Frac > intnet.MaxFrac || f.Scale != 0 && !(f.Scale > 1 && f.Scale < 2) {
			return fmt.Errorf("profile: value %q has the impossible format %v", name, f.Format)
		} else if !f.Rounding.Valid() {
			return fmt.Errorf("profile: value %q has no rounding", name)
		}
	}
	if len(s.Values) != values || len(s.Convs) != convs {
		return errors.New("the profile has values or convolutions that the model lacks: it belongs to another model; run hass profile again")
	}
	return nil
}

// keeps checks that a value has the format and the rounding that the model gives, if it gives any.
func (s *Spec) keeps(p *network, value string) error {
	v, from := s.Values[value], p.source(value)
	given := p.given(value)
	switch {
	case from != value && v != s.Values[from]:
		return fmt.Errorf("profile: value %q is %v, %s; it moves from %q, which is %v, %s", value, v.Format, v.Rounding, from, s.Values[from].Format, s.Values[from].Rounding)
	case given != nil && v != kept(*given):
		return fmt.Errorf("profile: value %q is %v, %s; the model's quantiser gives %v, %s", value, v.Format, v.Rounding, *given, fixed.HalfEven)
	case given == nil && v.Rounding != fixed.HalfUp:
		return fmt.Errorf("profile: value %q is rounded %s; no quantiser of the model gives its format, which is rounded %s", value, v.Rounding, fixed.HalfUp)
	}
	return nil
}

// BranchName is the name of the change of format before input i of the given concat, and of its result.
func BranchName(concat string, i int) string { return fmt.Sprintf("%s/requant%d", concat, i) }

// joinFormats puts a change of format before every input of a concat that has another
// format than its output, or reaches beyond the concat's clamp.
func joinFormats(net *intnet.Net, l *layer, to ValueSpec, out *intnet.Layer, names *ident.Namer, care effort) {
	lo, hi := l.clampOf(to)
	for i, in := range out.In {
		t := net.Tensors[in]
		if t.Format == to.Format && lo == to.Min() && hi == to.Max() {
			continue
		}
		name := BranchName(l.node.Name, i)
		r := intnet.Layer{Name: name, ID: names.Name(name, "requant"), Kind: intnet.KindRequant, In: []int{in}, Out: len(net.Tensors),
			Lo: lo, Hi: hi, Rounding: to.Rounding}
		requantise(&r, net.Tensors[in].Format, to, care)
		t.Name, t.ID, t.Format = name, names.Name(name, "tensor"), to.Format
		out.In[i] = r.Out
		net.Tensors = append(net.Tensors, t)
		net.Layers = append(net.Layers, r)
	}
}

func lowerLayer(net *intnet.Net, l *layer, spec *Spec, out *intnet.Layer, care effort) error {
	in, to := net.Tensors[out.In[0]].Format, spec.Values[l.out]
	out.Lo, out.Hi = l.clampOf(to)
	switch l.kind {
	case intnet.KindConv:
		return lowerConv(l, spec.Convs[l.node.Name], in, to, out, care)
	case intnet.KindAdd, intnet.KindMul:
		return combine(out, in, net.Tensors[out.In[1]].Format, to, care)
	case intnet.KindRequant:
		if l.bipolar { // the sign of 2x+1, so that 0 gives 1
			out.Kind, out.Rounding = intnet.KindActivation, to.Rounding
			out.Act = &intnet.Act{Fn: intnet.ActAffine, Mul: []int64{2}, Add: 1}
			return nil
		}
		requantise(out, in, to, care)
		return nil
	case intnet.KindActivation:
		act, err := lowerAct(l, in, to, care)
		if err != nil {
			return err
		}
		out.Act = act
	case intnet.KindConcat: // its inputs are clamped, see joinFormats
		out.Lo, out.Hi = to.Min(), to.Max()
	case intnet.KindResize:
		out.Resize = resample.New(*l.resize, net.Tensors[out.In[0]], l.dims.h, l.dims.w, in, to.Format, to.Rounding)
	case intnet.KindPool, intnet.KindGlobalPool:
		out.Pool = &intnet.Pool{Window: windowOf(l.window), Max: l.max, CountPad: l.count}
		if l.max {
			break
		}
		if in.Scale != to.Scale {
			return averageScaled(&net.Tensors[out.In[0]], &net.Tensors[out.Out], to, out, care)
		}
		var err error
		if out.Pool.Scale, out.Pool.Drop, err = out.Pool.Average(&net.Tensors[out.In[0]], &net.Tensors[out.Out], to.Rounding); err != nil {
			return err
		}
		out.Pool.FormatShift = in.Frac - to.Frac
	default:
		if out.Moves = l.moves; l.kind.Moves() {
			break
		}
		return fmt.Errorf("layer %q: nothing quantises the kind %q", l.node.Name, l.kind)
	}
	if out.Requantises() {
		out.Rounding = to.Rounding
	}
	return nil
}

// windowOf sets a window's dilation to 1 along axes where the kernel has one tap, because it has no effect there.
func windowOf(w intnet.Window) intnet.Window {
	for d, k := range w.Kernel {
		if k == 1 {
			w.Dilation[d] = 1
		}
	}
	return w
}
