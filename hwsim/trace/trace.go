// Package trace writes a run of the simulator in the Chrome trace event format, for Perfetto.
//
// It takes the events of a run of hwsim and gives, in bounded size, the activity of every module for every image and the occupancy of
// every FIFO over time. A cycle is shown as a microsecond, because the format's times are whole nanoseconds and a cycle is not.
package trace

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"hass/hwsim"
	"hass/internal/hw"
	"hass/internal/intnet"
)

// Bounds on a trace, so that any browser can open it.
const (
	maxSamples = 256    // of each FIFO's occupancy
	maxSpans   = 200000 // images of modules; later images are left out
)

// Recorder keeps what a trace shows. Observer connects it to a run of hwsim.
type Recorder struct {
	n       *hw.Network
	images  int // that are shown
	modules []module
	fifos   []*occupancy
	last    int64 // cycle of the last event before which nothing is missing
}

// module holds the images that a process has finished, and its part of the next one.
type module struct {
	spans []span
	now   span
}

// span is the cycles from the end of a process's last iteration of an image to that of the next image. Busy are those left by the others.
type span struct{ from, to, starved, blocked, iterations int64 }

// New prepares a recorder of a run of n over a number of images.
func New(n *hw.Network, images int) *Recorder {
	r := &Recorder{n: n, images: min(images, max(1, maxSpans/len(n.Processes))), modules: make([]module, len(n.Processes))}
	for range n.Streams {
		r.fifos = append(r.fifos, newOccupancy())
	}
	return r
}

// Observer records a run. It must be used for one run.
func (r *Recorder) Observer() *hwsim.Observer { return &hwsim.Observer{Event: r.event} }

func (r *Recorder) event(e hwsim.Event) {
	m := &r.modules[e.Process]
	if len(m.spans) < r.images {
		r.last = max(r.last, e.At+1)
	}
	switch e.Kind {
	case hwsim.Read:
		r.fifos[e.Stream].add(e.At+1, -1)
		m.now.starved += e.At - e.From
	case hwsim.Write:
		r.fifos[e.Stream].add(e.At, 1)
		m.now.blocked += e.At - e.From
	case hwsim.Iteration:
		m.now.iterations++
	case hwsim.Image:
		m.now.to = e.At + 1
		if len(m.spans) < r.images {
			m.spans = append(m.spans, m.now)
		}
		m.now = span{from: e.At + 1}
	default:
		panic(fmt.Sprintf("trace: event of kind %d", e.Kind))
	}
}

// occupancy samples a FIFO's occupancy at regular cycles: net[i] is the tokens written
// minus the tokens removed in the i-th interval. Its length is bounded: when time
// exceeds it, neighbouring intervals are merged.
type occupancy struct {
	width int64 // cycles of an interval
	net   []int32
}

func newOccupancy() *occupancy { return &occupancy{width: 1, net: make([]int32, maxSamples)} }

func (o *occupancy) add(t int64, d int32) {
	for t/o.width >= maxSamples {
		for i := range maxSamples / 2 {
			o.net[i] = o.net[2*i] + o.net[2*i+1]
		}
		clear(o.net[maxSamples/2:])
		o.width *= 2
	}
	o.net[t/o.width] += d
}

// event is one entry of the Chrome trace event format.
type event struct {
	Name string `json:"name"`
	Cat  string `json:"cat,omitempty"`
	Ph   string `json:"ph"` // X: duration, C: counter, M: metadata
	PID  int    `json:"pid"`
	TID  int    `json:"tid"`
	TS   int64  `json:"ts"`
	// Dur is the duration of an X event.
	Dur  *int64         `json:"dur,omitempty"`
	Args map[string]any `json:"args"`
}

// The categories of events.
const (
	catImage = "image" // a module's work for an image
	catFIFO  = "fifo"  // occupancy
)

// WhereToOpen says how a trace is opened.
const WhereToOpen = "open https://ui.perfetto.dev and drag the file onto the page; 1 us shown is 1 cycle"

// pid is the group of a process: its layer, or the streams between layers.
func pid(p *hw.Process) int { return p.Layer + 2 }

// Write writes the trace of a design with a clock of mhz MHz.
func (r *Recorder) Write(w io.Writer, mhz float64) error {
	b := bufio.NewWriter(w)
	about, err := json.Marshal(map[string]string{
		"time":  fmt.Sprintf("1 us shown is 1 cycle, %.3f ns at %s MHz", 1000/mhz, strconv.FormatFloat(mhz, 'f', -1, 64)),
		"image": "a module's cycles from the end of its previous image to the end of this one: busy, starved (waits for data), blocked (waits for room)",
	})
	if err != nil {
		return fmt.Errorf("trace: %w", err)
	}
	fmt.Fprintf(b, "{\"displayTimeUnit\":\"ns\",\"otherData\":%s,\"traceEvents\":[\n", about)
	first := true
	put := func(e event) {
		line, merr := json.Marshal(e)
		if merr != nil && err == nil {
			err = fmt.Errorf("trace: %w", merr)
		}
		if !first {
			b.WriteString(",\n")
		}
		first = false
		b.Write(line)
	}
	r.names(put)
	r.spans(put, mhz)
	r.counters(put)
	if err != nil {
		return err
	}
	b.WriteString("\n]}\n")
	return b.Flush()
}

