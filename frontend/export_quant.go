package frontend

import (
	"hass/frontend/onnx"
	"hass/internal/graph"
)

// quantize becomes QuantizeLinear, a Clip where the grid is narrower than the
// integer type, and DequantizeLinear. A grid that no integer type holds, or whose
// scale is neither per tensor nor per index of one axis, is computed in floats.
func (e *exporter) quantize(op graph.Quantize) {
	if op.Bipolar {
		zero := e.tensor(onnx.NewFloats("zero", nil, []float32{0}))
		e.last("Where", []string{e.aux("Less", []string{e.in(0), zero}), e.aux("Neg", []string{e.in(1)}), e.in(1)})
		return
	}
	lo, hi := graph.Range(op.Bits, op.Signed, op.Narrow)
	typ, opset := onnx.Uint8, exportOpset
	switch {
	case op.Bits <= 8 && op.Signed:
		typ = onnx.Int8
	case op.Bits <= 8:
	case op.Bits == 16 && !op.Narrow && op.Signed: // nothing to clip: ONNX Runtime's Clip has no 16 bits
		typ, opset = onnx.Int16, 21
	case op.Bits == 16 && !op.Narrow:
		typ, opset = onnx.Uint16, 21
	default:
		e.quantizeInFloats(lo, hi)
		return
	}
	bits := 8
	if opset > exportOpset {
		bits = 16
	}
	least, greatest := graph.FullRange(bits, op.Signed)
	scale, zero, axis, ok := e.linear(least, greatest)
	if !ok || lo >= hi {
		e.quantizeInFloats(lo, hi)
		return
	}
	e.need(opset)
	var attrs []*onnx.Attr
	shape := []int64{int64(len(scale))}
	if len(scale) == 1 {
		shape = nil
	} else {
		attrs = append(attrs, attrInt("axis", int64(axis)))
	}
	s := e.tensor(onnx.NewFloats("scale", shape, scale))
	z := e.tensor(onnx.NewInts("zero", typ, shape, zero))
	q := e.aux("QuantizeLinear", []string{e.in(0), s, z}, attrs...)
	if lo != least || hi != greatest {
		q = e.aux("Clip", []string{q, e.tensor(onnx.NewInts("min", typ, nil, []int64{lo})), e.tensor(onnx.NewInts("max", typ, nil, []int64{hi}))})
	}
	e.last("DequantizeLinear", []string{q, s, z}, attrs...)
}

// multiThreshold becomes a comparison of each value with its channel's thresholds
// along an additional last axis, and the sum of the results.
func (e *exporter) multiThreshold(op graph.MultiThreshold) {
	rank := len(e.shape(0))
	t := e.g.Consts[e.node.Inputs[1]]
	shape := make([]int, rank+1)
	for i := range shape {
		shape[i] = 1
	}
	shape[1], shape[rank] = t.Shape[0], t.Shape[1]
	thresholds := e.aux("Reshape", []string{e.in(1), e.ints("shape", dims(shape))})
	x := e.aux("Unsqueeze", []string{e.in(0), e.ints("axes", []int64{int64(rank)})})
	reached := e.aux("Cast", []string{e.aux("Not", []string{e.aux("Less", []string{x, thresholds})})}, attrInt("to", int64(onnx.Float32)))
	count := e.aux("ReduceSum", []string{reached, e.ints("axes", []int64{int64(rank)})}, attrInt("keepdims", 0))
	e.last("Add", []string{e.aux("Mul", []string{count, e.number("scale", op.Scale)}), e.number("bias", op.Bias)})
}

// linear reads the scale and zero point of a quantize, either one of each or one
// of each per index of an axis of its input; zero points must lie in a range.
func (e *exporter) linear(lo, hi int64) (scale []float32, zero []int64, axis int, ok bool) {
	s, z := e.g.Consts[e.node.Inputs[1]], e.g.Consts[e.node.Inputs[2]]
	if s == nil || z == nil || s.Type != graph.Float || z.Type != graph.Float || len(s.F) == 0 || len(z.F) == 0 {
		return nil, nil, 0, false
	}
	if len(z.F) != 1 && !z.Shape.Equal(s.Shape) {
		return nil, nil, 0, false
	}
	rank := len(e.shape(0))
	for i, d := range s.Shape {
		if d == 1 {
			continue
		}
		if d != len(s.F) {
			return nil, nil, 0, false
		}
		axis = i + rank - len(s.Shape)
	}
	for i := range s.F {
		v := z.F[i%len(z.F)]
		if v != float32(int64(v)) || int64(v) < lo || int64(v) > hi || !(s.F[i] > 0) {
			return nil, nil, 0, false
		}
		zero = append(zero, int64(v))
	}
	return s.F, zero, axis, true
}

// quantizeInFloats follows the definition; 32-bit integers need float64.
func (e *exporter) quantizeInFloats(lo, hi int64) {
	double := attrInt("to", int64(onnx.Float64))
	bound := func(what string, v int64) string { return e.tensor(onnx.NewDoubles(what, nil, []float64{float64(v)})) }
	scale := e.in(1)
	zero := e.aux("Cast", []string{e.in(2)}, double)
	q := e.aux("Div", []string{e.in(0), scale})
	q = e.aux("Round", []string{e.aux("Cast", []string{q}, double)})
	q = e.aux("Clip", []string{e.aux("Add", []string{q, zero}), bound("min", lo), bound("max", hi)})
	q = e.aux("Sub", []string{q, zero})
	e.last("Mul", []string{e.aux("Cast", []string{q}, attrInt("to", int64(onnx.Float32))), scale})
}
