package intnet

import (
	"errors"
	"fmt"
)

// Replace gives an executor of a network that differs from x's only in the parameters of some convolutions,
// as in a search over pruning thresholds. Layers whose Conv is the same pointer, or has the same Weights
// slice and AccBits, share the data that x has prepared; only the others are checked and prepared. The
// executor has its own tensors.
func (x *Exec) Replace(net *Net) (*Exec, error) {
	r, err := x.prepare(net)
	if err != nil {
		return nil, err
	}
	r.alloc()
	return r, nil
}

// Part is Replace for use with Probe alone: the executor has no tensors and cannot run.
func (x *Exec) Part(net *Net) (*Exec, error) {
	r, err := x.prepare(net)
	if err != nil {
		return nil, err
	}
	return &Exec{net: &Net{Layers: net.Layers}, convs: r.convs}, nil
}

func (x *Exec) prepare(net *Net) (*Exec, error) {
	if len(net.Layers) != len(x.net.Layers) || len(net.Tensors) != len(x.net.Tensors) || net.Input != x.net.Input {
		return nil, errors.New("the network to replace with has another structure")
	}
	if err := net.Validate(); err != nil {
		return nil, err
	}
	r := &Exec{Checked: x.Checked, net: net, convs: make([]*convPlan, len(net.Layers)), acts: x.acts}
	for i := range net.Layers {
		l, old := &net.Layers[i], &x.net.Layers[i]
		if l.Kind != old.Kind {
			return nil, fmt.Errorf("layer %d (%q): the network to replace with has a %s where it was a %s", i, l.Name, l.Kind, old.Kind)
		}
		if l.Rounding != old.Rounding {
			return nil, fmt.Errorf("layer %d (%q): the network to replace with rounds %s, not %s", i, l.Name, l.Rounding, old.Rounding)
		}
		if l.Kind != KindConv {
			continue
		}
		if samePlan(l.Conv, old.Conv) {
			r.convs[i] = x.convs[i]
			continue
		}
		if err := net.validateWeights(i); err != nil {
			return nil, err
		}
		r.convs[i] = newConvPlan(l, &net.Tensors[l.In[0]], &net.Tensors[l.Out])
	}
	return r, nil
}

// samePlan reports whether two convolutions at one place in a network share their prepared data. The
// activation threshold is read when the layer runs.
func samePlan(a, b *Conv) bool {
	return a == b || len(a.Weights) == len(b.Weights) && &a.Weights[0] == &b.Weights[0] && a.AccBits == b.AccBits && a.BiasFrac == b.BiasFrac
}

// RunFrom is Run for layers first and up. The tensors of earlier layers are used as they are: from the last
// run, or as written by the caller through Tensor, which is allowed only for this purpose.
func (x *Exec) RunFrom(first int, input []int32) ([][]int32, error) {
	x.tensors[x.net.Input] = input
	for i := first; i < len(x.net.Layers); i++ {
		if err := x.layer(i); err != nil {
			l := &x.net.Layers[i]
			return nil, fmt.Errorf("layer %d (%q): %w", i, l.Name, err)
		}
	}
	for i, o := range x.net.Outputs {
		x.outputs[i] = x.tensors[o]
	}
	return x.outputs, nil
}

// Probe evaluates layer first like other, made by Replace, and all later layers like x: it gives the effect of a
// change in one layer on the outputs. Earlier tensors are used as in RunFrom, so that one run of x serves probes
// in descending order of layers.
func (x *Exec) Probe(first int, other *Exec, input []int32) ([][]int32, error) {
	x.tensors[x.net.Input] = input
	l := &other.net.Layers[first]
	if l.Kind != KindConv {
		return nil, fmt.Errorf("layer %d (%q) is no convolution", first, l.Name)
	}
	if err := x.conv(l, other.convs[first], x.tensors[l.In[0]], x.tensors[l.Out]); err != nil {
		return nil, fmt.Errorf("layer %d (%q): %w", first, l.Name, err)
	}
	return x.RunFrom(first+1, input)
}
