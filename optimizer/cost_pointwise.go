package optimizer

import (
	"math/bits"
	"slices"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// pointwise prices the modules that have neither window nor sum over pixels.
func (m costModel) pointwise(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) vec {
	lanes := hl.OutPx * hl.OutCh
	base := vec{1: processLUT + lanes*requantLUT, 2: processFF + lanes*(in.Format.Bits+2*out.Format.Bits)}
	switch l.Kind {
	case intnet.KindAdd, intnet.KindMul:
		return m.operands(l, hl, out)
	case intnet.KindActivation:
		return base.add(m.activation(l.Act, lanes, in, out))
	case intnet.KindConcat:
		return vec{1: processLUT + lanes*in.Format.Bits*muxLUT(len(l.In)), 2: processFF + lanes*out.Format.Bits}
	case intnet.KindSlice, intnet.KindZeroInsert:
		return vec{1: processLUT + counterLUT, 2: processFF + lanes*out.Format.Bits}
	case intnet.KindResize:
		return m.resize(l.Resize, hl, in, out)
	}
	return base // requant
}

// counterLUT is the row, column and channel counters with their comparisons of a module that moves
// pixels.
const counterLUT = 60

// operands is the sum or product of two streams. A second operand of one pixel is kept.
func (m costModel) operands(l intnet.Layer, hl hw.Layer, out intnet.Tensor) vec {
	a, b := m.net.Tensors[l.In[0]], m.net.Tensors[l.In[1]]
	lanes := hl.OutPx * hl.OutCh
	var v vec
	if l.Kind == intnet.KindAdd {
		sum := max(a.Format.Bits+l.Align[0], b.Format.Bits+l.Align[1]) + 1
		v = vec{1: processLUT + lanes*(sum+requantLUT), 2: processFF + lanes*(sum+2*out.Format.Bits)}
	} else {
		x, y := signedBits(a), signedBits(b)
		v = vec{0: lanes * multiplierDSP(x, y, m.family), 1: processLUT + lanes*requantLUT, 2: processFF + lanes*(x+y+2*out.Format.Bits)}
	}
	if m.net.Broadcast(&l) {
		v = v.add(m.kept(hl.InCh*b.Format.Bits, b.C/hl.InCh))
	}
	return v
}

// kept is a memory of values that come once an image: registers if it is one word.
func (m costModel) kept(width, depth int) vec {
	if depth == 1 {
		return vec{2: width}
	}
	return m.buffer(width, depth)
}

// activation is what the function of Act needs beside rounding.
func (m costModel) activation(a *intnet.Act, lanes int, in, out intnet.Tensor) vec {
	x := signedBits(in)
	switch a.Fn {
	case intnet.ActHardSigmoid:
		mul := widest(a.Mul)
		return vec{0: lanes * multiplierDSP(x, mul, m.family), 2: lanes * (x + mul)}
	case intnet.ActHardSwish:
		// x times the clamped sum, times a constant.
		gate, mul := widest([]int64{a.Top}), widest(a.Mul)
		return vec{
			0: lanes * (multiplierDSP(x, gate, m.family) + multiplierDSP(x+gate-1, mul, m.family)),
			1: lanes * 2 * x, // add and clamp
			2: lanes * (2*(x+gate) + mul),
		}
	case intnet.ActLeaky:
		mul := widest(a.Mul)
		v := vec{0: lanes * multiplierDSP(x, mul, m.family), 1: lanes * ceilDiv(x+mul, 2), 2: lanes * (x + mul)}
		if depth := len(a.Mul) / max(1, lanes); depth > 1 {
			lut, _ := lutramSingle(lanes*mul, depth) // constant: any LUT holds it
			v[1] += lut
		}
		return v
	}
	word := widest(a.Table)
	if a.Step == 0 {
		return m.tables(word, len(a.Table), lanes)
	}
	diff := int64(1)
	for i, t := range a.Table[1:] {
		diff = max(diff, t-a.Table[i], a.Table[i]-t)
	}
	slope := bits.Len64(uint64(diff)) + 1
	return vec{
		0: lanes * multiplierDSP(slope, a.Step+1, m.family),
		1: lanes * (word + slope + a.Step), // difference and sum
		2: lanes * (2*word + slope + 2*a.Step),
	}.add(m.tables(word, len(a.Table), 2*lanes))
}

// widest is the number of bits that hold each of the constants with a sign.
func widest(values []int64) int {
	w := 1
	for _, v := range values {
		w = max(w, bits.Len64(uint64(max(v, ^v)))+1)
	}
	return w
}

// tables is a table of constants that is read the given number of times a cycle: a copy in LUTs for
// each read, or one in block RAM for every two, whose ports are at most 18 bits wide then.
func (m costModel) tables(width, depth, reads int) vec {
	lut, _ := lutramSingle(width, depth)
	blocks := 0
	for _, s := range bramShapes {
		if n := ceilDiv(width, s.width) * ceilDiv(depth, s.depth); s.width <= 18 && (blocks == 0 || n < blocks) {
			blocks = n
		}
	}
	if lut*reads <= lutsPerBlock*blocks*ceilDiv(reads, 2) {
		return vec{1: lut * reads}
	}
	return vec{3: blocks * ceilDiv(reads, 2)}
}

// resize keeps two rows if it weighs rows, else one. Weighing takes two columns at a time. Each
// pair of neighbours is a + w*(b-a): one multiplier.
func (m costModel) resize(r *intnet.Resize, hl hw.Layer, in, out intnet.Tensor) vec {
	lanes, b := hl.OutPx*hl.OutCh, signedBits(in)
	rows, cols := 1, 1
	word := b
	v := vec{1: processLUT + counterLUT, 2: processFF + lanes*2*out.Format.Bits}
	pairs := func(n, scale int) {
		v = v.add(vec{0: lanes * n * multiplierDSP(word+1, scale+1, m.family), 1: lanes * n * (2*word + scale), 2: lanes * n * (2*word + scale)})
		word += scale
	}
	if r.Rows.Weight != nil {
		rows = 2
	}
	if r.Cols.Weight != nil {
		cols = 2
		pairs(rows, r.Cols.Scale)
	}
	if r.Rows.Weight != nil {
		pairs(1, r.Rows.Scale)
	}
	if rows+cols > 2 {
		v[1] += lanes * requantLUT
	}
	memory := m.buffer(hl.InCh*in.Format.Bits, ceilDiv(in.W, cols)*(in.C/hl.InCh))
	for range rows * cols {
		v = v.add(memory)
	}
	// Where each row and column comes from.
	for _, s := range []*intnet.Samples{&r.Rows, &r.Cols} {
		lut, _ := lutramSingle(bits.Len(uint(slices.Max(s.From)))+s.Scale, len(s.From))
		v[1] += lut
	}
	return v
}
