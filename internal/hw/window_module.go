package hw

import (
	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// WindowParams are the parameters of hass_window: the line buffer of a layer (Window), of values of Bits bits.
type WindowParams struct {
	Bits        int  `rtl:"BITS"` // of a value
	Signed      bool `rtl:"SIGNED"`
	H           int  `rtl:"H" hls:"H"` // of the input map
	W           int  `rtl:"W" hls:"W"`
	C           int  `rtl:"C" hls:"C"`
	OH          int  `rtl:"OH" hls:"OH"` // rows and columns of windows
	OW          int  `rtl:"OW" hls:"OW"`
	KH          int  `rtl:"KH" hls:"KH"` // kernel, stride, dilation, padding at the top and on the left
	KW          int  `rtl:"KW" hls:"KW"`
	SH          int  `rtl:"SH" hls:"SH"`
	SW          int  `rtl:"SW" hls:"SW"`
	DH          int  `rtl:"DH" hls:"DH"`
	DW          int  `rtl:"DW" hls:"DW"`
	PT          int  `rtl:"PT" hls:"PT"`
	PL          int  `rtl:"PL" hls:"PL"`
	InPx        int  `rtl:"IN_PX" hls:"IN_PX"` // pixels and channels per beat read
	InCh        int  `rtl:"IN_CH" hls:"IN_CH"`
	OutPx       int  `rtl:"OUT_PX" hls:"OUT_PX"` // pixels per beat written, each with M_TAP x M_CH lanes
	MTap        int  `rtl:"M_TAP" hls:"M_TAP"`
	MCh         int  `rtl:"M_CH" hls:"M_CH"`
	Folds       int  `rtl:"FOLDS" hls:"FOLDS"` // number of times that a window is sent
	Groups      int  `rtl:"GROUPS" hls:"GROUPS"`
	Channelwise bool `rtl:"CHANNELWISE"`
	LinePixels  int  `rtl:"LINE_PIXELS" hls:"LINE_PIXELS"` // of the line buffer
	Rows        int  `rtl:"ROWS" hls:"ROWS"`               // the largest number that it holds
	RowBanks    int  `rtl:"ROW_BANKS" hls:"ROW_BANKS"`     // it is divided into ROW_BANKS x COL_BANKS memories
	ColBanks    int  `rtl:"COL_BANKS" hls:"COL_BANKS"`
	Lanes       int  `rtl:"LANES" hls:"LANES"` // channels in a word of these
	Tau         int  `rtl:"TAU" hls:"TAU"`     // values of smaller magnitude are read as 0
	Pad         int  `rtl:"PAD" hls:"PAD"`     // value of the padding
	Flags       bool `rtl:"FLAGS"`             // a non-zero flag for each lane
	// The even pace of the input (Window.AcceptPace).
	PaceBits   int   `rtl:"PACE_BITS"`
	PaceStart  Sized `rtl:"PACE_START"`
	PaceEmit   Sized `rtl:"PACE_EMIT"`
	PaceAccept Sized `rtl:"PACE_ACCEPT"`
	Block      bool  `rtl:"BLOCK"`           // memories in block RAM, else in LUT RAM
	Whole      bool  `rtl:"WHOLE,omitempty"` // Window.Whole
}

// ModuleName is hass_window.
func (WindowParams) ModuleName() string { return "hass_window" }

// Depth is the number of words of each memory.
func (p *WindowParams) Depth() int {
	rowPixels := fixed.CeilDiv(p.W, p.InPx) * p.InPx
	return p.Rows / p.RowBanks * fixed.CeilDiv(rowPixels, p.ColBanks) * (p.C / p.Lanes)
}

// WordBits is the width of a word of each memory.
func (p *WindowParams) WordBits() int {
	if p.Whole {
		return p.InPx * p.Bits
	}
	return p.Lanes * p.Bits
}

// PaceFree are the parameters of a window of values of the given width, without its pace, which takes a walk
// over all windows to compute, and without the parameters for the meaning of values (Signed, Tau, Pad,
// Flags).
func (w *Window) PaceFree(bits int) WindowParams {
	rb, cb := w.Banks()
	g := &w.Geom
	return WindowParams{
		Bits: bits, H: w.H, W: w.W, C: w.C, OH: w.OH, OW: w.OW,
		KH: g.Kernel[0], KW: g.Kernel[1], SH: g.Stride[0], SW: g.Stride[1], DH: g.Dilation[0], DW: g.Dilation[1], PT: g.Pads[0], PL: g.Pads[1],
		InPx: w.InPx, InCh: w.InCh, OutPx: w.OutPx, MTap: w.MTap, MCh: w.MCh, Folds: w.Folds, Groups: w.Groups, Channelwise: w.Channelwise,
		LinePixels: w.LinePixels, Rows: w.Rows(), RowBanks: rb, ColBanks: cb, Lanes: w.Lanes(), Whole: w.Whole,
	}
}

// Buffer is the memory of each bank under the layer's hardware choices.
func (p *WindowParams) Buffer(hl *Layer) memory.Kind { return hl.buffer(p.WordBits(), p.Depth()) }

// windowParams are those of a window process.
func (n *Network) windowParams(p *Process) WindowParams {
	in, out := &n.Streams[p.In[0]], &n.Streams[p.Out[0]]
	l := &n.Net.Layers[p.Layer]
	m := p.Window.PaceFree(in.Bits)
	m.Signed, m.Flags = in.Signed, out.Flags > 0
	if l.Kind == intnet.KindPool && l.Pool.Max {
		m.Pad = int(n.Net.Tensors[l.In[0]].Format.Min()) // padding is never the maximum
	}
	if l.Kind == intnet.KindConv {
		m.Tau = int(l.Conv.TauA)
	}
	start, perEmit, perAccept := p.Window.AcceptPace()
	m.Block = m.Buffer(&n.Layers[p.Layer]) == memory.BRAM
	m.PaceBits = p.Window.PaceBits()
	sized := func(v int) Sized { return Sized{m.PaceBits, int64(v)} }
	m.PaceStart, m.PaceEmit, m.PaceAccept = sized(start), sized(perEmit), sized(perAccept)
	return m
}

// WindowFlags is the number of flags in a beat of the layer's window.
func (hl *Layer) WindowFlags() int {
	if hl.lanes().flags {
		return hl.OutPx * hl.M()
	}
	return 0
}
