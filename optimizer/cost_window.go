package optimizer

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// windowShape is hass_window. The line buffer is cut into banks, whose words are LANES channels of one pixel.
type windowShape struct {
	bits                         int
	h, w, c, oh, ow              int
	kh, kw, sh, sw, dh, dw       int
	inPx, inCh, outPx, mTap, mCh int
	folds, groups                int
	linePixels, rows             int
	rowBanks, colBanks, lanes    int
	pt, pl                       int
	tau, flags, block            bool
}

func (s windowShape) area(family string) area {
	rowPixels := ceilDiv(s.w, s.inPx) * s.inPx
	words := s.c / s.lanes
	depth := s.rows / s.rowBanks * ceilDiv(rowPixels, s.colBanks) * words
	banks := s.rowBanks * s.colBanks
	word, part := s.lanes*s.bits, s.mCh*s.bits
	inParts, outParts := s.lanes/s.inCh, s.lanes/s.mCh
	tapRows, tapCols := 1, s.mTap
	if s.mTap > s.kw {
		tapRows, tapCols = s.mTap/s.kw, s.kw
	}
	groups := ceilDiv(s.ow, s.outPx)
	extH, extW := (s.kh-1)*s.dh+1, (s.kw-1)*s.dw+1
	image := s.h * rowPixels
	qb := log2(2*image+s.linePixels+(extH+s.sh)*rowPixels+s.outPx*s.sw+extW+s.inPx) + 2
	pb := log2(s.h+s.oh*s.sh+s.w+groups*s.outPx*s.sw+extH+extW) + 2
	ab := index(depth)
	beat := s.outPx * s.mTap * part

	mem := memoryShape{word, depth, MemLUTRAM}
	if s.block {
		mem.style = MemBRAM
	}
	a := area{kind: areaWindow}
	for i, n := range mem.cost(family) {
		a.rule[i] = banks * n
	}
	stepX := s.outPx * s.sw
	apart := gcd(stepX, s.colBanks)
	if tapCols < s.kw {
		apart = gcd(apart, tapCols*s.dw)
	}
	turns := s.colBanks / apart
	choices := s.inPx / gcd(s.inPx, s.colBanks)
	taps := s.kh * s.kw / s.mTap // groups of taps
	pad := 0
	if s.pt > 0 || s.pl > 0 || (s.oh-1)*s.sh+extH > s.h || (s.ow-1)*s.sw+extW > s.w {
		pad = 1 // a window leaves the map
	}
	counters := counterBits(s.h, rowPixels/s.inPx, words, inParts, s.oh, groups, s.folds, s.groups, outParts) + log2(s.c/s.groups/s.mCh)
	threshold := 0
	if s.tau {
		threshold = s.inPx * s.inCh * s.bits
	}
	flags := 0 // term windowFlags
	if s.flags {
		flags = s.outPx * s.mTap * s.mCh * nonZeroLUT(s.bits)
	}
	// Addresses of rows and columns within a bank, and what moves them (hass_banked).
	rowAddrs := s.rows / s.rowBanks
	rowBits, colBits := 0, 0
	if rowAddrs > 1 {
		rowBits = log2(rowAddrs * ceilDiv(rowPixels, s.colBanks) * words)
	}
	if c := ceilDiv(rowPixels, s.colBanks) * words; c > 1 {
		colBits = log2(c) + 1
	}
	rowBank, colBank := log2(s.rowBanks), log2(s.colBanks)
	several := 0
	if tapCols < s.kw {
		several = 1
	}
	moves := 8*(rowBits+rowBank) + (3+several)*(colBits+colBank)
	reads := ab
	if s.colBanks > 1 {
		reads += ab
	}
	if s.rowBanks > 1 {
		reads *= 2
	}
	turn := tapRows*s.colBanks*part*muxLUT(s.rowBanks) + beat*muxLUT(turns)
	inside := pad * (tapRows + s.outPx*tapCols)
	gather := s.inPx * (s.lanes - s.inCh) * s.bits
	pace := s.paceBits(rowPixels, groups, taps)
	a.rule[2] += beat + gather + pace + 67 + 4*qb + counters
	a.lut = terms(1, qb+pb, moves, reads, banks*ab, banks*word*muxLUT(choices), banks*part*muxLUT(outParts),
		turn, beat*pad, threshold, counters+pace, flags, inside*pb, (turn+banks*part*muxLUT(outParts)+banks*word*muxLUT(choices))*odd(part))
	a.ff = terms(1, pb, pad*(2+2*min(1, taps-1))*pb, 4*rowBits, 4*colBits, 5*(rowBank+colBank), inside)
	return a
}

