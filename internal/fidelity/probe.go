package fidelity

import (
	"fmt"
	"math"

	"hass/internal/fixed"
)

// tally sums up one channel of a value over images: the float network's elements f, these elements rounded to the
// value's format, and the integer network's elements q.
type tally struct {
	peak    float64 // largest |f|
	signal  float64 // sum of f^2
	alone   float64 // sum of (f - f in the format)^2: the error of the format alone
	clipped float64 // the part of alone of elements beyond the format's ends
	noise   float64 // sum of (f - q)^2: the total error so far

	count   int64 // elements
	nonzero int64 // elements with f != 0
	small   int64 // elements with f != 0 that are 0 in the format
	beyond  int64 // elements beyond the format's ends
	kept    int64 // elements with q != 0
}

func (t *tally) add(o *tally) {
	t.peak = max(t.peak, o.peak)
	t.signal += o.signal
	t.alone += o.alone
	t.clipped += o.clipped
	t.noise += o.noise
	t.count += o.count
	t.nonzero += o.nonzero
	t.small += o.small
	t.beyond += o.beyond
	t.kept += o.kept
}

// total is all channels as one.
func total(channels []tally) *tally {
	t := new(tally)
	for i := range channels {
		t.add(&channels[i])
	}
	return t
}

// lost is the relative error of the format alone: the square root of the ratio of its error energy to the signal energy, 0
// to 1.
func (t *tally) lost() float64 { return share(t.alone, t.signal) }

// share is sqrt(part / of), 0 if of is 0.
func share(part, of float64) float64 {
	if of == 0 {
		return 0
	}
	return min(1, math.Sqrt(part/of))
}

// probe compares one value of the float network in one format.
type probe struct {
	value  string // in the graph
	dims   [3]int // H, W, C
	format fixed.Format
	round  fixed.Rounding
	// tensor is the index in the integer network, or -1 for an addend: then the format is that of the sum, and nothing
	// clips the addend.
	tensor int
	// layer produces the tensor or adds the addend; -1 for the network's input.
	layer int
	// input is the number of the layer's input that an addend is.
	input int
	// powers are the exponents, by channel, of the powers of two by which the integer network multiplies the value; nil if
	// there are none. All statistics are of the multiplied values.
	powers []int
	// lo and hi clamp the float value first, if a clamp behind a Concat is moved before it; possibly infinite.
	lo, hi float64
}

// look adds one image's float values (NCHW) and integer values (NHWC, nil if there are none) to tallies by channel.
// Products are rounded before they are added, so that every machine gets the same sums.
func (p *probe) look(f []float32, q []int32, into []tally) error {
	hw, c := p.dims[0]*p.dims[1], p.dims[2]
	if len(f) != hw*c {
		return fmt.Errorf("value %q has %d elements in the float network, but %dx%dx%d in the integer network", p.value, len(f), p.dims[0], p.dims[1], c)
	}
	lo, hi := float64(p.format.Min()), float64(p.format.Max())
	if p.tensor < 0 {
		lo, hi = math.Inf(-1), math.Inf(1)
	}
	step := p.format.Step()
	for ch := range into {
		t, power := &into[ch], 1.0
		if p.powers != nil {
			power = math.Ldexp(1, p.powers[ch])
		}
		for i, v := range f[ch*hw:][:hw] {
			v := min(max(float64(v), p.lo), p.hi) * power
			t.peak = max(t.peak, math.Abs(v))
			t.signal += float64(v * v)
			r := p.round.Float(v / step)
			d := v - float64(min(max(r, lo), hi)*step)
			e := float64(d * d)
			t.alone += e
			switch {
			case r < lo, r > hi:
				t.beyond++
				t.clipped += e
			case v != 0 && r == 0:
				t.small++
			}
			if v != 0 {
				t.nonzero++
			}
			if q != nil {
				d := v - float64(float64(q[i*c+ch])*step)
				t.noise += float64(d * d)
				if q[i*c+ch] != 0 {
					t.kept++
				}
			}
		}
		t.count += int64(hw)
	}
	return nil
}
