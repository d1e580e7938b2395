package fixed

import "math/bits"

// CeilDiv is a / b rounded up, for a >= 0 and b > 0.
func CeilDiv[T int | int64](a, b T) T { return (a + b - 1) / b }

// CeilLog2 is log2(n) rounded up: the bits of an index of n values, and the levels of a tree of n. It is 0 for n below 2.
func CeilLog2(n int) int { return bits.Len(uint(max(n, 1) - 1)) }
