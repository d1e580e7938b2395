package optimizer

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// pointwise prices the modules that have neither window nor sum over pixels.
func (m costModel) pointwise(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) vec {
	switch l.Kind {
	case intnet.KindAdd:
		a := m.operandsOf(&l, hl, out).add(m.family, l.Align)
		return m.scaled(moduleAdd, m.price(&a, 1))
	case intnet.KindMul:
		a := m.operandsOf(&l, hl, out).mul(m.family)
		return m.scaled(moduleMul, m.price(&a, 1))
	case intnet.KindActivation:
		a := activationOf(l.Act, beatsOf(&l, hl, in, out), in).area(m.family)
		return m.scaled(moduleActivation, m.price(&a, 1))
	case intnet.KindConcat:
		a := concatShape{hw.NewConcatPlan(m.net, &l, hl.InCh, hl.OutCh), hl.OutPx, out.Format.Bits}.area()
		return m.scaled(moduleConcat, m.price(&a, 1))
	case intnet.KindSlice:
		s := l.Slice
		a := area{kind: areaSlice}
		strides := []strided{
			{in.C / hl.InCh, s.Start[2] / hl.InCh, 1, out.C / hl.InCh},
			{ceilDiv(in.W, hl.InPx), s.Start[1], s.Step[1], ceilDiv(out.W, hl.OutPx)},
			{in.H, s.Start[0], s.Step[0], out.H},
		}
		a.strided(strides, 0)
		return m.scaled(moduleSlice, m.price(&a, 1))
	case intnet.KindZeroInsert:
		a := area{kind: areaZeroInsert}
		strides := []strided{{out.C / hl.OutCh, 0, 1, out.C / hl.OutCh}, {out.W, 0, l.Insert.Stride[1], in.W}, {out.H, 0, l.Insert.Stride[0], in.H}}
		a.strided(strides, hl.OutCh*out.Format.Bits)
		return m.scaled(moduleZeroInsert, m.price(&a, 1))
	case intnet.KindResize:
		a := resizeOf(&l, hl, in, out).area(m.family)
		return m.scaled(moduleResize, m.price(&a, 1))
	}
	a := requantArea(beatsOf(&l, hl, in, out), signedBits(in), in.Format.Signed)
	return m.scaled(moduleRequant, m.price(&a, 1))
}

// beatsShape is what hass_pointwise needs: a map in beats of px pixels and ch channels.
type beatsShape struct {
	px, ch, w, channels int
	requant             requantShape // but for the bits of what is requantised
}

// beatsOf are the beats that a layer writes.
func beatsOf(l *intnet.Layer, hl hw.Layer, in, out intnet.Tensor) beatsShape {
	shift := l.Shift
	if l.Act != nil {
		shift = l.Act.Shift
	}
	return beatsShape{hl.OutPx, hl.OutCh, out.W, out.C / hl.OutCh, requantShape{out: out.Format.Bits, shift: shift, steps: 1, lo: l.Lo, hi: l.Hi, even: l.Rounding == fixed.HalfEven}}
}

// area is the formula of hass_pointwise for values of the given bits that come depth-2 cycles after the issue; place: the
// arithmetic asks for the beat's place among the channels. More terms follow those of requantisation.
func (s beatsShape) area(kind areaKind, value, depth int, place bool, more ...int) area {
	s.px = min(s.px, s.w) // the others are always 0
	s.requant.in = value
	t := s.requant.terms()
	lanes := s.px * s.ch
	tail := 0
	if s.w%s.px != 0 {
		tail = 1
	}
	a := area{kind: kind}
	counters := 0
	if place || tail > 0 {
		counters += log2(s.channels)
	}
	if tail > 0 {
		counters += log2(ceilDiv(s.w, s.px))
	}
	srl, wait := waits(tail, depth)
	a.rule[1], a.rule[5] = srl+lanes*t.ties, srl
	a.rule[2] = lanes*t.ff + counters + depth + wait
	a.lut = terms(1, lanes*t.round, lanes*t.clamp, lanes*t.beyond, lanes*t.compare, counters, tail*lanes*s.requant.out)
	for i, v := range more {
		a.lut[7+i] = float64(v)
	}
	a.ff = terms(1, lanes)
	return a
}

func requantArea(s beatsShape, in int, signed bool) area {
	s.requant.positive = !signed
	return s.area(areaRequant, in, 2, false)
}

// operandsShape is hass_add or hass_mul.
type operandsShape struct {
	beats         beatsShape
	a, b          int  // bits as signed numbers
	second        int  // bits of a value of the second operand
	positive      bool // both are
	broadcast     bool
	block         bool
	beatsPerImage int
}

