package intnet

import (
	"errors"
	"fmt"
)

// Replace gives an executor of a network that is x's but for the parameters of some convolutions: what a
// search over pruning thresholds evaluates by the thousand. Layers whose Conv is the same pointer, or
// has the same Weights slice and AccBits, share what x has prepared for them; only the others are checked and
// prepared. The tensors are the executor's own.
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

// samePlan tells whether two convolutions of one place in a network are prepared alike. The activation
// threshold is read when the layer runs.
func samePlan(a, b *Conv) bool {
	return a == b || len(a.Weights) == len(b.Weights) && &a.Weights[0] == &b.Weights[0] && a.AccBits == b.AccBits && a.BiasFrac == b.BiasFrac
}

// RunFrom is Run for layers first and up. The tensors that earlier layers write are taken as they stand: from
// the last run, or put there through Tensor by the caller, which may write for this purpose alone.
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

// Probe evaluates layer first as other, made by Replace, would, and all later layers as x would: what a
// change in one layer alone does to the outputs. Earlier tensors stand as for RunFrom, so that one run of x serves
// probes in descending order of layers.
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
