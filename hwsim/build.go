package hwsim

import (
	"fmt"
	"math/rand/v2"

	"hass/hwsim/ledger"
	"hass/internal/hw"
)

// newSim checks the input and allocates what the run needs.
func newSim(n *hw.Network, images [][]int32, opt Options) (*sim, error) {
	return newBounded(n, images, opt, maxCosts)
}

// newBounded is newSim with a bound on the bytes of costs kept.
func newBounded(n *hw.Network, images [][]int32, opt Options, budget int) (*sim, error) {
	if err := check(n, images, &opt); err != nil {
		return nil, err
	}
	s := &sim{n: n, images: len(images), stream: len(images), inputs: images, opt: opt, working: len(n.Processes)}
	if !opt.Finite {
		s.stream += maxFollow
	}
	s.firstIn = make([]int64, s.images)
	s.firstOut, s.lastOut = make([][]int64, len(n.Processes)), make([][]int64, len(n.Processes))
	s.soon, s.later = newRing(len(n.Processes)), newRing(len(n.Processes))
	for i := range n.Processes {
		s.procs = append(s.procs, &proc{index: i, kind: n.Processes[i].Kind})
	}
	if err := s.queues(); err != nil {
		return nil, err
	}
	var err error
	var engines []*engine
	put := func(process int, costs []uint8) { s.ledger.Put(process, costs) }
	if opt.TimeOnly {
		if s.zeros, err = newZeros(n, images, put); err != nil {
			return nil, err
		}
		engines = s.zeros.engines
	} else {
		if s.values, err = newValues(n, images, countBeats, put, opt.Observe); err != nil {
			return nil, err
		}
		engines = s.values.engines
	}
	perImage := 0 // bytes of costs
	for _, p := range s.procs {
		s.process(p)
		if p.varies = p.kind == hw.Engine && engines[p.index].worst > 1; p.varies {
			perImage += p.pattern.perImage
		}
		s.wake(p, soon)
	}
	for _, p := range s.procs {
		if p.kind == hw.WindowProc {
			p.gangs = newGangs(p)
		}
	}
	s.ledger = ledger.New(len(s.procs), s.images, perImage, budget)
	return s, nil
}

// farEnough is the number of tokens, or half the FIFO's depth if that is less, for which a waiting
// process is started at once.
const farEnough = 256

// queues gives every stream its FIFO.
func (s *sim) queues() error {
	n := s.n
	total := 0
	for i, st := range n.Streams {
		depth := min(st.Depth, st.Tokens*s.stream)
		if depth > maxDepth {
			return fmt.Errorf("FIFO %s: depth %d is above the limit %d", st.Name, st.Depth, maxDepth)
		}
		length := pow2(depth)
		if total += length; total > maxTokens {
			return fmt.Errorf("FIFO %s: the FIFOs up to here hold %d tokens; the limit is %d", st.Name, total, maxTokens)
		}
		f := &fifo{
			index: i, time: make([]int64, length), mask: length - 1, depth: depth, enough: max(1, min(depth/2, farEnough)), most: 1,
			latency: int64(n.Processes[st.From].Latency), from: s.procs[st.From], to: s.procs[st.To],
		}
		s.fifos = append(s.fifos, f)
	}
	for i, p := range n.Processes {
		for _, k := range p.In {
			s.procs[i].in = append(s.procs[i].in, s.fifos[k])
		}
		for _, k := range p.Out {
			s.procs[i].out = append(s.procs[i].out, s.fifos[k])
		}
	}
	return nil
}

// process gives process p its schedule and counters.
func (s *sim) process(p *proc) {
	n := s.n
	p.count.starved = make([]int64, max(1, len(p.in)))
	p.count.blocked = make([]int64, max(1, len(p.out)))
	p.done = make([]counters, 0, s.images)
	if p.kind == hw.WindowProc {
		p.window = hw.NewWindowSchedule(*n.Processes[p.index].Window, s.stream)
		return
	}
	p.pattern = newPattern(n, p.index)
	p.lag = n.Lag(p.index)
	p.left = p.pattern.perImage + p.lag
	switch p.kind {
	case hw.Source:
		p.stall = newStall(s.opt, p.index)
	case hw.Sink:
		s.firstOut[p.index], s.lastOut[p.index] = make([]int64, s.images), make([]int64, s.images)
		p.stall = newStall(s.opt, p.index)
	}
}

func check(n *hw.Network, images [][]int32, opt *Options) error {
	if n == nil || n.Net == nil || len(n.Processes) == 0 {
		return fmt.Errorf("no network of processes: expand a design first")
	}
	if len(images) == 0 || len(images) > maxImages {
		return fmt.Errorf("%d images; want 1 to %d", len(images), maxImages)
	}
	in := n.Net.Tensors[n.Net.Input]
	for i, img := range images {
		if len(img) != in.H*in.W*in.C {
			return fmt.Errorf("image %d has %d values; the input %s is %dx%dx%d (HWC)", i, len(img), in.ID, in.H, in.W, in.C)
		}
		for j, v := range img {
			if int64(v) < in.Format.Min() || int64(v) > in.Format.Max() {
				return fmt.Errorf("image %d: value %d at %d is outside the input's format %v: quantise images first", i, v, j, in.Format)
			}
		}
	}
	for i := range n.Net.Layers {
		l := &n.Net.Layers[i]
		if l.Conv == nil {
			continue
		}
		if got, want := len(l.Conv.Weights), n.Net.WeightCount(l); got != want || len(l.Conv.Bias) != l.Conv.OutC {
			return fmt.Errorf("layer %s: %d weights and %d biases, want %d and %d: are the design's weights loaded?", l.ID, got, len(l.Conv.Bias), want, l.Conv.OutC)
		}
	}
	if !(opt.Stall >= 0 && opt.Stall <= 1) || opt.StallMax < 0 {
		return fmt.Errorf("stall probability %g and length %d: want 0..1 and at least 0", opt.Stall, opt.StallMax)
	}
	if opt.StallMax == 0 {
		opt.StallMax = 8
	}
	return nil
}

// newStall is the random stalls of outer port number index, nil if there are none.
func newStall(opt Options, index int) *stall {
	if opt.Stall == 0 {
		return nil
	}
	return &stall{rng: rand.New(rand.NewPCG(opt.Seed, uint64(index))), p: opt.Stall, most: opt.StallMax}
}
