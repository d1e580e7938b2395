package cost

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
)

// multiplierDSP is the number of DSP slices of a signed a x b bit product: 25 x 18 on 7 series, 27 x
// 18 on UltraScale+. A product of fewer than 9 bits is made of LUTs, by yosys (DSP_Y_MINWIDTH of its
// mul2dsp) and by Vivado.
func multiplierDSP(a, b int, family string) int {
	if a+b < minProduct {
		return 0
	}
	wide := design.WideOperand(family)
	return min(fixed.CeilDiv(a, wide)*fixed.CeilDiv(b, packing.Narrow), fixed.CeilDiv(a, packing.Narrow)*fixed.CeilDiv(b, wide))
}

// minProduct is the least width of a product that is made of DSPs.
const minProduct = 9

// asSigned is the width of a value as a signed operand.
func asSigned(bits int, signed bool) int {
	if signed {
		return bits
	}
	return bits + 1
}

// memoryUse is the cost of a memory.
func memoryUse(s memory.Shape, family string) design.Vec {
	u := s.Use(family)
	return design.Vec{1: u.LUT, 2: u.FF, 3: u.BRAM18, 4: u.URAM, 5: u.LUTRAM}
}

// nonZeroLUT is the number of LUTs that detect a non-zero word.
func nonZeroLUT(bits int) int { return fixed.CeilDiv(bits-1, 5) }

// laneArea is the area of hass_lane.
func laneArea(s *hw.LaneParams, family string) area {
	x, w := asSigned(s.XBits, s.XSigned), s.WBits
	dsp := multiplierDSP(x, w, family)
	var a area
	a.rule[0] = s.N * dsp
	// The accumulators are in the DSPs; the adder tree behind them is not.
	registers, shifts := tree(s.N, min(1, s.N-1)) // one register between accumulators and adders
	a.rule[1], a.rule[2], a.rule[5] = shifts*s.Acc, registers*s.Acc, shifts*s.Acc
	adders := (s.N - 1) * s.Acc
	soft, softFF := 0, 0 // products made of LUTs
	if dsp == 0 {
		soft, softFF = s.N*x*w, s.N*(x+w+x+w+s.Acc)
		adders += s.N * s.Acc
	}
	// yosys leaves some operand registers of unsigned activations outside the DSP.
	outside := 0
	if !s.XSigned && dsp > 0 {
		outside = s.N * s.XBits
	}
	a.ff = terms(1, softFF, outside, s.N)
	pair := s.XBits + w // bits of two operands
	if s.Kind != hw.DenseLane {
		a.rule[2] += s.N * (pair + 1) // registers between selection and multiplier
	}
	uneven := s.XBits*odd(s.XBits) + w*odd(w)
	switch s.Kind {
	case hw.DenseLane:
		a.kind = areaDense
		a.lut = terms(1, adders, soft, s.N)
	case hw.CrossbarLane:
		a.kind = areaCrossbar
		mux := 0
		for k := range s.N {
			mux += memory.MuxLUTs(s.M - k)
		}
		fours, rank, pairs := fixed.CeilDiv(s.M, 4), fixed.CeilLog2(s.M+s.N+1), s.N*s.M-s.N*(s.N-1)/2
		number := s.N * index(s.M)
		// Useful pairs, the ranks that are due, the selected pair and its number.
		a.rule[2] += s.M + s.N*rank + pairs + s.N + number
		// Pairs and the ranks within the first four wait in shift registers.
		waits := s.M + [...]int{0, 0, 0, 2, 4}[min(s.M, 4)]
		for f := 1; f < fours; f++ {
			// For each later group of four: ranks within it in two steps, the pairs before it, ranks.
			has := min(4, s.M-4*f)
			earlier := min(rank, 3+fixed.CeilLog2(f))
			a.rule[2] += 2*[...]int{0, 0, 1, 3, 5}[has] + 3 + earlier + has*min(rank, earlier+1)
			if has > 1 {
				waits-- // the rank of its second pair is its first pair
			}
		}
		if s.M == 5 { // the rank of the fifth pair is the count of the four before it
			waits += 3
			a.rule[2] -= 3 * 3
		}
		a.rule[1] += waits
		a.rule[5] += waits
		a.lut = terms(1, adders, soft, mux*pair, s.M*rank, fours*rank, pairs, number, (s.M-1)*s.N*pair, mux*uneven, s.N*rank)
		a.ff = terms(1, softFF, outside, s.N, s.M, fours)
	case hw.BankedLane:
		a.kind = areaBanked
		reach := s.M / s.N
		mux := s.N * memory.MuxLUTs(reach)
		number := 0
		if reach > 1 {
			number = s.N * index(reach)
		}
		a.rule[2] += s.M + s.N + number + 2
		a.lut = terms(1, adders, soft, mux*pair, s.M, s.M*fixed.CeilLog2(reach), s.N, number, (s.M-s.N)*pair, mux*uneven, mux*pair*odd(reach))
	default:
		panic(fmt.Sprintf("cost: no formula for lane kind %d", s.Kind))
	}
	return a
}

