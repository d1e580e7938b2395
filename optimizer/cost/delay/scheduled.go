package delay

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
)

// chain are the paths of hass_chain: a word goes to its bank, from the bank to the slices, along
// the slices, and to the accumulators.
func chain(s *Paths, m *hw.ChainParams) {
	a, bits := asSigned(m.XBits, m.XSigned), m.Px*m.XBits
	// The bank of a word, which selects the write enables of a memory of all pixels.
	ram(s, bits, 2<<uint(fixed.CeilLog2(m.Words)), m.Memory, 1)
	operand := via(0)             // a register stands behind block RAM
	if m.Field > 0 && m.XSigned { // the upper activation minus the sign of the lower one
		operand = operand.adder(m.XBits + 1)
	}
	if a+m.WBits < 9 {
		s.add(via(1+min(a, m.WBits)/2).adder(a+m.WBits), via(1).adder(m.Acc))
	} else {
		s.add(operand.with(factors), via(0).with(products))
	}
	s.add(via(0).adder(m.Acc), via(1).drives(2*m.Px*m.Acc), via(1).drives(m.Banks*m.WBits))
}

// chainSize is the size of a chain.
func chainSize(m *hw.ChainParams) float64 {
	deep := b2i(m.Memory == memory.LUTRAM) * fixed.CeilDiv(2<<uint(fixed.CeilLog2(m.Words)), 64)
	return float64(3*m.Px*m.Acc + m.Banks*(m.Px*m.XBits*(1+deep)+2*m.WBits+fixed.CeilLog2(m.Words)))
}

// scheduled are the paths of hass_scheduled without its chains: its position, its pace, its
// memories.
func scheduled(s *Paths, m *hw.ScheduledParams) {
	c, rows, places := m.ChainOf(), m.RowWeights(), m.Table()
	k, share := fixed.CeilLog2(m.Iterations), fixed.CeilLog2(m.Iterations-m.Lead+m.Beats+1)
	s.Kind, s.size = int(kindDenseEngine), float64(m.Chains)*chainSize(&c)+float64(2*rows.Row)+200
	// The ends of filters decide which ports are written, the written ports whether the iteration
	// ends, and that enables the registers.
	control(s, 1, m.Chains, k, k+share+m.Chains*m.Banks)
	s.add(via(1).adder(share+1), via(0).adder(32), via(1+lutLevels(k)))
	weights(s, &rows)
	weights(s, &places)
	chain(s, &c)
}

// collect are the paths of hass_collect: the port that is read, and the selection of its token.
func collect(s *Paths, m *hw.CollectParams) {
	table := m.Table()
	s.Kind, s.size = int(kindFork), float64(m.Width*(1+m.Ins/2)+100)
	control(s, m.Ins, 1, fixed.CeilLog2(m.Filters), m.Ins)
	s.add(via(muxLevels(m.Ins)).drives(m.Width))
	weights(s, &table)
}

// rowWindow are the paths of a hass_window of whole rows.
func rowWindow(s *Paths, m *hw.WindowParams) {
	q, address := fixed.CeilLog2(2*m.H*m.InPx+m.LinePixels)+2, fixed.CeilLog2(m.Depth())
	s.Kind, s.size = int(kindWindow), float64(2*m.WordBits()*(1+b2i(!m.Block)*fixed.CeilDiv(m.Depth(), 64))+m.OutPx*m.Bits+400)
	s.add(via(2).drives(5*q), via(4).adder(q).drives(q), via(3).drives(4*address+2*q), via(3).adder(address).drives(2*address), via(2).adder(address),
		via(1+muxLevels(m.KW)).drives(m.OutPx*m.Bits))
	kind := memory.LUTRAM
	if m.Block {
		kind = memory.BRAM
	}
	ram(s, m.WordBits(), m.Depth(), kind, 0)
}
