package rescale

import (
	"math"
	"math/big"

	"hass/internal/fixed"
)

// Sum is the function that the hardware sum of two streams of different scales must equal:
//
//	y = min(max(rne(a*Ratio[0] + b*Ratio[1]), Lo), Hi)    for all integers a and b within their ranges
type Sum struct {
	Ratio  [2]*big.Rat
	Range  [2][2]int64 // least and most of a and of b
	Lo, Hi int64       // of y
}

// Factors is a requantised sum of products: y = fixed.Requant(a*Mul[0] + b*Mul[1], Shift, Rounding, Lo, Hi).
type Factors struct {
	Mul      [2]int64
	Shift    int
	Rounding fixed.Rounding
}

// maxPairs bounds the number of pairs of operands that FindFactors tries.
const maxPairs = 1 << 20

// FindFactors finds the factors of the fewest bits, at most mulBits, that equal the sum for every pair of operands; nil if there are none.
// tried is false if the operands are too wide to try all pairs; the caller can then use Nearest.
func (s *Sum) FindFactors(mulBits int) (f *Factors, tried bool) {
	x, ok := s.integers()
	if !ok {
		return nil, false
	}
	r0, _ := s.Ratio[0].Float64()
	r1, _ := s.Ratio[1].Float64()
	_, exp := math.Frexp(max(r0, r1))
	for _, rounding := range []fixed.Rounding{fixed.HalfUp, fixed.HalfEven} {
		for width := 1; width <= mulBits; width++ {
			shift := width - exp
			if shift < 0 || shift > maxShift {
				continue
			}
			f := &Factors{[2]int64{factor(r0, shift), factor(r1, shift)}, shift, rounding}
			if min(f.Mul[0], f.Mul[1]) > 0 && s.equals(f, x) {
				return f, true
			}
		}
	}
	return nil, true
}

// Nearest are the factors of mulBits bits that are nearest to the ratios.
func (s *Sum) Nearest(mulBits int) *Factors {
	r0, _ := s.Ratio[0].Float64()
	r1, _ := s.Ratio[1].Float64()
	_, exp := math.Frexp(max(r0, r1))
	shift := min(max(mulBits-1-exp, 0), maxShift)
	return &Factors{[2]int64{max(factor(r0, shift), 1), max(factor(r1, shift), 1)}, shift, fixed.HalfUp}
}

// factor is ratio * 2^shift as an integer.
func factor(ratio float64, shift int) int64 {
	return int64(math.RoundToEven(min(math.Ldexp(ratio, shift), float64(largest))))
}

// integers are the ratios over a common denominator. They exist if products fit 62 bits and there are at most maxPairs pairs.
type integers struct {
	num [2]int64
	den int64
}

func (s *Sum) integers() (x integers, ok bool) {
	if (s.Range[0][1]-s.Range[0][0]+1)*(s.Range[1][1]-s.Range[1][0]+1) > maxPairs {
		return x, false
	}
	d0, d1 := s.Ratio[0].Denom(), s.Ratio[1].Denom()
	g := new(big.Int).GCD(nil, nil, d0, d1)
	den := new(big.Int).Mul(d0, new(big.Int).Quo(d1, g))
	for i, r := range s.Ratio {
		n := new(big.Int).Mul(r.Num(), new(big.Int).Quo(den, r.Denom()))
		span := max(s.Range[i][1], -s.Range[i][0])
		if n.BitLen()+new(big.Int).SetInt64(span).BitLen() > 60 || den.BitLen() > 60 {
			return x, false
		}
		x.num[i], x.den = n.Int64(), den.Int64()
	}
	return x, true
}

// equals compares f with the sum for all pairs.
func (s *Sum) equals(f *Factors, x integers) bool {
	den := x.den
	for a := s.Range[0][0]; a <= s.Range[0][1]; a++ {
		for b := s.Range[1][0]; b <= s.Range[1][1]; b++ {
			v := a*x.num[0] + b*x.num[1]
			q, r := v/den, v%den
			if r < 0 {
				q, r = q-1, r+den
			}
			if r > den-r || r == den-r && q&1 != 0 {
				q++
			}
			if fixed.Requant(a*f.Mul[0]+b*f.Mul[1], f.Shift, f.Rounding, s.Lo, s.Hi) != min(max(q, s.Lo), s.Hi) {
				return false
			}
		}
	}
	return true
}
