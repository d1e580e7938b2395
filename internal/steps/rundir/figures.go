package rundir

import (
	"fmt"
	"strings"

	hwreport "hass/hwsim/report"
	"hass/internal/artifact"
	"hass/internal/fidelity"
	"hass/internal/hw"
	"hass/internal/report"
	"hass/optimizer/derive"
	"hass/sparsity"
)

// Figures gives what the artefacts say.
func (r *Run) Figures() (*report.Run, error) {
	run := &report.Run{}
	for i, h := range []*artifact.Header{headerOf(r.Design), headerOf(r.Profile), headerOf(r.Simulation), headerOf(r.Summary)} {
		s := report.Source{File: reportSchemas[i].file}
		if h != nil {
			s.SHA256, s.Schema, s.Version, s.Tool, s.Inputs = r.from[s.File].hash, h.Schema, h.SchemaVersion, h.Tool, h.Inputs
		}
		run.Sources = append(run.Sources, s)
	}
	var network *hw.Network
	if d := r.Design; d != nil {
		n, err := d.Network()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.from[designFile].path, err)
		}
		network = n
		run.AddDesign(d, n)
		clocks, err := derive.ModuleClocks(d, n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.from[designFile].path, err)
		}
		run.ModuleCount = len(clocks)
		run.Modules = slowest(clocks)
	}
	if r.Simulation != nil {
		addSimulation(run, r.Simulation, network)
	}
	if r.Profile != nil {
		addProfile(run, r.Profile)
	}
	if r.Summary != nil {
		addSummary(run, r.Summary)
	}
	if r.Search != nil {
		if err := addSearch(run, r.Search, r.Profile); err != nil {
			return nil, err
		}
	}
	return run, nil
}

// reportModules is how many of the slowest modules a report has; those of a layer that are alike count once.
const reportModules = 20

// slowest are the slowest modules; modules whose names differ by a number alone stand together.
func slowest(clocks []derive.ModuleClock) (list []report.Module) {
	at := map[report.Module]int{}
	for _, c := range clocks {
		key := report.Module{Name: strings.TrimRight(c.Name, "0123456789"), Kind: c.Kind, MHz: c.MHz}
		if i, ok := at[key]; ok {
			list[i].Count++
			continue
		}
		if len(list) == reportModules {
			continue
		}
		at[key] = len(list)
		list = append(list, report.Module{Name: c.Name, Kind: c.Kind, MHz: c.MHz, Count: 1})
	}
	return list
}

// addSimulation adds what a simulation says; n is the network, or nil.
func addSimulation(run *report.Run, s *Simulation, n *hw.Network) {
	run.Simulation = &report.Simulation{Images: s.Images, Mismatches: s.Mismatches, LatencyCycles: s.Latency, FillCycles: s.Fill, Finite: s.Finite, Frame: s.Frame, Critical: s.Critical}
	if s.Images > 1 {
		cycles := s.CyclesPerImage
		run.Simulation.CyclesPerImage = &cycles
	}
	if s.Bottleneck != nil {
		run.Simulation.Bottleneck = s.Bottleneck.Layer
	}
	for i := range s.Layers {
		x := &s.Layers[i]
		l := run.LayerOf(x.Layer)
		l.Time = &report.Time{Process: x.Process, Busy: x.Busy, Starved: x.Starved, Blocked: x.Blocked, Drift: x.Drift, InputStarved: x.InputStarved, OutputBlocked: x.OutputBlocked}
		for _, w := range x.Waits {
			l.Time.Waits = append(l.Time.Waits, report.Wait{FIFO: w.FIFO, Full: w.Full, Cycles: w.Cycles})
		}
		if n == nil && x.Predicted > 0 {
			predicted := x.Predicted
			l.Estimate = &predicted
		}
	}
	engines := map[int]int{} // by layer: the engines whose cycles a skip sums up
	for i := range s.Processes {
		if s.Processes[i].Kind == hw.Engine {
			engines[s.Processes[i].Layer]++
		}
	}
	for _, k := range s.Skips {
		if engines[k.Layer] == 0 || s.Images == 0 {
			continue
		}
		images := float64(s.Images)
		per := images * float64(engines[k.Layer])
		run.LayerOf(k.Name).Skip = &report.Skip{MACs: float64(k.MACs) / images, Pairs: float64(k.Pairs) / images,
			Dense: float64(k.Dense) / per, Ideal: k.Ideal / per, Cycles: float64(k.Cycles) / per}
	}
	if n == nil {
		for _, f := range s.FIFOs {
			most := f.Most
			run.FIFOs = append(run.FIFOs, report.FIFO{Name: f.Name, Depth: f.Depth, Tokens: f.Tokens, Most: &most})
		}
		return
	}
	at := map[string]int{}
	for i := range s.FIFOs {
		at[s.FIFOs[i].Name] = i
	}
	for i := range run.FIFOs {
		if k, ok := at[run.FIFOs[i].Name]; ok {
			most := s.FIFOs[k].Most
			run.FIFOs[i].Most = &most
		}
	}
}

