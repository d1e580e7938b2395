// Package memory says how a memory of a width and a depth maps to the primitives of AMD devices: distributed RAM,
// block RAM, UltraRAM, and the multiplexers between their rows.
//
// It takes widths in bits and depths in words; it gives counts of LUTs, flip-flops and blocks, and the rules by which a
// buffer or a FIFO is put in one or the other. It knows no network and no module. The rules are those of
// AMD's 7 series and UltraScale memory resource guides (UG473, UG573) and CLB guides (UG474, UG574); the
// mapping is checked against yosys (optimizer/cost/fit).
package memory

import (
	"fmt"
	"hass/internal/fixed"
	"math"
	"math/bits"
)

// Kind is the primitive of which a memory is made.
type Kind uint8

// The kinds of memory. None is that of something that has no memory.
const (
	None   Kind = iota
	LUTRAM      // distributed RAM
	BRAM        // block RAM
	URAM        // UltraRAM
)

// Kinds lists every kind but None.
var Kinds = []Kind{LUTRAM, BRAM, URAM}

var kindNames = [...]string{None: "none", LUTRAM: "lutram", BRAM: "bram", URAM: "uram"}

// String is the name of k in files: lutram, bram or uram; "none" for no memory.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("memory(%d)", uint8(k))
}

// MarshalText gives the name of k; no memory is an error.
func (k Kind) MarshalText() ([]byte, error) {
	if k == None || int(k) >= len(kindNames) {
		return nil, fmt.Errorf("memory %d has no name", uint8(k))
	}
	return []byte(kindNames[k]), nil
}

// UnmarshalText reads the name of a kind.
func (k *Kind) UnmarshalText(text []byte) error {
	for _, known := range Kinds {
		if string(text) == known.String() {
			*k = known
			return nil
		}
	}
	return fmt.Errorf("memory %.40q; want lutram, bram or uram", text)
}

// The device families, by the names that platforms have for them.
const (
	Series7        = "7series"
	UltraScalePlus = "ultrascale+"
	Versal         = "versal"
)

// wideLUTRAM tells whether eight LUTs of a family hold 64 x 7 or 32 x 14.
func wideLUTRAM(family string) bool { return family == UltraScalePlus || family == Versal }

// The mapping is that of yosys' memory_libmap: all columns of a memory have one shape; the rest of a width is
// filled up to whole bytes of the memory, and rows that are narrower share a block. (Vivado would mix
// shapes where that saves a block, and packs no rows.) A row more costs a multiplexer at half a LUT a bit, as
// memory_libmap weighs it.

// bramBlocks are the kinds of block: 18 Kb, 36 Kb and two of those in cascade, with the log2 of their depth at one bit and
// memory_libmap's cost.
var bramBlocks = [...]struct{ halves, address, widest, cost int }{
	{1, 14, 36, 129}, {2, 15, 72, 257}, {4, 16, 9, 513},
}

// bramWidths are the widths of a port, each of half the depth of the one before.
var bramWidths = [...]int{1, 2, 4, 9, 18, 36, 72}

// bramMap gives the 18 Kb blocks of a memory and its number of rows of blocks. byteBits is the unit to which the
// width is filled up: 9, or 1 for a memory that is not written. ports of at most widest bits are used.
func bramMap(width, depth, byteBits, widest int) (halves, rows int) {
	best := 0.0
	for _, b := range bramBlocks {
		for i, w := range bramWidths {
			if w > b.widest || w > widest*b.halves {
				break
			}
			n := fixed.CeilDiv(depth, 1<<(b.address-i))
			fill := min(byteBits, w)
			count := fixed.CeilDiv(n*fixed.CeilDiv(width, fill)*fill, w)
			cost := float64(b.cost*count) + 0.5*float64((n-1)*width)
			if n > 1 && byteBits > 1 {
				cost += 0.5 * float64(n)
			}
			if halves == 0 || cost < best {
				halves, rows, best = b.halves*count, n, math.Floor(cost)
			}
		}
	}
	return halves, rows
}

// BRAMCount is the number of 18 Kb blocks that make a memory of the given width in bits and depth in words, with
// one write and one read port.
func BRAMCount(width, depth int) int {
	if width <= 0 || depth <= 0 {
		return 0
	}
	n, _ := bramMap(width, depth, 9, 36)
	return n
}

// ROMCount is the number of 18 Kb blocks of a table of constants with one or two readers; two halve the
// width of a port.
func ROMCount(width, depth, readers int) int {
	if width <= 0 || depth <= 0 {
		return 0
	}
	n, _ := bramMap(width, depth, 1, 36/readers)
	return n
}

