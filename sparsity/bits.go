package sparsity

// Bits is a string of bits, bit i at word i/64, position i%64.
type Bits []uint64

// NewBits is n zero bits.
func NewBits(n int) Bits { return make(Bits, (n+63)/64) }

// Set makes bit i one.
func (b Bits) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Run is the n bits from bit i on, bit i lowest; n is 1..64 and all of them exist.
func (b Bits) Run(i, n int) uint64 {
	w, s := i>>6, i&63
	v := b[w] >> s
	if s+n > 64 {
		v |= b[w+1] << (64 - s)
	}
	return v & (^uint64(0) >> (64 - n))
}

// put adds the ones of v at bit i on; those beyond the end of b must be zero.
func (b Bits) put(i int, v uint64) {
	w, s := i>>6, i&63
	b[w] |= v << s
	if hi := v >> (64 - s); hi != 0 { // a shift by 64 gives 0
		b[w+1] |= hi
	}
}

// appendBytes appends the first n bits, eight to a byte, lowest first.
func (b Bits) appendBytes(dst []byte, n int) []byte {
	for i := range (n + 7) / 8 {
		dst = append(dst, byte(b[i/8]>>(i%8*8)))
	}
	return dst
}

// bitsOf reads n bits from src as appendBytes wrote them; it reports whether the
// unused bits of the last byte are zero.
func bitsOf(src []byte, n int) (Bits, bool) {
	b := NewBits(n)
	for i, v := range src[:(n+7)/8] {
		b[i/8] |= uint64(v) << (i % 8 * 8)
	}
	return b, n%64 == 0 || b[len(b)-1]>>(n%64) == 0
}
