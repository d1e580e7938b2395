package search

import (
	"math"
	"slices"

	"hass/internal/metrics"
)

// lessons are corrections of the curves by finished trials, because the curves are probed at few values on few images:
// their common scale, and curves with a hidden step between the probed values.
type lessons struct {
	// scale is the factor by which measured divergences exceed the predicted ones, without the trials beyond a step.
	scale float64
	// Above the value safe of a variable, extra is added to its curve, in nats of measured divergence.
	safe, extra []float64
}

// surprise is the factor, beyond the scale of the others, by which a trial's divergence must exceed the prediction to
// be attributed to a step.
const surprise = 4

// learn finds the fewest variables that explain the trials whose divergence was much larger than predicted. A value that another
// trial with less than half that excess has used is not beyond a step of that height; a variable that exceeds all such values is
// suspected. The variables that are suspected in most such trials share the excess in proportion to the rise of their curves to the
// next probed value, because a low curve has no room for a step. The next trials avoid these values or clear them, until only the
// variables with a step are suspected.
func (a *Allocator) learn(past []Past) lessons {
	dims := a.p.Dims()
	l := lessons{scale: 1, safe: make([]float64, dims), extra: make([]float64, dims)}
	type trial struct {
		x                   []float64
		predicted, measured float64
		excess              float64
		safe                []float64 // by variable: the largest value without such an excess
	}
	var trials, fell []trial
	var ratios []float64
	for _, t := range past {
		if p, m := a.plain(t.X), t.Outcome.Divergence; p > 0 && !math.IsInf(p, 1) && m > 0 {
			trials = append(trials, trial{x: t.X, predicted: p, measured: m})
			ratios = append(ratios, m/p)
		}
	}
	if len(trials) == 0 {
		return l
	}
	slices.Sort(ratios)
	most := surprise * ratios[(len(ratios)-1)/2]
	sum, n := 0.0, 0.0
	for _, t := range trials {
		if t.measured > most*t.predicted {
			fell = append(fell, t)
		} else {
			sum, n = sum*0.8+math.Log(t.measured/t.predicted), n*0.8+1
		}
	}
	l.scale = math.Exp(sum / n)
	for i := range fell {
		t := &fell[i]
		t.excess, t.safe = t.measured-l.scale*t.predicted, make([]float64, dims)
		for _, o := range trials {
			if o.measured < t.excess/2 {
				for v, u := range o.x {
					t.safe[v] = max(t.safe[v], u)
				}
			}
		}
	}
	for len(fell) > 0 {
		count := make([]int, dims)
		for _, t := range fell {
			for v, u := range t.x {
				if u > t.safe[v] && l.extra[v] == 0 {
					count[v]++
				}
			}
		}
		worst := slices.Max(count)
		if worst == 0 {
			break // only together are they too much
		}
		var group []int
		for v, c := range count {
			if c == worst {
				group = append(group, v)
				l.safe[v] = 1
			}
		}
		excess, explained := 0.0, 0.0
		risk, all := make([]float64, len(group)), 0.0
		fell = slices.DeleteFunc(fell, func(t trial) bool {
			if !slices.ContainsFunc(group, func(v int) bool { return t.x[v] > t.safe[v] }) {
				return false
			}
			excess += t.excess
			explained++
			for i, v := range group {
				r := a.curves.rise(v, t.x[v]) + leastDivergence
				risk[i], all = risk[i]+r, all+r
				l.safe[v] = min(l.safe[v], t.safe[v])
			}
			return true
		})
		for i, v := range group {
			l.extra[v] = excess / explained * risk[i] / all
		}
	}
	return l
}

// at is the expected divergence of a variable's value, at the curves' own scale. weight perturbs the curve.
func (a *Allocator) at(l lessons, v int, u, weight float64) float64 {
	d := weight * a.curves.at(v, u)
	if u > l.safe[v] {
		d += l.extra[v] / l.scale
	}
	return d
}

// plain is the predicted divergence of a point by the curves alone.
func (a *Allocator) plain(x []float64) float64 {
	d := 0.0
	for v, u := range x {
		d += a.curves.at(v, u)
	}
	return d
}

// expected is the expected divergence of a point, at the curves' own scale.
func (a *Allocator) expected(l lessons, x []float64) float64 {
	d := 0.0
	for v, u := range x {
		d += a.at(l, v, u, 1)
	}
	return d
}

// target is the divergence that corresponds to the allowed loss, from the loss per divergence of the trials so far. The loss is
// measured by right answers lost, with which few images cannot resolve a point, and by regret, which can but is only as accurate
// as the unpruned network's probabilities. The two are averaged, weighted by their certainty. While nothing at all is lost, the
// target is the largest divergence tried.
func (a *Allocator) target(past []Past) float64 {
	first := firstDivergence * a.loss / 0.01
	most := 0.0
	for _, t := range past {
		if o := t.Outcome; o.Stopped == "" && o.Divergence <= mostDivergence {
			most = max(most, o.Divergence)
		}
	}
	target := min(max(most, first), first*mostTarget)
	// Larger divergences lose less per nat: only trials near the target count, once there are some.
	reach := mostDivergence
	for range targetRounds {
		divergence, lost, doubt, regret, n := 0.0, 0.0, 0.0, 0.0, 0
		for _, t := range past {
			o := t.Outcome
			if o.Stopped != "" || o.Divergence <= 0 || o.Divergence > reach {
				continue
			}
			drop := o.Drop(a.p.Base)
			divergence += o.Divergence
			lost += drop.Mean
			doubt += max(drop.Half/1.96, 1/float64(o.Images)) // all trials use the same images, so their errors do not average out
			regret += o.Regret
			n++
		}
		if n < leastPast {
			if reach == mostDivergence {
				return first
			}
			break
		}
		slope := metrics.Expected(lost, doubt, regret) / divergence
		if slope <= 0 {
			break
		}
		target = min(max(a.loss/slope, first/8), first*mostTarget)
		reach = min(3*target, mostDivergence)
	}
	return target
}

// Constants of target: its rounds, and the least number of trials.
const (
	targetRounds = 3
	leastPast    = 4
)

// mostTarget bounds the target, in units of the first target: as long as nothing is lost, nothing is learned.
const mostTarget = 8

// mostDivergence is the divergence above which a trial says nothing about small losses.
const mostDivergence = 0.5
