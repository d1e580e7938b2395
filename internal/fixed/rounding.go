package fixed

import (
	"fmt"
	"math"
)

// Rounding is the treatment of ties in a requantisation. Every requantisation
// of a network has one. The zero value means no rounding: a layer that
// requantises nothing.
type Rounding uint8

// The roundings.
const (
	// HalfUp rounds ties towards plus infinity (AP_RND): the rule of formats
	// that hass chose itself.
	HalfUp Rounding = iota + 1
	// HalfEven rounds ties to the even neighbour (AP_RND_CONV): the rule of
	// formats from a model. ONNX's QuantizeLinear and QONNX's Quant with ROUND are
	// defined so.
	HalfEven
)

// Roundings lists every rounding.
var Roundings = []Rounding{HalfUp, HalfEven}

var roundingNames = map[Rounding]string{HalfUp: "half_up", HalfEven: "half_even"}

// Valid reports whether r is one of Roundings.
func (r Rounding) Valid() bool { return roundingNames[r] != "" }

// String is the name of r in files: half_up or half_even; "none" for no rounding.
func (r Rounding) String() string {
	if s := roundingNames[r]; s != "" {
		return s
	}
	return "none"
}

// MarshalText gives the name of r; no rounding is an error.
func (r Rounding) MarshalText() ([]byte, error) {
	if !r.Valid() {
		return nil, fmt.Errorf("rounding %d has no name", uint8(r))
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads the name of a rounding.
func (r *Rounding) UnmarshalText(text []byte) error {
	for known, name := range roundingNames {
		if string(text) == name {
			*r = known
			return nil
		}
	}
	return fmt.Errorf("rounding %.40q; want half_up or half_even", text)
}

// Float rounds v to an integer: all floats are rounded here. Infinities
// stay infinite and NaN stays NaN. It panics without a rounding.
func (r Rounding) Float(v float64) float64 {
	switch r {
	case HalfUp:
		f := math.Floor(v)
		// v-f is exact; floor(v+0.5) would not be, just below a tie.
		if v-f >= 0.5 {
			return f + 1
		}
		return f
	case HalfEven:
		return math.RoundToEven(v)
	}
	panic("fixed: no rounding")
}

// shift is acc / 2^s for s from 1 to 62, rounded.
func (r Rounding) shift(acc int64, s int) int64 {
	acc += int64(1) << (s - 1)
	switch r {
	case HalfUp:
		return acc >> s
	case HalfEven:
		q := acc >> s
		if q<<s == acc { // a tie, and q lies above it
			q &^= 1
		}
		return q
	}
	panic("fixed: no rounding")
}