// uramMap gives the 288 Kb UltraRAM blocks, all of shape 4096 x 72 with bytes of 8 or 9 bits, of a memory, and its rows.
func uramMap(width, depth int) (blocks, rows int) {
	rows = fixed.CeilDiv(depth, 4096)
	return fixed.CeilDiv(rows*min(fixed.CeilDiv(width, 8)*8, fixed.CeilDiv(width, 9)*9), 72), rows
}

// lutramMap is the number of LUTs of a distributed RAM with a write and a read address, and its rows: four LUTs
// hold 64 x 3 or 32 x 6. UltraScale+ and Versal have eight for 64 x 7 or 32 x 14 besides.
func lutramMap(width, depth int, family string) (luts, rows int) {
	if depth <= 32 && !wideLUTRAM(family) {
		return 4 * fixed.CeilDiv(width, 6), 1
	}
	n5, n6 := fixed.CeilDiv(depth, 32), fixed.CeilDiv(depth, 64)
	deep := 4 * fixed.CeilDiv(width, 3)
	flat := 4 * fixed.CeilDiv(width, 6)
	if wideLUTRAM(family) {
		deep, flat = min(deep, 8*fixed.CeilDiv(width, 7)), min(flat, 8*fixed.CeilDiv(width, 14))
	}
	cost := func(n, units, per int) float64 {
		c := float64(n*units) + 7*float64(n*width)/float64(per) + 0.5*float64((n-1)*width)
		if n > 1 {
			c += 0.5 * float64(n)
		}
		return c
	}
	if cost(n5, fixed.CeilDiv(width, 6), 6) <= cost(n6, fixed.CeilDiv(width, 3), 3) {
		return n5 * flat, n5
	}
	return n6 * deep, n6
}

// Shape is a memory with one write and one read port whose word comes a cycle after its address (hass_ram,
// hass_fifo).
type Shape struct {
	Width, Depth int // bits, words
	Kind         Kind
}

// Use is what a memory takes of a device. LUTs that are memory are counted in LUT and in LUTRAM.
type Use struct{ LUT, LUTRAM, FF, BRAM18, URAM int }

// Use is what the memory takes, with what chooses between its rows.
func (s Shape) Use(family string) (u Use) {
	rows := 1
	switch s.Kind {
	case BRAM:
		u.BRAM18, rows = bramMap(s.Width, s.Depth, 9, 36)
		u.FF = bits.Len(uint(rows - 1))
	case URAM:
		u.URAM, rows = uramMap(s.Width, s.Depth)
		u.FF = bits.Len(uint(rows - 1))
	case LUTRAM:
		if s.Depth == 1 {
			return Use{FF: 2 * s.Width}
		}
		u.LUTRAM, rows = lutramMap(s.Width, s.Depth, family)
		u.LUT, u.FF = u.LUTRAM, s.Width
	default:
		panic("memory: no use of a memory of kind " + s.Kind.String())
	}
	if rows > 1 {
		u.LUT += s.Width*MuxLUTs(rows) + rows
	}
	return u
}

// MuxLUTs is the number of 6-input LUTs a bit of an n:1 mux takes, as a tree of 4:1 muxes.
func MuxLUTs(n int) int {
	if n <= 1 {
		return 0
	}
	return fixed.CeilDiv(n-1, 3)
}

// lutsPerBlock is the price at which LUTs are given for an 18 Kb block in buffers and
// FIFOs: devices have 150 to 300 usable LUTs a block, and most designs need
// the LUTs more.
const lutsPerBlock = 100

// inLUTs says whether a memory of LUTs costs less than the blocks of one of the given depth.
func (s Shape) inLUTs(depth int) bool {
	luts := s.Use(Series7).LUT
	return luts <= lutsPerBlock || luts <= lutsPerBlock*BRAMCount(s.Width, depth)
}

// ForBuffer is the kind of memory of a line buffer's bank, or another buffer, of the given width in bits and depth
// in words: LUTRAM or BRAM, whichever costs less.
func ForBuffer(width, depth int) Kind {
	if (Shape{width, depth, LUTRAM}).inLUTs(depth) {
		return LUTRAM
	}
	return BRAM
}

// ForFIFO is the kind of memory of a FIFO of the given width in bits and depth in tokens: LUTRAM, whose depth is a power of
// two, or BRAM.
func ForFIFO(width, depth int) Kind {
	if (Shape{width, 1 << max(1, bits.Len(uint(depth-1))), LUTRAM}).inLUTs(depth) {
		return LUTRAM
	}
	return BRAM
}
