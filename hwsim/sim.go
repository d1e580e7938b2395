package hwsim

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"hass/hwsim/ledger"
	"hass/internal/hw"
	"hass/internal/hw/live"
)

// Options configure a run. The zero value is a source that always has data, sinks that
// are always ready, and a stream of images that continues after the last one.
type Options struct {
	// Finite ends the stream after the images, like a call of the hardware for that
	// number of images. A line buffer accepts input of the next image before it emits
	// the last windows of the previous one, so the last images of a finite stream leave
	// early: the latency is exact, but the cycles per image are too few. Without Finite
	// the images are sent again, from the first, until all have left once.
	Finite bool
	// Stall delays, with this probability in 0..1, each word at an input or output by
	// 1..StallMax cycles (8 if 0), at random from Seed. Outputs must not change.
	Stall    float64
	StallMax int
	Seed     uint64
	// TimeOnly gives a result without Outputs, Skips and the histograms of engines. The data-dependent
	// cycles of beats then come from the integer network, not from moved tokens.
	TimeOnly bool
	// Observe, if not nil, gets what happens. Every iteration of every image is then simulated by itself.
	Observe *Observer
	// Progress, if not nil, is called after each image that has left completely.
	Progress func(done, images int)
}

// Limits on what one run holds in memory.
const (
	maxImages = 1 << 20
	maxFollow = 1 << 20 // images that may follow until the last one has left
	maxDepth  = 1 << 24 // tokens in one FIFO
	maxTokens = 1 << 27 // tokens in all FIFOs
	maxCosts  = 1 << 30 // cycles of beats, a byte each, kept between values and time
)

// proc is a process in time: a loop of iterations, each of which reads, computes and writes.
type proc struct {
	index   int
	kind    hw.ProcessKind
	in, out []*fifo
	pattern *pattern           // nil for a window
	window  *hw.WindowSchedule // of a window only
	gangs   *gangs             // of the window of a convolution only

	// The iteration in progress.
	live          bool
	computed      bool
	step          hw.Step // its reads and writes
	reads, writes uint64  // still to be done
	t             int64   // the latest instant of the iteration

	// Between iterations.
	ready int64 // first cycle the next iteration may use
	left  int   // iterations to the image's last (not for windows)
	lag   int   // number of iterations by which its writes lag behind its reads: before its first image, and without reads at its end
	image int   // of the stream, counted from 0
	ended bool

	varies bool    // an engine whose beats may take more than one cycle:
	costs  []uint8 // of the image's beats; nil before they are requested

	// The FIFO that it waits for, if it is not queued and has not ended.
	wait       *fifo
	full       bool
	queued     urgency
	waitsLater bool // is in the queue for later, possibly from before

	count counters
	done  []counters // count at the end of each measured image's last iteration
	stall *stall
}

// counters split the cycles of a process, from cycle 0 on.
type counters struct {
	iterations int64
	end        int64 // cycles so far: the sum of all below
	busy       int64
	starved    []int64 // by input port; a source's is its AXI port
	blocked    []int64 // by output port; a sink's is its AXI port
}

func (c counters) clone() counters {
	c.starved = append([]int64(nil), c.starved...)
	c.blocked = append([]int64(nil), c.blocked...)
	return c
}

// stall delays words at an outer port.
type stall struct {
	rng  *rand.Rand
	p    float64
	most int
}

func (s *stall) delay() int64 {
	if s == nil || s.rng.Float64() >= s.p {
		return 0
	}
	return 1 + int64(s.rng.IntN(s.most))
}

type sim struct {
	n      *hw.Network
	images int
	stream int     // most images that the source sends
	values *values // of the first pass; nil if only the time is wanted
	zeros  *zeros  // used instead of values
	ledger *ledger.Ledger
	inputs [][]int32
	procs  []*proc
	fifos  []*fifo
	// Processes that can proceed: first the ones that can proceed far, so that they are not started
	// again for every token. The order does not affect the instants.
	soon, later ring

	firstIn  []int64   // by image: cycle its first word was accepted
	firstOut [][]int64 // by output and image: cycle its first word left
	lastOut  [][]int64 // by output and image: cycle its last word left
	opt      Options
	reported int
	working  int // processes that have not finished all images

	noSteady bool    // simulate all images, for tests
	steady   *steady // nil if no period is searched
	hold     int     // number of images after which the source stops for a cut; -1 for none
}

