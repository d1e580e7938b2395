package sampler

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/test/testenv"
)

func mustNew(t testing.TB, name string, dims int, seed uint64) Sampler {
	t.Helper()
	groups := make([]int, dims)
	for i := range groups {
		groups[i] = i % 2
	}
	s, err := New(name, dims, seed, groups)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// study runs trials in batches: all of a batch are proposed from the same history.
func study(s Sampler, trials, batch int, f func(x []float64) Trial) []Trial {
	var history []Trial
	for len(history) < trials {
		done := history
		for n := len(done); n < min(len(done)+batch, trials); n++ {
			x := s.Propose(n, done)
			t := f(x)
			t.Number, t.X = n, x
			history = append(history, t)
		}
	}
	return history
}

// scalar makes an objective of a plain function.
func scalar(f func([]float64) float64) func([]float64) Trial {
	return func(x []float64) Trial { return Trial{Value: f(x)} }
}

// bumpy has two objectives and infeasible trials. Its products are not fused, so
// that its values are the same on any machine.
func bumpy(x []float64) Trial {
	a, b := 0.0, 0.0
	for i, v := range x {
		a += float64((v - 0.3) * (v - 0.3) * float64(i+1))
		b += float64((v - 0.8) * (v - 0.8))
	}
	return Trial{Value: a + b, Objectives: []float64{a, b}, Infeasible: x[0] > 0.9}
}

func copied(history []Trial) []Trial {
	c := slices.Clone(history)
	for i := range c {
		c[i].X, c[i].Objectives = slices.Clone(c[i].X), slices.Clone(c[i].Objectives)
	}
	return c
}

func TestNew(t *testing.T) {
	if names := Names(); len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(kinds) {
		t.Errorf("a name twice: %q", names)
	}
	for _, c := range []struct {
		name   string
		dims   int
		groups []int
		want   []string // in the error
	}{
		{"tp", 3, nil, append(Names(), `"tp"`)},
		{"", 3, nil, Names()},
		{"tpe", 0, nil, []string{"tpe", "0 dimensions"}},
		{"hillclimb", 3, []int{0, 1}, []string{"hillclimb", "2", "3"}},
	} {
		_, err := New(c.name, c.dims, 1, c.groups)
		if err == nil {
			t.Errorf("New(%q, %d, %v): no error", c.name, c.dims, c.groups)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("New(%q, %d, %v): %q says nothing of %q", c.name, c.dims, c.groups, err, w)
			}
		}
	}
}

// TestContract: every sampler keeps the promises of Sampler's documentation.
func TestContract(t *testing.T) {
	for _, name := range Names() {
		for _, dims := range []int{1, 2, 7, 61} {
			if dims > cmaFullDims && name != "cmaes" {
				continue // no other one has a second form for many dimensions
			}
			t.Run(fmt.Sprint(name, dims), func(t *testing.T) {
				const seed, trials = 5, 80
				s := mustNew(t, name, dims, seed)
				history := study(s, trials, 3, bumpy)
				for _, trial := range history {
					if len(trial.X) != dims {
						t.Fatalf("trial %d has %d dimensions", trial.Number, len(trial.X))
					}
					for _, v := range trial.X {
						if !(v >= 0 && v <= 1) {
							t.Fatalf("trial %d: %v is outside the cube", trial.Number, trial.X)
						}
						if trial.Number == 0 && v != 0 {
							t.Fatalf("trial 0 is %v", trial.X)
						}
					}
				}

				gaps := slices.DeleteFunc(slices.Clone(history), func(t Trial) bool { return t.Number%5 == 2 })
				late := history[trials-20:] // all early ones are missing
				for _, number := range []int{0, 1, 9, 11, 25, 48, 79, 200} {
					for what, h := range map[string][]Trial{"none": nil, "all": history, "gaps": gaps, "late": late} {
						before := copied(h)
						x := s.Propose(number, h)
						want := slices.Clone(x)
						if !slices.EqualFunc(before, h, sameTrial) {
							t.Fatalf("trial %d from %s: the history changed", number, what)
						}
						for i := range x {
							x[i] = -1 // the point is the caller's
						}
						s.Propose(number+30, late) // fills caches with something else
						past := slices.DeleteFunc(slices.Clone(h), func(t Trial) bool { return t.Number >= number })
						for call, got := range map[string][]float64{
							"again":       s.Propose(number, h),
							"fresh":       mustNew(t, name, dims, seed).Propose(number, h),
							"only past":   s.Propose(number, past),
							"copied":      s.Propose(number, before),
							"fresh, past": mustNew(t, name, dims, seed).Propose(number, past),
						} {
							if !slices.Equal(want, got) {
								t.Fatalf("trial %d from %s, %s: %v, was %v", number, what, call, got, want)
							}
						}
						for _, v := range want {
							if !(v >= 0 && v <= 1) {
								t.Fatalf("trial %d from %s: %v is outside the cube", number, what, want)
							}
						}
					}
				}
			})
		}
	}
}

