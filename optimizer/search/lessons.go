package search

import (
	"math"
	"slices"

	"hass/internal/metrics"
)

// lessons are what finished trials say about the curves, which are probed at some values on a few images: their common
// scale, and curves that hide a cliff between the values probed.
type lessons struct {
	// scale is by how much measured divergences exceed the predicted, as a factor, but for trials that fell from a cliff.
	scale float64
	// Of a variable above the value safe, extra is expected beside its curve, in nats of measured divergence.
	safe, extra []float64
}

// surprise is the factor beyond the scale of the others by which a trial's divergence must exceed what was predicted to
// be put down to a cliff.
const surprise = 4

// learn looks for the fewest variables that explain the trials whose divergence was much more than predicted. What another trial of
// less than half that excess has pruned is no cliff of its height; a variable that went further is under suspicion, and
// those that did so in most such trials share the blame, by how far their curves rise to the next value probed: there is no
// room for a cliff on a curve that stays low. The next trials then keep away from them or clear them, until
// those that are left deserve it.
func (a *Allocator) learn(past []Past) lessons {
	dims := a.p.Dims()
	l := lessons{scale: 1, safe: make([]float64, dims), extra: make([]float64, dims)}
	type trial struct {
		x                   []float64
		predicted, measured float64
		excess              float64
		safe                []float64 // by variable: the most that was pruned without such an excess
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

// at is the divergence that a variable's value is expected to cause, at the curves' own scale. weight disturbs the curve.
func (a *Allocator) at(l lessons, v int, u, weight float64) float64 {
	d := weight * a.curves.at(v, u)
	if u > l.safe[v] {
		d += l.extra[v] / l.scale
	}
	return d
}

// plain is the divergence that the curves alone predict for a point.
func (a *Allocator) plain(x []float64) float64 {
	d := 0.0
	for v, u := range x {
		d += a.curves.at(v, u)
	}
	return d
}

// expected is the divergence expected of a point, at the curves' own scale.
func (a *Allocator) expected(l lessons, x []float64) float64 {
	d := 0.0
	for v, u := range x {
		d += a.at(l, v, u, 1)
	}
	return d
}

// target is the divergence that goes with the loss allowed, by what the trials so far say of the loss per divergence: by right
// answers lost, in which few images cannot resolve a point, and by regret, which can but is right only as far as
// the unpruned network's probabilities are. The two are averaged by their certainty. While nothing at all is lost, the target is
// the most that was tried.
func (a *Allocator) target(past []Past) float64 {
	first := firstDivergence * a.loss / 0.01
	most := 0.0
	for _, t := range past {
		if o := t.Outcome; o.Stopped == "" && o.Divergence <= mostDivergence {
			most = max(most, o.Divergence)
		}
	}
	target := min(max(most, first), first*mostTarget)
	// Larger divergences lose less each: only those near the target count, once there are some.
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
			doubt += max(drop.Half/1.96, 1/float64(o.Images)) // all trials see the same images: their errors do not cancel
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

// Of target: its rounds, and the trials without which it says nothing.
const (
	targetRounds = 3
	leastPast    = 4
)

// mostTarget bounds the target in units of the first: while nothing has been lost, nothing has been learned.
const mostTarget = 8

// mostDivergence is that of trials that have nothing to say about small losses.
const mostDivergence = 0.5
