package repair

import (
	"math"
	"slices"
)

func countZeros(w []float32) int {
	n := 0
	for _, v := range w {
		if v == 0 {
			n++
		}
	}
	return n
}

// cutBelow sets weights of a magnitude less than tau to 0.
func cutBelow(w []float32, tau float64) {
	for i, v := range w {
		if math.Abs(float64(v)) < tau {
			w[i] = 0
		}
	}
}

// cutShare sets a share of the weights to 0: the ones of least magnitude, and of equal ones the first. Existing zeros count.
func cutShare(w []float32, share float64) {
	order := make([]int, len(w))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := math.Abs(float64(w[a])), math.Abs(float64(w[b]))
		switch {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for _, i := range order[:zerosOf(share, len(w))] {
		w[i] = 0
	}
}

// zerosOf is the number of zeros of a share of n weights.
func zerosOf(share float64, n int) int { return int(math.Round(share * float64(n))) }
