// Package report compares a run of the simulator with its prediction: it splits every layer's cycles into causes, and
// explains the difference of the whole.
//
// It takes a network, a result of hwsim and the optimizer's estimate; it gives numbers per layer and tables for a
// terminal. It never simulates.
package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hass/hwsim"
	"hass/internal/hw"
)

// Predicted is the optimizer's estimate, for comparison with the simulation. The
// zero value means that there is none.
type Predicted struct {
	CyclesPerImage float64   `json:"cycles_per_image"`
	Layers         []float64 `json:"layers,omitempty"` // by layer of the integer network: cycles that it needs on its own
}

// Report compares a run with its prediction. All cycles of layers are per image, in
// steady state: means over the images after the first, or of a single image if there
// is no other.
type Report struct {
	Images         int     `json:"images"`
	Predicted      float64 `json:"predicted_cycles_per_image,omitempty"`
	CyclesPerImage float64 `json:"cycles_per_image"`
	Latency        int64   `json:"latency_cycles"`
	Fill           int64   `json:"fill_cycles"`
	Finite         bool    `json:"finite"` // the stream ended with the last image: too few cycles per image

	Layers []LayerReport `json:"layers"`
	// Bottleneck explains the difference at the busiest layer; nil without a
	// prediction or with a single image.
	Bottleneck *Accounting          `json:"bottleneck,omitempty"`
	Skips      []hwsim.SkipStats    `json:"skips"`
	FIFOs      []hwsim.FIFOStats    `json:"fifos"`
	Processes  []hwsim.ProcessStats `json:"processes"`
}

// LayerReport is one layer, measured at its busiest process: Busy + Starved + Blocked +
// Drift is the run's cycles per image.
type LayerReport struct {
	Layer     string  `json:"layer"`
	Process   string  `json:"process"` // the layer's busiest
	Predicted float64 `json:"predicted,omitempty"`
	Busy      float64 `json:"busy"`
	Starved   float64 `json:"starved"`
	Blocked   float64 `json:"blocked"`
	Drift     float64 `json:"drift"`
	// Waits splits Starved and Blocked by FIFO, the largest first, without zeros.
	Waits []WaitReport `json:"waits,omitempty"`
	// InputStarved is the time that the layer's first process waited for its
	// inputs, and OutputBlocked the time that its last process waited for room:
	// stalls caused by other layers.
	InputStarved  float64 `json:"input_starved"`
	OutputBlocked float64 `json:"output_blocked"`
	// Inputs are the streams the layer reads.
	Inputs []hwsim.FIFOStats `json:"inputs"`
}

// WaitReport is the time that a process waited for one FIFO: empty, or Full.
type WaitReport struct {
	FIFO   string  `json:"fifo"`
	Full   bool    `json:"full"`
	Cycles float64 `json:"cycles"`
}

// Accounting explains the difference between simulated and predicted cycles per image
// by one process's counters: Difference = Model + BusyError + Starved + Blocked +
// Drift.
type Accounting struct {
	Layer      string  `json:"layer"`
	Process    string  `json:"process"`
	Predicted  float64 `json:"predicted"`
	Simulated  float64 `json:"simulated"`
	Difference float64 `json:"difference"` // simulated - predicted
	Model      float64 `json:"model"`      // the layer's estimate - the prediction of the whole
	BusyError  float64 `json:"busy_error"` // measured busy - the layer's estimate
	Starved    float64 `json:"starved"`
	Blocked    float64 `json:"blocked"`
	Drift      float64 `json:"drift"`
}

// Account explains, by the counters of process p, the difference of a run of at least
// two images from the predicted cycles per image. estimate is the prediction for p's
// layer.
func Account(r *hwsim.Result, p int, layer string, predicted, estimate float64) Accounting {
	s, k := r.Processes[p], perImage(r)
	a := Accounting{
		Layer: layer, Process: s.Name, Predicted: predicted, Simulated: r.CyclesPerImage,
		Difference: r.CyclesPerImage - predicted, Model: estimate - predicted,
		BusyError: k(s.Steady.Busy) - estimate, Starved: k(s.Steady.StarvedCycles()),
		Blocked: k(s.Steady.BlockedCycles()), Drift: k(s.Drift),
	}
	return a
}

