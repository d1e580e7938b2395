// Package hwtest makes random but valid integer networks, hardware for them and images,
// for tests that compare back ends with the integer executor.
//
// It takes a seed or a *rand.Rand and gives the same case for the same seed. The
// networks are small and mean to be nasty: odd sizes, asymmetric pads, dilation, strides,
// formats that saturate, shifts that meet ties, zeros in long runs, FIFOs barely deep enough.
// It evaluates nothing, and it is imported by tests only.
package hwtest
