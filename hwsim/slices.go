package hwsim

import (
	"encoding/binary"
	"math/bits"
)

// The beats of many pixel groups use the same weights, so their pairs are counted together: a word holds one bit of up to
// sliceGroups groups, and a number for each group is spread over words by its binary digits (bit slices).

// sliceGroups is the number of pixel groups that are counted at once.
const sliceGroups = 64

// planes holds which activations of up to sliceGroups pixel groups are non-zero: a word for each lane of each zero bitmap, a bit
// for each group.
type planes struct {
	px, maps, lanes int // pixels of a group, bitmaps of a pixel, lanes of a bitmap
	groups          int
	bits            []uint64 // [pixel][bitmap][lane]
	ones            []uint8  // set bits of each word; nil if not needed
}

func newPlanes(px, maps, lanes int) *planes {
	return &planes{px: px, maps: maps, lanes: lanes, bits: make([]uint64, px*maps*lanes)}
}

// countingPlanes also has the set bits of each word.
func countingPlanes(px, maps, lanes int) *planes {
	p := newPlanes(px, maps, lanes)
	p.ones = make([]uint8, len(p.bits))
	return p
}

// fill takes the bitmaps [group][pixel][bitmap] of some groups.
func (p *planes) fill(active []uint64, groups int) {
	p.groups = groups
	var square [64]uint64
	for i := range p.px * p.maps {
		for g := range square {
			square[g] = 0
			if g < groups {
				square[g] = active[g*p.px*p.maps+i]
			}
		}
		transpose(&square)
		copy(p.bits[i*p.lanes:][:p.lanes], square[:])
	}
	for i := range p.ones {
		p.ones[i] = uint8(bits.OnesCount64(p.bits[i]))
	}
}

// all has the bit of every group.
func (p *planes) all() uint64 { return ^uint64(0) >> (sliceGroups - p.groups) }

// transpose exchanges bit i of word k and bit k of word i (Hacker's Delight, 7-3).
func transpose(x *[64]uint64) {
	mask := ^uint64(0) >> 32
	for j := 32; j > 0; j >>= 1 {
		for k := 0; k < 64; k = (k + j + 1) &^ j {
			t := (x[k]>>j ^ x[k+j]) & mask
			x[k] ^= t << j
			x[k+j] ^= t
		}
		mask ^= mask << (j >> 1)
	}
}

// digits is a number up to 127 for each group: word k has their bits k.
type digits [7]uint64

// tally counts, for each group, the set lanes among some.
func tally(lanes []uint64, some uint64) (d digits) {
	for some != 0 {
		rest := some // without seven, whose number has three digits
		for range 7 {
			rest &= rest - 1
		}
		d0, d1, d2 := few(lanes, some&^rest)
		some = rest
		carry := d[0] & d0
		d[0] ^= d0
		half := d[1] ^ d1
		d1 &= d[1]
		d[1] = half ^ carry
		carry = d1 | half&carry
		half = d[2] ^ d2
		d2 &= d[2]
		d[2] = half ^ carry
		carry = d2 | half&carry
		for k := 3; carry != 0; k++ {
			x := d[k] & carry
			d[k] ^= carry
			carry = x
		}
	}
	return d
}

// few is tally for at most seven lanes.
func few(lanes []uint64, some uint64) (d0, d1, d2 uint64) {
	for some != 0 {
		x := lanes[bits.TrailingZeros64(some)]
		some &= some - 1
		c0 := d0 & x
		d0 ^= x
		d2 ^= d1 & c0
		d1 ^= c0
	}
	return d0, d1, d2
}

// raise makes each number at least that of o; both have at most n digits.
func (d *digits) raise(o *digits, n int) {
	var more uint64
	for k := range n {
		differ := d[k] ^ o[k]
		more = more&^differ | differ&o[k]
	}
	for k := range n {
		d[k] ^= (d[k] ^ o[k]) & more
	}
}

// raiseFew is raise for three digits.
func (d *digits) raiseFew(o0, o1, o2 uint64) {
	x0, x1, x2 := d[0]^o0, d[1]^o1, d[2]^o2
	more := x0 & o0
	more = more&^x1 | x1&o1
	more = more&^x2 | x2&o2
	d[0] ^= x0 & more
	d[1] ^= x1 & more
	d[2] ^= x2 & more
}

// spread is the bits of a byte as bytes of 0 and 1.
var spread = func() (s [256]uint64) {
	for i := range s {
		for b := range 8 {
			s[i] |= uint64(i>>b&1) << (8 * b)
		}
	}
	return s
}()

// unslice writes the numbers of up to eight successive beats, n digits each: that of beat b of group g to dst[g*stride+b].
func unslice(dst []uint8, stride, groups int, beats []digits, n int) {
	for first := 0; first < groups; first += 8 {
		var numbers [8]uint64 // by group: a byte for each beat
		for k := range n {
			var x uint64
			for b := range beats {
				x |= beats[b][k] >> first & 0xff << (8 * b)
			}
			if x == 0 {
				continue
			}
			x = transpose8(x)
			for g := range numbers {
				numbers[g] |= spread[uint8(x>>(8*g))] << k
			}
		}
		for g, v := range numbers[:min(8, groups-first)] {
			at := dst[(first+g)*stride:]
			if len(beats) == 8 {
				binary.LittleEndian.PutUint64(at, v)
				continue
			}
			for b := range beats {
				at[b] = uint8(v >> (8 * b))
			}
		}
	}
}

// transpose8 exchanges bit i of byte k and bit k of byte i (Hacker's Delight, 7-3).
func transpose8(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}
