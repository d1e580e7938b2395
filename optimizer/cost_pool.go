package optimizer

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// poolShape is hass_pool or, with one tap, the pixels of a beat in place of taps, hass_globalpool.
type poolShape struct {
	bits            int
	signed          bool
	px, ch          int
	taps, tapGroups int
	h, w, channels  int
	max             bool
	rows, cols      int // classes of factors
	mul             int // bits of a factor; 1: a shift
	block           bool
	drop            int          // places of a product that are rounded off first
	requant         requantShape // but for the bits of what is requantised
}

// reduce is the tree of hass_reduce over count values in the given number of stages: bits of its nodes, of its
// registers, and of those registers in a row that become shift registers.
func reduce(count, width int, isMax bool, stages int) (nodes, ff, shifts int) {
	levels := log2(count)
	registers := func(level int) int {
		n := 0
		for s := 1; s <= stages; s++ {
			after := min(s, levels)
			if levels > stages {
				after = (levels*s + stages - 1) / stages
			}
			if after == level {
				n++
			}
		}
		return n
	}
	chain := 0 // registers that the last value of a level has behind it
	end := func(w int) {
		if chain >= minShift {
			ff -= chain * w
			shifts += w
		}
		chain = 0
	}
	for l := 0; l <= levels; l++ {
		n, w := (count+1<<l-1)>>l, width
		if !isMax {
			w += l
		}
		if l > 0 {
			below := (count + 1<<(l-1) - 1) >> (l - 1)
			nodes += below / 2 * w
			if below%2 == 0 {
				end(w)
			}
		}
		ff += registers(l) * n * w
		chain += registers(l)
	}
	end(width)
	return nodes, ff, shifts
}

// shift is a division by a power of two in place of a product: what is left of the sum waits three cycles.
func (s poolShape) shift(sum int) int {
	if s.max || s.mul > 1 || s.rows*s.cols > 1 {
		return 0
	}
	if s.requant.even {
		return sum
	}
	return max(1, sum-max(0, s.requant.shift-1))
}

// waits are the registers that go along with a beat, as bits of shift registers and as registers.
func waits(bits, cycles int) (shifts, ff int) {
	if cycles >= minShift {
		return bits, 0
	}
	return 0, bits * cycles
}

// finish is hass_finish for a sum or maximum of the given bits: what is requantised, and the DSPs.
func (s poolShape) finish(sum int, family string) (t requantTerms, dsp, soft int) {
	exact := sum
	if !s.signed {
		exact++
	}
	r := s.requant
	r.positive = !s.signed
	if s.max {
		r.in, r.shift = exact, 0
		return r.terms(), 0, 0
	}
	r.in = exact + s.mul - s.drop
	if s.mul > 1 || s.rows*s.cols > 1 {
		if dsp = multiplierDSP(exact, s.mul+1, family); dsp == 0 {
			soft = exact * (s.mul + 1)
		}
	} else {
		r.in = exact
	}
	return r.terms(), dsp, soft
}

func (s poolShape) area(family string) area {
	s.px = min(s.px, s.w) // the others are always 0
	stages, wide := 2, 0
	if s.max {
		stages = 5
	}
	sum, part := s.bits, s.bits
	if !s.max {
		part += log2(s.taps)
		sum += log2(s.taps * s.tapGroups)
	} else {
		wide = 1
	}
	lanes := s.px * s.ch
	nodes, ff, shifts := reduce(s.taps, s.bits, s.max, stages)
	t, dsp, soft := s.finish(sum, family)
	a := area{kind: areaPool}
	a.rule[0] = lanes * dsp
	tail := 0
	if s.w%s.px != 0 {
		tail = 1
	}
	groups := ceilDiv(s.w, s.px)
	counters := log2(s.tapGroups)
	classes := 0
	if tail > 0 || s.rows*s.cols > 1 {
		counters += counterBits(s.channels, groups)
	}
	if s.rows*s.cols > 1 {
		counters += log2(s.h)
		classes = s.px * s.mul
	}
	first := 1
	if s.tapGroups == 1 {
		first = 0 // every beat is
	}
	srl, wait := waits(1+first, stages)
	srl += tail + lanes*(shifts+s.shift(sum))
	if s.rows*s.cols > 1 {
		if s.px == 1 {
			srl += index(s.rows) + index(s.cols)
		} else {
			wait += 3 * (index(s.rows) + s.px*index(s.cols))
		}
	}
	a.rule[1], a.rule[5] = srl+lanes*t.ties, srl
	a.rule[2] = lanes*(ff+sum+t.ff) + counters + 8 + wait
	average := 1 - wide
	a.lut = terms(1, wide*lanes*nodes, average*lanes*nodes, wide*lanes*sum, average*lanes*sum, lanes*t.round, lanes*t.clamp, lanes*t.beyond, lanes*t.compare, counters,
		tail*lanes*s.requant.out, classes, lanes*soft)
	a.ff = terms(1, lanes, 0, classes, lanes*soft)
	return a
}

