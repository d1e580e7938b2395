// Package packing describes how narrow products share DSP slices, and how wide ones are divided among several.
//
// Two pixels share a slice: (x1 * 2^F + x0) * w holds both products, one above the other, in fields of F bits. With narrower values two
// output lanes share as well: multiplied by (w1 * 2^2F + w0), the slice holds four products. The products of several lanes are added in
// the cascade of the slices, all fields at once, as long as no field can overflow; the output of the cascade is split into fields.
//
// It takes widths; it gives a packing, or an error with the reason why a packing would compute wrong sums. It knows nothing about
// networks or about hardware other than the slices.
package packing

import "fmt"

// Packing describes how an engine's products share slices.
type Packing struct {
	Field   int `json:"field,omitempty" rtl:"FIELD"` // bits of a sum of products in a slice's sum; 0: each product has a slice of its own
	Deep    int `json:"deep" rtl:"DEEP"`             // lanes of a cascade
	Filters int `json:"filters" rtl:"FILTERS"`       // output lanes that share a slice: 1 or 2
}

// Values are the widths of factors in bits.
type Values struct {
	X         int  // activations
	Signed    bool // they have a sign
	W         int  // weights, which have a sign
	Depthwise bool // output lanes have their own activations, so that none share
}

// The widths of a slice in bits.
const (
	Wide    = 27 // the wider operand of DSP48E2
	Wide7   = 25 // that of DSP48E1
	Narrow  = 18 // the other operand of either
	sumBits = 48
)

const (
	mostDeep = 8 // lanes of a cascade without fields: each delays the operands of the next by a cycle
	quadBits = 4 // the most bits of activations and weights of which two pixels and two output lanes share a slice
)

// Pixels is the number of pixels that share a slice.
func (p Packing) Pixels() int {
	if p.Field > 0 {
		return 2
	}
	return 1
}

// Operands are the widths of a slice's operands: of pixels activations of x bits, possibly unsigned, in fields, and of filters weights of w
// bits above them.
func Operands(pixels, filters, field, x, w int) (a, b int) {
	a, b = (pixels-1)*field+x+1, w
	if filters > 1 {
		b = pixels*field + w + 1
	}
	return a, b
}

// PairField is the widest field that leaves room for two activations of x bits in an operand of wide bits.
func PairField(x, wide int) int { return min(wide-1-x, sumBits/2) }

// Room is the number of lanes whose products a field holds. Of x bits with a sign, or without, and w bits no product is
// beyond 2^(x-1) * 2^(w-1), or (2^x - 1) * 2^(w-1); a field holds sums of a magnitude of at most 2^(field-1) - 1, so that the fields below
// another one never add up to more than half of its unit.
func (v Values) Room(field int) int {
	most := 1<<v.X - 1
	if v.Signed {
		most = 1 << (v.X - 1)
	}
	return (1<<(field-1) - 1) / (most << (v.W - 1))
}

// For is the packing of engines with the given number of lanes on slices whose wider operand has wide bits. Fields are as wide as
// the slices allow. Values that are too wide for two products have Field 0.
func For(v Values, lanes, wide int) Packing {
	p := Packing{Filters: 1}
	if max(v.X, v.W) <= quadBits && !v.Depthwise {
		p.Field, p.Filters = min((wide-v.W-1)/2, Narrow-v.X-1, sumBits/4), 2
	} else if v.W <= Narrow {
		p.Field = PairField(v.X, wide)
	}
	limit := mostDeep
	if p.Field > 0 {
		limit = min(limit, v.Room(p.Field))
	}
	if p.Field <= 0 || limit < 1 {
		p, limit = Packing{Filters: 1}, mostDeep
	}
	cascades := (lanes + limit - 1) / limit
	p.Deep = (lanes + cascades - 1) / cascades
	return p
}

// Check refuses a packing of engines with the given number of lanes that no slice supports, or with which a field may overflow.
func (p Packing) Check(v Values, lanes int) error {
	switch {
	case p.Filters != 1 && (p.Filters != 2 || p.Field == 0 || v.Depthwise):
		return fmt.Errorf("%d output lanes share a multiplier; want 1, or 2 with fields and without groups of one channel", p.Filters)
	case p.Deep < 1 || p.Deep > max(1, lanes):
		return fmt.Errorf("cascades of %d lanes; want 1 to %d", p.Deep, lanes)
	case p.Field < 0 || p.Field*p.Pixels()*p.Filters > sumBits:
		return fmt.Errorf("fields of %d bits; %d of them have %d bits at most", p.Field, p.Pixels()*p.Filters, sumBits)
	case p.Field == 0:
		return nil
	}
	if a, b := Operands(p.Pixels(), p.Filters, p.Field, v.X, v.W); max(a, b) > Wide || min(a, b) > Narrow {
		return fmt.Errorf("field %d: operands of %d and %d bits; a multiplier takes %d and %d", p.Field, a, b, Wide, Narrow)
	}
	if most := v.Room(p.Field); p.Deep > most {
		return fmt.Errorf("cascades of %d lanes; a field of %d bits holds the sum of %d", p.Deep, p.Field, most)
	}
	return nil
}
