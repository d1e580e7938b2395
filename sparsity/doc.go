// Package sparsity measures the zeros that a network meets on calibration data.
//
// It takes a float graph and a data set, fixes binary points (package quant),
// runs the integer network over every image and gives a Profile: densities of
// weights, activations and useful pairs per layer and channel, curves of density
// against threshold, and two side files: bitmaps of zeros for a sample of images
// and quantised images for test vectors. From the bitmaps an Estimator gives the
// cycles that a convolution's engines need under any hardware choice, with a
// confidence interval.
//
// Densities are exact counts over all images and the same for any number of
// workers. The package never decides hardware (package optimizer), never
// simulates a network of layers (package hwsim) and never changes a graph.
package sparsity
