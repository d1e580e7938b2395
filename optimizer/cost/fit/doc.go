// Package fit measures the modules of the RTL library: it runs yosys on a module with given parameters,
// reads the counts of LUTs, flip-flops, DSPs and memories, and fits the cost model's formulas to them.
//
// It takes points (a module and its parameters) or whole designs, and gives counts, coefficients and their
// errors. It decides nothing about a design: package optimizer/cost has the formulas.
package fit
