package delay

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
)

// mostSize is the size above which a module's paths are not taken to grow: no larger module was routed, and one lane among many is placed as
// densely as one among few.
const mostSize = 4000

// kind is a kind of module with similar paths; each kind has its own offset.
type kind int

const (
	kindFIFO kind = iota
	kindBlockFIFO
	kindFork
	kindConvert
	kindSource
	kindSink
	kindAdd
	kindMul
	kindRequant
	kindCurve
	kindActivation
	kindConcat
	kindResize
	kindPool
	kindGlobalPool
	kindWindow
	kindJoin
	kindWeights
	kindDenseLane
	kindBankedLane
	kindCrossbarLane
	kindBankedAhead
	kindCrossbarAhead
	kindDenseEngine
	kindBankedEngine
	kindCrossbarEngine
	kindRAM
	kindWatermark
	kindControl
	kindStats
	kindChain
	kinds
)

var kindNames = [kinds]string{
	"fifo", "fifo_block", "fork", "convert", "source", "sink", "add", "mul", "requant", "activation_curve", "activation", "concat",
	"resize", "pool", "globalpool", "window", "join", "weights", "lane_dense", "lane_banked", "lane_crossbar", "ahead_banked", "ahead_crossbar",
	"engine_dense", "engine_banked", "engine_crossbar", "ram", "watermark", "control", "control_stats", "weight_chain",
}

// allKinds are the names of all kinds of modules: those of this file, then the modules whose only state is a position.
var allKinds = func() []string {
	names := kindNames[:]
	for _, m := range hw.Walkers() {
		names = append(names, strings.TrimPrefix(m, "hass_"))
	}
	return names
}()

// walkKinds are the kinds of modules whose only state is a position, by the module's name.
var walkKinds = func() map[string]int {
	numbers := map[string]int{}
	for i, m := range hw.Walkers() {
		numbers[m] = int(kinds) + i
	}
	return numbers
}()

// Kinds names the kinds of modules; Paths.Kind is an index into it.
func Kinds() []string { return allKinds }

