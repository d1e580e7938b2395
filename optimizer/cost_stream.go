package optimizer

import (
	"hass/internal/hw"
)

// fifoShape is hass_fifo.
type fifoShape struct {
	width, depth int
	block        bool
}

func (s fifoShape) area(family string) area {
	count, power := log2(s.depth+1), index(s.depth)
	mem := memoryShape{s.width, s.depth, MemBRAM}
	if !s.block {
		mem = memoryShape{s.width, 1 << power, MemLUTRAM}
	}
	a := area{kind: areaFIFO, rule: mem.cost(family)}
	a.rule[2] += 1 + 2*count + 2*power
	// A counter that wraps at a power of two needs no comparison.
	wraps, whole := 0, 0
	switch {
	case s.depth == 1<<power:
		whole = 1
	case s.block:
		wraps = 1
	}
	a.lut = terms(1, count, power, wraps*power, whole*power, wraps)
	return a
}

// fifo is a stream of tokens of the given bits.
func (m costModel) fifo(width, depth int) vec {
	a := fifoShape{width, depth, FIFOMemory(width, depth) == MemBRAM}.area(m.family)
	return m.scaled(moduleFIFO, m.price(&a, 1))
}

// fork copies a token to outs FIFOs.
func (m costModel) fork(outs int) vec {
	a := forkArea(outs)
	return m.scaled(moduleFork, m.price(&a, 1))
}

func forkArea(outs int) area {
	a := area{kind: areaFork}
	a.lut, a.ff = terms(1, outs), terms(1, outs)
	return a
}

// convertShape is hass_convert.
type convertShape struct{ bits, px, from, to int }

func (s convertShape) area() area {
	narrow := min(s.from, s.to)
	parts := max(s.from, s.to) / narrow
	width := s.px * narrow * s.bits
	a := area{kind: areaConvert}
	a.rule[2] = log2(parts)
	up := 0
	if s.from > s.to {
		a.lut = terms(1, log2(parts), width*muxLUT(parts), 0, width*(parts-1), width*muxLUT(parts)*odd(narrow*s.bits))
	} else {
		up = 1
		a.rule[2] += (parts - 1) * width
		a.lut = terms(1, log2(parts), 0, parts-1)
	}
	a.ff = terms(1, up)
	return a
}

// convert changes the channels per beat of a stream of values of the given bits.
func (m costModel) convert(bits int, from, to hw.Beat) vec {
	a := convertShape{bits, from.Px, from.Ch, to.Ch}.area()
	return m.scaled(moduleConvert, m.price(&a, 1))
}

func sourceArea(width, beats int) area {
	a := area{kind: areaSource}
	a.rule[2] = 32 + log2(beats) + width + 2
	a.lut = terms(1, log2(beats))
	return a
}

// source is the AXI4-Stream port of the input.
func (m costModel) source(width, beats int) vec {
	a := sourceArea(width, beats)
	return m.scaled(moduleSource, m.price(&a, 1))
}

func sinkArea(beats int) area {
	a := area{kind: areaSink}
	a.rule[2] = log2(beats)
	a.lut = terms(1, log2(beats))
	return a
}

// sink is the AXI4-Stream port of an output.
func (m costModel) sink(beats int) vec {
	a := sinkArea(beats)
	return m.scaled(moduleSink, m.price(&a, 1))
}

func controlArea(outputs int) area {
	a := area{kind: areaControl}
	a.lut, a.ff = terms(1, outputs), terms(1, outputs)
	return a
}

// Counts of the two ends of the weight chain, which have no parameters.
var chainHead, chainEnd = vec{1: 2, 2: 33}, vec{1: 12, 2: 3}

// top is what a design needs besides its processes: control without counters, and the ends of the weight chain.
func (m costModel) top(outputs int) vec {
	a := controlArea(outputs)
	return m.scaled(moduleControl, m.price(&a, 1)).add(chainHead).add(chainEnd)
}
