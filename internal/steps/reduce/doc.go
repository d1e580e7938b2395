// Package reduce shrinks a network on which two back ends differ to the smallest that still differs.
//
// It takes a case (integer network, hardware, FIFO depths, images) and a check that says how a case differs, and
// gives the smallest case that it finds, as a folder of design, project, README and run.sh. It cuts the
// network at tensors, drops layers, outputs, images, channels, rows and taps, makes the hardware narrow and the
// values plain. Each candidate is a valid design that is made anew; the reference values are computed anew
// as well, so a candidate never inherits an expectation. The order of candidates is fixed: equal inputs and an
// equal check give equal results. Checks are Backend.Check for the simulator, the C++ and the SystemVerilog.
// It never repairs anything and never changes the user's design.
package reduce