// PathsOf lists the paths of a module that may be its slowest.
func PathsOf(m hw.Module) (Paths, error) {
	var s Paths
	switch m := m.(type) {
	case hw.FIFOParams:
		fifo(&s, &m)
	case hw.ForkParams:
		s.Kind, s.size = int(kindFork), float64(4*m.Outs)
		control(&s, 1, m.Outs, 0, 0)
	case hw.ConvertParams:
		convert(&s, &m)
	case hw.SourceParams:
		s.Kind, s.size = int(kindSource), float64(m.Width+60)
		// Remaining images, whether there is another, a beat, the number of beats.
		s.add(via(1).adder(32), via(1+lutLevels(32)), via(3).drives(32+fixed.CeilLog2(m.Beats)), via(2).drives(m.Width), via(1).adder(fixed.CeilLog2(m.Beats)))
	case hw.SinkParams:
		s.Kind, s.size = int(kindSink), float64(2*fixed.CeilLog2(m.Beats))
		s.add(via(1).adder(fixed.CeilLog2(m.Beats)).drives(fixed.CeilLog2(m.Beats)), via(1+lutLevels(fixed.CeilLog2(m.Beats))).drives(fixed.CeilLog2(m.Beats)))
	case hw.AddParams:
		add(&s, &m)
	case hw.MulParams:
		mul(&s, &m)
	case hw.RequantParams:
		s.Kind, s.size = int(kindRequant), float64(m.Px*m.Ch*3*m.OutBits)
		elementwise(&s, &m.Elementwise, 1, noChannels)
		requantise(&s, &requantisation{in: asSigned(m.InBits, m.InSigned), out: m.OutBits, shift: m.Shift, steps: 1, lo: m.Lo, hi: m.Hi, rounding: m.Rounding}, none)
	case hw.ActivationParams:
		activation(&s, &m)
	case hw.ConcatParams:
		concat(&s, &m)
	case hw.Walker:
		kind, ok := walkKinds[m.ModuleName()]
		if !ok {
			return s, fmt.Errorf("module %s has a position alone, but the table of moves does not say so", m.ModuleName())
		}
		s.Kind = kind
		walk(&s, m.Walk())
	case hw.ResizeParams:
		resize(&s, &m)
	case hw.PoolParams:
		pool(&s, &m)
	case hw.GlobalPoolParams:
		globalPool(&s, &m)
	case hw.WindowParams:
		if m.Whole {
			rowWindow(&s, &m)
		} else {
			window(&s, &m)
		}
	case hw.ChainParams:
		s.Kind, s.size = int(kindDenseLane), chainSize(&m) // not fitted separately yet
		chain(&s, &m)
	case hw.ScheduledParams:
		scheduled(&s, &m)
	case hw.CollectParams:
		collect(&s, &m)
	case hw.JoinParams:
		join(&s, &m)
	case hw.WeightsParams:
		s.Kind, s.size = int(kindWeights), float64(m.Row*(1+fixed.CeilDiv(m.Depth, 64)*b2i(m.Memory == memory.LUTRAM)))
		weights(&s, &m)
	case hw.LaneParams:
		s.Kind = int([...]kind{hw.DenseLane: kindDenseLane, hw.CrossbarLane: kindCrossbarLane, hw.BankedLane: kindBankedLane}[m.Kind])
		s.size = laneSize(&m)
		lane(&s, &m, 1)
	case hw.CascadeParams:
		s.Kind, s.size = int(kindDenseLane), cascadeSize(&m) // not fitted separately yet
		cascade(&s, &m, 1)
	case hw.AheadParams:
		s.Kind = int(kindBankedAhead)
		if m.Kind == hw.CrossbarLane {
			s.Kind = int(kindCrossbarAhead)
		}
		s.size = aheadSize(&m)
		ahead(&s, &m)
	case hw.EngineParams:
		engine(&s, &m)
	case hw.RAMParams:
		s.Kind, s.size = int(kindRAM), float64(m.Width)
		ram(&s, m.Width, m.Depth, m.Memory, 0)
	case hw.WatermarkParams:
		n := fixed.CeilLog2(m.Depth + 1)
		s.Kind, s.size = int(kindWatermark), float64(4*n)
		s.add(via(1).adder(n).adder(n).drives(n))
	case hw.ControlParams:
		controlRegisters(&s, &m)
	case hw.ChainHeadParams:
		s.Kind, s.size = int(kindChain), 80
		s.add(via(2).drives(32))
	case hw.ChainEndParams:
		s.Kind, s.size = int(kindChain), 80
		s.add(via(1 + lutLevels(32)))
	default:
		return s, fmt.Errorf("no delay of module %s is known", m.ModuleName())
	}
	if s.N == 0 {
		s.add(via(0))
	}
	size := math.Sqrt(min(s.size, mostSize) / 100)
	for i := range s.N {
		s.List[i][spread] = size
	}
	return s, nil
}

// asSigned is the width of a value as a signed operand.
func asSigned(bits int, signed bool) int { return bits + b2i(!signed) }

// control are the paths of hass_iterate: the end of an iteration depends in turn on the tokens of the inputs and the room of the
// outputs, and enables registers; counter is the width of the counters behind it.
func control(s *Paths, ins, outs, counter, enables int) {
	s.add(via(1 + lutLevels(3*ins) + lutLevels(3*outs)).drives(ins + outs + enables))
	if counter > 0 {
		s.add(via(1).adder(counter), via(1+lutLevels(counter)+lutLevels(3*outs)).drives(enables))
	}
}

