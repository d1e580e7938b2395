package hw

import (
	"fmt"
	"math/big"
	"reflect"
	"strings"
)

// Module is the typed parameters of one instance of a module of the RTL library. It is a struct with a
// field for each parameter, in the order of the module's parameter list; the field's tag
//
//	rtl:"NAME"
//
// gives the name that SystemVerilog has for it. `rtl:"NAME,omitempty"` leaves a zero value to the module's default.
// Cost models price the struct, codegen prints it, the synthesis sweep varies it. Nobody parses the text back.
type Module interface {
	// ModuleName is the module's name, as in hass_fifo.
	ModuleName() string
}

// Param is a parameter of an instance; Value is SystemVerilog text.
type Param struct{ Name, Value string }

// Sized is an integer of a stated width in bits, which is signed.
type Sized struct {
	Bits  int
	Value int64
}

// Table is a table of constants as one flat vector of fields of Bits bits, the first lowest. Negative values stand
// in two's complement.
type Table struct {
	Bits   int
	Values []int64
}

// Params prints the parameters of an instance for SystemVerilog.
func Params(m Module) []Param { return tagged(m, "rtl") }

// HLSParams prints the parameters that the C++ configuration of the module has as plain constants: the fields tagged
// hls:"NAME".
func HLSParams(m Module) []Param { return tagged(m, "hls") }

// tagged prints the fields that have a tag of the given key.
func tagged(m Module, key string) []Param {
	v := reflect.ValueOf(m)
	t := v.Type()
	var list []Param
	for i := range t.NumField() {
		name, option, _ := strings.Cut(t.Field(i).Tag.Get(key), ",")
		if name == "" || option == "omitempty" && v.Field(i).IsZero() {
			continue
		}
		list = append(list, Param{name, paramText(v.Field(i))})
	}
	return list
}

// paramText is a value as SystemVerilog.
func paramText(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case bool:
		if x {
			return "1"
		}
		return "0"
	case Sized:
		if x.Value < 0 {
			return fmt.Sprintf("-%d'sd%d", x.Bits, -x.Value)
		}
		return fmt.Sprintf("%d'sd%d", x.Bits, x.Value)
	case Table:
		return x.Text()
	}
	if v.CanInt() { // integers and enumerations, which count as SystemVerilog does
		return fmt.Sprint(v.Int())
	}
	panic(fmt.Sprintf("hw: a parameter cannot be %v", v.Type()))
}

// Text is the vector as SystemVerilog.
func (t Table) Text() string {
	sum := new(big.Int)
	mask := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(t.Bits)), big.NewInt(1))
	for i := len(t.Values) - 1; i >= 0; i-- {
		field := new(big.Int).And(big.NewInt(t.Values[i]), mask)
		sum.Lsh(sum, uint(t.Bits)).Or(sum, field)
	}
	return fmt.Sprintf("%d'h%x", t.Bits*len(t.Values), sum)
}

// Module gives the parameters of process i, of the kinds whose parameters are typed; nil for others.
func (n *Network) Module(i int) Module {
	p := &n.Processes[i]
	switch p.Kind {
	case Source:
		return n.sourceParams(p)
	case Sink:
		return n.sinkParams(p)
	case Fork:
		return n.forkParams(p)
	case Convert:
		return n.convertParams(p)
	case WindowProc:
		return n.windowParams(p)
	}
	return nil
}
