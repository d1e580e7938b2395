package kernel

// The shape of a tile of sums: Rows filters times Cols (or Cols/2) pixels.
const (
	Rows = 6
	Cols = 16
)

// Slack is the number of elements past the end of a row that Plane may read and write.
const Slack = 8

// Simd tells whether assembly is in use.
func Simd() bool { return simd }

// Tile adds the product of two panels to a tile of sums:
//
//	c[r*ldc+j] += sum over i < k of a[i*Rows+r] * b[i*nr+j]   for r < Rows, j < nr
//
// where nr is Cols or Cols/2; first starts from +0 instead of c. Each sum is a
// chain of FMA in the order of i, so cutting k into several calls changes nothing.
func Tile(k, nr int, a, b, c []float32, ldc int, first bool) {
	a, b = a[:k*Rows], b[:k*nr]
	c = c[:(Rows-1)*ldc+nr]
	if !simd || k == 0 {
		tileGo(k, nr, a, b, c, ldc, first)
		return
	}
	switch nr {
	case Cols:
		fmaTile6x16(k, &a[0], &b[0], &c[0], 4*ldc, first)
	case Cols / 2:
		fmaTile6x8(k, &a[0], &b[0], &c[0], 4*ldc, first)
	default:
		tileGo(k, nr, a, b, c, ldc, first)
	}
}

func tileGo(k, nr int, a, b, c []float32, ldc int, first bool) {
	for r := range Rows {
		row := c[r*ldc:][:nr]
		if first {
			clear(row)
		}
		for i := range k {
			w := a[i*Rows+r]
			for j, v := range b[i*nr:][:nr] {
				row[j] = FMA(w, v, row[j])
			}
		}
	}
}

// Plane correlates a plane with the taps of one filter:
//
//	y[r*ystride+j] = sum over t of w[t] * x[r*xstride+j+off[t]]   for r < oh, j < ow
//
// each a chain of FMA from +0 in the order of t. off is in bytes (4 per element).
// Plane may also write up to Slack-1 elements past each row of y, in the order of
// rows, and read as many past the rows of x: the slices must have room for them.
func Plane(y []float32, oh, ow, ystride int, x []float32, xstride int, w []float32, off []int) {
	if oh <= 0 || ow <= 0 || len(off) == 0 {
		return
	}
	wide := (ow + Slack - 1) / Slack * Slack
	y = y[:(oh-1)*ystride+wide]
	w = w[:len(off)]
	for _, o := range off {
		_ = x[o/4:][:(oh-1)*xstride+wide]
	}
	if simd {
		fmaPlane(&y[0], oh, wide, 4*ystride, &x[0], 4*xstride, &w[0], &off[0], len(off))
		return
	}
	planeGo(y, oh, ow, ystride, x, xstride, w, off)
}

func planeGo(y []float32, oh, ow, ystride int, x []float32, xstride int, w []float32, off []int) {
	for r := range oh {
		row := y[r*ystride:][:ow]
		clear(row)
		for t, o := range off {
			for j, v := range x[r*xstride+o/4:][:ow] {
				row[j] = FMA(w[t], v, row[j])
			}
		}
	}
}

// Clamp is y[i] = min(max(x[i]+bias, lo), hi) + zero, where a NaN stays NaN; y may
// be x. If zero is -0, zeros keep their sign; if it is +0, all zeros become
// positive. A bias of -0 does not change x. lo and hi are not NaN.
func Clamp(y, x []float32, bias, lo, hi, zero float32) {
	x = x[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 7; n > 0 {
			avxClamp(&y[0], &x[0], n, bias, lo, hi, zero)
		}
	}
	for i := n; i < len(y); i++ {
		y[i] = clamp(x[i]+bias, lo, hi) + zero
	}
}

// clamp behaves like the instructions: of two equal numbers it gives the first argument.
func clamp(v, lo, hi float32) float32 {
	if v < lo {
		v = lo
	}
	if v > hi {
		v = hi
	}
	return v
}

// AddClamp is y[i] = min(max(a[i]+b[i], lo), hi) + zero; y may be a or b. See Clamp.
func AddClamp(y, a, b []float32, lo, hi, zero float32) {
	a, b = a[:len(y)], b[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 7; n > 0 {
			avxAddClamp(&y[0], &a[0], &b[0], n, lo, hi, zero)
		}
	}
	for i := n; i < len(y); i++ {
		y[i] = clamp(a[i]+b[i], lo, hi) + zero
	}
}

// Mul is y[i] = a[i]*b[i]; y may be a or b.
func Mul(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 7; n > 0 {
			avxMul(&y[0], &a[0], &b[0], n)
		}
	}
	for i := n; i < len(y); i++ {
		y[i] = a[i] * b[i]
	}
}

// Scale is y[i] = x[i]*s; y may be x.
func Scale(y, x []float32, s float32) {
	x = x[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 7; n > 0 {
			avxScale(&y[0], &x[0], n, s)
		}
	}
	for i := n; i < len(y); i++ {
		y[i] = x[i] * s
	}
}

// HardSwish is y[i] = v*min(max(v+3, 0), 6)/6 for v = x[i]+bias, in float64 and
// rounded once at the end; y may be x. A bias of -0 does not change x.
func HardSwish(y, x []float32, bias float32) {
	x = x[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 7; n > 0 {
			avxHardSwish(&y[0], &x[0], n, bias)
		}
	}
	for i := n; i < len(y); i++ {
		v := float64(x[i] + bias)
		y[i] = float32(float64(v*min(max(v+3, 0), 6)) / 6)
	}
}

// Threshold is y[i] = v, or +0 where |v| < tau, for v = x[i]+bias; y may be x. A bias
// of -0 does not change x.
func Threshold(y, x []float32, bias, tau float32) {
	x = x[:len(y)]
	n := 0
	if simd {
		if n = len(y) &^ 7; n > 0 {
			avxThreshold(&y[0], &x[0], n, bias, tau)
		}
	}
	for i := n; i < len(y); i++ {
		v := x[i] + bias
		if v < tau && v > -tau {
			v = 0
		}
		y[i] = v
	}
}

// Evens is y[i] = x[2*i].
func Evens(y, x []float32) {
	if len(y) == 0 {
		return
	}
	x = x[:2*len(y)-1]
	n := 0
	if simd {
		if n = len(x) / 2 &^ 7; n > 0 {
			avxEvens(&y[0], &x[0], n)
		}
	}
	for i := n; i < len(y); i++ {
		y[i] = x[2*i]
	}
}
