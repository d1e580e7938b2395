// Package fidelity compares the integer network with the float network, value by value.
//
// It takes a float graph, the Spec and the integer network made from it, and a few images. It gives a Report: the signal-to-noise
// ratio of every layer's output and of every output of the model, and the places where values lose range to a binary point that
// they share with larger ones: branches, channels, weights, whole tensors, outputs that are zero. Pruning does not count as a
// loss: the float network has the same thresholds. One image is in memory per worker, and sums are taken in the order of the
// images, so the report is the same for any number of workers.
//
// It never changes a format and never runs hardware. Package quant chooses the formats.
package fidelity
