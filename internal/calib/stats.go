// Package calib holds statistics of a float network's values on calibration images, and the decisions that need nothing else: steps of least
// squared error, powers of two that equalise channels, means of values in their formats. It knows nothing about layers' hardware; package
// quant uses it.
package calib

import (
	"context"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"

	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/workers"
)

// Stats are the statistics of one value over many images. They are counts,
// minima and maxima only, so that the order of merging does not matter.
type Stats struct {
	Count int64   // elements seen
	Zeros int64   // elements equal to 0
	Bad   int64   // NaN and infinite elements, which count in no other statistic but Count
	Min   float32 // 0 if all elements are positive: a range always contains 0
	Max   float32 // 0 if all elements are negative
	// LSB is the exponent of the lowest bit that any non-zero element needs: each
	// element is a multiple of 2^LSB. It is NoLSB if there is none.
	LSB int
	// Channels are the sums of each channel, along the second axis; nil for a value without that axis.
	Channels []Channel
	// hist counts elements by sign, exponent and the four top bits of the mantissa:
	// the index is the element's float32 pattern shifted right by binShift.
	hist []int64
}

// Channel sums up one channel of a value over images, in their order.
type Channel struct {
	Count   int64
	Peak    float64 // largest magnitude
	Sum     float64
	Squares float64
	Images  int64
	Tops    float64 // sum of the images' largest magnitudes
}

// steady is the factor by which the largest value of any image may exceed the mean over images in a steady channel.
const steady = 4

// Steady reports whether the channel's largest magnitude is similar in all images, so that it also holds for other images.
func (c *Channel) Steady() bool { return c.Peak*float64(c.Images) <= steady*c.Tops }

// Mean is the mean of the channel's elements, 0 of none.
func (c *Channel) Mean() float64 {
	if c.Count == 0 {
		return 0
	}
	return c.Sum / float64(c.Count)
}

// Power is the mean of the channel's squares, 0 of none.
func (c *Channel) Power() float64 {
	if c.Count == 0 {
		return 0
	}
	return c.Squares / float64(c.Count)
}

// Variance is the mean squared distance from the mean.
func (c *Channel) Variance() float64 {
	m := c.Mean()
	return max(0, c.Power()-m*m)
}

func (c *Channel) add(o *Channel) {
	c.Count += o.Count
	c.Peak = max(c.Peak, o.Peak)
	c.Sum += o.Sum
	c.Squares += o.Squares
	c.Images += o.Images
	c.Tops += o.Tops
}

// sumUp gives the channels of the elements of one value in one image.
func sumUp(data []float32, channels int) []Channel {
	list := make([]Channel, channels)
	n := len(data) / channels
	for i := range list {
		sum, squares, peak := 0.0, 0.0, 0.0
		for _, v := range data[i*n:][:n] {
			v := float64(v)
			sum += v
			squares += float64(v * v)
			peak = max(peak, math.Abs(v))
		}
		list[i] = Channel{Count: int64(n), Peak: peak, Sum: sum, Squares: squares, Images: 1, Tops: peak}
	}
	return list
}

const (
	binShift = 32 - 1 - 8 - 4
	numBins  = 1 << (1 + 8 + 4)
	NoLSB    = math.MaxInt
)

func newStats() *Stats { return &Stats{LSB: NoLSB, hist: make([]int64, numBins)} }

// observe adds elements to the statistics.
func (s *Stats) observe(data []float32) {
	lo, hi, lsb := s.Min, s.Max, s.LSB
	for _, v := range data {
		b := math.Float32bits(v)
		exp := int(b >> 23 & 0xff)
		if exp == 0xff {
			s.Bad++
			continue
		}
		s.hist[b>>binShift]++
		m := b & (1<<23 - 1)
		if exp == 0 {
			if m == 0 {
				s.Zeros++
				continue
			}
			exp = 1 // subnormal
		} else {
			m |= 1 << 23
		}
		lsb = min(lsb, exp-127-23+bits.TrailingZeros32(m))
		lo, hi = min(lo, v), max(hi, v)
	}
	s.Count += int64(len(data))
	s.Min, s.Max, s.LSB = lo, hi, lsb
}

func (s *Stats) merge(o *Stats) {
	s.Count += o.Count
	s.Zeros += o.Zeros
	s.Bad += o.Bad
	s.Min, s.Max, s.LSB = min(s.Min, o.Min), max(s.Max, o.Max), min(s.LSB, o.LSB)
	for i, n := range o.hist {
		s.hist[i] += n
	}
}

// Clamped are the statistics of the values clamped to [lo, hi], which contains 0, as far as formats are chosen by them.
func (s *Stats) Clamped(lo, hi float32) *Stats {
	c := &Stats{Count: s.Count, Zeros: s.Zeros, Min: max(s.Min, lo), Max: min(s.Max, hi), LSB: s.LSB, hist: slices.Clone(s.hist)}
	for _, side := range []struct {
		end        float32
		first, all int // bins of the sign
	}{{0 - lo, numBins / 2, numBins}, {hi, 0, numBins / 2}} {
		at := side.first + int(math.Float32bits(side.end)>>binShift)
		for i := at + 1; i < side.all; i++ {
			c.hist[at] += c.hist[i]
			c.hist[i] = 0
		}
	}
	return c
}

