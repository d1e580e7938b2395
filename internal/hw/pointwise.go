package hw

import (
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/packing"
)

// Elementwise are the common parameters of all element-wise modules: the beats that they write, and the requantisation.
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

// Operands are the parameters of a module with two input streams.
type Operands struct {
	Elementwise
	Bits0      int  `rtl:"BITS0"`
	Signed0    bool `rtl:"SIGNED0"`
	Bits1      int  `rtl:"BITS1"`
	Signed1    bool `rtl:"SIGNED1"`
	*Broadcast      // if the second operand is one pixel for all
}

// Broadcast are the parameters of an operand that arrives once per image and is kept.
type Broadcast struct {
	Is     bool        `rtl:"BROADCAST"` // true
	Beats  int         `rtl:"BEATS"`     // of an image
	Memory memory.Kind `rtl:"STYLE"`     // that keeps it
}

func operandsOf(net *intnet.Net, l *intnet.Layer, hl Layer, shift int) Operands {
	a, b, out := &net.Tensors[l.In[0]], &net.Tensors[l.In[1]], &net.Tensors[l.Out]
	o := Operands{elementwiseOf(net, l, hl, shift), a.Format.Bits, a.Format.Signed, b.Format.Bits, b.Format.Signed, nil}
	if net.Broadcast(l) {
		o.Broadcast = &Broadcast{true, out.H * fixed.CeilDiv(out.W, hl.OutPx) * o.ChannelBeats, hl.buffer(hl.OutCh*o.Bits1, o.ChannelBeats)}
	}
	return o
}

// AddParams are the parameters of hass_add: the sum of two streams, each multiplied by its factor.
type AddParams struct {
	Operands
	Factor0 Wide `rtl:"FACTOR0"`
	Factor1 Wide `rtl:"FACTOR1"`
	Parts0  int  `rtl:"PARTS0,omitempty"` // of the product with the factor; 0: a shift
	Parts1  int  `rtl:"PARTS1,omitempty"`
}

// ModuleName is hass_add.
func (AddParams) ModuleName() string { return "hass_add" }

// AddOf are the parameters of a sum under its hardware choices.
func AddOf(net *intnet.Net, l *intnet.Layer, hl Layer) AddParams {
	s := scalingOf(net, l)
	return AddParams{operandsOf(net, l, hl, s.shift), Wide(s.factors[0]), Wide(s.factors[1]), s.parts[0], s.parts[1]}
}

// scaling are the factors of an Add or Mul without their common trailing zeros, which are part of the shift.
type scaling struct {
	factors [2]int64 // for a Mul only the first
	parts   [2]int   // of the products with them; 0: the factor is a power of two
	shift   int
}

func scalingOf(net *intnet.Net, l *intnet.Layer) scaling {
	s := scaling{shift: l.Shift}
	a, b := net.Tensors[l.In[0]].Format, net.Tensors[l.In[1]].Format
	zeros := bits.TrailingZeros64(uint64(l.Factors[0] | l.Factors[1]))
	s.shift -= zeros
	for i, f := range l.Factors {
		s.factors[i] = f >> zeros
	}
	width := [2]int{signedWidth(a), signedWidth(b)}
	if l.Kind == intnet.KindMul {
		width = [2]int{width[0] + width[1], 0}
	}
	for i, f := range s.factors {
		if f&(f-1) != 0 {
			s.parts[i] = packing.Product{A: width[i], B: bits.Len64(uint64(f)) + 1}.Parts()
		}
	}
	return s
}

// signedWidth is the width of a format's values as signed operands.
func signedWidth(f fixed.Format) int {
	if f.Signed {
		return f.Bits
	}
	return f.Bits + 1
}

// cycles is the number of cycles from issue to push of the module of an Add or Mul.
func (s *scaling) cycles(kind intnet.Kind) int {
	own := 3 // sum, shift and round, clamp
	if kind == intnet.KindMul {
		own = 5 // operands, product, rounding
	}
	if parts := max(s.parts[0], s.parts[1]); parts > 0 {
		own += packing.ProductCycles(parts) + 1 // a register between shift and rounding
	}
	return own
}

// MulParams are the parameters of hass_mul: the product of two streams and of a factor.
type MulParams struct {
	Operands
	Factor Wide `rtl:"FACTOR,omitempty"`
	Parts  int  `rtl:"PARTS,omitempty"` // of the product with the factor; 0: the factor is 1
}

// ModuleName is hass_mul.
func (MulParams) ModuleName() string { return "hass_mul" }

// MulOf are the parameters of a product under its hardware choices.
func MulOf(net *intnet.Net, l *intnet.Layer, hl Layer) MulParams {
	s := scalingOf(net, l)
	p := MulParams{Operands: operandsOf(net, l, hl, s.shift), Parts: s.parts[0]}
	if p.Parts > 0 {
		p.Factor = Wide(s.factors[0])
	}
	return p
}

// RequantParams are the parameters of hass_requant_stream: a change of format or clamp.
type RequantParams struct {
	Elementwise
	InBits   int  `rtl:"IN_BITS"`
	InSigned bool `rtl:"IN_SIGNED"`
}

// ModuleName is hass_requant_stream; hass_requant is the submodule of all modules that requantise.
func (RequantParams) ModuleName() string { return "hass_requant_stream" }

// RequantOf are the parameters of a change of format under its hardware choices.
func RequantOf(net *intnet.Net, l *intnet.Layer, hl Layer) RequantParams {
	f := net.Tensors[l.In[0]].Format
	return RequantParams{elementwiseOf(net, l, hl, l.Shift), f.Bits, f.Signed}
}

// ActivationFn is the kind of arithmetic of an activation, numbered as in hass_activation.
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
	*Curve                 // for a function by segments
	*Linear                // for the others
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

// Linear is a function with a product: the addend, and the upper end.
type Linear struct {
	Add Wide  `rtl:"ADD"`
	Top int64 `rtl:"TOP"`
}

// ModuleName is hass_activation.
func (ActivationParams) ModuleName() string { return "hass_activation" }

// ActivationTable is the table of a function whose beats have ch channels, and its number of columns: the values of a
// curve, or multipliers.
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
		if a.Step > 0 { // otherwise no input lies between two values
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

// signedBits is the signed width that holds each of the constants.
func signedBits(values []int64) int {
	w := 1
	for _, v := range values {
		w = max(w, bits.Len64(uint64(max(v, ^v)))+1)
	}
	return w
}
