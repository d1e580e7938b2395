// Package recurrence estimates whether a synthesis tool can start an iteration of a loop in every clock cycle. It takes
// LLVM IR of emitted C++ in which all inner loops are unrolled, and gives the largest recurrence of each loop: the delay
// per iteration, in nanoseconds, of its slowest loop-carried dependence.
//
// The nodes of the graph are loop-carried values, the phis of a loop's header. An edge is the longest path from one of
// them to the next value of another, in delays that Vitis HLS 2021.2 reports for an xczu7ev-2. A path goes through
// operands, through the conditions under which a FIFO is read, and through the conditions that select a phi's value. The
// recurrence is the largest mean of the edges of a cycle. It is a rough estimate: expressions are not balanced, widths are
// those of C++, and dependences through memories are ignored. Only tests import the package; Project runs clang and LLVM's opt.
package recurrence
