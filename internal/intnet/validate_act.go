package intnet

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"hass/internal/fixed"
)

// check verifies an activation between two tensors of one shape. Every product must stay
// within fixed.MaxAccBits for every input.
func (a *Act) check(in, out *Tensor) error {
	if a.Shift < -MaxShift || a.Shift > MaxShift {
		return fmt.Errorf("shift %d; want within %d", a.Shift, MaxShift)
	}
	for _, v := range a.Mul {
		if v < -MaxMul || v > MaxMul {
			return fmt.Errorf("multiplier %d; want within %d", v, MaxMul)
		}
	}
	if !(a.MaxError >= 0) || math.IsInf(a.MaxError, 0) {
		return fmt.Errorf("stated error %g", a.MaxError)
	}
	if a.Add < -MaxBias || a.Add > MaxBias {
		return fmt.Errorf("constant %d; want within 2^60", a.Add)
	}
	muls := 1
	f := in.Format
	most := max(f.Max(), -f.Min()) // |x|
	var worst uint64               // |v|
	switch a.Fn {
	case ActAffine:
		worst = uint64(most)*uint64(abs64(a.first())) + uint64(abs64(a.Add))
	case ActHardSwish:
		if a.Add < 0 || a.Top < 1 || a.Top > 1<<30 {
			return fmt.Errorf("hardswish with offset %d and limit %d", a.Add, a.Top)
		}
		if len(a.Mul) > 1 {
			muls = in.C
		}
		hi, lo := bits.Mul64(uint64(most)*uint64(a.Top), uint64(a.most()))
		if worst = lo; hi != 0 {
			worst = 1 << 63
		}
	case ActLeaky:
		if a.Top < 0 || a.Top > MaxMul {
			return fmt.Errorf("leakyrelu with unit %d; want 0 to %d", a.Top, MaxMul)
		}
		if len(a.Mul) > 1 {
			muls = in.C
		}
		worst = uint64(most) * MaxMul
	case ActCurve:
		muls = 0
		if a.Step < 0 || a.Step > f.Bits || 1<<(f.Bits-a.Step) > MaxCurve {
			return fmt.Errorf("a curve of steps of 2^%d over %d bits", a.Step, f.Bits)
		}
		if want := 1<<(f.Bits-a.Step) + 1; len(a.Table) != want {
			return fmt.Errorf("a curve of %d values; steps of 2^%d over %d bits need %d", len(a.Table), a.Step, f.Bits, want)
		}
		if slices.ContainsFunc(a.Table, func(v int64) bool { return v < -MaxMul || v > MaxMul }) {
			return fmt.Errorf("a value of the curve is beyond %d", MaxMul)
		}
		worst = 2 * MaxMul << a.Step
	default:
		return fmt.Errorf("unknown activation %.40q", a.Fn)
	}
	if len(a.Mul) != muls {
		return fmt.Errorf("%s with %d multipliers; want %d", a.Fn, len(a.Mul), muls)
	}
	if a.Fn != ActCurve && (a.Step != 0 || a.Table != nil) || a.Fn == ActCurve && (a.Add != 0 || a.Top != 0) || (a.Fn == ActAffine) && a.Top != 0 || a.Fn == ActLeaky && a.Add != 0 {
		return fmt.Errorf("parameters do not belong to %s", a.Fn)
	}
	if worst >= 1<<(fixed.MaxAccBits-2) {
		return fmt.Errorf("%s of %v inputs exceeds %d bits", a.Fn, f, fixed.MaxAccBits)
	}
	return nil
}

// MaxMul bounds an activation's multipliers and the values of its curve.
const MaxMul = 1 << 30

func (a *Act) first() int64 {
	if len(a.Mul) == 0 {
		return 0
	}
	return a.Mul[0]
}

// most is the largest magnitude of a multiplier.
func (a *Act) most() (m int64) {
	for _, v := range a.Mul {
		m = max(m, abs64(v))
	}
	return m
}

func abs64(v int64) int64 { return max(v, -v) }

// checkConcat checks that the inputs have the output's format and make up its channels.
func (n *Net) checkConcat(l *Layer, out *Tensor) error {
	c := 0
	for _, i := range l.In {
		t := &n.Tensors[i]
		if t.H != out.H || t.W != out.W || t.Format != out.Format {
			return fmt.Errorf("input %q is %dx%d %v; the output is %dx%d %v", t.Name, t.H, t.W, t.Format, out.H, out.W, out.Format)
		}
		c += t.C
	}
	if c != out.C {
		return fmt.Errorf("inputs have %d channels together, the output %d", c, out.C)
	}
	return nil
}

func (r *Resize) check(in, out *Tensor) error {
	if in.Format.Scale != out.Format.Scale {
		return fmt.Errorf("a resize cannot change the scale %v to %v", in.Format, out.Format)
	}
	if in.C != out.C {
		return fmt.Errorf("%d channels in, %d out", in.C, out.C)
	}
	for _, a := range []struct {
		s         *Samples
		size, out int
	}{{&r.Rows, in.H, out.H}, {&r.Cols, in.W, out.W}} {
		s := a.s
		if len(s.From) != a.out || s.Weight != nil && len(s.Weight) != a.out {
			return fmt.Errorf("%d positions and %d weights for an axis of %d", len(s.From), len(s.Weight), a.out)
		}
		if s.Scale < 0 || s.Scale > 16 || s.Weight == nil && s.Scale != 0 {
			return fmt.Errorf("weights of %d bits; want at most 16", s.Scale)
		}
		for i := range s.From {
			if s.Weight != nil && (s.Weight[i] < 0 || s.Weight[i] >= 1<<s.Scale) {
				return fmt.Errorf("weight %d of position %d", s.Weight[i], i)
			}
			if s.From[i] < 0 || s.Last(i) >= a.size || i > 0 && s.From[i] < s.From[i-1] {
				return fmt.Errorf("position %d reads element %d of %d", i, s.From[i], a.size)
			}
		}
	}
	if in.Format.Scale != out.Format.Scale {
		return fmt.Errorf("a resize cannot change the scale: %v to %v; an activation %s can", in.Format, out.Format, ActAffine)
	}
	if want := in.Format.Frac - out.Format.Frac; r.FormatShift != want || want < -MaxAlign || want+r.Rows.Scale+r.Cols.Scale > MaxShift {
		return fmt.Errorf("format shift %d; formats %v to %v need %d", r.FormatShift, in.Format, out.Format, want)
	}
	// The dropped places lie below a unit of the input, and below half a step of the
	// output.
	if r.Drop < 0 || r.Drop > 0 && (r.Drop > r.Rows.Scale+r.Cols.Scale || r.Shift() < 1) {
		return fmt.Errorf("%d places dropped of a sum that has %d, of which %d are rounded", r.Drop, r.Rows.Scale+r.Cols.Scale, r.Drop+r.Shift())
	}
	return nil
}
