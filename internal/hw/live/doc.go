// Package live proves that a network of processes never stops, and finds the least FIFO depths for which this is true.
//
// It takes a network of package hw and runs tokens through it without time, because the order and number of reads and
// writes depend on shapes alone. It gives a proof, a depth, or a Deadlock that names the cycle of waiting processes and
// the FIFO to enlarge. It never looks at values or cycles.
package live
