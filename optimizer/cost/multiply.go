package cost

import "hass/internal/packing"

// product is the cost of a product by hass_multiply. Its sums are in the slices.
type product struct {
	dsp  int
	soft int // bits of partial products made of LUTs
	ff   int // outside the slices: operands on their way to a later part, and low bits below the sums of later parts
	srl  int // low bits that wait long, in a shift register
}

// multiplied describes the operands of a product by their signed widths.
type multiplied struct {
	a, b     int
	constant bool // the second operand is
	register bool // both come from registers, which slices absorb as far as they have room
	unread   int  // number of low bits of the product that nothing reads
}

// product counts the resources. A slice has two registers for each operand.
func (f multiplied) product(family string) (p product) {
	s := packing.Product{A: f.a, B: f.b}
	for _, c := range s.Cut() {
		n := multiplierDSP(c[0], c[1], family)
		p.dsp += n
		if n == 0 {
			p.soft += c[0] * c[1]
		}
	}
	const low = 17
	wide, narrow := max(f.a, f.b)-low, min(f.a, f.b)-low // high parts
	wideMoves, narrowMoves := !f.constant || f.a > f.b, !f.constant || f.a <= f.b
	switch s.Parts() {
	case 2:
		p.ff = max(0, low-f.unread)
		if f.register && wideMoves {
			p.ff += wide
		}
	case 4:
		p.ff, p.srl = min(low, max(0, 2*low-f.unread)), max(0, low-f.unread)
		if wideMoves {
			p.ff += low + 2*wide
		}
		if narrowMoves {
			p.ff += narrow
		}
		switch { // one more cycle
		case !f.register:
		case wideMoves && narrowMoves:
			p.ff += low + 2*wide + narrow
		case wideMoves:
			p.ff += low + wide
		default:
			p.ff += low + narrow
		}
	}
	return p
}
