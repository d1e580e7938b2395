package delay

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
)

// This file has the paths of engines: weights, lanes, look-ahead.

// weights are the paths of hass_weights: words to a row's registers, and rows to and from the
// memory.
func weights(s *Paths, m *hw.WeightsParams) {
	address := fixed.CeilLog2(m.Depth)
	s.add(via(1+lutLevels(fixed.CeilLog2(m.Words))).drives(min(m.Row, 32)), via(1).adder(address), via(2+lutLevels(address)).drives(address))
	// Each slice of a row has its own address registers.
	slice := 288
	if m.Memory == memory.LUTRAM {
		slice = 66
	}
	ram(s, min(m.Row, slice), m.Depth, m.Memory, 1)
	if m.Flag > 0 {
		s.add(via(lutLevels(m.Flag)))
		ram(s, m.Row/m.Flag, m.Depth, m.Flags, 1)
	}
}

// laneSize is the size of a lane in LUTs and registers.
func laneSize(m *hw.LaneParams) float64 {
	n := m.N * (m.XBits + m.WBits)
	switch m.Kind {
	case hw.BankedLane:
		n += m.M*(m.XBits+m.WBits)/2 + 6*m.M
	case hw.CrossbarLane:
		n += m.N*m.M*(m.XBits+m.WBits)/2 + 30*m.M
	}
	return float64(n + m.N*m.Acc)
}

// operand is the path from a beat, its weights, or the selection of pairs to a multiplier.
func operand(m *hw.LaneParams, gang int) path {
	reach := 1
	switch m.Kind {
	case hw.BankedLane:
		reach = m.M / m.N
	case hw.CrossbarLane:
		reach = m.M
	}
	return via(muxLevels(reach)).drives((m.XBits + m.WBits) * max(1, b2i(reach > 1)*fixed.CeilDiv(reach, 4)) * gang)
}

// lane are the paths of hass_lane; gang lanes share their selection.
func lane(s *Paths, m *hw.LaneParams, gang int) {
	a := asSigned(m.XBits, m.XSigned)
	if m.N > 1 {
		s.add(via(0).adder(m.Acc), via(0).with(products))
	}
	switch m.Kind {
	case hw.BankedLane:
		s.add(via(1 + lutLevels(m.M/m.N)))
	case hw.CrossbarLane:
		rank := fixed.CeilLog2(m.M + m.N + 1)
		s.add(via(1+lutLevels(2*rank+2)).drives(m.M), via(lutLevels(m.M)), via(1+lutLevels(3*fixed.CeilDiv(m.M, 4))).adder(rank))
	}
	if a+m.WBits < 9 {
		s.add(operand(m, gang), via(1+min(a, m.WBits)/2).adder(a+m.WBits), via(1).adder(m.Acc))
		return
	}
	s.add(operand(m, gang).with(factors))
}

// aheadSize is the size of an engine's look-ahead.
func aheadSize(m *hw.AheadParams) float64 { return float64(5 * m.Px * m.Gang * m.M) }

// ahead are the paths of hass_ahead without its FIFOs.
func ahead(s *Paths, m *hw.AheadParams) {
	banks, pairs := 1, m.Px*m.Gang*m.M
	if m.Kind == hw.BankedLane {
		banks = m.N
	}
	group := m.M / banks
	s.add(via(lutLevels(group)+b2i(group > 3)+b2i(group > 6)), via(lutLevels(8*fixed.CeilLog2(group+1))), via(0).drives(pairs).with(rams))
	queue(s, pairs, fixed.CeilLog2(m.Queue+2))
	if m.Kind == hw.CrossbarLane && m.M > 6 {
		s.add(via(2).adder(fixed.CeilLog2(m.M+1) + 1))
	}
}

// cascadeSize is the size of a hass_packed.
func cascadeSize(m *hw.CascadeParams) float64 {
	x, w := m.Operands()
	return float64(m.M*(x+w)/2 + m.Pixels*m.Filters*(m.Cascades()*m.TermBits()+m.Acc))
}

// cascade are the paths of hass_packed; shared cascades have the same weights.
func cascade(s *Paths, m *hw.CascadeParams, shared int) {
	s.add(via(0).adder(m.XBits+1).drives(m.XBits+m.WBits*shared).with(factors), via(0).with(products), via(1).adder(m.Acc))
	if m.Cascades() > 1 {
		s.add(via(0).adder(m.TermBits()))
	}
}

func engine(s *Paths, m *hw.EngineParams) {
	w := m.Weights()
	lanes := m.Px * m.Gang
	// Packed engines have not been fitted yet.
	s.Kind = int([...]kind{hw.DenseLane: kindDenseEngine, hw.CrossbarLane: kindCrossbarEngine, hw.BankedLane: kindBankedEngine, hw.PackedLane: kindDenseEngine}[m.Kind])
	if m.Kind == hw.PackedLane {
		c := m.Cascade(m.Pixels(), m.Filters)
		s.size = float64(fixed.CeilDiv(m.Px, m.Pixels())*fixed.CeilDiv(m.Gang, m.Filters)) * cascadeSize(&c)
		cascade(s, &c, fixed.CeilDiv(m.Px, m.Pixels()))
	} else {
		l := m.Lane()
		s.size = float64(lanes) * laneSize(&l)
		lane(s, &l, m.Px)
	}
	s.size += float64(w.Row * (1 + b2i(m.Memory == memory.LUTRAM)*fixed.CeilDiv(m.Depth, 64)))
	weights(s, &w)

	if m.Skips() {
		a := m.Ahead()
		s.size += aheadSize(&a)
		ahead(s, &a)
		// The end of a beat takes its number of cycles from the queue.
		s.add(via(3 + lutLevels(fixed.CeilLog2(m.Beats))).adder(fixed.CeilLog2(m.Queue + 2)))
	}
	// The end of a beat, and the step to the next: its number, and the next row of weights.
	beat := fixed.CeilLog2(m.Beats)
	s.add(via(3+lutLevels(beat)).drives(beat+lanes), via(1).adder(beat), via(2).adder(fixed.CeilLog2(m.Queue+1)))
}
