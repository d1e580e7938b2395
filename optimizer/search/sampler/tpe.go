package sampler

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Parameters of both TPEs: the defaults of Optuna.
const (
	startupTrials = 10  // finished trials before the model is used; random until then
	candidates    = 24  // points drawn from the good density, of which the best is proposed
	gammaShare    = 0.1 // share of the trials that are good
	gammaMost     = 25  // but never more than this
	priorWeight   = 1.0 // weight of the prior, in observations
	flatWeights   = 25  // youngest observations of full weight; older ones fade
	clipKernels   = 100 // magic clip: a kernel is no narrower than 1/min(this, kernels+1)
)

// tpe is the tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl,
// "Algorithms for Hyper-Parameter Optimization", NIPS 2011) with the defaults of
// Optuna's univariate sampler: each dimension on its own has a density l of the
// good trials and g of the others, and of the candidates drawn from l the one of
// greatest l/g is proposed. Ten random trials come first; min(ceil(n/10), 25) of n
// trials are good; there are 24 candidates per dimension; a prior of weight 1 and
// the magic clip keep the densities wide, and endpoints are not considered; a
// kernel is a normal distribution truncated to [0,1].
type tpe struct {
	dims int
	seed uint64
}

// Propose implements Sampler.
func (s *tpe) Propose(number int, history []Trial) []float64 {
	r := newRand(s.seed, uint64(number))
	if len(history) < startupTrials {
		return uniform(r, s.dims)
	}
	below, above := split(history)
	x := make([]float64, s.dims)
	for d := range x {
		l, g := newParzen(column(below, d)), newParzen(column(above, d))
		best := math.Inf(-1)
		for range candidates {
			c := l.sample(r)
			// The prior keeps both densities above zero.
			if score := l.density(c) / g.density(c); score > best {
				best, x[d] = score, c
			}
		}
	}
	return x
}

// split parts the trials into good ones and others, each in order of Number:
// weights depend on age.
func split(history []Trial) (below, above []Trial) {
	n := min(int(math.Ceil(gammaShare*float64(len(history)))), gammaMost)
	r := ranked(history)
	below, above = r[:n], r[n:]
	for _, part := range [][]Trial{below, above} {
		slices.SortFunc(part, func(a, b Trial) int { return cmp.Compare(a.Number, b.Number) })
	}
	return below, above
}

// column is one coordinate of every trial.
func column(trials []Trial, d int) []float64 {
	xs := make([]float64, len(trials))
	for i, t := range trials {
		xs[i] = t.X[d]
	}
	return xs
}

// ageWeights are the weights of n observations, oldest first: 1 each, but with
// more than 25 the older ones ramp up from 1/n.
func ageWeights(n int) []float64 {
	w := make([]float64, n)
	ramp := n - flatWeights
	for i := range w {
		switch {
		case i >= ramp:
			w[i] = 1
		case ramp == 1:
			w[i] = 1 / float64(n)
		default:
			w[i] = 1/float64(n) + float64((1-1/float64(n))*float64(i)/float64(ramp-1))
		}
	}
	return w
}

// mixtureWeights are the weights of n observations and, last, the prior; sum 1.
func mixtureWeights(n int) []float64 {
	w := append(ageWeights(n), priorWeight)
	sum := 0.0
	for _, v := range w {
		sum += v
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// pick draws an index with the probabilities w.
func pick(r *rand.Rand, w []float64) int {
	u := r.Float64()
	for i, p := range w {
		if u -= p; u < 0 {
			return i
		}
	}
	return len(w) - 1
}

// narrowest is the magic clip: the least width of the kernels of n observations
// and the prior.
func narrowest(n int) float64 { return 1 / math.Min(clipKernels, float64(n+2)) }

// mass is the part of a normal distribution within [0,1].
func mass(mu, sigma float64) float64 {
	return 0.5 * (math.Erf((1-mu)/(sigma*math.Sqrt2)) - math.Erf(-mu/(sigma*math.Sqrt2)))
}

// parzen is a density on [0,1]: a mixture of truncated normal distributions, one
// per observation in the order given, and last the prior (mean 1/2, width 1).
type parzen struct {
	weights, mus, sigmas []float64
	scale                []float64 // of each kernel at its mean: weight/(sigma sqrt(2 pi) mass)
}

// newParzen makes the kernels of xs, all in [0,1]. A kernel is as wide as the
// greater of the gaps to its neighbours, the prior's mean being one of them; the
// outermost kernels have one gap only, for the ends of [0,1] are no neighbours.
func newParzen(xs []float64) *parzen {
	n := len(xs)
	p := &parzen{weights: mixtureWeights(n), mus: append(append([]float64(nil), xs...), 0.5), sigmas: make([]float64, n+1), scale: make([]float64, n+1)}
	order := make([]int, n+1)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p.mus[i], p.mus[j]) })
	for k, i := range order {
		gap := 0.0
		if k > 0 {
			gap = p.mus[i] - p.mus[order[k-1]]
		}
		if k < n {
			gap = math.Max(gap, p.mus[order[k+1]]-p.mus[i])
		}
		p.sigmas[i] = math.Min(math.Max(gap, narrowest(n)), 1)
	}
	p.sigmas[n] = 1
	for i, mu := range p.mus {
		p.scale[i] = p.weights[i] / (p.sigmas[i] * math.Sqrt(2*math.Pi) * mass(mu, p.sigmas[i]))
	}
	return p
}

// sample draws from the density.
func (p *parzen) sample(r *rand.Rand) float64 {
	i := pick(r, p.weights)
	return truncated(r, p.mus[i], p.sigmas[i])
}

// density is the density at x in [0,1].
func (p *parzen) density(x float64) float64 {
	sum := 0.0
	for i, mu := range p.mus {
		z := (x - mu) / p.sigmas[i]
		// Exp dominates the time. Beyond seven widths a kernel is less than 1e-10
		// of its peak and negligible beside the prior.
		if z *= z; z < 49 {
			sum += p.scale[i] * math.Exp(-0.5*z)
		}
	}
	return sum
}