// Latency is the number of cycles from accepting the first word of a single image to
// its last output word, with no other image.
func Latency(ctx context.Context, n *hw.Network, image []int32) (int64, error) {
	r, err := Run(ctx, n, [][]int32{image}, Options{Finite: true, TimeOnly: true})
	if err != nil {
		return 0, err
	}
	return r.Latency, nil
}

// Run simulates the network on images, each the H x W x C values of the network's
// input tensor. It returns a *live.Deadlock if the network stops.
func Run(ctx context.Context, n *hw.Network, images [][]int32, opt Options) (*Result, error) {
	s, err := newSim(n, images, opt)
	if err != nil {
		return nil, fmt.Errorf("hwsim: %w", err)
	}
	return s.simulate(ctx)
}

// simulate runs values and time in parallel.
func (s *sim) simulate(ctx context.Context) (*Result, error) {
	made := make(chan error, 1)
	go func() { made <- s.makeValues() }()
	err := s.run(ctx)
	var dead *live.Deadlock
	if err == nil && (s.working > 0 || s.opt.Finite) {
		dead = s.deadlock()
	}
	s.ledger.End(err != nil || dead != nil)
	if failed := <-made; err == nil {
		err = failed
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("hwsim: %w", err)
	case dead != nil:
		return nil, dead
	}
	return s.result(), nil
}

// makeValues computes the values of the images, and of further images as long as their
// costs are needed; if only the time is wanted, only the costs.
func (s *sim) makeValues() error {
	if s.opt.TimeOnly && !s.varies() {
		return nil
	}
	v := s.values
	for made := 0; s.ledger.Wanted(made); made++ {
		if s.opt.TimeOnly {
			if err := s.zeros.push(s.ledger.IsOff); err != nil {
				return err
			}
			continue
		}
		if v.pushed == s.images { // another pass: the stream repeats the images
			var err error
			if v, err = newValues(s.n, s.inputs, countNothing, s.ledger.Put, nil); err != nil {
				return err
			}
		}
		v.push(s.ledger.IsOff)
	}
	return nil
}

// varies reports whether some engine's beats may take more than one cycle.
func (s *sim) varies() bool {
	return slices.ContainsFunc(s.procs, func(p *proc) bool { return p.varies })
}

// run moves tokens until no process can proceed or, in an endless stream, until all images have been measured.
func (s *sim) run(ctx context.Context) error {
	s.watch()
	for steps := 0; s.working > 0 || s.opt.Finite; steps++ {
		if steps&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p := s.soon.take()
		if p == nil {
			if p = s.later.take(); p == nil {
				if !s.cut() {
					return nil
				}
				continue
			}
			p.waitsLater = false
			if p.queued != later {
				continue
			}
		}
		p.queued, p.wait = idle, nil
		s.advance(p)
		s.wakeNeighbours(p)
	}
	return nil
}

// advance runs p until it must wait or has ended: many iterations at once as
// long as nothing blocks, then one that must wait.
func (s *sim) advance(p *proc) {
	if p.live && !p.computed && p.reads == p.step.Reads {
		p.live = false // it has only waited
	}
	for {
		if !p.live {
			if s.held(p) {
				return
			}
			if s.opt.Observe == nil {
				s.batch(p)
			}
			if !s.begin(p) {
				p.ended = true
				return
			}
		}
		for p.reads != 0 {
			i := bits.TrailingZeros64(p.reads)
			f := p.in[i]
			if f.rd == f.wr {
				p.wait, p.full = f, false
				return
			}
			r := f.read(p.t)
			p.count.starved[i] += r - p.t
			s.observe(Read, p, f.index, p.t, r)
			p.t = r
			p.reads &= p.reads - 1
		}
		if !p.computed {
			p.computed = true
			cost := s.compute(p)
			p.count.busy += cost
			p.t += cost - 1
		}
		for p.writes != 0 {
			i := bits.TrailingZeros64(p.writes)
			f := p.out[i]
			if f.room() == 0 {
				p.wait, p.full = f, true
				return
			}
			w := f.write(p.t)
			p.count.blocked[i] += w - p.t
			s.observe(Write, p, f.index, p.t, w)
			p.t = w
			p.writes &= p.writes - 1
		}
		p.live = false
		p.ready = p.t + 1
		p.count.iterations++
		s.observe(Iteration, p, -1, p.t, p.t)
		if w := p.window; w != nil {
			w.Step(p.step.Reads != 0, p.step.Writes != 0)
			if w.Image > p.image {
				s.imageDone(p)
			}
			continue
		}
		p.pattern.skip(1)
		s.passed(p, 1)
	}
}

