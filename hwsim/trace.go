package hwsim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds on a trace, so that any browser can open it.
const (
	traceBuckets = 256    // samples of each FIFO's occupancy
	traceEvents  = 200000 // process events; later images are left out
)

// occupancy samples a FIFO's occupancy at regular cycles: net[i] is the tokens written
// minus the tokens removed in the i-th interval. Its length is bounded: when time
// exceeds it, neighbouring intervals are merged.
type occupancy struct {
	width int64 // cycles of an interval
	net   []int32
}

func newOccupancy() *occupancy { return &occupancy{width: 1, net: make([]int32, traceBuckets)} }

func (o *occupancy) add(t int64, d int32) {
	for t/o.width >= traceBuckets {
		for i := range traceBuckets / 2 {
			o.net[i] = o.net[2*i] + o.net[2*i+1]
		}
		clear(o.net[traceBuckets/2:])
		o.width *= 2
	}
	o.net[t/o.width] += d
}

// trace is the output of WriteTrace, in order.
type trace struct {
	events []event
}

// event is one entry of the Chrome trace event format, which Perfetto reads as
// well. A cycle is shown as a microsecond.
type event struct {
	Name string         `json:"name"`
	Ph   string         `json:"ph"` // X: duration, C: counter, M: metadata
	PID  int            `json:"pid"`
	TID  int            `json:"tid"`
	TS   int64          `json:"ts"`
	Dur  int64          `json:"dur,omitempty"`
	Args map[string]any `json:"args"`
}

// newTrace lists process activity by image and FIFO occupancy over time.
func (s *sim) newTrace() *trace {
	t := &trace{}
	meta := func(pid, tid int, what, name string) {
		t.events = append(t.events, event{Name: what, Ph: "M", PID: pid, TID: tid, Args: map[string]any{"name": name}})
	}
	// Threads are grouped by layer; processes outside layers are group 0.
	meta(0, 0, "process_name", "streams")
	for i, l := range s.n.Net.Layers {
		meta(i+1, 0, "process_name", l.ID)
	}
	for i, p := range s.n.Processes {
		meta(p.Layer+1, i+1, "thread_name", p.Name)
	}
	images := min(s.images, max(1, traceEvents/len(s.procs)))
	for i, p := range s.procs {
		before := counters{}
		for image := range images {
			now := p.done[image]
			a := account(now, before)
			t.events = append(t.events, event{
				Name: fmt.Sprintf("image %d", image), Ph: "X", PID: s.n.Processes[i].Layer + 1, TID: i + 1,
				TS: before.end, Dur: now.end - before.end,
				Args: map[string]any{"busy": a.Busy, "starved": a.StarvedCycles(), "blocked": a.BlockedCycles(), "iterations": a.Iterations},
			})
			before = now
		}
	}
	end := int64(0)
	for _, p := range s.procs {
		end = max(end, p.done[images-1].end)
		if images == s.images && s.opt.Finite {
			end = max(end, p.ready) // a line buffer may accept the rest of its image after its last output
		}
	}
	for i, f := range s.fifos {
		held, shown := int32(0), int32(-1)
		for b, d := range f.samples.net {
			at := int64(b+1) * f.samples.width
			if at > end+f.samples.width {
				break
			}
			if held += d; held != shown {
				t.events = append(t.events, event{Name: s.n.Streams[i].Name, Ph: "C", PID: s.n.Processes[f.to.index].Layer + 1,
					TS: at, Args: map[string]any{"tokens": held}})
				shown = held
			}
		}
	}
	return t
}

// WriteTrace writes the run as Chrome trace events (open in Perfetto or
// chrome://tracing; a cycle is shown as a microsecond): the activity of each
// process for each image, and the occupancy of each FIFO. The run must have had
// Options.Trace. The size is bounded: later images of a long run are left out.
func (r *Result) WriteTrace(w io.Writer) error {
	if r.trace == nil {
		return errors.New("hwsim: the run was not traced: set Options.Trace")
	}
	b := bufio.NewWriter(w)
	b.WriteString("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n")
	for i, e := range r.trace.events {
		if i > 0 {
			b.WriteString(",\n")
		}
		line, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("hwsim: trace: %w", err)
		}
		b.Write(line)
	}
	b.WriteString("\n]}\n")
	return b.Flush()
}
