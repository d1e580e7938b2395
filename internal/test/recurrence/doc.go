// Package recurrence estimates whether a synthesis tool can start an iteration of a loop in every clock cycle. It takes
// LLVM IR of emitted C++ in which all inner loops are unrolled, and gives the largest recurrence of each loop: the most
// nanoseconds an iteration that values need which go from iteration to iteration.
//
// Nodes are the values that a loop carries, its header's phis. An edge is the longest path from one to what another becomes, in
// delays that Vitis HLS 2021.2 reports for an xczu7ev-2; a path goes through operands, through the conditions under
// which a FIFO is read and through those which choose a phi's value. The recurrence is the largest mean of the
// edges of a cycle. It is rough: nothing is balanced, widths are those of C++, and what goes through a memory is
// not seen. It never runs a tool; it is imported by tests only.
package recurrence
