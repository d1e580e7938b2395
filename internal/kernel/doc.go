// Package kernel holds the inner loops of the two executors: matrix tiles,
// depthwise planes and element-wise passes in float32, and exact integer tiles.
//
// On amd64 processors with AVX2 and FMA they run in assembly that gen writes
// (build tag noasm omits it), elsewhere in Go. Both give the same bytes on
// every processor: each float32 sum is one chain of correctly rounded fused
// multiply-adds in the order of its terms, which the Go code computes with FMA.
// Integer sums are exact. No kernel splits a sum over vector lanes, so wider
// vectors would not change a result.
//
// The functions work on slices and check them once per call. They allocate
// nothing, know nothing of graphs or layers, and start no goroutines.
package kernel
