// Package vcd writes what the streams of a design do, cycle by cycle, as a value change dump for GTKWave.
//
// It takes a network and the events and tokens of a run of hwsim, and gives the signals that the generated RTL's FIFOs have in
// the same cycles, under the same names: room, issue and push on the writer's side; valid, out, read and pop on the reader's. Nothing is
// simulated again: the signals follow from the instants of reads and writes by the rules of hass_fifo. Of the RTL's signals of a FIFO
// only "in" is missing, which means nothing unless push is 1, and is then the token that is at out later.
package vcd
