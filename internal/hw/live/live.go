package live

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"hass/internal/hw"
)

// Deadlock describes a network that cannot proceed: a cycle of processes
// each of which waits for the next.
type Deadlock struct {
	Cycle []Wait
	// Enlarge is the full FIFO of the cycle that should be deepened.
	Enlarge string
	Image   int // images completed by every output before it happened
}

// Wait is one edge of the cycle: Process waits because FIFO is full (its reader must
// proceed) or empty (its writer must proceed).
type Wait struct {
	Process string
	FIFO    string
	Full    bool
}

// Error lists the cycle and names the FIFO to enlarge.
func (d *Deadlock) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "deadlock after %d images:", d.Image)
	for i, w := range d.Cycle {
		if i > 0 {
			b.WriteString(",")
		}
		state := "empty"
		if w.Full {
			state = "full"
		}
		fmt.Fprintf(&b, " %s waits for %s FIFO %s", w.Process, state, w.FIFO)
	}
	if d.Enlarge != "" {
		fmt.Fprintf(&b, "; enlarge FIFO %s", d.Enlarge)
	}
	return b.String()
}

// FindCycle follows the waits of blocked processes from the first one and
// returns the cycle they end in. blocked[p] is the stream process p waits for (or -1:
// p has ended) and full tells whether it waits to write.
func FindCycle(n *hw.Network, blocked []int, full []bool, image int) *Deadlock {
	start := slices.IndexFunc(blocked, func(s int) bool { return s >= 0 })
	if start < 0 {
		return nil
	}
	seen := map[int]int{}
	var path []int
	p := start
	for {
		if at, ok := seen[p]; ok {
			path = path[at:]
			break
		}
		if blocked[p] < 0 {
			// A process waits for one that has ended: the two disagree on the token
			// count. Report the chain itself.
			break
		}
		seen[p] = len(path)
		path = append(path, p)
		s := n.Streams[blocked[p]]
		if full[p] {
			p = s.To
		} else {
			p = s.From
		}
	}
	d := &Deadlock{Image: image}
	for _, p := range path {
		s := n.Streams[blocked[p]]
		d.Cycle = append(d.Cycle, Wait{Process: n.Processes[p].Name, FIFO: s.Name, Full: full[p]})
		// Prefer the FIFO into a two-input layer: that is the skip connection.
		if full[p] && (d.Enlarge == "" || s.Join >= 0) {
			d.Enlarge = s.Name
		}
	}
	return d
}

// tokenRun executes the network token by token, without time or values. The
// final state of a Kahn network does not depend on the order of execution, so
// one order represents all.
type tokenRun struct {
	n     *hw.Network
	sched []hw.Schedule
	step  []hw.Step
	live  []bool // has an iteration in progress
	occ   []int  // tokens in each stream
	most  []int  // highest occupancy seen
	depth []int
	// pauseAt stops the source once it has sent that number of tokens; 0 = never.
	sent, pauseAt int
	sunk          []int // tokens that each sink has read
	queue         []int // starts at head
	head          int
	queued        []bool
}

func newTokenRun(n *hw.Network, images int) *tokenRun {
	np, ns := len(n.Processes), len(n.Streams)
	r := &tokenRun{
		n: n, sched: make([]hw.Schedule, np), step: make([]hw.Step, np), live: make([]bool, np),
		occ: make([]int, ns), most: make([]int, ns), depth: make([]int, ns),
		sunk: make([]int, np), queued: make([]bool, np),
	}
	for i := range n.Processes {
		r.sched[i] = n.NewSchedule(i, images)
		r.wake(i)
	}
	for i, s := range n.Streams {
		r.depth[i] = s.Depth
	}
	return r
}

func (r *tokenRun) wake(p int) {
	if !r.queued[p] {
		r.queued[p] = true
		r.queue = append(r.queue, p)
	}
}

// run moves tokens until no process can proceed.
func (r *tokenRun) run() {
	for len(r.queue) > 0 {
		p := r.queue[r.head]
		if r.head++; r.head == len(r.queue) {
			r.queue, r.head = r.queue[:0], 0
		} else if r.head > 1024 {
			r.queue = r.queue[:copy(r.queue, r.queue[r.head:])]
			r.head = 0
		}
		r.queued[p] = false
		r.advance(p)
	}
}