// ram are the paths of a memory. Its write enable and addresses, with before LUTs in front, fan out to all of its cells; behind several
// words there is a multiplexer. The output of a LUT RAM goes to a register, that of a block RAM comes from one inside it.
func ram(s *Paths, wide, depth int, kind memory.Kind, before int) {
	switch kind {
	case memory.LUTRAM:
		cells := wide * fixed.CeilDiv(depth, 64)
		s.add(via(before+b2i(depth > 64)).drives(cells).with(rams), via(before+1+muxLevels(fixed.CeilDiv(depth, 64))).drives(cells))
	default:
		s.add(via(before).drives(fixed.CeilDiv(wide, 36)*fixed.CeilDiv(depth, 512)), via(0).with(blocks))
	}
}

func fifo(s *Paths, m *hw.FIFOParams) {
	words := m.Depth + m.Lag
	stored := fixed.CeilLog2(words + 1)
	s.Kind, s.size = int(kindFIFO), float64(m.Width*(1+b2i(!m.Block)*fixed.CeilDiv(words, 32)))
	queue(s, m.Width, stored)
	if m.Block {
		s.Kind = int(kindBlockFIFO)
		ram(s, m.Width, words, memory.BRAM, 2)
		return
	}
	ram(s, m.Width, words, memory.LUTRAM, 0)
}

// queue are the paths of a FIFO's control: its counters, which increase and decrease, and the condition under which a token moves
// to the head.
func queue(s *Paths, wide, stored int) {
	s.add(via(1).adder(stored), via(1+lutLevels(stored)).drives(wide+stored))
}

func convert(s *Paths, m *hw.ConvertParams) {
	wide := max(m.From, m.To) * m.Pixels * m.Bits
	parts := max(m.From, m.To) / max(1, min(m.From, m.To))
	s.Kind, s.size = int(kindConvert), float64(2*wide)
	control(s, 1, 1, fixed.CeilLog2(parts), fixed.CeilLog2(parts))
	if m.From < m.To {
		s.add(via(3).drives(wide / max(1, parts)))
		return
	}
	s.add(via(muxLevels(parts)).drives(wide / max(1, parts)))
}

// channelCounter says whether hass_pointwise counts channels.
type channelCounter bool

const noChannels channelCounter = false

// elementwise are the paths of the control of hass_pointwise. It counts columns if the last beat of a row has pixels outside the map,
// and channels if the module needs them.
func elementwise(s *Paths, m *hw.Elementwise, ins int, channels channelCounter) {
	groups, beats := fixed.CeilLog2(fixed.CeilDiv(m.W, m.Px)), fixed.CeilLog2(m.ChannelBeats)
	if m.W%m.Px == 0 {
		groups = 0
		if !channels {
			beats = 0
		}
	}
	control(s, ins, 1, max(groups, beats), groups+beats)
}

// requantisation holds the parameters of hass_requant and the source of its input.
type requantisation struct {
	in, out, shift, steps int
	split                 bool // a register between shift and rounding
	lo, hi                int64
	rounding              fixed.Rounding
}

// requantise are the paths of hass_requant: the rounding adder and the clamp.
func requantise(s *Paths, r *requantisation, from feature) {
	right, left := 0, 0
	if r.shift > 1 {
		right = min(r.shift-1, r.in-1)
	}
	if r.shift < 1 {
		left = 1 - r.shift
	}
	wide := r.in + left - right
	if r.shift > 0 || r.steps > 1 {
		before := 0
		if r.steps > 1 {
			before = muxLevels(r.steps)
		}
		if r.rounding == fixed.HalfEven {
			before = max(before, lutLevels(right+2*r.steps))
		}
		p := via(before).with(from)
		if r.steps > 1 {
			p = p.drives(wide)
		}
		if r.split {
			s.add(p, via(0).adder(wide))
		} else {
			s.add(p.adder(wide))
		}
	}
	magnitude := r.out - b2i(r.lo < 0)
	beyond := max(0, wide-1-magnitude)
	inside := r.hi == 1<<magnitude-1 && (r.lo == 0 || r.lo == -1<<magnitude)
	if beyond == 0 && inside && r.lo < 0 {
		return // there is no clamp
	}
	p := via(1 + lutLevels(beyond)).drives(r.out)
	if !inside {
		p = p.adder(magnitude)
	}
	s.add(p)
}

