package hw

import (
	"fmt"
	"slices"
	"strings"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
	"hass/internal/schedule"
)

// This file describes the scheduled engine: the modules that execute the order of multiplications which package schedule makes from a
// layer's weights. Its window sends every word (PX pixels of one tap and channel) once. The engine keeps the words in banks with two
// halves, so that one window is filled while the previous one runs.
//
// One process holds all chains of a layer: they share the words, the table of places, the memory of rows and the counter. A phase of
// Iterations iterations fills one window and runs another. The words are read at an even pace, in iterations that are fixed in advance,
// because reads block: if the process read ahead as fast as it could, it would wait for words that it needs only a window later. So both
// targets run the same loop, in which all decisions are constants.

// MaxChains bounds the chains of a layer, because a bit mask represents the FIFOs of a process.
const MaxChains = 64

// Scheduled is the hardware of a scheduled engine besides Layer.N, the banks of a chain.
type Scheduled struct {
	Chains int `json:"chains"` // filters computed at a time
	// Field is the width of the field of a sum of products if two pixels share a multiplier: 18 for DSP48E2, 16 for DSP48E1; 0:
	// none share.
	Field int `json:"field,omitempty"`
	// BankMem is the memory of the banks. None leaves it to memory.ForBuffer.
	BankMem memory.Kind `json:"bank_mem,omitempty"`
	// Places has the bank of every word of the window, in the order (tap, channel), as a base-32 digit each.
	Places string `json:"places"`
}

// placeDigits are the digits of Scheduled.Places.
const placeDigits = "0123456789abcdefghijklmnopqrstuv"

// PlacesOf encodes the banks of words as Scheduled.Places.
func PlacesOf(bank []int) string {
	var s strings.Builder
	for _, b := range bank {
		s.WriteByte(placeDigits[b])
	}
	return s.String()
}

// banksOf decodes Places; an invalid digit gives bank -1.
func (s *Scheduled) banksOf() []int {
	bank := make([]int, len(s.Places))
	for i := range bank {
		bank[i] = strings.IndexByte(placeDigits, s.Places[i])
	}
	return bank
}

// ScheduleWeights are a convolution's weights in the form of package schedule: a word is a tap and a channel, channels innermost.
func ScheduleWeights(c *intnet.Conv) *schedule.Weights {
	return &schedule.Weights{Filters: c.OutC, Words: len(c.Weights) / c.OutC, W: c.Weights}
}

// PlanOf makes the schedule of a layer with scheduled engines from its weights, which must be present.
func PlanOf(net *intnet.Net, l *intnet.Layer, hl Layer) (*schedule.Plan, error) {
	if len(l.Conv.Weights) != net.WeightCount(l) {
		return nil, fmt.Errorf("a scheduled engine needs the layer's weights: %d of %d are there", len(l.Conv.Weights), net.WeightCount(l))
	}
	f := net.Tensors[l.In[0]].Format
	return schedule.New(ScheduleWeights(l.Conv), hl.Scheduled.banksOf(), schedule.Config{
		Banks: hl.N, Chains: hl.Scheduled.Chains, Field: schedule.Field{Bits: hl.Scheduled.Field, Lo: min(0, f.Min()), Hi: f.Max()},
	})
}

