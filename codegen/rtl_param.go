package codegen

import (
	"fmt"

	"hass/internal/hw"
)

// num is an integer parameter.
func num(name string, v int) hw.Param { return hw.Param{Name: name, Value: fmt.Sprint(v)} }

// flagParam is a parameter that is 0 or 1.
func flagParam(name string, v bool) hw.Param {
	if v {
		return num(name, 1)
	}
	return num(name, 0)
}

// vector is a table of fields of the given bits (hw.Table).
func vector(name string, bits int, v []int64) hw.Param {
	return hw.Param{Name: name, Value: hw.Table{Bits: bits, Values: v}.Text()}
}
