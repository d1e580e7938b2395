package cost

import (
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// reduce is the tree of hass_reduce over count values in the given number of stages: bits of its nodes, of its
// registers, and of registers in a row that become shift registers.
func reduce(count, width int, isMax bool, stages int) (nodes, ff, shifts int) {
	levels := fixed.CeilLog2(count)
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
	chain := 0 // registers behind the last value of a level
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

// waits are the registers that delay a beat, as bits of shift registers and as registers.
func waits(bits, cycles int) (shifts, ff int) {
	if cycles >= minShift {
		return bits, 0
	}
	return 0, bits * cycles
}

// finishShape holds the parameters of hass_finish: a maximum, or an average by products or by a shift.
type finishShape struct {
	isMax, product bool
	factors        hw.Factors
}

func finishOf(isMax bool, f *hw.Factors, classes *hw.AverageClasses) finishShape {
	s := finishShape{isMax: isMax}
	if f != nil {
		s.factors = *f
		s.product = f.MulBits > 1 || classes != nil
	}
	return s
}

// shift is a division by a power of two in place of a product: the remaining bits of the sum are delayed by
// three cycles.
func (s *finishShape) shift(sum int) int {
	if s.isMax || s.product {
		return 0
	}
	if s.factors.Rounding == fixed.HalfEven {
		return sum
	}
	return max(1, sum-max(0, s.factors.Shift-1))
}

// finish gives the terms of hass_finish for a sum or maximum of the given width: those of the requantisation,
// and the DSPs.
func (s *finishShape) finish(sum, out int, signed bool, lo, hi int64, family string) (t requantTerms, dsp, soft int) {
	exact := asSigned(sum, signed)
	r := requantShape{in: exact, out: out, steps: 1, lo: lo, hi: hi, positive: !signed}
	if s.isMax {
		return r.terms(), 0, 0
	}
	f := &s.factors
	r.shift, r.even = f.Shift, f.Rounding == fixed.HalfEven
	if s.product {
		r.in = exact + f.MulBits - f.Drop
		if dsp = multiplierDSP(exact, f.MulBits+1, family); dsp == 0 {
			soft = exact * (f.MulBits + 1)
		}
	}
	return r.terms(), dsp, soft
}

// poolArea is the area of hass_pool.
func poolArea(s *hw.PoolParams, family string) area {
	px := min(s.Px, s.W) // other pixels are always 0
	stages, wide := 2, 0
	if s.Max {
		stages = 5
	}
	sum := s.Bits
	if !s.Max {
		sum += fixed.CeilLog2(s.Taps * s.TapGroups)
	} else {
		wide = 1
	}
	lanes := px * s.Ch
	nodes, ff, shifts := reduce(s.Taps, s.Bits, s.Max, stages)
	f := finishOf(s.Max, s.Factors, s.AverageClasses)
	t, dsp, soft := f.finish(sum, s.OutBits, s.Signed, s.Lo, s.Hi, family)
	a := area{kind: areaPool}
	a.rule[0] = lanes * dsp
	tail := 0
	if s.W%px != 0 {
		tail = 1
	}
	groups := fixed.CeilDiv(s.W, px)
	counters := fixed.CeilLog2(s.TapGroups)
	classes := 0
	if tail > 0 || s.AverageClasses != nil {
		counters += counterBits(s.ChannelBeats, groups)
	}
	if s.AverageClasses != nil {
		counters += fixed.CeilLog2(s.H)
		classes = px * s.MulBits
	}
	first := 1
	if s.TapGroups == 1 {
		first = 0 // every beat is the first
	}
	srl, wait := waits(1+first, stages)
	srl += tail + lanes*(shifts+f.shift(sum))
	if s.AverageClasses != nil {
		if px == 1 {
			srl += index(s.Rows) + index(s.Columns)
		} else {
			wait += 3 * (index(s.Rows) + px*index(s.Columns))
		}
	}
	a.rule[1], a.rule[5] = srl+lanes*t.ties, srl
	a.rule[2] = lanes*(ff+sum+t.ff) + counters + 8 + wait
	average := 1 - wide
	a.lut = terms(1, wide*lanes*nodes, average*lanes*nodes, wide*lanes*sum, average*lanes*sum, lanes*t.round, lanes*t.clamp, lanes*t.beyond, lanes*t.compare, counters,
		tail*lanes*s.OutBits, classes, lanes*soft)
	a.ff = terms(1, lanes, 0, classes, lanes*soft)
	return a
}

// globalPoolArea is the area of hass_globalpool, whose taps are the pixels of a beat.
func globalPoolArea(s *hw.GlobalPoolParams, family string) area {
	stages, wide := 2, 0
	if s.Max {
		stages, wide = 5, 1
	}
	average := 1 - wide
	groups := fixed.CeilDiv(s.W, s.Px)
	sum := s.PartialBits()
	nodes, ff, shifts := reduce(s.Px, s.Bits, s.Max, stages)
	f := finishOf(s.Max, s.Factors, nil)
	t, dsp, soft := f.finish(sum, s.OutBits, s.Signed, s.Lo, s.Hi, family)
	a := area{kind: areaGlobalPool}
	if s.ChannelBeats > 1 {
		a.rule = memoryUse(memory.Shape{Width: s.Ch * sum, Depth: s.ChannelBeats, Kind: s.Memory}, family)
	}
	a.rule[0] = s.Ch * dsp
	tail := 0
	if s.W%s.Px != 0 {
		tail = 1
	}
	counters := counterBits(s.ChannelBeats, groups, s.H)
	srl, wait := waits(2, stages)
	addresses, address := waits(fixed.CeilLog2(s.ChannelBeats), stages-1)
	srl += addresses + s.Ch*(shifts+f.shift(sum))
	a.rule[1] += srl + s.Ch*t.ties
	a.rule[5] += srl
	a.rule[2] += s.Ch*(ff+sum+t.ff) + counters + 8 + wait + address + fixed.CeilLog2(s.ChannelBeats)
	for i, v := range []int{1, wide * s.Ch * nodes, average * s.Ch * nodes, wide * s.Ch * sum, average * s.Ch * sum, s.Ch * t.round, s.Ch * t.clamp, s.Ch * t.beyond, s.Ch * t.compare,
		counters, tail * s.Ch * s.Px * s.Bits} {
		a.lut[i] = float64(v)
	}
	a.lut[12] = float64(s.Ch * soft)
	a.ff = terms(1, s.Ch)
	return a
}

// pool reduces channelwise window beats.
func (m Model) pool(l *intnet.Layer, hl hw.Layer) design.Vec {
	s := hw.PoolOf(m.Net, l, hl)
	a := poolArea(&s, m.Family)
	return m.scaled(areaPool, m.price(&a, 1))
}

// globalPool keeps one partial result per channel.
func (m Model) globalPool(l *intnet.Layer, hl hw.Layer) design.Vec {
	s := hw.GlobalPoolOf(m.Net, l, hl)
	a := globalPoolArea(&s, m.Family)
	return m.scaled(areaGlobalPool, m.price(&a, 1))
}
