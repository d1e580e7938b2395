package sampler

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// TestParzenIsGoptunas compares weights, means and widths with the ones of goptuna
// v0.9.0 (see goptunatest, which writes the file).
func TestParzenIsGoptunas(t *testing.T) {
	data, err := os.ReadFile("testdata/parzen.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Observations, Weights, Mus, Sigmas []float64 }
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 10 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		n := len(c.Observations)
		p := newParzen(c.Observations)
		var at []int // our kernels, ascending like theirs
		for i := range p.mus {
			at = append(at, i)
		}
		slices.SortFunc(at, func(i, j int) int { return int(math.Copysign(1, p.mus[i]-p.mus[j])) })
		for k, i := range at {
			for what, pair := range map[string][2]float64{
				"mean": {p.mus[i], c.Mus[k]}, "width": {p.sigmas[i], c.Sigmas[k]}, "weight": {p.weights[i], c.Weights[k]},
			} {
				if math.Abs(pair[0]-pair[1]) > 1e-14 {
					t.Errorf("%d observations, kernel %d: %s %v, goptuna has %v", n, k, what, pair[0], pair[1])
				}
			}
		}
		// The order of the observations sets their weights, and nothing else.
		turned := slices.Clone(c.Observations)
		slices.Reverse(turned)
		q := newParzen(turned)
		for i := range turned {
			if k := n - 1 - i; q.mus[i] != p.mus[k] || q.sigmas[i] != p.sigmas[k] || q.weights[i] != p.weights[i] {
				t.Errorf("%d observations reversed: kernel %d changed", n, k)
			}
		}
	}
}

// TestDensities: a density integrates to 1 and equals the density of its samples, in
// one dimension and jointly in two.
func TestDensities(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for _, n := range []int{0, 1, 2, 9, 40} {
		var xs []float64
		var trials []Trial
		for i := range n {
			xs = append(xs, float64(i%7)/6) // walls and ties
			trials = append(trials, Trial{X: []float64{xs[i], r.Float64()}})
		}
		p, j := newParzen(xs), newJoint(trials, 2)

		const steps, bins, draws = 160, 8, 20000
		line, square := make([]float64, bins), make([]float64, bins*bins)
		for a := range steps {
			x := (float64(a) + 0.5) / steps
			line[a*bins/steps] += p.density(x) / steps
			for b := range steps {
				y := (float64(b) + 0.5) / steps
				square[a*bins/steps*bins+b*bins/steps] += math.Exp(j.logDensity([]float64{x, y})) / (steps * steps)
			}
		}
		lineDrawn, squareDrawn := make([]float64, bins), make([]float64, bins*bins)
		for range draws {
			lineDrawn[int(p.sample(r)*bins)] += 1.0 / draws
			x := j.sample(r)
			squareDrawn[int(x[0]*bins)*bins+int(x[1]*bins)] += 1.0 / draws
		}
		for what, pair := range map[string][2][]float64{"parzen": {line, lineDrawn}, "joint": {square, squareDrawn}} {
			sum := 0.0
			for i, want := range pair[0] {
				sum += want
				if math.Abs(want-pair[1][i]) > 4.5*math.Sqrt(want/draws)+2e-4 {
					t.Errorf("%s of %d: bin %d has %.4f of the draws, by density %.4f", what, n, i, pair[1][i], want)
				}
			}
			if math.Abs(sum-1) > 1e-4 {
				t.Errorf("%s of %d integrates to %v", what, n, sum)
			}
		}
	}
}

// TestSplit: the share of good trials, infeasible ones last, ties by age, both
// parts by age.
func TestSplit(t *testing.T) {
	for _, c := range []struct{ n, good int }{{1, 1}, {10, 1}, {11, 2}, {100, 10}, {101, 11}, {250, 25}, {1000, 25}} {
		history := make([]Trial, c.n)
		for i := range history {
			history[i] = Trial{Number: i, Value: float64((i * 7919) % c.n)}
		}
		below, above := split(history)
		if len(below) != c.good || len(below)+len(above) != c.n {
			t.Errorf("%d of %d are good, want %d", len(below), c.n, c.good)
		}
		byAge := func(a, b Trial) int { return a.Number - b.Number }
		if !slices.IsSortedFunc(below, byAge) || !slices.IsSortedFunc(above, byAge) {
			t.Errorf("of %d: not in order of age", c.n)
		}
		for _, b := range below {
			if b.Value >= float64(c.good) {
				t.Errorf("of %d: value %v is good", c.n, b.Value)
			}
		}
	}
	history := make([]Trial, 20)
	for i := range history {
		history[i] = Trial{Number: i, Value: -float64(i), Infeasible: i > 0}
	}
	below, _ := split(history)
	if fmt.Sprint(below[0].Number, below[1].Number) != "0 19" {
		t.Errorf("good are %v, want the feasible one and the best of the others", below)
	}
	below, _ = split(make([]Trial, 15))
	if len(below) != 2 {
		t.Errorf("%d of 15 equal ones are good", len(below))
	}
}

// TestChoice: with the good trials at one place and the others spread, nearly every
// proposal is near that place, nearer than draws from the good density are.
func TestChoice(t *testing.T) {
	const n = 100
	r := rand.New(rand.NewPCG(4, 4))
	history := make([]Trial, n)
	for i := range history {
		x := []float64{r.Float64(), r.Float64()}
		if i%10 == 0 {
			x = []float64{0.3 + 0.02*r.Float64(), 0.7 + 0.02*r.Float64()}
		}
		history[i] = Trial{Number: i, X: x, Value: float64(i % 10)}
	}
	near := func(x []float64) bool { return math.Abs(x[0]-0.3) < 0.1 && math.Abs(x[1]-0.7) < 0.1 }
	below, _ := split(history)
	chance := map[string]func() []float64{
		"tpe": func() []float64 {
			return []float64{newParzen(column(below, 0)).sample(r), newParzen(column(below, 1)).sample(r)}
		},
		"mvtpe": func() []float64 { return newJoint(below, 2).sample(r) },
	}
	for name, draw := range chance {
		s := mustNew(t, name, 2, 1)
		hits, drawn := 0, 0
		for k := range 200 {
			if near(s.Propose(n+k, history)) {
				hits++
			}
			if near(draw()) {
				drawn++
			}
		}
		t.Logf("%s: near %d, draws near %d, of 200", name, hits, drawn)
		if hits < 190 || hits < drawn+40 {
			t.Errorf("%s: near %d, draws near %d, of 200", name, hits, drawn)
		}
	}
}