// checkScheduled refuses invalid choices of a scheduled engine.
func checkScheduled(net *intnet.Net, l *intnet.Layer, hl Layer) error {
	s, words := &hl.Scheduled, len(hl.Scheduled.Places)
	x := net.Tensors[l.In[0]].Format.Bits
	switch {
	case l.Conv.Groups != 1:
		return fmt.Errorf("a scheduled engine takes a convolution of one group, not of %d", l.Conv.Groups)
	case hl.MTap != 1 || hl.MCh != 1 || hl.OutCh != 1:
		return fmt.Errorf("a scheduled engine has m_tap, m_ch and out_ch 1, not %d, %d and %d", hl.MTap, hl.MCh, hl.OutCh)
	case s.Chains < 1 || s.Chains > min(MaxChains, l.Conv.OutC):
		return fmt.Errorf("%d chains of %d output channels; want 1 to %d", s.Chains, l.Conv.OutC, min(MaxChains, l.Conv.OutC))
	case words != net.WeightCount(l)/l.Conv.OutC:
		return fmt.Errorf("places of %d words; the window has %d", words, net.WeightCount(l)/l.Conv.OutC)
	case slices.ContainsFunc(s.banksOf(), func(b int) bool { return b < 0 || b >= hl.N }):
		return fmt.Errorf("places %.40q are not the digits of %d banks", s.Places, hl.N)
	case s.Field != 0 && (s.Field <= x || s.Field+x+1 > packing.Wide):
		return fmt.Errorf("field %d: two pixels of %d bits share a multiplier of %d bits only in fields of %d to %d", s.Field, x, packing.Wide, x+1, packing.Wide-1-x)
	}
	return nil
}

// ScheduledParams are the parameters of hass_scheduled: the chains of a layer, with rows and places.
type ScheduledParams struct {
	Banks       int         `rtl:"BANKS" hls:"BANKS"`
	Chains      int         `rtl:"CHAINS" hls:"CHAINS"`
	Px          int         `rtl:"PX" hls:"PX"`
	Field       int         `rtl:"FIELD" hls:"FIELD"`
	XBits       int         `rtl:"X_BITS"`
	XSigned     bool        `rtl:"X_SIGNED"`
	WBits       int         `rtl:"W_BITS"`
	Acc         int         `rtl:"ACC"`
	Beats       int         `rtl:"BEATS" hls:"BEATS"`           // words of a window
	Words       int         `rtl:"WORDS" hls:"WORDS"`           // of a bank and window
	Windows     int         `rtl:"WINDOWS" hls:"WINDOWS"`       // of an image
	Rows        int         `rtl:"ROWS" hls:"ROWS"`             // of the longest chain
	Lead        int         `rtl:"LEAD" hls:"LEAD"`             // iterations of a phase before the first possible read
	Iterations  int         `rtl:"ITERATIONS" hls:"ITERATIONS"` // of a phase
	Memory      memory.Kind `rtl:"STYLE"`                       // of the rows
	PlaceMemory memory.Kind `rtl:"PLACE_STYLE"`
	BankMemory  memory.Kind `rtl:"BANK_STYLE"`
}

// ModuleName is hass_scheduled.
func (ScheduledParams) ModuleName() string { return "hass_scheduled" }

// ChainParams are the parameters of hass_chain: the multipliers and banks of one filter.
type ChainParams struct {
	Banks   int         `rtl:"BANKS"`
	Px      int         `rtl:"PX"`
	Field   int         `rtl:"FIELD"`
	XBits   int         `rtl:"X_BITS"`
	XSigned bool        `rtl:"X_SIGNED"`
	WBits   int         `rtl:"W_BITS"`
	Words   int         `rtl:"WORDS"`
	Acc     int         `rtl:"ACC"`
	Memory  memory.Kind `rtl:"STYLE"` // of the banks
}

// ModuleName is hass_chain.
func (ChainParams) ModuleName() string { return "hass_chain" }

// Cycles is the number of cycles from a row to the sums of the filter that it ends.
func (p *ChainParams) Cycles() int { return chainCycles(p.Banks) }

// chainCycles: a register, the bank's delay, its word in two cycles, the slice's operands, product and sum, a register behind them, the accumulator;
// one cycle for every bank after the first.
func chainCycles(banks int) int { return banks + 8 }

// words is the number of words of the fullest bank.
func (s *Scheduled) words() int {
	var count [schedule.MaxBanks]int
	for _, b := range s.banksOf() {
		count[b]++
	}
	return slices.Max(count[:])
}

