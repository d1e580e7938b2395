package sampler

import (
	"fmt"
	"math"
	"sort"
)

// Dominates reports whether a is no worse than b in every objective and better in
// one; less is better. A NaN neither dominates nor is dominated. Vectors of
// different length cannot be compared, and panic.
func Dominates(a, b []float64) bool {
	if len(a) != len(b) {
		panic(fmt.Sprintf("sampler: %d objectives beside %d", len(a), len(b)))
	}
	less := false
	for i := range a {
		if !(a[i] <= b[i]) {
			return false
		}
		less = less || a[i] < b[i]
	}
	return less
}

// Front is the indices of the points that no other point dominates, ascending;
// of equal points only the first, and no point with a NaN.
func Front(points [][]float64) []int {
	var front []int
next:
	for i, p := range points {
		for _, v := range p {
			if math.IsNaN(v) {
				continue next
			}
		}
		for j, q := range points {
			if Dominates(q, p) || j < i && equal(q, p) {
				continue next
			}
		}
		front = append(front, i)
	}
	return front
}

func equal(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// Hypervolume is the volume that the points dominate within ref, the worst corner,
// in the product of the objectives' units; less is better. Points that are not
// better than ref in every objective contribute nothing. It is exact for any
// number of objectives, by slices along the last one (Zitzler 1999), which costs
// n^(objectives-1).
func Hypervolume(points [][]float64, ref []float64) float64 {
	var within [][]float64
next:
	for _, p := range points {
		if len(p) != len(ref) {
			panic(fmt.Sprintf("sampler: %d objectives beside a reference of %d", len(p), len(ref)))
		}
		for i := range p {
			if !(p[i] < ref[i]) {
				continue next
			}
		}
		within = append(within, p)
	}
	if len(within) == 0 || len(ref) == 0 {
		return 0
	}
	return volume(within, ref)
}

// volume is Hypervolume of one point or more, all within ref; it reorders them.
func volume(points [][]float64, ref []float64) float64 {
	last := len(ref) - 1
	sort.Slice(points, func(i, j int) bool { return points[i][last] < points[j][last] })
	if last == 0 {
		return ref[0] - points[0][0]
	}
	sum := 0.0
	best := ref[0] // two objectives: least first objective so far
	for i, p := range points {
		end := ref[last]
		if i+1 < len(points) {
			end = points[i+1][last]
		}
		if last == 1 {
			best = math.Min(best, p[0])
			sum += (end - p[1]) * (ref[0] - best)
		} else if end > p[last] {
			sum += (end - p[last]) * volume(append([][]float64(nil), points[:i+1]...), ref[:last])
		}
	}
	return sum
}