// advance runs process p until it blocks or ends.
func (r *tokenRun) advance(p int) {
	pr := &r.n.Processes[p]
	for {
		if !r.live[p] {
			if pr.Kind == hw.Source && r.pauseAt > 0 && r.sent >= r.pauseAt {
				return
			}
			if r.several(p) {
				continue
			}
			st, ok := r.sched[p].Next()
			if !ok {
				return
			}
			r.step[p], r.live[p] = st, true
		}
		st := &r.step[p]
		for i := 0; st.Reads != 0; i++ {
			if st.Reads>>i&1 == 0 {
				continue
			}
			s := pr.In[i]
			if r.occ[s] == 0 {
				return
			}
			if r.occ[s] >= r.depth[s] {
				r.wake(r.n.Streams[s].From) // it can only be waiting for a full FIFO
			}
			r.occ[s]--
			st.Reads &^= 1 << i
		}
		for i := 0; st.Writes != 0; i++ {
			if st.Writes>>i&1 == 0 {
				continue
			}
			s := pr.Out[i]
			if r.occ[s] >= r.depth[s] {
				return
			}
			if r.occ[s] == 0 {
				r.wake(r.n.Streams[s].To) // it can only be waiting for an empty FIFO
			}
			r.occ[s]++
			r.most[s] = max(r.most[s], r.occ[s])
			st.Writes &^= 1 << i
		}
		r.live[p] = false
		r.count(p, 1)
	}
}

// count records n iterations of process p.
func (r *tokenRun) count(p, n int) {
	switch r.n.Processes[p].Kind {
	case hw.Source:
		r.sent += n
	case hw.Sink:
		r.sunk[p] += n
	}
}

// several performs as many equal iterations of process p at once as its FIFOs allow,
// and reports whether these were at least two.
func (r *tokenRun) several(p int) bool {
	sched, ok := r.sched[p].(hw.Repeater)
	if !ok {
		return false
	}
	pr := &r.n.Processes[p]
	st, n := sched.Ahead()
	for i, s := range pr.In {
		if st.Reads>>i&1 == 1 {
			n = min(n, r.occ[s])
		}
	}
	for i, s := range pr.Out {
		if st.Writes>>i&1 == 1 {
			n = min(n, r.depth[s]-r.occ[s])
		}
	}
	if pr.Kind == hw.Source && r.pauseAt > 0 {
		n = min(n, r.pauseAt-r.sent)
	}
	if n < 2 {
		return false
	}
	sched.Skip(n)
	for i, s := range pr.In {
		if st.Reads>>i&1 == 1 {
			if r.occ[s] >= r.depth[s] {
				r.wake(r.n.Streams[s].From)
			}
			r.occ[s] -= n
		}
	}
	for i, s := range pr.Out {
		if st.Writes>>i&1 == 1 {
			if r.occ[s] == 0 {
				r.wake(r.n.Streams[s].To)
			}
			r.occ[s] += n
			r.most[s] = max(r.most[s], r.occ[s])
		}
	}
	r.count(p, n)
	return true
}

// blocked gives the FIFO that every process waits for.
func (r *tokenRun) blocked() (stream []int, full []bool) {
	stream, full = make([]int, len(r.step)), make([]bool, len(r.step))
	for p, st := range r.step {
		stream[p] = -1
		if !r.live[p] {
			continue
		}
		pr := &r.n.Processes[p]
		for i := range pr.In {
			if st.Reads>>i&1 == 1 && stream[p] < 0 {
				stream[p] = pr.In[i]
			}
		}
		for i := range pr.Out {
			if stream[p] < 0 && st.Writes>>i&1 == 1 {
				stream[p], full[p] = pr.Out[i], true
			}
		}
	}
	return stream, full
}

// deadlock returns the cycle if some process is stuck in the middle of its work.
func (r *tokenRun) deadlock() *Deadlock {
	image := -1
	for p, pr := range r.n.Processes {
		if pr.Kind == hw.Sink {
			done := r.sunk[p] / r.n.Streams[pr.In[0]].Tokens
			if image < 0 || done < image {
				image = done
			}
		}
	}
	b, f := r.blocked()
	return FindCycle(r.n, b, f, image)
}

// Run executes a number of images and returns a *Deadlock, or the highest occupancy of
// every stream if each process runs as far as it can.
func Run(n *hw.Network, images int) (most []int, dead *Deadlock) {
	r := newTokenRun(n, images)
	r.run()
	if d := r.deadlock(); d != nil {
		return r.most, d
	}
	return r.most, nil
}

