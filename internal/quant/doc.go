// Package quant decides the integer network: which layers the hardware has, and
// the width and binary point of every value and weight.
//
// It takes a float graph that frontend has lowered and the statistics of its
// values over calibration images. Calibrate gives a Spec, the record of all
// decisions, which is stored in the Profile; Lower turns graph and Spec into an
// intnet.Net. Widths and thresholds come from small TOML files. Statistics are
// counts, minima and maxima, and sums are added in a fixed order. So the same images
// give the same Spec on any machine, for any number of workers.
//
// It never changes the given graph, never trains, and never accepts an operator
// that the integer network cannot compute exactly as defined.
package quant
