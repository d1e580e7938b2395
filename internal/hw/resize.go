package hw

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// ResizeParams are the parameters of hass_resize: it reads whole rows and writes resampled rows.
type ResizeParams struct {
	Bits           int            `rtl:"BITS"` // of an input value
	Signed         bool           `rtl:"SIGNED"`
	OutBits        int            `rtl:"OUT_BITS"`
	Ch             int            `rtl:"CH"`
	ChannelBeats   int            `rtl:"CHANNEL_BEATS"`
	InW            int            `rtl:"IN_W"`
	OutH           int            `rtl:"OUT_H"`
	OutW           int            `rtl:"OUT_W"`
	Drop           int            `rtl:"DROP"`
	Shift          int            `rtl:"SHIFT"`
	Rounding       fixed.Rounding `rtl:"ROUNDING"`
	Lo             int64          `rtl:"LO"`
	Hi             int64          `rtl:"HI"`
	Memory         memory.Kind    `rtl:"STYLE"` // of the rows that are kept
	ReadsBits      int            `rtl:"READS_BITS"`
	Reads          Table          `rtl:"READS"` // rows read before each output row
	Rest           int            `rtl:"REST"`  // rows read at the end
	FromBits       int            `rtl:"FROM_BITS"`
	ColumnFrom     Table          `rtl:"COLUMN_FROM"`
	*RowWeights                   // if rows are interpolated
	*ColumnWeights                // if columns are interpolated
}

// RowWeights are the weights of interpolated rows, in units of 2^-RowScale; the last row that was
// read is the newer of the two.
type RowWeights struct {
	RowScale  int   `rtl:"ROW_SCALE"`
	RowWeight Table `rtl:"ROW_WEIGHT"`
	RowOlder  Table `rtl:"ROW_OLDER"`
}

// ColumnWeights are the weights of interpolated columns, in units of 2^-ColumnScale.
type ColumnWeights struct {
	ColumnScale  int   `rtl:"COLUMN_SCALE"`
	ColumnWeight Table `rtl:"COLUMN_WEIGHT"`
}

// ModuleName is hass_resize.
func (ResizeParams) ModuleName() string { return "hass_resize" }

// RowPixels is the length of a row in a bank of the buffer, in pixels.
func (p *ResizeParams) RowPixels() int {
	if p.ColumnWeights != nil {
		return (p.InW + 1) / 2
	}
	return p.InW
}

// rowsNeeded gives the number of input rows that are read before each output row.
func rowsNeeded(rows *intnet.Samples) []int {
	need := make([]int, len(rows.From))
	most := 0
	for y := range need {
		most = max(most, rows.Last(y)+1)
		need[y] = most
	}
	return need
}

// ResizeOf are the parameters of a resize under its hardware choices.
func ResizeOf(net *intnet.Net, l *intnet.Layer, hl Layer) ResizeParams {
	in, out, r := &net.Tensors[l.In[0]], &net.Tensors[l.Out], l.Resize
	need := rowsNeeded(&r.Rows)
	reads, older := make([]int64, out.H), make([]int64, out.H)
	read := 0
	for y := range out.H {
		reads[y] = int64(need[y] - read)
		read = need[y]
		if r.Rows.From[y] < read-1 {
			older[y] = 1
		}
	}
	p := ResizeParams{
		Bits: in.Format.Bits, Signed: in.Format.Signed, OutBits: out.Format.Bits, Ch: hl.OutCh, ChannelBeats: in.C / hl.InCh,
		InW: in.W, OutH: out.H, OutW: out.W, Drop: r.Drop, Shift: r.Shift(), Rounding: RoundingOf(l), Lo: l.Lo, Hi: l.Hi,
		ReadsBits: bits.Len64(uint64(slices.Max(reads))), Rest: in.H - read, FromBits: index(slices.Max(r.Cols.From) + 1),
	}
	p.Reads = Table{p.ReadsBits, reads}
	from := make([]int64, len(r.Cols.From))
	for i, x := range r.Cols.From {
		from[i] = int64(x)
	}
	p.ColumnFrom = Table{p.FromBits, from}
	// Weights without binary places are all 0.
	if k := r.Rows.Scale; k > 0 {
		p.RowWeights = &RowWeights{k, Table{k, r.Rows.Weight}, Table{1, older}}
	}
	if k := r.Cols.Scale; k > 0 {
		p.ColumnWeights = &ColumnWeights{k, Table{k, r.Cols.Weight}}
	}
	p.Memory = hl.buffer(p.Ch*p.Bits, p.RowPixels()*p.ChannelBeats)
	return p
}
