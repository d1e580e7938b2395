package intnet

import (
	"fmt"
	"slices"
)

// checkResults checks the host's part: its operators and the model's outputs
// must come from output tensors, with the number of elements of their shapes.
func (n *Net) checkResults(isOut []bool) error {
	for i := range n.Host {
		h := &n.Host[i]
		what := fmt.Sprintf("host operator %d (%q)", i, h.Name)
		if h.Input < 0 || h.Input >= len(n.Tensors) || !isOut[h.Input] {
			return fmt.Errorf("%s: its input tensor %d is not an output of the integer network", what, h.Input)
		}
		if h.Op != "softmax" && h.Op != "argmax" {
			return fmt.Errorf("%s: unknown operator %.40q; known: softmax, argmax", what, h.Op)
		}
		if _, err := elemsOf(h.Shape); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if h.Axis < 0 || h.Axis >= len(h.Shape) {
			return fmt.Errorf("%s: axis %d of shape %v", what, h.Axis, h.Shape)
		}
	}
	if err := n.checkTail(isOut); err != nil {
		return err
	}
	for i, r := range n.Results {
		what := fmt.Sprintf("result %d (%q)", i, r.Name)
		if r.Tensor == FromTail {
			if n.Tail == nil || len(r.Host) > 0 {
				return fmt.Errorf("%s: the host's tail makes it, and there is none", what)
			}
			if _, err := elemsOf(r.Shape); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			continue
		}
		if r.Tensor < 0 || r.Tensor >= len(n.Tensors) || !isOut[r.Tensor] {
			return fmt.Errorf("%s: tensor %d is not an output of the integer network", what, r.Tensor)
		}
		t := n.Tensors[r.Tensor]
		elems := t.H * t.W * t.C
		fits := func(shape []int, what string) error {
			have, err := elemsOf(shape)
			if err == nil && have != elems {
				err = fmt.Errorf("shape %v does not have the %d elements of its tensor", shape, elems)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		}
		for _, k := range r.Host {
			if k < 0 || k >= len(n.Host) || n.Host[k].Input != r.Tensor {
				return fmt.Errorf("%s: host operator %d does not exist or belongs to another tensor", what, k)
			}
			if err := fits(n.Host[k].Shape, fmt.Sprintf("%s: host operator %d (%q)", what, k, n.Host[k].Name)); err != nil {
				return err
			}
			elems = n.Host[k].elems()
		}
		if err := fits(r.Shape, what); err != nil {
			return err
		}
	}
	return nil
}

// ValidateResults is the part of Validate for Host and Results.
func (n *Net) ValidateResults() error {
	isOut := make([]bool, len(n.Tensors))
	for _, o := range n.Outputs {
		isOut[o] = true
	}
	return n.checkResults(isOut)
}

// elemsOf is the number of elements of a shape, bounded.
func elemsOf(shape []int) (int, error) {
	elems := 1
	for _, d := range shape {
		if d < 1 || d > MaxDim || elems > MaxTensorElems || len(shape) > maxRank {
			return 0, fmt.Errorf("bad shape %v", shape[:min(len(shape), maxRank)])
		}
		elems *= d
	}
	return elems, nil
}

// maxRank bounds the axes of an output.
const maxRank = 64

// OutputOf is the index in Outputs of the tensor of result i.
func (n *Net) OutputOf(i int) int { return slices.Index(n.Outputs, n.Results[i].Tensor) }

// maxTailInputs bounds the tensors that a tail reads.
const maxTailInputs = 1 << 12

// checkTail checks a tail's inputs. Package hosttail checks its graph.
func (n *Net) checkTail(isOut []bool) error {
	if n.Tail == nil {
		return nil
	}
	if k := len(n.Tail.Inputs); k < 1 || k > maxTailInputs {
		return fmt.Errorf("the host's tail reads %d tensors; want 1 to %d", k, maxTailInputs)
	}
	for i, in := range n.Tail.Inputs {
		what := fmt.Sprintf("input %d (%q) of the host's tail", i, in.Name)
		if in.Tensor < 0 || in.Tensor >= len(n.Tensors) || !isOut[in.Tensor] {
			return fmt.Errorf("%s: tensor %d is not an output of the integer network", what, in.Tensor)
		}
		t := &n.Tensors[in.Tensor]
		have, err := elemsOf(in.Shape)
		if want := t.H * t.W * t.C; err == nil && have != want {
			err = fmt.Errorf("shape %v does not have the %d elements of its tensor", in.Shape, want)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}