// Prove proves that the network never deadlocks, whatever the data, the timing
// and the number of images; it returns the number of images after which the state
// repeated, or a *Deadlock.
//
// The order and number of reads and writes depend on shapes alone, so the network
// is a Kahn network. The state in which it stops after the source has sent k
// images of an endless stream is therefore unique. If that state, relative to k,
// is the same for k and k+1, every further image enters and leaves in the same
// way. Runs that end after 1..k images are executed as well, because a window
// stops accepting input at the end.
func Prove(n *hw.Network) (period int, err error) {
	period, _, err = prove(n, -1, 0)
	return period, err
}

// prove is Prove with one difference: stream grow (if not negative) starts at depth 1
// and gets one more slot whenever the network is stuck with its writer waiting, up to
// limit. prove returns the depth reached. A stuck state at depth d shows that d is not
// enough; it is also a state of the network with depth d+1, from which the run
// continues. So the depth reached is the least one.
func prove(n *hw.Network, grow, limit int) (period, depth int, err error) {
	n, grow = oneGang(n, grow)
	const most = 64 // a line buffer is refilled within a few images; 64 is never reached by a live design
	depth = 1
	// settle runs until no process can proceed, with the grown stream as deep as necessary.
	settle := func(r *tokenRun) *Deadlock {
		if grow >= 0 {
			r.depth[grow] = depth
		}
		for {
			r.run()
			if r.pauseAt > 0 && r.sent == r.pauseAt {
				return nil
			}
			if grow < 0 || depth >= limit || !r.waitsToWrite(grow) {
				if r.finished() {
					return nil
				}
				return r.deadlock()
			}
			depth++
			r.depth[grow] = depth
			r.wake(n.Streams[grow].From)
		}
	}
	r := newTokenRun(n, 2*most)
	var before []int // state after the previous image, at depth beforeDepth
	beforeDepth := 0
	for k := 1; k <= most; k++ {
		if d := settle(newTokenRun(n, k)); d != nil {
			return 0, depth, d
		}
		for p, pr := range n.Processes {
			if pr.Kind == hw.Source {
				r.pauseAt = k * n.Streams[pr.Out[0]].Tokens
				r.wake(p)
			}
		}
		if grow >= 0 {
			r.wake(n.Streams[grow].From) // the stream may have grown since
		}
		if d := settle(r); d != nil {
			return 0, depth, d
		}
		now := r.state(k)
		if depth == beforeDepth && slices.Equal(now, before) {
			return k, depth, nil
		}
		before, beforeDepth = now, depth
	}
	return 0, depth, fmt.Errorf("the token state did not repeat within %d images", most)
}

// finished reports whether the source has sent all it may or, if it does not pause,
// every process has ended.
func (r *tokenRun) finished() bool {
	if r.pauseAt > 0 {
		return r.sent == r.pauseAt
	}
	return r.deadlock() == nil
}

// waitsToWrite reports whether the writer of stream s is blocked because s is full.
func (r *tokenRun) waitsToWrite(s int) bool {
	p := r.n.Streams[s].From
	st := r.step[p]
	if !r.live[p] || st.Reads != 0 || st.Writes == 0 {
		return false
	}
	return r.n.Processes[p].Out[bits.TrailingZeros64(st.Writes)] == s
}

// state is the network's state relative to image k.
func (r *tokenRun) state(k int) []int {
	var s []int
	for p := range r.sched {
		c, per := r.sched[p].Position()
		s = append(s, c[0]-k*per[0], c[1]-k*per[1], int(r.step[p].Reads), int(r.step[p].Writes))
	}
	return append(s, r.occ...)
}

// oneGang is the network reduced to one gang for each convolution whose gangs' FIFOs have equal
// depths, because such gangs behave alike in a token run. It also gives the number of stream s
// there.
func oneGang(n *hw.Network, s int) (*hw.Network, int) {
	equal := make([]bool, len(n.Layers)) // by layer, so far
	first := make([]int, len(n.Layers))  // its first gang's process
	for p, pr := range n.Processes {
		if pr.Kind != hw.Engine {
			continue
		}
		if pr.Index == 0 {
			equal[pr.Layer], first[pr.Layer] = true, p
			continue
		}
		f := n.Processes[first[pr.Layer]]
		for k := range pr.In {
			equal[pr.Layer] = equal[pr.Layer] && pr.In[k] != s && n.Streams[pr.In[k]].Depth == n.Streams[f.In[k]].Depth
		}
		for k := range pr.Out {
			equal[pr.Layer] = equal[pr.Layer] && pr.Out[k] != s && n.Streams[pr.Out[k]].Depth == n.Streams[f.Out[k]].Depth
		}
	}
	keep := func(p int) bool {
		pr := &n.Processes[p]
		return pr.Kind != hw.Engine || pr.Index == 0 || !equal[pr.Layer]
	}
	sub, at := &hw.Network{Net: n.Net, Layers: n.Layers, Plans: n.Plans}, s
	number := make([]int, len(n.Processes))
	for p, pr := range n.Processes {
		if keep(p) {
			number[p] = len(sub.Processes)
			pr.In, pr.Out = nil, nil
			sub.Processes = append(sub.Processes, pr)
		}
	}
	for i, st := range n.Streams {
		if keep(st.From) && keep(st.To) {
			if i == s {
				at = len(sub.Streams)
			}
			add(sub, st, number[st.From], number[st.To])
		}
	}
	return sub, at
}

