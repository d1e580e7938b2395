package ops

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"hass/internal/graph"
)

// storedTypes are the integer types a quantiser may write.
var storedTypes = map[string]struct {
	bits   int
	signed bool
}{"uint8": {8, false}, "int8": {8, true}, "uint16": {16, false}, "int16": {16, true}, "int32": {32, true}, "uint32": {32, false},
	"uint4": {4, false}, "int4": {4, true}, "uint2": {2, false}, "int2": {2, true}}

// outputTypes are values of the attribute output_dtype (TensorProto.DataType).
var outputTypes = map[int64]string{2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 21: "uint4", 22: "int4"}

// LinearOf reads scale, zero point and type of a QuantizeLinear or
// DequantizeLinear. The type is that of the zero point, or of constant data, or
// by default uint8. Blocks of scales (opset 21) are refused.
func (r *Reading) LinearOf(n *graph.Node, a *Attrs) (graph.Grid, error) {
	g := graph.Grid{}
	scale, err := r.Weights(n, 1, "scale")
	if err != nil {
		return g, err
	}
	a.Ignore("saturate", "precision") // saturate concerns 8-bit floats
	if a.Int("block_size", 0) != 0 {
		return g, Refuse("quantise per tensor or per channel", "a scale per block is not supported")
	}
	stored := outputTypes[a.Int("output_dtype", 0)]
	g.Scale = slices.Clone(scale.F)
	g.Zero = make([]int64, len(g.Scale))
	if In(n, 2) != "" {
		z := r.Constant(n, 2)
		if z == nil || z.Type != graph.Int {
			return g, Refuse("export the model with constant zero points", "its zero point is no constant integer")
		}
		if len(z.I) != len(g.Scale) {
			return g, fmt.Errorf("it has %d scales and %d zero points", len(g.Scale), len(z.I))
		}
		copy(g.Zero, z.I)
		stored = z.Stored
	} else if t := r.Constant(n, 0); t != nil && t.Type == graph.Int {
		stored = t.Stored
	}
	if stored == "" {
		stored = "uint8"
	}
	st, ok := storedTypes[stored]
	if !ok {
		return g, Refuse("", "its type %s is not supported", stored)
	}
	g.Bits, g.Signed = st.bits, st.signed
	if len(scale.Shape) > 1 {
		return g, Refuse("quantise per tensor or per channel", "its scale has shape %v", scale.Shape)
	}
	x := r.Shape(n.Inputs[0])
	ax := a.Int("axis", 1)
	if len(g.Scale) != 1 {
		if g.Axis, err = Axis(ax, len(x)); err != nil {
			return g, err
		}
		if x[g.Axis] != len(g.Scale) {
			return g, fmt.Errorf("it has %d scales for axis %d of %v", len(g.Scale), g.Axis, x)
		}
	}
	return g, goodScales(g.Scale)
}

func goodScales(scales []float32) error {
	if len(scales) == 0 {
		return errors.New("it has no scale")
	}
	for _, s := range scales {
		switch {
		case s < 0:
			return Refuse("make the scale positive and negate what it multiplies, or export the model in float",
				"its scale %v is negative: a scale is the distance between two steps and must be above 0", s)
		case !(s > 0) || math.IsInf(float64(s), 0):
			return Refuse("quantise again: calibration saw no range", "its scale is %v: a scale is the distance between two steps and must be a number above 0", s)
		}
	}
	return nil
}

// Narrowed reads the Clip of a QCDQ as a narrower width: its bounds must be those
// of some width up to that of the quantiser.
func (r *Reading) Narrowed(clip *graph.Node, g graph.Grid) (graph.Grid, error) {
	lo, hi := graph.Range(g.Bits, g.Signed, g.Narrow)
	for i, to := range []*int64{&lo, &hi} {
		if In(clip, i+1) == "" {
			continue
		}
		t := r.Constant(clip, i+1)
		if t == nil || t.Type != graph.Int || len(t.I) != 1 {
			return g, Refuse("", "the bounds of %q are no constant integers", clip.Name)
		}
		*to = t.I[0]
	}
	if w, ok := widthOf(lo, hi); ok && w.Bits <= g.Bits {
		g.Bits, g.Signed, g.Narrow = w.Bits, w.Signed, w.Narrow
		return g, nil
	}
	return g, Refuse("clip to the range of a whole number of bits", "%q clips to %d and %d, the range of no width", clip.Name, lo, hi)
}

