// goptuna draws from the global stream of math/rand, which is to be seeded here.
//go:debug randseednop=0

package goptunatest

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	oldrand "math/rand"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"testing"

	"github.com/c-bata/goptuna"
	"github.com/c-bata/goptuna/tpe"

	"hass/optimizer/search/sampler"
)

var update = flag.Bool("update", false, "write ../testdata/parzen.json")

// The parameters are goptuna's defaults, as of Optuna.
var parameters = tpe.ParzenEstimatorParams{ConsiderPrior: true, ConsiderMagicClip: true, PriorWeight: 1, Weights: tpe.DefaultWeights}

// estimator is a line of parzen.json.
type estimator struct {
	Observations []float64 `json:"observations"`
	Weights      []float64 `json:"weights"` // in the order of Mus
	Mus          []float64 `json:"mus"`     // ascending, the prior among them
	Sigmas       []float64 `json:"sigmas"`
}

// TestParzenFile: the numbers that package sampler is tested against are goptuna's.
// The observations are ascending, for of others goptuna v0.9.0 makes a muddle: it
// takes floats.Argsort to leave its argument alone, which sorts it.
func TestParzenFile(t *testing.T) {
	const file = "../testdata/parzen.json"
	r := rand.New(rand.NewPCG(11, 12))
	var want []estimator
	for _, n := range []int{0, 1, 2, 3, 10, 24, 25, 26, 27, 60, 130} {
		xs := []float64{}
		for len(xs) < n {
			x := float64(r.IntN(10001)) / 10000
			if n > 2 && len(xs) < 2 {
				x = float64(len(xs)) // both walls
			}
			if x != 0.5 && !slices.Contains(xs, x) { // the order of ties is undefined
				xs = append(xs, x)
			}
		}
		slices.Sort(xs)
		e := tpe.NewParzenEstimator(slices.Clone(xs), 0, 1, parameters)
		want = append(want, estimator{xs, e.Weights, e.Mus, e.Sigmas})
	}
	if *update {
		data, err := json.Marshal(want)
		if err == nil {
			err = os.WriteFile(file, append(data, '\n'), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got []estimator
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is not what goptuna gives; run with -update", file)
	}
}

// objective is an ellipsoid of that condition with its minimum 0 at a random point.
func objective(seed uint64, dims int, condition float64) func([]float64) float64 {
	r := rand.New(rand.NewPCG(seed, 77))
	c := make([]float64, dims)
	for i := range c {
		c[i] = 0.1 + 0.8*r.Float64()
	}
	return func(x []float64) float64 {
		sum := 0.0
		for i := range x {
			sum += math.Pow(condition, float64(i)/float64(dims-1)) * (x[i] - c[i]) * (x[i] - c[i])
		}
		return sum
	}
}

// ours is the best value that a sampler of hass finds.
func ours(t *testing.T, name string, f func([]float64) float64, dims, trials int, seed uint64) float64 {
	s, err := sampler.New(name, dims, seed, nil)
	if err != nil {
		t.Fatal(err)
	}
	var history []sampler.Trial
	best := math.Inf(1)
	for n := range trials {
		x := s.Propose(n, history)
		history = append(history, sampler.Trial{Number: n, X: x, Value: f(x)})
		best = math.Min(best, f(x))
	}
	return best
}

// theirs is the best value that goptuna finds.
func theirs(t *testing.T, f func([]float64) float64, dims, trials int, seed uint64) float64 {
	oldrand.Seed(int64(seed))
	study, err := goptuna.CreateStudy("study", goptuna.StudyOptionLogger(nil),
		goptuna.StudyOptionSampler(tpe.NewSampler(tpe.SamplerOptionSeed(int64(seed)))))
	if err != nil {
		t.Fatal(err)
	}
	best := math.Inf(1)
	err = study.Optimize(func(trial goptuna.Trial) (float64, error) {
		x := make([]float64, dims)
		for i := range x {
			var err error
			if x[i], err = trial.SuggestFloat(fmt.Sprint("x", i), 0, 1); err != nil {
				return 0, err
			}
		}
		best = math.Min(best, f(x))
		return f(x), nil
	}, trials)
	if err != nil {
		t.Fatal(err)
	}
	return best
}

// reference is the best value found by a TPE that is built here from goptuna's
// estimator, weights and share of good trials, and from the score of the paper.
//
// It is needed in addition to goptuna's, because goptuna v0.9.0 deviates from TPE.
// Besides the fault shown in TestParzenFile, gmmLogPDF does not square the distance
// to a kernel, and logsumRows adds the logarithms of the kernels, not the kernels.
// So its choice among the 24 candidates is no better than the first of them, and tpe
// is better where the choice matters.
func reference(f func([]float64) float64, dims, trials int, seed uint64) float64 {
	r := rand.New(rand.NewPCG(seed, 99))
	var xs [][]float64
	var values []float64
	for len(xs) < trials {
		x := make([]float64, dims)
		order := make([]int, len(xs))
		for i := range order {
			order[i] = i
		}
		sort.Slice(order, func(i, j int) bool { return values[order[i]] < values[order[j]] })
		good := tpe.DefaultGamma(len(xs))
		slices.Sort(order[:good])
		slices.Sort(order[good:])
		for d := range x {
			if len(xs) < 10 {
				x[d] = r.Float64()
				continue
			}
			var below, above []float64
			for k, i := range order {
				if k < good {
					below = append(below, xs[i][d])
				} else {
					above = append(above, xs[i][d])
				}
			}
			l, g := sorted(below), sorted(above)
			best := math.Inf(-1)
			for range 24 {
				u, k := r.Float64(), 0
				for ; k < len(l.Weights)-1 && u >= l.Weights[k]; k++ {
					u -= l.Weights[k]
				}
				c := -1.0
				for c < 0 || c > 1 {
					c = l.Mus[k] + l.Sigmas[k]*r.NormFloat64()
				}
				if score := mixture(l, c) / mixture(g, c); score > best {
					best, x[d] = score, c
				}
			}
		}
		xs, values = append(xs, x), append(values, f(x))
	}
	return slices.Min(values)
}

// sorted is goptuna's estimator of observations in order of age.
func sorted(xs []float64) *tpe.ParzenEstimator {
	order := make([]int, len(xs))
	for i := range order {
		order[i] = i
	}
	sort.Slice(order, func(i, j int) bool { return xs[order[i]] < xs[order[j]] })
	ascending := make([]float64, len(xs))
	for k, i := range order {
		ascending[k] = xs[i]
	}
	p := parameters
	p.Weights = func(n int) []float64 {
		byAge, w := tpe.DefaultWeights(n), make([]float64, n)
		for k, i := range order {
			w[k] = byAge[i]
		}
		return w
	}
	return tpe.NewParzenEstimator(ascending, 0, 1, p)
}

// mixture is the density of an estimator at x. Each kernel is truncated on its own,
// as in Optuna since version 3.
func mixture(e *tpe.ParzenEstimator, x float64) float64 {
	sum := 0.0
	for i, w := range e.Weights {
		z := (x - e.Mus[i]) / e.Sigmas[i]
		inside := 0.5 * (math.Erfc((e.Mus[i]-1)/(e.Sigmas[i]*math.Sqrt2)) - math.Erfc(e.Mus[i]/(e.Sigmas[i]*math.Sqrt2)))
		sum += w / (e.Sigmas[i] * inside) * math.Exp(-z*z/2)
	}
	return sum
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// TestBest: the medians, over seeds, of the best value after 100 trials. tpe agrees
// with the reference within 0.6 to 1.6 everywhere, and with goptuna in 10
// dimensions; in 2 dimensions it is ahead of goptuna, see reference. All beat
// random.
func TestBest(t *testing.T) {
	const trials = 100
	for _, c := range []struct {
		dims      int
		seeds     int // in 2 dimensions the best value varies much
		condition float64
		least     float64 // of tpe's median over goptuna's; 0: tpe may be as far ahead as it likes
	}{
		{2, 121, 1, 0},
		{2, 121, 1e4, 0},
		{10, 41, 1, 0.6},
		{10, 41, 1e4, 0.6},
	} {
		var own, gop, ref, rnd []float64
		for seed := range uint64(c.seeds) {
			f := objective(seed, c.dims, c.condition)
			own = append(own, ours(t, "tpe", f, c.dims, trials, 1000+seed))
			gop = append(gop, theirs(t, f, c.dims, trials, 2000+seed))
			ref = append(ref, reference(f, c.dims, trials, 3000+seed))
			rnd = append(rnd, ours(t, "random", f, c.dims, trials, 4000+seed))
		}
		toGoptuna, toReference := median(own)/median(gop), median(own)/median(ref)
		what := fmt.Sprintf("%d dimensions, condition %g: tpe %.3g, goptuna %.3g (ratio %.2f), reference %.3g (ratio %.2f), random %.3g",
			c.dims, c.condition, median(own), median(gop), toGoptuna, median(ref), toReference, median(rnd))
		t.Log(what)
		if !(toGoptuna >= c.least && toGoptuna <= 1.6) || !(toReference >= 0.6 && toReference <= 1.6) {
			t.Errorf("%s: the ratios are not within 0.6 and 1.6", what)
		}
		for _, m := range []float64{median(own), median(gop), median(ref)} {
			if !(m < 0.6*median(rnd)) {
				t.Errorf("%s: one does not beat random", what)
			}
		}
	}
}