// paceBits is about hw.Window.PaceBits, which looks at all pixels: the lead is taken from the first row's ends.
func (s windowShape) paceBits(rowPixels, groups, taps int) int {
	parts := s.c / s.inCh
	in, out := s.h*rowPixels/s.inPx*parts, s.oh*groups*s.folds*taps*(s.c/s.groups/s.mCh)
	g := gcd(in, out)
	in, out = in/g, out/g
	need := func(col int) int {
		return min(s.h-1, (s.kh-1)*s.dh-s.pt)*rowPixels + min(s.w-1, max(0, col*s.sw-s.pl+(s.kw-1)*s.dw))
	}
	lead := max(need(min(s.ow, s.outPx)-1)/s.inPx+1, need(s.ow-1)/s.inPx+1-s.h*rowPixels/s.inPx/s.oh)
	return bits.Len(uint(in+lead*parts*out)) + 1
}

// windowFlags is the term of the flags.
const windowFlags = 11

// windowOf is the shape of a window of values of the given bits.
func windowOf(w hw.Window, bits int, tau, flags bool) windowShape {
	rb, cb := w.Banks()
	g := w.Geom
	s := windowShape{
		bits: bits, h: w.H, w: w.W, c: w.C, oh: w.OH, ow: w.OW,
		kh: g.Kernel[0], kw: g.Kernel[1], sh: g.Stride[0], sw: g.Stride[1], dh: g.Dilation[0], dw: g.Dilation[1],
		inPx: w.InPx, inCh: w.InCh, outPx: w.OutPx, mTap: w.MTap, mCh: w.MCh, folds: w.Folds, groups: w.Groups,
		linePixels: w.LinePixels, rows: w.Rows(), rowBanks: rb, colBanks: cb, lanes: w.Lanes(), pt: g.Pads[0], pl: g.Pads[1],
		tau: tau, flags: flags,
	}
	depth := s.rows / rb * ceilDiv(w.RowPixels(), cb) * (w.C / s.lanes)
	s.block = BufferMemory(s.lanes*bits, depth) == MemBRAM
	return s
}

// window is the line buffer of a layer.
func (m costModel) window(w hw.Window, bits int, tau, flags bool) vec {
	s := windowOf(w, bits, tau, false)
	a := s.area(m.family)
	v := m.scaled(moduleWindow, m.price(&a, 1))
	if flags {
		// Counted on their own, so that a change of the input's width costs the same with them.
		f := area{kind: areaWindow}
		f.lut[windowFlags] = float64(s.outPx * s.mTap * s.mCh * nonZeroLUT(s.bits))
		v = v.add(m.scaled(moduleWindow, m.price(&f, 1)))
	}
	return v
}

// layerWindow is the line buffer of layer l under its hardware choices.
func (m costModel) layerWindow(l *intnet.Layer, hl hw.Layer) vec {
	tau := l.Kind == intnet.KindConv && l.Conv.TauA > 0
	flags := l.Kind == intnet.KindConv && hl.Engine != hw.Dense
	return m.window(hw.WindowOf(m.net, *l, hl), m.net.Tensors[l.In[0]].Format.Bits, tau, flags)
}