// usage is the use of process p's cycles in steady state, or in the whole run of a single image.
func usage(r *hwsim.Result, p int) hwsim.Usage {
	if r.Images == 1 {
		return r.Processes[p].Run
	}
	return r.Processes[p].Steady
}

// perImage divides steady-state cycles by their number of images.
func perImage(r *hwsim.Result) func(int64) float64 {
	images := max(1, r.Images-1)
	return func(c int64) float64 { return float64(c) / float64(images) }
}

// New compares the run r of network n with a prediction.
func New(n *hw.Network, r *hwsim.Result, pred Predicted) (*Report, error) {
	if len(r.Processes) != len(n.Processes) || len(r.FIFOs) != len(n.Streams) {
		return nil, fmt.Errorf("report: the result is not of this network: %d processes and %d FIFOs, want %d and %d",
			len(r.Processes), len(r.FIFOs), len(n.Processes), len(n.Streams))
	}
	if len(pred.Layers) != 0 && len(pred.Layers) != len(n.Net.Layers) {
		return nil, fmt.Errorf("report: predictions for %d layers, the network has %d", len(pred.Layers), len(n.Net.Layers))
	}
	rep := &Report{
		Images: r.Images, Predicted: pred.CyclesPerImage, CyclesPerImage: r.CyclesPerImage,
		Latency: r.Latency, Fill: r.Fill, Finite: r.Finite, Skips: r.Skips, FIFOs: r.FIFOs, Processes: r.Processes,
	}
	k := perImage(r)
	busiest, worst := -1, 0 // process and layer
	busy := func(p int) int64 { return usage(r, p).Busy }
	for i, l := range n.Net.Layers {
		lr := LayerReport{Layer: l.ID}
		if len(pred.Layers) > 0 {
			lr.Predicted = pred.Layers[i]
		}
		best := -1
		for p, s := range r.Processes {
			if s.Layer != i {
				continue
			}
			if best < 0 || busy(p) > busy(best) {
				best = p
			}
			for _, in := range n.Processes[p].In {
				if st := n.Streams[in]; st.Kind == hw.TensorToken {
					lr.Inputs = append(lr.Inputs, r.FIFOs[in])
				}
			}
			if st := n.Streams[n.Processes[p].In[0]]; st.Kind == hw.TensorToken {
				lr.InputStarved = k(usage(r, p).StarvedCycles())
			}
			if st := n.Streams[n.Processes[p].Out[0]]; st.Kind == hw.TensorToken {
				lr.OutputBlocked = k(usage(r, p).BlockedCycles())
			}
		}
		u := usage(r, best)
		lr.Process = r.Processes[best].Name
		lr.Busy, lr.Starved, lr.Blocked = k(u.Busy), k(u.StarvedCycles()), k(u.BlockedCycles())
		lr.Drift = k(r.Processes[best].Drift)
		lr.Waits = waits(n, best, u, k)
		if busiest < 0 || busy(best) > busy(busiest) {
			busiest, worst = best, i
		}
		rep.Layers = append(rep.Layers, lr)
	}
	if pred.CyclesPerImage > 0 && r.Images > 1 {
		estimate := pred.CyclesPerImage
		if len(pred.Layers) > 0 {
			estimate = pred.Layers[worst]
		}
		a := Account(r, busiest, n.Net.Layers[worst].ID, pred.CyclesPerImage, estimate)
		rep.Bottleneck = &a
	}
	return rep, nil
}