// operands are the paths of hass_operands: an operand that comes once per image is kept.
func operands(s *Paths, o *hw.Operands, behind func(p path) path) {
	elementwise(s, &o.Elementwise, 2, o.Broadcast != nil)
	lanes := o.Px * o.Ch
	if o.Broadcast == nil {
		return
	}
	count := fixed.CeilLog2(o.Beats)
	s.add(via(1).adder(count))
	kept := o.Ch * o.Bits1
	if o.ChannelBeats == 1 {
		s.add(via(3).drives(kept))
	} else {
		ram(s, kept, o.ChannelBeats, o.Memory, 2)
		s.add(via(1).adder(fixed.CeilLog2(o.ChannelBeats)))
	}
	s.add(behind(via(1).drives(lanes * o.Bits1)))
}

func add(s *Paths, m *hw.AddParams) {
	a, b := asSigned(m.Bits0, m.Signed0), asSigned(m.Bits1, m.Signed1)
	terms, from := [2]int{a, b}, none
	for i, f := range [2]hw.Wide{m.Factor0, m.Factor1} {
		width := bits.Len64(uint64(f))
		if [2]int{m.Parts0, m.Parts1}[i] > 0 {
			from = multiply(s, terms[i], width+1)
			terms[i] += width
		} else {
			terms[i] += width - 1
		}
	}
	sum := max(terms[0], terms[1]) + 1
	s.Kind, s.size = int(kindAdd), float64(m.Px*m.Ch*(3*sum+m.OutBits))
	operands(s, &m.Operands, func(p path) path { return p.adder(sum) })
	s.add(via(0).adder(sum).with(from))
	requantise(s, &requantisation{in: sum, out: m.OutBits, shift: m.Shift, steps: 1, split: from != none, lo: m.Lo, hi: m.Hi, rounding: m.Rounding}, none)
}

func mul(s *Paths, m *hw.MulParams) {
	a, b := asSigned(m.Bits0, m.Signed0), asSigned(m.Bits1, m.Signed1)
	s.Kind, s.size = int(kindMul), float64(m.Px*m.Ch*(a+b+2*m.OutBits))
	operands(s, &m.Operands, func(p path) path { return p })
	from, value := multiply(s, a, b), a+b
	if m.Parts > 0 {
		width := bits.Len64(uint64(m.Factor))
		from = multiply(s, value, width+1)
		value += width
	}
	requantise(s, &requantisation{in: value, out: m.OutBits, shift: m.Shift, steps: 1, split: m.Parts > 0, lo: m.Lo, hi: m.Hi, rounding: m.Rounding}, from)
}

// multiply are the paths of a product whose registers are those of a DSP; from is the feature in which its result starts.
func multiply(s *Paths, a, b int) (from feature) {
	if a+b < 9 { // LUTs and carry chains
		s.add(via(1 + min(a, b)/2).adder(a + b))
		return none
	}
	if a > b {
		a, b = b, a
	}
	if a > 18 || b > 25 { // two DSPs, one behind the other
		s.add(via(0).with(products).with(factors))
	}
	return products
}

