package hw

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// Factors are the multipliers of an average: the places dropped from a product, the shift after that, and the multipliers without
// their common trailing zeros, which are part of the dropped places or of the shift. A count that is a power of two needs no
// multiplication.
type Factors struct {
	Drop     int            `rtl:"DROP"`
	Shift    int            `rtl:"SHIFT"`
	MulBits  int            `rtl:"MUL_BITS"` // 1: all multipliers are 1
	Mul      Table          `rtl:"MUL"`
	Rounding fixed.Rounding `rtl:"ROUNDING"`
}

// factorsOf removes the common trailing zeros from the multipliers of a layer's averages; maxima have none.
func factorsOf(l *intnet.Layer, mul []int64) Factors {
	if l.Pool.Max {
		return Factors{Rounding: fixed.HalfUp, MulBits: 1}
	}
	zeros, width := 63, 1
	for _, m := range mul {
		zeros = min(zeros, bits.TrailingZeros64(uint64(m)))
	}
	short := make([]int64, len(mul))
	for i, m := range mul {
		short[i] = m >> zeros
		width = max(width, bits.Len64(uint64(short[i])))
	}
	drop := max(0, l.Pool.Drop-zeros)
	return Factors{Drop: drop, Shift: l.Pool.Scale + l.Pool.FormatShift - zeros - drop, MulBits: width, Mul: Table{width, short}, Rounding: l.Rounding}
}

// PoolParams are the parameters of hass_pool: it reduces channelwise windows to their maximum or average.
type PoolParams struct {
	Bits            int   `rtl:"BITS"` // of an input value
	Signed          bool  `rtl:"SIGNED"`
	OutBits         int   `rtl:"OUT_BITS"`
	Px              int   `rtl:"PX"`         // pixels per beat
	Ch              int   `rtl:"CH"`         // channels per beat
	Taps            int   `rtl:"TAPS"`       // per beat
	TapGroups       int   `rtl:"TAP_GROUPS"` // window beats per output beat
	H               int   `rtl:"H"`          // of the output
	W               int   `rtl:"W"`
	ChannelBeats    int   `rtl:"CHANNEL_BEATS"`
	Max             bool  `rtl:"MAX"`
	Lo              int64 `rtl:"LO"`
	Hi              int64 `rtl:"HI"`
	*Factors              // for an average
	*AverageClasses       // for an average whose counts differ
}

// AverageClasses groups the rows and columns of an average's output into classes by the number of elements counted
// there: few counts differ.
type AverageClasses struct {
	Rows        int   `rtl:"ROW_CLASSES"`
	Columns     int   `rtl:"COLUMN_CLASSES"`
	RowClass    Table `rtl:"ROW_CLASS"` // of each output row
	ColumnClass Table `rtl:"COLUMN_CLASS"`
}

// ModuleName is hass_pool.
func (PoolParams) ModuleName() string { return "hass_pool" }

// PoolOf are the parameters of a pool under its hardware choices.
func PoolOf(net *intnet.Net, l *intnet.Layer, hl Layer) PoolParams {
	in, out, k := &net.Tensors[l.In[0]], &net.Tensors[l.Out], l.Pool.Kernel
	p := PoolParams{
		Bits: in.Format.Bits, Signed: in.Format.Signed, OutBits: out.Format.Bits, Px: hl.OutPx, Ch: hl.OutCh, Taps: hl.MTap, TapGroups: k[0] * k[1] / hl.MTap,
		H: out.H, W: out.W, ChannelBeats: out.C / hl.OutCh, Max: l.Pool.Max, Lo: l.Lo, Hi: l.Hi,
	}
	if p.Max {
		return p
	}
	a := intnet.AverageOf(l.Pool, in, out)
	f := factorsOf(l, slices.Concat(a.Mul...))
	p.Factors = &f
	if rows, columns := len(a.Mul), len(a.Mul[0]); rows*columns > 1 {
		p.AverageClasses = &AverageClasses{rows, columns, Table{index(rows), a.Rows}, Table{index(columns), a.Columns}}
	}
	return p
}

// GlobalPoolParams are the parameters of hass_globalpool: it reduces whole maps.
type GlobalPoolParams struct {
	Bits         int         `rtl:"BITS"` // of an input value
	Signed       bool        `rtl:"SIGNED"`
	OutBits      int         `rtl:"OUT_BITS"`
	Px           int         `rtl:"PX"` // pixels per input beat
	Ch           int         `rtl:"CH"` // channels per beat
	H            int         `rtl:"H"`  // of the input
	W            int         `rtl:"W"`
	ChannelBeats int         `rtl:"CHANNEL_BEATS"`
	Max          bool        `rtl:"MAX"`
	Lo           int64       `rtl:"LO"`
	Hi           int64       `rtl:"HI"`
	Memory       memory.Kind `rtl:"STYLE"` // of partial results
	*Factors                 // for an average
}

// ModuleName is hass_globalpool.
func (GlobalPoolParams) ModuleName() string { return "hass_globalpool" }

// PartialBits is the width of a partial result of a channel.
func (p *GlobalPoolParams) PartialBits() int {
	if p.Max {
		return p.Bits
	}
	return p.Bits + bits.Len(uint(p.Px*fixed.CeilDiv(p.W, p.Px)*p.H-1))
}

// GlobalPoolOf are the parameters of a global pool under its hardware choices.
func GlobalPoolOf(net *intnet.Net, l *intnet.Layer, hl Layer) GlobalPoolParams {
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	p := GlobalPoolParams{
		Bits: in.Format.Bits, Signed: in.Format.Signed, OutBits: out.Format.Bits, Px: hl.InPx, Ch: hl.InCh, H: in.H, W: in.W, ChannelBeats: in.C / hl.InCh,
		Max: l.Pool.Max, Lo: l.Lo, Hi: l.Hi,
	}
	p.Memory = hl.buffer(p.Ch*p.PartialBits(), p.ChannelBeats)
	if !p.Max {
		f := factorsOf(l, []int64{GlobalFactor(l.Pool, in, out)})
		p.Factors = &f
	}
	return p
}

// GlobalFactor is the multiplier of a global average of maps like in to pixels like out; 0 for a maximum.
func GlobalFactor(pool *intnet.Pool, in, out *intnet.Tensor) int64 {
	if pool.Max {
		return 0
	}
	return pool.MulOf(in.H*in.W, in.Format, out.Format)
}
