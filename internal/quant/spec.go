package quant

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/calib"
	"hass/internal/curve"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/settings"
)

// Spec records every decision between a float graph and its integer network. It
// is part of the Profile artefact; with the graph it determines the Net.
type Spec struct {
	Bits       int                  `json:"bits"`                 // default width of weights and activations
	Quantisers Quantisers           `json:"quantisers,omitempty"` // treatment of the model's quantisers
	Values     map[string]ValueSpec `json:"values"`               // by value: the input, and the output of each layer
	Convs      map[string]ConvSpec  `json:"convs"`                // by node name
	Equal      calib.Powers         `json:"equal,omitempty"`
}

// ValueSpec records the decisions about one value: its format and its rounding. A
// format that the model's quantisers give is rounded half to even, as they do; a
// format that Calibrate chose is rounded half up. A value that is only moved has the
// format and the rounding of its source.
type ValueSpec struct {
	fixed.Format
	Rounding fixed.Rounding `json:"rounding"`
}

// kept tells whether the model gives the value's format. Then the values equal the model's exactly.
func (v ValueSpec) kept() bool { return v.Rounding == fixed.HalfEven }

// kept is the decision about a value whose format the model gives.
func kept(f fixed.Format) ValueSpec { return ValueSpec{f, fixed.HalfEven} }

// ours is the decision about a value whose format Calibrate chose.
func ours(f fixed.Format) ValueSpec { return ValueSpec{f, fixed.HalfUp} }

// ConvSpec records the decisions about one convolution.
type ConvSpec struct {
	WeightBits int     `json:"weight_bits"`
	WeightFrac []int   `json:"weight_frac"` // one binary point, or one per output channel; empty: see WeightStep
	TauW       float64 `json:"tau_w"`       // weights with |w| < TauW become 0
	TauA       float64 `json:"tau_a"`       // inputs with |a| < TauA are read as 0
	// WeightStep is the step of weights by output channel, if steps need not be powers of two. Then there are no binary points. If
	// both are missing, the weights are the model's own integers with its steps.
	WeightStep []float64 `json:"weight_step,omitempty"`
	// BiasAdd is added to the bias of each output channel, in the model's units. It compensates for the mean error of rounded weights.
	BiasAdd []float64 `json:"bias_add,omitempty"`
}

// Policy of formats. See Calibrate.
const (
	// headroom is the factor by which a value may exceed its calibrated maximum
	// without saturating, in formats of more than errorBits.
	headroom = 1.25
	// errorBits is the widest format whose binary point is chosen by least squared
	// error. Wider formats hold all values of calibration, with headroom.
	errorBits = 8
	// dspAccBits is the accumulator width of a DSP48: weight binary points are lowered
	// until the interval bound of sums fits.
	dspAccBits = 48
)

// Options direct Calibrate.
type Options struct {
	Bits       int                  // default width, 2..16
	Widths     *settings.Widths     // per-layer widths, or nil
	Thresholds *settings.Thresholds // per-layer thresholds, or nil
	Scales     Scales               // the allowed steps
	Pruned     bool                 // thresholds on activations will be set later, so no channel is equalised
	Quantisers Quantisers           // treatment of the graph's quantisers, recorded in the spec
	Equal      calib.Powers         // if not nil, the powers of equalised channels; otherwise Fit chooses them
	// InputMin and InputMax are the range that the data set's preprocessing can
	// produce. If both are 0, the range comes from calibration, and the input is
	// unsigned if no calibration image has negative values.
	InputMin, InputMax float64
}