func (m costModel) operandsOf(l *intnet.Layer, hl hw.Layer, out intnet.Tensor) operandsShape {
	a, b := m.net.Tensors[l.In[0]], m.net.Tensors[l.In[1]]
	s := operandsShape{beats: beatsOf(l, hl, a, out), a: signedBits(a), b: signedBits(b), second: b.Format.Bits, positive: !a.Format.Signed && !b.Format.Signed, broadcast: m.net.Broadcast(l)}
	s.beatsPerImage = out.H * ceilDiv(out.W, hl.OutPx) * (out.C / hl.OutCh)
	s.block = s.broadcast && BufferMemory(hl.OutCh*b.Format.Bits, out.C/hl.OutCh) == MemBRAM
	return s
}

// kept is the memory of an operand that comes once an image.
func (s operandsShape) kept(a *area, family string) {
	if !s.broadcast {
		return
	}
	width := s.beats.ch * s.second
	count := log2(s.beatsPerImage)
	if s.beats.channels == 1 {
		a.rule[2] += width
	} else {
		mem := memoryShape{width, s.beats.channels, MemLUTRAM}
		if s.block {
			mem.style = MemBRAM
		}
		a.rule = a.rule.add(mem.cost(family))
	}
	a.rule[2] += 1 + count
	a.lut[8], a.lut[9] = 1, float64(width+count)
}

func (s operandsShape) add(family string, align [2]int) area {
	s.beats.px = min(s.beats.px, s.beats.w)
	sum := max(s.a+align[0], s.b+align[1]) + 1
	lanes := s.beats.px * s.beats.ch
	s.beats.requant.positive = s.positive
	a := s.beats.area(areaAdd, sum, 3, s.broadcast, lanes*sum)
	s.beats.requant.in = sum
	a.rule[2] += lanes * (sum - s.beats.requant.terms().dropped)
	if s.positive {
		a.rule[2] -= lanes
	}
	s.kept(&a, family)
	return a
}

func (s operandsShape) mul(family string) area {
	s.beats.px = min(s.beats.px, s.beats.w)
	lanes := s.beats.px * s.beats.ch
	dsp := multiplierDSP(s.a, s.b, family)
	s.beats.requant.positive = s.positive
	a := s.beats.area(areaMul, s.a+s.b, 5, s.broadcast)
	a.rule[0] = lanes * dsp
	if dsp == 0 {
		a.lut[7] = float64(lanes * s.a * s.b)
		a.ff[2] = float64(lanes * (s.a + s.b))
	}
	s.kept(&a, family)
	return a
}

// widest is the number of bits that hold each of the constants with a sign.
func widest(values []int64) int {
	w := 1
	for _, v := range values {
		w = max(w, bits.Len64(uint64(max(v, ^v)))+1)
	}
	return w
}

// activationShape is hass_activation.
type activationShape struct {
	beats         beatsShape
	fn            intnet.ActFn
	x, xBits      int // bits of a value, as a signed number and as it comes
	rows, columns int // of the table
	table, slope  int // bits of an entry, of a slope
	addBits       int
	top           int64
	step          int
}

func activationOf(a *intnet.Act, beats beatsShape, in intnet.Tensor) activationShape {
	s := activationShape{beats: beats, fn: a.Fn, x: signedBits(in), xBits: in.Format.Bits, rows: 1, columns: 1, top: a.Top, step: a.Step}
	s.addBits = bits.Len64(uint64(max(a.Add, -a.Add))) + 1
	if a.Fn == intnet.ActCurve {
		s.rows, s.table = max(1, len(a.Table)-1), widest(a.Table)
		slopes := int64(0)
		for i, t := range a.Table[1:] {
			slopes = max(slopes, t-a.Table[i], ^(t - a.Table[i]))
		}
		s.slope = bits.Len64(uint64(slopes)) + 1
		if a.Step == 0 {
			s.slope = 1
		}
		return s
	}
	s.table = widest(a.Mul)
	if len(a.Mul) > 1 {
		s.columns = beats.ch
		s.rows = len(a.Mul) / beats.ch
	}
	return s
}