// TestSeedsAndNumbers: both change the point. The hill climb starts alike for all
// seeds, and differs after the first climb.
func TestSeedsAndNumbers(t *testing.T) {
	for _, name := range Names() {
		history := study(mustNew(t, name, 6, 1), 100, 1, bumpy)
		a, b := mustNew(t, name, 6, 1).Propose(100, history), mustNew(t, name, 6, 2).Propose(100, history)
		if name != "hillclimb" && cmp.Equal(a, b) {
			t.Errorf("%s: seeds 1 and 2 propose the same point", name)
		}
		if cmp.Equal(a, mustNew(t, name, 6, 1).Propose(101, history)) {
			t.Errorf("%s: trials 100 and 101 are the same point", name)
		}
	}
}

func TestConcurrentCalls(t *testing.T) {
	for _, name := range Names() {
		s := mustNew(t, name, 5, 3)
		history := study(s, 90, 1, bumpy)
		var wg sync.WaitGroup
		for w := range 4 {
			wg.Go(func() {
				for k := range 90 {
					n := (k*37 + w*11) % 90
					if got := s.Propose(n, history); !slices.Equal(got, history[n].X) {
						t.Errorf("%s: trial %d is %v, was %v", name, n, got, history[n].X)
					}
				}
			})
		}
		wg.Wait()
	}
}

// TestHardHistories: values that no sampler can learn from still give points of
// the cube.
func TestHardHistories(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for what, f := range map[string]func(x []float64) Trial{
		"equal":      func([]float64) Trial { return Trial{Value: 1, Objectives: []float64{1, 1}} },
		"infinite":   func(x []float64) Trial { return Trial{Value: inf, Objectives: []float64{inf, x[0]}} },
		"minus":      func(x []float64) Trial { return Trial{Value: -inf, Objectives: []float64{-inf, x[0]}} },
		"nan":        func(x []float64) Trial { return Trial{Value: nan, Objectives: []float64{nan, 1}} },
		"infeasible": func(x []float64) Trial { return Trial{Value: x[0], Infeasible: true} },
		"no vector":  func(x []float64) Trial { return Trial{Value: x[0]} },
		"wall": func(x []float64) Trial {
			sum := 0.0
			for _, v := range x {
				sum += v
			}
			return Trial{Value: -1e300 * sum, Objectives: []float64{sum, -sum}}
		},
	} {
		for _, name := range Names() {
			for _, trial := range study(mustNew(t, name, 4, 9), 120, 1, f) {
				for _, v := range trial.X {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%s, %s: trial %d is %v", what, name, trial.Number, trial.X)
					}
				}
			}
		}
	}
}

// TestNaNIsWorst: a NaN is a trial that failed, not one that won.
func TestNaNIsWorst(t *testing.T) {
	for _, name := range Names() {
		nan := study(mustNew(t, name, 4, 9), 100, 1, func(x []float64) Trial {
			if x[0] > 0.5 {
				return Trial{Value: math.NaN()}
			}
			return bumpy(x)
		})
		worst := study(mustNew(t, name, 4, 9), 100, 1, func(x []float64) Trial {
			if x[0] > 0.5 {
				return Trial{Value: math.Inf(1), Infeasible: true}
			}
			return bumpy(x)
		})
		for i := range nan {
			if !slices.Equal(worst[i].X, nan[i].X) {
				t.Fatalf("%s: trial %d is %v, of infeasible ones %v", name, i, nan[i].X, worst[i].X)
			}
		}
	}
}

func TestWrongDimensionsPanic(t *testing.T) {
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "trial 0 has 2 dimensions") {
			t.Errorf("recovered %v", r)
		}
	}()
	mustNew(t, "tpe", 3, 1).Propose(1, []Trial{{X: []float64{0, 0}}})
}

// TestInfeasibleIsAvoided: in half of the cube trials are infeasible, and would be
// the best by Value.
func TestInfeasibleIsAvoided(t *testing.T) {
	for _, name := range []string{"tpe", "mvtpe", "cmaes", "nsga2"} {
		var share []float64
		for seed := range uint64(3) {
			history := study(mustNew(t, name, 6, seed), 150, 1, func(x []float64) Trial {
				sum := 0.0
				for _, v := range x {
					sum += (v - 0.4) * (v - 0.4)
				}
				if x[1] > 0.5 {
					return Trial{Value: sum - 100, Infeasible: true}
				}
				return Trial{Value: sum}
			})
			n := 0.0
			for _, trial := range history[100:] {
				if trial.Infeasible {
					n++
				}
			}
			share = append(share, n/50)
		}
		t.Logf("%s: of the last trials %.2f are infeasible", name, median(share))
		if median(share) > 0.4 { // random: 0.5
			t.Errorf("%s: of the last trials %.2f are infeasible", name, median(share))
		}
	}
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	return v[len(v)/2]
}

