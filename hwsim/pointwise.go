package hwsim

import (
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// pointwise is an element-wise module: add, mul, requant or activation.
type pointwise struct {
	pos     raster
	mul     bool
	factors [2]int64
	act     *curve  // of an activation
	gate    []int32 // one pixel for the whole map, nil without broadcast
	shift   int
	round   fixed.Rounding
	lo, hi  int64
}

func newPointwise(l intnet.Layer, hl hw.Layer, in, out intnet.Tensor, broadcast bool) *pointwise {
	e := &pointwise{
		pos: newRaster(out, hw.Beat{Px: hl.OutPx, Ch: hl.OutCh}), mul: l.Kind == intnet.KindMul,
		factors: l.Factors, shift: l.Shift, round: l.Rounding, lo: l.Lo, hi: l.Hi,
	}
	if l.Act != nil {
		e.act, e.shift = newCurve(l.Act, in.Format.Min()), l.Act.Shift
	}
	if broadcast {
		e.gate = make([]int32, out.C)
	}
	return e
}

// beat combines a with b, or takes a alone if there is no second operand. b is also nil if an earlier gate is used again.
func (e *pointwise) beat(a, b, out []int32) {
	r := &e.pos
	valid := r.valid()
	if e.gate != nil {
		gate := e.gate[r.from:][:r.ch]
		if b != nil {
			copy(gate, b)
		}
		for p := range valid {
			e.lanes(a[p*r.ch:][:r.ch], gate, out[p*r.ch:])
		}
	} else {
		for p := range valid {
			o := p * r.ch
			if b == nil {
				e.lanes(a[o:][:r.ch], nil, out[o:])
			} else {
				e.lanes(a[o:][:r.ch], b[o:], out[o:])
			}
		}
	}
	clear(out[valid*r.ch:])
	r.next()
}

// lanes computes the channels of one pixel.
func (e *pointwise) lanes(a, b, out []int32) {
	for c, x := range a {
		v := int64(x)
		switch {
		case e.act != nil:
			v = e.act.at(v, e.pos.from+c)
		case b == nil:
		case e.mul:
			v *= int64(b[c]) * e.factors[0]
		default:
			v = v*e.factors[0] + int64(b[c])*e.factors[1]
		}
		out[c] = int32(fixed.Requant(v, e.shift, e.round, e.lo, e.hi))
	}
}

// curve is the function of an activation before its requantisation.
type curve struct {
	at func(x int64, channel int) int64
}

func newCurve(a *intnet.Act, least int64) *curve {
	switch a.Fn {
	case intnet.ActAffine:
		slope := a.Mul[0]
		return &curve{func(x int64, _ int) int64 { return a.Add + slope*x }}
	case intnet.ActHardSwish:
		return &curve{func(x int64, channel int) int64 {
			m := a.Mul[0]
			if len(a.Mul) > 1 {
				m = a.Mul[channel]
			}
			switch t := x + a.Add; {
			case t <= 0:
				return 0
			case t < a.Top:
				return x * t * m
			}
			return x * a.Top * m
		}}
	case intnet.ActLeaky:
		return &curve{func(x int64, channel int) int64 {
			switch {
			case x >= 0:
				return x * a.Top
			case len(a.Mul) > 1:
				return x * a.Mul[channel]
			}
			return x * a.Mul[0]
		}}
	case intnet.ActCurve:
		// The weighted mean of the two ends of the segment that contains x.
		segment := int64(1) << a.Step
		return &curve{func(x int64, _ int) int64 {
			i := (x - least) / segment
			r := x - least - i*segment
			return a.Table[i]*(segment-r) + a.Table[i+1]*r
		}}
	}
	panic("hwsim: no function " + string(a.Fn))
}