// SquaredError is the expected sum of squared errors of quantising the observed
// values with the given step, saturating to the integers lo..hi. Elements are
// taken as spread evenly within their bin, a sixteenth of an octave, and the
// error is integrated over it exactly.
func (s *Stats) SquaredError(step float64, lo, hi int64) float64 {
	low, high := float64(lo)*step, float64(hi)*step
	total := 0.0
	for i, n := range s.hist {
		if n == 0 {
			continue
		}
		// Magnitudes a < b of the bin's ends.
		const mag = numBins/2 - 1
		a := float64(math.Float32frombits(uint32(i&mag) << binShift))
		b := math.MaxFloat32
		if i&mag+1 < 0xff<<4 {
			b = float64(math.Float32frombits(uint32(i&mag+1) << binShift))
		}
		if a == 0 {
			continue // zeros, and subnormals that no format distinguishes from zero
		}
		if i >= numBins/2 {
			a, b = -b, -a
		}
		// Nothing lies beyond the extremes: the outermost bins are truncated,
		// possibly to a point.
		a, b = max(a, float64(s.Min)), min(b, float64(s.Max))
		if a == b {
			d := min(max(fixed.HalfUp.Float(a/step)*step, low), high) - a
			total += float64(n) * d * d
			continue
		}
		sum := 0.0
		if a < low {
			e := min(b, low)
			sum += (cube(low-a) - cube(low-e)) / 3
		}
		if b > high {
			e := max(a, high)
			sum += (cube(b-high) - cube(e-high)) / 3
		}
		if a, b := max(a, low), min(b, high); a < b {
			sum += sawtooth(b, step) - sawtooth(a, step)
		}
		total += float64(n) * sum / (b - a)
	}
	return total
}

func cube(v float64) float64 { return v * v * v }

// sawtooth is the integral from 0 to x of the squared rounding error at the
// given step: step^3/12 per period, and a cubic in the last, partial
// period.
func sawtooth(x, step float64) float64 {
	k := fixed.HalfUp.Float(x / step)
	return k*step*step*step/12 + cube(x-k*step)/3
}

// Ranges are the statistics of the values of a graph, by name.
type Ranges struct {
	values map[string]*Stats
	powers Powers // scaling of the values before they were observed
}

// NewRanges is an empty collection.
func NewRanges() *Ranges { return &Ranges{values: make(map[string]*Stats)} }

// Observe adds the elements of a value in one image to its statistics. It is a
// floatexec.Observe and must not be called concurrently.
func (r *Ranges) Observe(name string, data []float32) {
	s := r.values[name]
	if s == nil {
		s = newStats()
		r.values[name] = s
	}
	s.observe(data)
}

// Merge adds the statistics of o and leaves o unchanged. The order of
// merging does not matter.
func (r *Ranges) Merge(o *Ranges) {
	for _, name := range slices.Sorted(maps.Keys(o.values)) {
		s := r.values[name]
		if s == nil {
			s = newStats()
			r.values[name] = s
		}
		s.merge(o.values[name])
	}
}

// Powers gives the powers of two that scaled the channels of the observed values.
func (r *Ranges) Powers() Powers { return r.powers }

// Of is the statistics of a value, or nil if it was never observed.
func (r *Ranges) Of(name string) *Stats { return r.values[name] }

// Images is the input of a calibration: a number of images, loaded one by one.
type Images struct {
	N       int                            // number, at least 1
	Workers int                            // goroutines; all cores if <= 0
	Load    func(i int) ([]float32, error) // image i as the graph's only input, NCHW; called concurrently
	Pass    func()                         // called before each pass through the images; or nil
	Step    func()                         // called after each image; or nil
}

func (m *Images) pass() {
	if m.Pass != nil {
		m.Pass()
	}
}

func (m *Images) step() {
	if m.Step != nil {
		m.Step()
	}
}

// Collect runs images through g in float32 and collects the statistics of every value; values in powers are multiplied by their
// powers.
func Collect(ctx context.Context, g *graph.Graph, images Images, powers Powers) (*Ranges, error) {
	if images.N < 1 {
		return nil, fmt.Errorf("calibration needs at least one image")
	}
	x, err := floatexec.New(g)
	if err != nil {
		return nil, err
	}
	parts := make([]*Ranges, workers.Count(images.N, images.Workers))
	for i := range parts {
		parts[i] = NewRanges()
	}
	images.pass()
	total := make(map[string][]Channel)
	err = workers.Ordered(ctx, images.N, images.Workers, func(w, i int) (map[string][]Channel, error) {
		img, err := images.Load(i)
		if err != nil {
			return nil, err
		}
		sums := make(map[string][]Channel)
		if _, err := x.Run([][]float32{img}, func(name string, data []float32) {
			data = powers.scaled(name, data)
			parts[w].Observe(name, data)
			if shape, ok := g.ShapeOf(name); ok && len(shape) > 1 && shape[1] > 0 && len(data)%shape[1] == 0 {
				sums[name] = sumUp(data, shape[1])
			}
		}); err != nil {
			return nil, fmt.Errorf("calibration image %d: %w", i, err)
		}
		return sums, nil
	}, func(_ int, sums map[string][]Channel) error {
		for name, list := range sums {
			if total[name] == nil {
				total[name] = make([]Channel, len(list))
			}
			for c := range list {
				total[name][c].add(&list[c])
			}
		}
		images.step()
		return nil
	})
	if err != nil {
		return nil, err
	}
	r := parts[0]
	for _, p := range parts[1:] {
		r.Merge(p)
	}
	for name, list := range total {
		r.values[name].Channels = list
	}
	r.powers = powers
	return r, nil
}
