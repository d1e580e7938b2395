// Package reduce shrinks a network on which two back ends differ to the smallest that still differs.
//
// It takes a case (integer network, hardware, FIFO depths, images) and a check that finds how a case differs,
// and gives the smallest case that it finds, as a folder of design, project, README and run.sh. It cuts the
// network at tensors, drops layers, outputs, images, channels, rows and taps, narrows the hardware and
// simplifies the values. Each candidate is a valid, newly built design, and its reference values are computed
// again, so a candidate never inherits an expectation. The order of candidates is fixed: equal inputs and an
// equal check give equal results. The checks are Backend.Check for the simulator, the C++ and the SystemVerilog.
// It never repairs anything and never changes the user's design.
package reduce
