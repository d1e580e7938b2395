package packing

import "testing"

// fieldsOf cuts a slice's sum, to which half of a field was added in all but the top one, into the sums of products.
func fieldsOf(sum int64, field, count int) []int64 {
	var list []int64
	for k := range count {
		v := sum >> (k * field)
		if k+1 < count {
			v = v&(1<<field-1) - 1<<(field-1)
		}
		list = append(list, v)
	}
	return list
}

// half is the offset that the first slice of a cascade adds.
func half(field, count int) (v int64) {
	for k := range count - 1 {
		v += 1 << (k*field + field - 1)
	}
	return v
}

// TestPackedProducts: a DSP slice of either family computes all 16,777,216 products of two 8-bit activations and a weight correctly.
func TestPackedProducts(t *testing.T) {
	for _, wide := range []int{25, 27} {
		p := For(Values{X: 8, Signed: true, W: 8}, 1, wide)
		if a, _ := Operands(2, 1, p.Field, 8, 8); p.Pixels() != 2 || a > wide {
			t.Fatalf("%d bits: %+v", wide, p)
		}
		add := half(p.Field, 2)
		for x1 := int64(-128); x1 < 128; x1++ {
			for x0 := int64(-128); x0 < 128; x0++ {
				a := x1<<p.Field + x0
				if a < -1<<(wide-1) || a >= 1<<(wide-1) {
					t.Fatalf("%d and %d do not fit %d bits", x1, x0, wide)
				}
				for w := int64(-128); w < 128; w++ {
					s := a*w + add
					if s>>p.Field != x1*w || s&(1<<p.Field-1)-1<<(p.Field-1) != x0*w {
						t.Fatalf("%d, %d times %d: %v", x1, x0, w, fieldsOf(s, p.Field, 2))
					}
				}
			}
		}
	}
}

// TestPackedSums: sums of the largest number of products in a cascade are correct at the ends of all formats of up to 8 bits, and sums of the
// first number that no design may have are not.
func TestPackedSums(t *testing.T) {
	for x := 1; x <= 9; x++ {
		for w := 1; w <= 8; w++ {
			for _, signed := range []bool{true, false} {
				for _, wide := range []int{25, 27} {
					v := Values{X: x, Signed: signed, W: w}
					p := For(v, 64, wide)
					if p.Field == 0 {
						continue
					}
					a, b := Operands(p.Pixels(), p.Filters, p.Field, x, w)
					if max(a, b) > wide || min(a, b) > Narrow {
						t.Fatalf("%d and %d bits: operands of %d and %d bits", x, w, a, b)
					}
					count, ends := p.Pixels()*p.Filters, []int64{0, 1<<x - 1, 0}
					if signed {
						ends = []int64{-1 << (x - 1), 1<<(x-1) - 1, 0}
					}
					right := func(deep int) bool {
						ok := true
						for n := range 3 * 3 * 4 {
							xs := [2]int64{ends[n%3], ends[n/3%3]}
							ws := [2]int64{[]int64{-1 << (w - 1), 1<<(w-1) - 1}[n/9%2], []int64{-1 << (w - 1), 1<<(w-1) - 1}[n/18%2]}
							sum := half(p.Field, count)
							for range deep {
								v := ws[0]
								if p.Filters == 2 {
									v += ws[1] << (2 * p.Field)
								}
								sum += (xs[1]<<p.Field + xs[0]) * v
							}
							for k, v := range fieldsOf(sum, p.Field, count) {
								ok = ok && v == int64(deep)*xs[k%2]*ws[k/2]
							}
						}
						return ok
					}
					most := v.Room(p.Field)
					if !right(p.Deep) || !right(most) {
						t.Errorf("%d bits, signed %v, times %d: wrong sums of %d or %d products in fields of %d bits", x, signed, w, p.Deep, most, p.Field)
					}
					if right(2*most + 2) {
						t.Errorf("%d bits, signed %v, times %d: fields of %d bits hold %d products, not only %d", x, signed, w, p.Field, 2*most+2, most)
					}
				}
			}
		}
	}
}
