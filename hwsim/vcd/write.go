package vcd

import (
	"bufio"
	"container/heap"
	"fmt"
	"io"
	"math"
	"strconv"

	"hass/internal/hw"
)

// Range is the cycles of a file: From is the first, To the one behind the last.
type Range struct{ From, To int64 }

// All is the range of all recorded cycles.
func (r *Recorder) All() Range { return Range{0, r.end} }

// Size is the number of bytes that Write writes.
func (r *Recorder) Size(g Range, mhz float64) (int64, error) {
	var c counter
	err := r.Write(&c, g, mhz)
	return int64(c), err
}

// counter counts bytes.
type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}

// signals are a FIFO's signals, in the order in which they are declared and written. All but the last have one bit.
var signals = [...]string{"room", "issue", "push", "valid", "read", "pop", "out"}

// The places of signals.
const (
	room = iota
	issue
	push
	valid
	read
	pop
	out
)

// Write writes the signals of the recorded streams in the cycles of a range, of a clock of mhz MHz. Time 0 is cycle 0 of the run,
// the first in which the design could take a word of its input. A cycle begins with its clock edge.
func (r *Recorder) Write(w io.Writer, g Range, mhz float64) error {
	if !(mhz > 0) || mhz > 1e6 {
		return fmt.Errorf("vcd: a clock of %g MHz", mhz)
	}
	for _, s := range r.streams {
		if size := (s.width + 7) / 8; len(s.data) != size*len(s.written) {
			return fmt.Errorf("vcd: FIFO %s: values of %d tokens, but %d were written", r.n.Streams[s.number].Name, len(s.data)/size, len(s.written))
		}
	}
	b := bufio.NewWriterSize(w, 1<<16)
	r.header(b, mhz)
	ps := func(cycle int64) int64 { return int64(math.Round(float64(cycle) * 1e6 / mhz)) }
	fmt.Fprintf(b, "#%d\n$dumpvars\n", ps(g.From))
	q := make(queue, 0, len(r.streams))
	for i, s := range r.streams {
		c := newCursor(s, len(signals)*i)
		c.seek(g.From)
		c.change(b, true)
		if c.next < g.To {
			q = append(q, c)
		}
	}
	b.WriteString("$end\n")
	heap.Init(&q)
	for last := g.From; len(q) > 0; {
		c := q[0]
		t := c.next
		c.seek(t)
		if c.changes() {
			if t != last {
				fmt.Fprintf(b, "#%d\n", ps(t))
				last = t
			}
			c.change(b, false)
		}
		if c.next < g.To {
			heap.Fix(&q, 0)
		} else {
			heap.Pop(&q)
		}
	}
	fmt.Fprintf(b, "#%d\n", ps(g.To))
	return b.Flush()
}

// code is the identifier of signal number i.
func code(i int) string {
	const first, n = '!', '~' - '!' + 1
	id := []byte{byte(first + i%n)}
	for i /= n; i > 0; i /= n {
		i--
		id = append(id, byte(first+i%n))
	}
	return string(id)
}

// header declares the signals: those of the top module, and as ports of the FIFO's instance and of those modules on its two sides whose
// ports have one stream. All that are one signal have one identifier.
func (r *Recorder) header(b *bufio.Writer, mhz float64) {
	fmt.Fprintf(b, "$comment hass: streams of a design, clock %s MHz $end\n$timescale 1ps $end\n", strconv.FormatFloat(mhz, 'f', -1, 64))
	fmt.Fprint(b, "$scope module hass_tb $end\n$scope module dut $end\n")
	variable := func(s *stream, first, k int, name string) {
		if k == out {
			fmt.Fprintf(b, "$var wire %d %s %s [%d:0] $end\n", s.width, code(first+k), name, s.width-1)
		} else {
			fmt.Fprintf(b, "$var wire 1 %s %s $end\n", code(first+k), name)
		}
	}
	for i, s := range r.streams {
		for k, name := range signals {
			variable(s, len(signals)*i, k, r.n.Streams[s.number].Signal()+"__"+name)
		}
	}
	place := map[int]int{} // of a stream in r.streams
	for i, s := range r.streams {
		place[s.number] = i
		fmt.Fprintf(b, "$scope module %s__fifo $end\n", r.n.Streams[s.number].Signal())
		for k, name := range signals {
			variable(s, len(signals)*i, k, name)
		}
		fmt.Fprint(b, "$upscope $end\n")
	}
	for i := range r.n.Processes {
		p := &r.n.Processes[i]
		r.module(b, p, place, variable)
	}
	fmt.Fprint(b, "$upscope $end\n$upscope $end\n$enddefinitions $end\n")
}