// controlWaits is the number of control signals that wait for the selection of pairs in shift registers, which all lanes of
// an engine share.
func controlWaits(kind hw.LaneKind) int {
	switch kind {
	case hw.DenseLane, hw.PackedLane:
		return 0
	case hw.CrossbarLane:
		return 3
	case hw.BankedLane:
		return 1
	}
	panic(fmt.Sprintf("cost: no control of lane kind %d", kind))
}

// weightsArea is the area of hass_weights.
func weightsArea(s *hw.WeightsParams, family string) area {
	flags, ff := 0, 0
	a := area{kind: areaWeights, rule: memoryUse(memory.Shape{Width: s.Row, Depth: s.Depth, Kind: s.Memory}, family)}
	slices := fixed.CeilDiv(s.Row, 66) // each has its own address, and its own flag for the last row
	if s.Memory != memory.LUTRAM {
		ff = s.Row // read ahead
		slices = fixed.CeilDiv(s.Row, 288)
	}
	if s.Flag > 0 {
		flags = s.Row / s.Flag
		a.rule = a.rule.Add(memoryUse(memory.Shape{Width: flags, Depth: s.Depth, Kind: s.Flags}, family))
		ff += flags + 2 + 2*fixed.CeilLog2(s.Depth)
	}
	// The chain's register, the words that wait for the last one, the counters, the write port's register.
	a.rule[2] += 33 + s.Row - s.LastField() + ff + fixed.CeilLog2(s.Words) + (2+slices)*fixed.CeilLog2(s.Depth) + slices*min(1, s.Depth-1) + 5
	a.lut = terms(1, fixed.CeilLog2(s.Words), fixed.CeilLog2(s.Depth), s.Words, flags*nonZeroLUT(s.Flag), min(1, flags)*fixed.CeilLog2(s.Depth), slices*fixed.CeilLog2(s.Depth))
	a.ff = terms(1)
	return a
}

// aheadArea is the area of hass_ahead without its queues.
func aheadArea(s *hw.AheadParams, _ string) area {
	flags := s.Px * s.M
	if s.Depthwise {
		flags *= s.Gang
	}
	pairs, groups := s.Px*s.Gang*s.M, s.Groups()
	size := pairs / groups
	count, turns := fixed.CeilLog2(size+1), fixed.CeilDiv(s.M, s.N)-1
	a := area{kind: areaAhead}
	any, tree := 0, s.Tree() // registers of one step
	for _, n := range tree {
		any += n
	}
	a.rule[2] = flags + pairs + groups*count + turns*any + 3 + len(tree)
	a.lut = terms(1, pairs, groups*count*fixed.CeilDiv(size, 6), groups*turns, turns*any)
	a.ff = terms(1)
	return a
}

// engineArea is the area of hass_engine without lanes and weights.
func engineArea(s *hw.EngineParams, _ string) area {
	a := area{kind: areaEngine}
	a.rule[2] = fixed.CeilLog2(s.Beats) + 3
	if s.Kind == hw.PackedLane {
		c := s.Cascade(1, 1)
		a.rule[2] += c.Cycles() - 3
		a.turns(s)
	} else {
		a.rule[2] += fixed.CeilLog2(s.N) + min(1, s.N-1)
	}
	if s.Skips() {
		a.rule[2]++
	}
	skips, turns := 0, 0
	if s.Skips() {
		skips, turns = 1, fixed.CeilDiv(s.M, s.N)
	} else {
		a.rule[2] += 5 // hass_tokens without its count, and control one cycle later
	}
	if s.Spread() > 0 { // one copy for eight lanes
		perPixel := s.M
		if s.Depthwise {
			perPixel *= s.Gang
		}
		eights := fixed.CeilDiv(s.Gang, 8)
		a.rule[2] += 1 + s.Px*eights*(perPixel*s.XBits+3) + fixed.CeilDiv(s.Row()*s.WBits, 66)
	}
	waits := controlWaits(s.Kind)
	a.rule[1] += waits
	a.rule[5] += waits
	a.lut = terms(1, fixed.CeilLog2(s.Beats), skips, turns)
	a.ff = terms(1, skips, turns)
	return a
}

