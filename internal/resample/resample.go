// Package resample gives linear and nearest resizes integer weights, with as many places as keep results on their side of ties.
package resample

import (
	"math"
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// The weights of a linear resize are fractions. Those of a factor that is a power of two have few binary places and are kept as
// they are; others are rounded. Where ties go up, 12 places do. Where a quantiser of the model sends ties to the even neighbour a
// result must not leave its tie, nor come onto one. So the weights then have more places, and the sum is first rounded to a grid
// that all ties are on (Resize.Drop).
//
// Write V for the true result in units of the output before it is rounded, up = max(0, FormatShift), down = max(0, -FormatShift),
// D for the product of the common denominators of the weights of rows and of columns, L = ceil(log2 D), and G = 1 + L + up for the
// places of the grid.
//
//   - V is a multiple of 1 / (D * 2^up): a tie, or at least 1 / (2D * 2^up) >= 2^-G away from every tie.
//   - Weights of k places are wrong by 2^-(k+1) at most, and the two of an axis by opposite amounts. An axis so moves the result
//     by at most 2^-(k+1) times the span of the input's b bits, both together by less than 2^(b-k-FormatShift). That is at most
//     half a step of the grid, 2^-(G+1), for k = b + 2 + L + down.
//   - A tie is on the grid, so it is rounded back to the tie. Everything else moves by less than 2^-(G+1), and by 2^-(G+1) at most
//     when it is rounded: by less than 2^-G in all. It stays on its side.
const (
	Places     = 12      // where weights need not be exact
	mostPlaces = 16      // that a weight may have: one DSP multiplies by it
	mostParts  = 1 << 12 // a common denominator above it is none
)

// New is the integer form of a resize to h rows and w columns from tensor in, of the format from.
func New(op graph.Resize, in intnet.Tensor, h, w int, from, to fixed.Format, rounding fixed.Rounding) *intnet.Resize {
	rows, cols := newAxis(op, 2, in.H, h), newAxis(op, 3, in.W, w)
	shift := from.Frac - to.Frac
	places, grid := Places, 0
	if rounding == fixed.HalfEven && (rows.rounded(Places) || cols.rounded(Places)) {
		if k, g, ok := exactResize(rows, cols, from, shift); ok {
			places, grid = k, g
		}
	}
	r := &intnet.Resize{Rows: rows.samples(places), Cols: cols.samples(places), FormatShift: shift}
	if grid > 0 {
		r.Drop = r.Rows.Scale + r.Cols.Scale + shift - grid
	}
	return r
}

// exactResize is the binary places k of weights that are rounded, and the places G of the grid, in units of the output, with which
// ties are told from other results; ok is false where that needs more than mostPlaces.
func exactResize(rows, cols axis, from fixed.Format, shift int) (k, grid int, ok bool) {
	d, e := rows.parts(), cols.parts()
	if d == 0 || e == 0 {
		return 0, 0, false
	}
	l := bits.Len(uint(d*e - 1))
	k = from.Bits + 2 + l + max(0, -shift)
	return k, 1 + l + max(0, shift), k <= mostPlaces
}

// axis is where the output positions along an axis lie, and the weight of the later of the two input positions of each.
type axis struct {
	linear bool
	from   []int
	weight []float64 // 0 to 1
}

func newAxis(op graph.Resize, d, n, out int) axis {
	a := axis{linear: op.Mode != "nearest"}
	for _, t := range floatexec.ResizeTaps(op, d, n, out) {
		a.from = append(a.from, t[0].At)
		switch {
		case !a.linear:
		case t[1].At == t[0].At: // both at the border
			a.weight = append(a.weight, 0)
		default:
			a.weight = append(a.weight, t[1].Weight)
		}
	}
	return a
}

// places is how many binary places the weights have, most if they have more; at least one.
func (a axis) places(most int) int {
	k := 1
	for k < most && !a.multiples(math.Ldexp(1, k), 0) {
		k++
	}
	return k
}

// rounded tells whether weights of the given number of binary places are not exact.
func (a axis) rounded(places int) bool { return !a.multiples(math.Ldexp(1, places), 0) }

// parts is the common denominator of the weights, 0 if there is none up to mostParts. Weights are known to about 2^-40.
func (a axis) parts() int {
	for d := 1; d <= mostParts; d++ {
		if a.multiples(float64(d), math.Ldexp(float64(d), -40)) {
			return d
		}
	}
	return 0
}

// multiples tells whether all weights are multiples of 1/d, each but for slack/d.
func (a axis) multiples(d, slack float64) bool {
	for _, w := range a.weight {
		if math.Abs(w*d-math.Round(w*d)) > slack {
			return false
		}
	}
	return true
}

// samples rounds the weights to the given number of binary places, or to fewer where fewer are exact.
func (a axis) samples(places int) intnet.Samples {
	s := intnet.Samples{From: slices.Clone(a.from)}
	if !a.linear {
		return s
	}
	s.Scale = a.places(places)
	for i, w := range a.weight {
		v := fixed.QuantizeRange(w, s.Scale, fixed.HalfUp, 0, 1<<s.Scale)
		if v == 1<<s.Scale {
			s.From[i]++
			v = 0
		}
		s.Weight = append(s.Weight, v)
	}
	return s
}

// Exact tells whether a resize from h x w to rows x cols, to a format with the given number of further binary places, is exact without a rounded weight.
func Exact(op graph.Resize, h, w, rows, cols, more int) bool {
	y, x := newAxis(op, 2, h, rows), newAxis(op, 3, w, cols)
	return y.places(Places)+x.places(Places) <= more && !y.rounded(Places) && !x.rounded(Places)
}

// Off is how many steps of its output's format a resize from h x w to rows x cols may be off because its weights are rounded; 0 if it is exact.
func Off(op graph.Resize, h, w, rows, cols int, in, out fixed.Format) int {
	axes := [2]axis{newAxis(op, 2, h, rows), newAxis(op, 3, w, cols)}
	if _, _, ok := exactResize(axes[0], axes[1], in, in.Frac-out.Frac); ok {
		return 0
	}
	off := 0.0 // of a sum of weights that should be 1
	for _, a := range axes {
		most := 0.0
		for _, w := range a.weight {
			w = math.Ldexp(w, Places)
			most = max(most, math.Abs(w-math.Round(w)))
		}
		off += math.Ldexp(most, -Places)
	}
	return int(math.Ceil(off * math.Ldexp(float64(in.Max()-in.Min()), out.Frac-in.Frac)))
}