// ScheduledOf are the parameters of a layer's scheduled engine whose longest chain has the given number of rows.
func ScheduledOf(net *intnet.Net, l *intnet.Layer, hl Layer, rows int) ScheduledParams {
	in, w := &net.Tensors[l.In[0]], WindowOf(net, *l, hl)
	p := ScheduledParams{
		Banks: hl.N, Chains: hl.Scheduled.Chains, Px: hl.OutPx, Field: hl.Scheduled.Field, XBits: in.Format.Bits, XSigned: in.Format.Signed,
		WBits: l.Conv.WeightBits, Acc: l.Conv.AccBits, Beats: w.BeatsPerFold(), Words: hl.Scheduled.words(), Windows: w.PixelGroups(),
		Rows: rows, Lead: hl.N - 1, Memory: hl.WeightMem,
	}
	p.Iterations = max(p.Rows, p.Beats+p.Lead)
	p.PlaceMemory = memory.ForBuffer(p.PlaceBits(), p.Beats)
	if p.BankMemory = hl.Scheduled.BankMem; p.BankMemory == memory.None {
		p.BankMemory = memory.ForBuffer(p.Px*p.XBits, 2*p.bankWords())
	}
	return p
}

// AddressBits is the width of the address of a word in a bank.
func (p *ScheduledParams) AddressBits() int { return index(p.Words) }

// bankWords is the number of words of a half of a bank's memory.
func (p *ScheduledParams) bankWords() int { return 1 << p.AddressBits() }

// PlaceBits is the width of an entry of the table of places: the address, and above it the bank.
func (p *ScheduledParams) PlaceBits() int { return index(p.Banks) + p.AddressBits() }

// PartBits is the width of a chain's part of a row: the addresses of all banks, above them the weights, above these a bit that
// ends the filter.
func (p *ScheduledParams) PartBits() int { return 1 + p.Banks*(p.WBits+p.AddressBits()) }

// RowWeights are the parameters of the memory of rows, in which the parts of all chains are side by side, the first lowest.
func (p *ScheduledParams) RowWeights() WeightsParams {
	bits := p.Chains * p.PartBits()
	return WeightsParams{Depth: p.Rows, Row: bits, Words: fixed.CeilDiv(bits, 32), Field0: 32, Memory: p.Memory}
}

// Table are the parameters of the memory of places.
func (p *ScheduledParams) Table() WeightsParams {
	return WeightsParams{Depth: p.Beats, Row: p.PlaceBits(), Words: 1, Field0: p.PlaceBits(), Memory: p.PlaceMemory}
}

// ChainOf are the parameters of each chain.
func (p *ScheduledParams) ChainOf() ChainParams {
	return ChainParams{Banks: p.Banks, Px: p.Px, Field: p.Field, XBits: p.XBits, XSigned: p.XSigned, WBits: p.WBits, Words: p.Words, Acc: p.Acc, Memory: p.BankMemory}
}

// ChainWords is the number of words of the engine on the weight chain: places, then rows.
func (p *ScheduledParams) ChainWords() int { return p.Beats + p.Rows*p.RowWeights().Words }

// CyclesPerImage is the number of cycles of the engine alone, in a stream of images.
func (p *ScheduledParams) CyclesPerImage() int { return p.Windows * p.Iterations }

// LayerCycles is the number of cycles of its layer with the given number of filters: of the engine, or of the collect, which
// passes on one sum per cycle.
func (p *ScheduledParams) LayerCycles(filters int) int { return p.Windows * max(p.Iterations, filters) }

// Reads reports whether iteration k of a phase reads a word: reads are evenly spread over the iterations from Lead on, and the last
// one is in the last iteration.
func (p *ScheduledParams) Reads(k int) bool {
	span := p.Iterations - p.Lead
	return k >= p.Lead && (k-p.Lead+1)*p.Beats/span > (k-p.Lead)*p.Beats/span
}

