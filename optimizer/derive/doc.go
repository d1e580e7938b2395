// Package derive computes the fields that follow from a design's network and hardware: costs and totals, the cycles of layers
// that do not depend on data, latency, the clock, the prediction. It also reads designs and checks these fields.
//
// It takes an expanded network, a platform and optionally a user's calibration; it gives the fields of a design. The optimizer calls
// the same functions for hardware choices before there is a design. It never chooses anything and never estimates zeros.
package derive
