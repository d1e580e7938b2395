// Package reasons has the texts for operators without hardware: the reason, and a
// hint for the user.
package reasons

import (
	"fmt"
	"slices"

	"hass/internal/dataset"
	"hass/internal/graph"
)

// Each text tells what the operator does, what the hardware does instead, and what
// a user can do.

// CutHint is the hint for operators that only the host can run.
const CutHint = "behind the last layer with weights the host does it"

// NoModule gives the reason why an operator has no module.
func NoModule(g *graph.Graph, n *graph.Node) (reason, hint string) {
	shape := func(i int) graph.Shape { s, _ := g.ShapeOf(n.Inputs[i]); return s }
	x := shape(0)
	switch op := n.Op.(type) {
	case graph.Transpose:
		if len(x) == 5 && slices.Equal(op.Perm, []int{0, 2, 1, 3, 4}) {
			return fmt.Sprintf("it shuffles channels: it interleaves %d groups of %d channels; the hardware keeps the order of channels", x[1], x[2]),
				"reorder the weights of the convolutions behind the shuffle (their input channels) and leave it out; " + CutHint
		}
		return fmt.Sprintf("it rearranges %v by the permutation %v; streams go row by row with the channels of a pixel together, and no module reorders them", x, op.Perm), CutHint
	case graph.Take:
		return fmt.Sprintf("it takes %d of %d elements along axis %d of %v in an order of its own", len(op.Index), x[op.Axis], op.Axis, x), "let the weights of the convolution before or behind it choose; " + CutHint
	case graph.Expand:
		return fmt.Sprintf("it repeats %v to %v; the hardware repeats one pixel in an addition or product only", x, op.To), "let an Add or Mul with [1,C,1,1] broadcast instead"
	case graph.Pad:
		return padWords(op, x)
	case graph.Reduce:
		return fmt.Sprintf("it reduces axes %v of %v; the hardware has the mean and the maximum over height and width of [1,C,H,W]", op.Axes, x),
			"use GlobalAveragePool or GlobalMaxPool on the map; " + CutHint
	case graph.MatMul:
		return fmt.Sprintf("it multiplies %v by %v; the hardware multiplies one vector by constant weights", x, shape(1)),
			"write a product with constant weights as Gemm of [1,K], or as a 1x1 Conv over rows; " + CutHint
	case graph.Eltwise:
		switch op.Fn {
		case "max", "min":
			return fmt.Sprintf("the hardware has no element-wise %s of two tensors", op.Fn), "a maximum of x and a*x is LeakyRelu(x), one with a number is Clip; else use additions and multiplications"
		case "sub":
			return "the hardware has no element-wise difference", "negate the weights of the convolution that makes the second operand and use Add"
		case "div":
			return "the hardware has no element-wise quotient", "multiply by the inverse where the divisor is constant"
		}
	case graph.Activation:
		return fmt.Sprintf("the hardware has no %s: it is unbounded, has a pole or has steps, which no table of segments keeps", op.Fn), "use a smooth activation, or Relu; " + CutHint
	case graph.Foreign:
		return "no hardware operator corresponds to it", "run `hass check` on the model and replace this operator"
	}
	return "the hardware does not have it", "replace this operator"
}

func padWords(op graph.Pad, x graph.Shape) (reason, hint string) {
	hint = "pad in the convolution or pool behind it (its pads), which adds zeros to rows and columns for nothing"
	switch outer := len(x) != 4 || op.Before[0]+op.After[0]+op.Before[1]+op.After[1] > 0; {
	case op.Mode != "constant":
		return fmt.Sprintf("it pads by mode %q; the hardware pads with zeros", op.Mode), hint
	case outer:
		return fmt.Sprintf("it pads %v by %v before and %v behind; the hardware pads rows and columns of [1,C,H,W], not channels", x, op.Before, op.After),
			"add output channels with zero weights to the convolution before it"
	}
	return fmt.Sprintf("it pads rows and columns with %g; the hardware pads with zeros", op.Value), hint
}

// NoInput gives the reason why the hardware cannot read a model's input; "" if it can.
func NoInput(in graph.Value) (reason, hint string) {
	_, _, _, ok := dataset.InputShape(in.Shape)
	switch {
	case in.Type != graph.Float:
		return fmt.Sprintf("its elements are %s; networks here read floats", in.TypeName()),
			"export the model with a float32 input; the data set's divisor, mean and std make floats of pixels"
	case ok:
		return "", ""
	}
	return fmt.Sprintf("it has the shape %v; the hardware reads images [1,C,H,W], sequences [1,C,L] and vectors [1,F]", in.Shape), "export the model with an input of one of these shapes and a Reshape behind it"
}

// NoMap is for an operator that reads a value that is not a map.
func NoMap(s graph.Shape) (reason, hint string) {
	return fmt.Sprintf("it reads %v; the hardware has maps [1,C,H,W], sequences [1,C,L] and vectors [1,C]", s), "give it a map of one image; " + CutHint
}

// Reshaped is for an operator that reads a map with another shape, for which the
// hardware would have to rearrange elements.
func Reshaped(s graph.Shape, h, w, c int) (reason, hint string) {
	was := graph.Shape{1, c, h, w}
	if len(s) > 1 && s[0] == 1 && s.Elems() == s[1] {
		return fmt.Sprintf("it works on the %d elements of a flattened map %v one by one; the hardware has the map, with channels", s[1], was),
			"put it before the Flatten or Reshape, or behind the dense layer that follows"
	}
	return fmt.Sprintf("it reads the map %v reshaped to %v; the hardware cannot rearrange pixels and channels", was, s), "remove the reshape before it; " + CutHint
}