// AppendWords appends the words of a plan for the weight chain: places, then rows.
func (p *ScheduledParams) AppendWords(words []uint32, plan *schedule.Plan) []uint32 {
	ab := p.AddressBits()
	for _, at := range plan.Places {
		words = append(words, uint32(at.Bank<<ab|at.At))
	}
	per := p.RowWeights().Words
	for r := range p.Rows {
		at := len(words)
		words = append(words, make([]uint32, per)...)
		bit := 0
		put := func(v uint32, bits int) {
			v &= 1<<bits - 1
			words[at+bit/32] |= v << (bit % 32)
			if bit%32+bits > 32 {
				words[at+bit/32+1] |= v >> (32 - bit%32)
			}
			bit += bits
		}
		for _, rows := range plan.Chains {
			row := schedule.Row{Weight: make([]int16, p.Banks), At: make([]int, p.Banks)} // a shorter chain has bubbles at its end
			if r < len(rows) {
				row = rows[r]
			}
			for _, a := range row.At {
				put(uint32(a), ab)
			}
			for _, w := range row.Weight {
				put(uint32(w), p.WBits)
			}
			last := uint32(0)
			if row.Last {
				last = 1
			}
			put(last, 1)
		}
	}
	return words
}

// CollectParams are the parameters of hass_collect: the sums of all chains in the order of the filters.
type CollectParams struct {
	Ins     int         `rtl:"INS"`   // chains
	Width   int         `rtl:"WIDTH"` // bits of a token
	Filters int         `rtl:"FILTERS"`
	Memory  memory.Kind `rtl:"STYLE"` // of the table of ports
}

// ModuleName is hass_collect.
func (CollectParams) ModuleName() string { return "hass_collect" }

// CollectOf are the parameters of the collect of a layer.
func CollectOf(l *intnet.Layer, hl Layer) CollectParams {
	p := CollectParams{Ins: hl.Scheduled.Chains, Width: hl.OutPx * l.Conv.AccBits, Filters: l.Conv.OutC}
	p.Memory = memory.ForBuffer(index(p.Ins), p.Filters)
	return p
}

// Table are the parameters of the memory of ports.
func (p *CollectParams) Table() WeightsParams {
	return WeightsParams{Depth: p.Filters, Row: index(p.Ins), Words: 1, Field0: index(p.Ins), Memory: p.Memory}
}

// ScheduledModule are the parameters of the scheduled engine of a layer.
func (n *Network) ScheduledModule(layer int) ScheduledParams {
	return ScheduledOf(n.Net, &n.Net.Layers[layer], n.Layers[layer], n.Plans[layer].Rows)
}

// CollectModule are the parameters of the collect of a layer.
func (n *Network) CollectModule(layer int) CollectParams {
	return CollectOf(&n.Net.Layers[layer], n.Layers[layer])
}

// phase gives the iterations of a phase of a layer's scheduled engine that reads one window and runs another, as runs of equal
// steps.
func (n *Network) phase(layer int) (runs []run) {
	p, plan := n.ScheduledModule(layer), n.Plans[layer]
	for k := range p.Iterations {
		var s Step
		if p.Reads(k) {
			s.Reads = 1
		}
		for c, rows := range plan.Chains {
			if k < len(rows) && rows[k].Last {
				s.Writes |= 1 << c
			}
		}
		if i := len(runs) - 1; i >= 0 && runs[i].step == s {
			runs[i].n++
		} else {
			runs = append(runs, run{1, s})
		}
	}
	return runs
}

// Lag is the number of iterations by which the writes of process i lag behind its reads: the phase in which a scheduled engine reads the first
// window of a call and has none to run. It writes the sums of the last window in a phase without reads. It is 0 for all other processes.
func (n *Network) Lag(i int) int {
	if p := &n.Processes[i]; p.Kind == ScheduledProc {
		m := n.ScheduledModule(p.Layer)
		return m.Iterations
	}
	return 0
}

