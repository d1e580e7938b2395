package packing

// Widths of the ports of a DSP slice's multiplier, signed: those of 7 series, which UltraScale+ has as well.
const (
	portWide   = Wide7
	portNarrow = Narrow
	portLow    = portNarrow - 1 // bits of an operand's low part, which has no sign
)

// Product is a product of hass_multiply: the widths of its operands as signed values.
type Product struct{ A, B int }

// Parts is the number of products of the ports' widths that form the product: operands that are too
// wide are cut.
func (p Product) Parts() int {
	wide, narrow := max(p.A, p.B), min(p.A, p.B)
	switch {
	case narrow <= portNarrow && wide <= portWide:
		return 1
	case narrow <= portNarrow, narrow <= portWide && wide <= portLow+portNarrow:
		return 2
	}
	return 4
}

// ProductCycles are the cycles of a product of the given number of parts.
func ProductCycles(parts int) int { return parts + 2 }

// Cut gives the widths of the parts' operands, that of the wider operand first.
func (p Product) Cut() [][2]int {
	wide, narrow := max(p.A, p.B), min(p.A, p.B)
	switch p.Parts() {
	case 1:
		return [][2]int{{wide, narrow}}
	case 2:
		return [][2]int{{portNarrow, narrow}, {wide - portLow, narrow}}
	}
	return [][2]int{{portNarrow, portNarrow}, {wide - portLow, portNarrow}, {portNarrow, narrow - portLow}, {wide - portLow, narrow - portLow}}
}
