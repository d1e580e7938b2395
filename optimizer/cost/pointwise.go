package cost

import (
	"math/bits"
	"slices"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/repack"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// pointwise is the cost of the modules without window and without a sum over pixels.
func (m Model) pointwise(l *intnet.Layer, hl hw.Layer) design.Vec {
	a, ok := areaOf(hw.LayerModule(m.Net, l, hl), m.Family)
	if !ok {
		panic("cost: no formula for a layer of kind " + string(l.Kind))
	}
	return m.scaled(areaRows[a.kind].module, m.price(&a, 1))
}

// elementwise holds the parameters of the formula of hass_pointwise.
type elementwise struct {
	kind  areaKind
	value int // bits of the value to requantise
	depth int // values arrive depth-2 cycles after the issue
	// The arithmetic needs the beat's place among the channels.
	place    bool
	positive bool // values are never negative
	split    bool // a register between shift and rounding, behind products
}

// lanes is the number of values of a beat that are not always 0.
func lanes(s *hw.Elementwise) int { return min(s.Px, s.W) * s.Ch }

// requant is the requantisation of values of the given bits.
func requant(s *hw.Elementwise, value int, positive bool) requantShape {
	return requantShape{in: value, out: s.OutBits, shift: s.Shift, steps: 1, lo: s.Lo, hi: s.Hi, positive: positive, even: s.Rounding == fixed.HalfEven}
}

// area gives the terms; the terms in more follow those of requantisation.
func (e elementwise) area(s *hw.Elementwise, more ...int) area {
	px := min(s.Px, s.W) // other pixels are always 0
	t := requant(s, e.value, e.positive).terms()
	n := px * s.Ch
	tail := 0
	if s.W%px != 0 {
		tail = 1
	}
	a := area{kind: e.kind}
	counters := 0
	if e.place || tail > 0 {
		counters += fixed.CeilLog2(s.ChannelBeats)
	}
	if tail > 0 {
		counters += fixed.CeilLog2(fixed.CeilDiv(s.W, px))
	}
	srl, wait := waits(tail, e.depth)
	a.rule[1], a.rule[5] = srl+n*t.ties, srl
	a.rule[2] = n*t.ff + counters + e.depth + wait
	if e.split {
		a.rule[2] += n * t.split
	}
	a.lut = terms(1, n*t.round, n*t.clamp, n*t.beyond, n*t.compare, counters, tail*n*s.OutBits)
	for i, v := range more {
		a.lut[7+i] = float64(v)
	}
	a.ff = terms(1, n)
	return a
}

// requantArea is the area of hass_requant_stream.
func requantArea(s *hw.RequantParams, _ string) area {
	return elementwise{kind: areaRequant, value: asSigned(s.InBits, s.InSigned), depth: 2, positive: !s.InSigned}.area(&s.Elementwise)
}

// operandBits are the widths of two operands as signed numbers; positive: neither is ever negative.
func operandBits(s *hw.Operands) (a, b int, positive bool) {
	return asSigned(s.Bits0, s.Signed0), asSigned(s.Bits1, s.Signed1), !s.Signed0 && !s.Signed1
}

// kept adds the memory of an operand that comes once per image.
func (a *area) kept(s *hw.Operands, family string) {
	if s.Broadcast == nil {
		return
	}
	width, count := s.Ch*s.Bits1, fixed.CeilLog2(s.Broadcast.Beats)
	if s.ChannelBeats == 1 {
		a.rule[2] += width
	} else {
		a.rule = a.rule.Add(memoryUse(memory.Shape{Width: width, Depth: s.ChannelBeats, Kind: s.Memory}, family))
	}
	a.rule[2] += 1 + count
	a.lut[8], a.lut[9] = 1, float64(width+count)
}

// addArea is the area of hass_add.
func addArea(s *hw.AddParams, family string) area {
	a, b, positive := operandBits(&s.Operands)
	sum := max(a+factorBits(s.Factor0), b+factorBits(s.Factor1)) + 1
	n := lanes(&s.Elementwise)
	parts := max(s.Parts0, s.Parts1)
	e := elementwise{kind: areaAdd, value: sum, depth: 3, place: s.Broadcast != nil, positive: positive}
	if parts > 0 {
		e.depth, e.split = parts+6, true
	}
	v := e.area(&s.Elementwise, n*sum)
	v.rule[2] += n * (sum - requant(&s.Elementwise, sum, positive).terms().dropped)
	if positive {
		v.rule[2] -= n
	}
	for _, t := range [2]struct {
		width, bits int // as a signed number; width of the stream
		f           hw.Wide
		parts       int
	}{{a, s.Bits0, s.Factor0, s.Parts0}, {b, s.Bits1, s.Factor1, s.Parts1}} {
		wait := parts - t.parts // registers before the product
		if t.parts > 0 {
			p := multiplied{a: t.width, b: factorBits(t.f) + 1, constant: true}.product(family)
			v.rule[0] += n * p.dsp
			v.rule[2] += n * p.ff
			v.lut[7+3] += float64(n * p.soft)
			v.ff[2] += float64(n * p.soft)
		} else if parts > 0 {
			wait += 2
		}
		srl, ff := waits(n*t.bits, wait)
		v.rule[1], v.rule[2], v.rule[5] = v.rule[1]+srl, v.rule[2]+ff, v.rule[5]+srl
	}
	v.kept(&s.Operands, family)
	return v
}

// factorBits is the width that a factor adds to its operand.
func factorBits(f hw.Wide) int {
	n := bits.Len64(uint64(f))
	if f&(f-1) == 0 {
		n--
	}
	return n
}

// mulArea is the area of hass_mul.
func mulArea(s *hw.MulParams, family string) area {
	a, b, positive := operandBits(&s.Operands)
	n := lanes(&s.Elementwise)
	dsp := multiplierDSP(a, b, family)
	e := elementwise{kind: areaMul, value: a + b, depth: 5, place: s.Broadcast != nil, positive: positive}
	var p product
	if s.Parts > 0 {
		e.value, e.depth, e.split = e.value+factorBits(s.Factor), s.Parts+8, true
		p = multiplied{a: a + b, b: factorBits(s.Factor) + 1, constant: true, unread: requant(&s.Elementwise, e.value, positive).terms().dropped}.product(family)
		if s.Parts > 1 {
			p.ff += a + b // the first product's register, read by two slices
		}
	}
	v := e.area(&s.Elementwise)
	v.rule[0] = n * (dsp + p.dsp)
	v.rule[1] += n * p.srl
	v.rule[5] += n * p.srl
	v.rule[2] += n * p.ff
	soft := n * p.soft
	if dsp == 0 {
		soft += n * a * b
		v.ff[2] = float64(n * (a + b))
	}
	v.lut[7] = float64(soft)
	if s.Parts > 0 { // the rounding adder is not in the slice
		v.lut[10] = float64(n * requant(&s.Elementwise, e.value, positive).terms().round)
	}
	v.kept(&s.Operands, family)
	return v
}

// activationArea is the area of hass_activation: a product of two DSPs where the factor is wider than a DSP's port
// (hass_multiply_add).
func activationArea(s *hw.ActivationParams, family string) area {
	n := lanes(&s.Elementwise)
	x := asSigned(s.InBits, s.InSigned)
	top, addBits, step, slope := 0, 0, 0, 1
	if s.Linear != nil {
		top = bits.Len64(uint64(s.Top))
		addBits = bits.Len64(uint64(max(s.Add, -s.Add))) + 1
	} else {
		step, slope = s.Step, s.SlopeBits
	}
	segments := step > 0 // values between two entries of the table need a product
	value, scale, factor, addend := 0, x, s.TableBits, 1
	dsps, gate, leaky, sigmoid, curve := 0, 0, 0, 0, 0
	switch fn := hw.ActivationFns[s.Fn]; fn {
	case intnet.ActCurve:
		factor, addend = slope, s.TableBits+step
		value = addend
		curve = n
	case intnet.ActHardSwish:
		factor = top + s.TableBits
		value = scale + factor
		gate = n * (x + top + addBits)
		dsps = n * multiplierDSP(top+1, s.TableBits, family)
	case intnet.ActLeaky:
		if top >= s.TableBits {
			factor = top + 1
		}
		value = scale + factor
		leaky = n * factor
	case intnet.ActAffine:
		addend = addBits
		value = max(scale+factor, addend) + 1
		sigmoid = n * addBits
	default:
		panic("cost: no formula for activation " + string(fn))
	}
	product := n
	if s.Curve != nil && !segments {
		product = 0
	}
	dsp, rest := 0, 0
	if product > 0 {
		if dsp = 1; factor > 25 {
			dsp, rest = 2, 1
		}
	}
	dsps += n * dsp
	rom, blocks := 0, 0
	table := func(width, readers int) {
		w := readers * width
		if w*fixed.CeilDiv(s.Rows, 64) > romLUTsPerBlock*fixed.CeilDiv(width, 18)*fixed.CeilDiv(s.Rows, 1024) {
			blocks += memory.ROMCount(width, s.Rows, readers)
		} else {
			rom += w * romLUT(s.Rows)
		}
	}
	if s.Curve != nil {
		for pair := range fixed.CeilDiv(n, 2) {
			readers := min(2, n-2*pair)
			table(s.TableBits, readers)
			table(slope, readers)
		}
	} else if s.Rows > 1 {
		table(s.Columns*s.TableBits, 1)
	}
	a := elementwise{kind: areaActivation, value: value, depth: 9, place: s.Curve == nil && s.Rows > 1}.area(&s.Elementwise, rom, gate, leaky, sigmoid, curve, product*rest, blocks)
	a.rule[0], a.rule[3] = dsps, blocks
	// The second register of the tables.
	switch {
	case s.Rows < 2: // constants
	case segments:
		a.rule[2] += n * (s.TableBits + slope)
	case s.Curve != nil:
		a.rule[2] += n * s.TableBits
	default:
		a.rule[2] += s.Columns * s.TableBits
	}
	// The value waits for the product.
	wait := n * s.InBits
	if segments {
		wait = n * min(step, s.InBits)
		a.rule[2] += n * 2 * (s.InBits - min(step, s.InBits))
		if blocks == 0 && s.Rows > 2 {
			wait += n * s.TableBits // the segment's value waits too
		}
	}
	if rest > 0 && s.Curve == nil {
		wait = 0 // in the registers of the second DSP
	}
	a.rule[1] += wait
	a.rule[5] += wait
	a.ff = terms(1, n, n*s.InBits, rom, product*rest*value, gate, leaky, sigmoid, curve*(s.TableBits+step))
	return a
}

// romLUTsPerBlock is the number of LUTs from which on hass_rom uses a block RAM for a table.
const romLUTsPerBlock = 100

// romLUT is the largest number of LUTs for one bit of a table of constants.
func romLUT(depth int) int {
	return fixed.CeilDiv(depth, 64) + memory.MuxLUTs(fixed.CeilDiv(depth, 64))
}

// concatProgram counts the parts of the program that change between iterations: bits of a word, which are registers, and an upper
// bound on the LUTs of the table.
func concatProgram(p *repack.Plan) (registers, luts int) {
	n := len(p.Ports)
	bit := func(st *repack.Step, i int) bool { // reads, write, places
		switch {
		case i < n:
			return st.Reads>>i&1 == 1
		case i == n:
			return st.Write
		}
		i -= n + 1
		return st.Places[i/32]>>(i%32)&1 == 1
	}
	for i := range n + 1 + 32*n {
		changes := 0
		for k := 1; k < len(p.Steps); k++ {
			if bit(&p.Steps[k], i) != bit(&p.Steps[k-1], i) {
				changes++
			}
		}
		if changes > 0 {
			registers++
			luts += min(changes, romLUT(len(p.Steps)))
		}
	}
	return registers, luts
}

// concatArea is the area of hass_concat. It counts the sources of each lane: lanes of the inputs, selected by the port's place, and the multiplexer of all ports
// and the kept values.
func concatArea(s *hw.ConcatParams, _ string) area {
	p, value := &s.Plan, s.Pixels*s.Bits
	always := make([]bool, len(p.Ports)) // the port is read in every iteration
	for i := range always {
		always[i] = !slices.ContainsFunc(p.Steps, func(s repack.Step) bool { return s.Reads>>i&1 == 0 })
	}
	sums, stages := 0, 0
	for lane := range p.Span() {
		signals := 0
		for i, port := range p.Ports {
			n := 0
			for at := range port.Places {
				if c := lane - port.Base - at*port.Unit; c >= 0 && c < port.Ch {
					n++
				}
			}
			if n == 0 {
				continue
			}
			signals += n
			if !always[i] {
				signals++
			}
			stages += fixed.CeilLog2(port.Places)
		}
		if lane < p.Kept {
			signals++
		}
		sums += fixed.CeilDiv(max(0, signals-1), 5)
	}
	kept := 0
	if slices.ContainsFunc(p.Steps, func(s repack.Step) bool { return !s.Write }) {
		kept = p.Kept
	}
	registers, luts := concatProgram(p)
	a := area{kind: areaConcat}
	a.rule[2] = value*p.Span() + fixed.CeilLog2(len(p.Steps)) + registers + 1
	a.lut = terms(1, len(p.Ports), luts, value*sums, value*stages, value*kept)
	a.ff = terms(1, len(p.Ports))
	return a
}

// walkArea is the area of a module whose only state is a position.
func walkArea(kind areaKind, m hw.Walker) area {
	w := m.Walk()
	counters, some, cleared := 0, 0, 0
	if w.Clears {
		cleared = w.Width
	}
	for _, s := range []hw.Axis{w.Rows, w.Columns, w.Channels} {
		counters += fixed.CeilLog2(s.Size)
		if s.Count != s.Size {
			some += 1
			counters += index(max(s.Start, s.Step-1)+1) + fixed.CeilLog2(s.Count+1)
		}
	}
	a := area{kind: kind}
	a.rule[2] = counters
	a.lut = terms(1, counters, some, cleared)
	a.ff = terms(1, some)
	return a
}

// sliceArea is the area of hass_slice.
func sliceArea(s *hw.SliceParams, _ string) area {
	return walkArea(areaSlice, s)
}

// zeroInsertArea is the area of hass_zeroinsert.
func zeroInsertArea(s *hw.ZeroInsertParams, _ string) area {
	return walkArea(areaZeroInsert, s)
}

// resizeArea is the area of hass_resize.
func resizeArea(s *hw.ResizeParams, family string) area {
	rows, cols, rowScale, colScale := 1, 1, 0, 0
	if s.RowWeights != nil {
		rows, rowScale = 2, s.RowScale
	}
	if s.ColumnWeights != nil {
		cols, colScale = 2, s.ColumnScale
	}
	value := asSigned(s.Bits, s.Signed)
	depth := s.RowPixels() * s.ChannelBeats
	address := index(depth)
	a := area{kind: areaResize}
	for i, n := range memoryUse(memory.Shape{Width: s.Ch * s.Bits, Depth: depth, Kind: s.Memory}, family) {
		a.rule[i] = rows * cols * n
	}
	along := value + colScale
	sum := along + rowScale
	t := requantShape{in: sum - s.Drop, out: s.OutBits, shift: s.Shift, steps: 1, lo: s.Lo, hi: s.Hi, even: s.Rounding == fixed.HalfEven}.terms()
	lerp, lerpFF := 0, 0
	if cols == 2 {
		a.rule[0] += s.Ch * rows * multiplierDSP(value+1, colScale+2, family)
		lerp += s.Ch * rows * (2*value + colScale)
	}
	if rows == 2 {
		a.rule[0] += s.Ch * multiplierDSP(along+1, rowScale+2, family)
		lerp += s.Ch * (2*along + rowScale)
	}
	lerpFF = lerp
	// Values that wait for the products: values not weighted along rows, sums not between rows, weights of
	// rows.
	srl := 0
	if cols == 1 {
		srl += rows * s.Ch * s.Bits
		a.rule[2] -= rows * s.Ch * s.Bits // the register behind the memory is the first of them
		if rows == 1 {
			srl -= s.Ch * min(s.Bits, t.dropped)
		}
		if s.Memory == memory.LUTRAM {
			a.rule[2] -= rows * s.Ch * s.Bits // the memory's own register
		}
	}
	if rows == 1 && cols == 1 && s.Shift <= 0 {
		a.rule[2] -= s.Ch * sum // rounding adds one more register in a row
	}
	if rows == 1 && cols == 2 {
		srl += s.Ch * max(0, along-t.dropped)
	}
	if rows == 2 {
		srl += rowScale + 1
	}
	a.rule[1] += srl + s.Ch*t.ties
	a.rule[5] += srl
	counters := s.ReadsBits + counterBits(s.OutH, max(s.InW, s.OutW), s.ChannelBeats) + address
	tables := (s.FromBits+colScale)*romLUT(s.OutW) + (s.ReadsBits+rowScale)*romLUT(s.OutH)
	a.rule[2] += s.Ch*(t.ff+s.Bits+rows*cols*s.Bits) + counters + address*(2+cols) + s.FromBits + 13
	a.lut = terms(1, counters+address*cols, s.Ch*t.round, s.Ch*t.clamp, s.Ch*t.beyond, s.Ch*t.compare, lerp, tables, rows+cols-2)
	a.ff = terms(1, s.Ch, lerpFF, rowScale+colScale)
	return a
}
