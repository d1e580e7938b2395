package hwsim

import (
	"math"

	"hass/internal/hw"
)

// Result is the result of a run. Cycles count from 0, the first in which the source could accept a word.
type Result struct {
	Images int `json:"images"`
	// Outputs holds, by image and output of the network, the H x W x C values; nil with Options.TimeOnly.
	Outputs [][][]int32 `json:"-"`

	// FirstIn and LastOut are, by image, the cycle in which its first word was
	// accepted and the cycle in which its last word left by the slowest
	// output.
	FirstIn []int64 `json:"first_in"`
	LastOut []int64 `json:"last_out"`
	// FirstOut is, by image, the cycle in which its first word left by any output.
	FirstOut []int64 `json:"first_out"`
	// Latency is the time from accepting the first image's first word to its last output
	// word, and Fill to its first output word. Following images delay it: see the function
	// Latency.
	Latency int64 `json:"latency_cycles"`
	Fill    int64 `json:"fill_cycles"`
	// PerImage is LastOut[i+1]-LastOut[i]; CyclesPerImage is their mean, 0 for a single image.
	PerImage       []int64 `json:"per_image"`
	CyclesPerImage float64 `json:"cycles_per_image"`
	// Finite reports whether the stream ended with the last image, so that the last images left early (Options.Finite).
	Finite bool  `json:"finite"`
	Total  int64 `json:"total_cycles"` // until every process has finished the images

	Processes []ProcessStats `json:"processes"` // in the order of the network
	FIFOs     []FIFOStats    `json:"fifos"`     // in the order of the network
	Skips     []SkipStats    `json:"skips"`     // one per conv layer; none with Options.TimeOnly
}

// Usage splits a process's cycles. Busy + sum of Starved + sum of Blocked + Idle is the length of the interval.
type Usage struct {
	Iterations int64   `json:"iterations"`
	Busy       int64   `json:"busy"`
	Starved    []int64 `json:"starved"` // by input port: waiting for a token; for a source: for a word
	Blocked    []int64 `json:"blocked"` // by output port: waiting for room; for a sink: for its receiver
	Idle       int64   `json:"idle,omitempty"`
}

// StarvedCycles is the sum over all input ports.
func (u Usage) StarvedCycles() int64 { return sum(u.Starved) }

// BlockedCycles is the sum over all output ports.
func (u Usage) BlockedCycles() int64 { return sum(u.Blocked) }

func sum(v []int64) (n int64) {
	for _, x := range v {
		n += x
	}
	return n
}

// ProcessStats are the statistics of one process.
type ProcessStats struct {
	Name  string         `json:"name"`
	Kind  hw.ProcessKind `json:"kind"`
	Layer int            `json:"layer"` // index into intnet.Net.Layers, or -1
	// Run covers the whole run, Total cycles; Idle is the time after its last iteration for the images.
	Run Usage `json:"run"`
	// Steady covers this process's own work on the images after the first: from the end
	// of its last iteration for the first image to that for the last image.
	Steady Usage `json:"steady"`
	// Drift is the growth, between the first and the last image, of the time from
	// that end to the image's last output word, so that Steady and Drift together are
	// exactly the cycles from LastOut[0] to LastOut[Images-1].
	Drift int64 `json:"drift"`
	// Hist counts an engine's beats by their cycles (index), over the whole run; nil with Options.TimeOnly.
	Hist []int64 `json:"hist,omitempty"`

	Ends []int64 `json:"-"` // by image: cycle of the end of its last iteration
}

// FIFOStats is the occupancy of a stream.
type FIFOStats struct {
	Name  string `json:"name"`
	Depth int    `json:"depth"`
	// Most is the largest number of tokens at once, each counted from its write to its read,
	// both cycles included. Images after the last one count as far as they were simulated,
	// which may be further with Options.Observe.
	Most   int `json:"most"`
	Tokens int `json:"tokens"` // per image
}

// SkipStats compares actual with ideal skipping of a convolution, over all images
// and gangs. Ideal is the cycles with a useful pair for every multiplier in every
// cycle: Pairs / (N x lanes), in the unit of Cycles, which counts each gang.
type SkipStats struct {
	Layer  int     `json:"layer"`
	Name   string  `json:"name"`
	MACs   int64   `json:"macs"`  // of the layer, padding included
	Pairs  int64   `json:"pairs"` // both factors non-zero
	Beats  int64   `json:"beats"`
	Cycles int64   `json:"cycles"`
	Ideal  float64 `json:"ideal_cycles"`
	// Dense is the cycles without skipping: Beats x ceil(M/N).
	Dense int64 `json:"dense_cycles"`
	// EmptyLanes and FullLanes count (beat, lane, pixel) combinations with no and with M useful pairs.
	EmptyLanes int64 `json:"empty_lanes"`
	FullLanes  int64 `json:"full_lanes"`
}

