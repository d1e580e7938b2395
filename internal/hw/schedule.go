package hw

import "hass/internal/intnet"

// Step is one iteration of a process: the ports it reads, then the ports it writes, as
// bit masks; both are served in port order, each blocking until it succeeds.
type Step struct {
	Reads, Writes uint64
}

// Schedule is the order of a process's iterations. It depends on shapes alone.
type Schedule interface {
	// Next gives the next iteration, or false when the process has ended.
	Next() (Step, bool)
	// Position tells how far the process is: counts that grow with every
	// iteration, and how much each grows per image.
	Position() (counts, perImage [2]int)
}

// periodic is a process whose iterations repeat with a fixed period within every image:
// iteration i of a period of len(steps) performs steps[i], but the runs of
// equal steps are stored once.
type periodic struct {
	runs     []run // one period
	period   int   // iterations of one period
	perImage int   // iterations of an image, a multiple of the period
	total    int
	done     int
	run, in  int // current run and iterations done in it
}

type run struct {
	n    int
	step Step
}

func newPeriodic(perImage, images int, runs ...run) *periodic {
	p := &periodic{perImage: perImage, total: perImage * images}
	for _, r := range runs {
		if r.n > 0 {
			p.runs = append(p.runs, r)
			p.period += r.n
		}
	}
	return p
}

func (p *periodic) Next() (Step, bool) {
	if p.done == p.total {
		return Step{}, false
	}
	s := p.runs[p.run].step
	p.done++
	if p.in++; p.in == p.runs[p.run].n {
		p.in = 0
		p.run = (p.run + 1) % len(p.runs)
	}
	return s, true
}

// ahead gives the next iteration and how many equal ones follow each other from it; 0 at
// the end. It does not advance.
func (p *periodic) ahead() (Step, int) {
	if p.done == p.total {
		return Step{}, 0
	}
	r := p.runs[p.run]
	n := r.n - p.in
	if len(p.runs) == 1 {
		n = p.total - p.done
	}
	return r.step, n
}

// skip advances by n of the iterations that ahead told of.
func (p *periodic) skip(n int) {
	p.done += n
	if len(p.runs) == 1 {
		p.in = (p.in + n) % p.runs[0].n
		return
	}
	if p.in += n; p.in == p.runs[p.run].n {
		p.in = 0
		p.run = (p.run + 1) % len(p.runs)
	}
}

func (p *periodic) Position() (counts, perImage [2]int) {
	return [2]int{p.done, p.done}, [2]int{p.perImage, p.perImage}
}

// NewSchedule gives the schedule of process i for a number of images.
func (n *Network) NewSchedule(i, images int) Schedule {
	p := &n.Processes[i]
	every := func(tokens int, reads, writes uint64) Schedule {
		return newPeriodic(tokens, images, run{1, Step{reads, writes}})
	}
	switch p.Kind {
	case WindowProc:
		return NewWindowSchedule(*p.Window, images)
	case Source:
		return every(n.Streams[p.Out[0]].Tokens, 0, 1)
	case Sink:
		return every(n.Streams[p.In[0]].Tokens, 1, 0)
	case Fork:
		return every(n.Streams[p.In[0]].Tokens, 1, 1<<len(p.Out)-1)
	case Add, Mul:
		if out := n.Streams[p.Out[0]].Tokens; n.Net.Broadcast(&n.Net.Layers[p.Layer]) {
			// The gate comes with the first pixel and stays.
			gate := n.Streams[p.In[1]].Tokens
			return newPeriodic(out, images, run{gate, Step{3, 1}}, run{out - gate, Step{1, 1}})
		}
		return every(n.Streams[p.Out[0]].Tokens, 3, 1)
	case Concat:
		plan := n.ConcatPlan(p)
		out := n.Streams[p.Out[0]]
		groups := out.Tokens * out.Beat.Ch / n.Net.Tensors[out.Tensor].C
		return newPeriodic(groups*len(plan.Steps), images, plan.runs()...)
	case Slice, Resize, ZeroInsert:
		return n.newMove(p, images)
	case Join, Requant, Activation:
		return every(n.Streams[p.Out[0]].Tokens, 1<<len(p.In)-1, 1)
	case Engine: // the last beat of a window also writes
		in, out := n.Streams[p.In[0]].Tokens, n.Streams[p.Out[0]].Tokens
		return newPeriodic(in, images, run{in/out - 1, Step{1, 0}}, run{1, Step{1, 1}})
	case Pool:
		l := n.Net.Layers[p.Layer]
		beats := l.Pool.Kernel[0] * l.Pool.Kernel[1] / n.Layers[p.Layer].MTap
		return newPeriodic(n.Streams[p.In[0]].Tokens, images, run{beats - 1, Step{1, 0}}, run{1, Step{1, 1}})
	case GlobalPool:
		// Output beats leave with the last pixel group's input beats.
		in, out := n.Streams[p.In[0]].Tokens, n.Streams[p.Out[0]].Tokens
		return newPeriodic(in, images, run{in - out, Step{1, 0}}, run{out, Step{1, 1}})
	case Convert:
		in, out := n.Streams[p.In[0]], n.Streams[p.Out[0]]
		if in.Beat.Ch > out.Beat.Ch {
			return newPeriodic(out.Tokens, images, run{1, Step{1, 1}}, run{in.Beat.Ch/out.Beat.Ch - 1, Step{0, 1}})
		}
		return newPeriodic(in.Tokens, images, run{out.Beat.Ch/in.Beat.Ch - 1, Step{1, 0}}, run{1, Step{1, 1}})
	}
	panic("hw: no schedule for " + string(p.Kind)) // Expand creates no other kind
}

