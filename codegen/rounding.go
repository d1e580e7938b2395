package codegen

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// roundings are the names that both targets give a rounding.
var roundings = map[fixed.Rounding]struct {
	hls string // hass::rounding
	rtl int    // parameter ROUNDING
}{
	fixed.HalfUp:   {"HALF_UP", 0},
	fixed.HalfEven: {"HALF_EVEN", 1},
}

// roundingOf is a layer's rounding; a module that can round but takes maxima here
// is given half up.
func roundingOf(l *intnet.Layer) fixed.Rounding {
	if !l.Requantises() {
		return fixed.HalfUp
	}
	return l.Rounding
}

// roundingParam is the parameter of the modules that round.
func roundingParam(l *intnet.Layer) hw.Param { return num("ROUNDING", roundings[roundingOf(l)].rtl) }
