package sampler

import (
	"math"
	"math/rand/v2"
)

// mvtpe is the multivariate TPE (Falkner, Klein, Hutter, "BOHB", ICML 2018) in the
// form of Optuna's multivariate=True. It differs from tpe in that a kernel is the
// product of truncated normal distributions around a whole point, so that good
// combinations stay together, and 24 candidates are whole points. All kernels have
// one width by Scott's rule, 0.2 n^(-1/(d+4)), not less than the magic clip; the
// prior (mean 1/2, width 1 in each dimension) is one more kernel.
type mvtpe struct {
	dims int
	seed uint64
}

// Propose implements Sampler.
func (s *mvtpe) Propose(number int, history []Trial) []float64 {
	r := newRand(s.seed, uint64(number))
	if len(history) < startupTrials {
		return uniform(r, s.dims)
	}
	below, above := split(history)
	l, g := newJoint(below, s.dims), newJoint(above, s.dims)
	best := math.Inf(-1)
	var x []float64
	for range candidates {
		c := l.sample(r)
		if score := l.logDensity(c) - g.logDensity(c); x == nil || score > best {
			best, x = score, c
		}
	}
	return x
}

// joint is a density on the unit cube: a mixture of products of truncated normal
// distributions, one per trial, and last the prior.
type joint struct {
	weights  []float64
	centres  [][]float64
	sigmas   []float64 // of each kernel, the same in all dimensions
	logScale []float64 // of each kernel at its centre
}

func newJoint(trials []Trial, dims int) *joint {
	n := len(trials)
	j := &joint{weights: mixtureWeights(n), centres: make([][]float64, n+1), sigmas: make([]float64, n+1), logScale: make([]float64, n+1)}
	scott := round(0.2 * math.Pow(float64(max(n, 1)), -1/float64(dims+4)))
	for i, t := range trials {
		j.centres[i], j.sigmas[i] = t.X, math.Min(math.Max(scott, narrowest(n)), 1)
	}
	middle := make([]float64, dims)
	for d := range middle {
		middle[d] = 0.5
	}
	j.centres[n], j.sigmas[n] = middle, 1
	for i, c := range j.centres {
		j.logScale[i] = math.Log(j.weights[i])
		for _, mu := range c {
			j.logScale[i] -= math.Log(j.sigmas[i] * math.Sqrt(2*math.Pi) * mass(mu, j.sigmas[i]))
		}
	}
	return j
}

// sample draws from the density.
func (j *joint) sample(r *rand.Rand) []float64 {
	i := pick(r, j.weights)
	x := make([]float64, len(j.centres[i]))
	for d, mu := range j.centres[i] {
		x[d] = truncated(r, mu, j.sigmas[i])
	}
	return x
}

// logDensity is the logarithm of the density at x.
func (j *joint) logDensity(x []float64) float64 {
	terms := make([]float64, len(j.centres))
	most := math.Inf(-1)
	for i, c := range j.centres {
		sum := 0.0
		for d, mu := range c {
			sum += (x[d] - mu) * (x[d] - mu)
		}
		terms[i] = j.logScale[i] - 0.5*sum/(j.sigmas[i]*j.sigmas[i])
		most = math.Max(most, terms[i])
	}
	sum := 0.0
	for _, t := range terms {
		sum += math.Exp(t - most)
	}
	return most + math.Log(sum)
}
