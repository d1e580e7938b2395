package cost

import "hass/internal/hw"

// product is what a product by hass_multiply takes. Its sums are in the slices.
type product struct {
	dsp  int
	soft int // bits of partial products that are made of LUTs
	ff   int // in no slice: operands on their way to a later part, and what lies below the sums of later parts
	srl  int // of what lies below for long, a shift register
}

// multiplied are the operands of a product: signed widths.
type multiplied struct {
	a, b     int
	constant bool // the second is
	register bool // both come from registers that slices take up, as far as they have room
	unread   int  // the lowest bits of the product that nobody reads
}

// product counts. A slice has two registers for each operand.
func (f multiplied) product(family string) (p product) {
	s := hw.Product{A: f.a, B: f.b}
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
		switch { // a cycle more
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
