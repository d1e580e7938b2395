package sparsity

import "hass/internal/hw"

// timing holds the delays of a convolution's gangs besides their own work, taken from
// the expanded network of that one layer.
type timing struct {
	feedLatency   int64 // of the process that writes to the gangs: the fork, or the window if there is one gang
	engineLatency int64
	accDepth      int // FIFO between an engine and the join
	phases, words int // of a scheduled engine: cycles and window words per image
}

// gangSim runs the fork, the engines of several gangs and the join by the recurrence
// of docs/hardware.md ("Time"). It assumes that the window has a beat whenever the
// fork (or, with one gang, the gang's FIFO) takes one, which is true once its line
// buffer is ahead.
type gangSim struct {
	timing
	depth int // gang input FIFO

	feedEnd, joinEnd int64
	engines          []gangState
	slot, acc        int // next positions in the rings
}

type gangState struct {
	ready int64   // first cycle of the next iteration
	write int64   // when the accumulators of the current fold were written
	reads []int64 // when the last depth beats were read, a ring
	taken []int64 // when the last accDepth accumulators were read, a ring
}

func newGangSim(t timing, gangs, depth int) *gangSim {
	s := &gangSim{timing: t, depth: depth, feedEnd: -1, joinEnd: -1, engines: make([]gangState, gangs)}
	for g := range s.engines {
		e := &s.engines[g]
		e.reads, e.taken = make([]int64, depth), make([]int64, t.accDepth)
		for i := range e.reads {
			e.reads[i] = -1
		}
		for i := range e.taken {
			e.taken[i] = -1
		}
	}
	return s
}

// fold moves one fold's beats through: costs[g*beats+b] is the cycles of beat b in
// gang g.
func (s *gangSim) fold(costs []uint8, beats int) {
	for b := range beats {
		w := s.feedEnd + 1
		at := b
		for g := range s.engines {
			e := &s.engines[g]
			w = max(w, e.reads[s.slot]+1)
			r := max(e.ready, w+s.feedLatency)
			e.reads[s.slot] = r
			e.ready = r + int64(costs[at])
			at += beats
		}
		s.feedEnd = w
		if s.slot++; s.slot == s.depth {
			s.slot = 0
		}
	}
	r := s.joinEnd + 1
	for g := range s.engines {
		e := &s.engines[g]
		e.write = max(e.ready-1, e.taken[s.acc]+1)
		e.ready = e.write + 1
		r = max(r, e.write+s.engineLatency)
		e.taken[s.acc] = r
	}
	s.joinEnd = r
	if s.acc++; s.acc == s.accDepth {
		s.acc = 0
	}
}

// costTable gives, for a kind that skips zeros, the cycles of a beat whose measure (pairs for a crossbar, pairs in
// the fullest bank for a banked engine, in a bank for an elastic one) is the index.
func costTable(kind hw.EngineKind, n int) (t [hw.MaxLanes + 1]uint8) {
	x := kind.Row().Measure
	for v := range t {
		t[v] = uint8(x.Cycles(v, v, n))
	}
	return t
}
