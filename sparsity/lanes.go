package sparsity

import (
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// shape is the division of a window into beats.
type shape struct {
	mTap, mCh int
}

// laneMasks writes the masks of a vector of taps x c bits divided into beats, in
// beat order (tap group, channel group), lanes in the order (tap, channel).
// run(t, ch) gives mCh bits of tap t from channel ch on.
func (s shape) laneMasks(dst []uint64, taps, c int, run func(t, ch int) uint64) {
	i := 0
	for t0 := 0; t0 < taps; t0 += s.mTap {
		for ch := 0; ch < c; ch += s.mCh {
			var m uint64
			for t := range s.mTap {
				m |= run(t0+t, ch) << (t * s.mCh)
			}
			dst[i] = m
			i++
		}
	}
}

func (s shape) beats(l *LayerBits) int { return l.KH * l.KW / s.mTap * (l.GroupC / s.mCh) }

// weightMasks is the beat masks of all output channels, [OutC][beat].
func (l *LayerBits) weightMasks(s shape) []uint64 {
	n, taps := s.beats(l), l.KH*l.KW
	m := make([]uint64, l.OutC*n)
	for o := range l.OutC {
		base := o * taps * l.GroupC
		s.laneMasks(m[o*n:(o+1)*n], taps, l.GroupC, func(t, ch int) uint64 {
			return l.Weights.Run(base+t*l.GroupC+ch, s.mCh)
		})
	}
	return m
}

// perGroup is the number of output channels of a group.
func (l *LayerBits) perGroup() int { return l.OutC * l.GroupC / l.C }

// windowMasks writes the beat masks of the window that the output channels of a group see at
// output pixel (oy, ox) of an image.
func (l *LayerBits) windowMasks(dst []uint64, s shape, c *intnet.Conv, image, oy, ox, group int) {
	y0, x0 := oy*c.Stride[0]-c.Pads[0], ox*c.Stride[1]-c.Pads[1]
	s.laneMasks(dst, l.KH*l.KW, l.GroupC, func(t, ch int) uint64 {
		y, x := y0+t/l.KW*c.Dilation[0], x0+t%l.KW*c.Dilation[1]
		if y < 0 || y >= l.H || x < 0 || x >= l.W {
			return 0
		}
		return l.Acts.Run(((image*l.H+y)*l.W+x)*l.C+group*l.GroupC+ch, s.mCh)
	})
}

// measure fills dst, [OutC][beat], with the largest measure over the pixels whose
// windows are win ([pixel][beat]): pairs per beat, or for banks > 0 pairs in the
// fullest of that many banks. A gang waits for its slowest pixel and both
// costs grow with the measure, so the maximum may be taken before the cost.
func measure(dst []uint8, weights []uint64, win [][]uint64, banks int) {
	first := true
	for _, a := range win {
		n := len(a)
		for o := range len(dst) / n {
			w, d := weights[o*n:][:n], dst[o*n:][:n]
			if banks == 0 && first { // the common case, kept tight
				for b, mask := range a {
					d[b] = uint8(bits.OnesCount64(mask & w[b]))
				}
				continue
			}
			for b, mask := range a {
				v := uint8(bankMaximum(mask&w[b], banks))
				if first || v > d[b] {
					d[b] = v
				}
			}
		}
		first = false
	}
}

// measureBanks fills dst, [OutC][bank][beat], with the most pairs of each bank over the pixels.
func measureBanks(dst []uint8, weights []uint64, win [][]uint64, banks int) {
	n := len(win[0])
	for o := range len(dst) / (n * banks) {
		for bank := range banks {
			d := dst[(o*banks+bank)*n:][:n]
			clear(d)
			var lanes uint64
			for i := bank; i < hw.MaxLanes; i += banks {
				lanes |= 1 << i
			}
			for _, a := range win {
				for b, mask := range a {
					d[b] = max(d[b], uint8(bits.OnesCount64(mask&weights[o*n+b]&lanes)))
				}
			}
		}
	}
}

// bankMaximum is the number of set bits of pairs in the fullest bank; with banks
// = 0 the number of set bits.
func bankMaximum(pairs uint64, banks int) int {
	if banks <= 1 || pairs == 0 {
		return bits.OnesCount64(pairs)
	}
	// Lane i is in bank i mod banks. Add up the rows, each of one lane per bank,
	// for all banks at once, in bit-sliced counters.
	var plane [7]uint64 // plane[k] holds bit k of every bank's count; m <= 64 needs 7
	row := ^uint64(0) >> (hw.MaxLanes - banks)
	for ; pairs != 0; pairs >>= banks {
		carry := pairs & row
		for k := 0; carry != 0; k++ {
			plane[k], carry = plane[k]^carry, plane[k]&carry
		}
	}
	best, left := 0, row
	for k := len(plane) - 1; k >= 0; k-- {
		if x := left & plane[k]; x != 0 {
			best, left = best|1<<k, x
		}
	}
	return best
}