// queueParts are the formulas of the queues of hass_ahead: FIFOs without credits, because the engine's own FIFO has them.
func queueParts(s *hw.AheadParams, family string) (parts []part) {
	for _, q := range s.Queues() {
		a := fifoArea(&q, family)
		a.rule[2] -= fixed.CeilLog2(q.Depth+1) + 1
		parts = append(parts, part{a, 1})
	}
	return parts
}

// queued are the formulas of the parts of an engine that grow with the FIFO before it: the queues of hass_ahead, or the count of
// hass_tokens.
func queued(s *hw.EngineParams, family string) []part {
	if s.Skips() {
		ahead := s.Ahead()
		return queueParts(&ahead, family)
	}
	a := area{kind: areaEngine}
	a.rule[2] = fixed.CeilLog2(s.Queue + 1)
	return []part{{a, 1}}
}

// queues is the cost of the parts of an engine that grow with the FIFO before it. It is priced with the FIFO.
func (m Model) queues(s *hw.EngineParams) (v design.Vec) {
	for _, p := range queued(s, m.Family) {
		v = v.Add(m.price(&p.area, p.times))
	}
	return m.scaled(areaEngine, v)
}

// engineParts are the formulas of an engine: lanes, weights and control, without the queues of the look-ahead.
func engineParts(s *hw.EngineParams, family string) []part {
	weights := s.Weights()
	var parts []part
	if s.Kind == hw.PackedLane {
		parts = packedParts(s, family)
	} else {
		lane := s.Lane()
		parts = append(parts, part{laneArea(&lane, family), s.Gang * s.Px})
	}
	parts = append(parts, part{weightsArea(&weights, family), 1})
	if s.Skips() {
		ahead := s.Ahead()
		parts = append(parts, part{aheadArea(&ahead, family), 1})
	}
	return append(parts, part{engineArea(s, family), 1})
}

// engines is the cost of the given number of equal engines.
func (m Model) engines(s *hw.EngineParams, times int) (v design.Vec) {
	for _, p := range engineParts(s, m.Family) {
		if m.tally != nil { // errors need each formula separately
			m.price(&p.area, (times-1)*p.times)
		}
		v = v.Add(m.price(&p.area, p.times))
	}
	v = m.scaled(areaEngine, v)
	for i := range v {
		v[i] *= times
	}
	return v
}

// gangs is the cost of the engine processes of a convolution: one for each gang, or for each bank of an elastic gang.
func (m Model) gangs(l *intnet.Layer, hl hw.Layer) design.Vec {
	s := hw.EngineOf(m.Net, l, hl)
	return m.engines(&s, hl.Engines())
}

// joinArea is the area of hass_join.
func joinArea(s *hw.JoinParams, family string) area {
	px := min(s.Px, s.W) // other pixels are always 0
	c := s.OutCh()
	values, lanes := c*px, s.Units()
	acc := s.ValueBits()
	biases := s.Biases()
	weights := weightsArea(&biases, family)
	t := requantShape{in: acc + s.MulBits, out: s.Bits, shift: s.Shift, steps: s.Steps, lo: s.Lo, hi: s.Hi, even: s.Rounding == fixed.HalfEven}.terms()
	a := area{kind: areaJoin, rule: weights.rule}
	if s.Levels > 0 {
		return levelsArea(s, &weights, a)
	}
	tail := 0
	if s.W%px != 0 {
		tail = 1
	}
	counters := counterBits(s.Folds, fixed.CeilDiv(s.W, px))
	kept := acc - t.dropped // bits of the sum
	soft := 0
	if s.MulBits > 0 { // the sum and the multiplier are in registers of the slices
		p := multiplied{a: acc, b: s.MulBits + 1, constant: !s.OwnMul(), register: true, unread: t.dropped}.product(family)
		a.rule[0] += lanes * p.dsp
		a.rule[1] += lanes * p.srl
		a.rule[5] += lanes * p.srl
		kept, soft = p.ff, lanes*p.soft
		if p.dsp == 0 {
			kept += acc
		}
	}
	a.rule[2] += lanes*(kept+t.ff+t.split) + counters + 4
	a.rule[1] += tail + lanes*t.ties // a shift register; ties
	a.rule[5] += tail
	// The formula has the sum of one bank and the bias; the cost of more banks is added by rule.
	registers, shifts := tree(s.Banks+1, 0)
	more := lanes * acc * shifts
	adders := fixed.CeilLog2(s.Banks + 1)
	a.rule[2] += lanes*acc*(registers-1) + adders - 1
	if s.Steps > 1 {
		if adders < minShift {
			a.rule[2] += 3 * c * adders
		} else {
			more += 3 * c
		}
	}
	a.rule[1] += lanes*acc*(s.Banks-1) + more
	a.rule[5] += more
	if s.Turns > 1 {
		turns(s, &a)
	}
	ins := s.Gangs * s.Banks
	if ins > 1 {
		a.rule[2] += ins - 1
	}
	a.lut = terms(1, lanes*acc, lanes*t.round, lanes*t.clamp, lanes*t.beyond, lanes*t.compare, lanes*t.steps, int(weights.lut[1])+int(weights.lut[2]),
		biases.Words, ins, tail*values*s.Bits, counters, 0, 0, soft)
	a.ff = terms(1, lanes, 0, soft)
	return a
}

