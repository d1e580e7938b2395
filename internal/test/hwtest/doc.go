// Package hwtest makes random but valid integer networks, hardware for them and images,
// for tests that compare back ends with the integer executor.
//
// It takes a seed or a *rand.Rand and gives the same case for the same seed. The networks
// are small and have many special cases: odd sizes, asymmetric pads, dilation, strides,
// formats that saturate, shifts with ties, long runs of zeros, FIFOs that are just deep enough.
// It evaluates nothing. Only tests import it.
package hwtest
