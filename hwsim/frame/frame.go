// Package frame measures the way of one image through the layers of a design.
//
// It takes a network and an image, simulates the image alone, and gives for every layer when it begins, gives its first and its last
// output, and what it waits for meanwhile. Package waterfall draws it.
package frame

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"hass/hwsim"
	"hass/hwsim/trace"
	"hass/internal/hw"
	"hass/internal/waterfall"
)

// Take simulates an image twice: once to learn when the layers begin and end, once to see what they wait for in between.
func Take(ctx context.Context, n *hw.Network, image []int32) (*waterfall.Frame, error) {
	f := &waterfall.Frame{}
	for i := range n.Net.Layers {
		f.Layers = append(f.Layers, waterfall.Layer{ID: n.Net.Layers[i].ID, What: trace.What(n, i), FirstIn: math.MaxInt64, FirstOut: math.MaxInt64})
	}
	ends := make([]int64, len(n.Processes)) // by process: the cycle of its last iteration
	err := run(ctx, n, image, func(e hwsim.Event) {
		switch e.Kind {
		case hwsim.Read:
			if s := &n.Streams[e.Stream]; outer(n, s) {
				if l := n.Processes[s.To].Layer; l >= 0 {
					f.Layers[l].FirstIn = min(f.Layers[l].FirstIn, e.At)
				}
			}
		case hwsim.Write:
			if s := &n.Streams[e.Stream]; outer(n, s) {
				if l := n.Processes[s.From].Layer; l >= 0 {
					f.Layers[l].FirstOut, f.Layers[l].LastOut = min(f.Layers[l].FirstOut, e.At), max(f.Layers[l].LastOut, e.At)
				}
			}
		case hwsim.Iteration:
			ends[e.Process] = e.At
		case hwsim.Image:
		default:
			panic(fmt.Sprintf("frame: event of kind %d", e.Kind))
		}
	})
	if err != nil {
		return nil, err
	}
	for p := range n.Processes {
		if n.Processes[p].Kind == hw.Sink {
			f.Cycles = max(f.Cycles, ends[p]+1)
		}
	}
	for i := range f.Layers { // what no output needs may come later
		f.Cycles = max(f.Cycles, f.Layers[i].LastOut+1)
	}
	f.Step = (f.Cycles + waterfall.MostSteps - 1) / waterfall.MostSteps
	waits := make([]waiting, len(n.Processes))
	for p := range waits {
		waits[p].of = map[wait]int64{}
	}
	err = run(ctx, n, image, func(e hwsim.Event) {
		if e.Kind != hwsim.Read && e.Kind != hwsim.Write {
			return
		}
		l := n.Processes[e.Process].Layer
		if l < 0 {
			return
		}
		from, to := max(e.From, f.Layers[l].FirstOut), min(e.At, f.Layers[l].LastOut+1)
		if from < to {
			waits[e.Process].add(f, &f.Layers[l], wait{e.Stream, e.Kind == hwsim.Write}, from, to)
		}
	})
	if err != nil {
		return nil, err
	}
	for i := range f.Layers {
		f.Layers[i].Fill = f.Layers[i].FirstOut - f.Layers[i].FirstIn
		tell(n, &f.Layers[i], i, ends, waits, f.Step)
	}
	return f, f.Check()
}

// run simulates the image alone.
func run(ctx context.Context, n *hw.Network, image []int32, event func(hwsim.Event)) error {
	_, err := hwsim.Run(ctx, n, [][]int32{image}, hwsim.Options{Finite: true, TimeOnly: true, Observe: &hwsim.Observer{Event: event}})
	return err
}

// outer tells whether a stream is not between processes of one layer.
func outer(n *hw.Network, s *hw.Stream) bool {
	return n.Processes[s.From].Layer != n.Processes[s.To].Layer || n.Processes[s.From].Layer < 0
}

// wait is what a process waits for.
type wait struct {
	stream int
	full   bool
}

// waiting is the waits of a process, from its layer's first output to its last: in all, by stream, and by step.
type waiting struct {
	cycles           int64
	of               map[wait]int64
	starved, blocked []int64
}

// add adds the cycles from one to before another.
func (w *waiting) add(f *waterfall.Frame, l *waterfall.Layer, what wait, from, to int64) {
	w.cycles += to - from
	w.of[what] += to - from
	first := l.FirstOut / f.Step
	if w.starved == nil {
		steps := l.LastOut/f.Step - first + 1
		w.starved, w.blocked = make([]int64, steps), make([]int64, steps)
	}
	list := w.starved
	if what.full {
		list = w.blocked
	}
	for from < to {
		k := from / f.Step
		next := min(to, (k+1)*f.Step)
		list[k-first] += next - from
		from = next
	}
}

// tell describes layer i by its busiest process.
func tell(n *hw.Network, l *waterfall.Layer, i int, ends []int64, waits []waiting, step int64) {
	best := -1
	for p := range n.Processes {
		if n.Processes[p].Layer != i {
			continue
		}
		end := min(ends[p], l.LastOut)
		if busy := end + 1 - l.FirstOut - waits[p].cycles; best < 0 || busy > l.Busy {
			best, l.Busy, l.Drain = p, busy, l.LastOut-end
		}
	}
	w := &waits[best]
	l.Process = n.Processes[best].Name
	l.Starved, l.Blocked = w.starved, w.blocked
	if l.Starved == nil {
		steps := l.LastOut/step - l.FirstOut/step + 1
		l.Starved, l.Blocked = make([]int64, steps), make([]int64, steps)
	}
	for what, cycles := range w.of {
		l.Waits = append(l.Waits, waterfall.Wait{Stream: n.Streams[what.stream].Name, Full: what.full, Cycles: cycles})
	}
	slices.SortFunc(l.Waits, func(a, b waterfall.Wait) int {
		return cmp.Or(cmp.Compare(b.Cycles, a.Cycles), cmp.Compare(a.Stream, b.Stream), compareBool(a.Full, b.Full))
	})
}

// compareBool orders false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