// add appends a stream between two processes.
func add(n *hw.Network, s hw.Stream, from, to int) {
	s.From, s.To = from, to
	f, t := &n.Processes[from], &n.Processes[to]
	f.Out, t.In = append(f.Out, len(n.Streams)), append(t.In, len(n.Streams))
	n.Streams = append(n.Streams, s)
}

// Minimum is the least depth of stream s with which the network does not
// deadlock, with the other FIFOs at their depths; limit bounds the search. It
// is an error if even limit deadlocks. A deeper FIFO never causes a deadlock in
// a Kahn network.
//
// If the branches that meet behind s part at one process, and no other stream enters or leaves between
// the two, only this part is run: the rest of a live network supplies all its tokens and takes all its
// results.
func Minimum(n *hw.Network, s, limit int) (int, error) {
	sub, at := between(n, s)
	_, depth, err := prove(sub, at, limit)
	if err != nil {
		return 0, fmt.Errorf("FIFO %s: %d tokens are not enough: %w", n.Streams[s].Name, depth, err)
	}
	return depth, nil
}

// between extracts the processes between the last process that all paths to the reader of stream s pass
// and that reader, with a source before and a sink behind them, and gives the number of s there. If the
// part is not closed it returns the whole network.
func between(n *hw.Network, s int) (sub *hw.Network, at int) {
	end := n.Streams[s].To
	// The last process that all paths to each process pass, by number; processes are in topological order.
	before := make([]int, len(n.Processes))
	for p := range n.Processes {
		before[p] = -1
		for k, i := range n.Processes[p].In {
			q := n.Streams[i].From
			if q >= p {
				return n, s
			}
			if k == 0 {
				before[p] = q
				continue
			}
			for a := before[p]; a != q; {
				if a > q {
					a = before[a]
				} else {
					q = before[q]
				}
				before[p] = a
				if a < 0 || q < 0 {
					return n, s // two sources
				}
			}
		}
	}
	start := before[end]
	if start < 0 || len(n.Processes[start].In) > 1 || len(n.Processes[end].Out) != 1 {
		return n, s
	}
	inside := make([]bool, len(n.Processes))
	inside[end] = true
	for p := end - 1; p >= start; p-- {
		out := n.Processes[p].Out
		for _, i := range out {
			inside[p] = inside[p] || inside[n.Streams[i].To]
		}
	}
	sub = &hw.Network{Net: n.Net, Layers: n.Layers, Plans: n.Plans}
	number := make([]int, len(n.Processes))
	if in := n.Processes[start].In; len(in) == 1 {
		sub.Processes = append(sub.Processes, hw.Process{Kind: hw.Source, Name: "source", Layer: -1, Latency: 1})
		number[n.Streams[in[0]].From] = 0
	}
	for p := start; p <= end; p++ {
		if inside[p] {
			number[p] = len(sub.Processes)
			pr := n.Processes[p]
			pr.In, pr.Out = nil, nil
			sub.Processes = append(sub.Processes, pr)
		}
	}
	sink := len(sub.Processes)
	sub.Processes = append(sub.Processes, hw.Process{Kind: hw.Sink, Name: "sink", Layer: -1, Latency: 1})
	for i, st := range n.Streams {
		first, last := st.To == start, st.From == end
		switch {
		case first || last:
		case inside[st.From] && inside[st.To] && st.From >= start:
		case inside[st.From] && st.From >= start:
			return n, s // a stream leaves on the way
		default:
			continue
		}
		if i == s {
			at = len(sub.Streams)
		}
		if last {
			add(sub, st, number[st.From], sink)
		} else {
			add(sub, st, number[st.From], number[st.To])
		}
	}
	return sub, at
}
