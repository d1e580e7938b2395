package sampler

import (
	"slices"
	"sync"
)

// generations rebuilds the state S of a sampler that works in generations:
// generation g is the trials [g*size, (g+1)*size). A generation is complete
// when a trial of a later one is proposed; it then consists of the trials
// that have finished by then.
//
// Computed states are cached with their trials: the cache saves time and changes
// no answer. step must not change its arguments.
type generations[S any] struct {
	size  int
	first S
	step  func(state S, trials []Trial) S

	mu   sync.Mutex
	done []generation[S]
}

type generation[S any] struct {
	trials []Trial // copies
	after  S
}

// before is the state in which trial number is proposed. All of history is before
// number.
func (g *generations[S]) before(number int, history []Trial) S {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := g.first
	for i := range number / g.size {
		n := 0
		for n < len(history) && history[n].Number < (i+1)*g.size {
			n++
		}
		trials := history[:n]
		history = history[n:]
		if i < len(g.done) && slices.EqualFunc(g.done[i].trials, trials, sameTrial) {
			state = g.done[i].after
			continue
		}
		own := make([]Trial, n)
		for k, t := range trials {
			t.X, t.Objectives = slices.Clone(t.X), slices.Clone(t.Objectives)
			own[k] = t
		}
		state = g.step(state, own)
		g.done = append(g.done[:min(i, len(g.done))], generation[S]{own, state})
	}
	return state
}

func sameTrial(a, b Trial) bool {
	return a.Number == b.Number && a.Value == b.Value && a.Infeasible == b.Infeasible &&
		slices.Equal(a.X, b.X) && slices.Equal(a.Objectives, b.Objectives)
}
