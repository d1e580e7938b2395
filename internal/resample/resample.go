// Package resample gives linear and nearest resizes integer weights, with enough binary places that no result crosses a tie.
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

// The weights of a linear resize are fractions. If the factor is a power of two, they have few binary places and are kept exactly;
// otherwise they are rounded. If ties are rounded up, 12 places are enough. If a quantiser of the model rounds ties to even, an
// error must neither move a result off its tie nor onto one. So the weights then have more places, and the sum is first rounded to
// a grid that contains all ties (Resize.Drop).
//
// Let V be the true result in units of the output before rounding, up = max(0, FormatShift), down = max(0, -FormatShift),
// D the product of the common denominators of the weights of rows and of columns, L = ceil(log2 D), and G = 1 + L + up the
// number of binary places of the grid.
//
//   - V is a multiple of 1 / (D * 2^up): a tie, or at least 1 / (2D * 2^up) >= 2^-G away from every tie.
//   - A weight of k places has an error of at most 2^-(k+1), and the two weights of an axis have opposite errors. So an axis moves
//     the result by at most 2^-(k+1) times the span of the input's b bits, and both axes together move it by less than
//     2^(b-k-FormatShift). For k = b + 2 + L + down this is at most half a step of the grid, 2^-(G+1).
//   - A tie is on the grid, so it is rounded back to itself. Any other result moves by less than 2^-(G+1) through the weights and
//     by at most 2^-(G+1) through rounding to the grid: by less than 2^-G in total. So it does not cross a tie.
const (
	Places     = 12      // binary places of a weight that need not be exact
	mostPlaces = 16      // most binary places of a weight, so that one DSP multiplies by it
	mostParts  = 1 << 12 // largest common denominator that is looked for
)

// New gives the integer form of a resize of tensor in to h rows and w columns, from format from to format to.
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

// exactResize gives the binary places k of the weights and the places G of the grid, in units of the output, with which no result
// crosses a tie. ok is false if that needs more than mostPlaces, or the weights have no common denominator.
func exactResize(rows, cols axis, from fixed.Format, shift int) (k, grid int, ok bool) {
	d, e := rows.parts(), cols.parts()
	if d == 0 || e == 0 {
		return 0, 0, false
	}
	l := bits.Len(uint(d*e - 1))
	k = from.Bits + 2 + l + max(0, -shift)
	return k, 1 + l + max(0, shift), k <= mostPlaces
}

// axis has, for every output position along an axis, the first of its two input positions and the weight of the second.
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
		case t[1].At == t[0].At: // both positions are at the border
			a.weight = append(a.weight, 0)
		default:
			a.weight = append(a.weight, t[1].Weight)
		}
	}
	return a
}

// places is the number of binary places of the weights: at least one, and at most `most`.
func (a axis) places(most int) int {
	k := 1
	for k < most && !a.multiples(math.Ldexp(1, k), 0) {
		k++
	}
	return k
}

// rounded tells whether the weights are not exact with the given number of binary places.
func (a axis) rounded(places int) bool { return !a.multiples(math.Ldexp(1, places), 0) }

// parts is the common denominator of the weights, or 0 if there is none up to mostParts. Weights are accurate to about 2^-40.
func (a axis) parts() int {
	for d := 1; d <= mostParts; d++ {
		if a.multiples(float64(d), math.Ldexp(float64(d), -40)) {
			return d
		}
	}
	return 0
}

// multiples tells whether all weights are multiples of 1/d, within slack/d.
func (a axis) multiples(d, slack float64) bool {
	for _, w := range a.weight {
		if math.Abs(w*d-math.Round(w*d)) > slack {
			return false
		}
	}
	return true
}

// samples rounds the weights to the given number of binary places, or to fewer if fewer are exact.
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

// Exact tells whether a resize from h x w to rows x cols is exact without a rounded weight, if its output has `more` further binary
// places.
func Exact(op graph.Resize, h, w, rows, cols, more int) bool {
	y, x := newAxis(op, 2, h, rows), newAxis(op, 3, w, cols)
	return y.places(Places)+x.places(Places) <= more && !y.rounded(Places) && !x.rounded(Places)
}

// Off is the largest error of a resize from h x w to rows x cols that comes from rounded weights, in steps of its output's format; 0 if
// it is exact.
func Off(op graph.Resize, h, w, rows, cols int, in, out fixed.Format) int {
	axes := [2]axis{newAxis(op, 2, h, rows), newAxis(op, 3, w, cols)}
	if _, _, ok := exactResize(axes[0], axes[1], in, in.Frac-out.Frac); ok {
		return 0
	}
	off := 0.0 // error of a weighted mean, as a share of the input's span
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
