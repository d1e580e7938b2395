// Package calibration holds, as files, the measurements of the modules of the RTL library and the coefficients fitted to them.
// It does not interpret them: package cost reads areas, package cost/delay clocks.
package calibration

import _ "embed"

// Routed is the file of modules that were placed and routed (package optimizer/cost/fit/pnr writes and reads it).
//
//go:embed xc7z010-1.csv
var Routed string

// RoutedNetworks is the file of whole networks that were placed and routed.
//
//go:embed xc7z010-1-networks.csv
var RoutedNetworks string

// Delays is the file of the coefficients of package optimizer/cost/delay, fitted to both.
//
//go:embed xc7z010-1.toml
var Delays string