// lagging is the schedule of a scheduled engine: one phase for every window and one more. The first phase writes nothing,
// the last reads nothing.
type lagging struct {
	periodic
	lag int
}

func newLagging(lag, windows, images int, runs ...run) *lagging {
	s := &lagging{periodic: *newPeriodic(lag*windows, images, runs...), lag: lag}
	s.total += lag
	return s
}

// Next implements Schedule.
func (s *lagging) Next() (Step, bool) {
	at := s.done
	st, ok := s.periodic.Next()
	return s.mask(st, at), ok
}

func (s *lagging) mask(st Step, at int) Step {
	if at < s.lag {
		st.Writes = 0
	}
	if at >= s.total-s.lag {
		st.Reads = 0
	}
	return st
}

// Ahead implements Repeater.
func (s *lagging) Ahead() (Step, int) {
	st, n := s.periodic.Ahead()
	for _, border := range []int{s.lag, s.total - s.lag} {
		if s.done < border {
			n = min(n, border-s.done)
		}
	}
	return s.mask(st, s.done), n
}

// LeastSums is the least depth of a FIFO of sums, because the processes behind it may wait for a while.
const LeastSums = 8

// SumsDepths are the depths of the FIFOs of sums of a plan's chains, for a join that takes a sum every turns cycles.
func SumsDepths(plan *schedule.Plan, m *ScheduledParams, turns int) []int {
	depths := plan.Waiting(m.Iterations, chainCycles(m.Banks)+FIFOCycles, turns)
	for c := range depths {
		depths[c] = max(depths[c], LeastSums)
	}
	return depths
}

// ChainCount is the number of chains of a layer's engine, 0 if it is not scheduled.
func (l *Layer) ChainCount() int {
	if !l.Engine.Known() || !l.Engine.Row().Static {
		return 0
	}
	return l.Scheduled.Chains
}

// scheduled adds the processes of a scheduled layer behind its window, and gives the one that writes the sums in the order of the
// filters, with the depth of the FIFO behind it.
func (x *expander) scheduled(i, window int, beats, acc Stream) (last, depth int, err error) {
	l, hl := &x.n.Net.Layers[i], x.n.Layers[i]
	plan, err := PlanOf(x.n.Net, l, hl)
	if err != nil {
		return 0, 0, fmt.Errorf("layer %s: %w", l.ID, err)
	}
	x.n.Plans[i] = plan
	last = x.process(Process{Kind: ScheduledProc, Name: l.ID + "_" + string(ScheduledProc), Layer: i}, hl)
	beats.Depth = hl.GangDepth
	x.link(beats, l.ID+"_beats", window, last)
	m := ScheduledOf(x.n.Net, l, hl, plan.Rows)
	depths := SumsDepths(plan, &m, hl.turns())
	if len(plan.Chains) == 1 {
		return last, hl.JoinDepth(depths), nil
	}
	engine := last
	last = x.process(Process{Kind: Collect, Name: l.ID + "_" + string(Collect), Layer: i}, hl)
	filters := make([]int, len(plan.Chains))
	for _, c := range plan.Chain {
		filters[c]++
	}
	for c, n := range filters {
		acc.Depth = depths[c]
		acc.Tokens = x.n.Processes[window].Window.PixelGroups() * n
		x.link(acc, fmt.Sprintf("%s_sums%d", l.ID, c), engine, last)
	}
	return last, hl.JoinDepth(depths), nil
}

// JoinDepth is the depth of the FIFO before the join of a scheduled layer, given the depths of its chains' sums. A chain alone writes its sums to
// that FIFO, and must not wait for a join that takes several cycles for each.
func (l Layer) JoinDepth(sums []int) int {
	if len(sums) > 1 {
		return DefaultDepth(Latency(Collect, l))
	}
	depth := DefaultDepth(Latency(ScheduledProc, l))
	if l.Turns > 1 {
		depth = max(depth, sums[0])
	}
	return depth
}