// turns adds what lets the units of a join serve several lanes each: the choice of accumulators and constants, which is registered, the
// results that wait, and the counters of turns, one for each choice.
func turns(s *hw.JoinParams, a *area) {
	live := min(s.Px, s.W)
	width := s.Banks * s.AccBits
	counter := fixed.CeilLog2(s.Turns)
	alone := -1 // a channel whose constants have a register, which all units of this channel alone share
	for u := range s.Units() {
		from, to := u*s.Turns, min((u+1)*s.Turns, s.Lanes())
		first, channels := from/live, (to-1)/live-from/live+1
		a.rule[1] += width*choiceLUTs(to-from) + s.EntryBits()*choiceLUTs(channels)
		a.rule[2] += width + (to-from-1)*s.Bits + 2*counter
		if channels > 1 || first != alone {
			a.rule[2] += s.EntryBits()
		}
		if channels == 1 {
			alone = first
		}
	}
	a.rule[1] += counter + 2
	a.rule[2] += counter + 1
}

// choiceLUTs is the number of LUTs that choose one of n bits by their number. With 7 or 10 bits the last LUT lacks an input for the
// number's low bits.
func choiceLUTs(n int) int {
	if n == 7 || n == 10 {
		return memory.MuxLUTs(n) + 1
	}
	return memory.MuxLUTs(n)
}

// levelsArea is the area of a join with thresholds, given the area of their memory.
func levelsArea(s *hw.JoinParams, weights *area, a area) area {
	px := min(s.Px, s.W)
	c := s.OutCh()
	lanes, ins := c*px, s.Gangs*s.Banks
	tail := 0
	if s.W%px != 0 {
		tail = 1
	}
	counters := counterBits(s.Folds, fixed.CeilDiv(s.W, px))
	registers, shifts := tree(s.Banks, 0)
	more := lanes * s.AccBits * shifts
	srl, wait := waits(tail, s.Cycles())
	a.rule[2] += lanes*(s.Levels+s.Bits+s.AccBits*registers) + counters + wait + 3 + 2*fixed.CeilLog2(s.Banks) + ins - 1
	a.rule[1] += lanes*s.AccBits*(s.Banks-1) + more + srl
	a.rule[5] += more + srl
	count := 0 // LUTs of the sums for one bit of the number of thresholds reached
	for bit := 1; bit <= s.Levels; bit *= 2 {
		count += fixed.CeilDiv(s.Levels/bit-1, 5)
	}
	biases := s.Biases()
	a.lut = terms(1, 0, 0, 0, 0, 0, 0, int(weights.lut[1])+int(weights.lut[2]), biases.Words, ins, tail*lanes*s.Bits, counters, lanes*s.Levels*s.AccBits, lanes*count)
	a.ff = terms(1, lanes)
	return a
}

// join is the cost of the process that adds the bias and requantises.
func (m Model) join(l *intnet.Layer, hl hw.Layer) design.Vec {
	s := hw.JoinOf(m.Net, l, hl)
	a := joinArea(&s, m.Family)
	return m.scaled(areaJoin, m.price(&a, 1))
}
