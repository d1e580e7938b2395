package delay

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
)

// reduce is the slowest stage of hass_reduce.
func reduce(s *Paths, count, wide int, isMax bool, stages int) {
	n := fixed.CeilLog2(count)
	if n == 0 {
		return
	}
	each := fixed.CeilDiv(n, stages)
	p := via(0)
	for range each {
		p = p.adder(wide)
		if isMax {
			p.Path[levels]++
			p = p.drives(wide)
		}
	}
	s.add(p)
}

// finish are the paths of hass_finish: the product of an average; a maximum has none.
func finish(s *Paths, f *hw.Factors, sum, out int, signed, isMax bool, lo, hi int64) {
	exact := asSigned(sum, signed)
	r := requantisation{in: exact, out: out, steps: 1, lo: lo, hi: hi, rounding: fixed.HalfUp}
	if !isMax && f != nil {
		r.shift, r.rounding = f.Shift, f.Rounding
		if f.MulBits > 1 {
			multiply(s, exact, f.MulBits+1)
			if f.Drop > 0 {
				s.add(via(0).adder(exact + f.MulBits))
			}
			r.in = exact + f.MulBits - f.Drop
		}
	}
	requantise(s, &r, none)
}

func pool(s *Paths, m *hw.PoolParams) {
	lanes := m.Px * m.Ch
	sum, stages := m.Bits, 5
	if !m.Max {
		sum, stages = m.Bits+fixed.CeilLog2(m.Taps*m.TapGroups), 2
	}
	s.Kind, s.size = int(kindPool), float64(lanes*(m.Taps*m.Bits+4*sum))
	control(s, 1, 1, max(fixed.CeilLog2(m.ChannelBeats), fixed.CeilLog2(m.H), fixed.CeilLog2(fixed.CeilDiv(m.W, m.Px))), fixed.CeilLog2(m.TapGroups)+fixed.CeilLog2(m.ChannelBeats)+fixed.CeilLog2(m.W)+fixed.CeilLog2(m.H))
	reduce(s, m.Taps, m.Bits, m.Max, stages)
	s.add(accumulate(sum, m.Max).drives(lanes * sum))
	if m.AverageClasses != nil {
		s.add(via(1 + tableLevels(max(m.H, m.W)) + tableLevels(m.AverageClasses.Rows*m.Columns)).drives(m.MulBits))
	}
	finish(s, m.Factors, sum, m.OutBits, m.Signed, m.Max, m.Lo, m.Hi)
}

// accumulate is hass_accumulate.
func accumulate(wide int, isMax bool) path {
	p := via(1).adder(wide)
	if isMax {
		p.Path[levels]++
	}
	return p
}

func globalPool(s *Paths, m *hw.GlobalPoolParams) {
	sum, stages := m.PartialBits(), 5
	if !m.Max {
		stages = 2
	}
	s.Kind, s.size = int(kindGlobalPool), float64(m.Ch*(m.Px*m.Bits+4*sum))
	groups := fixed.CeilLog2(fixed.CeilDiv(m.W, m.Px))
	s.add(via(2+lutLevels(fixed.CeilLog2(m.ChannelBeats))+lutLevels(groups)).drives(fixed.CeilLog2(m.ChannelBeats)+groups+fixed.CeilLog2(m.H)), via(1).adder(max(fixed.CeilLog2(m.H), groups, fixed.CeilLog2(m.ChannelBeats))))
	reduce(s, m.Px, m.Bits, m.Max, stages)
	p := accumulate(sum, m.Max).drives(m.Ch * sum)
	if m.ChannelBeats > 1 {
		if m.Memory == memory.LUTRAM {
			p.Path[levels] += float64(muxLevels(fixed.CeilDiv(m.ChannelBeats, 64)))
		}
		ram(s, m.Ch*sum, m.ChannelBeats, m.Memory, 1+lutLevels(2*fixed.CeilLog2(m.ChannelBeats)))
		p.Path[levels]++ // the newest result in place of the stored one
		p.Path[levels] += float64(lutLevels(2 * fixed.CeilLog2(m.ChannelBeats)))
	}
	s.add(p)
	finish(s, m.Factors, sum, m.OutBits, m.Signed, m.Max, m.Lo, m.Hi)
}
