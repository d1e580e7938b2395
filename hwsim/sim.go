package hwsim

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"

	"hass/internal/hw"
)

// Options choose what a run does besides the plain simulation. The zero value
// is a source that always has data, sinks that are always ready, and a stream of images
// that goes on after the last one.
type Options struct {
	// Finite ends the stream after the images, as a call of the hardware for that many
	// images does. A line buffer takes input of the next image before it lets go of the
	// last windows of the one before, so the last images of a finite stream leave
	// early: its latency is exact, its cycles per image are too few. Without Finite the
	// images are sent again, from the first, until all have left once.
	Finite bool
	// Stall delays, with this probability in 0..1, each word that enters or leaves by
	// 1..StallMax cycles (8 if 0), at random from Seed. Outputs must not change.
	Stall    float64
	StallMax int
	Seed     uint64
	// Trace records what Result.WriteTrace needs.
	Trace bool
	// Progress, if not nil, is called after each image that has left completely.
	Progress func(done, images int)
}

// Limits on what one run holds in memory.
const (
	maxImages  = 1 << 20
	maxFollow  = 1 << 20 // images that may follow until the last has left
	maxDepth   = 1 << 24 // tokens in one FIFO
	maxPayload = 1 << 28 // values in all FIFOs
)

// proc is a process: a loop of iterations, each of which reads, computes and writes.
type proc struct {
	index   int
	kind    hw.ProcessKind
	in, out []*fifo
	sched   hw.Schedule // nil for a window, which has its own

	// The iteration in progress.
	live          bool
	computed      bool
	step          hw.Step // its reads and writes
	reads, writes uint64  // those still to be done
	t             int64   // the latest instant of the iteration
	last          bool    // the image's last

	// Between iterations.
	ready int64 // first cycle the next iteration may use
	left  int   // iterations to the image's last (not for windows)
	per   int
	ended bool

	// What it waits for if it is not queued and has not ended.
	wait   *fifo
	full   bool
	queued bool

	count counters
	done  []counters // count at the end of each measured image's last iteration
	stall *stall

	window  *window
	engine  *engine
	join    *join
	pool    *pool
	global  *globalPool
	point   *pointwise
	mover   *mover
	resize  *resize
	convert *convert
	source  *source
	sink    *sink
}

// counters say where the cycles of a process went, from cycle 0 on.
type counters struct {
	iterations int64
	end        int64 // cycles so far: all below add up to it
	busy       int64
	starved    []int64 // by input port; a source's is its AXI port
	blocked    []int64 // by output port; a sink's is its AXI port
}

func (c counters) clone() counters {
	c.starved = append([]int64(nil), c.starved...)
	c.blocked = append([]int64(nil), c.blocked...)
	return c
}

// stall makes an outer port late.
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
	procs  []*proc
	fifos  []*fifo
	queue  []*proc // ring of at most len(procs)
	head   int
	queued int

	firstIn  []int64   // by image: cycle its first word was accepted
	firstOut []int64   // by image: cycle its first word left, of any output
	lastOut  [][]int64 // by output and image: cycle its last word left
	opt      Options
	reported int
	working  int // processes that have not done their part for all images
}

// Latency is the number of cycles from the first word of a single image accepted to its
// last word leaving, with nothing before or behind it.
func Latency(ctx context.Context, n *hw.Network, image []int32) (int64, error) {
	r, err := Run(ctx, n, [][]int32{image}, Options{Finite: true})
	if err != nil {
		return 0, err
	}
	return r.Latency, nil
}

// Run simulates the network on images, each the H x W x C values of the network's
// input tensor. It returns a *hw.Deadlock if the network stops moving.
func Run(ctx context.Context, n *hw.Network, images [][]int32, opt Options) (*Result, error) {
	s, err := newSim(n, images, opt)
	if err != nil {
		return nil, fmt.Errorf("hwsim: %w", err)
	}
	if err := s.run(ctx); err != nil {
		return nil, fmt.Errorf("hwsim: %w", err)
	}
	if s.working > 0 || opt.Finite {
		if d := s.deadlock(); d != nil {
			return nil, d
		}
	}
	return s.result(), nil
}

// run moves tokens until no process can or, in an endless stream, until all images
// have been measured.
func (s *sim) run(ctx context.Context) error {
	for steps := 0; s.queued > 0 && (s.working > 0 || s.opt.Finite); steps++ {
		if steps&1023 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		p := s.queue[s.head]
		if s.head++; s.head == len(s.queue) {
			s.head = 0
		}
		s.queued--
		p.queued = false
		s.advance(p)
		s.wakeNeighbours(p)
	}
	return nil
}

func (s *sim) wake(p *proc) {
	if p.queued || p.ended {
		return
	}
	p.queued, p.wait = true, nil
	s.queue[(s.head+s.queued)%len(s.queue)] = p
	s.queued++
}

// wakeNeighbours queues the processes that waited for what p has just done.
func (s *sim) wakeNeighbours(p *proc) {
	for _, f := range p.in {
		if f.from.wait == f && f.wr-f.rd < f.depth {
			s.wake(f.from)
		}
	}
	for _, f := range p.out {
		if f.to.wait == f && f.rd < f.wr {
			s.wake(f.to)
		}
	}
}

