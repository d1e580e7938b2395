package repair

import (
	"context"
	"errors"
	"fmt"
	"math"

	"hass/internal/metrics"
)

// Limits of a match.
const (
	mostScale = 2 // a channel's weights are scaled by at most this, and at least its reciprocal
	// stillness is the share of the layer's mean variance below which a channel counts as constant and is not scaled.
	stillness = 1e-9
	// fewSamples is the least ratio of a channel's outputs to the layer's inputs at which a fit
	// also holds for other images.
	fewSamples = 3
)

// pair sums up a channel of a layer's outputs in the original network, y, and in the repaired
// network, z.
type pair struct{ n, y, yy, z, zz, yz float64 }

func (p *pair) add(o pair) {
	p.n += o.n
	p.y += o.y
	p.yy += o.yy
	p.z += o.z
	p.zz += o.zz
	p.yz += o.yz
}

// pairs sums up the channels of one image. Products are rounded before they are added, so that
// every machine gets the same sums.
func pairs(was, now []float32, channels int) []pair {
	list := make([]pair, channels)
	n := len(was) / channels
	for c := range list {
		p := pair{n: float64(n)}
		now := now[c*n:][:n]
		for i, v := range was[c*n:][:n] {
			y, z := float64(v), float64(now[i])
			p.y += y
			p.z += z
			p.yy += float64(y * y)
			p.zz += float64(z * z)
			p.yz += float64(y * z)
		}
		list[c] = p
	}
	return list
}

// finite reports whether all sums are finite.
func (p *pair) finite() bool {
	s := p.yy + p.zz + p.yz
	return !math.IsNaN(s) && !math.IsInf(s, 0)
}

// variances gives the variances of y and z.
func (p *pair) variances() (y, z float64) {
	return max(0, p.yy/p.n-float64(p.y/p.n*p.y/p.n)), max(0, p.zz/p.n-float64(p.z/p.n*p.z/p.n))
}

// distance is the sum of (scale*z + shift - y)^2.
func (p *pair) distance(scale, shift float64) float64 {
	d := float64(scale*scale*p.zz) + p.yy + float64(shift*shift*p.n) - float64(2*scale*p.yz) + float64(2*scale*shift*p.z) - float64(2*shift*p.y)
	return max(0, d)
}

// repair changes the weights of a layer whose weights or inputs have changed, and reports on it.
func (l *layer) repair(ctx context.Context, t *twin, w *walk, o Options) error {
	r := &l.report
	done := Match
	ok, note := l.refits(o)
	r.Note = note
	if ok {
		switch err := l.refit(ctx, t, w); {
		case errors.Is(err, errSingular):
			r.Note = err.Error() + ": it is matched instead"
		case err != nil:
			return err
		default:
			done = Refit
		}
	}
	sums, cut := make([]pair, len(l.bias.F)), make([]pair, len(l.bias.F))
	want := []string{l.was, l.now}
	if done == Refit {
		want = append(want, l.only)
	}
	err := pass(ctx, w, l.at, l.at+3, want, func(_ int, v values) (list [2][]pair, err error) {
		list[0] = pairs(v[l.was], v[l.now], len(sums))
		if done == Refit {
			list[1] = pairs(v[l.was], v[l.only], len(sums))
		}
		return list, nil
	}, func(list [2][]pair) error {
		for c := range sums {
			sums[c].add(list[0][c])
			if done == Refit {
				cut[c].add(list[1][c])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if done == Match {
		cut = sums
	}
	for c := range sums {
		if !sums[c].finite() || !cut[c].finite() {
			r.Note = "its sums hold NaN or infinities on the calibration images: it keeps its weights"
			l.keep(t)
			return nil
		}
	}
	scale, shift := make([]float64, len(sums)), make([]float64, len(sums))
	for c := range scale {
		scale[c] = 1
	}
	r.ErrorBefore = relative(cut, scale, shift)
	r.ErrorAfter = r.ErrorBefore
	switch {
	case o.Repair == None:
	case r.ErrorBefore == nil:
		r.Note = "its sums are constant on the calibration images: it keeps its weights"
		l.keep(t)
	case l.few() && !l.cut:
		r.Note = fmt.Sprintf("its outputs on the calibration images are fewer than %d times its inputs: it keeps its weights; more images would help", fewSamples)
	default:
		l.match(sums, scale, shift)
		l.set(t)
		r.Repair, r.ErrorAfter = done, relative(sums, scale, shift)
	}
	return nil
}

// few reports whether a fit to the layer's outputs would not hold for other images.
func (l *layer) few() bool { return l.samples < fewSamples*l.inputs }

// match gives every channel the mean and the deviation of the original network. It sets scale and
// shift to the change of its outputs.
func (l *layer) match(sums []pair, scale, shift []float64) {
	mean := 0.0
	for c := range sums {
		y, _ := sums[c].variances()
		mean += y / float64(len(sums))
	}
	for c := range sums {
		s := &sums[c]
		if y, z := s.variances(); y > stillness*mean && z > stillness*mean {
			scale[c] = min(max(math.Sqrt(y/z), 1/float64(mostScale)), mostScale)
		}
		shift[c] = s.y/s.n - float64(scale[c]*s.z/s.n)
		l.bias.F[c] = float32(float64(scale[c]*float64(l.bias.F[c])) + shift[c])
	}
	for i, v := range l.weights.F {
		l.weights.F[i] = float32(float64(v) * scale[l.channel(i)])
	}
}

// relative is the mean squared distance of all channels divided by their variance; nil if they are
// constant.
func relative(sums []pair, scale, shift []float64) *float64 {
	distance, variance := 0.0, 0.0
	for c := range sums {
		y, _ := sums[c].variances()
		variance += float64(y * sums[c].n)
		distance += sums[c].distance(scale[c], shift[c])
	}
	if variance == 0 {
		return nil
	}
	e := metrics.Rounded(distance / variance)
	return &e
}
