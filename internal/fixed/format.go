// Package fixed is the project's only integer arithmetic: fixed-point
// formats, requantisation, saturation and accumulator bounds. The integer
// executor, the simulator and the emitted hardware all follow these
// definitions, bit for bit.
//
// It takes and gives plain integers. It never sees a graph, a file or a float
// tensor, and every rounding is that of Requant.
package fixed

import (
	"fmt"
	"math"
	"strconv"
)

// MaxBits is the widest stream or weight format in bits.
const MaxBits = 16

// Format is a number format: the integer q means q * 2^-Frac * Scale. Frac may be negative or
// larger than Bits. A zero point has been subtracted: q = 0 means 0.
type Format struct {
	Bits   int  `json:"bits"`   // width in bits, 2..16
	Frac   int  `json:"frac"`   // binary point
	Signed bool `json:"signed"` // two's complement if true, else natural binary
	// Scale is above 1 and below 2 if a model's quantiser has a step that is not a power of two; otherwise 0, which means 1.
	// Formats of equal scales differ by shifts.
	Scale float64 `json:"scale,omitempty"`
}

// OfStep is a format whose step is s, finite and above 0; its width and sign are the caller's.
func OfStep(s float64) Format {
	m, exp := math.Frexp(s)
	f := Format{Frac: 1 - exp, Scale: 2 * m}
	if f.Scale == 1 {
		f.Scale = 0
	}
	return f
}

// Factor is the scale as a number: 1 if there is none.
func (f Format) Factor() float64 {
	if f.Scale == 0 {
		return 1
	}
	return f.Scale
}

// Step is the value of one step.
func (f Format) Step() float64 { return math.Ldexp(f.Factor(), -f.Frac) }

// Holds is the narrowest format, without binary point and scale, that contains the integers lo to hi, lo <= 0 <= hi; at
// least 2 bits.
func Holds(lo, hi int64) Format {
	f := Format{Bits: 2, Signed: lo < 0}
	for f.Bits < 63 && (f.Min() > lo || f.Max() < hi) {
		f.Bits++
	}
	return f
}

// Min is the smallest representable integer.
func (f Format) Min() int64 {
	if !f.Signed {
		return 0
	}
	return -(int64(1) << (f.Bits - 1))
}

// Max is the largest representable integer.
func (f Format) Max() int64 {
	if !f.Signed {
		return int64(1)<<f.Bits - 1
	}
	return int64(1)<<(f.Bits-1) - 1
}

// String prints the format as s16.8 or u8.0: signedness, bits, binary point; as u8.4*1.6 with a scale.
func (f Format) String() string {
	c := 'u'
	if f.Signed {
		c = 's'
	}
	text := fmt.Sprintf("%c%d.%d", c, f.Bits, f.Frac)
	if f.Scale != 0 {
		text += "*" + strconv.FormatFloat(f.Scale, 'g', 6, 64)
	}
	return text
}

// Requant rescales an accumulator by 2^-s, rounds and saturates to [lo, hi]:
//
//	s > 0:  saturate((acc + 2^(s-1)) >> s)   arithmetic shift; under HalfEven the lowest
//	        bit of the quotient is then cleared if acc + 2^(s-1) was a multiple of 2^s, a tie
//	s <= 0: saturate(acc << -s)
//
// acc must fit in 62 bits after widening; AccBits of a convolution (intnet.Conv) guarantees it.
func Requant(acc int64, s int, r Rounding, lo, hi int64) int64 {
	if s > 62 {
		// Every 62-bit accumulator rounds to 0 (or stays 0) at such a shift.
		acc, s = 0, 0
	}
	if s > 0 {
		acc = r.shift(acc, s)
	} else if s < 0 {
		acc = shiftLeftSaturating(acc, -s)
	}
	return min(max(acc, lo), hi)
}

// shiftLeftSaturating shifts left without losing the sign if bits are shifted
// out at the top: the result then only needs to be beyond any clamp.
func shiftLeftSaturating(v int64, s int) int64 {
	if v == 0 {
		return 0
	}
	if s >= 62 || v > (int64(1)<<62)>>s || v < -((int64(1)<<62)>>s) {
		if v > 0 {
			return int64(1) << 62
		}
		return -(int64(1) << 62)
	}
	return v << s
}
