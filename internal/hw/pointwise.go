package hw

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// Elementwise are the parameters that all modules share which compute values one by one: the beats that they write, and
// the requantisation.
type Elementwise struct {
	OutBits      int            `rtl:"OUT_BITS"`
	Px           int            `rtl:"PX"` // pixels per beat
	Ch           int            `rtl:"CH"` // channels per beat
	W            int            `rtl:"W"`
	ChannelBeats int            `rtl:"CHANNEL_BEATS"`
	Shift        int            `rtl:"SHIFT"`
	Rounding     fixed.Rounding `rtl:"ROUNDING"`
	Lo           int64          `rtl:"LO"`
	Hi           int64          `rtl:"HI"`
}

func elementwiseOf(net *intnet.Net, l *intnet.Layer, hl Layer, shift int) Elementwise {
	t := &net.Tensors[l.Out]
	return Elementwise{OutBits: t.Format.Bits, Px: hl.OutPx, Ch: hl.OutCh, W: t.W, ChannelBeats: t.C / hl.OutCh, Shift: shift, Rounding: RoundingOf(l), Lo: l.Lo, Hi: l.Hi}
}

// Operands are the parameters of a module of two streams.
type Operands struct {
	Elementwise
	Bits0      int  `rtl:"BITS0"`
	Signed0    bool `rtl:"SIGNED0"`
	Bits1      int  `rtl:"BITS1"`
	Signed1    bool `rtl:"SIGNED1"`
	*Broadcast      // the second operand is one pixel for all
}

// Broadcast are the parameters of an operand that comes once an image and is kept.
type Broadcast struct {
	Is     bool        `rtl:"BROADCAST"` // true
	Beats  int         `rtl:"BEATS"`     // of an image
	Memory memory.Kind `rtl:"STYLE"`     // that keeps it
}

func operandsOf(net *intnet.Net, l *intnet.Layer, hl Layer) Operands {
	a, b, out := &net.Tensors[l.In[0]], &net.Tensors[l.In[1]], &net.Tensors[l.Out]
	o := Operands{elementwiseOf(net, l, hl, l.Shift), a.Format.Bits, a.Format.Signed, b.Format.Bits, b.Format.Signed, nil}
	if net.Broadcast(l) {
		o.Broadcast = &Broadcast{true, out.H * ceilDiv(out.W, hl.OutPx) * o.ChannelBeats, hl.buffer(hl.OutCh*o.Bits1, o.ChannelBeats)}
	}
	return o
}

// AddParams are the parameters of hass_add: the sum of two streams, brought to one unit by shifts to the left.
type AddParams struct {
	Operands
	Align0 int `rtl:"ALIGN0"`
	Align1 int `rtl:"ALIGN1"`
}

// ModuleName is hass_add.
func (AddParams) ModuleName() string { return "hass_add" }

// AddOf are the parameters of a sum under its hardware choices.
func AddOf(net *intnet.Net, l *intnet.Layer, hl Layer) AddParams {
	return AddParams{operandsOf(net, l, hl), bits.TrailingZeros64(uint64(l.Factors[0])), bits.TrailingZeros64(uint64(l.Factors[1]))}
}

// MulParams are the parameters of hass_mul: the product of two streams.
type MulParams struct{ Operands }

// ModuleName is hass_mul.
func (MulParams) ModuleName() string { return "hass_mul" }

// MulOf are the parameters of a product under its hardware choices.
func MulOf(net *intnet.Net, l *intnet.Layer, hl Layer) MulParams {
	return MulParams{operandsOf(net, l, hl)}
}

// RequantParams are the parameters of hass_requant_stream: a change of format or clamp.
type RequantParams struct {
	Elementwise
	InBits   int  `rtl:"IN_BITS"`
	InSigned bool `rtl:"IN_SIGNED"`
}

// ModuleName is hass_requant_stream: hass_requant is the submodule that all have who requantise.
func (RequantParams) ModuleName() string { return "hass_requant_stream" }

