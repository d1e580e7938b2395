//go:build !amd64 || noasm

package kernel

// simd is false: this build has no assembly, and the compiler removes the calls of
// the functions below.
const simd = false

// Enable changes nothing in this build.
func Enable(bool) (before bool) { return false }

func fmaTile6x16(k int, a, b, c *float32, ldc int, first bool) {}

func fmaTile6x8(k int, a, b, c *float32, ldc int, first bool) {}

func fmaPlane(y *float32, oh, ow, ystride int, x *float32, xstride int, w *float32, off *int, taps int) {
}

func avxClamp(y, x *float32, n int, bias, lo, hi, zero float32) {}

func avxAddClamp(y, a, b *float32, n int, lo, hi, zero float32) {}

func avxMul(y, a, b *float32, n int) {}

func avxScale(y, x *float32, n int, s float32) {}

func avxHardSwish(y, x *float32, n int, bias float32) {}

func avxEvens(y, x *float32, n int) {}

func avxIntTile(acc *int64, x *int16, base *int, w *int16, runs *int, n int) {}

func avxIntTaps(acc *int64, pixels int, x *int16, step int, off *int, w *int16, runs *int, n int) {}

func avxRequant16(y *int32, stride, rows int, acc, half, shift *int64, lo, hi, limit int64) bool {
	return false
}

func avxRequant16Ties(y *int32, stride, rows int, acc, half, shift, ties *int64, lo, hi, limit int64) bool {
	return false
}

func avxNarrow(y *int16, x *int32, n int, tau, sub int32) {}

func avxThreshold(y, x *float32, n int, bias, tau float32) {}
