package hwsim

// Observer gets what happens in a run: events in time, and the values of tokens. The two are reported by two goroutines at the same
// time, each in an order of its own: the events of one process, and the tokens of one stream, come in their order.
type Observer struct {
	// Event, if not nil, gets every event.
	Event func(Event)
	// Token, if not nil, gets the lanes of every token of those streams for which Wants returns true, in lane order; they are valid
	// until it returns. With Options.TimeOnly there are no values.
	Token func(stream int, lanes []int64)
	Wants func(stream int) bool
}

// EventKind says what happened.
type EventKind int

// The kinds of events.
const (
	Read      EventKind = iota // a token was read from a stream
	Write                      // a token was written to a stream
	Iteration                  // the process has ended an iteration
	Image                      // the process has ended its part of a measured image, with the iteration before
)

// Event is something that a process does in a cycle.
type Event struct {
	Kind     EventKind
	Process  int
	Stream   int   // of Read and Write; -1 for others
	From, At int64 // the cycles from which the process waited for the token or for room, and in which it happened
}

func (s *sim) observe(kind EventKind, p *proc, stream int, from, at int64) {
	if o := s.opt.Observe; o != nil && o.Event != nil {
		o.Event(Event{kind, p.index, stream, from, at})
	}
}

// wants tells whether the tokens of a stream are observed.
func (o *Observer) wants(stream int) bool { return o != nil && o.Token != nil && o.Wants(stream) }

// tap is the function that sees the tokens of a stream, nil if they are not observed.
func (o *Observer) tap(stream int) func([]int32) {
	if !o.wants(stream) {
		return nil
	}
	var wide []int64
	return func(lanes []int32) {
		wide = wide[:0]
		for _, v := range lanes {
			wide = append(wide, int64(v))
		}
		o.Token(stream, wide)
	}
}