// advance runs p until it must wait or has ended.
func (s *sim) advance(p *proc) {
	for {
		if !p.live && !p.begin() {
			p.ended = true
			return
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
			p.t = r
			if f.samples != nil {
				f.samples.add(r+1, -1)
			}
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
			if f.wr-f.rd >= f.depth {
				p.wait, p.full = f, true
				return
			}
			w := f.write(p.t)
			p.count.blocked[i] += w - p.t
			p.t = w
			if f.samples != nil {
				f.samples.add(w, 1)
			}
			p.writes &= p.writes - 1
		}
		p.live = false
		p.ready = p.t + 1
		p.count.iterations++
		if p.last && len(p.done) < s.images {
			s.imageDone(p)
		}
	}
}

// begin starts the next iteration, or returns false if there is none.
func (p *proc) begin() bool {
	if w := p.window; w != nil {
		// The schedule's position before the iteration tells where the accepted beat
		// goes and which one is emitted, so it is stepped after the computation.
		p.step = hw.Step{}
		if w.sched.Accepts() {
			p.step.Reads = 1
		}
		if w.sched.Emits() {
			p.step.Writes = 1
		}
		if p.step == (hw.Step{}) {
			return false
		}
		p.last = false
	} else {
		st, ok := p.sched.Next()
		if !ok {
			return false
		}
		p.step = st
		p.left--
		if p.last = p.left == 0; p.last {
			p.left = p.per
		}
	}
	p.reads, p.writes = p.step.Reads, p.step.Writes
	p.computed = false
	p.t = p.ready
	p.live = true
	return true
}

// compute does the iteration's work on the tokens it has read, puts the result into
// the slots of the tokens it is about to write and returns its cycles.
func (s *sim) compute(p *proc) int64 {
	switch p.kind {
	case hw.Fork: // the outputs share the input's payload
	case hw.WindowProc:
		w := p.window
		if p.step.Reads != 0 {
			w.accept(p.in[0].held())
		}
		if p.step.Writes != 0 {
			f := p.out[0]
			var nz []uint64
			if f.pay.nz != nil {
				nz = f.pay.zeros(f.wr)
			}
			w.emit(f.pay.acts(f.wr), nz)
		}
		p.last = w.step(p.step.Reads != 0, p.step.Writes != 0)
	case hw.Engine:
		f := p.in[0]
		cost := p.engine.beat(f.held(), f.pay.zeros(f.rd-1))
		if p.step.Writes != 0 {
			p.engine.flush(p.out[0].pay.accs(p.out[0].wr))
		}
		return int64(cost)
	case hw.Join:
		out := p.out[0].next()
		for g, f := range p.in {
			p.join.part(g, f.pay.accs(f.rd-1), out)
		}
		p.join.pos.next()
	case hw.Pool:
		p.pool.beat(p.in[0].held(), p.out[0].next())
	case hw.GlobalPool:
		p.global.beat(p.in[0].held(), p.out[0].next(), p.step.Writes != 0)
	case hw.Add, hw.Mul, hw.Requant, hw.Activation:
		var second []int32
		if p.step.Reads&2 != 0 {
			second = p.in[1].held()
		}
		p.point.beat(p.in[0].held(), second, p.out[0].next())
	case hw.Concat, hw.Slice, hw.ZeroInsert:
		if p.step.Writes != 0 {
			var in []int32
			if p.step.Reads != 0 {
				in = p.in[bits.TrailingZeros64(p.step.Reads)].held()
			}
			p.mover.beat(in, p.out[0].next())
		}
	case hw.Resize:
		if p.step.Reads != 0 {
			p.resize.accept(p.in[0].held())
		}
		if p.step.Writes != 0 {
			p.resize.emit(p.out[0].next())
		}
	case hw.Convert:
		if p.convert.in > p.convert.out {
			p.convert.split(p.in[0].held(), p.out[0].next())
		} else {
			p.convert.gather(p.in[0].held(), p.out[0].next())
		}
	case hw.Source:
		if d := p.stall.delay(); d > 0 {
			p.count.starved[0] += d
			p.t += d
		}
		if p.source.pos.first() && p.source.image < s.images {
			s.firstIn[p.source.image] = p.t
		}
		p.source.beat(p.out[0].next())
	case hw.Sink:
		if d := p.stall.delay(); d > 0 {
			p.count.blocked[0] += d
			p.t += d
		}
		if image := p.sink.image; image < s.images {
			if t := &s.firstOut[image]; p.sink.pos.first() && (*t < 0 || p.t < *t) {
				*t = p.t
			}
			if p.last {
				s.lastOut[p.index][image] = p.t
			}
		}
		p.sink.beat(p.in[0].held())
	}
	return 1
}

// imageDone notes that p has done its part for one more measured image.
func (s *sim) imageDone(p *proc) {
	p.count.end = p.ready
	p.done = append(p.done, p.count.clone())
	if len(p.done) == s.images {
		s.working--
		if p.engine != nil {
			p.engine.freeze()
		}
	}
	if p.kind == hw.Sink && s.opt.Progress != nil {
		if done := s.completed(); done > s.reported {
			s.reported = done
			s.opt.Progress(done, s.images)
		}
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

// deadlock returns the cycle of waits if some process has not ended.
func (s *sim) deadlock() *hw.Deadlock {
	blocked, full := make([]int, len(s.procs)), make([]bool, len(s.procs))
	for i, p := range s.procs {
		blocked[i] = -1
		if !p.ended {
			blocked[i], full[i] = p.wait.index, p.full
		}
	}
	return s.n.FindCycle(blocked, full, s.completed())
}