// waits lists the waits of process p, the longest first.
func waits(n *hw.Network, p int, u hwsim.Usage, k func(int64) float64) []WaitReport {
	const empty, full = false, true // how the FIFO made the process wait
	var w []WaitReport
	add := func(stream int, state bool, cycles int64) {
		if cycles == 0 {
			return
		}
		i := len(w)
		for i > 0 && w[i-1].Cycles < k(cycles) {
			i--
		}
		w = append(w, WaitReport{})
		copy(w[i+1:], w[i:])
		w[i] = WaitReport{FIFO: n.Streams[stream].Name, Full: state, Cycles: k(cycles)}
	}
	for i, s := range n.Processes[p].In {
		add(s, empty, u.Starved[i])
	}
	for i, s := range n.Processes[p].Out {
		add(s, full, u.Blocked[i])
	}
	return w
}

// WriteText prints the report as tables for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	switch {
	case r.Images == 1:
		b.WriteString("1 image: cycles per image in steady state need several")
	case r.Predicted > 0:
		fmt.Fprintf(b, "%d images, %.1f cycles per image (predicted %.1f, %+.2f %%)", r.Images, r.CyclesPerImage, r.Predicted, 100*(r.CyclesPerImage/r.Predicted-1))
	default:
		fmt.Fprintf(b, "%d images, %.1f cycles per image", r.Images, r.CyclesPerImage)
	}
	if r.Finite && r.Images > 1 {
		b.WriteString("; the stream ended with them, so the last ones left early")
	}
	fmt.Fprintf(b, "\nfirst image: first word out after %d cycles, last after %d\n\n", r.Fill, r.Latency)
	r.layerTable(b)
	if a := r.Bottleneck; a != nil {
		fmt.Fprintf(b, "\nsimulated - predicted at %s (%s): %+.2f = estimate of the layer %+.2f, busy %+.2f, starved %+.2f, blocked %+.2f, drift %+.2f\n",
			a.Layer, a.Process, a.Difference, a.Model, a.BusyError, a.Starved, a.Blocked, a.Drift)
	}
	if len(r.Skips) > 0 {
		b.WriteString("\n")
		r.skipTable(b)
	}
	return b.Flush()
}

func (r *Report) layerTable(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "cycles per image\tpredicted\tbusy\tstarved\tblocked\tdrift\twaits most for\tinput FIFO\t")
	for _, l := range r.Layers {
		pred, wait := "-", "-"
		if l.Predicted > 0 {
			pred = fmt.Sprintf("%.1f", l.Predicted)
		}
		if len(l.Waits) > 0 {
			state := "empty"
			if l.Waits[0].Full {
				state = "full"
			}
			wait = fmt.Sprintf("%s %s", state, l.Waits[0].FIFO)
		}
		var fill []string
		for _, f := range l.Inputs {
			fill = append(fill, fmt.Sprintf("%d/%d", f.Most, f.Depth))
		}
		fmt.Fprintf(t, "%s\t%s\t%.1f\t%.1f\t%.1f\t%.1f\t%s\t%s\t\n",
			l.Layer, pred, l.Busy, l.Starved, l.Blocked, l.Drift, wait, strings.Join(fill, " "))
	}
	t.Flush()
}

func (r *Report) skipTable(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "skipping\tuseful pairs\tno skip\trealised\tideal\tspeed-up\tof ideal\t")
	per := float64(r.Images)
	for _, k := range r.Skips {
		speed, share := "-", "-"
		if k.Cycles > 0 {
			speed = fmt.Sprintf("%.2fx", float64(k.Dense)/float64(k.Cycles))
			share = fmt.Sprintf("%.0f %%", 100*k.Ideal/float64(k.Cycles))
		}
		fmt.Fprintf(t, "%s\t%.1f %%\t%.0f\t%.0f\t%.0f\t%s\t%s\t\n",
			k.Name, 100*float64(k.Pairs)/float64(max(1, k.MACs)), float64(k.Dense)/per, float64(k.Cycles)/per, k.Ideal/per, speed, share)
	}
	t.Flush()
}
