package graph

import "fmt"

// This file implements ONNX's broadcasting, which is numpy's rule: axes are
// matched from the last one back, and an axis of 1 is repeated. The meaning of
// an operand of one shape therefore depends on the rank of the other.

// Broadcast is the shape of the result of two operands.
func Broadcast(a, b Shape) (Shape, error) {
	out := make(Shape, max(len(a), len(b)))
	for i := range out {
		da, db := 1, 1
		if j := i - len(out) + len(a); j >= 0 {
			da = a[j]
		}
		if j := i - len(out) + len(b); j >= 0 {
			db = b[j]
		}
		switch {
		case da == db || db == 1:
			out[i] = da
		case da == 1:
			out[i] = db
		default:
			return nil, fmt.Errorf("shapes %v and %v do not broadcast", a, b)
		}
	}
	return out, nil
}

// Walk gives offsets into one tensor in the order of the elements of another.
type Walk struct {
	shape  Shape
	stride []int // along each axis of shape; 0 where the operand is repeated
	at     []int
	off    int
}

// Offsets walks an operand that is broadcast to a tensor of the given shape.
func Offsets(operand, shape Shape) *Walk {
	return Strided(shape, strides(operand, shape), 0)
}

// Strided walks a tensor of the given shape: the offset of an element is start
// plus the sum of its indices times stride.
func Strided(shape Shape, stride []int, start int) *Walk {
	return &Walk{shape: shape, stride: stride, at: make([]int, len(shape)), off: start}
}

// Next is the offset for the next element.
func (w *Walk) Next() int {
	off := w.off
	for i := len(w.shape) - 1; i >= 0; i-- {
		w.at[i]++
		w.off += w.stride[i]
		if w.at[i] < w.shape[i] {
			break
		}
		w.off -= w.at[i] * w.stride[i]
		w.at[i] = 0
	}
	return off
}

// strides are the distances of an operand's elements along each axis of shape.
func strides(operand, shape Shape) []int {
	stride := make([]int, len(shape))
	step := 1
	for i := len(operand) - 1; i >= 0; i-- {
		if j := i + len(shape) - len(operand); j >= 0 && operand[i] != 1 {
			stride[j] = step
		}
		step *= operand[i]
	}
	return stride
}

// ByChannel gives for each channel of a tensor the element of the operand that
// is combined with all of the channel's elements; ok is false if a channel is
// combined with several elements, or the operand does not broadcast to the
// tensor. The tensor's elements, in order, are the given number of equal runs,
// one for each channel: the planes of [1,C,H,W], even if a reshape has changed
// its axes.
func ByChannel(operand, shape Shape, channels int) (at []int, ok bool) {
	if out, err := Broadcast(shape, operand); err != nil || !out.Equal(shape) {
		return nil, false
	}
	elems := shape.Elems()
	if channels < 1 || elems < 1 || elems%channels != 0 {
		return nil, false
	}
	run := elems / channels
	stride := strides(operand, shape)
	inner := 1 // elements that one step along the axis passes
	at = make([]int, channels)
	for d := len(shape) - 1; d >= 0; d-- {
		if stride[d] != 0 && shape[d] > 1 {
			if inner%run != 0 {
				return nil, false // the operand changes along this axis within a channel
			}
			for c := range at {
				at[c] += c * run / inner % shape[d] * stride[d]
			}
		}
		inner *= shape[d]
	}
	return at, true
}

// Along is the only axis of a tensor along which a broadcast operand varies, 0
// if it is one number; ok is false if it varies along more axes, or does not
// broadcast to the tensor.
func Along(operand, shape Shape) (axis int, ok bool) {
	if out, err := Broadcast(shape, operand); err != nil || !out.Equal(shape) {
		return 0, false
	}
	found := false
	for i, d := range operand {
		if d == 1 {
			continue
		}
		if found {
			return 0, false
		}
		axis, found = i+len(shape)-len(operand), true
	}
	return axis, true
}
