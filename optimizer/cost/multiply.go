package cost

import "hass/internal/hw"

// product is what a product by hass_multiply takes. Its sums are in the slices.
type product struct {
	dsp  int
	soft int // bits of partial products that are made of LUTs
	ff   int // in no slice: operands on their way to a later part, and what lies below the sums of later parts
	srl  int // of what lies below for long, a shift register
}

// productOf is the product of operands of the given signed widths, of which nobody reads the lowest bits.
func productOf(a, b, unread int, family string) (p product) {
	s := hw.Product{A: a, B: b}
	cut := s.Cut()
	for _, c := range cut {
		n := multiplierDSP(c[0], c[1], family)
		p.dsp += n
		if n == 0 {
			p.soft += c[0] * c[1]
		}
	}
	const low = 17
	switch s.Parts() {
	case 2:
		p.ff = max(0, low-unread)
	case 4: // low parts; the high part of the narrower operand waits a cycle more than slices do, that of the wider one two
		p.ff, p.srl = low+min(low, max(0, 2*low-unread))+min(a, b)-low+2*(max(a, b)-low), max(0, low-unread)
	}
	return p
}