// global is the formula of hass_globalpool: taps are the pixels of a beat.
func (s poolShape) global(family string) area {
	stages, wide := 2, 0
	if s.max {
		stages, wide = 5, 1
	}
	average := 1 - wide
	groups := ceilDiv(s.w, s.px)
	sum := s.bits
	if !s.max {
		sum += log2(s.px * groups * s.h)
	}
	nodes, ff, shifts := reduce(s.px, s.bits, s.max, stages)
	t, dsp, soft := s.finish(sum, family)
	a := area{kind: areaGlobalPool}
	if s.channels > 1 {
		mem := memoryShape{s.ch * sum, s.channels, MemLUTRAM}
		if s.block {
			mem.style = MemBRAM
		}
		a.rule = mem.cost(family)
	}
	a.rule[0] = s.ch * dsp
	tail := 0
	if s.w%s.px != 0 {
		tail = 1
	}
	counters := counterBits(s.channels, groups, s.h)
	srl, wait := waits(2, stages)
	addresses, address := waits(log2(s.channels), stages-1)
	srl += addresses + s.ch*(shifts+s.shift(sum))
	a.rule[1] += srl + s.ch*t.ties
	a.rule[5] += srl
	a.rule[2] += s.ch*(ff+sum+t.ff) + counters + 8 + wait + address + log2(s.channels)
	for i, v := range []int{1, wide * s.ch * nodes, average * s.ch * nodes, wide * s.ch * sum, average * s.ch * sum, s.ch * t.round, s.ch * t.clamp, s.ch * t.beyond, s.ch * t.compare,
		counters, tail * s.ch * s.px * s.bits} {
		a.lut[i] = float64(v)
	}
	a.lut[12] = float64(s.ch * soft)
	a.ff = terms(1, s.ch)
	return a
}

// strip takes the zeros that all factors end in off what is dropped, or off the shift.
func (s *poolShape) strip(p *intnet.Pool, zeros int) {
	s.drop = max(0, p.Drop-zeros)
	s.requant.shift = p.Scale + p.FormatShift - zeros - s.drop
}

// pool reduces channelwise window beats.
func (m costModel) pool(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) vec {
	p := l.Pool
	n := p.Kernel[0] * p.Kernel[1]
	s := poolShape{
		bits: in.Format.Bits, signed: in.Format.Signed, px: hl.OutPx, ch: hl.OutCh, taps: hl.MTap, tapGroups: n / hl.MTap,
		h: out.H, w: out.W, channels: out.C / hl.OutCh, max: p.Max, rows: 1, cols: 1, mul: 1,
		requant: requantShape{out: out.Format.Bits, shift: p.Scale - p.Drop + p.FormatShift, steps: 1, lo: l.Lo, hi: l.Hi, even: l.Rounding == fixed.HalfEven},
	}
	if !p.Max {
		var factors []int64
		zeros := 0
		factors, s.rows, s.cols = averageFactors(p, in, out)
		s.mul, zeros = factorBits(factors)
		s.strip(p, zeros)
	}
	a := s.area(m.family)
	return m.scaled(modulePool, m.price(&a, 1))
}

// globalPool keeps one partial result per channel.
func (m costModel) globalPool(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor) vec {
	p := l.Pool
	s := poolShape{
		bits: in.Format.Bits, signed: in.Format.Signed, px: hl.InPx, ch: hl.InCh, taps: hl.InPx,
		h: in.H, w: in.W, channels: in.C / hl.InCh, max: p.Max, rows: 1, cols: 1, mul: 1,
		requant: requantShape{out: out.Format.Bits, shift: p.Scale - p.Drop + p.FormatShift, steps: 1, lo: l.Lo, hi: l.Hi, even: l.Rounding == fixed.HalfEven},
	}
	if !p.Max {
		mul, zeros := factorBits([]int64{fixed.AvgMul(in.H*in.W, p.Scale)})
		s.mul = mul
		s.strip(p, zeros)
	}
	word := in.Format.Bits
	if !p.Max {
		word += bits.Len(uint(ceilDiv(in.W, hl.InPx)*in.H*hl.InPx - 1))
	}
	s.block = BufferMemory(s.ch*word, s.channels) == MemBRAM
	a := s.global(m.family)
	return m.scaled(moduleGlobalPool, m.price(&a, 1))
}

// averageFactors are the factors of an average pool by the numbers of rows and columns of a window that lie
// inside the map.
func averageFactors(p *intnet.Pool, in, out intnet.Tensor) (factors []int64, rows, cols int) {
	counts := func(d, size, n int) []int {
		var list []int
		for o := range n {
			inside := 0
			for t := range p.Kernel[d] {
				if at := o*p.Stride[d] - p.Pads[d] + t*p.Dilation[d]; p.CountPad || at >= 0 && at < size {
					inside++
				}
			}
			if !slices.Contains(list, inside) {
				list = append(list, inside)
			}
		}
		return list
	}
	rn, cn := counts(0, in.H, out.H), counts(1, in.W, out.W)
	for _, r := range rn {
		for _, c := range cn {
			factors = append(factors, fixed.AvgMul(r*c, p.Scale))
		}
	}
	return factors, len(rn), len(cn)
}

// factorBits is the width of factors without the zeros that all end in, and how many those are.
func factorBits(factors []int64) (width, zeros int) {
	zeros, width = 63, 1
	for _, f := range factors {
		zeros = min(zeros, bits.TrailingZeros64(uint64(f)))
	}
	for _, f := range factors {
		width = max(width, bits.Len64(uint64(f>>zeros)))
	}
	return width, zeros
}
