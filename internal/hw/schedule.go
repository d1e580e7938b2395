package hw

// Step is one iteration of a process: the ports it reads, then the ports it writes, as
// bit masks; both in port order, each access blocking.
type Step struct {
	Reads, Writes uint64
}

// Schedule is the order of a process's iterations. It depends on shapes alone.
type Schedule interface {
	// Next gives the next iteration, or false when the process has ended.
	Next() (Step, bool)
	// Position is the progress of the process: counts that grow with
	// every iteration, and the growth of each per image.
	Position() (counts, perImage [2]int)
}

// Repeater is a schedule that knows how many of its next iterations are equal.
type Repeater interface {
	Schedule
	Ahead() (step Step, equal int) // the next iteration, and the number of consecutive equal ones
	Skip(n int)                    // skips n of these
}

// periodic is a process whose iterations repeat with a fixed period within every image:
// iteration i of a period of len(steps) performs steps[i]; runs of equal steps are
// stored once.
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

// Ahead gives the next iteration and the number of consecutive equal ones from it on; 0
// at the end. It does not advance.
func (p *periodic) Ahead() (Step, int) {
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

// Skip advances by n of the iterations that Ahead returned.
func (p *periodic) Skip(n int) {
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
			// The gate arrives with the first pixel and is kept.
			gate := n.Streams[p.In[1]].Tokens
			return newPeriodic(out, images, run{gate, Step{3, 1}}, run{out - gate, Step{1, 1}})
		}
		return every(n.Streams[p.Out[0]].Tokens, 3, 1)
	case Concat:
		plan := n.ConcatPlan(p)
		out := n.Streams[p.Out[0]]
		groups := out.Tokens * out.Beat.Ch / n.Net.Tensors[out.Tensor].C
		return newPeriodic(groups*len(plan.Steps), images, planRuns(&plan)...)
	case ScheduledProc:
		m := n.ScheduledModule(p.Layer)
		return newLagging(m.Iterations, m.Windows, images, n.phase(p.Layer)...)
	case Collect:
		var runs []run
		for _, c := range n.Plans[p.Layer].Chain {
			s := Step{Reads: 1 << c, Writes: 1}
			if i := len(runs) - 1; i >= 0 && runs[i].step == s {
				runs[i].n++
			} else {
				runs = append(runs, run{1, s})
			}
		}
		return newPeriodic(n.Streams[p.Out[0]].Tokens, images, runs...)
	case Join:
		if turns := n.Layers[p.Layer].turns(); turns > 1 {
			return newPeriodic(turns*n.Streams[p.Out[0]].Tokens, images, run{1, Step{1<<len(p.In) - 1, 0}}, run{turns - 2, Step{}}, run{1, Step{0, 1}})
		}
		return every(n.Streams[p.Out[0]].Tokens, 1<<len(p.In)-1, 1)
	case Requant, Activation:
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
	if p.Kind.Moves() {
		return n.newMove(p, images)
	}
	panic("hw: no schedule for " + string(p.Kind)) // Expand creates no other kind
}
