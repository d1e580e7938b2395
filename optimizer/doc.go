// Package optimizer chooses the hardware of a design.
//
// It takes an integer network, an estimator of each convolution's cycles (package sparsity has one, from
// measured zeros), a platform and the usable share of its resources. It gives a Design: the best rate (or
// latency) of its search space under all budgets at once, with a proven bound where the search was cut
// short, FIFO depths that are proved free of deadlock, costs, and reasons. A Design file is the single
// source of truth for codegen and hwsim. For large networks a rough model of the engines first reduces
// the search space, and the design says so. Costs are formulas, not synthesis results, and every report
// says so. It never evaluates the network, never reads a model and never emits code; the same input gives
// the same design.
package optimizer
