// Package pnr measures the clock of modules of the RTL library. yosys maps a module in a wrapper without pins to xc7z010, the user's
// own place-and-route program (nextpnr-himbaechel with a chip database) places and routes it, and its report gives the clock.
//
// It takes points (a module and its parameters) or the sources of a whole design, and gives lines of a data file: area, clock, and the
// ends of the slowest path. Like package optimizer/cost/fit, which counts LUTs, it is a separate tool, not part of hass. It never
// fetches or builds the place-and-route program, and holds none of its data.
package pnr
