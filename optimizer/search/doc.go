// Package search finds pruning thresholds and hardware together.
//
// It takes a model, calibration images and a platform. A trial is one choice of a weight and an activation threshold
// per convolution: the integer network is pruned and run on the calibration images, its zeros are counted, and the
// optimizer rates the hardware that they allow. Points come from a sampler (package sampler, or Allocator, which uses
// the hardware model and sensitivity curves); results go to a study (package study) that any number of workers share.
//
// A recorded accuracy is over all images unless the trial was stopped early, and then the record says so. The
// search uses calibration images only; the front is measured on other images at the end. The package never
// changes how a design is made: the chosen trial becomes an ordinary thresholds file for profile and optimize.
package search