func activation(s *Paths, m *hw.ActivationParams) {
	s.Kind = int(kindActivation)
	if m.Curve != nil {
		s.Kind = int(kindCurve)
	}
	lanes := m.Px * m.Ch
	s.size = float64(lanes * (4*m.InBits + 2*m.OutBits))
	elementwise(s, &m.Elementwise, 1, m.Curve == nil && m.Rows > 1)
	// A table of more than a hundred LUTs is in block RAM (hass_rom).
	rom := m.Rows > 1 && 2*m.TableBits*fixed.CeilDiv(m.Rows, 64) > 100*fixed.CeilDiv(m.TableBits, 18)*fixed.CeilDiv(m.Rows, 1024)
	if rom {
		s.add(via(0).with(blocks))
	} else if m.Rows > 1 {
		s.add(via(tableLevels(m.Rows)).drives(m.TableBits * fixed.CeilDiv(m.Rows, 64)))
	}
	value := m.InBits + m.TableBits
	x := asSigned(m.InBits, m.InSigned)
	from := none
	switch {
	case m.Curve != nil && m.Step == 0:
		value = m.TableBits
	case m.Curve != nil:
		from = multiply(s, m.Step+1, m.SlopeBits)
		value = m.TableBits + m.Step
	default:
		from = multiply(s, x, m.TableBits)
		s.add(via(1).adder(x + 1).drives(x).with(factors))
	}
	requantise(s, &requantisation{in: value, out: m.OutBits, shift: m.Shift, steps: 1, lo: m.Lo, hi: m.Hi, rounding: m.Rounding}, from)
}

func concat(s *Paths, m *hw.ConcatParams) {
	plan := &m.Plan
	n, most := len(plan.Ports), 1
	for i := range plan.Ports {
		most = max(most, plan.Ports[i].Places)
	}
	row := (plan.Out + plan.Kept) * m.Bits * m.Pixels
	s.Kind, s.size = int(kindConcat), float64(2*row)
	s.add(via(1+lutLevels(3*n)+lutLevels(3)+1).drives(plan.Kept*m.Bits*m.Pixels+n),
		via(1+lutLevels(3*n)+tableLevels(len(plan.Steps))).drives(fixed.CeilLog2(len(plan.Steps))+n*(1+fixed.CeilLog2(most))),
		via(muxLevels(most)+lutLevels(2*n)).drives(row))
}

// walk are the paths of a module whose only state is a position: whether the position is selected, which depends on three axes, whether
// the iteration ends, and the step to the next position, one axis after the other. An axis that is selected completely only has a counter.
func walk(s *Paths, w hw.Walk) {
	s.size = float64(w.Width/4 + 40)
	if w.Clears {
		s.size = float64(w.Width/2 + 40)
	}
	axes := [...]hw.Axis{w.Channels, w.Columns, w.Rows}
	choosing, before, fan := 0, 2, 0
	for _, a := range axes {
		fan += fixed.CeilLog2(a.Size)
		choosing += b2i(a.Count < a.Size)
	}
	for _, a := range axes {
		n := fixed.CeilLog2(a.Size)
		if n == 0 {
			continue
		}
		s.add(via(1).adder(n), via(before).drives(n))
		before += lutLevels(n)
		if a.Count < a.Size {
			s.add(via(before).adder(fixed.CeilLog2(a.Count + 1)).drives(n))
		}
	}
	s.add(via(2 + lutLevels(6*choosing)).drives(fan))
}

func resize(s *Paths, m *hw.ResizeParams) {
	s.Kind, s.size = int(kindResize), float64(m.Ch*(3*m.Bits+2*m.OutBits)+60)
	x := max(fixed.CeilLog2(m.InW), fixed.CeilLog2(m.OutW))
	address := fixed.CeilLog2(m.RowPixels() * m.ChannelBeats)
	s.add(via(2+lutLevels(2*x)).drives(fixed.CeilLog2(m.OutH)+2*x), via(2).adder(max(x, address, fixed.CeilLog2(m.OutH))),
		via(tableLevels(m.OutW)).drives(m.FromBits), via(0).adder(address), via(1+tableLevels(m.OutH)).drives(m.ReadsBits))
	ram(s, m.Ch*m.Bits, m.RowPixels()*m.ChannelBeats, m.Memory, 1)
	value := m.Bits
	if m.ColumnWeights != nil || m.RowWeights != nil { // the difference of two words
		s.add(via(1).adder(m.Bits + 1).with(factors))
	}
	if m.ColumnWeights != nil {
		multiply(s, m.Bits+2, m.ColumnScale+2)
		value += m.ColumnScale
		s.add(via(0).adder(value))
	}
	if m.RowWeights != nil {
		multiply(s, value+2, m.RowScale+2)
		value += m.RowScale
		s.add(via(0).adder(value))
	}
	requantise(s, &requantisation{in: value, out: m.OutBits, shift: m.Shift, steps: 1, lo: m.Lo, hi: m.Hi, rounding: m.Rounding}, none)
}

