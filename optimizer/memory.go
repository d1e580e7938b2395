package optimizer

// Mapping of memories to device primitives. The rules are those of AMD's 7 series and
// UltraScale memory resource guides (UG473, UG573) and CLB guides (UG474, UG574).

// The memory kinds of hw.Layer.WeightMem, of buffers and of FIFOs.
const (
	MemLUTRAM = "lutram" // distributed RAM, or SRL for FIFOs
	MemBRAM   = "bram"
	MemURAM   = "uram"
)

// bramShapes are the shapes of an 18 Kb block as depth and width, one write and one
// read port. A 36 Kb block is two of them.
var bramShapes = [...]struct{ depth, width int }{
	{16384, 1}, {8192, 2}, {4096, 4}, {2048, 9}, {1024, 18}, {512, 36},
}

// BRAMCount is the least number of 18 Kb blocks that make a memory of the given
// width in bits and depth in words: whole columns of one shape, the remaining
// bits in columns of another.
func BRAMCount(width, depth int) int {
	if width <= 0 || depth <= 0 {
		return 0
	}
	best := 0
	for _, s := range bramShapes {
		per := ceilDiv(depth, s.depth)
		n := width / s.width * per
		if rest := width % s.width; rest > 0 {
			tail := 0
			for _, t := range bramShapes {
				if c := ceilDiv(rest, t.width) * ceilDiv(depth, t.depth); tail == 0 || c < tail {
					tail = c
				}
			}
			n += tail
		}
		if best == 0 || n < best {
			best = n
		}
	}
	return best
}

// URAMCount is the number of 288 Kb UltraRAM blocks, all of shape 4096 x 72, of a memory.
func URAMCount(width, depth int) int {
	if width <= 0 || depth <= 0 {
		return 0
	}
	return ceilDiv(width, 72) * ceilDiv(depth, 4096)
}

// lutramSingle is the cost of a distributed RAM with one address: a LUT holds 64 x 1 or
// 32 x 2; the muxes of a slice make 256 words without further LUTs.
func lutramSingle(width, depth int) (lut, memory int) {
	if depth <= 32 {
		n := ceilDiv(width, 2)
		return n, n
	}
	memory = width * ceilDiv(depth, 64)
	return memory + width*muxLUT(ceilDiv(depth, 256)), memory
}

// lutramDual is the cost of a distributed RAM with a write and a read address: four
// LUTs hold 64 x 3 or 32 x 6, on UltraScale+ also eight LUTs 64 x 7 or 32 x 14.
func lutramDual(width, depth int, family string) (lut, memory int) {
	three, seven, words := 3, 7, 64
	if depth <= 32 {
		three, seven, words = 6, 14, 32
	}
	group := 4 * ceilDiv(width, three)
	if family == FamilyUSPlus {
		group = min(group, 8*ceilDiv(width, seven))
	}
	rows := ceilDiv(depth, words)
	memory = group * rows
	return memory + width*muxLUT(rows), memory
}

// srl is the cost of a shift register with a movable tap: a LUT holds 32 x 1, the muxes
// of a slice make 128 words without further LUTs.
func srl(width, depth int) (lut, memory int) {
	memory = width * ceilDiv(depth, 32)
	return memory + width*muxLUT(ceilDiv(depth, 128)), memory
}

// muxLUT is the number of 6-input LUTs a bit of an n:1 mux takes, as a tree of 4:1 muxes.
func muxLUT(n int) int {
	if n <= 1 {
		return 0
	}
	return ceilDiv(n-1, 3)
}

// lutsPerBlock is the price at which LUTs are given for an 18 Kb block in buffers and
// FIFOs: devices have 150 to 300 usable LUTs a block, and most designs need
// the LUTs more.
const lutsPerBlock = 100

// BufferMemory says whether a line buffer bank of the given width in bits and depth in
// words is MemLUTRAM or MemBRAM.
func BufferMemory(width, depth int) string {
	if lut, _ := lutramDual(width, depth, Family7); lut <= lutsPerBlock*BRAMCount(width, depth) {
		return MemLUTRAM
	}
	return MemBRAM
}

// FIFOMemory says whether a FIFO of the given width in bits and depth in tokens is
// MemLUTRAM (a shift register) or MemBRAM.
func FIFOMemory(width, depth int) string {
	if lut, _ := srl(width, depth); lut <= lutsPerBlock*BRAMCount(width, depth) {
		return MemLUTRAM
	}
	return MemBRAM
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }
