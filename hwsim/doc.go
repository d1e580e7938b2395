// Package hwsim simulates the hardware of a design: values and time.
//
// It takes an expanded network of processes (package hw) and quantised NHWC
// images, and gives the output tensors, the cycle of every image's first and
// last word, what every process did with its cycles, the high-water mark of
// every FIFO and how much of the zeros the engines really skipped. A network
// that cannot move is a *hw.Deadlock.
//
// Values come from the tokens that the processes move through bounded FIFOs:
// the line buffers store what was accepted, the engines multiply what they
// read with their own slice of the weights. Time follows docs/hardware.md: the
// instants of a process's reads and writes are max-plus recurrences over the
// instants of its neighbours, so a cycle in which nothing happens costs nothing.
// The order of reads and writes is package hw's (Network.NewSchedule).
//
// It never calls the integer executor, and it never estimates.
package hwsim