// begin starts the next iteration, or returns false if there is none.
func (s *sim) begin(p *proc) bool {
	if w := p.window; w != nil {
		// The schedule's position before the iteration determines its reads and writes.
		p.step = hw.Step{}
		if w.Accepts() {
			p.step.Reads = 1
		}
		if w.Emits() {
			p.step.Writes = 1
		}
		if p.step == (hw.Step{}) {
			return false
		}
	} else {
		if p.image == s.stream {
			return false
		}
		p.step, _ = s.ahead(p)
	}
	p.reads, p.writes = p.step.Reads, p.step.Writes
	p.computed = false
	p.t = p.ready
	p.live = true
	return true
}

// ahead gives the next iteration of p and the number of consecutive equal ones within the image.
func (s *sim) ahead(p *proc) (step hw.Step, n int) {
	step, n = p.pattern.ahead()
	n = min(n, p.left)
	switch per := p.pattern.perImage; {
	case p.lag == 0: // its writes follow its reads
	case p.left > per: // there is nothing to write yet
		step.Writes, n = 0, min(n, p.left-per)
	case p.left > p.lag:
		n = min(n, p.left-p.lag)
	case p.image == s.stream-1: // there is nothing more to read
		step.Reads = 0
	}
	return step, n
}

// compute returns the cycles of the iteration in progress.
func (s *sim) compute(p *proc) int64 {
	switch p.kind {
	case hw.Engine:
		if p.varies {
			return int64(s.costs(p)[0])
		}
	case hw.Source:
		if d := p.stall.delay(); d > 0 {
			p.count.starved[0] += d
			p.t += d
		}
		if p.left == p.pattern.perImage && p.image < s.images {
			s.firstIn[p.image] = p.t
		}
	case hw.Sink:
		if d := p.stall.delay(); d > 0 {
			p.count.blocked[0] += d
			p.t += d
		}
		if p.image < s.images {
			if p.left == p.pattern.perImage {
				s.firstOut[p.index][p.image] = p.t
			}
			if p.left == 1 {
				s.lastOut[p.index][p.image] = p.t
			}
		}
	}
	return 1
}

// costs are the cycles of the remaining beats of engine p's current image.
func (s *sim) costs(p *proc) []uint8 {
	if p.costs == nil {
		p.costs = s.ledger.Get(p.index, p.image)
	}
	return p.costs[len(p.costs)-p.left:]
}

// passed records n iterations of p, none beyond the end of an image.
func (s *sim) passed(p *proc, n int) {
	if p.left -= n; p.left > 0 {
		return
	}
	p.left = p.pattern.perImage
	p.costs = nil
	s.imageDone(p)
}

// imageDone records that p has finished one more image.
func (s *sim) imageDone(p *proc) {
	if p.image++; p.image > s.images {
		return
	}
	p.count.end = p.ready
	s.observe(Image, p, -1, p.ready-1, p.ready-1)
	p.done = append(p.done, p.count.clone())
	if len(p.done) == s.images {
		s.working--
	}
	if p.kind == hw.Sink {
		s.progress()
	}
}

// progress reports the images that have left since its last report.
func (s *sim) progress() {
	if s.opt.Progress == nil {
		return
	}
	for done := s.completed(); s.reported < done; {
		s.reported++
		s.opt.Progress(s.reported, s.images)
	}
}

// completed is the number of images that have left by every output.
func (s *sim) completed() int {
	done := s.images
	for _, p := range s.procs {
		if p.kind == hw.Sink {
			done = min(done, len(p.done))
		}
	}
	return done
}

// deadlock returns the cycle of waiting processes if some process has not ended.
func (s *sim) deadlock() *live.Deadlock {
	blocked, full := make([]int, len(s.procs)), make([]bool, len(s.procs))
	for i, p := range s.procs {
		blocked[i] = -1
		if !p.ended {
			blocked[i], full[i] = p.wait.index, p.full
		}
	}
	return live.FindCycle(s.n, blocked, full, s.completed())
}