// Calibrate chooses every format from statistics of each value of g.
//
// The binary point of activations of more than 8 bits is the finest that holds 1.25
// times the largest magnitude in calibration (or a fused clip's limit, if lower). With
// at most 8 bits it is the one with the least squared error, including clipping. The
// input is exact if some integer binary point holds its values exactly, and has the
// finest such point if a non-linear function reads it.
// A value is unsigned if its operators cannot make it negative (for the input: if its
// range is not negative). A max pool, a slice, zero insertion and nearest resizing keep
// their input's format. A value that a non-linear function reads has 16 bits unless the
// user gives that layer a width, because the function is applied before its result is
// narrowed. The sums of a convolution also have 16 bits if they leave the network and
// have no other reader. A format that a quantised model gives is used, with rounding half
// to even; all other formats round half up.
//
// The weights of a quantised model keep their integers and steps unless the user gives
// that layer another width. Other weights of more than 8 bits have one binary point per
// layer, the finest that holds the largest weight. With at most 8 bits they have one per
// output channel, with the least squared error within intnet.MaxShiftSteps steps, or with
// FreeScales one step per output channel (see weightSteps).
func Calibrate(g *graph.Graph, r *calib.Ranges, opt Options) (*Spec, error) {
	p, err := plan(g)
	if err != nil {
		return nil, err
	}
	if opt.Bits < 2 || opt.Bits > fixed.MaxBits {
		return nil, fmt.Errorf("width of %d bits: must lie in 2..%d", opt.Bits, fixed.MaxBits)
	}
	widths, err := resolveWidths(opt.Widths, p, opt.Bits)
	if err != nil {
		return nil, err
	}
	taus, err := tausOf(opt.Thresholds, p)
	if err != nil {
		return nil, err
	}
	s := &Spec{Bits: opt.Bits, Quantisers: opt.Quantisers, Values: make(map[string]ValueSpec), Convs: make(map[string]ConvSpec), Equal: r.Powers()}
	if err := p.equalise(s.Equal); err != nil {
		return nil, err
	}
	if opt.Widths != nil && opt.Widths.Default != 0 {
		s.Bits = opt.Widths.Default
	}
	st, err := statsOf(r, p.input)
	if err != nil {
		return nil, err
	}
	in := inputFormat(st, widths.input, opt)
	if p.inputWide && in.Bits > errorBits {
		// The segments of a function cover the whole format. If the format reached far beyond
		// the values, only few segments would be used.
		lo, hi := opt.inputRange(st)
		in.Frac = max(in.Frac, min(calib.Finest(in, lo, hi), actFrac))
	}
	if s.Values[p.input] = ours(in); p.inputFixed != nil {
		s.Values[p.input] = kept(*p.inputFixed)
	}
	free := p.freeScales(r, widths, opt.Scales)
	if f, ok := free[p.input]; ok {
		s.Values[p.input] = ours(f)
	}
	for i, l := range p.layers {
		if from := p.source(l.out); from != l.out {
			s.Values[l.out] = s.Values[from]
		} else if l.fixed != nil {
			s.Values[l.out] = kept(*l.fixed)
		} else if f, ok := l.between(s.Values[l.in[0]].Format); ok {
			s.Values[l.out] = ours(f)
		} else {
			if st, err = statsOf(r, l.out); err != nil {
				return nil, fmt.Errorf("layer %q: %w", l.node.Name, err)
			}
			f, ok := free[l.out]
			if !ok {
				f = valueFormat(st, widths.activations[i], l.nonneg && st.Min >= 0, l.lo, l.hi, p.isResult(l.out))
			}
			if lo, hi, ok := p.domain(l); ok && f.Bits <= curve.TableBits {
				f.Frac = st.Clamped(float32(lo), float32(hi)).LeastError(f)
			}
			if l.wide {
				f.Frac = min(f.Frac, actFrac)
			}
			s.Values[l.out] = ours(f)
		}
		if l.kind != intnet.KindConv {
			continue
		}
		frac, keeps := l.keptFracs(widths.weights[i])
		t := taus[l.node.Name]
		c := ConvSpec{WeightBits: widths.weights[i], TauW: t.W, TauA: t.A}
		if !keeps && opt.Scales == FreeScales && c.WeightBits <= errorBits && !l.bipolar {
			c.WeightFrac, c.WeightStep = []int{}, l.weightSteps(c, p.variances(l, r), s.Values[l.in[0]].Format, s.Values[l.out].Format)
			s.Convs[l.node.Name] = c
			continue
		}
		if !keeps {
			if frac, err = weightFracs(l, widths.weights[i], s.Values[l.in[0]].Format, s.Values[l.out].Format); err != nil {
				return nil, fmt.Errorf("layer %q: %w", l.node.Name, err)
			}
		}
		if l.wide && l.fixed == nil && len(frac) > 0 {
			// More binary places than the sums have would only be zeros from a left shift.
			f := s.Values[l.out]
			f.Frac = min(f.Frac, s.Values[l.in[0]].Frac+slices.Min(frac))
			s.Values[l.out] = f
		}
		c.WeightFrac = frac
		s.Convs[l.node.Name] = c
	}
	return s, nil
}

func statsOf(r *calib.Ranges, value string) (*calib.Stats, error) {
	st := r.Of(value)
	switch {
	case st == nil || st.Count == 0:
		return nil, fmt.Errorf("value %q was never observed: calibrate the same graph", value)
	case st.Bad > 0:
		return nil, fmt.Errorf("value %q had %d NaN or infinite elements in calibration", value, st.Bad)
	}
	return st, nil
}

