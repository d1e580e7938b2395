// Package calibration holds what was measured of the modules of the RTL library and fitted to it, as files. It knows nothing of
// their meaning: package cost reads areas, package cost/delay clocks.
package calibration

import _ "embed"

// Routed are the modules that were placed and routed (package optimizer/cost/fit/pnr writes and reads them).
//
//go:embed xc7z010-1.csv
var Routed string

// RoutedNetworks are whole networks that were placed and routed, likewise.
//
//go:embed xc7z010-1-networks.csv
var RoutedNetworks string

// Delays are the coefficients of package optimizer/cost/delay, fitted to both.
//
//go:embed xc7z010-1.toml
var Delays string
