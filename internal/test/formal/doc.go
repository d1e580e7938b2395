// Package formal proves the modules that every stream of the RTL goes through (hass_fifo,
// hass_iterate, hass_fork, hass_convert) for all inputs, up to some cycles after reset.
//
// It takes the sources in templates/rtl and, for each, a wrapper *_check.sv here. A wrapper
// has the permitted inputs (assume), the required behaviour in every cycle (assert), and
// states that must be reachable (cover), so that no proof holds because nothing happens.
// stream_rules.sv is the contract of a stream: assumed by one side, asserted by the other.
// The test runs yosys, yosys-smtbmc and z3, and gives a trace if a proof fails. Each assertion
// must fail for some mutant of the source, which is a textual edit.
//
// It proves nothing for longer runs, other parameters or whole networks; simulation of the
// RTL covers these. It never changes a source; nothing imports it.
package formal
