package hw

import (
	"fmt"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// moveRow describes the hardware of a kind of layer that moves pixels: one module, named after the kind, which keeps its
// beat. All stages of this package, and its users, follow the table.
type moveRow struct {
	kind    intnet.Kind
	latency int    // cycles from issuing a write to the push
	walker  Walker // zero parameters of the module if its only state is a position; otherwise nil
	turns   bool   // reads and writes alternate; otherwise an iteration does both where it can
	// of are the module's parameters.
	of func(net *intnet.Net, l *intnet.Layer, hl Layer) Module
	// check refuses beats that the module would have to split.
	check func(net *intnet.Net, l *intnet.Layer, hl Layer) error
	// steps is MoveSteps.
	steps func(net *intnet.Net, l *intnet.Layer, b Beat, add func(count int, reads, writes uint64))
	// demand counts the module's demand on a target without its streams; nil for none.
	// memory is that of its buffer; nil if it has none.
	memory func(net *intnet.Net, l *intnet.Layer, hl Layer) memory.Kind
}

// moveRows is the table of layers that move pixels.
var moveRows = []moveRow{
	{
		kind: intnet.KindSlice, walker: SliceParams{}, check: checkSlice, steps: sliceSteps,
		of: func(net *intnet.Net, l *intnet.Layer, hl Layer) Module { return SliceOf(net, l, hl) },
	},
	{
		kind: intnet.KindResize, latency: 12, turns: true, check: onePixel, steps: resizeSteps, // rows, two products, sum, rounding
		of:     func(net *intnet.Net, l *intnet.Layer, hl Layer) Module { return ResizeOf(net, l, hl) },
		memory: func(net *intnet.Net, l *intnet.Layer, hl Layer) memory.Kind { return ResizeOf(net, l, hl).Memory },
	},
	{
		kind: intnet.KindZeroInsert, walker: ZeroInsertParams{}, check: onePixel, steps: zeroInsertSteps,
		of: func(net *intnet.Net, l *intnet.Layer, hl Layer) Module { return ZeroInsertOf(net, l, hl) },
	},
}

// moveOf is the row of a kind of layer, or of its module; nil if the kind does not move pixels.
func moveOf[K intnet.Kind | ProcessKind](kind K) *moveRow {
	for i := range moveRows {
		if moveRows[i].kind == intnet.Kind(kind) {
			return &moveRows[i]
		}
	}
	return nil
}

// Moves reports whether a process is the module of a layer that moves pixels.
func (k ProcessKind) Moves() bool { return moveOf(k) != nil }

// TakesTurns reports whether a layer that moves pixels reads and writes in separate iterations, so that its iterations
// are the beats of both.
func TakesTurns(kind intnet.Kind) bool {
	m := moveOf(kind)
	return m != nil && m.turns
}

// onePixel is the check of a module that takes one pixel per beat.
func onePixel(_ *intnet.Net, l *intnet.Layer, hl Layer) error {
	if hl.InPx != 1 {
		return fmt.Errorf("a %s takes one pixel a beat", l.Kind)
	}
	return nil
}

// checkSlice refuses a slice that would split channels or, if it takes part of a row, has several pixels per beat.
func checkSlice(net *intnet.Net, l *intnet.Layer, hl Layer) error {
	if l.Slice.Start[2]%hl.InCh != 0 {
		return fmt.Errorf("in_ch %d does not divide the first channel %d", hl.InCh, l.Slice.Start[2])
	}
	if net.Tensors[l.In[0]].W == net.Tensors[l.Out].W {
		return nil // whole rows
	}
	return onePixel(net, l, hl)
}

// newMove is the schedule of a layer that moves pixels: one image as runs of equal steps.
func (n *Network) newMove(p *Process, images int) Schedule {
	var runs []run
	total := 0
	l := &n.Net.Layers[p.Layer]
	MoveSteps(n.Net, l, n.Streams[p.Out[0]].Beat, func(count int, reads, writes uint64) {
		if count == 0 {
			return
		}
		total += count
		if k := len(runs) - 1; k >= 0 && runs[k].step == (Step{reads, writes}) {
			runs[k].n += count
			return
		}
		runs = append(runs, run{count, Step{reads, writes}})
	})
	return newPeriodic(total, images, runs...)
}

// MoveSteps gives the iterations of an image of a layer that moves pixels, in beats of b, as runs of count equal iterations
// with the reads and writes of a Step.
func MoveSteps(net *intnet.Net, l *intnet.Layer, b Beat, add func(count int, reads, writes uint64)) {
	moveOf(l.Kind).steps(net, l, b, add)
}

// sliceSteps: every beat is read; those inside are written.
func sliceSteps(net *intnet.Net, l *intnet.Layer, b Beat, add func(count int, reads, writes uint64)) {
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	s, rowBeats := l.Slice, fixed.CeilDiv(in.W, b.Px)*(in.C/b.Ch)
	for y := range in.H {
		if oy := y - s.Start[0]; oy < 0 || oy%s.Step[0] != 0 || oy/s.Step[0] >= out.H {
			add(rowBeats, 1, 0)
			continue
		}
		for x := 0; x < in.W; x += b.Px {
			if ox := x - s.Start[1]; in.W != out.W && (ox < 0 || ox%s.Step[1] != 0 || ox/s.Step[1] >= out.W) {
				add(in.C/b.Ch, 1, 0)
				continue
			}
			add(s.Start[2]/b.Ch, 1, 0)
			add(out.C/b.Ch, 1, 1)
			add((in.C-s.Start[2]-out.C)/b.Ch, 1, 0)
		}
	}
}

// resizeSteps: before an output row, all of the input rows that it needs are read; then it is written. At the end the remaining
// input is read.
func resizeSteps(net *intnet.Net, l *intnet.Layer, b Beat, add func(count int, reads, writes uint64)) {
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	rows := 0
	for y := range out.H {
		need := max(rows, l.Resize.Rows.Last(y)+1)
		add((need-rows)*in.W*(in.C/b.Ch), 1, 0)
		add(out.W*(out.C/b.Ch), 0, 1)
		rows = need
	}
	add((in.H-rows)*in.W*(in.C/b.Ch), 1, 0)
}

// zeroInsertSteps: every beat is written; a beat with input pixels is read first.
func zeroInsertSteps(net *intnet.Net, l *intnet.Layer, b Beat, add func(count int, reads, writes uint64)) {
	in, out := &net.Tensors[l.In[0]], &net.Tensors[l.Out]
	s := l.Insert.Stride
	for y := range out.H {
		for x := range out.W {
			read := uint64(0)
			if y%s[0] == 0 && x%s[1] == 0 && y/s[0] < in.H && x/s[1] < in.W {
				read = 1
			}
			add(out.C/b.Ch, read, 1)
		}
	}
}

// Walker is a module that moves pixels and has a position as its only state: it passes each beat on, drops it or clears it.
type Walker interface {
	Module
	// Walk describes its walk over the map.
	Walk() Walk
}

// Walk is a Walker's walk over its map: counters of the positions along three axes, the innermost last.
type Walk struct {
	Rows, Columns, Channels Axis
	Width                   int  // bits of a beat
	Clears                  bool // unselected beats are written as zeros
}

// Walkers names the modules that are Walkers, in the order of the table.
func Walkers() (names []string) {
	for i := range moveRows {
		if w := moveRows[i].walker; w != nil {
			names = append(names, w.ModuleName())
		}
	}
	return names
}

// Axis is an axis of Size positions of which Start, Start+Step, ... are selected, Count in total (hass_strided).
type Axis struct {
	Size, Start, Step, Count int
}

// axisParams names an axis's parameters after it: ROWS, ROW_COUNT, ROW_START and ROW_STEP. Parameters that equal the
// module's defaults, 0 or 1, are left out.
func axisParams(name string, a Axis) []Param {
	list := []Param{intParam(name+"S", a.Size), intParam(name+"_COUNT", a.Count)}
	if a.Start > 0 {
		list = append(list, intParam(name+"_START", a.Start))
	}
	if a.Step > 1 {
		list = append(list, intParam(name+"_STEP", a.Step))
	}
	return list
}

// SliceParams are the parameters of hass_slice: it drops unselected beats. Columns and channels are counted in beats.
type SliceParams struct {
	Width    int  `rtl:"WIDTH"` // bits of a beat
	Rows     Axis `rtl:"ROW"`
	Columns  Axis `rtl:"COLUMN"`
	Channels Axis `rtl:"CHANNEL"`
}

// ModuleName is hass_slice.
func (SliceParams) ModuleName() string { return "hass_slice" }

// Walk goes over the input. Unselected beats are dropped.
func (p SliceParams) Walk() Walk {
	return Walk{Rows: p.Rows, Columns: p.Columns, Channels: p.Channels, Width: p.Width}
}

// SliceOf are the parameters of a slice under its hardware choices.
func SliceOf(net *intnet.Net, l *intnet.Layer, hl Layer) SliceParams {
	in, out, s := &net.Tensors[l.In[0]], &net.Tensors[l.Out], l.Slice
	columns := Axis{in.W, s.Start[1], s.Step[1], out.W}
	if in.W == out.W { // groups of pixels stay whole
		groups := fixed.CeilDiv(in.W, hl.InPx)
		columns = Axis{groups, 0, 1, groups}
	}
	return SliceParams{
		Width: hl.OutPx * hl.OutCh * out.Format.Bits,
		Rows:  Axis{in.H, s.Start[0], s.Step[0], out.H}, Columns: columns,
		Channels: Axis{in.C / hl.InCh, s.Start[2] / hl.InCh, 1, out.C / hl.InCh},
	}
}

// ZeroInsertParams are the parameters of hass_zeroinsert: it inserts zero pixels between those it reads, whose positions are
// selected by Rows and Columns.
type ZeroInsertParams struct {
	Width        int  `rtl:"WIDTH"` // bits of a beat
	ChannelBeats int  `rtl:"CHANNEL_BEATS"`
	Rows         Axis `rtl:"ROW"`
	Columns      Axis `rtl:"COLUMN"`
}

// ModuleName is hass_zeroinsert.
func (ZeroInsertParams) ModuleName() string { return "hass_zeroinsert" }

// Walk goes over the output. Positions without a pixel of the input are zeros.
func (p ZeroInsertParams) Walk() Walk {
	return Walk{Rows: p.Rows, Columns: p.Columns, Channels: Axis{Size: p.ChannelBeats, Step: 1, Count: p.ChannelBeats}, Width: p.Width, Clears: true}
}

// ZeroInsertOf are the parameters of a zero insertion under its hardware choices.
func ZeroInsertOf(net *intnet.Net, l *intnet.Layer, hl Layer) ZeroInsertParams {
	in, out, s := &net.Tensors[l.In[0]], &net.Tensors[l.Out], l.Insert.Stride
	return ZeroInsertParams{
		Width: hl.OutPx * hl.OutCh * out.Format.Bits, ChannelBeats: out.C / hl.OutCh,
		Rows: Axis{out.H, 0, s[0], in.H}, Columns: Axis{out.W, 0, s[1], in.W},
	}
}
