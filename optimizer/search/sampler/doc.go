// Package sampler proposes the points at which a black box is worth evaluating.
//
// It takes the number of a trial and the finished trials before it, and gives a
// point of the unit cube [0,1]^n. Every sampler is a pure function of (seed,
// number, history): a killed study continues as if it had not been killed, and
// the same batches give the same points for any number of workers. Equal
// arguments also give equal points on any machine: see portable.go.
//
// It never evaluates a point, never stores a trial, never reads a clock or a
// global random stream, and never changes the given history.
package sampler