// widthOf is the width whose range is lo to hi, without a scale.
func widthOf(lo, hi int64) (g graph.Grid, ok bool) {
	for bits := 1; bits <= 32; bits++ {
		for _, signed := range []bool{true, false} {
			for _, narrow := range []bool{false, true} {
				if l, h := graph.Range(bits, signed, narrow); l == lo && h == hi && h > l {
					return graph.Grid{Bits: bits, Signed: signed, Narrow: narrow}, true
				}
			}
		}
	}
	return g, false
}

// QuantOf reads QONNX's Quant: scale, zero point and width are inputs.
func (r *Reading) QuantOf(n *graph.Node, a *Attrs) (graph.Grid, error) {
	g := graph.Grid{Signed: a.Int("signed", 1) != 0, Narrow: a.Int("narrow", 0) != 0}
	switch mode := a.Str("rounding_mode", "ROUND"); strings.ToUpper(mode) {
	case "ROUND", "HALF_EVEN": // QONNX has two names for it, in upper or lower case
	default:
		return g, Refuse("quantise with rounding_mode ROUND", "it rounds %q; the hardware rounds to the nearest step, ties to even", mode)
	}
	var par [3]*graph.Tensor
	for i, what := range []string{"scale", "zero point", "width"} {
		var err error
		if par[i], err = r.numbers(n, i+1, what); err != nil {
			return g, err
		}
	}
	if !Uniform(par[2].F) || par[2].F[0] != float32(int(par[2].F[0])) {
		return g, Refuse("", "its width is no whole number")
	}
	if g.Bits = int(par[2].F[0]); g.Bits < 1 || g.Bits > 32 {
		return g, Refuse("", "its width is %d bits", g.Bits)
	}
	x := r.Shape(n.Inputs[0])
	per := 0 // number of scales or zero points along g.Axis, 0 if there is one for all
	for i, what := range []string{"scale", "zero point"} {
		ax, ok := graph.Along(par[i].Shape, x)
		switch {
		case !ok:
			return g, Refuse("quantise per tensor or per channel", "its %s has shape %v for data %v", what, par[i].Shape, x)
		case len(par[i].F) == 1:
		case per > 0 && ax != g.Axis:
			return g, Refuse("quantise per tensor or per channel", "its scale %v and zero point %v lie along different axes of its data %v", par[0].Shape, par[1].Shape, x)
		default:
			per, g.Axis = x[ax], ax
		}
	}
	for i := range max(per, 1) {
		z := par[1].F[i%len(par[1].F)]
		if z != float32(int64(z)) {
			return g, Refuse("", "its zero point %v is no whole number", z)
		}
		g.Scale, g.Zero = append(g.Scale, par[0].F[i%len(par[0].F)]), append(g.Zero, int64(z))
	}
	return g, goodScales(g.Scale)
}

// numbers is Weights for operands that exporters store as floats or as integers;
// it converts integers to floats.
func (r *Reading) numbers(n *graph.Node, i int, what string) (*graph.Tensor, error) {
	t := r.Constant(n, i)
	if t == nil || t.Type != graph.Int {
		return r.Weights(n, i, what)
	}
	f := emptyLike(graph.Float, t.Shape)
	for _, v := range t.I {
		if float64(float32(v)) != float64(v) {
			return nil, Refuse("", "its %s %d is no number of 24 bits", what, v)
		}
		f.F = append(f.F, float32(v))
	}
	return f, nil
}

