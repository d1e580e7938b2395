package hwsim

import (
	"fmt"
	"math/bits"

	"hass/internal/hw"
	"hass/internal/intnet"
)

// values moves the tokens of a finite stream of images through the processes, image by image and
// without time. Each process, in topological order, proceeds as far as the tokens written so far
// allow. The order of a Kahn network's tokens, and so all values and the cycles of every beat,
// do not depend on time.
type values struct {
	images  [][]int32
	source  *source
	feed    *tokens
	movers  []mover   // in topological order
	engines []*engine // by process
	sinks   []*sink   // by process
	convs   []*conv   // by process of the window
	pushed  int
}

// mover is one process, or all processes of a convolution.
type mover interface {
	// run moves all tokens that the written tokens allow.
	run()
}

// tokens is a stream's queue.
type tokens struct {
	lanes int
	buf   []int32
	head  int                 // number of values read
	tap   func(lanes []int32) // sees every token that is read; nil if the stream is not observed
}

// next reads a token, nil if there is none. It is valid until the next add.
func (q *tokens) next() []int32 {
	if q.head == len(q.buf) {
		return nil
	}
	t := q.buf[q.head : q.head+q.lanes : q.head+q.lanes]
	q.head += q.lanes
	if q.tap != nil {
		q.tap(t)
	}
	return t
}

func (q *tokens) empty() bool { return q.head == len(q.buf) }

// add returns a new token to be filled.
func (q *tokens) add() []int32 {
	if q.head == len(q.buf) {
		q.buf, q.head = q.buf[:0], 0
	}
	n := len(q.buf)
	if n+q.lanes > cap(q.buf) {
		grown := make([]int32, n-q.head, max(2*(n-q.head), 64*q.lanes))
		copy(grown, q.buf[q.head:])
		q.buf, q.head, n = grown, 0, n-q.head
	}
	q.buf = q.buf[:n+q.lanes]
	return q.buf[n : n+q.lanes : n+q.lanes]
}

// counting says what engines count besides the costs of their beats.
type counting int

const (
	countNothing counting = iota
	countBeats            // by cost, and pairs
)

// newValues prepares a pass over images. put receives the costs of an engine's image, and obs, unless it is nil, the tokens.
func newValues(n *hw.Network, images [][]int32, stats counting, put func(process int, costs []uint8), obs *Observer) (*values, error) {
	np := len(n.Processes)
	v := &values{images: images, engines: make([]*engine, np), sinks: make([]*sink, np), convs: make([]*conv, np)}
	queues := make([]*tokens, len(n.Streams))
	for i, st := range n.Streams {
		queues[i] = &tokens{lanes: st.Beat.Px * st.Beat.Ch, tap: obs.tap(i)}
	}
	for i := range n.Processes {
		if err := v.process(n, i, queues, stats, put, obs); err != nil {
			return nil, fmt.Errorf("process %s: %w", n.Processes[i].Name, err)
		}
	}
	return v, nil
}

// maxBuffer bounds a line buffer's values; above it Run refuses the network.
const maxBuffer = 1 << 28

