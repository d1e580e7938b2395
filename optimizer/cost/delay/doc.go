// Package delay models the clocks of the modules of the RTL library after place and route.
//
// It takes the typed parameters of a module and gives the delay of its slowest path on xc7z010-1, in nanoseconds. It also takes a network of
// modules with its resource use and gives its clock, with a range. The coefficients are fitted to modules that were placed and routed
// (package optimizer/cost/fit/pnr). It runs no tool and never looks at a design's values.
package delay
