package kernel

import "math"

// IntCols is the number of filters, or channels, of an integer panel.
const IntCols = 16

// Run is a part of a sum: Pairs pairs of terms, whose inputs start Off elements
// after the pixel's first. No partial sum of a run, in any order, may leave int32.
type Run struct{ Off, Pairs int }

// IntTile adds to the sums of Rows pixels and IntCols filters:
//
//	acc[r*IntCols+f] += sum over runs, i < Pairs, e < 2 of
//	                    x[base[r]+Off+2*i+e] * w[f*2+e]   w moving on by 2*IntCols each pair
//
// The sum of a run is computed in int32, the sum over the runs in int64.
func IntTile(acc []int64, x []int16, base *[Rows]int, w []int16, runs []Run) {
	acc = acc[:Rows*IntCols]
	n, end := 0, 0
	for _, r := range runs {
		if r.Off < 0 || r.Pairs < 1 {
			return
		}
		n += r.Pairs
		end = max(end, r.Off+2*r.Pairs)
	}
	w = w[:n*2*IntCols]
	for _, b := range base {
		_ = x[b:][:end]
	}
	if n == 0 {
		return
	}
	if simd {
		avxIntTile(&acc[0], &x[0], &base[0], &w[0], &runs[0].Off, len(runs))
		return
	}
	for _, run := range runs {
		for r, b := range base {
			row := acc[r*IntCols:][:IntCols]
			for i := range run.Pairs {
				x0, x1 := int64(x[b+run.Off+2*i]), int64(x[b+run.Off+2*i+1])
				wp := w[i*2*IntCols:][:2*IntCols]
				for f := range row {
					row[f] += x0*int64(wp[2*f]) + x1*int64(wp[2*f+1])
				}
			}
		}
		w = w[run.Pairs*2*IntCols:]
	}
}

// IntTaps adds to the sums of IntCols channels at each of a row of pixels:
//
//	acc[p*IntCols+c] += sum over pairs i, e < 2 of x[p*step+off[2*i+e]+c] * w[i*2*IntCols+at(c)*2+e]
//
// where at(c) is the place of channel c in a pair's weights, see TapPlace. runs
// divides all pairs into runs whose partial sums fit int32.
func IntTaps(acc []int64, pixels int, x []int16, step int, off []int, w []int16, runs []int) {
	n := 0
	for _, r := range runs {
		if r < 1 {
			return
		}
		n += r
	}
	if pixels < 1 || n == 0 {
		return
	}
	off, w = off[:2*n], w[:n*2*IntCols]
	acc = acc[:pixels*IntCols]
	for _, o := range off {
		_ = x[o:][:(pixels-1)*step+IntCols]
	}
	if simd {
		avxIntTaps(&acc[0], pixels, &x[0], 2*step, &off[0], &w[0], &runs[0], len(runs))
		return
	}
	for p := range pixels {
		row := acc[p*IntCols:][:IntCols]
		for i := range n {
			x0, x1 := x[p*step+off[2*i]:][:IntCols], x[p*step+off[2*i+1]:][:IntCols]
			wp := w[i*2*IntCols:][:2*IntCols]
			for c := range row {
				at := 2 * TapPlace(c)
				row[c] += int64(x0[c])*int64(wp[at]) + int64(x1[c])*int64(wp[at+1])
			}
		}
	}
}

// TapPlace is the place of channel c < IntCols in the weights of a pair of taps:
// the order 0..3, 8..11, 4..7, 12..15, because the unpack instructions interleave so.
func TapPlace(c int) int { return c&3 | c&4<<1 | c&8>>1 }

// Requant16 turns rows of IntCols sums into outputs:
//
//	q = (acc[r*IntCols+j] + half[j]) >> shift[j], less ties[j] & q if nothing was shifted out
//	y[r*stride+j] = min(max(q, lo), hi)
//
// and tells whether some sum lies outside [-limit, limit) or reaches limit after
// half is added. 0 <= shift[j] <= 62, and lo and hi fit int32. For rounding half to
// even, ties is 1 where shift[j] > 0. A nil ties means zeros: rounding half up.
func Requant16(y []int32, stride, rows int, acc []int64, half, shift, ties *[IntCols]int64, lo, hi, limit int64) (bad bool) {
	if rows < 1 {
		return false
	}
	acc, y = acc[:rows*IntCols], y[:(rows-1)*stride+IntCols]
	if simd {
		if ties != nil {
			return avxRequant16Ties(&y[0], 4*stride, rows, &acc[0], &half[0], &shift[0], &ties[0], lo, hi, limit)
		}
		return avxRequant16(&y[0], 4*stride, rows, &acc[0], &half[0], &shift[0], lo, hi, limit)
	}
	var none [IntCols]int64
	if ties == nil {
		ties = &none
	}
	for r := range rows {
		row := y[r*stride:][:IntCols]
		for j, a := range acc[r*IntCols:][:IntCols] {
			bad = bad || a < -limit
			a += half[j]
			bad = bad || a >= limit
			q := a >> uint(shift[j])
			if q<<uint(shift[j]) == a {
				q &^= ties[j]
			}
			row[j] = int32(min(max(q, lo), hi))
		}
	}
	return bad
}

// Narrow is y[i] = x[i] - sub, or -sub where |x[i]| < tau, saturated to int16.
func Narrow(y []int16, x []int32, tau, sub int32) {
	x = x[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 15; n > 0 {
			avxNarrow(&y[0], &x[0], n, tau, sub)
		}
	}
	for i := n; i < len(y); i++ {
		v := x[i]
		if v < tau && v > -tau {
			v = 0
		}
		y[i] = int16(min(max(v-sub, math.MinInt16), math.MaxInt16))
	}
}