// module declares the ports of a module's instance that are signals of one recorded stream.
func (r *Recorder) module(b *bufio.Writer, p *hw.Process, place map[int]int, variable func(s *stream, first, k int, name string)) {
	type port struct {
		signal int
		name   string
	}
	open := false
	ports := func(streams []int, list []port) {
		if len(streams) != 1 {
			return
		}
		i, ok := place[streams[0]]
		if !ok {
			return
		}
		if !open {
			open = true
			fmt.Fprintf(b, "$scope module %s $end\n", p.Name)
		}
		for _, x := range list {
			variable(r.streams[i], len(signals)*i, x.signal, x.name)
		}
	}
	ports(p.In, []port{{valid, "valid"}, {out, "in"}, {read, "read"}, {pop, "pop"}})
	ports(p.Out, []port{{room, "room"}, {issue, "issue"}, {push, "push"}})
	if open {
		fmt.Fprint(b, "$upscope $end\n")
	}
}

// cursor walks a stream's signals through time.
type cursor struct {
	*stream
	first int   // its first signal's number
	next  int64 // the next cycle in which a signal may change
	// The numbers of tokens that were issued, pushed, read, popped and at the head before the cycle; of the last one, in it.
	issued, pushed, reads, pops, heads int
	loaded                             int64     // the cycle in which token heads comes to the head
	now                                [out]bool // the signals of one bit, in the cycle
	was                                [out]bool // and as last written
	shown                              int       // the token that out showed last; -1: none
	value                              []byte    // room for its digits
}

func newCursor(s *stream, first int) *cursor {
	c := &cursor{stream: s, first: first, shown: -1}
	c.load()
	return c
}

// load finds the cycle in which the next token comes to the head: two after its push, or one after the pop of the token before it.
func (c *cursor) load() {
	c.loaded = math.MaxInt64
	if c.heads == len(c.written) {
		return
	}
	at := c.written[c.heads] + c.push + hw.FIFOCycles
	if c.heads > 0 {
		if c.heads > len(c.popped) {
			return
		}
		at = max(at, c.popped[c.heads-1]+1)
	}
	c.loaded = at
}

// upTo moves *i behind the instants, delay later, that are before cycle t, and tells whether one is in t. It lowers next to the following.
func (c *cursor) upTo(t int64, i *int, instants []int64, delay int64) bool {
	for *i < len(instants) && instants[*i]+delay < t {
		*i++
	}
	if *i == len(instants) {
		return false
	}
	at := instants[*i] + delay
	if at == t {
		c.next = min(c.next, t+1)
		return true
	}
	c.next = min(c.next, at)
	return false
}

// seek moves to cycle t, no earlier than the present one.
func (c *cursor) seek(t int64) {
	c.next = math.MaxInt64
	c.now[issue] = c.upTo(t, &c.issued, c.written, 0)
	c.now[push] = c.upTo(t, &c.pushed, c.written, c.push)
	c.now[read] = c.upTo(t, &c.reads, c.stream.read, 0)
	c.now[pop] = c.upTo(t, &c.pops, c.popped, 0)
	for c.loaded <= t {
		c.heads++
		c.load()
	}
	c.next = min(c.next, c.loaded)
	c.now[room] = c.issued-c.reads < c.depth
	c.now[valid] = c.heads > c.pops
}

// changes tells whether change would write anything.
func (c *cursor) changes() bool { return c.now != c.was || c.differs() }

// differs tells whether out has another value than it showed last.
func (c *cursor) differs() bool {
	h := c.heads - 1
	if h == c.shown {
		return false
	}
	return c.shown < 0 || string(c.token(h)) != string(c.token(c.shown))
}

// token is the bits of token i.
func (c *cursor) token(i int) []byte {
	size := (c.width + 7) / 8
	return c.data[i*size:][:size]
}

// change writes the signals that have changed, or all.
func (c *cursor) change(b *bufio.Writer, all bool) {
	for k, v := range c.now {
		if all || v != c.was[k] {
			b.WriteByte("01"[btoi(v)])
			b.WriteString(code(c.first + k))
			b.WriteByte('\n')
		}
	}
	c.was = c.now
	if all || c.differs() {
		c.shown = c.heads - 1
		b.WriteByte('b')
		if c.shown < 0 {
			b.WriteByte('x')
		} else {
			b.Write(c.digits(c.token(c.shown)))
		}
		b.WriteByte(' ')
		b.WriteString(code(c.first + out))
		b.WriteByte('\n')
	}
}

// btoi is 1 for true.
func btoi(v bool) int {
	if v {
		return 1
	}
	return 0
}

// digits prints bits from the highest one that is set.
func (c *cursor) digits(bits []byte) []byte {
	top := c.width - 1
	for top > 0 && bits[top>>3]>>(top&7)&1 == 0 {
		top--
	}
	c.value = c.value[:0]
	for i := top; i >= 0; i-- {
		c.value = append(c.value, '0'+bits[i>>3]>>(i&7)&1)
	}
	return c.value
}

// queue is the cursors by their next cycles, and by their signals in the same cycle.
type queue []*cursor

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return q[i].next < q[j].next || q[i].next == q[j].next && q[i].first < q[j].first
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*cursor)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}
