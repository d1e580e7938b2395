package derive

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/workers"
	"hass/optimizer/cost"
	"hass/optimizer/fifo"
	"hass/optimizer/slr"
	"hass/optimizer/target"
)

// A design records many fields that follow from its network and its hardware. ReadDesign
// computes them again with the functions that wrote them, so that no wrong figure is ever
// used. Four things cannot be computed again. The cycles of sparse engines depend on the
// profile's bitmaps; they must lie between the cycles with the fewest and with the most
// pairs. The bound on the rate was proved by a search; it must not be below the rate. The
// binding resource and the sentences of explain come from the same search and are not
// checked.

// ReadDesign reads a design (design.Read) and computes the fields that follow from it again. Its errors name the file and the
// field.
func ReadDesign(path string) (*design.Design, error) {
	d, err := design.Read(path)
	if err != nil {
		return nil, err
	}
	n, err := d.Network()
	if err == nil {
		err = recompute(d, n)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// FloatError is the largest relative difference of two floats computed by the same formula.
const FloatError = 1e-9

// recompute checks the derived fields of a design whose network n has been expanded and whose
// weights have been read.
func recompute(d *design.Design, n *hw.Network) error {
	for _, check := range []func(*design.Design, *hw.Network) error{checkChoices, checkAccumulators, checkMinima, checkCosts, checkClock, checkCycles, checkPrediction, checkRegions} {
		if err := check(d, n); err != nil {
			return err
		}
	}
	return nil
}

// disagrees is the error for a field that differs from the computed value.
func disagrees(field string, recorded, computed any) error {
	return fmt.Errorf("%s is %v; %v follows from the design: it was edited, or another version of hass wrote it (run optimize again)", field, recorded, computed)
}

// firstDifference is disagrees for the first place where two values differ.
func firstDifference(field string, recorded, computed any) error {
	differences := artifact.Diff(recorded, computed, FloatError, 1)
	if len(differences) == 0 {
		return nil
	}
	x, name := differences[0], field
	if x.Path != "" && x.Path[0] != '[' {
		name += "."
	}
	return disagrees(name+x.Path, x.A, x.B)
}

// modelOf is the cost model with which the design was priced.
func modelOf(d *design.Design) Pricing {
	m := Pricing{cost.New(d.Net, d.Family, d.CostModel.Calibration), make([]int, len(d.Net.Tensors))}
	for i, l := range d.Net.Layers {
		for _, t := range l.In {
			m.Pixels[t] = d.Layers[i].InPx
		}
		m.Pixels[l.Out] = d.Layers[i].OutPx
	}
	return m
}

// checkChoices checks the recorded options.
func checkChoices(d *design.Design, _ *hw.Network) error {
	if d.Objective != design.Throughput && d.Objective != design.Latency {
		return fmt.Errorf("objective is %.40q; want %s or %s", d.Objective, design.Throughput, design.Latency)
	}
	if a := d.Asked; a != nil && !(a.ImagesPerSecond >= 0 && a.LatencyUS >= 0 && a.ImagesPerSecond+a.LatencyUS > 0 && slices.Contains(target.Rules(), target.Rule(a.Least))) {
		return fmt.Errorf("asked is %.80q; want a rate or a latency, and least as one of %v", fmt.Sprint(*a), target.Rules())
	}
	if !slices.Contains(design.EngineRules(), d.EngineRule) {
		return fmt.Errorf("engine_rule is %.40q, which is no rule", d.EngineRule)
	}
	for i, l := range d.Net.Layers {
		if l.Kind != intnet.KindConv {
			continue
		}
		hl := d.Layers[i]
		if hl.Engine.Row().Static { // hw.Expand knows the legal numbers
			if !d.EngineRule.Allows(hl.Engine) {
				return fmt.Errorf("layers[%d] (%s): a %s engine, which the engine_rule %q does not allow", i, l.ID, hl.Engine, d.EngineRule)
			}
			continue
		}
		if chosen := (EngineChoice{hl.Engine, hl.N}); !slices.Contains(Engines(d.EngineRule, hw.EngineLanes(d.Net, l, hl)), chosen) {
			return fmt.Errorf("layers[%d] (%s): a %s engine of %d multipliers, which the engine_rule %q does not allow for %d lanes", i, l.ID, hl.Engine, hl.N, d.EngineRule, hw.EngineLanes(d.Net, l, hl))
		}
	}
	if d.Bits == "mixed" {
		return nil
	}
	bits, err := strconv.Atoi(d.Bits)
	if err != nil || strconv.Itoa(bits) != d.Bits {
		return fmt.Errorf("bits is %.40q; want a number or \"mixed\"", d.Bits)
	}
	for i, t := range d.Net.Tensors {
		if t.Format.Bits != bits {
			return fmt.Errorf("bits is %s; net.tensors[%d] (%s) has %d", d.Bits, i, t.ID, t.Format.Bits)
		}
	}
	for i, l := range d.Net.Layers {
		if l.Conv != nil && l.Conv.WeightBits != bits {
			return fmt.Errorf("bits is %s; the weights of net.layers[%d] (%s) have %d", d.Bits, i, l.ID, l.Conv.WeightBits)
		}
	}
	return nil
}

// checkAccumulators compares the accumulators' widths with the bound over the weights.
func checkAccumulators(d *design.Design, _ *hw.Network) error {
	for i, l := range d.Net.Layers {
		if l.Conv == nil {
			continue
		}
		if need := l.Conv.BoundBits(d.Net.Tensors[l.In[0]].Format); l.Conv.AccBits != need {
			return disagrees(fmt.Sprintf("net.layers[%d] (%s).conv.acc_bits", i, l.ID), l.Conv.AccBits, need)
		}
	}
	return nil
}

// checkMinima measures the token minima of the FIFOs at joins again; no minimum may exceed the depth.
func checkMinima(d *design.Design, n *hw.Network) error {
	minima, err := minimaOf(d, n)
	if err != nil {
		return err
	}
	for i, least := range minima {
		if d.FIFOs[i].Minimum != least {
			return disagrees(fmt.Sprintf("fifos[%d] (%s).minimum", i, n.Streams[i].Name), d.FIFOs[i].Minimum, least)
		}
	}
	return nil
}

// minimaOf are the token minima that a design records, by FIFO: 0 if the FIFO is not at a join, or if any depth is live.
func minimaOf(d *design.Design, n *hw.Network) ([]int, error) {
	standard, err := hw.Expand(d.Net, d.Layers, nil)
	if err != nil {
		return nil, err
	}
	list := make([]int, len(n.Streams))
	var joins []int
	for i, s := range n.Streams {
		if s.Join >= 0 {
			joins = append(joins, i)
		}
	}
	measure := func(_, k int) (int, error) { return live.Minimum(n, joins[k], n.Streams[joins[k]].Depth) }
	err = workers.Ordered(context.Background(), len(joins), 0, measure, func(k, least int) error {
		if i := joins[k]; least > standard.Streams[i].Depth {
			list[i] = least
		}
		return nil
	})
	return list, err
}

// checkCosts compares budget and costs.
func checkCosts(d *design.Design, n *hw.Network) error {
	if !slices.Contains(design.Families(), d.Family) {
		return fmt.Errorf("family is %.40q; want one of %q", d.Family, design.Families())
	}
	for r, v := range d.Device.Vec() {
		if v < 0 || v > maxDevice {
			return fmt.Errorf("device.%s is %d; want 0..%d", design.ResourceNames[r], v, maxDevice)
		}
	}
	if v := d.Reserved.Vec(); !v.Within(d.Device.Vec()) || !(design.Vec{}).Within(v) {
		return fmt.Errorf("reserved %v is more than the device's %v", d.Reserved, d.Device)
	}
	if err := firstDifference("budget", d.Budget, d.UsableShare.Budget(d.Free())); err != nil {
		return err
	}
	if c := d.CostModel.Calibration; c != nil {
		if err := cost.CheckCalibration(c); err != nil {
			return fmt.Errorf("cost_model.calibration: %w", err)
		}
		if err := CheckScale(c, design.Platform{Name: d.Platform, Family: d.Family}); err != nil {
			return fmt.Errorf("cost_model.calibration: %w", err)
		}
	}
	priced := &design.Design{Net: d.Net, Budget: d.Budget}
	Price(priced, modelOf(d), n)
	if err := firstDifference("cost_model", d.CostModel, priced.CostModel); err != nil {
		return err
	}
	if !d.Calibrated {
		return disagrees("calibrated", d.Calibrated, cost.Calibrated)
	}
	costs := slices.Clone(d.Costs)
	for i := range d.Net.Layers { // checkCycles checks the layers' cycles
		costs[i].Cycles, costs[i].CyclesCI = 0, 0
	}
	if err := firstDifference("costs", costs, priced.Costs); err != nil {
		return err
	}
	if err := firstDifference("total", d.Total, priced.Total); err != nil {
		return err
	}
	if d.Fits != priced.Fits {
		return disagrees("fits", d.Fits, priced.Fits)
	}
	return firstDifference("shortfall", d.Shortfall, priced.Shortfall)
}

// clocking is what a design's clock is computed from.
func clocking(d *design.Design) *Clocking {
	platform := design.Platform{Name: d.Platform, Part: d.Part, Board: d.Board, Family: d.Family, ClockMHz: d.Clock.Limit, Resources: d.Device}
	return &Clocking{Target: d.Target, Platform: platform, Asked: d.Clock.Asked, Scale: ScaleOf(d.CostModel.Calibration)}
}

// clockOf is the clock of a design whose costs are known.
func clockOf(d *design.Design, n *hw.Network) (design.Clock, error) {
	e, err := clocking(d).Of(n, d.Total)
	if err != nil {
		return design.Clock{}, err
	}
	return e.Clock, nil
}

// checkClock compares the clock.
func checkClock(d *design.Design, n *hw.Network) error {
	want, err := clockOf(d, n)
	if err != nil {
		return err
	}
	return firstDifference("clock", d.Clock, want)
}

// checkRegions compares what lies in the regions.
func checkRegions(d *design.Design, _ *hw.Network) error { return slr.Check(d) }

// maxDevice bounds each resource of a part.
const maxDevice = 1 << 30

// checkCycles compares the cycles of layers: exactly where they follow from shapes alone, otherwise
// with the cycles of the fewest and the most pairs.
func checkCycles(d *design.Design, n *hw.Network) error {
	m, hurries := modelOf(d), fifo.Hurry(d.Net)
	for i := range d.Net.Layers {
		c := d.Costs[i]
		field := fmt.Sprintf("costs[%d] (%s).cycles", i, d.Net.Layers[i].ID)
		least, most := m.cyclesOf(n, i, hurries[i])
		switch {
		case least == most && !equalFloats(c.Cycles, least):
			return disagrees(field, c.Cycles, least)
		case least == most && c.CyclesCI != 0:
			return disagrees(field+"_ci", c.CyclesCI, 0)
		case !(c.Cycles >= least*(1-FloatError) && c.Cycles <= most*(1+FloatError)):
			return fmt.Errorf("%s is %v; a %s engine takes %v to %v", field, c.Cycles, d.Layers[i].Engine, least, most)
		case !(c.CyclesCI >= 0) || math.IsInf(c.CyclesCI, 0): // with few images it may be wider than the range
			return fmt.Errorf("%s_ci is %v; want a number of at least 0", field, c.CyclesCI)
		}
	}
	return nil
}

// equalFloats reports whether two floats computed by the same formula are equal.
func equalFloats(a, b float64) bool { return math.Abs(a-b) <= FloatError*max(math.Abs(a), math.Abs(b)) }

// cyclesOf is the range of a layer's cycles per image over all data; the ends are equal where
// zeros have no effect.
func (m Pricing) cyclesOf(n *hw.Network, i int, hurry float64) (least, most float64) {
	l, hl := m.Net.Layers[i], n.Layers[i]
	if l.Kind != intnet.KindConv {
		c := m.PlainCycles(i, hl)
		return c, c
	}
	win := hw.WindowOf(m.Net, l, hl)
	in, out := float64(win.InBeats()), float64(win.OutBeats())
	// A beat takes at least one cycle, and a pair occupies a multiplier for one. The
	// next beat is available if the engine's FIFO is as deep as a credit's round trip.
	feed := 0
	for _, p := range n.Processes {
		if (p.Kind == hw.Engine || p.Kind == hw.ScheduledProc) && p.Layer == i {
			feed = n.Processes[n.Streams[p.In[0]].From].Latency
			break
		}
	}
	slowest := float64(fixed.CeilDiv(hw.EngineLanes(m.Net, l, hl), hl.N))
	if plan := n.Plans[i]; plan != nil {
		s := n.ScheduledModule(i)
		least = max(float64(s.LayerCycles(l.Conv.OutC)), out*float64(feed+1)/float64(hl.GangDepth))
		most = least
	} else if hl.Engine.Skips() {
		least, most = out, out*(slowest+float64(feed)+1)
	} else {
		least = out * max(slowest, float64(feed+1)/float64(hl.GangDepth))
		most = least
	}
	if hl.Turns > 1 { // of the join, for each beat
		turns := float64(win.PixelGroups() * l.Conv.OutC / hl.OutCh * hl.Turns)
		least, most = max(least, turns), max(most, turns)
	}
	tensor := m.Net.Tensors[l.In[0]]
	if hurry > 1 && tensor.H == 1 && tensor.W == 1 {
		return least + in, most + in
	}
	return max(least, in), max(most, in)
}

// checkPrediction compares the pipeline's figures with those of its layers.
func checkPrediction(d *design.Design, _ *hw.Network) error {
	p := d.Predicted
	want, err := predictionOf(d)
	if err != nil {
		return err
	}
	if !(p.Bound >= want.ImagesPerSecond*(1-FloatError)) || math.IsInf(p.Bound, 0) {
		return fmt.Errorf("predicted.bound_images_per_second is %v, below the rate of %v", p.Bound, want.ImagesPerSecond)
	}
	if d.Asked != nil && d.Fits && !d.Asked.Met(&want, &d.Clock) {
		return fmt.Errorf("asked is %v, which the design does not have: %.1f images/s, a latency of about %.1f us", d.Asked, want.ImagesPerSecond, want.LatencyCycles/d.Clock.MHz)
	}
	if o := d.Dense; o != nil && !(o.ImagesPerSecond > 0 && equalFloats(o.RateRatio*o.ImagesPerSecond, want.ImagesPerSecond) && equalFloats(o.ImagesPerSecond*o.CyclesPerImage, o.MHz*1e6)) {
		return fmt.Errorf("dense: %v images/s of %v cycles at %v MHz, ratio %v; the design has %v images/s", o.ImagesPerSecond, o.CyclesPerImage, o.MHz, o.RateRatio, want.ImagesPerSecond)
	}
	if math.Abs(p.Gap-want.Gap) <= FloatError { // a difference of two nearly equal numbers
		want.Gap = p.Gap
	}
	return firstDifference("predicted", p, want)
}

// predictionOf is the prediction from the cycles of the layers, with the bottleneck, binding resource and bound that the
// design records. It is an error if the bottleneck is not the slowest layer.
func predictionOf(d *design.Design) (design.Prediction, error) {
	p, hurries := d.Predicted, fifo.Hurry(d.Net)
	cycles := make([]float64, len(d.Net.Layers))
	slowest := 0
	for i := range cycles {
		cycles[i] = d.Costs[i].Cycles * hurries[i]
		if cycles[i] > cycles[slowest]*(1+FloatError) {
			slowest = i
		}
	}
	at := slices.IndexFunc(d.Net.Layers, func(l intnet.Layer) bool { return l.ID == p.Bottleneck })
	if at < 0 || !equalFloats(cycles[at], cycles[slowest]) {
		return p, disagrees("predicted.bottleneck", fmt.Sprintf("%.60q", p.Bottleneck), d.Net.Layers[slowest].ID)
	}
	want := design.Prediction{
		CyclesPerImage: cycles[at], CyclesCI: d.Costs[at].CyclesCI * hurries[at], LatencyCycles: modelOf(d).Latency(cycles),
		Bottleneck: p.Bottleneck, BindingResource: p.BindingResource, Bound: p.Bound,
	}
	want.ImagesPerSecond = d.Clock.ImagesPerSecond(want.CyclesPerImage)
	want.Gap = p.Bound/want.ImagesPerSecond - 1
	return want, nil
}

// Refresh computes all derived fields from a design's network, hardware and FIFO depths, so that ReadDesign accepts a design
// that was changed in memory: widths of FIFOs and accumulators, token minima, costs, totals, exact cycles, the prediction.
// Cycles that depend on a profile are kept where the hardware allows them. It is an error if the network cannot be expanded or
// has other FIFOs than the design lists.
func Refresh(d *design.Design) error {
	for i := range d.Net.Layers {
		if l := &d.Net.Layers[i]; l.Conv != nil {
			l.Conv.AccBits = l.Conv.BoundBits(d.Net.Tensors[l.In[0]].Format)
		}
	}
	n, err := d.Network()
	if err != nil {
		return err
	}
	if len(n.Streams) != len(d.FIFOs) {
		return fmt.Errorf("%d FIFOs are listed, the network has %d", len(d.FIFOs), len(n.Streams))
	}
	minima, err := minimaOf(d, n)
	if err != nil {
		return err
	}
	for i, s := range n.Streams {
		d.FIFOs[i] = design.FIFO{Name: s.Name, Depth: s.Depth, Width: s.Width(), Minimum: minima[i], Memory: n.FIFOMemory(i)}
	}
	d.Budget = d.UsableShare.Budget(d.Free())
	d.Asked, d.Dense = nil, nil // a changed design is not what was asked for, and none was looked for beside it
	old := d.Costs
	m, hurries := modelOf(d), fifo.Hurry(d.Net)
	d.Costs = nil
	Price(d, m, n)
	if d.Clock, err = clockOf(d, n); err != nil {
		return err
	}
	slowest := 0
	for i := range d.Net.Layers {
		c := &d.Costs[i]
		least, most := m.cyclesOf(n, i, hurries[i])
		if c.Cycles = min(max(old[i].Cycles, least), most); least < most {
			c.CyclesCI = old[i].CyclesCI
		}
		if c.Cycles*hurries[i] > d.Costs[slowest].Cycles*hurries[slowest]*(1+FloatError) {
			slowest = i
		}
	}
	d.Predicted.Bottleneck = d.Net.Layers[slowest].ID
	d.Predicted.Bound = max(d.Predicted.Bound, d.Clock.ImagesPerSecond(d.Costs[slowest].Cycles*hurries[slowest]))
	d.Predicted, err = predictionOf(d)
	return err
}
