package sampler

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// Trial is one finished evaluation. All values are minimised; their units are the
// caller's. A NaN makes a trial infeasible and ranks it last.
type Trial struct {
	Number     int       // from 0, unique in a study
	X          []float64 // point of the unit cube
	Value      float64   // the scalar objective, less is better
	Objectives []float64 // for multi-objective samplers, each less is better
	Infeasible bool      // stopped early because hopeless: ranks after every feasible trial, by Value among themselves
}

// Sampler proposes the point of trial number, from the trials that have finished.
// history is sorted by Number. It may have gaps (trials that are still running
// elsewhere, or were lost) and may contain numbers from number on, which are
// ignored.
//
// Equal arguments give equal points, on any machine. The caller owns the point.
// Calls may be concurrent. A trial with another number of dimensions is a bug of
// the caller and panics.
type Sampler interface {
	Propose(number int, history []Trial) []float64
}

// kinds are the samplers in the order in which Names lists them.
var kinds = []struct {
	name string
	make func(dims int, seed uint64, groups []int) Sampler
}{
	{"random", func(dims int, seed uint64, _ []int) Sampler { return &random{dims, seed} }},
	{"hillclimb", newHillclimb},
	{"tpe", func(dims int, seed uint64, _ []int) Sampler { return &tpe{dims, seed} }},
	{"mvtpe", func(dims int, seed uint64, _ []int) Sampler { return &mvtpe{dims, seed} }},
	{"cmaes", newCMAES},
	{"nsga2", newNSGA2},
}

// Names are the names that New knows.
func Names() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// New makes the sampler of that name for points of dims dimensions. groups has one
// entry per dimension, the number of its group (for thresholds: 0 weights, 1
// activations); only the hill climb uses it, and nil is one group.
//
// Trial 0 of every sampler is the all-zero point: the unpruned network is the
// reference for all others.
func New(name string, dims int, seed uint64, groups []int) (Sampler, error) {
	if dims < 1 {
		return nil, fmt.Errorf("sampler %q: %d dimensions; at least 1 is needed", name, dims)
	}
	if groups == nil {
		groups = make([]int, dims)
	}
	if len(groups) != dims {
		return nil, fmt.Errorf("sampler %q: groups of %d dimensions, but there are %d", name, len(groups), dims)
	}
	for _, k := range kinds {
		if k.name == name {
			return &wrapped{dims, k.make(dims, seed, groups)}, nil
		}
	}
	return nil, fmt.Errorf("unknown sampler %q; there are %s", name, strings.Join(Names(), ", "))
}

// wrapped is the common part of all samplers: trial 0, and a history that
// contains only the past and no NaN.
type wrapped struct {
	dims int
	of   Sampler
}

// Propose implements Sampler.
func (w *wrapped) Propose(number int, history []Trial) []float64 {
	if number <= 0 {
		return make([]float64, w.dims)
	}
	past := sort.Search(len(history), func(i int) bool { return history[i].Number >= number })
	clean := make([]Trial, past)
	for i, t := range history[:past] {
		if len(t.X) != w.dims {
			panic(fmt.Sprintf("sampler: trial %d has %d dimensions, the sampler %d", t.Number, len(t.X), w.dims))
		}
		bad := math.IsNaN(t.Value)
		for _, o := range t.Objectives {
			bad = bad || math.IsNaN(o)
		}
		if bad {
			t.Value, t.Infeasible = math.Inf(1), true
		}
		clean[i] = t
	}
	return w.of.Propose(number, clean)
}

// better is the order of scalar trials: feasible first, then the lesser value.
func better(a, b Trial) bool {
	if a.Infeasible != b.Infeasible {
		return b.Infeasible
	}
	return a.Value < b.Value
}

// ranked is the trials from best to worst; equal ones keep their order.
func ranked(trials []Trial) []Trial {
	r := append([]Trial(nil), trials...)
	sort.SliceStable(r, func(i, j int) bool { return better(r[i], r[j]) })
	return r
}