// area: a product of two DSPs where the factor is wider than a DSP's port (hass_multiply_add).
func (s activationShape) area(family string) area {
	s.beats.px = min(s.beats.px, s.beats.w)
	lanes := s.beats.px * s.beats.ch
	top := bits.Len64(uint64(s.top))
	value, scale, factor, addend := 0, s.x, s.table, 1
	switch s.fn {
	case intnet.ActCurve:
		scale, factor, addend = s.step+1, s.slope, s.table+s.step
		value = addend
	case intnet.ActHardSwish:
		factor = top + s.table
		value = scale + factor
	case intnet.ActLeaky:
		if top >= s.table {
			factor = top + 1
		}
		value = scale + factor
	case intnet.ActHardSigmoid:
		addend = s.addBits
		value = max(scale+factor, addend) + 1
	}
	product := lanes
	if s.fn == intnet.ActCurve && s.step == 0 {
		product = 0
	}
	dsp, rest := 0, 0
	if product > 0 {
		if dsp = 1; factor > 25 {
			dsp, rest = 2, 1
		}
	}
	gate, leaky, sigmoid, curve := 0, 0, 0, 0
	dsps := lanes * dsp
	switch s.fn {
	case intnet.ActHardSwish:
		gate = lanes * (s.x + top + s.addBits)
		dsps += lanes * multiplierDSP(top+1, s.table, family)
	case intnet.ActLeaky:
		leaky = lanes * factor
	case intnet.ActHardSigmoid:
		sigmoid = lanes * s.addBits
	case intnet.ActCurve:
		curve = lanes
	}
	rom := 0
	var blocks int
	if s.fn == intnet.ActCurve {
		for pair := range ceilDiv(lanes, 2) {
			readers := min(2, lanes-2*pair)
			for _, w := range []int{s.table, s.slope} {
				if readers*w*ceilDiv(s.rows, 64) > 100*ceilDiv(w, 18)*ceilDiv(s.rows, 1024) {
					blocks += ROMCount(w, s.rows, readers)
				} else {
					rom += readers * w * romLUT(s.rows)
				}
			}
		}
	} else if s.rows > 1 {
		w := s.columns * s.table
		if w*ceilDiv(s.rows, 64) > 100*ceilDiv(w, 18)*ceilDiv(s.rows, 1024) {
			blocks += ROMCount(w, s.rows, 1)
		} else {
			rom += w * romLUT(s.rows)
		}
	}
	a := s.beats.area(areaActivation, value, 9, s.fn != intnet.ActCurve && s.rows > 1, rom, gate, leaky, sigmoid, curve, product*rest, blocks)
	a.rule[0], a.rule[3] = dsps, blocks
	// The value waits for the product.
	wait := lanes * s.xBits
	if s.fn == intnet.ActCurve && s.step > 0 {
		wait = lanes * min(s.step, s.xBits)
		a.rule[2] += lanes * 2 * (s.xBits - min(s.step, s.xBits))
	}
	if s.fn == intnet.ActCurve && s.step > 0 && blocks == 0 && s.rows > 2 {
		wait += lanes * s.table // so does the segment's value
	}
	if rest > 0 && s.fn != intnet.ActCurve {
		wait = 0 // in the registers of the second DSP
	}
	a.rule[1] += wait
	a.rule[5] += wait
	a.ff = terms(1, lanes, lanes*s.xBits, rom, product*rest*value, gate, leaky, sigmoid, curve*(s.table+s.step))
	return a
}

// romLUT is the number of LUTs that a bit of a table of constants takes at most.
func romLUT(depth int) int { return ceilDiv(depth, 64) + muxLUT(ceilDiv(depth, 64)) }

// concatShape is hass_concat.
type concatShape struct {
	plan     hw.ConcatPlan
	px, bits int
}

