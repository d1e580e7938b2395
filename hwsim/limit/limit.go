// Package limit finds the critical cycle of a run of the simulator.
//
// It takes a design's network and images, simulates their time, and gives the chain of processes and streams that the interval between
// images consists of. Every wait of a process ends with one event of a neighbour: the write of a token, or a read that makes room. The
// chain of these events, followed back from the last output word, is a longest path of the run: time passes nowhere else.
package limit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"hass/hwsim"
	"hass/internal/critical"
	"hass/internal/hw"
)

// visit is a stay of the longest path to a process, from the end of a wait, or from the start of the run, to the next wait.
type visit struct {
	before  *visit // from which it came; nil at the start of the run
	process int
	stream  int   // by which it came
	full    bool  // for room in it, not for its data
	at      int64 // cycle in which the wait ended
}

// recorder keeps the longest path to the latest event of every process. The garbage collector frees paths that no process holds any more.
type recorder struct {
	n     *hw.Network
	now   []*visit // by process
	fifos []fifo
	ends  [][]end // by process: its images; of sinks only
}

// fifo holds, by token number modulo its depth, the visit in which an unread token was written, or the visit in which a token was read.
type fifo struct {
	visits       []*visit // as many as tokens were written, up to the depth
	depth        int
	wrote, reads int
}

// end is the end of an image at a sink.
type end struct {
	last *visit
	at   int64
}

func newRecorder(n *hw.Network) *recorder {
	r := &recorder{n: n, ends: make([][]end, len(n.Processes))}
	for p := range n.Processes {
		r.now = append(r.now, &visit{process: p, stream: -1})
	}
	for i := range n.Streams {
		r.fifos = append(r.fifos, fifo{depth: n.Streams[i].Depth})
	}
	return r
}

// event follows the paths.
func (r *recorder) event(e hwsim.Event) {
	p := e.Process
	switch e.Kind {
	case hwsim.Read:
		f := &r.fifos[e.Stream]
		slot := &f.visits[f.reads%f.depth]
		if e.At > e.From {
			r.now[p] = &visit{*slot, p, e.Stream, false, e.At}
		}
		*slot = r.now[p]
		f.reads++
	case hwsim.Write:
		f := &r.fifos[e.Stream]
		if f.wrote < f.depth {
			f.visits = append(f.visits, nil)
		}
		slot := &f.visits[f.wrote%f.depth] // from which a token has been read, if there was one
		if e.At > e.From {
			r.now[p] = &visit{*slot, p, e.Stream, true, e.At}
		}
		*slot = r.now[p]
		f.wrote++
	case hwsim.Image:
		if r.n.Processes[p].Kind == hw.Sink {
			r.ends[p] = append(r.ends[p], end{r.now[p], e.At})
		}
	case hwsim.Iteration:
	default:
		panic(fmt.Sprintf("limit: event of kind %d", e.Kind))
	}
}

// piece is a part of the path: a process works between two cycles; before that, the way by which the path came.
type piece struct {
	process  int
	from, to int64
	stream   int // -1: the path begins here
	full     bool
	way      int64 // cycles that this took
}

// back is the longest path to the last word of the last image, the latest piece first.
func (r *recorder) back() (path []piece) {
	var leaf end
	for _, list := range r.ends {
		if len(list) > 0 && list[len(list)-1].at >= leaf.at {
			leaf = list[len(list)-1]
		}
	}
	for v, to := leaf.last, leaf.at; v != nil; v = v.before {
		p := piece{v.process, v.at, to, v.stream, v.full, 0}
		switch {
		case v.before == nil:
		case v.full:
			p.way = 1
		default:
			p.way = int64(r.n.Processes[v.before.process].Latency)
		}
		path = append(path, p)
		to = v.at - p.way
	}
	return path
}

// Take simulates images, two or more, that are followed by others, and gives their critical cycle: of the longest path, the part that
// leads from a process back to it, where that part is longest.
func Take(ctx context.Context, n *hw.Network, images [][]int32) (*critical.Cycle, error) {
	if len(images) < 2 {
		return nil, fmt.Errorf("limit: the interval between images needs two images, not %d", len(images))
	}
	r := newRecorder(n)
	if _, err := hwsim.Run(ctx, n, images, hwsim.Options{TimeOnly: true, Observe: &hwsim.Observer{Event: r.event}}); err != nil {
		return nil, err
	}
	c := r.cycle(r.back())
	c.Images = len(images)
	return c, c.Check()
}

// closed gives the pieces of a path from which a closed chain runs, and to which: the longest one between stays in one process. What
// is outside are the ways of the first image to there and of the last one to the output.
func closed(path []piece) (from, to int) {
	latest := map[int]int{} // by process: its first piece
	longest := int64(-1)
	for i, p := range path {
		if _, ok := latest[p.process]; !ok {
			latest[p.process] = i
		}
		if k := latest[p.process]; path[k].to-p.from > longest {
			from, to, longest = k, i, path[k].to-p.from
		}
	}
	return from, to
}

// cycle sums the closed part of a path.
func (r *recorder) cycle(path []piece) *critical.Cycle {
	n := r.n
	from, to := closed(path)
	type way struct {
		stream int
		full   bool
	}
	works, ways := map[int]*critical.Process{}, map[way]*critical.Stream{}
	c := &critical.Cycle{}
	for i, p := range path[from : to+1] {
		w := works[p.process]
		if w == nil {
			w = &critical.Process{Name: n.Processes[p.process].Name}
			if l := n.Processes[p.process].Layer; l >= 0 {
				w.Layer = n.Net.Layers[l].ID
			}
			works[p.process] = w
		}
		w.Cycles += p.to - p.from
		c.Cycles += p.to - p.from
		if from+i == to {
			break // the way to it is outside
		}
		key := way{p.stream, p.full}
		if ways[key] == nil {
			ways[key] = &critical.Stream{Name: n.Streams[p.stream].Name, Full: p.full}
		}
		ways[key].Times++
		ways[key].Cycles += p.way
		c.Cycles += p.way
	}
	for _, w := range works {
		c.Processes = append(c.Processes, *w)
	}
	for _, w := range ways {
		c.Streams = append(c.Streams, *w)
	}
	slices.SortFunc(c.Processes, func(a, b critical.Process) int {
		return cmp.Or(cmp.Compare(b.Cycles, a.Cycles), cmp.Compare(a.Name, b.Name))
	})
	slices.SortFunc(c.Streams, func(a, b critical.Stream) int {
		return cmp.Or(cmp.Compare(b.Cycles, a.Cycles), cmp.Compare(a.Name, b.Name), cmp.Compare(kind(a), kind(b)))
	})
	return c
}

// kind orders waits for data before waits for room.
func kind(s critical.Stream) int {
	if s.Full {
		return 1
	}
	return 0
}
