package cost

import (
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// chainArea is the area of hass_chain: banks of multipliers with their words, and the accumulators behind them.
func chainArea(s *hw.ChainParams, family string) area {
	pack := 1
	if s.Field > 0 {
		pack = 2
	}
	pairs := s.Px / pack * (pack - 1)
	singles := s.Px - 2*pairs
	single, pair := s.XBits+1, s.Field+s.XBits+1 // bits of the wider operand
	ab := index(s.Words)
	a := area{kind: areaChain}
	a.rule[0] = s.Banks * (pairs*multiplierDSP(pair, s.WBits, family) + singles*multiplierDSP(single, s.WBits, family))
	words := memoryUse(memory.Shape{Width: s.Px * s.XBits, Depth: 2 << ab, Kind: s.Memory}, family)
	for i := range words {
		a.rule[i] += s.Banks * words[i]
	}
	// A row is delayed in shift registers, except the address of the first bank; the half and, behind the first bank, the valid flag
	// are delayed in registers that all banks read.
	srl := s.Banks*s.WBits + (s.Banks-1)*ab + 1
	a.rule[1] += srl
	a.rule[5] += srl
	a.rule[2] += s.Px*s.XBits + 2 + index(s.Banks) + ab + // the incoming word
		2*ab + 2*s.Banks + s.Banks*s.WBits + // rows
		2*(s.Banks+7) + 2 + 3*s.Px*s.Acc // flags, the output of the slices, accumulators and sums
	// The second register of a bank (hass_chain_bank).
	if s.Memory == memory.LUTRAM {
		a.rule[2] += s.Banks * (ab + 1)
	} else {
		a.rule[2] += s.Banks * s.Px * s.XBits
	}
	// yosys leaves operand registers of two unsigned activations outside the DSP, because it sees zeros between them.
	outside := 0
	if !s.XSigned {
		outside = s.Banks * pairs * 2 * s.XBits
	}
	signed := 0
	if s.XSigned {
		signed = s.Banks * pairs * (s.XBits + 1) // the upper activation minus the sign of the lower one
	}
	soft := 0
	if multiplierDSP(single, s.WBits, family) == 0 {
		soft = s.Banks * singles * single * s.WBits
	}
	a.lut = terms(1, s.Px*s.Acc, s.Banks, signed, soft)
	a.ff = terms(1, outside, signed, soft, s.Banks)
	return a
}

// scheduledArea is the area of hass_scheduled without chains, rows and places.
func scheduledArea(s *hw.ScheduledParams, _ string) area {
	a := area{kind: areaScheduled}
	k, share := index(s.Iterations), fixed.CeilLog2(s.Iterations-s.Lead+s.Beats+1)
	// The position of the process, the pace, the incoming word, the ports already written. All chains have equal registers
	// of that word, and tools merge them into one.
	word := s.PlaceBits() + s.Px*s.XBits + 2
	a.rule[2] = k + 5 + fixed.CeilLog2(s.Windows) + 32 + 1 + share + 1 + 2 + word + 1 + s.Chains - (s.Chains-1)*word
	a.lut = terms(1, s.Chains, s.Banks)
	a.ff = terms(1, s.Chains)
	return a
}

// scheduledParts are the formulas of a scheduled engine, its own last.
func scheduledParts(s *hw.ScheduledParams, family string) []part {
	chain, rows, places := s.ChainOf(), s.RowWeights(), s.Table()
	return []part{{chainArea(&chain, family), s.Chains}, {weightsArea(&rows, family), 1}, {weightsArea(&places, family), 1}, {scheduledArea(s, family), 1}}
}

// collectArea is the area of hass_collect without its table.
func collectArea(s *hw.CollectParams, _ string) area {
	a := area{kind: areaCollect}
	a.rule[2] = s.Width + 1 + s.Ins + 1
	a.lut = terms(1, s.Ins, s.Width*memory.MuxLUTs(s.Ins), s.Width*memory.MuxLUTs(s.Ins)*odd(s.Ins))
	a.ff = terms(1)
	return a
}

// collectParts are the formulas of a collect, its own last.
func collectParts(s *hw.CollectParams, family string) []part {
	table := s.Table()
	return []part{{weightsArea(&table, family), 1}, {collectArea(s, family), 1}}
}

// rowsOf are the rows of each chain of a layer, which follow from its weights.
func (m Model) rowsOf(l *intnet.Layer, hl hw.Layer) (*hw.ScheduledParams, []int) {
	plan, err := hw.PlanOf(m.Net, l, hl)
	if err != nil {
		panic("cost: " + err.Error()) // hw.Expand has made it before
	}
	s := hw.ScheduledOf(m.Net, l, hl, plan.Rows)
	return &s, hw.SumsDepths(plan, &s, max(1, hl.Turns))
}

// scheduled is the cost of a layer with a scheduled engine between its window and its join: the engine and, with
// several chains, the collect.
func (m Model) scheduled(l *intnet.Layer, hl hw.Layer, s *hw.ScheduledParams) (v design.Vec) {
	for _, p := range scheduledParts(s, m.Family) {
		v = v.Add(m.price(&p.area, p.times))
	}
	v = m.scaled(areaScheduled, v)
	if s.Chains > 1 {
		c := hw.CollectOf(l, hl)
		for _, p := range collectParts(&c, m.Family) {
			v = v.Add(m.scaled(areaCollect, m.price(&p.area, p.times)))
		}
	}
	return v
}

// scheduledFIFOs are the streams between window, chains, collect and join; depths are those of the chains' sums.
func (m Model) scheduledFIFOs(l *intnet.Layer, hl hw.Layer, depths []int) design.Vec {
	bits, sums := m.Net.Tensors[l.In[0]].Format.Bits, hl.OutPx*l.Conv.AccBits
	v := m.FIFO(hl.OutPx*hl.M()*bits, hl.GangDepth)
	if hl.Scheduled.Chains > 1 {
		for _, depth := range depths {
			v = v.Add(m.FIFO(sums, depth))
		}
	}
	return v.Add(m.FIFO(sums, hl.JoinDepth(depths)))
}

// Scheduled is the cost of a layer with a scheduled engine whose longest chain has the given number of rows, including the FIFOs within
// it. It equals Layer plus LayerFIFOs, except that FIFOs of sums have their least depth. It does not compute a schedule.
func (m Model) Scheduled(i int, hl hw.Layer, rows int) design.Vec {
	l := m.Net.Layers[i]
	s := hw.ScheduledOf(m.Net, &l, hl, rows)
	depths := make([]int, s.Chains)
	for c := range depths {
		depths[c] = hw.LeastSums
	}
	return m.LayerWindow(&l, hl).Add(m.scheduled(&l, hl, &s)).Add(m.join(&l, hl)).Add(m.scheduledFIFOs(&l, hl, depths))
}