// program counts what changes from one iteration to the next: bits of a word of the program, which are registers, and LUTs of
// the table at most.
func (s concatShape) program() (registers, luts int) {
	p := &s.plan
	n := len(p.Ports)
	bit := func(st *hw.ConcatStep, i int) bool { // reads, write, places
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

// area counts what each lane is made of: lanes of the inputs, chosen by the port's place, those of all ports and what was kept
// together.
func (s concatShape) area() area {
	p, value := &s.plan, s.px*s.bits
	always := make([]bool, len(p.Ports)) // the port is read in each iteration
	for i := range always {
		always[i] = !slices.ContainsFunc(p.Steps, func(s hw.ConcatStep) bool { return s.Reads>>i&1 == 0 })
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
			stages += log2(port.Places)
		}
		if lane < p.Kept {
			signals++
		}
		sums += ceilDiv(max(0, signals-1), 5)
	}
	kept := 0
	if slices.ContainsFunc(p.Steps, func(s hw.ConcatStep) bool { return !s.Write }) {
		kept = p.Kept
	}
	registers, luts := s.program()
	a := area{kind: areaConcat}
	a.rule[2] = value*p.Span() + log2(len(p.Steps)) + registers + 1
	a.lut = terms(1, len(p.Ports), luts, value*sums, value*stages, value*kept)
	a.ff = terms(1, len(p.Ports))
	return a
}

// strided is hass_strided: the positions of an axis of which some are chosen.
type strided struct{ size, start, step, count int }

// strided adds an axis each; width bits are blanked where nothing is chosen.
func (a *area) strided(axes []strided, width int) {
	counters, some := 0, 0
	for _, s := range axes {
		counters += log2(s.size)
		if s.count != s.size {
			some += 1
			counters += index(max(s.start, s.step-1)+1) + log2(s.count+1)
		}
	}
	a.rule[2] += counters
	a.lut = terms(1, counters, some, width)
	a.ff = terms(1, some)
}

// resizeShape is hass_resize.
type resizeShape struct {
	bits, value        int // of an input value, and as a signed number
	ch, channels       int
	inW, outH, outW    int
	reads, from        int // bits
	rowScale, colScale int
	block              bool
	requant            requantShape
}

func resizeOf(l *intnet.Layer, hl hw.Layer, in, out intnet.Tensor) resizeShape {
	r := l.Resize
	read, most := 0, 0 // rows read before an output row
	for y := range out.H {
		need := max(read, r.Rows.Last(y)+1)
		most, read = max(most, need-read), need
	}
	s := resizeShape{
		bits: in.Format.Bits, value: signedBits(in), ch: hl.OutCh, channels: in.C / hl.InCh, inW: in.W, outH: out.H, outW: out.W,
		reads: bits.Len(uint(most)), from: index(slices.Max(r.Cols.From) + 1), rowScale: r.Rows.Scale, colScale: r.Cols.Scale,
		requant: requantShape{out: out.Format.Bits, shift: r.FormatShift + r.Rows.Scale + r.Cols.Scale, steps: 1, lo: l.Lo, hi: l.Hi, even: l.Rounding == fixed.HalfEven},
	}
	length := in.W
	if s.colScale > 0 {
		length = (in.W + 1) / 2
	}
	s.block = BufferMemory(s.ch*s.bits, length*s.channels) == MemBRAM
	return s
}

func (s resizeShape) area(family string) area {
	rows, cols, length := 1, 1, s.inW
	if s.rowScale > 0 {
		rows = 2
	}
	if s.colScale > 0 {
		cols, length = 2, (s.inW+1)/2
	}
	depth := length * s.channels
	address := index(depth)
	mem := memoryShape{s.ch * s.bits, depth, MemLUTRAM}
	if s.block {
		mem.style = MemBRAM
	}
	a := area{kind: areaResize}
	for i, n := range mem.cost(family) {
		a.rule[i] = rows * cols * n
	}
	along := s.value + s.colScale
	s.requant.in = along + s.rowScale
	t := s.requant.terms()
	lerp, lerpFF := 0, 0
	if cols == 2 {
		a.rule[0] += s.ch * rows * multiplierDSP(s.value+1, s.colScale+2, family)
		lerp += s.ch * rows * (2*s.value + s.colScale)
	}
	if rows == 2 {
		a.rule[0] += s.ch * multiplierDSP(along+1, s.rowScale+2, family)
		lerp += s.ch * (2*along + s.rowScale)
	}
	lerpFF = lerp
	// What waits for the products: values that are not weighed along rows, sums that are not between rows,
	// weights of rows.
	srl := 0
	if cols == 1 {
		srl += rows * s.ch * s.bits
		if rows == 1 {
			srl -= s.ch * min(s.bits, t.dropped)
		}
		if !s.block {
			a.rule[2] -= rows * s.ch * s.bits // the memory's own register
		}
	}
	if rows == 1 && cols == 1 && s.requant.shift <= 0 {
		a.rule[2] -= s.ch * s.requant.in // rounding is one more register in a row
	}
	if rows == 1 && cols == 2 {
		srl += s.ch * max(0, along-t.dropped)
	}
	if rows == 2 {
		srl += s.rowScale + 1
	}
	a.rule[1] += srl + s.ch*t.ties
	a.rule[5] += srl
	counters := s.reads + counterBits(s.outH, max(s.inW, s.outW), s.channels) + address
	tables := (s.from+s.colScale)*romLUT(s.outW) + (s.reads+s.rowScale)*romLUT(s.outH)
	a.rule[2] += s.ch*(t.ff+s.bits) + counters + address*(2+cols) + s.from + 11
	a.lut = terms(1, counters+address*cols, s.ch*t.round, s.ch*t.clamp, s.ch*t.beyond, s.ch*t.compare, lerp, tables, rows+cols-2)
	a.ff = terms(1, s.ch, lerpFF, s.rowScale+s.colScale)
	return a
}
