package sampler

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// twoGroups is a hill climb over the thresholds of weights (even dimensions) and of
// activations (odd ones), and bowl a function of both with its minimum, 0, at
// (47/128, 79/128), and with an axis askew.
func twoGroups(t *testing.T) Sampler {
	t.Helper()
	s, err := New("hillclimb", 6, 1, []int{0, 1, 0, 1, 0, 1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bowl(x []float64) float64 {
	a, b := x[0]-47.0/128, x[1]-79.0/128
	return a*a + b*b + a*b/2
}

func TestHillclimbSteps(t *testing.T) {
	// The minimum is at (1/2, 1/4): by hand, each round asks up 0, up 1, down 0, down 1.
	history := study(twoGroups(t), 12, 1, scalar(func(x []float64) float64 {
		return math.Abs(x[0]-0.5) + math.Abs(x[1]-0.25)
	}))
	var got [][2]float64
	for _, trial := range history {
		got = append(got, [2]float64{trial.X[0], trial.X[1]})
	}
	want := [][2]float64{
		{0, 0}, {0.25, 0}, {0, 0.25}, // equal: the first wins
		{0.5, 0}, {0.25, 0.25}, // {0, 0} is known
		{0.75, 0}, {0.5, 0.25}, // of (0.5, 0), the winner by order
		{0.75, 0.25}, {0.5, 0.5}, // of (0.5, 0.25), the minimum
		{0.625, 0.25}, {0.5, 0.375}, {0.375, 0.25}, // half the step
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHillclimbConverges(t *testing.T) {
	for _, c := range []struct {
		name   string
		batch  int
		lost   func(number int) bool
		trials int // enough to find the minimum
	}{
		{"alone", 1, nil, 45},
		{"batches of 4", 4, nil, 60},
		{"batches of 32", 32, nil, 200},
		{"one trial lost", 1, func(n int) bool { return n == 2 }, 90},
		{"trial 0 lost", 1, func(n int) bool { return n == 0 }, 90},
		{"a third lost", 1, func(n int) bool { return n%3 == 1 }, 90},
		{"a hundred lost", 1, func(n int) bool { return n >= 5 && n < 105 }, 180},
	} {
		s := twoGroups(t)
		var history []Trial
		found := -1
		for n := 0; n < c.trials && found < 0; {
			done := slices.Clone(history)
			for range c.batch {
				x := s.Propose(n, done)
				for d := range x {
					if x[d] != x[d%2] {
						t.Fatalf("%s: a group has two values: %v", c.name, x)
					}
				}
				if c.lost == nil || !c.lost(n) {
					history = append(history, Trial{Number: n, X: x, Value: bowl(x)})
					if bowl(x) == 0 && found < 0 {
						found = n
					}
				}
				n++
			}
		}
		t.Logf("%s: found by trial %d", c.name, found)
		if found < 0 {
			t.Errorf("%s: the minimum is not found in %d trials", c.name, c.trials)
		}
	}
}

// TestRunning: missing trials count until climbLost later ones have finished.
func TestRunning(t *testing.T) {
	upTo := func(first, end int) (h []Trial) {
		for n := first; n < end; n++ {
			h = append(h, Trial{Number: n})
		}
		return h
	}
	for _, c := range []struct {
		number  int
		history []Trial
		want    int
	}{
		{0, nil, 0},
		{3, nil, 3},
		{100, nil, 100}, // a batch
		{10, upTo(0, 10), 0},
		{14, upTo(0, 10), 4},
		{10, upTo(1, 10), 1},
		{1 + climbLost - 1, upTo(1, climbLost), 1},
		{1 + climbLost, upTo(1, 1+climbLost), 0},
		{60 + climbLost + 2, append(upTo(0, 10), upTo(60, 60+climbLost)...), 2},
		{60 + climbLost - 1, append(upTo(0, 9), upTo(60, 60+climbLost-1)...), 51},
	} {
		if got := running(c.number, c.history); got != c.want {
			t.Errorf("before trial %d, of %d finished: %d run, want %d", c.number, len(c.history), got, c.want)
		}
	}
}

// TestHillclimbRestarts: the first climb ends in a local minimum, a later one does
// not; and no point is evaluated twice.
func TestHillclimbRestarts(t *testing.T) {
	history := study(twoGroups(t), 300, 1, scalar(func(x []float64) float64 {
		if x[0] > 0.6 && x[1] > 0.6 {
			return -1 + math.Abs(x[0]-0.75) + math.Abs(x[1]-0.75)
		}
		return x[0] + x[1]
	}))
	least := 0.0
	seen := map[string]int{}
	for _, trial := range history {
		least = min(least, trial.Value)
		key := fmt.Sprint(trial.X)
		if n, twice := seen[key]; twice {
			t.Fatalf("trials %d and %d are both %s", n, trial.Number, key)
		}
		seen[key] = trial.Number
		if trial.Number == 20 && least != 0 {
			t.Errorf("after 20 trials %v: the first climb does not end where it began", least)
		}
	}
	if least != -1 {
		t.Errorf("best is %v, want -1", least)
	}
}

// TestHillclimbGroups: any number of groups with any numbers, more trials than the
// grid has points, and points of others in the history.
func TestHillclimbGroups(t *testing.T) {
	for _, groups := range [][]int{nil, {7, 7, 7, 7}, {3, -1, 3, 9}, {0, 1, 2, 3}} {
		s, err := New("hillclimb", 4, 1, groups)
		if err != nil {
			t.Fatal(err)
		}
		target := []float64{0.25, 0.5, 0.25, 0.75}
		best := math.Inf(1)
		for _, trial := range study(s, 260, 1, scalar(func(x []float64) float64 {
			sum := 0.0
			for d := range x {
				sum += math.Abs(x[d] - target[d])
			}
			return sum
		})) {
			best = min(best, trial.Value)
		}
		want := 0.0
		if groups == nil || groups[0] == 7 {
			want = 0.75 // one value for all, the median of the target
		}
		if best != want {
			t.Errorf("groups %v: best %v, want %v", groups, best, want)
		}
	}
	stranger := []Trial{{Number: 0, X: make([]float64, 6), Value: 1}, {Number: 1, X: []float64{0.25, 0, 0.25, 0, 0, 0}}, {Number: 2, X: []float64{0.1, 0, 0.1, 0, 0.1, 0}}}
	if diff := cmp.Diff([]float64{0.25, 0, 0.25, 0, 0.25, 0}, twoGroups(t).Propose(3, stranger)); diff != "" {
		t.Errorf("points off the grid count: %s", diff)
	}
}
