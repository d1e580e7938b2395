// Package live shows that a network of processes never stops moving, and finds the least FIFO depths with which it does not.
//
// It takes a network of package hw and runs tokens through it without time: order and number of reads and writes depend on
// shapes alone. It gives a proof, a depth, or a Deadlock that names the cycle of waiting processes and the FIFO to
// enlarge. It never looks at values or cycles.
package live
