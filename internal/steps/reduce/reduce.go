package reduce

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"hass/codegen/verify"
)

// Kind is the way in which a back end differs from the reference. A smaller case must differ in the same way; otherwise it
// may show another fault.
type Kind string

// The kinds of differences.
const (
	Equal    Kind = "" // nothing differs
	Values        = Kind(verify.Values)
	Deadlock      = Kind(verify.Deadlock) // the back end stops, but the reference design does not
	Fault         = Kind(verify.Fault)
	Cycles   Kind = "cycles" // cycles, stalls or FIFO high-water marks; for C++ the cycles of the engines' beats
	Build    Kind = "build"  // the project does not compile
)

// Difference is the result of a check.
type Difference struct {
	Kind Kind
	Text string // the first difference: image, output, element, cycle; "" if there is none
	// Tensor is the ID of the tensor with the first difference, "" if unknown. It only decides the order of the
	// attempts.
	Tensor string
}

// Check compares two back ends on a case. It is called many times, never concurrently, and must depend on the case alone. An
// error means that no comparison took place.
type Check func(ctx context.Context, c *Case) (Difference, error)

// Options bound a reduction.
type Options struct {
	Check     Check
	Trials    int               // checks; 0 is DefaultTrials
	Time      time.Duration     // of all checks; 0 is DefaultTime
	TrialTime time.Duration     // of one check of a smaller case; 0 is DefaultTrialTime. The first check has no limit of its own
	Log       func(line string) // called for every step, if not nil
}

// The default bounds.
const (
	DefaultTrials    = 1000
	DefaultTime      = 10 * time.Minute
	DefaultTrialTime = 2 * time.Minute
)

// Result is the result of a reduction.
type Result struct {
	Case       *Case // the smallest found
	Difference Difference
	First      Difference // difference of the whole case
	Trials     int        // number of checks, the first included
	Steps      int        // number of smaller cases that still differed
	Failed     int        // number of checks that ended without a comparison, including checks that ran out of time
	Stopped    string     // the bound that stopped the search; "" if nothing smaller differs
	Took       time.Duration
}

// ErrEqual means that the back ends do not differ on the whole case.
var ErrEqual = errors.New("the back ends do not differ")

// pass gives candidates for a case. hint is Difference.Tensor.
type pass struct {
	name     string
	attempts func(c *Case, hint string) []attempt
}

// passes are ordered by how much they usually save.
var passes = []pass{
	{"images", fewerImages},
	{"pieces", cutSmall},
	{"ends", cutEnds},
	{"outputs", dropOutputs},
	{"layers", dropLayers},
	{"map", shrinkMap},
	{"channels", shrinkChannels},
	{"windows", plainWindows},
	{"moves", smallMoves},
	{"hardware", plainHardware},
	{"values", plainValues},
}

// Run reduces a case. If the context is cancelled it returns the best case so far along with the context's error.
// ErrEqual means that the whole case does not differ.
func Run(ctx context.Context, c *Case, opts Options) (*Result, error) {
	s := &search{opts: opts, seen: map[[sha256.Size]byte]bool{}, start: time.Now()}
	if s.opts.Trials <= 0 {
		s.opts.Trials = DefaultTrials
	}
	if s.opts.Time <= 0 {
		s.opts.Time = DefaultTime
	}
	if s.opts.TrialTime <= 0 {
		s.opts.TrialTime = DefaultTrialTime
	}
	if s.opts.Log == nil {
		s.opts.Log = func(string) {}
	}
	whole := c
	if c.rule == "" {
		// Hand-made hardware may have properties that no valid design has.
		var err error
		if whole, err = c.edit().done(); err != nil {
			return nil, fmt.Errorf("the case has no design: %w", err)
		}
	}
	s.opts.Log("whole: " + whole.String())
	first, err := opts.Check(ctx, whole)
	if err != nil {
		return nil, err
	}
	if first.Kind == Equal {
		return nil, ErrEqual
	}
	s.opts.Log(fmt.Sprintf("whole: differs in %s: %s", first.Kind, first.Text))
	s.result = &Result{Case: whole, Difference: first, First: first, Trials: 1}
	err = s.reduce(ctx)
	s.result.Took = time.Since(s.start)
	return s.result, err
}

// search is a reduction in progress.
type search struct {
	opts   Options
	result *Result
	seen   map[[sha256.Size]byte]bool // cases that were tried
	start  time.Time
}

// errBound ends a search whose bounds are used up.
var errBound = errors.New("bound")

// reduce runs the passes until none finds a smaller case.
func (s *search) reduce(ctx context.Context) error {
	if key, err := s.result.Case.digest(); err == nil {
		s.seen[key] = true
	}
	for {
		before := s.result.Steps
		for _, p := range passes {
			if err := s.exhaust(ctx, p); err != nil {
				if errors.Is(err, errBound) {
					return nil
				}
				return err
			}
		}
		if s.result.Steps == before {
			return nil
		}
	}
}

// exhaust repeats a pass as long as it finds smaller cases.
func (s *search) exhaust(ctx context.Context, p pass) error {
	for {
		found, err := s.once(ctx, p)
		if err != nil || !found {
			return err
		}
	}
}

// once tries the attempts of a pass in order and stops at the first that still differs.
func (s *search) once(ctx context.Context, p pass) (found bool, err error) {
	best := s.result.Case
	for _, a := range p.attempts(best, s.result.Difference.Tensor) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		c, err := a.make()
		if err != nil {
			continue // not a valid design
		}
		key, err := c.digest()
		if err != nil || s.seen[key] {
			continue
		}
		s.seen[key] = true
		if s.result.Trials >= s.opts.Trials {
			s.result.Stopped = fmt.Sprintf("%d trials", s.result.Trials)
			return false, errBound
		}
		if time.Since(s.start) > s.opts.Time {
			s.result.Stopped = s.opts.Time.String()
			return false, errBound
		}
		d, err := s.try(ctx, c)
		if err != nil {
			return false, err
		}
		if d.Kind != s.result.First.Kind {
			continue
		}
		s.result.Case, s.result.Difference = c, d
		s.result.Steps++
		s.opts.Log(fmt.Sprintf("%s: %s: still differs: %s (trial %d, %.0f s)", p.name, a.what, c, s.result.Trials, time.Since(s.start).Seconds()))
		return true, nil
	}
	return false, nil
}

// try checks a smaller case within the time of one check. A check that is cut off or fails counts as equal.
func (s *search) try(ctx context.Context, c *Case) (Difference, error) {
	s.result.Trials++
	limit := min(s.opts.TrialTime, s.opts.Time-time.Since(s.start)+time.Second)
	trial, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	d, err := s.opts.Check(trial, c)
	if e := ctx.Err(); e != nil {
		return Difference{}, e
	}
	if err != nil {
		if s.result.Failed++; s.result.Failed == 1 {
			s.opts.Log(fmt.Sprintf("a trial ended without a comparison (later ones are counted): %v", err))
		}
		return Difference{}, nil
	}
	return d, nil
}