// BipolarOf reads the scale of QONNX's BipolarQuant, which gives +scale for
// numbers of at least 0 and -scale for others.
func (r *Reading) BipolarOf(n *graph.Node) (*graph.Tensor, error) {
	scale, err := r.Weights(n, 1, "scale")
	if err != nil {
		return nil, err
	}
	x := r.Shape(n.Inputs[0])
	if s, err := graph.Broadcast(x, scale.Shape); err != nil || !s.Equal(x) {
		return nil, Refuse("quantise per tensor or per channel", "its scale has shape %v for data %v", scale.Shape, x)
	}
	return scale, goodScales(scale.F)
}

// maxThresholds bounds the thresholds of a channel; 16 bits need this many.
const maxThresholds = 1<<16 - 1

// ThresholdsOf reads FINN's MultiThreshold: thresholds [C,K] or [1,K] that never
// decrease along a row, and the value of a level.
func (r *Reading) ThresholdsOf(n *graph.Node, a *Attrs) (graph.MultiThreshold, error) {
	op := graph.MultiThreshold{Scale: float64(a.Float("out_scale", 1)), Bias: float64(a.Float("out_bias", 0))}
	a.Ignore("out_dtype") // follows from the levels
	if layout := a.Str("data_layout", "NCHW"); layout != "NCHW" && layout != "NC" {
		return op, Refuse("convert the model to channels first before exporting (QONNX has transformations for both directions)", "its data lie as %.20q", layout)
	}
	t, err := r.numbers(n, 1, "thresholds")
	if err != nil {
		return op, err
	}
	x := r.Shape(n.Inputs[0])
	if len(x) < 2 || len(t.Shape) != 2 || t.Shape[0] != 1 && t.Shape[0] != x[1] || t.Shape[1] < 1 || t.Shape[1] > maxThresholds {
		return op, fmt.Errorf("its thresholds have shape %v, want [C,K] or [1,K] for data %v", t.Shape, x)
	}
	k := t.Shape[1]
	for i, v := range t.F {
		if math.IsNaN(float64(v)) || i%k > 0 && v < t.F[i-1] {
			return op, Refuse("sort the thresholds of each channel", "threshold %d of channel %d is below the one before it", i%k, i/k)
		}
	}
	if !(op.Scale > 0) || math.IsInf(op.Scale, 0) || math.IsNaN(op.Bias) || math.IsInf(op.Bias, 0) {
		return op, fmt.Errorf("its out_scale %v and out_bias %v are no numbers to scale by", op.Scale, op.Bias)
	}
	return op, nil
}

// bipolar computes BipolarQuant of constant floats. The numbers lie on a 2-bit
// grid without 0.
func (e *evaluation) bipolar() (*graph.Tensor, error) {
	x := e.args[0]
	if x.Type != graph.Float {
		return nil, fmt.Errorf("it quantises %s, want floats", x.Type)
	}
	scale, err := e.r.BipolarOf(e.n)
	if err != nil {
		return nil, err
	}
	out := emptyLike(graph.Float, x.Shape)
	at := graph.Offsets(scale.Shape, x.Shape)
	for _, v := range x.F {
		s := scale.F[at.Next()]
		if v < 0 {
			s = -s
		}
		out.F = append(out.F, s)
	}
	if ax, ok := graph.Along(scale.Shape, x.Shape); ok {
		out.Grid = &graph.Grid{Bits: 2, Signed: true, Narrow: true, Axis: ax, Scale: slices.Clone(scale.F), Zero: make([]int64, len(scale.F))}
	}
	return out, nil
}

// gridIndex gives for each element of a tensor the index of its scale in the
// grid.
func gridIndex(g graph.Grid, s graph.Shape) func(i int) int {
	if len(g.Scale) == 1 {
		return func(int) int { return 0 }
	}
	inner := s[g.Axis+1:].Elems()
	return func(i int) int { return i / inner % len(g.Scale) }
}

