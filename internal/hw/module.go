package hw

import (
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"

	"hass/internal/fixed"
	"hass/internal/intnet"
	"hass/internal/memory"
)

// Module is the typed parameters of one instance of a module of the RTL library: a struct with a field
// for each parameter, in the order of the module's parameter list. The field's tag
//
//	rtl:"NAME"
//
// gives the parameter's name in SystemVerilog. `rtl:"NAME,omitempty"` leaves a zero value to the module's default.
// Cost models price the struct, codegen prints it, the synthesis sweep varies it. The text is never parsed back.
type Module interface {
	// ModuleName is the module's name, as in hass_fifo.
	ModuleName() string
}

// Param is a parameter of an instance; Value is SystemVerilog text.
type Param struct{ Name, Value string }

// rtlLister is a module that prints its parameters itself.
type rtlLister interface{ RTLParams() []Param }

// intParam is an integer parameter.
func intParam(name string, v int) Param { return Param{name, strconv.Itoa(v)} }

// Sized is a signed integer of a stated width in bits.
type Sized struct {
	Bits  int
	Value int64
}

// Wide is an integer of 64 bits.
type Wide int64

// Table is a table of constants as one flat vector of fields of Bits bits, the first lowest. Negative values are
// in two's complement.
type Table struct {
	Bits   int
	Values []int64
}

// Params prints the parameters of an instance for SystemVerilog.
func Params(m Module) []Param {
	if l, ok := m.(rtlLister); ok {
		return l.RTLParams()
	}
	return tagged(reflect.ValueOf(m), "rtl")
}

// HLSParams prints the parameters that are plain constants in the C++ configuration of the module: the fields tagged
// hls:"NAME".
func HLSParams(m Module) []Param { return tagged(reflect.ValueOf(m), "hls") }

// tagged prints the fields of a struct that have a tag of the given key, including those of embedded structs. For an
// embedded pointer that is nil the parameters keep the module's defaults.
func tagged(v reflect.Value, key string) []Param {
	t := v.Type()
	var list []Param
	for i := range t.NumField() {
		f := v.Field(i)
		if t.Field(i).Anonymous {
			if f.Kind() == reflect.Pointer {
				if f.IsNil() {
					continue
				}
				f = f.Elem()
			}
			list = append(list, tagged(f, key)...)
			continue
		}
		name, option, _ := strings.Cut(t.Field(i).Tag.Get(key), ",")
		if name == "" || option == "omitempty" && f.IsZero() {
			continue
		}
		if a, ok := f.Interface().(Axis); ok {
			list = append(list, axisParams(name, a)...)
			continue
		}
		list = append(list, Param{name, paramText(f)})
	}
	return list
}

// paramText formats a value for SystemVerilog.
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
	case Wide:
		return fmt.Sprintf("64'h%x", uint64(x))
	case Table:
		return x.Text()
	case memory.Kind: // 0: LUT RAM, 1: block RAM, 2: ultra RAM
		return strconv.Itoa(max(0, int(x)-int(memory.LUTRAM)))
	case fixed.Rounding: // 0: half up, 1: half to even
		return strconv.Itoa(int(x) - int(fixed.HalfUp))
	}
	if v.CanInt() { // integers and enumerations, numbered as in SystemVerilog
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

// Module gives the parameters of process i.
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
	l, hl := &n.Net.Layers[p.Layer], n.Layers[p.Layer]
	switch p.Kind {
	case Engine:
		e := EngineOf(n.Net, l, hl)
		e.Queue = n.Streams[p.In[0]].Depth
		return e
	case ScheduledProc:
		return n.ScheduledModule(p.Layer)
	case Collect:
		return n.CollectModule(p.Layer)
	case Join:
		return JoinOf(n.Net, l, hl)
	case Pool:
		return PoolOf(n.Net, l, hl)
	}
	return LayerModule(n.Net, l, hl)
}

// LayerModule gives the parameters of the only module of a layer, under its hardware choices. Convolutions have several
// modules.
func LayerModule(net *intnet.Net, l *intnet.Layer, hl Layer) Module {
	switch l.Kind {
	case intnet.KindGlobalPool:
		return GlobalPoolOf(net, l, hl)
	case intnet.KindAdd:
		return AddOf(net, l, hl)
	case intnet.KindMul:
		return MulOf(net, l, hl)
	case intnet.KindRequant:
		return RequantOf(net, l, hl)
	case intnet.KindActivation:
		return ActivationOf(net, l, hl)
	case intnet.KindConcat:
		return ConcatOf(net, l, hl)
	}
	if m := moveOf(l.Kind); m != nil {
		return m.of(net, l, hl)
	}
	panic("hw: no module of a layer of kind " + string(l.Kind)) // Expand creates no other kind
}

// FIFOMemory is the memory of the FIFO of stream i.
func (n *Network) FIFOMemory(i int) memory.Kind {
	s := &n.Streams[i]
	if s.Memory != memory.None {
		return s.Memory
	}
	width, lag := n.fifoShape(s)
	return memory.ForFIFO(width, s.Depth+lag)
}

// fifoShape is the width of a FIFO's words and the number of words that may have been read but not popped. An engine that skips
// zeros gets the flags separately, as they are written, and needs a token's values some cycles after it has read the token.
func (n *Network) fifoShape(s *Stream) (width, lag int) {
	if to := &n.Processes[s.To]; to.Kind == Engine {
		return s.Width(), n.Layers[to.Layer].lanes().lag
	}
	return s.TokenBits(), 0
}

// FIFO gives the parameters of the FIFO of stream i.
func (n *Network) FIFO(i int) FIFOParams {
	s := &n.Streams[i]
	width, lag := n.fifoShape(s)
	return FIFOParams{Width: width, Depth: s.Depth, Block: n.FIFOMemory(i) == memory.BRAM, Lag: lag}
}