// process adds process i.
func (v *values) process(n *hw.Network, i int, queues []*tokens, stats counting, put func(process int, costs []uint8), obs *Observer) error {
	p := &n.Processes[i]
	var l intnet.Layer
	var hl hw.Layer
	var in, out intnet.Tensor
	if p.Layer >= 0 {
		l, hl = n.Net.Layers[p.Layer], n.Layers[p.Layer]
		in, out = n.Net.Tensors[l.In[0]], n.Net.Tensors[l.Out]
	}
	if l.Kind == intnet.KindConv && p.Kind != hw.WindowProc {
		return nil // the window's conv moves its tokens
	}
	m := &module{step: n.NewSchedule(i, len(v.images)).Next}
	for _, s := range p.In {
		m.in = append(m.in, queues[s])
	}
	for _, s := range p.Out {
		m.out = append(m.out, queues[s])
	}
	beat := func(stream int) raster {
		st := n.Streams[stream]
		return newRaster(n.Net.Tensors[st.Tensor], st.Beat)
	}
	switch p.Kind {
	case hw.Source:
		v.source, v.feed = &source{pos: beat(p.Out[0]), images: v.images}, m.out[0]
		return nil
	case hw.Sink:
		s := &sink{pos: beat(p.In[0])}
		t := n.Net.Tensors[n.Streams[p.In[0]].Tensor]
		for range v.images {
			s.maps = append(s.maps, make([]int32, t.H*t.W*t.C))
		}
		v.sinks[i] = s
		m.move = func(hw.Step) { s.beat(m.in[0].next()) }
	case hw.WindowProc:
		w := *p.Window
		if err := w.Validate(); err != nil {
			return err
		}
		if values := w.Rows() * w.RowPixels(); values > maxBuffer/w.C {
			return fmt.Errorf("line buffer of %d pixels of %d channels is larger than %d values", values, w.C, maxBuffer)
		}
		win := newWindow(w, len(v.images), l, in.Format.Min())
		if plan := n.Plans[p.Layer]; plan != nil { // it multiplies only the rows of the plan
			rows := *l.Conv
			rows.Weights = plan.Filters().W
			l.Conv = &rows
		}
		if l.Conv != nil {
			c := newConv(l, hl, in, out, win, addEngines(v.engines, n, p, stats, put), stats)
			c.in, c.out = m.in[0], queues[n.Processes[lastOf(n, p.Layer)].Out[0]]
			c.probe = newProbe(n, p, l.Conv.Weights, obs)
			v.convs[i] = c
			v.movers = append(v.movers, c)
			return nil
		}
		v.movers = append(v.movers, &poolWindow{win, m.in[0], m.out[0]})
		return nil
	case hw.Fork:
		m.move = func(hw.Step) {
			in := m.in[0].next()
			for _, q := range m.out {
				copy(q.add(), in)
			}
		}
	case hw.Pool:
		x := newPool(l, hl, in, out)
		m.move = func(s hw.Step) { x.beat(m.in[0].next(), m.write(s)) }
	case hw.GlobalPool:
		x := newGlobalPool(l, hl, in, out)
		m.move = func(s hw.Step) { x.beat(m.in[0].next(), m.write(s)) }
	case hw.Add, hw.Mul, hw.Requant, hw.Activation:
		x := newPointwise(l, hl, in, out, n.Net.Broadcast(&l))
		m.move = func(s hw.Step) {
			var second []int32
			if s.Reads&2 != 0 {
				second = m.in[1].next()
			}
			x.beat(m.in[0].next(), second, m.out[0].add())
		}
	case hw.Concat:
		x := newConcat(n.Net, l, hl)
		m.move = func(s hw.Step) {
			for r := s.Reads; r != 0; r &= r - 1 {
				i := bits.TrailingZeros64(r)
				x.accept(i, m.in[i].next())
			}
			if s.Writes != 0 {
				x.emit(m.out[0].add())
			}
			x.next()
		}
	case hw.Convert:
		a, b := n.Streams[p.In[0]].Beat, n.Streams[p.Out[0]].Beat
		x := &convert{px: a.Px, in: a.Ch, out: b.Ch}
		if a.Ch > b.Ch {
			m.move = func(s hw.Step) {
				if s.Reads != 0 {
					x.wide = m.in[0].next()
				}
				x.split(m.out[0].add())
			}
		} else {
			x.wide = make([]int32, b.Px*b.Ch)
			m.move = func(s hw.Step) {
				x.gather(m.in[0].next())
				if s.Writes != 0 {
					copy(m.out[0].add(), x.wide)
				}
			}
		}
	default:
		x := newRearrange(l, hl, in, out)
		if x == nil {
			return fmt.Errorf("no simulation of module %q", p.Kind)
		}
		m.move = func(s hw.Step) {
			if s.Reads != 0 {
				x.accept(m.in[0].next())
			}
			if s.Writes != 0 {
				x.emit(m.out[0].add())
			}
		}
	}
	v.movers = append(v.movers, m)
	return nil
}

// addEngines makes the engines of the layer of p, and puts them in their processes' places in all.
func addEngines(all []*engine, n *hw.Network, p *hw.Process, stats counting, put func(process int, costs []uint8)) []*engine {
	var made []*engine
	for i := range n.Processes {
		if q := &n.Processes[i]; q.Layer == p.Layer && q.Kind == hw.Engine {
			e := newEngine(n.Net.Layers[p.Layer], n.Layers[p.Layer], *p.Window, q.Index, stats)
			if e.worst > 1 {
				e.costs = make([]uint8, n.Streams[q.In[0]].Tokens)
				e.put = func(costs []uint8) { put(i, costs) }
			}
			all[i] = e
			made = append(made, e)
		}
	}
	return made
}

// lastOf is the process that writes the output of a layer.
func lastOf(n *hw.Network, layer int) int {
	last := -1
	for i, p := range n.Processes {
		if p.Layer == layer {
			last = i
		}
	}
	return last
}

// push sends one more image. It stops early if off returns true.
func (v *values) push(off func() bool) {
	for {
		v.source.beat(v.feed.add())
		if v.source.pos.first() {
			break
		}
	}
	v.pushed++
	for _, m := range v.movers {
		if off() {
			return
		}
		m.run()
	}
}

// module is a process that moves tokens one iteration at a time.
type module struct {
	in, out []*tokens
	step    func() (hw.Step, bool)
	move    func(s hw.Step)
	next    hw.Step
	live    bool // next has not been called
}

func (m *module) run() {
	for {
		if !m.live {
			if m.next, m.live = m.step(); !m.live {
				return
			}
		}
		for r := m.next.Reads; r != 0; r &= r - 1 {
			if m.in[bits.TrailingZeros64(r)].empty() {
				return
			}
		}
		m.move(m.next)
		m.live = false
	}
}

// write is the token to be written, nil if the iteration writes none.
func (m *module) write(s hw.Step) []int32 {
	if s.Writes == 0 {
		return nil
	}
	return m.out[0].add()
}

// poolWindow is the line buffer of a pool.
type poolWindow struct {
	win     *window
	in, out *tokens
}

func (p *poolWindow) run() {
	w := p.win.sched
	for {
		accept, emit := w.Accepts(), w.Emits()
		if !accept && !emit {
			return
		}
		if accept {
			beat := p.in.next()
			if beat == nil {
				return
			}
			p.win.accept(beat)
		}
		if emit {
			p.win.emit(p.out.add())
		}
		p.win.step(accept, emit)
	}
}
