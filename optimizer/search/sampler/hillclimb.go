package sampler

import "slices"

const (
	climbGrid = 128           // every threshold is a multiple of 1/climbGrid, which is also the last step
	climbStep = climbGrid / 4 // first step of a climb
	climbLost = 16            // a missing trial counts as lost once this number of later trials have finished
)

// hillclimb searches one value per group of dimensions, as HASS's own public
// search does with its two global thresholds. A climb starts at zero with a step
// of 1/4; it evaluates the neighbours one step up or down in one group, moves to
// the best of them if that is better, and halves the step if none is. When a
// step of 1/128 no longer helps, a new climb starts at a random point.
//
// The climb is replayed over the finished trials, which are looked up by point;
// a point without a trial counts as worse than all others. The points that are
// looked up and not found are the list of points to propose. Each trial that is
// still running has taken one of them, so that number is skipped; this lets a
// batch look ahead. A trial that never ends is not waited for: see climbLost.
type hillclimb struct {
	seed   uint64
	group  []int // of each dimension: 0..groups-1
	groups int
}

func newHillclimb(_ int, seed uint64, groups []int) Sampler {
	distinct := slices.Clone(groups)
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)
	s := &hillclimb{seed: seed, groups: len(distinct)}
	for _, g := range groups {
		i, _ := slices.BinarySearch(distinct, g)
		s.group = append(s.group, i)
	}
	return s
}

// Propose implements Sampler.
func (s *hillclimb) Propose(number int, history []Trial) []float64 {
	known := map[string]Trial{}
	for _, t := range history {
		if p, ok := s.place(t.X); ok {
			if _, twice := known[p]; !twice {
				known[p] = t
			}
		}
	}
	skip := running(number, history)
	asked := map[string]bool{}
	var answer string
	// ask looks a place up; the place to propose becomes the answer.
	ask := func(p string) (Trial, bool) {
		t, ok := known[p]
		if !ok && !asked[p] && answer == "" {
			asked[p] = true
			if skip == 0 {
				answer = p
			}
			skip--
		}
		return t, ok
	}
	// If the whole grid has been evaluated there is no answer, so the number of
	// climbs is bounded.
	for climb := 0; climb <= number && answer == ""; climb++ {
		at := s.start(climb)
		best, ok := ask(at)
		for step := climbStep; step > 0 && answer == ""; {
			next := ""
			for _, p := range s.neighbours(at, step) {
				if t, found := ask(p); found && (!ok || better(t, best)) {
					best, ok, next = t, true, p
				}
			}
			if next == "" {
				step /= 2
			} else {
				at = next
			}
		}
	}
	if answer == "" {
		answer = s.start(number)
	}
	x := make([]float64, len(s.group))
	for d, g := range s.group {
		x[d] = float64(answer[g]) / climbGrid
	}
	return x
}

// running counts the trials before number that have not finished but may still
// do so.
func running(number int, history []Trial) int {
	n, later := 0, 0
	for m := number - 1; m >= 0 && later < climbLost; m-- {
		if last := len(history) - 1 - later; last >= 0 && history[last].Number == m {
			later++
		} else {
			n++
		}
	}
	return n
}

// A place is a point of the grid: one byte per group, in units of 1/climbGrid.

// place is the place of a point whose dimensions are equal within each group;
// false for other points.
func (s *hillclimb) place(x []float64) (string, bool) {
	p := make([]byte, s.groups)
	for d, g := range s.group {
		if !(x[d] >= 0 && x[d] <= 1) {
			return "", false
		}
		p[g] = byte(x[d] * climbGrid)
	}
	for d, g := range s.group {
		if x[d] != float64(p[g])/climbGrid {
			return "", false
		}
	}
	return string(p), true
}

// start is the first place of a climb: zero, later ones are random.
func (s *hillclimb) start(climb int) string {
	p := make([]byte, s.groups)
	if climb > 0 {
		r := newRand(s.seed, uint64(climb))
		for g := range p {
			p[g] = byte(r.IntN(climbGrid + 1))
		}
	}
	return string(p)
}

// neighbours are the places one step away, first the upper, then the lower ones.
// At a wall the step is shorter.
func (s *hillclimb) neighbours(at string, step int) []string {
	var ps []string
	for _, by := range []int{step, -step} {
		for g := range s.groups {
			if v := min(max(int(at[g])+by, 0), climbGrid); v != int(at[g]) {
				p := []byte(at)
				p[g] = byte(v)
				ps = append(ps, string(p))
			}
		}
	}
	return ps
}
