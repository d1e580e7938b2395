// Package sampler proposes the points at which a black box is worth evaluating.
//
// It takes the number of a trial and the finished trials before it, and gives a
// point of the unit cube [0,1]^n. Every sampler is a pure function of (seed,
// number, history): a study that was killed goes on as if it had not been, and
// the same batches give the same points for any number of workers. Equal
// arguments give equal points on any machine, too: see portable.go.
//
// It never evaluates a point, never stores a trial, never reads a clock or a
// global random stream, and never changes the history that it is given.
package sampler
