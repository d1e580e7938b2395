package schedule

import (
	"fmt"
	"math"
	"math/bits"
)

// MaxBanks bounds the banks of a chain: a design file stores a bank in one digit, and longer chains were never better filled.
const MaxBanks = 32

// Weights are the weights of a layer: filter f has weight W[f*Words+i] at word i.
type Weights struct {
	Filters, Words int
	W              []int16
}

// check refuses weights that are not Filters x Words.
func (w *Weights) check() error {
	if w.Filters < 1 || w.Words < 1 || len(w.W) != w.Filters*w.Words {
		return fmt.Errorf("schedule: %d weights of %d filters and %d words", len(w.W), w.Filters, w.Words)
	}
	return nil
}

// Swaps are tried triesPerWord times for every word, but at most maxTries times for a layer. More tries hardly raise the share of
// used places: TestPrunedResNet50 compares it with the share that another program's search reaches.
const (
	triesPerWord = 60
	maxTries     = 90_000
)

// steepness is the growth rate of the penalty of a bank's count, per standard deviation of the count with random banks.
const steepness = 1.8

// Assign gives every word a bank. The numbers of words of two banks differ by at most one. The penalty of a filter is the sum, over the
// banks, of an exponential of the number of its weights there. It is a smooth substitute for the fullest bank, which alone decides the
// filter's rows. Two words are swapped if that lowers the sum of the penalties of all filters.
func Assign(w *Weights, banks int) ([]int, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if banks < 1 || banks > MaxBanks {
		return nil, fmt.Errorf("schedule: %d banks; want 1 to %d", banks, MaxBanks)
	}
	bank := make([]int, w.Words)
	for i := range bank {
		bank[i] = i % banks
	}
	if banks == 1 || w.Words <= banks {
		return bank, nil
	}
	s := newSearch(w, bank, banks)
	rng := source(1)
	for range min(triesPerWord*w.Words, maxTries) {
		i, j := rng.below(w.Words), rng.below(w.Words)
		if bank[i] != bank[j] && s.gain(i, j) < 0 {
			s.swap(i, j)
		}
	}
	return bank, nil
}

// search is the state of the swaps.
type search struct {
	banks  int
	bank   []int       // by word
	users  [][]int32   // by word: the filters with a weight there, in order
	counts []int32     // [filter][bank]
	price  [][]float64 // by filter and count: the penalty
}

func newSearch(w *Weights, bank []int, banks int) *search {
	s := &search{banks: banks, bank: bank, users: make([][]int32, w.Words), counts: make([]int32, w.Filters*banks), price: make([][]float64, w.Filters)}
	for f := range w.Filters {
		n := 0
		for i, v := range w.W[f*w.Words:][:w.Words] {
			if v != 0 {
				s.users[i] = append(s.users[i], int32(f))
				s.counts[f*banks+bank[i]]++
				n++
			}
		}
		s.price[f] = penalties(n, banks)
	}
	return s
}

// farDeviations is the number of deviations from which penalties grow only linearly: no search gets there, and sums keep their precision.
const farDeviations = 12

// penalties are the penalties of 0, 1, ..., n+1 weights in a bank, for a filter of n weights. They are computed only by
// multiplications, divisions, additions and square roots, each rounded separately, so that every machine gets the same values.
func penalties(n, banks int) []float64 {
	mean := float64(n) / float64(banks)
	deviation := math.Sqrt(mean + 0.25)
	ratio := exponential(steepness / deviation)
	list := make([]float64, n+2)
	center := min(int(mean), n+1)
	list[center] = deviation
	for i := center + 1; i < len(list); i++ {
		list[i] = list[i-1]
		if float64(i-center) < farDeviations*deviation {
			list[i] *= ratio
		} else {
			list[i]++ // still larger than the one before
		}
	}
	for i := center - 1; i >= 0; i-- {
		list[i] = list[i+1] / ratio
	}
	return list
}

// exponential is e^x for 0 <= x < 4. The conversions prevent fused multiply-adds.
func exponential(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1; k < 40; k++ {
		term = float64(term*x) / float64(k)
		sum += term
	}
	return sum
}

// gain is the change of the penalty if words i and j are swapped.
func (s *search) gain(i, j int) float64 {
	a, b := s.bank[i], s.bank[j]
	ui, uj := s.users[i], s.users[j]
	sum := 0.0
	move := func(f int32, from, to int) {
		c, p := s.counts[int(f)*s.banks:], s.price[f]
		sum += p[c[from]-1] - p[c[from]]
		sum += p[c[to]+1] - p[c[to]]
	}
	for len(ui) > 0 || len(uj) > 0 {
		switch {
		case len(uj) == 0 || len(ui) > 0 && ui[0] < uj[0]:
			move(ui[0], a, b)
			ui = ui[1:]
		case len(ui) == 0 || uj[0] < ui[0]:
			move(uj[0], b, a)
			uj = uj[1:]
		default: // the filter has a weight at both words: nothing changes
			ui, uj = ui[1:], uj[1:]
		}
	}
	return sum
}

// swap swaps the banks of words i and j.
func (s *search) swap(i, j int) {
	a, b := s.bank[i], s.bank[j]
	for _, f := range s.users[i] {
		s.counts[int(f)*s.banks+a]--
		s.counts[int(f)*s.banks+b]++
	}
	for _, f := range s.users[j] {
		s.counts[int(f)*s.banks+b]--
		s.counts[int(f)*s.banks+a]++
	}
	s.bank[i], s.bank[j] = b, a
}

// source is a generator of random numbers (splitmix64) that does not depend on the version of a library.
type source uint64

func (s *source) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below is a number from 0 to n-1.
func (s *source) below(n int) int {
	high, _ := bits.Mul64(s.next(), uint64(n))
	return int(high)
}
