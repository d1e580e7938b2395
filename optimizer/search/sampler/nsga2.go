package sampler

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
)

const (
	population      = 24  // trials per generation, and survivors
	crossoverShare  = 0.9 // children that are crossed, the others are copied
	crossoverEta    = 20  // distribution index of crossover: larger stays nearer
	mutationEta     = 20  // distribution index of mutation
	crossoverPerDim = 0.5 // dimensions of a crossed child that are crossed
)

// nsga2 is NSGA-II (Deb, Pratap, Agarwal, Meyarivan, "A Fast and Elitist
// Multiobjective Genetic Algorithm", IEEE TEC 2002): population 24, binary
// tournaments by rank and crowding distance, simulated binary crossover (eta 20,
// probability 0.9), polynomial mutation (eta 20, probability 1/n), both in their
// forms for bounded variables. By its constrained domination a feasible trial
// dominates an infeasible one, and of two infeasible ones that of lesser Value.
// The first generation is random. A child equal to a parent is mutated, because
// evaluating a point twice is useless. A trial without Objectives has one
// objective, its Value.
type nsga2 struct {
	dims  int
	seed  uint64
	state generations[[]member]
}

func newNSGA2(dims int, seed uint64, _ []int) Sampler {
	return &nsga2{dims, seed, generations[[]member]{size: population, step: survivors}}
}

// member is one of the population.
type member struct {
	trial    Trial
	rank     int     // of its front, from 0
	crowding float64 // distance to its neighbours in the front; more is better
}

// Propose implements Sampler.
func (s *nsga2) Propose(number int, history []Trial) []float64 {
	parents := s.state.before(number, history)
	r := newRand(s.seed, uint64(number))
	if len(parents) == 0 {
		return uniform(r, s.dims)
	}
	a, b := tournament(r, parents).trial.X, tournament(r, parents).trial.X
	x := slices.Clone(a)
	if r.Float64() < crossoverShare {
		for d := range x {
			if r.Float64() < crossoverPerDim {
				x[d] = cross(r, a[d], b[d])
			}
		}
	}
	for d := range x {
		if r.Float64() < 1/float64(s.dims) {
			x[d] = mutate(r, x[d])
		}
	}
	if slices.Equal(x, a) || slices.Equal(x, b) {
		d := r.IntN(s.dims)
		x[d] = mutate(r, x[d])
	}
	return x
}

// tournament is the better of two drawn members: lower rank, then less crowded.
func tournament(r *rand.Rand, from []member) member {
	a, b := from[r.IntN(len(from))], from[r.IntN(len(from))]
	if b.rank < a.rank || b.rank == a.rank && b.crowding > a.crowding {
		return b
	}
	return a
}

// cross is one of the two children of simulated binary crossover in [0,1], each
// with the same probability (Deb and Agrawal 1995; bounded as in Deb's program).
func cross(r *rand.Rand, a, b float64) float64 {
	u, second := r.Float64(), r.Float64() < 0.5
	low, high := math.Min(a, b), math.Max(a, b)
	if high-low < 1e-14 {
		return a
	}
	wall := low
	if second {
		wall = 1 - high
	}
	alpha := 2 - math.Pow(1+2*wall/(high-low), -(crossoverEta+1))
	spread := u * alpha
	if u > 1/alpha {
		spread = 1 / (2 - u*alpha)
	}
	half := 0.5 * float64(round(math.Pow(spread, 1.0/(crossoverEta+1)))*(high-low))
	x := 0.5*(low+high) - half
	if second {
		x = 0.5*(low+high) + half
	}
	return math.Min(math.Max(x, 0), 1)
}

// mutate is polynomial mutation in [0,1] (Deb and Goyal 1996; bounded as in Deb's
// program).
func mutate(r *rand.Rand, x float64) float64 {
	u := r.Float64()
	const eta = mutationEta + 1
	if u < 0.5 {
		x += round(math.Pow(2*u+(1-2*u)*math.Pow(1-x, eta), 1.0/eta)) - 1
	} else {
		x += 1 - round(math.Pow(2-2*u+(2*u-1)*math.Pow(x, eta), 1.0/eta))
	}
	return math.Min(math.Max(x, 0), 1)
}

// survivors are the best of the population and a generation, with rank and
// crowding.
func survivors(old []member, trials []Trial) []member {
	pool := append([]member(nil), old...)
	for _, t := range trials {
		pool = append(pool, member{trial: t})
	}
	var next []member
	for rank := 0; len(next) < population && len(pool) > 0; rank++ {
		var front, rest []member
		for i, m := range pool {
			dominated := false
			for k := range pool {
				dominated = dominated || k != i && dominates(pool[k].trial, m.trial)
			}
			if dominated {
				rest = append(rest, m)
			} else {
				m.rank = rank
				front = append(front, m)
			}
		}
		crowd(front)
		if spare := population - len(next); len(front) > spare {
			sort.SliceStable(front, func(i, j int) bool { return front[i].crowding > front[j].crowding })
			front = front[:spare]
		}
		next = append(next, front...)
		pool = rest
	}
	return next
}

// dominates is constrained domination.
func dominates(a, b Trial) bool {
	if a.Infeasible || b.Infeasible {
		return better(a, b)
	}
	return Dominates(objectives(a), objectives(b))
}

func objectives(t Trial) []float64 {
	if len(t.Objectives) == 0 {
		return []float64{t.Value}
	}
	return t.Objectives
}

// crowd sets the crowding distances of a front. Infeasible trials, whose
// objectives may be missing, have none.
func crowd(front []member) {
	for i := range front {
		front[i].crowding = 0
	}
	if len(front) == 0 || front[0].trial.Infeasible {
		return // of constrained fronts all or none are infeasible
	}
	order := make([]int, len(front))
	for i := range order {
		order[i] = i
	}
	for o := range objectives(front[0].trial) {
		at := func(k int) float64 { return objectives(front[order[k]].trial)[o] }
		sort.SliceStable(order, func(i, j int) bool { return at(i) < at(j) })
		last := len(order) - 1
		front[order[0]].crowding, front[order[last]].crowding = math.Inf(1), math.Inf(1)
		span := at(last) - at(0)
		if !(span > 0) || math.IsInf(span, 0) {
			continue
		}
		for k := 1; k < last; k++ {
			front[order[k]].crowding += (at(k+1) - at(k-1)) / span
		}
	}
}
