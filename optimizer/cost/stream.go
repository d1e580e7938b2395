package cost

import (
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
)

func fifoArea(s *hw.FIFOParams, family string) area {
	words := s.Depth + s.Lag
	count, stored, power := fixed.CeilLog2(s.Depth+1), fixed.CeilLog2(words+1), index(words)
	mem := memory.Shape{Width: s.Width, Depth: words, Kind: memory.BRAM}
	if !s.Block {
		mem = memory.Shape{Width: s.Width, Depth: 1 << power, Kind: memory.LUTRAM}
	}
	a := area{kind: areaFIFO, rule: memoryUse(mem, family)}
	a.rule[2] += 2 + count + stored + 2*power
	// A counter that wraps at a power of two needs no comparison.
	wraps, whole := 0, 0
	switch {
	case words == 1<<power:
		whole = 1
	case s.Block:
		wraps = 1
	}
	a.lut = terms(1, count, power, wraps*power, whole*power, wraps)
	return a
}

// FIFO is the cost of a stream of tokens of the given width, in the memory for its size.
func (m Model) FIFO(width, depth int) design.Vec {
	return m.stream(hw.FIFOParams{Width: width, Depth: depth, Block: memory.ForFIFO(width, depth) == memory.BRAM})
}

// stream is a FIFO.
func (m Model) stream(s hw.FIFOParams) design.Vec {
	a := fifoArea(&s, m.Family)
	return m.scaled(areaFIFO, m.price(&a, 1))
}

// Fork copies a token to outs FIFOs.
func (m Model) Fork(outs int) design.Vec {
	a := forkArea(&hw.ForkParams{Outs: outs}, m.Family)
	return m.scaled(areaFork, m.price(&a, 1))
}

func forkArea(s *hw.ForkParams, _ string) area {
	a := area{kind: areaFork}
	a.lut, a.ff = terms(1, s.Outs), terms(1, s.Outs)
	return a
}

func convertArea(s *hw.ConvertParams, _ string) area {
	narrow := min(s.From, s.To)
	parts := max(s.From, s.To) / narrow
	width := s.Pixels * narrow * s.Bits
	a := area{kind: areaConvert}
	a.rule[2] = fixed.CeilLog2(parts)
	up := 0
	if s.From > s.To {
		a.lut = terms(1, fixed.CeilLog2(parts), width*memory.MuxLUTs(parts), 0, width*(parts-1), width*memory.MuxLUTs(parts)*odd(narrow*s.Bits))
	} else {
		up = 1
		a.rule[2] += (parts - 1) * width
		a.lut = terms(1, fixed.CeilLog2(parts), 0, parts-1)
	}
	a.ff = terms(1, up)
	return a
}

// Convert changes the channels per beat of a stream of values of the given bits.
func (m Model) Convert(bits int, from, to hw.Beat) design.Vec {
	a := convertArea(&hw.ConvertParams{Bits: bits, Pixels: from.Px, From: from.Ch, To: to.Ch}, m.Family)
	return m.scaled(areaConvert, m.price(&a, 1))
}

func sourceArea(s *hw.SourceParams, _ string) area {
	a := area{kind: areaSource}
	a.rule[2] = 34 + counted(s.Beats) + s.Width + 2
	a.lut = terms(1, fixed.CeilLog2(s.Beats))
	return a
}

// counted is the number of registers of hass_count: a counter and its end flag.
func counted(n int) int {
	if n < 2 {
		return 0
	}
	return fixed.CeilLog2(n) + 1
}

// Source is the AXI4-Stream port of the input.
func (m Model) Source(width, beats int) design.Vec {
	a := sourceArea(&hw.SourceParams{Width: width, Beats: beats}, m.Family)
	return m.scaled(areaSource, m.price(&a, 1))
}

func sinkArea(s *hw.SinkParams, _ string) area {
	a := area{kind: areaSink}
	a.rule[2] = fixed.CeilLog2(s.Beats)
	a.lut = terms(1, fixed.CeilLog2(s.Beats))
	return a
}

// Sink is the AXI4-Stream port of an output.
func (m Model) Sink(beats int) design.Vec {
	a := sinkArea(&hw.SinkParams{Beats: beats}, m.Family)
	return m.scaled(areaSink, m.price(&a, 1))
}

func controlArea(s *hw.ControlParams, _ string) area {
	a := area{kind: areaControl}
	a.lut, a.ff = terms(1, s.Outputs), terms(1, s.Outputs)
	return a
}

// The costs of the two ends of the weight chain, which have no parameters.
var chainHead, chainEnd = design.Vec{1: 2, 2: 33}, design.Vec{1: 12, 2: 3}

// Top is the cost of a design besides its processes: control without counters, and the ends of the
// weight chain.
func (m Model) Top(outputs int) design.Vec {
	a := controlArea(&hw.ControlParams{Outputs: outputs}, m.Family)
	return m.scaled(areaControl, m.price(&a, 1)).Add(chainHead).Add(chainEnd)
}
