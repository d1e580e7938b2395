package metrics

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestArgmaxAndRank(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		scores []float64
		top    int
		ranks  []int // of each label
	}{
		{nil, -1, nil},
		{[]float64{3}, 0, []int{0}},
		{[]float64{1, 3, 2}, 1, []int{2, 0, 1}},
		{[]float64{5, 5, 5}, 0, []int{0, 1, 2}},
		{[]float64{1, 7, 7, 2}, 1, []int{3, 0, 1, 2}},
		{[]float64{nan, 1, nan, math.Inf(-1)}, 1, []int{2, 0, 3, 1}},
		{[]float64{nan, nan}, 0, []int{0, 1}},
	} {
		if got := Argmax(c.scores); got != c.top {
			t.Errorf("Argmax(%v) = %d, want %d", c.scores, got, c.top)
		}
		for label, want := range c.ranks {
			if got := Rank(c.scores, label); got != want {
				t.Errorf("Rank(%v, %d) = %d, want %d", c.scores, label, got, want)
			}
		}
	}
	if got := Rank([]int16{1, 2}, 2); got != 2 {
		t.Errorf("a label outside ranks %d, want last", got)
	}
	if got := Rank([]int16{1, 2}, -1); got != 2 {
		t.Errorf("label -1 ranks %d, want last", got)
	}
}

// TestRankIsAStableSort: the ranks of all labels are the order of a stable sort.
func TestRankIsAStableSort(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		scores := make([]int16, 1+r.IntN(12))
		order := make([]int, len(scores))
		for i := range scores {
			scores[i], order[i] = int16(r.IntN(4)), i
		}
		slices.SortStableFunc(order, func(a, b int) int { return int(scores[b]) - int(scores[a]) })
		for rank, label := range order {
			if got := Rank(scores, label); got != rank {
				t.Fatalf("Rank(%v, %d) = %d, want %d", scores, label, got, rank)
			}
		}
		if Argmax(scores) != order[0] {
			t.Fatalf("Argmax(%v) = %d, want %d", scores, Argmax(scores), order[0])
		}
	}
}

func TestAccuracy(t *testing.T) {
	var a Accuracy
	if a.Top1() != 0 || a.Top5() != 0 {
		t.Error("accuracy of no images is not 0")
	}
	for _, rank := range []int{0, 1, 4, 5, 0, 999, 3, 2} {
		a.Add(rank)
	}
	if want := (Accuracy{8, 2, 6}); a != want || a.Top1() != 0.25 || a.Top5() != 0.75 {
		t.Errorf("got %+v, top-1 %v, top-5 %v", a, a.Top1(), a.Top5())
	}
}

// TestRegret compares the regret of answers with differences of probabilities that were worked out by hand.
func TestRegret(t *testing.T) {
	logs := func(p ...float64) []float32 {
		l := make([]float32, len(p))
		for i, v := range p {
			l[i] = float32(math.Log(v))
		}
		return l
	}
	p := logs(0.6, 0.3, 0.1)
	for _, tt := range []struct {
		q    []float32
		want float64
	}{{p, 0}, {logs(0.4, 0.35, 0.25), 0}, {logs(0.3, 0.4, 0.3), 0.3}, {logs(0.1, 0.1, 0.8), 0.5}} {
		if got := Regret(p, tt.q); math.Abs(got-tt.want) > 1e-6 {
			t.Errorf("%v: %v, want %v", tt.q, got, tt.want)
		}
	}
}

// TestExpected: of two figures the more certain one counts for more.
func TestExpected(t *testing.T) {
	for _, c := range []struct{ lost, doubt, regret, low, high float64 }{
		{0.01, 0.02, 0, 0.01, 0.01},              // no regret: only counted answers
		{0.01, 0.001, 0.04, 0.01, 0.0101},        // many images
		{-0.02, 0.05, 0.004, 0.0039, 0.004},      // few images
		{0.01, 0.01, 0.02, 0.01499999, 0.015001}, // as certain as each other
	} {
		if got := Expected(c.lost, c.doubt, c.regret); got < c.low || got > c.high {
			t.Errorf("Expected(%g, %g, %g) = %g, want %g to %g", c.lost, c.doubt, c.regret, got, c.low, c.high)
		}
	}
}
