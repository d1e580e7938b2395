package quant

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
// minima and maxima only, so that merging them in any order gives the same.
type Stats struct {
	Count int64   // elements seen
	Zeros int64   // elements equal to 0
	Bad   int64   // NaN and infinite elements, in no other statistic but Count
	Min   float32 // 0 if all elements are positive: a range always contains 0
	Max   float32 // 0 if all elements are negative
	// LSB is the exponent of the lowest bit any non-zero element needs: each is a
	// multiple of 2^LSB. It is noLSB if there is none.
	LSB int
	// hist counts elements by sign, exponent and the four top bits of the mantissa:
	// the index is the element's float32 pattern shifted right by binShift.
	hist []int64
}

const (
	binShift = 32 - 1 - 8 - 4
	numBins  = 1 << (1 + 8 + 4)
	noLSB    = math.MaxInt
)

func newStats() *Stats { return &Stats{LSB: noLSB, hist: make([]int64, numBins)} }

// observe takes elements into the statistics.
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

// squaredError is the expected sum of squared errors of quantising what was
// observed with steps of 2^-frac, saturating to the integers lo..hi. Elements are
// taken as spread evenly within their bin, a sixteenth of an octave, and the
// error is integrated over it exactly.
func (s *Stats) squaredError(frac int, lo, hi int64) float64 {
	step := math.Ldexp(1, -frac)
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
			continue // zeros, and subnormals that no format can tell from zero
		}
		if i >= numBins/2 {
			a, b = -b, -a
		}
		// Nothing lies beyond the extremes: the outermost bins are cut, perhaps to a
		// point.
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
// given step: step^3/12 a period, the rest of a period by its cube.
func sawtooth(x, step float64) float64 {
	k := fixed.HalfUp.Float(x / step)
	return k*step*step*step/12 + cube(x-k*step)/3
}

// Ranges are the statistics of the values of a graph, by name.
type Ranges struct {
	values map[string]*Stats
}

// NewRanges is an empty collection.
func NewRanges() *Ranges { return &Ranges{values: make(map[string]*Stats)} }

// Observe takes the elements of a value in one image into its statistics. It has
// the form of a floatexec.Observe and must not be called concurrently.
func (r *Ranges) Observe(name string, data []float32) {
	s := r.values[name]
	if s == nil {
		s = newStats()
		r.values[name] = s
	}
	s.observe(data)
}

// Merge adds the statistics of o, which is not used up. The order of merging
// does not matter.
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

// Of is the statistics of a value, or nil if it was never observed.
func (r *Ranges) Of(name string) *Stats { return r.values[name] }

// Collect runs n images through g in float32 and collects the statistics of
// every value, on up to numWorkers goroutines (all cores if <= 0). image(i) gives
// image i as the graph's only input, NCHW; it is called concurrently. progress,
// if not nil, is told after each image, in order.
func Collect(ctx context.Context, g *graph.Graph, n, numWorkers int, image func(i int) ([]float32, error), progress func(done int)) (*Ranges, error) {
	if n < 1 {
		return nil, fmt.Errorf("calibration needs at least one image")
	}
	x, err := floatexec.New(g)
	if err != nil {
		return nil, err
	}
	parts := make([]*Ranges, workers.Count(n, numWorkers))
	for i := range parts {
		parts[i] = NewRanges()
	}
	err = workers.Ordered(ctx, n, numWorkers, func(w, i int) (struct{}, error) {
		img, err := image(i)
		if err != nil {
			return struct{}{}, err
		}
		if _, err := x.Run([][]float32{img}, parts[w].Observe); err != nil {
			return struct{}{}, fmt.Errorf("calibration image %d: %w", i, err)
		}
		return struct{}{}, nil
	}, func(i int, _ struct{}) error {
		if progress != nil {
			progress(i + 1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, p := range parts[1:] {
		parts[0].Merge(p)
	}
	return parts[0], nil
}
