package report

import (
	"slices"
	"testing"
)

func TestMost(t *testing.T) {
	weight := func(v int) float64 { return float64(v % 10) }
	if got := most([]int{1, 19, 5, 29, 7}, 3, weight); !slices.Equal(got, []int{19, 29, 7}) {
		t.Errorf("%v", got)
	}
	if got := most([]int{11, 1, 21}, 2, weight); !slices.Equal(got, []int{11, 1}) {
		t.Errorf("of equal ones %v are kept", got)
	}
}
