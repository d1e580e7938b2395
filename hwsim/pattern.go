package hwsim

import "hass/internal/hw"

// pattern is the order of a process's iterations: runs of equal steps that repeat within every image.
type pattern struct {
	runs     []run
	at, in   int // current run and iterations done in it
	period   int
	perImage int
}

type run struct {
	n    int
	step hw.Step
}

// newPattern reads one period of the schedule of process i.
func newPattern(n *hw.Network, i int) *pattern {
	sched := n.NewSchedule(i, 2)
	for range n.Lag(i) { // reads before the first image differ from the rest
		sched.Next()
	}
	_, per := sched.Position()
	p := &pattern{period: period(n, i, per[0]), perImage: per[0]}
	for range p.period {
		step, _ := sched.Next()
		if k := len(p.runs) - 1; k >= 0 && p.runs[k].step == step {
			p.runs[k].n++
		} else {
			p.runs = append(p.runs, run{1, step})
		}
	}
	return p
}

// period is the number of iterations after which those of process i repeat.
func period(n *hw.Network, i, perImage int) int {
	p := &n.Processes[i]
	switch p.Kind {
	case hw.Join:
		return max(1, n.Layers[p.Layer].Turns)
	case hw.Source, hw.Sink, hw.Fork, hw.Requant, hw.Activation:
		return 1
	case hw.Add, hw.Mul:
		if !n.Net.Broadcast(&n.Net.Layers[p.Layer]) {
			return 1
		}
	case hw.ScheduledProc:
		return n.Lag(i) // every phase is the same
	case hw.Engine, hw.Pool:
		return n.Streams[p.In[0]].Tokens / n.Streams[p.Out[0]].Tokens
	case hw.Convert:
		in, out := n.Streams[p.In[0]].Beat.Ch, n.Streams[p.Out[0]].Beat.Ch
		return max(in, out) / min(in, out)
	}
	return perImage
}

// ahead gives the next iteration and the number of consecutive equal ones from it on.
func (p *pattern) ahead() (step hw.Step, n int) {
	r := &p.runs[p.at]
	if len(p.runs) == 1 {
		return r.step, p.perImage
	}
	return r.step, r.n - p.in
}

// skip advances by n of the iterations that ahead returned.
func (p *pattern) skip(n int) {
	if len(p.runs) == 1 {
		return
	}
	if p.in += n; p.in == p.runs[p.at].n {
		p.in = 0
		if p.at++; p.at == len(p.runs) {
			p.at = 0
		}
	}
}

// seek moves to iteration i of a period.
func (p *pattern) seek(i int) {
	p.at = 0
	for len(p.runs) > 1 && i >= p.runs[p.at].n {
		i -= p.runs[p.at].n
		p.at++
	}
	p.in = i
}