// names names the groups and modules, and puts them in the network's order.
func (r *Recorder) names(put func(event)) {
	meta := func(pid, tid int, what, key string, value any) {
		put(event{Name: what, Ph: "M", PID: pid, TID: tid, Args: map[string]any{key: value}})
	}
	group := func(id int, name string) {
		meta(id, 0, "process_name", "name", name)
		meta(id, 0, "process_sort_index", "sort_index", id)
	}
	group(1, "streams between layers, input and outputs")
	for i := range r.n.Net.Layers {
		group(i+2, LayerName(r.n, i))
	}
	for i := range r.n.Processes {
		p := &r.n.Processes[i]
		meta(pid(p), i+1, "thread_name", "name", ModuleName(r.n, i))
		meta(pid(p), i+1, "thread_sort_index", "sort_index", i+1)
	}
}

// spans writes the images of every module.
func (r *Recorder) spans(put func(event), mhz float64) {
	for i := range r.modules {
		p := &r.n.Processes[i]
		for image, s := range r.modules[i].spans {
			cycles := s.to - s.from
			put(event{Name: fmt.Sprintf("image %d", image), Cat: catImage, Ph: "X", PID: pid(p), TID: i + 1, TS: s.from, Dur: &cycles, Args: map[string]any{
				"module": p.Name, "image": image, "cycles": cycles, "busy cycles": cycles - s.starved - s.blocked, "starved cycles": s.starved,
				"blocked cycles": s.blocked, "iterations": s.iterations, "us at the design's clock": float64(cycles) / mhz,
			}})
		}
	}
}

// counters writes the occupancy of every FIFO, beside its reader.
func (r *Recorder) counters(put func(event)) {
	for i, f := range r.fifos {
		s := &r.n.Streams[i]
		name := fmt.Sprintf("FIFO %s: tokens of %d bits, %d fit", s.Name, s.Width(), s.Depth)
		held, shown := int32(0), int32(-1)
		for k, d := range f.net {
			at := int64(k+1) * f.width
			if at > r.last+f.width {
				break
			}
			if held += d; held != shown {
				put(event{Name: name, Cat: catFIFO, Ph: "C", PID: pid(&r.n.Processes[s.To]), TS: at, Args: map[string]any{"tokens": held}})
				shown = held
			}
		}
	}
}

// LayerName describes a layer for people: its identifier, operator and engine.
func LayerName(n *hw.Network, layer int) string {
	return n.Net.Layers[layer].ID + ": " + What(n, layer)
}

// What describes a layer's operator, output and engine.
func What(n *hw.Network, layer int) string {
	l, hl := &n.Net.Layers[layer], &n.Layers[layer]
	out := n.Net.Tensors[l.Out]
	s := fmt.Sprintf("%s to %dx%dx%d", operator(l), out.H, out.W, out.C)
	switch {
	case l.Kind != intnet.KindConv:
	case hl.ChainCount() > 0:
		s += fmt.Sprintf(", %s engine of %d chains of %d banks", hl.Engine, hl.ChainCount(), hl.N)
	default:
		s += fmt.Sprintf(", %s engines of %d lanes and %d multipliers", hl.Engine, hw.EngineLanes(n.Net, *l, *hl), hl.N)
	}
	return s
}

// operator is a layer's operator with its kernel.
func operator(l *intnet.Layer) string {
	switch {
	case l.Conv != nil:
		return fmt.Sprintf("%s %dx%d", l.Kind, l.Conv.Kernel[0], l.Conv.Kernel[1])
	case l.Kind == intnet.KindPool:
		how := "average"
		if l.Pool.Max {
			how = "max"
		}
		return fmt.Sprintf("%s pool %dx%d", how, l.Pool.Kernel[0], l.Pool.Kernel[1])
	case l.Act != nil:
		return fmt.Sprintf("%s %s", l.Kind, l.Act.Fn)
	}
	return string(l.Kind)
}

// duties say what those modules do whose kind does not say it.
var duties = map[hw.ProcessKind]string{
	hw.Source:        "takes words of the input",
	hw.Sink:          "gives words of an output",
	hw.Fork:          "copies tokens",
	hw.WindowProc:    "line buffer",
	hw.Engine:        "multiplies",
	hw.ScheduledProc: "multiplies in a fixed order",
	hw.Collect:       "puts sums in order",
	hw.Join:          "adds, requantises",
	hw.Convert:       "changes channels per beat",
}

// ModuleName describes a module for people: its name in the RTL and what it does.
func ModuleName(n *hw.Network, process int) string {
	p := &n.Processes[process]
	if duty, ok := duties[p.Kind]; ok {
		return p.Name + ": " + duty
	}
	return p.Name
}
