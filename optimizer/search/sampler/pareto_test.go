package sampler

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDominates(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		a, b []float64
		want bool
	}{
		{[]float64{1, 2}, []float64{1, 3}, true},
		{[]float64{1, 3}, []float64{1, 2}, false},
		{[]float64{1, 2}, []float64{1, 2}, false},
		{[]float64{0, 9}, []float64{1, 2}, false},
		{[]float64{0}, []float64{1}, true},
		{[]float64{nan, 0}, []float64{1, 1}, false},
		{[]float64{0, 0}, []float64{nan, 1}, false},
		{[]float64{0, 0, 0}, []float64{0, 0, math.Inf(1)}, true},
		{nil, nil, false},
	} {
		if got := Dominates(c.a, c.b); got != c.want {
			t.Errorf("Dominates(%v, %v) = %v", c.a, c.b, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("different lengths do not panic")
		}
	}()
	Dominates([]float64{1}, []float64{1, 2})
}

func TestFront(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		points [][]float64
		want   []int
	}{
		{nil, nil},
		{[][]float64{{1, 1}}, []int{0}},
		{[][]float64{{2, 2}, {1, 3}, {3, 1}, {3, 3}, {2, 2}}, []int{0, 1, 2}},
		{[][]float64{{5, 5}, {1, 1}, {1, 1}}, []int{1}},
		{[][]float64{{nan, 0}, {1, 1}}, []int{1}},
		{[][]float64{{3}, {1}, {2}, {1}}, []int{1}},
		{[][]float64{{1, 2, 3}, {3, 2, 1}, {3, 2, 2}, {2, 2, 2}}, []int{0, 1, 3}},
	} {
		if diff := cmp.Diff(c.want, Front(c.points)); diff != "" {
			t.Errorf("Front(%v): %s", c.points, diff)
		}
	}
}

func TestHypervolumeByHand(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		points [][]float64
		ref    []float64
		want   float64
	}{
		{nil, []float64{1, 1}, 0},
		{[][]float64{{2}, {3}, {9}}, []float64{5}, 3},
		{[][]float64{{0, 0}}, []float64{2, 3}, 6},
		{[][]float64{{1, 3}, {2, 2}, {3, 1}}, []float64{4, 4}, 6},
		{[][]float64{{3, 1}, {1, 3}, {2, 2}, {2, 2}, {3, 3}}, []float64{4, 4}, 6},
		{[][]float64{{1, 3}, {1, 1}}, []float64{2, 4}, 3},
		{[][]float64{{0, 4}, {4, 0}, {5, -9}, {nan, 0}, {inf, 0}}, []float64{4, 4}, 0},
		{[][]float64{{0, 0, 0}}, []float64{1, 2, 3}, 6},
		{[][]float64{{0, 0, 1}, {1, 1, 0}}, []float64{2, 2, 2}, 5},
		{[][]float64{{0, 0, 1}, {0, 0, 1}, {0, 0, 2}}, []float64{2, 2, 2}, 4},
	} {
		if got := Hypervolume(c.points, c.ref); got != c.want {
			t.Errorf("Hypervolume(%v, %v) = %v, want %v", c.points, c.ref, got, c.want)
		}
	}
}

// TestHypervolume compares with inclusion and exclusion over all subsets, and with
// the share of random points that are dominated.
func TestHypervolume(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, dims := range []int{1, 2, 3, 4} {
		ref := make([]float64, dims)
		for i := range ref {
			ref[i] = 0.9
		}
		for range 40 {
			points := make([][]float64, 1+r.IntN(9))
			for i := range points {
				points[i] = uniform(r, dims)
				if r.IntN(3) == 0 {
					points[i][0] = 0.5 // ties
				}
			}
			got := Hypervolume(points, ref)

			want := 0.0
			for set := 1; set < 1<<len(points); set++ {
				volume, sign := 1.0, -1.0
				corner := make([]float64, dims)
				for i, p := range points {
					if set>>i&1 == 1 {
						sign = -sign
						for d := range p {
							corner[d] = math.Max(corner[d], p[d])
						}
					}
				}
				for d := range corner {
					volume *= math.Max(0, ref[d]-corner[d])
				}
				want += sign * volume
			}
			if math.Abs(got-want) > 1e-12 {
				t.Fatalf("Hypervolume(%v) = %v, by inclusion and exclusion %v", points, got, want)
			}
		}
	}

	points := make([][]float64, 60)
	for i := range points {
		points[i] = uniform(r, 3)
		for d := range points[i] {
			points[i][d] = 0.4 + 0.7*points[i][d]
		}
	}
	before := cmp.Diff(points, nil)
	const draws = 40000
	hits := 0
	for range draws {
		x := uniform(r, 3)
		for _, p := range points {
			if p[0] <= x[0] && p[1] <= x[1] && p[2] <= x[2] {
				hits++
				break
			}
		}
	}
	got, want := Hypervolume(points, []float64{1, 1, 1}), float64(hits)/draws
	if math.Abs(got-want) > 0.01 { // four deviations
		t.Errorf("volume %v, by random points %v", got, want)
	}
	if cmp.Diff(points, nil) != before {
		t.Error("the points were reordered")
	}
}