// gridRound rounds an element of a tensor to the grid and returns the
// integer: the quotient is first rounded to float32, ties go to even.
func gridRound(g graph.Grid, v float32, k int) int64 {
	lo, hi := graph.Range(g.Bits, g.Signed, g.Narrow)
	q := math.RoundToEven(float64(v/g.Scale[k])) + float64(g.Zero[k])
	return int64(min(max(q, float64(lo)), float64(hi)))
}

// clip limits constant integers, as in QCDQ: the result has the narrower
// width. Constant floats are clipped like data.
func (e *evaluation) clip() (*graph.Tensor, error) {
	x := e.args[0]
	out := emptyLike(x.Type, x.Shape)
	if x.Type == graph.Float {
		lo, hi, err := e.r.Bounds(e.n, e.a)
		if err != nil {
			return nil, err
		}
		for _, v := range x.F {
			out.F = append(out.F, float32(min(max(float64(v), lo), hi)))
		}
		return out, nil
	}
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	for i, to := range []*int64{&lo, &hi} {
		if In(e.n, i+1) == "" {
			continue
		}
		t := e.args[i+1]
		if t.Type != graph.Int || len(t.I) != 1 {
			return nil, fmt.Errorf("its bound has shape %v and type %s, want one integer", t.Shape, t.Type)
		}
		*to = t.I[0]
	}
	for _, v := range x.I {
		out.I = append(out.I, min(max(v, lo), hi))
	}
	out.Stored = x.Stored
	if g, ok := widthOf(lo, hi); ok {
		g.Scale, g.Zero = []float32{1}, []int64{0}
		out.Grid = &g
	}
	return out, nil
}

// quantizeLinear computes integers from constant floats.
func (e *evaluation) quantizeLinear() (*graph.Tensor, error) {
	x := e.args[0]
	if x.Type != graph.Float {
		return nil, fmt.Errorf("it quantises %s, want floats", x.Type)
	}
	g, err := e.r.LinearOf(e.n, e.a)
	if err != nil {
		return nil, err
	}
	out := emptyLike(graph.Int, x.Shape)
	at := gridIndex(g, x.Shape)
	for i, v := range x.F {
		out.I = append(out.I, gridRound(g, v, at(i)))
	}
	for name, st := range storedTypes {
		if st.bits == g.Bits && st.signed == g.Signed {
			out.Stored = name
		}
	}
	return out, nil
}

// dequantizeLinear computes floats from constant integers and records their grid.
func (e *evaluation) dequantizeLinear() (*graph.Tensor, error) {
	x := e.args[0]
	if x.Type != graph.Int {
		return nil, fmt.Errorf("it dequantises %s, want integers", x.Type)
	}
	g, err := e.r.LinearOf(e.n, e.a)
	if err != nil {
		return nil, err
	}
	out := emptyLike(graph.Float, x.Shape)
	at := gridIndex(g, x.Shape)
	lo, hi := graph.FullRange(g.Bits, g.Signed)
	for i, q := range x.I {
		if q < lo || q > hi {
			return nil, fmt.Errorf("element %d, %d, is outside %d bits", i, q, g.Bits)
		}
		k := at(i)
		out.F = append(out.F, float32(q-g.Zero[k])*g.Scale[k])
	}
	if w := x.Grid; w != nil && w.Bits <= g.Bits { // clipped to a narrower width
		g.Bits, g.Signed, g.Narrow = w.Bits, w.Signed, w.Narrow
	}
	out.Grid = &g
	return out, nil
}

// quant computes QONNX's Quant of constant floats and records their grid.
func (e *evaluation) quant() (*graph.Tensor, error) {
	x := e.args[0]
	if x.Type != graph.Float {
		return nil, fmt.Errorf("it quantises %s, want floats", x.Type)
	}
	g, err := e.r.QuantOf(e.n, e.a)
	if err != nil {
		return nil, err
	}
	out := emptyLike(graph.Float, x.Shape)
	at := gridIndex(g, x.Shape)
	for i, v := range x.F {
		k := at(i)
		out.F = append(out.F, float32(gridRound(g, v, k)-g.Zero[k])*g.Scale[k])
	}
	out.Grid = &g
	return out, nil
}
