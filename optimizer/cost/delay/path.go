package delay

import (
	"hass/internal/fixed"
	"math/bits"
)

// feature is a physical part of a path's delay; a coefficient in nanoseconds stands for each.
type feature int

const (
	base     feature = iota // clock to output, one net, setup
	levels                  // LUTs that the path runs through, each with the net behind it
	chains                  // carry chains that it enters
	carries                 // CARRY4 that it runs through
	fanout                  // log2 of the cells that the busiest signal of the path drives
	products                // begins in a DSP
	factors                 // ends in a DSP
	blocks                  // begins in a block RAM
	rams                    // ends at the write port of LUT RAM
	spread                  // square root of the module's size in hundreds of LUTs and registers: the side of its area
	features
)

// none is no feature: a path begins in a register.
const none feature = -1

// featureNames are the names of the file of coefficients.
var featureNames = [features]string{"base", "level", "chain", "carry4", "log2_fanout", "dsp_out", "dsp_in", "block_ram", "lut_ram", "sqrt_size"}

// Features names the parts of a path's delay in the order of Path.
func Features() []string { return featureNames[:] }

// Path is a path from register to register: what the coefficients multiply.
type Path [features]float64

// maxPaths bounds the paths of a module that may be its slowest.
const maxPaths = 32

// Paths are the paths of a module of which one is the slowest.
type Paths struct {
	Kind int // index of Kinds
	N    int
	List [maxPaths]Path
	size float64 // LUTs and registers, roughly
}

// path is a path in the making.
type path struct{ Path }

// via is a path through so many LUTs.
func via(n int) (p path) {
	p.Path[base], p.Path[levels] = 1, float64(n)
	return p
}

// adder is the path's way through an adder, or a comparison, of so many bits. Yosys makes LUTs of the narrowest.
func (p path) adder(width int) path {
	if width <= 3 {
		p.Path[levels] += float64(lutLevels(2 * width))
		return p
	}
	p.Path[chains]++
	p.Path[carries] += float64(fixed.CeilDiv(width, 4))
	return p
}

// drives is the number of cells that the busiest signal of the path has at its end.
func (p path) drives(cells int) path {
	p.Path[fanout] = max(p.Path[fanout], log2of(cells))
	return p
}

// with is the path with a feature once more.
func (p path) with(f feature) path {
	if f != none {
		p.Path[f]++
	}
	return p
}

// add takes up paths.
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
	// Linear between powers of two: close enough, and quick.
	k := bits.Len(uint(n)) - 1
	return float64(k) + float64(n)/float64(int(1)<<k) - 1
}

// lutLevels is the depth of LUTs for a function of so many inputs that is a tree.
func lutLevels(inputs int) int {
	n := 0
	for inputs > 1 {
		inputs = fixed.CeilDiv(inputs, 6)
		n++
	}
	return n
}

// muxLevels is the depth of LUTs of a multiplexer: four inputs a LUT.
func muxLevels(inputs int) int {
	n := 0
	for inputs > 1 {
		inputs = fixed.CeilDiv(inputs, 4)
		n++
	}
	return n
}

// tableLevels is the depth of LUTs of a table of constants.
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
