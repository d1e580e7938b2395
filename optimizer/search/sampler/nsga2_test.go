package sampler

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zdt1 is ZDT1 (Zitzler, Deb, Thiele 2000) with its optimum moved to a random
// point, for trial 0 would be on the front otherwise.
func zdt1(r *rand.Rand, dims int) func([]float64) Trial {
	c := uniform(r, dims)
	return func(x []float64) Trial {
		g := 0.0
		for i := 1; i < dims; i++ {
			g += math.Abs(x[i]-c[i]) / math.Max(c[i], 1-c[i])
		}
		g = 1 + 9*g/float64(dims-1)
		return Trial{Objectives: []float64{x[0], g * (1 - math.Sqrt(x[0]/g))}}
	}
}

func TestNSGA2OnZDT1(t *testing.T) {
	const dims, trials, seeds = 30, 400, 11
	volume := func(name string, seed uint64) float64 {
		var points [][]float64
		for _, trial := range study(mustNew(t, name, dims, 1000+seed), trials, 1, zdt1(rand.New(rand.NewPCG(seed, 5)), dims)) {
			points = append(points, trial.Objectives)
		}
		return Hypervolume(points, []float64{1.1, 6})
	}
	var nsga, random []float64
	wins := 0
	for seed := range uint64(seeds) {
		nsga, random = append(nsga, volume("nsga2", seed)), append(random, volume("random", seed))
		if nsga[seed] > random[seed] {
			wins++
		}
	}
	t.Logf("volume %.3f, random %.3f, better in %d of %d", median(nsga), median(random), wins, seeds)
	if wins < seeds-1 || median(nsga) < 1.2*median(random) {
		t.Errorf("volume %.3f, random %.3f, want a fifth more; better in %d of %d", median(nsga), median(random), wins, seeds)
	}
}

// TestSurvivors: fronts by constrained domination, and of the last front the least
// crowded.
func TestSurvivors(t *testing.T) {
	trials := []Trial{
		{Number: 0, Objectives: []float64{0, 4}},
		{Number: 1, Objectives: []float64{4, 0}},
		{Number: 2, Objectives: []float64{1, 1}},
		{Number: 3, Objectives: []float64{2, 2}},
		{Number: 4, Infeasible: true, Value: 5, Objectives: []float64{-9, -9}},
		{Number: 5, Infeasible: true, Value: 3},
	}
	got := map[int]int{}
	for _, m := range survivors(nil, trials) {
		got[m.trial.Number] = m.rank
	}
	if diff := cmp.Diff(map[int]int{0: 0, 1: 0, 2: 0, 3: 1, 5: 2, 4: 3}, got); diff != "" {
		t.Errorf("ranks: %s", diff)
	}

	// One front: three places of the line are crowded beyond the population.
	var line []Trial
	for i := range population {
		line = append(line, Trial{Number: i, Objectives: []float64{float64(i), float64(-i)}})
	}
	for k := range 3 {
		at := 10.4 + 0.1*float64(k)
		line = append(line, Trial{Number: 100 + k, Objectives: []float64{at, -at}})
	}
	left := survivors(survivors(nil, line[:population]), line[population:])
	if len(left) != population {
		t.Fatalf("%d survive", len(left))
	}
	var numbers []int
	for _, m := range left {
		numbers = append(numbers, m.trial.Number)
	}
	for _, end := range []int{0, population - 1} {
		if !slices.Contains(numbers, end) {
			t.Errorf("the end of the front, %d, did not survive: %v", end, numbers)
		}
	}
	if crowded := slices.DeleteFunc(numbers, func(n int) bool { return n < 100 && n != 10 && n != 11 }); len(crowded) > 2 {
		t.Errorf("%v survive of the crowded five", crowded)
	}
}

// TestVariation: half of the crossed children are between the parents, around their
// middle; half of the mutations are less than 0.5^(1/21)-1.
func TestVariation(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	const draws = 20000
	inside, sum, small, up := 0.0, 0.0, 0.0, 0.0
	for range draws {
		x := cross(r, 0.6, 0.4)
		if x > 0.4 && x < 0.6 {
			inside++
		}
		sum += x
		m := mutate(r, 0.5) - 0.5
		if math.Abs(m) < 1-math.Pow(0.5, 1.0/21) {
			small++
		}
		if m > 0 {
			up++
		}
	}
	for what, share := range map[string]float64{"between the parents": inside / draws, "mean": sum / draws, "small mutations": small / draws, "upward mutations": up / draws} {
		if math.Abs(share-0.5) > 0.015 { // four deviations
			t.Errorf("%s: %v, want 0.5", what, share)
		}
	}
	for _, pair := range [][2]float64{{0, 1}, {0, 0}, {1, 1}, {0, 1e-15}, {0, 0.01}, {0.99, 1}} {
		for range 1000 {
			if x := cross(r, pair[0], pair[1]); !(x >= 0 && x <= 1) {
				t.Fatalf("cross(%v) = %v", pair, x)
			}
			if x := mutate(r, pair[0]); !(x >= 0 && x <= 1) {
				t.Fatalf("mutate(%v) = %v", pair[0], x)
			}
		}
	}
}

// TestNSGA2NoCopies: no child is a copy of an earlier trial.
func TestNSGA2NoCopies(t *testing.T) {
	history := study(mustNew(t, "nsga2", 3, 4), 300, 1, bumpy)
	copies := 0
	for i, a := range history {
		for _, b := range history[:i] {
			if slices.Equal(a.X, b.X) {
				copies++
			}
		}
	}
	if copies > 3 {
		t.Errorf("%d copies among %d trials", copies, len(history))
	}
}
