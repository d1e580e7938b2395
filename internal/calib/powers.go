package calib

import "math"

// Powers are powers of two by value and channel: the integer network holds the channel multiplied by 2^k. Values that are not listed have
// powers of 0.
type Powers map[string][]int

// Of is the power of a channel of a value.
func (p Powers) Of(value string, channel int) int {
	if list := p[value]; list != nil {
		return list[channel]
	}
	return 0
}

// scaled is a value [1,C,...] multiplied by its powers, as in the integer network.
func (p Powers) scaled(value string, data []float32) []float32 {
	list := p[value]
	if list == nil {
		return data
	}
	out := make([]float32, len(data))
	n := len(data) / len(list)
	for c, k := range list {
		f := float32(math.Ldexp(1, k))
		for i, v := range data[c*n:][:n] {
			out[c*n+i] = v * f
		}
	}
	return out
}

// Balance chooses powers for groups of channels that must have the same one.
//
// The noise of a channel in the sums of the convolutions that read it has two parts. The first comes from the step of the value, which is a share of
// its largest channel's peak: it is multiplied by the weights, which a power divides. The second comes from the steps of the weights, multiplied by the
// channel's size, which a power multiplies (not in a depthwise convolution, where every channel has its own weights). Each convolution's noise is
// relative to the energy of its output. Groups are visited in turn, a few times, and take the power of the least sum; the first of equal ones is the
// least power.
type Balance struct {
	Values  []*Value
	Readers []*Reader
	Most    []int // by group: the largest power; 0 excludes the group
}

// Value is a value whose channels share one step.
type Value struct {
	Noise  float64   // squared error of an element in its format, as a share of the square of the value's peak
	Groups []int     // by channel: its group
	Peaks  []float64 // by channel: largest magnitude
	// Gains are, by channel, the relative noise that a unit of noise in it causes in the convolutions that read it, directly or
	// behind others.
	Gains []float64
	// Spare is the factor by which a raised channel may exceed its peak before it exceeds the peak of the value.
	Spare float64
}

// Reader is a convolution.
type Reader struct {
	Value  *Value // the value that it reads
	Bits   int    // of its weights
	Taps   int    // of its kernel
	Energy float64
	Spread []float64   // variance by input channel
	Tops   [][]float32 // by output channel and input channel of its group: the largest magnitude of a weight; nil for a depthwise convolution
}

// sweeps is the number of visits to each group.
const sweeps = 4

// Powers are the powers by group.
func (b *Balance) Powers() []int {
	powers := make([]int, len(b.Most))
	places := make([][]place, len(b.Most))
	for _, v := range b.Values {
		for c, g := range v.Groups {
			places[g] = append(places[g], place{v, c})
		}
	}
	for range sweeps {
		weight := make([]float64, len(b.Most)) // by group: noise from the steps of weights at power 0, with the present steps
		for _, r := range b.Readers {
			r.noise(powers, weight)
		}
		for g, most := range b.Most {
			if most > 0 {
				powers[g] = quietest(g, most, places[g], powers, weight[g])
			}
		}
	}
	return powers
}

type place struct {
	v       *Value
	channel int
}

// noise adds the noise from a convolution's weights under the present powers.
func (r *Reader) noise(powers []int, weight []float64) {
	if r.Tops == nil {
		return
	}
	in := len(r.Tops[0])
	groups := len(r.Value.Groups) / in
	scale, squares := make([]float64, len(r.Value.Groups)), make([]float64, groups)
	for c, g := range r.Value.Groups {
		scale[c] = math.Ldexp(1, -powers[g])
	}
	for o, row := range r.Tops {
		part := o / (len(r.Tops) / groups)
		top := 0.0
		for i, w := range row {
			top = max(top, float64(w)*scale[part*in+i])
		}
		squares[part] += top * top
	}
	for c, g := range r.Value.Groups {
		weight[g] += squares[c/in] * float64(r.Taps) * r.Spread[c] * math.Ldexp(1, 2-2*r.Bits) / 12 / r.Energy
	}
}

// quietest is the power of least noise of a group with the others unchanged.
func quietest(group, most int, places []place, powers []int, weight float64) int {
	type rest struct{ peak, noise float64 } // of the other channels
	others := make([]rest, len(places))
	for i, at := range places {
		for c, g := range at.v.Groups {
			if g != group {
				others[i].peak = max(others[i].peak, math.Ldexp(at.v.Peaks[c], powers[g]))
				others[i].noise += math.Ldexp(at.v.Gains[c], -2*powers[g])
			}
		}
	}
	best, least := 0, math.Inf(1)
	for power := 0; power <= most; power++ {
		sum := math.Ldexp(weight, 2*power)
		for i, at := range places {
			own := math.Ldexp(at.v.Peaks[at.channel], power)
			if power > 0 {
				own *= at.v.Spare
			}
			peak := max(others[i].peak, own)
			sum += peak * peak * (others[i].noise + math.Ldexp(at.v.Gains[at.channel], -2*power)) * at.v.Noise
		}
		if sum < least*(1-1e-9) {
			best, least = power, sum
		}
	}
	return best
}
