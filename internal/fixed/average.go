package fixed

// An average over n elements is, in integers,
//
//	Requant(RoundOff(sum * AvgMul(n, k), drop), k - drop + shift, ...)
//
// where shift is the binary point of the input minus that of the output.
//
// With half up, drop is 0 and the constant's error moves the result by at most an eighth of a unit at
// 16 bits (AvgScale). With half to even the result is exact: that of the quotient sum / (n *
// 2^shift). A tie must then be detected, but round(2^k/n) moves it to one side. So the product is
// first rounded to a grid that contains the ties (AvgExact).

// AvgScale is the binary scale k = 18 + ceil(log2 n) of an average over at most
// n elements. With it the error of AvgMul stays below 2^(b-19) units of a b-bit
// input: an eighth of a unit at 16 bits.
func AvgScale(n int) int { return 18 + CeilLog2(n) }

// AvgExact is the scale k and the number of places to drop with which averages of inputs of
// format in over any number of elements up to n are exact.
//
// Write L = ceil(log2 n), |x| <= 2^m, up = max(0, shift), down = max(0, -shift). Let v be the true quotient and p
// the product, both in units of the output, and G = k + shift - drop the places of the grid.
//
//   - |p - v| <= |sum| * 2^-(k+shift+1) <= 2^(L+m-k-shift-1) < 2^-(L+up+2) for k = 2L + m + 2 + down.
//   - A tie is on the grid, since G = L + up + 1 > 0, and p is less than half a step, 2^-(G+1) = 2^-(L+up+2),
//     away from it: it is rounded back to the tie.
//   - Any other v is at least 1 / (2n * 2^up) >= 2^-(L+up+1) away from all ties. Both roundings together
//     move it by less than 2^-(L+up+2) + 2^-(G+1) = 2^-(L+up+1): it stays on its side.
func AvgExact(n int, in Format, shift int) (k, drop int) {
	l, m := CeilLog2(n), in.Bits
	if in.Signed {
		m--
	}
	k = 2*l + m + 2 + max(0, -shift)
	return k, k + shift - (l + max(0, shift) + 1)
}

// AvgMul is round(2^k / n), the multiplier that divides a sum of n elements at
// scale k. n must be positive and k at most 61.
func AvgMul(n, k int) int64 {
	return (int64(1)<<k + int64(n)/2) / int64(n)
}

// RoundOff drops the lowest places of v, half up.
func RoundOff(v int64, places int) int64 {
	if places == 0 {
		return v
	}
	return HalfUp.shift(v, places)
}