// RequantOf are the parameters of a change of format under its hardware choices.
func RequantOf(net *intnet.Net, l *intnet.Layer, hl Layer) RequantParams {
	f := net.Tensors[l.In[0]].Format
	return RequantParams{elementwiseOf(net, l, hl, l.Shift), f.Bits, f.Signed}
}

// ActivationFn is the kind of arithmetic of an activation, as hass_activation numbers it.
type ActivationFn int

// ActivationFns are the functions of the network in the order of ActivationFn.
var ActivationFns = []intnet.ActFn{intnet.ActAffine, intnet.ActHardSwish, intnet.ActLeaky, intnet.ActCurve}

// String is the function's name in the C++.
func (f ActivationFn) String() string {
	return [...]string{"AFFINE", "HARD_SWISH", "LEAKY", "CURVE"}[f]
}

// ActivationParams are the parameters of hass_activation: a non-linear function of each value.
type ActivationParams struct {
	Elementwise
	InBits    int          `rtl:"IN_BITS"`
	InSigned  bool         `rtl:"IN_SIGNED"`
	Fn        ActivationFn `rtl:"KIND"`
	*Curve                 // of a function by segments
	*Linear                // of the others
	Rows      int          `rtl:"ROWS"` // of the table, by channel beat
	Columns   int          `rtl:"COLUMNS"`
	TableBits int          `rtl:"TABLE_BITS"`
	Table     Table        `rtl:"TABLE"` // values at the segments' beginnings, or multipliers
}

// Curve is a function by segments of 2^Step values.
type Curve struct {
	Step      int   `rtl:"STEP"`
	SlopeBits int   `rtl:"SLOPE_BITS"`
	Slopes    Table `rtl:"SLOPES"` // difference of a segment's ends
}

// Linear is a function with a product: what is added to it, and where it ends.
type Linear struct {
	Add Wide  `rtl:"ADD"`
	Top int64 `rtl:"TOP"`
}

// ModuleName is hass_activation.
func (ActivationParams) ModuleName() string { return "hass_activation" }

// ActivationTable is the table of a function whose beats have ch channels, and its columns: the values of a curve, or
// multipliers.
func ActivationTable(a *intnet.Act, ch int) (table []int64, columns int) {
	switch {
	case a.Fn == intnet.ActCurve:
		return a.Table, 1
	case len(a.Mul) > 1:
		return a.Mul, ch
	}
	return a.Mul, 1
}

// ActivationOf are the parameters of an activation under its hardware choices.
func ActivationOf(net *intnet.Net, l *intnet.Layer, hl Layer) ActivationParams {
	a, f := l.Act, net.Tensors[l.In[0]].Format
	table, columns := ActivationTable(a, hl.OutCh)
	p := ActivationParams{Elementwise: elementwiseOf(net, l, hl, a.Shift), InBits: f.Bits, InSigned: f.Signed, Fn: ActivationFn(slices.Index(ActivationFns, a.Fn)),
		Columns: columns, TableBits: signedBits(table)}
	if p.Fn < 0 {
		panic("hw: no activation " + string(a.Fn))
	}
	if a.Fn == intnet.ActCurve {
		slopes := make([]int64, len(table)-1)
		if a.Step > 0 { // else no input lies between two values
			for i := range slopes {
				slopes[i] = table[i+1] - table[i]
			}
		}
		table = table[:len(slopes)]
		p.Curve = &Curve{a.Step, signedBits(slopes), Table{signedBits(slopes), slopes}}
	} else {
		p.Linear = &Linear{Wide(a.Add), a.Top}
	}
	p.Rows, p.Table = len(table)/columns, Table{p.TableBits, table}
	return p
}

// signedBits is the number of bits that hold each of the constants with a sign.
func signedBits(values []int64) int {
	w := 1
	for _, v := range values {
		w = max(w, bits.Len64(uint64(max(v, ^v)))+1)
	}
	return w
}