func window(s *Paths, m *hw.WindowParams) {
	rows := fixed.CeilDiv(m.W, m.InPx) * m.InPx
	q := fixed.CeilLog2(2*m.H*rows+m.LinePixels) + 2
	lanes := m.OutPx * m.MTap * m.MCh
	banks := m.RowBanks * m.ColBanks
	s.Kind = int(kindWindow)
	s.size = float64(lanes*m.Bits*max(1, muxLevels(banks))*2 + banks*m.WordBits()*(1+b2i(!m.Block)*fixed.CeilDiv(m.Depth(), 64)) + 500)
	address := fixed.CeilLog2(m.Depth())
	// The end of an iteration enables all counters. The reads and writes of an iteration decide the changes of the differences, and the
	// differences decide the next iteration. One cycle later positions change; then addresses are added, memories are read, rows and
	// lanes selected.
	s.add(via(2).drives(5*q), via(4).adder(q).drives(q),
		via(3).drives(4*address+2*q), via(3).adder(address).drives(2*address), via(2).adder(address),
		via(1+muxLevels(banks)).drives(lanes*m.Bits))
	kind := memory.LUTRAM
	if m.Block {
		kind = memory.BRAM
	}
	ram(s, min(m.WordBits(), 32), m.Depth(), kind, 0)
}

func join(s *Paths, m *hw.JoinParams) {
	ins := m.Gangs * m.Banks
	sum := m.SumBits()
	entry := m.EntryBits()
	s.Kind, s.size = int(kindJoin), float64(m.Units()*(2*sum*max(1, m.Levels)+2*m.Bits)+m.OutCh()*entry)
	control(s, ins, 1, max(fixed.CeilLog2(m.Folds), fixed.CeilLog2(fixed.CeilDiv(m.W, m.Px))), m.OutCh()*entry)
	w := m.Biases()
	weights(s, &w)
	if m.Levels > 0 { // comparisons, of which one value drives all; the count
		s.add(via(0).adder(m.AccBits).drives(m.Levels), via(lutLevels(m.Levels)))
		return
	}
	s.add(via(0).adder(sum).with(rams))
	if m.Turns > 1 { // the turn chooses accumulators and constants
		s.add(via(muxLevels(m.Turns)).drives(fixed.CeilDiv(m.Turns, 4) * (m.Banks*m.AccBits + entry)))
	}
	from := none
	if m.MulBits > 0 {
		from = multiply(s, sum, m.MulBits+1)
	}
	requantise(s, &requantisation{in: sum + m.MulBits, out: m.Bits, shift: m.Shift, steps: m.Steps, split: true, lo: m.Lo, hi: m.Hi, rounding: m.Rounding}, from)
}

func controlRegisters(s *Paths, m *hw.ControlParams) {
	s.Kind = int(kindControl)
	s.size = 500
	s.add(via(2+lutLevels(14)).drives(64), via(1).adder(64), via(1+lutLevels(32)), via(3).drives(96))
	if m.Outputs > 1 {
		s.add(via(2).adder(32).drives(32 * m.Outputs))
	}
	if m.Stats {
		s.Kind = int(kindStats)
		s.size += float64(2 * m.Processes * 40)
		s.add(via(2).drives(2*m.Processes), via(1).adder(32))
	}
}
