package design

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/intnet"
)

// plain quotes untrusted text that a terminal could interpret.
func plain(s string) string {
	if q := strconv.Quote(s); q != `"`+s+`"` {
		return q
	}
	return s
}

// Report writes the design as tables for people: layers, totals against the budget, and
// the reasons.
func (d *Design) Report(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s on %s (%s), %s bit, objective %s, engines %s\n", plain(d.Model), plain(d.Platform), d.Part, d.Bits, d.Objective, d.EngineRule)
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "layer\tengine\tM\tN\tin\tP_out\tgangs\tmemory\tcycles\t+-\tDSP\tLUT\t+-\tFF\t+-\tBRAM18\tURAM\t")
	for i, c := range d.Costs {
		engine, m, n, in, out, gangs, mem := "", "", "", "", "", "", ""
		if i < len(d.Layers) {
			l := d.Layers[i]
			engine, in, out = string(d.Net.Layers[i].Kind), fmt.Sprint(l.InCh), fmt.Sprint(l.OutCh)
			if l.MTap > 0 {
				m = fmt.Sprintf("%dx%d", l.MTap, l.MCh)
			}
			if d.Net.Layers[i].Kind == intnet.KindConv {
				engine, n, mem = string(l.Engine), fmt.Sprint(l.N), l.WeightMem.String()
				gangs = fmt.Sprintf("%dx%d", l.Gangs(), l.Gang)
			}
		}
		cycles, ci := "", ""
		if c.Cycles > 0 {
			cycles = fmt.Sprintf("%.0f", c.Cycles)
		}
		if c.CyclesCI > 0 {
			ci = fmt.Sprintf("%.0f", c.CyclesCI)
		}
		r := c.Resources
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%d\t%s\t%d\t%d\t\n", c.Layer, engine, m, n, in, out, gangs, mem, cycles, ci, r.DSP, r.LUT, percent(c.LUTError), r.FF, percent(c.FFError), r.BRAM18, r.URAM)
	}
	t.Flush()
	fmt.Fprintln(&b)
	t = tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "resource\tused\t+-\tbudget\tof budget\tusable share\t")
	total, budget, shares := d.Total.Vec(), d.Budget.Vec(), d.UsableShare.List()
	for r, name := range ResourceNames {
		of := "-"
		if budget[r] > 0 {
			of = fmt.Sprintf("%.1f %%", 100*float64(total[r])/float64(budget[r]))
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\t%.3g\t\n", name, total[r], d.errorBar(r), budget[r], of, shares[r])
	}
	t.Flush()
	if d.Reserved != (Resources{}) {
		r := d.Reserved
		fmt.Fprintf(&b, "reserved by the platform, no part of the budget: DSP %d, LUT %d, FF %d, BRAM18 %d, URAM %d\n", r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM)
	}
	p := d.Predicted
	fmt.Fprintf(&b, "\npredicted: %.0f images/s at %s, %.1f +- %.1f cycles per image, latency about %.0f cycles\n",
		p.ImagesPerSecond, &d.Clock, p.CyclesPerImage, p.CyclesCI, p.LatencyCycles)
	n, err := d.Network()
	if err != nil {
		return err
	}
	if r := d.Rates(n, p.ImagesPerSecond); r != nil {
		fmt.Fprintf(&b, "rates: %v\n", r)
	}
	if d.Dense != nil {
		fmt.Fprintln(&b, d.Dense.Against(d.Total))
	}
	fmt.Fprintln(&b, d.costModel())
	if !d.Fits {
		fmt.Fprintln(&b, "DOES NOT FIT:")
		for _, s := range d.Shortfall {
			fmt.Fprintf(&b, "  %s\n", s)
		}
		_, err = w.Write(b.Bytes())
		return err
	}
	for _, s := range d.Explain {
		fmt.Fprintln(&b, s)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// percent prints a relative error.
func percent(e float64) string {
	if e == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", max(1, 100*e))
}

// errorBar is the error of resource r's total; counts by rule have none.
func (d *Design) errorBar(r int) string {
	switch ResourceNames[r] {
	case "LUT":
		return percent(d.CostModel.LUTError)
	case "FF":
		return percent(d.CostModel.FFError)
	}
	return ""
}

// costModel describes the origin of the estimates.
func (d *Design) costModel() string {
	if !d.Calibrated || d.CostModel.Tool == "" {
		return "costs are uncalibrated formulas: DSP, BRAM and URAM by mapping rules, LUT and FF not fitted to synthesis; LUTRAM is a part of LUT"
	}
	s := fmt.Sprintf("costs are of the RTL without its counters (an HLS build differs): DSP, BRAM and URAM by mapping rules, LUT and FF by formulas fitted to %s, xc7, %s (%d modules); "+
		"+- is what nine of ten modules are within; LUTRAM is a part of LUT", d.CostModel.Tool, d.CostModel.Date, d.CostModel.Points)
	if c := d.CostModel.Calibration; c != nil {
		s += "; scaled by " + plain(c.Tool+", "+c.Date)
	}
	return s
}

// estimate is a row of estimate_layer_resources.json.
type estimate struct {
	Resources
	LUTError float64 `json:"LUT_error"` // relative
	FFError  float64 `json:"FF_error"`
}

// JSONReports gives the design's estimates in FINN's formats: the contents of
// estimate_layer_cycles.json (cycles per image by layer), estimate_layer_resources.json (by
// layer, then "total") and estimate_network_performance.json.
func (d *Design) JSONReports() (layerCycles, layerResources, performance []byte, err error) {
	encode := func(v any) []byte {
		var b bytes.Buffer
		if e := artifact.Encode(&b, v); e != nil && err == nil {
			err = e
		}
		return b.Bytes()
	}
	// A layer may be called io, so the rows that are not layers come first and layers
	// overwrite them.
	cycles, res := map[string]float64{}, map[string]estimate{"total": {d.Total, d.CostModel.LUTError, d.CostModel.FFError}}
	for _, c := range d.Costs[len(d.Net.Layers):] {
		res[c.Layer] = estimate{c.Resources, c.LUTError, c.FFError}
	}
	for i, c := range d.Costs[:len(d.Net.Layers)] {
		name := c.Layer
		if _, taken := res[name]; taken {
			name += "_layer" + strconv.Itoa(i)
		}
		res[name], cycles[name] = estimate{c.Resources, c.LUTError, c.FFError}, c.Cycles
	}
	p := d.Predicted
	layerCycles, layerResources = encode(cycles), encode(res)
	performance = encode(struct {
		Critical   float64 `json:"critical_path_cycles"`
		Max        float64 `json:"max_cycles"`
		MaxNode    string  `json:"max_cycles_node_name"`
		CI         float64 `json:"max_cycles_ci95"`
		Throughput float64 `json:"estimated_throughput_fps"`
		LatencyNS  float64 `json:"estimated_latency_ns"`
		Clock      Clock   `json:"clock"`
		Calibrated bool    `json:"costs_calibrated"`
	}{p.LatencyCycles, p.CyclesPerImage, p.Bottleneck, p.CyclesCI, p.ImagesPerSecond, p.LatencyCycles * 1000 / d.Clock.MHz, d.Clock, d.Calibrated})
	return layerCycles, layerResources, performance, err
}
