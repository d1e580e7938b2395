// Package hosttail computes a model's outputs from those of its integer network: it dequantises them and runs the operators on
// the host that follow the last layer with hardware.
package hosttail

import (
	"fmt"
	"slices"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// Host computes the model's outputs from the integer network's: it dequantises them and runs the remaining operators.
type Host struct {
	net  *intnet.Net
	exec *floatexec.Exec // of the tail; nil if there is none
}

// New prepares the host's part of a network. The Host may be used concurrently.
func New(net *intnet.Net) (*Host, error) {
	h := &Host{net: net}
	if net.Tail == nil {
		return h, nil
	}
	g, err := graph.Parse(net.Tail.Graph)
	if err == nil {
		h.exec, err = floatexec.New(g)
	}
	if err == nil {
		err = h.check()
	}
	if err != nil {
		return nil, fmt.Errorf("host tail: %w", err)
	}
	return h, nil
}

// check compares the tail's graph with the network's description of it.
func (h *Host) check() error {
	in, t := h.exec.Inputs(), h.net.Tail
	if len(in) != len(t.Inputs) {
		return fmt.Errorf("its graph has %d inputs, the network %d", len(in), len(t.Inputs))
	}
	for i, v := range in {
		if !v.Shape.Equal(graph.Shape(t.Inputs[i].Shape)) {
			return fmt.Errorf("input %q has shape %v in its graph and %v in the network", v.Name, v.Shape, t.Inputs[i].Shape)
		}
	}
	k := 0
	for _, r := range h.net.Results {
		if r.Tensor != intnet.FromTail {
			continue
		}
		if k == len(h.exec.Outputs()) || h.exec.Outputs()[k] != r.Name || !h.exec.OutputShape(k).Equal(graph.Shape(r.Shape)) {
			return fmt.Errorf("its graph does not make output %q of shape %v", r.Name, r.Shape)
		}
		k++
	}
	return nil
}

// Results gives the model's outputs, one per net.Results in the model's order, from the
// outputs of intnet's Exec.Run: dequantised, processed by the operators on the host,
// and in the model's shapes for one image.
func (h *Host) Results(outputs [][]int32) ([]*floatexec.Tensor[float32], error) {
	net := h.net
	if len(outputs) != len(net.Outputs) {
		return nil, fmt.Errorf("%d outputs; the network has %d", len(outputs), len(net.Outputs))
	}
	var made [][]float32
	if h.exec != nil {
		in := make([][]float32, len(net.Tail.Inputs))
		for i, t := range net.Tail.Inputs {
			in[i] = net.Dequantize(t.Tensor, outputs[slices.Index(net.Outputs, t.Tensor)])
		}
		var err error
		if made, err = h.exec.Run(in, nil); err != nil {
			return nil, fmt.Errorf("host tail: %w", err)
		}
	}
	res := make([]*floatexec.Tensor[float32], len(net.Results))
	for i, r := range net.Results {
		if r.Tensor == intnet.FromTail {
			res[i] = &floatexec.Tensor[float32]{Shape: graph.Shape(r.Shape), Data: made[0]}
			made = made[1:]
			continue
		}
		v := &floatexec.Tensor[float32]{Data: net.Dequantize(r.Tensor, outputs[net.OutputOf(i)])}
		for _, h := range r.Host {
			op := net.Host[h]
			v.Shape = graph.Shape(op.Shape)
			out, err := floatexec.Eval[float32](graph.Host{Fn: op.Op, Axis: op.Axis}, v)
			if err != nil {
				return nil, fmt.Errorf("host operator %q: %w", op.Name, err)
			}
			v = out
		}
		v.Shape = graph.Shape(r.Shape)
		res[i] = v
	}
	return res, nil
}

// Results is Host.Results for a network whose outputs are needed only once.
func Results(net *intnet.Net, outputs [][]int32) ([]*floatexec.Tensor[float32], error) {
	h, err := New(net)
	if err != nil {
		return nil, err
	}
	return h.Results(outputs)
}