// addProfile adds what a profile says.
func addProfile(run *report.Run, p *sparsity.Profile) {
	if run.Model == "" {
		run.Model, run.Bits = p.Model, p.Bits
	}
	for i := range p.Layers {
		x := &p.Layers[i]
		l := run.LayerOf(x.ID)
		if l.Name == "" {
			l.Name = x.Name
		}
		l.Zeros = &report.Zeros{MACs: float64(x.MACs), Weights: 1 - x.WeightDensity, Activations: 1 - x.ActivationDensity, Pairs: 1 - x.PairDensity}
	}
	addFidelity(run, &p.Fidelity)
}

// addFidelity adds the signal to noise of layers.
func addFidelity(run *report.Run, f *fidelity.Report) {
	run.Fidelity = &report.Fidelity{Images: f.Images, Losses: len(f.Losses)}
	for i := range f.Losses[:min(len(f.Losses), reportLosses)] {
		run.Fidelity.Worst = append(run.Fidelity.Worst, f.Losses[i].String())
	}
	for _, x := range f.Layers {
		l := run.LayerOf(x.ID)
		if l.Name == "" {
			l.Name = x.Name
		}
		l.SNR = &report.SNR{DB: x.SNR}
	}
}

// reportLosses is how many losses of range a report has in words.
const reportLosses = 8

// addSummary adds what a summary says beyond the other artefacts.
func addSummary(run *report.Run, s *Summary) {
	if run.Platform == "" { // no design
		run.Model, run.Platform, run.Bits = s.Model, s.Platform, s.Bits
		clock, fits := s.Clock, s.Fits
		run.Clock, run.Fits, run.Shortfall = &clock, &fits, s.Shortfall
		run.Resources = report.Resources(s.Resources, s.Budget, nil, &s.CostModel)
		run.CostModel = report.NewCostModel(s.Calibrated, &s.CostModel)
		run.Asked, run.Dense = s.Asked, s.Dense
		run.Prediction = &report.Prediction{CyclesPerImage: s.PredictedCyclesPerImage, Bottleneck: s.Bottleneck}
	}
	if s.Rates != nil {
		run.Rates = s.Rates
	}
	a := s.Accuracy
	run.Summary = &report.Summary{CyclesPerImage: s.CyclesPerImage, ImagesPerSecond: s.ImagesPerSecond, LatencyCycles: s.LatencyCycles,
		LatencyMicroseconds: float64(s.LatencyCycles) / s.Clock.MHz,
		Accuracy:            &report.Accuracy{Set: a.Set, Images: a.Images, Measure: a.Measure, Why: a.Why, Float: a.Float, Integer: a.Integer, Outputs: a.Outputs},
		Difference:          accounting(s.Difference)}
	for _, c := range s.Verified {
		run.Summary.Checks = append(run.Summary.Checks, report.Check{What: c.What, Images: c.Images, Mismatches: c.Mismatches})
	}
	if run.Fidelity == nil {
		addFidelity(run, &s.Fidelity)
	}
}

func accounting(a *hwreport.Accounting) *report.Accounting {
	if a == nil {
		return nil
	}
	x := report.Accounting(*a)
	return &x
}
