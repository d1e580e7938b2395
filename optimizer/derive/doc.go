// Package derive computes what follows from a design's network and hardware: costs and totals, the cycles of layers that do not
// depend on data, latency, the clock, the prediction; and it reads designs, in which all of that must be as computed.
//
// It takes an expanded network, a platform and perhaps a user's calibration; it gives the fields of a design. The optimizer asks the
// same functions about choices before there is a design. It never chooses anything and never estimates zeros.
package derive