// newMove is the schedule of a layer that moves pixels: one image as runs of equal steps.
func (n *Network) newMove(p *Process, images int) Schedule {
	l := &n.Net.Layers[p.Layer]
	in, out := &n.Net.Tensors[l.In[0]], &n.Net.Tensors[l.Out]
	beat := n.Streams[p.Out[0]].Beat
	var runs []run
	total := 0
	add := func(count int, reads, writes uint64) {
		if count == 0 {
			return
		}
		total += count
		if k := len(runs) - 1; k >= 0 && runs[k].step == (Step{reads, writes}) {
			runs[k].n += count
			return
		}
		runs = append(runs, run{count, Step{reads, writes}})
	}
	switch l.Kind {
	case intnet.KindSlice:
		// Every beat is read; those inside are written.
		s, rowBeats := l.Slice, ceilDiv(in.W, beat.Px)*(in.C/beat.Ch)
		for y := range in.H {
			if oy := y - s.Start[0]; oy < 0 || oy%s.Step[0] != 0 || oy/s.Step[0] >= out.H {
				add(rowBeats, 1, 0)
				continue
			}
			for x := 0; x < in.W; x += beat.Px {
				if ox := x - s.Start[1]; in.W != out.W && (ox < 0 || ox%s.Step[1] != 0 || ox/s.Step[1] >= out.W) {
					add(in.C/beat.Ch, 1, 0)
					continue
				}
				add(s.Start[2]/beat.Ch, 1, 0)
				add(out.C/beat.Ch, 1, 1)
				add((in.C-s.Start[2]-out.C)/beat.Ch, 1, 0)
			}
		}
	case intnet.KindResize:
		// The rows that an output row needs are read whole, then it is written; at the end what no row
		// needs is read.
		rows := 0
		for y := range out.H {
			need := max(rows, l.Resize.Rows.Last(y)+1)
			add((need-rows)*in.W*(in.C/beat.Ch), 1, 0)
			add(out.W*(out.C/beat.Ch), 0, 1)
			rows = need
		}
		add((in.H-rows)*in.W*(in.C/beat.Ch), 1, 0)
	case intnet.KindZeroInsert:
		s := l.Insert.Stride
		for y := range out.H {
			for x := range out.W {
				read := uint64(0)
				if y%s[0] == 0 && x%s[1] == 0 && y/s[0] < in.H && x/s[1] < in.W {
					read = 1
				}
				add(out.C/beat.Ch, read, 1)
			}
		}
	default:
		panic("hw: no schedule of a layer of kind " + string(l.Kind))
	}
	return newPeriodic(total, images, runs...)
}
