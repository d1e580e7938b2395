package delay

import (
	"hass/internal/fixed"
	"math/bits"
)

// feature is a physical part of a path's delay; each has a coefficient in nanoseconds.
type feature int

const (
	base     feature = iota // clock to output, one net, setup
	levels                  // LUTs on the path, each with the net behind it
	chains                  // carry chains on the path
	carries                 // CARRY4s on the path
	fanout                  // log2 of the cells that the busiest signal of the path drives
	products                // starts in a DSP
	factors                 // ends in a DSP
	blocks                  // starts in a block RAM
	rams                    // ends at the write port of LUT RAM
	spread                  // square root of the module's size in hundreds of LUTs and registers: the side of its area
	features
)

// none means that a path starts in a register.
const none feature = -1

// featureNames are the names in the file of coefficients.
var featureNames = [features]string{"base", "level", "chain", "carry4", "log2_fanout", "dsp_out", "dsp_in", "block_ram", "lut_ram", "sqrt_size"}

// Features names the parts of a path's delay in the order of Path.
func Features() []string { return featureNames[:] }

// Path is a path from register to register, as the numbers of its features, which the coefficients
// multiply.
type Path [features]float64

// maxPaths bounds the number of paths of a module that may be its slowest.
const maxPaths = 32

// Paths are the paths of a module that may be its slowest.
type Paths struct {
	Kind int // index of Kinds
	N    int
	List [maxPaths]Path
	size float64 // approximate LUTs and registers
}

// path is a path under construction.
type path struct{ Path }

// via is a path through n LUTs.
func via(n int) (p path) {
	p.Path[base], p.Path[levels] = 1, float64(n)
	return p
}

// adder extends the path by an adder or a comparison of width bits. Yosys makes the narrowest of
// LUTs.
func (p path) adder(width int) path {
	if width <= 3 {
		p.Path[levels] += float64(lutLevels(2 * width))
		return p
	}
	p.Path[chains]++
	p.Path[carries] += float64(fixed.CeilDiv(width, 4))
	return p
}

// drives sets the number of cells that the busiest signal of the path drives at its end.
func (p path) drives(cells int) path {
	p.Path[fanout] = max(p.Path[fanout], log2of(cells))
	return p
}

// with adds a feature to the path.
func (p path) with(f feature) path {
	if f != none {
		p.Path[f]++
	}
	return p
}

// add adds paths to the module.
func (s *Paths) add(list ...path) {
	for i := range list {
		s.List[s.N] = list[i].Path
		s.N++
	}
}

// log2of is log2 of a number, 0 below 1.
func log2of(n int) float64 {
	if n < 1 {
		return 0
	}
	// Linear between powers of two, which is accurate enough and fast.
	k := bits.Len(uint(n)) - 1
	return float64(k) + float64(n)/float64(int(1)<<k) - 1
}

// lutLevels is the depth in LUTs of a tree function with the given number of inputs.
func lutLevels(inputs int) int {
	n := 0
	for inputs > 1 {
		inputs = fixed.CeilDiv(inputs, 6)
		n++
	}
	return n
}

// muxLevels is the depth in LUTs of a multiplexer: four inputs per LUT.
func muxLevels(inputs int) int {
	n := 0
	for inputs > 1 {
		inputs = fixed.CeilDiv(inputs, 4)
		n++
	}
	return n
}

// tableLevels is the depth in LUTs of a table of constants.
func tableLevels(entries int) int {
	if entries < 2 {
		return 0
	}
	return 1 + muxLevels(fixed.CeilDiv(entries, 64))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
