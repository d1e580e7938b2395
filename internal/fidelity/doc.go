// Package fidelity measures what the integer network keeps of the float network, value by value.
//
// It takes a float graph, the Spec and the integer network made of it, and a few images. It gives a Report: signal to noise of
// what every layer makes and of every output, and the places where values lose their range to a binary point that they share
// with larger ones: branches, channels, weights, whole tensors, outputs that are zero. Pruning is not a loss: the float network
// has the same thresholds. One image is in memory per worker, and sums are taken in the order of the images, so the report is the
// same for any number of workers.
//
// It never changes a format and never runs hardware. Which formats to choose is package quant's.
package fidelity
