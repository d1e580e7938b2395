package floatexec

import (
	"math"

	"hass/internal/graph"
	"hass/internal/kernel"
)

var negZero = float32(math.Copysign(0, -1))

// posts are the activations that follow a value, in order; they are computed
// piece by piece while the value is in the cache.
type posts []*post

// post is an activation as y = f(x + bias), with Eval's result bit for bit.
type post struct {
	kind         postKind
	lo, hi, zero float32 // clamp
	tau          float32 // threshold
	fn           func(float64) float64
}

type postKind int

const (
	postClamp postKind = iota
	postHardSwish
	postThreshold
	postFunc
)

// noPost adds the bias only.
var noPost = &post{lo: float32(math.Inf(-1)), hi: float32(math.Inf(1)), zero: negZero}

// apply computes y from x; y may be x. A bias of -0 leaves x as it is.
func (ps posts) apply(y, x []float32, bias float32) {
	if len(ps) == 0 {
		noPost.apply(y, x, bias)
		return
	}
	ps[0].apply(y, x, bias)
	for _, p := range ps[1:] {
		p.apply(y, y, negZero)
	}
}

// newPost is the fast form of an activation of one input.
func newPost(op graph.Activation) *post {
	p := &post{kind: postFunc, fn: Func(op)}
	switch op.Fn {
	case graph.ActRelu:
		*p = post{lo: 0, hi: float32(math.Inf(1))}
	case graph.ActClip:
		// Rounding the bounds first gives what rounding the result would: no float32
		// number lies between a bound and its rounding. Bounds of zero besides
		// lo = +0 would need the order of zeros.
		lo, hi := float32(op.Alpha), float32(op.Beta)
		switch {
		case !(lo <= hi) || hi == 0 || (lo == 0 && math.Signbit(op.Alpha)):
		case lo == 0:
			*p = post{lo: lo, hi: hi}
		default:
			*p = post{lo: lo, hi: hi, zero: negZero}
		}
	case graph.ActHardSwish:
		p.kind = postHardSwish
	case graph.ActThreshold:
		// The least float32 number not below the threshold separates the same numbers.
		tau := float32(op.Alpha)
		if float64(tau) < op.Alpha {
			tau = math.Nextafter32(tau, float32(math.Inf(1)))
		}
		p.kind, p.tau = postThreshold, tau
	}
	return p
}

// apply computes y from x; y may be x. A bias of -0 leaves x as it is.
func (p *post) apply(y, x []float32, bias float32) {
	switch p.kind {
	case postClamp:
		kernel.Clamp(y, x, bias, p.lo, p.hi, p.zero)
	case postHardSwish:
		kernel.HardSwish(y, x, bias)
	case postThreshold:
		kernel.Threshold(y, x, bias, p.tau)
	case postFunc:
		x = x[:len(y)]
		for i, v := range x {
			y[i] = float32(p.fn(float64(v + bias)))
		}
	}
}
