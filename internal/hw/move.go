package hw

import (
	"hass/internal/intnet"
)

// Axis is an axis of Size positions of which Start, Start+Step, ... are chosen, Count in all (hass_strided).
type Axis struct {
	Size, Start, Step, Count int
}

// axisParams names an axis's parameters after it: ROWS, ROW_COUNT, ROW_START and ROW_STEP. Those that are 0 or 1, as the
// modules have them, are left out.
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

// SliceParams are the parameters of hass_slice: it drops the beats that are not wanted. Columns and channels are counted in
// beats.
type SliceParams struct {
	Width    int  `rtl:"WIDTH"` // bits of a beat
	Rows     Axis `rtl:"ROW"`
	Columns  Axis `rtl:"COLUMN"`
	Channels Axis `rtl:"CHANNEL"`
}

// ModuleName is hass_slice.
func (SliceParams) ModuleName() string { return "hass_slice" }

// SliceOf are the parameters of a slice under its hardware choices.
func SliceOf(net *intnet.Net, l *intnet.Layer, hl Layer) SliceParams {
	in, out, s := &net.Tensors[l.In[0]], &net.Tensors[l.Out], l.Slice
	columns := Axis{in.W, s.Start[1], s.Step[1], out.W}
	if in.W == out.W { // groups of pixels stay whole
		groups := ceilDiv(in.W, hl.InPx)
		columns = Axis{groups, 0, 1, groups}
	}
	return SliceParams{
		Width: hl.OutPx * hl.OutCh * out.Format.Bits,
		Rows:  Axis{in.H, s.Start[0], s.Step[0], out.H}, Columns: columns,
		Channels: Axis{in.C / hl.InCh, s.Start[2] / hl.InCh, 1, out.C / hl.InCh},
	}
}

// ZeroInsertParams are the parameters of hass_zeroinsert: it puts zero pixels between those it reads, which are the chosen ones of
// Rows and Columns.
type ZeroInsertParams struct {
	Width        int  `rtl:"WIDTH"` // bits of a beat
	ChannelBeats int  `rtl:"CHANNEL_BEATS"`
	Rows         Axis `rtl:"ROW"`
	Columns      Axis `rtl:"COLUMN"`
}

// ModuleName is hass_zeroinsert.
func (ZeroInsertParams) ModuleName() string { return "hass_zeroinsert" }

// ZeroInsertOf are the parameters of a zero insertion under its hardware choices.
func ZeroInsertOf(net *intnet.Net, l *intnet.Layer, hl Layer) ZeroInsertParams {
	in, out, s := &net.Tensors[l.In[0]], &net.Tensors[l.Out], l.Insert.Stride
	return ZeroInsertParams{
		Width: hl.OutPx * hl.OutCh * out.Format.Bits, ChannelBeats: out.C / hl.OutCh,
		Rows: Axis{out.H, 0, s[0], in.H}, Columns: Axis{out.W, 0, s[1], in.W},
	}
}
