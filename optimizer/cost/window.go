package cost

import (
	"math/bits"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// windowArea is the area of hass_window. The line buffer is divided into banks, whose words are Lanes channels of one pixel.
func windowArea(s *hw.WindowParams, family string) area {
	if s.Whole {
		return rowWindowArea(s, family)
	}
	rowPixels := fixed.CeilDiv(s.W, s.InPx) * s.InPx
	words := s.C / s.Lanes
	depth := s.Rows / s.RowBanks * fixed.CeilDiv(rowPixels, s.ColBanks) * words
	banks := s.RowBanks * s.ColBanks
	word, part := s.Lanes*s.Bits, s.MCh*s.Bits
	inParts, outParts := s.Lanes/s.InCh, s.Lanes/s.MCh
	tapRows, tapCols := 1, s.MTap
	if s.MTap > s.KW {
		tapRows, tapCols = s.MTap/s.KW, s.KW
	}
	groups := fixed.CeilDiv(s.OW, s.OutPx)
	extH, extW := (s.KH-1)*s.DH+1, (s.KW-1)*s.DW+1
	stepX := s.OutPx * s.SW
	offRows, offCols := max(0, s.PT-extH)+max(0, (s.OH-1)*s.SH-s.PT-s.H), max(0, s.PL-extW)+max(0, (groups-1)*stepX-s.PL-rowPixels)
	qb := fixed.CeilLog2(s.LinePixels+2*(extH+s.SH+1+offRows)*rowPixels+2*(stepX+extW+s.InPx+offCols)) + 2
	pb := fixed.CeilLog2(s.H+s.OH*s.SH+s.W+groups*s.OutPx*s.SW+extH+extW) + 2
	ab := index(depth)
	beat := s.OutPx * s.MTap * part

	mem := memory.Shape{Width: word, Depth: depth, Kind: memory.LUTRAM}
	if s.Block {
		mem.Kind = memory.BRAM
	}
	a := area{kind: areaWindow}
	for i, n := range memoryUse(mem, family) {
		a.rule[i] = banks * n
	}
	apart := gcd(stepX, s.ColBanks)
	if tapCols < s.KW {
		apart = gcd(apart, tapCols*s.DW)
	}
	turns := s.ColBanks / apart
	choices := s.InPx / gcd(s.InPx, s.ColBanks)
	taps := s.KH * s.KW / s.MTap // groups of taps
	pad := 0
	if s.PT > 0 || s.PL > 0 || (s.OH-1)*s.SH+extH > s.H || (s.OW-1)*s.SW+extW > s.W {
		pad = 1 // a window extends beyond the map
	}
	// The positions of the beats, and the position of the schedule within its period.
	counters := counterBits(rowPixels/s.InPx, words, inParts, s.OH, groups, s.Folds/s.Groups, words, outParts) + fixed.CeilLog2(s.C/s.Groups/s.MCh)
	rounds := counted(inParts*words) + counted(s.H*rowPixels/s.InPx) + counted(s.KH*s.KW/s.MTap*(s.C/s.Groups/s.MCh)*s.Folds)
	threshold := 0
	if s.Tau > 0 {
		threshold = s.InPx * s.InCh * s.Bits
	}
	flags := 0 // term windowFlags
	if s.Flags {
		flags = s.OutPx * s.MTap * s.MCh * nonZeroLUT(s.Bits)
	}
	// Addresses of rows and columns within a bank, and the logic that advances them (hass_banked).
	rowAddrs := s.Rows / s.RowBanks
	rowBits, colBits := 0, 0
	if rowAddrs > 1 {
		rowBits = fixed.CeilLog2(rowAddrs * fixed.CeilDiv(rowPixels, s.ColBanks) * words)
	}
	if c := fixed.CeilDiv(rowPixels, s.ColBanks) * words; c > 1 {
		colBits = fixed.CeilLog2(c) + 1
	}
	rowBank, colBank := fixed.CeilLog2(s.RowBanks), fixed.CeilLog2(s.ColBanks)
	several := 0
	if tapCols < s.KW {
		several = 1
	}
	moves := 8*(rowBits+rowBank) + (3+several)*(colBits+colBank)
	reads := ab
	if s.ColBanks > 1 {
		reads += ab
	}
	if s.RowBanks > 1 {
		reads *= 2
	}
	turn := tapRows*s.ColBanks*part*memory.MuxLUTs(s.RowBanks) + beat*memory.MuxLUTs(turns)
	inside := pad * (tapRows + s.OutPx*tapCols)
	gather := s.InPx * (s.Lanes - s.InCh) * s.Bits
	pace := paceBits(s, rowPixels, groups, taps)
	if s.H*rowPixels/s.InPx*(s.C/s.InCh) > s.OH*groups*s.Folds*taps*(s.C/s.Groups/s.MCh) {
		pace *= 2 // there are more input beats than output beats: the lead of the output is counted too
	}
	// Copies of addresses and of lane selects (hass_copy), registers at the input and output of the data.
	slices := 1
	if !s.Block {
		slices = fixed.CeilDiv(word, 3*max(1, 12/fixed.CeilDiv(depth, 64)))
	}
	ports := banks * slices * (2*fixed.CeilLog2(depth) + 1)
	copies := fixed.CeilDiv(part, 32) * (tapRows*s.ColBanks*fixed.CeilLog2(s.RowBanks) + s.OutPx*s.MTap*(fixed.CeilLog2(turns)+pad))
	rows := tapRows * s.ColBanks * part
	// Shift registers that accompany a beat to the end: its part of a word, the rotation of its columns, the flag of a row's last
	// beat.
	follows := fixed.CeilLog2(outParts)
	if s.OW%s.OutPx != 0 {
		follows++
	}
	if turns > 1 && turns < s.ColBanks {
		follows += fixed.CeilLog2(turns)
	}
	a.rule[1], a.rule[5] = a.rule[1]+follows, a.rule[5]+follows
	// Input data wait three cycles for their address, in shift registers unless there is a threshold.
	in := s.InPx * s.InCh * s.Bits
	waits := 3 * in
	if s.Tau == 0 {
		waits = 0
		a.rule[1], a.rule[5] = a.rule[1]+in, a.rule[5]+in
	}
	a.rule[2] += beat + rows + gather + waits + pace + 80 + 2*qb + counters + rounds + ports + copies
	a.lut = terms(1, qb+pb, moves, reads, banks*ab, banks*word*memory.MuxLUTs(choices), banks*part*memory.MuxLUTs(outParts),
		turn, beat*pad, threshold, counters+rounds+pace, flags, inside*pb, (turn+banks*part*memory.MuxLUTs(outParts)+banks*word*memory.MuxLUTs(choices))*odd(part))
	a.ff = terms(1, pb, pad*(4+2*min(1, taps-1))*pb, rowBits, colBits, rowBank+colBank, inside)
	return a
}

// rowWindowArea is the area of a hass_window of whole rows: one memory with words of all pixels of a row and channel.
func rowWindowArea(s *hw.WindowParams, family string) area {
	depth, word, lanes := s.Depth(), s.WordBits(), min(s.OutPx, s.OW)*s.Bits
	mem := memory.Shape{Width: word, Depth: depth, Kind: memory.LUTRAM}
	if s.Block {
		mem.Kind = memory.BRAM
	}
	a := area{kind: areaRowWindow, rule: memoryUse(mem, family)}
	pad := 0
	if s.PT > 0 || s.PL > 0 || (s.OH-1)*s.SH+(s.KH-1)*s.DH+1 > s.H || (s.OW-1)*s.SW+(s.KW-1)*s.DW+1 > s.W {
		pad = 1
	}
	qb := fixed.CeilLog2(s.LinePixels+2*((s.KH-1)*s.DH+s.SH+2)*s.InPx+2*(s.OutPx*s.SW+s.KW*s.DW+s.InPx)) + 2
	pb := fixed.CeilLog2(s.H+s.OH*s.SH+s.W+s.OutPx*s.SW+s.KH*s.DH+s.KW*s.DW) + 2
	counters := counterBits(s.C, s.C, s.OH, s.H, s.KH, s.KW)
	pace := paceBits(s, s.InPx, 1, s.KH*s.KW)
	threshold := 0
	if s.Tau > 0 {
		threshold = word
	}
	// Input data wait for their address in shift registers unless there is a threshold; a word, and the pixels selected from it,
	// have one register each.
	if s.Tau == 0 {
		a.rule[1], a.rule[5] = a.rule[1]+word, a.rule[5]+word
	} else {
		a.rule[2] += 3 * word
	}
	switch {
	case s.KW > 1 || pad > 0:
		a.rule[2] += word + lanes
	case s.Block: // with one tap, no other columns are read
		a.rule[2] += 2 * lanes
	default: // the registers behind LUT RAM are shift registers
		a.rule[1], a.rule[5], a.rule[2] = a.rule[1]+lanes, a.rule[5]+lanes, a.rule[2]-word
	}
	a.lut = terms(1, qb+pb, counters+pace, fixed.CeilLog2(depth), lanes*(memory.MuxLUTs(s.KW)), lanes*pad, threshold)
	a.ff = terms(1, qb+pb, counters+pace, fixed.CeilLog2(depth), pad)
	return a
}

// paceBits approximates hw.Window.PaceBits, which looks at all pixels: it takes the lead from the ends of the first row.
func paceBits(s *hw.WindowParams, rowPixels, groups, taps int) int {
	parts := s.C / s.InCh
	in, out := s.H*rowPixels/s.InPx*parts, s.OH*groups*s.Folds*taps*(s.C/s.Groups/s.MCh)
	g := gcd(in, out)
	in, out = in/g, out/g
	need := func(col int) int {
		return min(s.H-1, (s.KH-1)*s.DH-s.PT)*rowPixels + min(s.W-1, max(0, col*s.SW-s.PL+(s.KW-1)*s.DW))
	}
	lead := max(need(min(s.OW, s.OutPx)-1)/s.InPx+1, need(s.OW-1)/s.InPx+1-s.H*rowPixels/s.InPx/s.OH)
	return bits.Len(uint(in+lead*parts*out)) + 1
}

// windowFlags is the term of the flags.
const windowFlags = 11

// windowOf are the parameters on which the area of a window depends, for values of the given width.
func windowOf(w *hw.Window, hl *hw.Layer, bits int, tau bool) hw.WindowParams {
	s := w.PaceFree(bits)
	if tau {
		s.Tau = 1 // any threshold costs the same
	}
	s.Block = s.Buffer(hl) == memory.BRAM
	return s
}

// window is the line buffer of a layer.
func (m Model) window(w hw.Window, hl *hw.Layer, bits int, tau, flags bool) design.Vec {
	s := windowOf(&w, hl, bits, tau)
	a := windowArea(&s, m.Family)
	v := m.scaled(areaRows[a.kind].module, m.price(&a, 1))
	if flags {
		// Flags are counted separately, so that a change of the input's width costs the same with them.
		f := area{kind: areaWindow}
		f.lut[windowFlags] = float64(s.OutPx * s.MTap * s.MCh * nonZeroLUT(s.Bits))
		v = v.Add(m.scaled(areaWindow, m.price(&f, 1)))
	}
	return v
}

// LayerWindow is the line buffer of layer l under its hardware choices.
func (m Model) LayerWindow(l *intnet.Layer, hl hw.Layer) design.Vec {
	tau := l.Kind == intnet.KindConv && l.Conv.TauA > 0
	flags := l.Kind == intnet.KindConv && hl.Engine.Skips()
	return m.window(hw.WindowOf(m.Net, *l, hl), &hl, m.Net.Tensors[l.In[0]].Format.Bits, tau, flags)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