// result collects the counters of the processes.
func (s *sim) result() *Result {
	n, last := s.n, s.images-1
	r := &Result{Images: s.images, FirstIn: s.firstIn, FirstOut: make([]int64, s.images), LastOut: make([]int64, s.images), Finite: s.opt.Finite}
	for i := range r.FirstOut {
		r.FirstOut[i] = math.MaxInt64
	}
	for _, p := range s.procs {
		r.Total = max(r.Total, p.done[last].end)
		if p.kind != hw.Sink {
			continue
		}
		for i, t := range s.lastOut[p.index] {
			r.LastOut[i] = max(r.LastOut[i], t)
			r.FirstOut[i] = min(r.FirstOut[i], s.firstOut[p.index][i])
		}
	}
	r.Latency, r.Fill = r.LastOut[0]-r.FirstIn[0], r.FirstOut[0]-r.FirstIn[0]
	for i := range last {
		r.PerImage = append(r.PerImage, r.LastOut[i+1]-r.LastOut[i])
	}
	if last > 0 {
		r.CyclesPerImage = float64(r.LastOut[last]-r.LastOut[0]) / float64(last)
	}
	for _, p := range s.procs {
		first, end := p.done[0], p.done[last]
		hp := &n.Processes[p.index]
		whole := end
		whole.end = r.Total
		ps := ProcessStats{Name: hp.Name, Kind: hp.Kind, Layer: hp.Layer,
			Run: account(whole, counters{}), Steady: account(end, first),
			Drift: r.LastOut[last] - r.LastOut[0] - (end.end - first.end)}
		for _, d := range p.done {
			ps.Ends = append(ps.Ends, d.end-1)
		}
		r.Processes = append(r.Processes, ps)
	}
	for i, f := range s.fifos {
		r.FIFOs = append(r.FIFOs, FIFOStats{Name: n.Streams[i].Name, Depth: n.Streams[i].Depth, Most: f.most, Tokens: n.Streams[i].Tokens})
	}
	if !s.opt.TimeOnly {
		s.addValues(r)
	}
	return r
}

// addValues adds the results of the first pass of the values.
func (s *sim) addValues(r *Result) {
	r.Outputs = make([][][]int32, s.images)
	for i := range r.Outputs {
		r.Outputs[i] = make([][]int32, len(s.n.Net.Outputs))
	}
	for i := range s.n.Processes {
		if k := s.values.sinks[i]; k != nil {
			for image, m := range k.maps {
				r.Outputs[image][s.n.Processes[i].Index] = m
			}
		}
		if e := s.values.engines[i]; e != nil {
			r.Processes[i].Hist = e.hist
		}
	}
	r.Skips = s.skips()
}

// account is the difference of two states of a process's counters.
func account(end, start counters) Usage {
	a := Usage{Iterations: end.iterations - start.iterations, Busy: end.busy - start.busy, Idle: end.end - start.end - end.busy + start.busy}
	diff := func(x, y []int64) []int64 {
		d := make([]int64, len(x))
		for i := range x {
			d[i] = x[i]
			if y != nil {
				d[i] -= y[i]
			}
			a.Idle -= d[i]
		}
		return d
	}
	a.Starved, a.Blocked = diff(end.starved, start.starved), diff(end.blocked, start.blocked)
	return a
}

// skips sums the engines' counters by layer.
func (s *sim) skips() []SkipStats {
	var all []SkipStats
	for i, e := range s.values.engines {
		if e == nil {
			continue
		}
		layer := s.n.Processes[i].Layer
		l := s.n.Net.Layers[layer]
		if len(all) == 0 || all[len(all)-1].Layer != layer {
			out := s.n.Net.Tensors[l.Out]
			all = append(all, SkipStats{Layer: layer, Name: l.ID,
				MACs: int64(s.images) * int64(out.H*out.W) * int64(len(l.Conv.Weights))})
		}
		k := &all[len(all)-1]
		k.Pairs += e.useful
		k.EmptyLanes += e.empty
		k.FullLanes += e.full
		for c, b := range e.hist {
			k.Beats += b
			k.Cycles += int64(c) * b
		}
		k.Dense = k.Beats * int64((e.m+e.n-1)/e.n)
		k.Ideal = float64(k.Pairs) / float64(e.n*e.gang*e.px)
	}
	return all
}