// TestBeatsRandom: medians of the best value over seeds, on functions whose optimum
// and whose sampler are seeded apart. In sixty such comparisons of random with
// random the ratio was never below 0.87.
func TestBeatsRandom(t *testing.T) {
	testenv.Long(t)
	const seeds = 11
	functions := map[string]func(r *rand.Rand, dims int) func([]float64) float64{
		"sphere": func(r *rand.Rand, dims int) func([]float64) float64 {
			return ellipsoid(r, dims, 1)
		},
		"ellipsoid": func(r *rand.Rand, dims int) func([]float64) float64 {
			return ellipsoid(r, dims, 1e4)
		},
	}
	for _, c := range []struct {
		function     string
		dims, trials int
		names        []string
		most         float64 // median of the best, random = 1
	}{
		{"sphere", 10, 100, []string{"tpe", "mvtpe", "cmaes"}, 0.5},
		{"ellipsoid", 10, 100, []string{"tpe", "mvtpe", "cmaes"}, 0.6},
		{"sphere", 40, 100, []string{"tpe", "mvtpe", "cmaes"}, 0.7},
		{"ellipsoid", 40, 100, []string{"tpe", "mvtpe", "cmaes"}, 0.65},
		{"ellipsoid", 40, 200, []string{"cmaes"}, 0.4},
		{"sphere", 70, 200, []string{"cmaes"}, 0.6}, // diagonal
	} {
		best := func(name string, seed uint64) float64 {
			f := functions[c.function](rand.New(rand.NewPCG(seed, 77)), c.dims)
			least := math.Inf(1)
			for _, trial := range study(mustNew(t, name, c.dims, 1000+seed), c.trials, 1, scalar(f)) {
				least = math.Min(least, trial.Value)
			}
			return least
		}
		var random []float64
		for seed := range uint64(seeds) {
			random = append(random, best("random", seed))
		}
		for _, name := range c.names {
			t.Run(fmt.Sprint(c.function, c.dims, "/", c.trials, "/", name), func(t *testing.T) {
				t.Parallel()
				var bests []float64
				wins := 0
				for seed := range uint64(seeds) {
					bests = append(bests, best(name, seed))
					if bests[seed] < random[seed] {
						wins++
					}
				}
				t.Logf("median %.4g, random %.4g, better in %d of %d", median(bests), median(random), wins, seeds)
				if ratio := median(bests) / median(random); !(ratio < c.most) || wins < 8 {
					t.Errorf("median %.4g is %.2f of random's %.4g, want less than %.2f; better in %d of %d, want 8",
						median(bests), ratio, median(random), c.most, wins, seeds)
				}
			})
		}
	}
}

// ellipsoid has its minimum 0 at a random point, and axes of that condition.
func ellipsoid(r *rand.Rand, dims int, condition float64) func([]float64) float64 {
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

// TestGolden pins the points of every sampler, because a stored study must continue in
// the same way with the next version and on another machine. It passes unchanged with
// GOARCH=386, GOAMD64=v3 and GODEBUG=cpu.fma=off, which round differently. A sampler
// that is not released yet has no stored studies and needs no row.
func TestGolden(t *testing.T) {
	want := map[string]string{
		"random 7":    "6a9f17821d247440",
		"hillclimb 7": "c49310c7efa58961",
		"tpe 7":       "78f130b8134af1d0",
		"mvtpe 7":     "ed32fd5cd3cc2584",
		"cmaes 7":     "f4bd5945b82ce225",
		"cmaes 61":    "c437063792cf3ed7",
		"nsga2 7":     "8e2f2a23f9872754",
	}
	got := map[string]string{}
	for _, name := range Names() {
		for _, dims := range []int{7, 61} {
			if dims > cmaFullDims && name != "cmaes" {
				continue
			}
			sum := fnv.New64a()
			for _, trial := range study(mustNew(t, name, dims, 42), 150, 2, bumpy) {
				binary.Write(sum, binary.LittleEndian, trial.X)
			}
			key, hash := fmt.Sprintf("%s %d", name, dims), fmt.Sprintf("%016x", sum.Sum64())
			if _, pinned := want[key]; !pinned {
				t.Logf("not pinned: %s gives %s", key, hash)
				continue
			}
			got[key] = hash
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
