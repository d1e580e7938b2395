package hwsim

import (
	"fmt"
	"math/rand/v2"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// newSim checks the input and allocates everything the run needs: while it
// moves tokens it allocates nothing.
func newSim(n *hw.Network, images [][]int32, opt Options) (*sim, error) {
	if err := check(n, images, &opt); err != nil {
		return nil, err
	}
	s := &sim{n: n, images: len(images), opt: opt, queue: make([]*proc, len(n.Processes)), working: len(n.Processes)}
	s.firstIn = make([]int64, s.images)
	s.firstOut = make([]int64, s.images)
	for i := range s.firstOut {
		s.firstOut[i] = -1
	}
	s.lastOut = make([][]int64, len(n.Processes))
	for i := range n.Processes {
		s.procs = append(s.procs, &proc{index: i, kind: n.Processes[i].Kind})
	}
	for i, st := range n.Streams {
		depth := min(st.Depth, st.Tokens*s.stream())
		if depth > maxDepth {
			return nil, fmt.Errorf("FIFO %s: depth %d is above the limit %d", st.Name, st.Depth, maxDepth)
		}
		length := pow2(depth)
		f := &fifo{
			index: i, time: make([]int64, length), mask: length - 1, depth: depth, most: 1,
			latency: int64(n.Processes[st.From].Latency), from: s.procs[st.From], to: s.procs[st.To],
		}
		if opt.Trace {
			f.samples = newOccupancy()
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
	if err := s.payloads(); err != nil {
		return nil, err
	}
	for _, p := range s.procs {
		if err := s.module(p, images); err != nil {
			return nil, fmt.Errorf("process %s: %w", n.Processes[p.index].Name, err)
		}
		s.wake(p)
	}
	return s, nil
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

// stream is the number of images the source sends at most.
func (s *sim) stream() int {
	if s.opt.Finite {
		return s.images
	}
	return s.images + maxFollow
}

// payloads gives every stream its ring. The streams a fork writes hold the same
// tokens as the one it reads, so they share that ring: it is long enough for the
// slowest of them.
func (s *sim) payloads() error {
	// alive is the number of tokens that may exist between the write of the first
	// and the end of the last reader's iteration with it.
	var alive func(f *fifo) int
	alive = func(f *fifo) int {
		k := f.depth + 1
		if f.to.kind != hw.Fork {
			return k
		}
		most := 0
		for _, o := range f.to.out {
			most = max(most, alive(o))
		}
		return k + most
	}
	var share func(f *fifo, p *payload)
	share = func(f *fifo, p *payload) {
		f.pay = p
		if f.to.kind == hw.Fork {
			for _, o := range f.to.out {
				share(o, p)
			}
		}
	}
	total := 0
	for i, f := range s.fifos {
		if f.from.kind == hw.Fork {
			continue // reached through the stream its fork reads
		}
		st := s.n.Streams[i]
		slots := pow2(alive(f) + 1) // one for the token being computed
		p := &payload{lanes: st.Beat.Px * st.Beat.Ch, mask: slots - 1}
		if total += slots * p.lanes; total > maxPayload {
			return fmt.Errorf("FIFO %s: the FIFOs up to here hold %d values; the limit is %d", st.Name, total, maxPayload)
		}
		if st.Kind == hw.AccToken {
			p.wide = make([]int64, slots*p.lanes)
		} else {
			p.small = make([]int32, slots*p.lanes)
		}
		if st.Kind == hw.WindowToken && s.n.Net.Layers[s.n.Processes[st.From].Layer].Kind == intnet.KindConv {
			p.maps = st.Beat.Px
			if s.n.Processes[st.From].Window.Channelwise {
				p.maps *= s.n.Processes[st.From].Window.MCh
			}
			p.nz = make([]uint64, slots*p.maps)
		}
		share(f, p)
	}
	return nil
}

// module gives process p its schedule and state.
func (s *sim) module(p *proc, images [][]int32) error {
	n := s.n
	hp := &n.Processes[p.index]
	var l intnet.Layer
	var hl hw.Layer
	var in, out intnet.Tensor
	if hp.Layer >= 0 {
		l, hl = n.Net.Layers[hp.Layer], n.Layers[hp.Layer]
		in, out = n.Net.Tensors[l.In[0]], n.Net.Tensors[l.Out]
	}
	p.count.starved = make([]int64, max(1, len(p.in)))
	p.count.blocked = make([]int64, max(1, len(p.out)))
	p.done = make([]counters, 0, s.images)
	if p.kind != hw.WindowProc {
		p.sched = n.NewSchedule(p.index, s.stream())
		_, per := p.sched.Position()
		p.per, p.left = per[0], per[0]
	}
	beat := func(stream int) raster {
		st := n.Streams[stream]
		return newRaster(n.Net.Tensors[st.Tensor], st.Beat)
	}
	switch p.kind {
	case hw.Source:
		p.source = &source{pos: beat(hp.Out[0]), images: images}
		p.stall = newStall(s.opt, p.index)
	case hw.Sink:
		p.sink = &sink{pos: beat(hp.In[0])}
		t := n.Net.Tensors[n.Streams[hp.In[0]].Tensor]
		for range s.images {
			p.sink.maps = append(p.sink.maps, make([]int32, t.H*t.W*t.C))
		}
		s.lastOut[p.index] = make([]int64, s.images)
		p.stall = newStall(s.opt, p.index)
	case hw.WindowProc:
		w := *hp.Window
		if err := w.Validate(); err != nil {
			return err
		}
		if values := w.Rows() * w.RowPixels(); values > maxBuffer/w.C {
			return fmt.Errorf("line buffer of %d pixels of %d channels is larger than %d values", values, w.C, maxBuffer)
		}
		p.window = newWindow(w, s.stream(), l, in.Format.Min())
	case hw.Engine:
		p.engine = newEngine(l, hl, hw.WindowOf(n.Net, l, hl), hp.Index)
	case hw.Join:
		p.join = newJoin(l, hl, out)
	case hw.Pool:
		p.pool = newPool(l, hl, in, out)
	case hw.GlobalPool:
		p.global = newGlobalPool(l, hl, in)
	case hw.Add, hw.Mul, hw.Requant, hw.Activation:
		p.point = newPointwise(l, hl, in, out, n.Net.Broadcast(&l))
	case hw.Concat, hw.Slice, hw.ZeroInsert:
		p.mover = newMover(l, hl, out)
	case hw.Resize:
		p.resize = newResize(l, hl, in, out)
	case hw.Convert:
		a, b := n.Streams[hp.In[0]].Beat, n.Streams[hp.Out[0]].Beat
		p.convert = &convert{px: a.Px, in: a.Ch, out: b.Ch}
	case hw.Fork:
	default:
		return fmt.Errorf("no simulation of module %q", p.kind)
	}
	return nil
}

// newStall is the random lateness of outer port number index, nil if there is none.
func newStall(opt Options, index int) *stall {
	if opt.Stall == 0 {
		return nil
	}
	return &stall{rng: rand.New(rand.NewPCG(opt.Seed, uint64(index))), p: opt.Stall, most: opt.StallMax}
}