// inputRange is the range of the input: the values in calibration, and the values that preprocessing can produce.
func (opt Options) inputRange(st *calib.Stats) (lo, hi float64) {
	lo, hi = float64(st.Min), float64(st.Max)
	if opt.InputMin != 0 || opt.InputMax != 0 {
		lo, hi = min(lo, opt.InputMin), max(hi, opt.InputMax)
	}
	return lo, hi
}

func inputFormat(st *calib.Stats, bits int, opt Options) fixed.Format {
	lo, hi := opt.inputRange(st)
	f := fixed.Format{Bits: bits, Signed: lo < 0}
	// Exact, but never coarser than integers: calibration images may all happen to
	// be even.
	f.Frac = 0
	if st.LSB != calib.NoLSB {
		f.Frac = max(0, -st.LSB)
	}
	if calib.Holds(f, lo, hi) {
		return f
	}
	if bits <= errorBits {
		f.Frac = st.LeastError(f)
	} else {
		f.Frac = calib.Finest(f, lo, hi)
	}
	return f
}

// valueFormat is the format of a value that is clamped to [lo, hi], perhaps
// infinite. If whole is set, the format holds all values of calibration.
func valueFormat(st *calib.Stats, bits int, unsigned bool, lo, hi float64, whole bool) fixed.Format {
	f := fixed.Format{Bits: bits, Signed: !unsigned}
	if bits <= errorBits && whole {
		f.Frac = calib.Finest(f, float64(st.Min), float64(st.Max))
		return f
	} else if bits <= errorBits {
		f.Frac = st.LeastError(f)
		return f
	}
	m, n := float64(st.Max)*headroom, float64(st.Min)*headroom
	f.Frac = calib.Finest(f, max(n, min(lo, 0)), min(m, max(hi, 0)))
	return f
}

// weightFracs chooses the weight binary points of a convolution: one, or one per
// output channel up to intnet.PerChannelBits.
func weightFracs(l *layer, bits int, in, out fixed.Format) ([]int, error) {
	n := l.w.Shape[0]
	if bits > intnet.PerChannelBits {
		n = 1
	}
	per := len(l.w.F) / n
	limit := int64(1)<<(bits-1) - 1
	const silent = math.MinInt // a channel without weights takes the binary point of the others
	fracs := make([]int, n)
	low, high := math.MaxInt, math.MinInt
	for c := range fracs {
		fracs[c] = silent
		if w := l.w.F[c*per : (c+1)*per]; slices.ContainsFunc(w, func(v float32) bool { return v != 0 }) {
			fracs[c] = calib.WeightPoint(w, limit, bits <= errorBits)
			low, high = min(low, fracs[c]), max(high, fracs[c])
		}
	}
	if low > high {
		low, high = bits-1, bits-1
	}
	for {
		high = min(high, low+intnet.MaxShiftSteps-1)
		fit := true
		for c := range fracs {
			if fracs[c] == silent || fracs[c] > high {
				fracs[c] = high
			}
			for l.accBits(c, n, bits, fracs[c], in, out) > dspAccBits {
				if fracs[c]--; fracs[c] < -in.Frac-dspAccBits {
					return nil, fmt.Errorf("no weight binary point keeps its accumulator within %d bits: its bias dwarfs its weights and inputs", dspAccBits)
				}
			}
			if fracs[c] < low {
				low, fit = fracs[c], false
			}
		}
		if fit {
			break
		}
	}
	for _, f := range fracs[1:] {
		if f != fracs[0] {
			return fracs, nil
		}
	}
	return fracs[:1], nil
}

// accBits is the accumulator width of part c of n of the output channels with
// the given weight binary point.
func (l *layer) accBits(c, n, bits, frac int, in, out fixed.Format) int {
	per := len(l.w.F) / l.w.Shape[0]
	channels := l.w.Shape[0] / n
	limit := int64(1)<<(bits-1) - 1
	need := 0
	for o := c * channels; o < (c+1)*channels; o++ {
		b := fixed.BoundOf(l.bias(o, in.Frac+frac, in))
		for _, w := range l.w.F[o*per : (o+1)*per] {
			b.Add(fixed.QuantizeRange(float64(w), frac, fixed.HalfUp, -limit, limit), in.Min(), in.Max())
		}
		b.AddRounding(in.Frac + frac - out.Frac)
		need = max(need, b.Bits())
	}
	return need
}

// Thresholds are the thresholds in s, by convolution.
func (s *Spec) Thresholds() *settings.Thresholds {
	t := &settings.Thresholds{Layers: make(map[string]settings.LayerTau, len(s.Convs))}
	for name, c := range s.Convs {
		t.Layers[name] = settings.LayerTau{W: &c.TauW, A: &c.TauA}
	}
	return t
}
