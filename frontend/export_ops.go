package frontend

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hass/frontend/onnx"
	"hass/internal/graph"
)

// operator writes e.node.
func (e *exporter) operator() error {
	switch op := e.node.Op.(type) {
	case graph.Conv:
		e.last("Conv", e.ins(), append(window(op.Window), attrInt("group", int64(op.Groups)))...)
	case graph.ConvTranspose:
		e.last("ConvTranspose", e.ins(), append(window(op.Window), attrInt("group", int64(op.Groups)), attrInts("output_padding", op.OutPad[:]))...)
	case graph.Pool:
		e.pool(op)
	case graph.GlobalPool:
		if op.Max {
			e.last("GlobalMaxPool", e.ins())
		} else {
			e.last("GlobalAveragePool", e.ins())
		}
	case graph.Eltwise:
		name, ok := map[string]string{"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "max": "Max", "min": "Min"}[op.Fn]
		if !ok {
			return errors.New("ONNX has no such operator")
		}
		e.last(name, e.ins())
	case graph.Activation:
		return e.activation(op)
	case graph.Reshape:
		e.reshape(op)
	case graph.Host:
		return e.host(op)
	case graph.Concat:
		e.last("Concat", e.ins(), attrInt("axis", int64(op.Axis)))
	case graph.Take:
		index := e.tensor(onnx.NewInts("indices", onnx.Int64, []int64{int64(len(op.Index))}, int64s(op.Index)))
		all := slices.Clone(e.shape(0))
		if all[op.Axis] = len(op.Index); all.Equal(op.To) {
			e.last("Gather", []string{e.in(0), index}, attrInt("axis", int64(op.Axis)))
			break
		}
		e.last("Reshape", []string{e.aux("Gather", []string{e.in(0), index}, attrInt("axis", int64(op.Axis))), e.ints("shape", dims(op.To))})
	case graph.Slice:
		e.slice(op)
	case graph.Resize:
		return e.resize(op)
	case graph.Transpose:
		e.last("Transpose", e.ins(), attrInts("perm", op.Perm))
	case graph.Expand:
		e.last("Expand", []string{e.in(0), e.ints("shape", dims(op.To))})
	case graph.Pad:
		in := []string{e.in(0), e.ints("pads", dims(slices.Concat(op.Before, op.After)))}
		if op.Mode == "constant" && op.Value != 0 {
			in = append(in, e.number("value", op.Value))
		}
		e.last("Pad", in, attrString("mode", op.Mode))
	case graph.Reduce:
		return e.reduce(op)
	case graph.MatMul:
		e.last("MatMul", e.ins())
	case graph.Quantize:
		e.quantize(op)
	case graph.MultiThreshold:
		e.multiThreshold(op)
	default:
		return errors.New("ONNX has no such operator")
	}
	return nil
}

// window gives the attributes of a sliding window.
func window(w graph.Window) []*onnx.Attr {
	return []*onnx.Attr{attrInts("kernel_shape", w.Kernel[:]), attrInts("strides", w.Stride[:]), attrInts("dilations", w.Dilation[:]), attrInts("pads", w.Pads[:])}
}

// pool: AveragePool has dilations since opset 19. Only since then does ONNX
// specify that a mean which counts padding does not count elements beyond the
// padding.
func (e *exporter) pool(op graph.Pool) {
	attrs := window(op.Window)
	if op.Ceil {
		attrs = append(attrs, attrInt("ceil_mode", 1))
	}
	if op.Max {
		e.last("MaxPool", e.ins(), attrs...)
		return
	}
	if op.CountPad {
		attrs = append(attrs, attrInt("count_include_pad", 1))
	}
	dilated := op.Dilation != [2]int{1, 1}
	if dilated || op.Ceil && op.CountPad {
		e.need(19)
	}
	if !dilated {
		attrs = slices.DeleteFunc(attrs, func(a *onnx.Attr) bool { return a.Name == "dilations" })
	}
	e.last("AveragePool", e.ins(), attrs...)
}

func (e *exporter) activation(op graph.Activation) error {
	if math.IsNaN(op.Alpha) || math.IsNaN(op.Beta) {
		return fmt.Errorf("its parameters %v and %v are no numbers", op.Alpha, op.Beta)
	}
	switch op.Fn {
	case graph.ActRelu:
		e.last("Relu", e.ins())
	case graph.ActSigmoid:
		e.last("Sigmoid", e.ins())
	case graph.ActTanh:
		e.last("Tanh", e.ins())
	case graph.ActHardSwish:
		e.need(14)
		e.last("HardSwish", e.ins())
	case graph.ActSiLU: // Swish exists since opset 24 only
		x := e.in(0)
		e.last("Mul", []string{x, e.aux("Sigmoid", []string{x})})
	case graph.ActHardSigmoid:
		e.last("HardSigmoid", e.ins(), attrFloat("alpha", op.Alpha), attrFloat("beta", op.Beta))
	case graph.ActLeakyRelu:
		e.last("LeakyRelu", e.ins(), attrFloat("alpha", op.Alpha))
	case graph.ActExp, graph.ActLog, graph.ActSqrt, graph.ActReciprocal, graph.ActAbs, graph.ActErf, graph.ActFloor, graph.ActCeil, graph.ActRound, graph.ActSign, graph.ActSoftplus, graph.ActSoftsign:
		name := string(op.Fn)
		e.last(strings.ToUpper(name[:1])+name[1:], e.ins())
	case graph.ActElu:
		e.last("Elu", e.ins(), attrFloat("alpha", op.Alpha))
	case graph.ActCelu:
		e.last("Celu", e.ins(), attrFloat("alpha", op.Alpha))
	case graph.ActSelu:
		e.last("Selu", e.ins(), attrFloat("alpha", op.Alpha), attrFloat("gamma", op.Beta))
	case graph.ActThresholdedRelu:
		e.last("ThresholdedRelu", e.ins(), attrFloat("alpha", op.Alpha))
	case graph.ActPow:
		e.last("Pow", []string{e.in(0), e.number("exponent", op.Alpha)})
	case graph.ActMish:
		e.need(18)
		e.last("Mish", e.ins())
	case graph.ActGelu:
		e.need(20)
		e.last("Gelu", e.ins())
	case graph.ActGeluTanh:
		e.need(20)
		e.last("Gelu", e.ins(), attrString("approximate", "tanh"))
	case graph.ActPRelu:
		e.last("PRelu", e.ins())
	case graph.ActClip:
		in := []string{e.in(0), "", ""}
		// A bound rounded to float32 limits float32 numbers exactly as the unrounded
		// bound does.
		if !math.IsInf(op.Alpha, -1) {
			in[1] = e.number("min", op.Alpha)
		}
		if !math.IsInf(op.Beta, 1) {
			in[2] = e.number("max", op.Beta)
		}
		for in[len(in)-1] == "" {
			in = in[:len(in)-1]
		}
		if len(in) > 1 {
			e.last("Clip", in)
		} else {
			e.last("Identity", in)
		}
	case graph.ActThreshold:
		// Shrink keeps |x| > lambd. It would not keep a NaN, but no activation is
		// NaN.
		if op.Alpha > 0 {
			e.last("Shrink", e.ins(), attrFloat("lambd", float64(shrinkBound(op.Alpha))), attrFloat("bias", 0))
		} else {
			e.last("Identity", e.ins())
		}
	default:
		return errors.New("ONNX has no such operator")
	}
	return nil
}

// shrinkBound is the greatest float32 number below tau > 0. For a float32 x, |x|
// > shrinkBound is the same as |x| >= tau in float64, including |x| = tau. A tau
// below the least float32 number gives 0, and Shrink then changes nothing.
func shrinkBound(tau float64) float32 {
	b := float32(tau)
	if float64(b) >= tau {
		b = math.Nextafter32(b, 0)
	}
	return b
}

// reshape: a 0 in the shape keeps the batch.
func (e *exporter) reshape(op graph.Reshape) {
	to := dims(op.To)
	var attrs []*onnx.Attr
	if e.batched {
		to[0] = 0
	} else if slices.Contains(op.To, 0) {
		e.need(14)
		attrs = append(attrs, attrInt("allowzero", 1))
	}
	in := e.raw(0)
	e.types[e.node.Outputs[0]] = e.typeOf(e.node.Inputs[0])
	e.last("Reshape", []string{in, e.ints("shape", to)}, attrs...)
}

func (e *exporter) host(op graph.Host) error {
	axis := attrInt("axis", int64(op.Axis))
	switch op.Fn {
	case "softmax":
		e.last("Softmax", e.ins(), axis)
	case "logsoftmax":
		e.last("LogSoftmax", e.ins(), axis)
	case "argmax", "lastargmax":
		attrs := []*onnx.Attr{axis, attrInt("keepdims", 1)}
		if op.Fn == "lastargmax" {
			attrs = append(attrs, attrInt("select_last_index", 1))
		}
		e.last("ArgMax", e.ins(), attrs...)
		e.types[e.node.Outputs[0]] = onnx.Int64
	default:
		return errors.New("ONNX has no such operator")
	}
	return nil
}

// slice names only the axes that it shortens or reverses.
func (e *exporter) slice(op graph.Slice) {
	x := e.shape(0)
	var starts, ends, axes, steps []int64
	for d, n := range op.To {
		start, step := op.Start[d], op.Step[d]
		if n == 0 {
			start, step = 0, 1
		}
		if start == 0 && step == 1 && n == x[d] {
			continue
		}
		end := start + n*step
		if n > 0 && step > 0 {
			end = start + (n-1)*step + 1
		} else if n > 0 {
			if end = start + (n-1)*step - 1; end < 0 {
				end = -x[d] - 1 // before the first element: -1 would be the last
			}
		}
		starts, ends = append(starts, int64(start)), append(ends, int64(end))
		axes, steps = append(axes, int64(d)), append(steps, int64(step))
	}
	if len(axes) == 0 {
		e.last("Identity", e.ins())
		return
	}
	e.last("Slice", []string{e.in(0), e.ints("starts", starts), e.ints("ends", ends), e.ints("axes", axes), e.ints("steps", steps)})
}

func (e *exporter) reduce(op graph.Reduce) error {
	name, ok := map[string]string{"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin"}[op.Fn]
	switch {
	case !ok:
		return errors.New("ONNX has no such operator")
	case len(op.Axes) == 0: // in ONNX, no axes means all axes
		e.last("Identity", e.ins())
	case op.Fn == "sum" || e.opset >= 18: // the axes became an input
		e.last(name, []string{e.in(0), e.ints("axes", dims(op.Axes))}, attrInt("keepdims", 1))
	default:
		e.last(name, e.ins(), attrInts("axes", op.Axes), attrInt("keepdims", 1))
	}
	return nil
}

// resize writes the scales if they are float32 numbers that give the sizes;
// otherwise the sizes if they give the scales; otherwise sizes for which ONNX
// keeps the ratio.
func (e *exporter) resize(op graph.Resize) error {
	x := e.shape(0)
	coord, round := op.Coord, op.Round
	if coord == "tf_half_pixel_for_nn" {
		// Opset 13 dropped this mode; half a pixel of offset with another rounding
		// gives the same result.
		to, ok := map[string]string{"floor": "round_prefer_ceil", "round_prefer_floor": "ceil"}[round]
		if op.Mode != "nearest" || !ok {
			return fmt.Errorf("coordinates %s with mode %s and rounding %q: ONNX dropped them in opset 13", coord, op.Mode, round)
		}
		coord, round = "half_pixel", to
	}
	if coord == "half_pixel_symmetric" {
		e.need(19)
	}
	attrs := []*onnx.Attr{attrString("mode", op.Mode), attrString("coordinate_transformation_mode", coord)}
	switch op.Mode {
	case "nearest":
		attrs = append(attrs, attrString("nearest_mode", round))
	case "cubic":
		attrs = append(attrs, attrFloat("cubic_coeff_a", op.Cubic))
		if op.Exclude {
			attrs = append(attrs, attrInt("exclude_outside", 1))
		}
	}
	asScales, asSizes := true, true
	var axes []int // that are resized
	for d, s := range op.Scales {
		// As the importer computes them: see ops.ResizeOf and sizesTo.
		f := float32(s)
		asScales = asScales && float64(f) == s && int(math.Floor(s*float64(x[d]))) == op.To[d]
		asSizes = asSizes && s == float64(op.To[d])/float64(x[d])
		if s != 1 || op.To[d] != x[d] {
			axes = append(axes, d)
		}
	}
	sizes := dims(op.To)
	switch {
	case asScales:
		scales := make([]float32, len(x))
		for d, s := range op.Scales {
			scales[d] = float32(s)
		}
		e.last("Resize", []string{e.in(0), "", e.tensor(onnx.NewFloats("scales", []int64{int64(len(scales))}, scales))}, attrs...)
		return nil
	case asSizes && !e.batched:
		e.last("Resize", []string{e.in(0), "", "", e.ints("sizes", sizes)}, attrs...)
		return nil
	case !asSizes:
		// One scale for all axes, set by an axis that it maps to a whole size. The
		// other axes ask for more and get the size that keeps the ratio.
		keep, exact := op.Scales[axes[0]], false
		for _, d := range axes {
			if op.Scales[d] != keep || op.To[d] != int(math.Floor(keep*float64(x[d])+0.5)) {
				return fmt.Errorf("scales %v do not give sizes %v by ONNX's rules", op.Scales, op.To)
			}
			if keep == float64(op.To[d])/float64(x[d]) {
				exact = true
			} else {
				sizes[d]++
			}
		}
		if !exact {
			return fmt.Errorf("scales %v do not give sizes %v by ONNX's rules", op.Scales, op.To)
		}
		attrs = append(attrs, attrString("keep_aspect_ratio_policy", "not_larger"))
	}
	e.need(18) // axes and the policy
	some := make([]int64, len(axes))
	for i, d := range axes {
		some[i] = sizes[d]
	}
	e.last("Resize", []string{e.in(0), "", "", e.ints("sizes", some)}, append(attrs, attrInts("axes", axes))...)
	return nil
}
