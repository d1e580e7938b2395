package optimizer

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/optimizer/cost"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/folding"
	"hass/optimizer/pixels"
	"hass/optimizer/scheduled"
	"hass/optimizer/target"
)

// MaxPixels is the most pixels per beat that a design is made with.
const MaxPixels = 16

// Input is what Optimize works from.
type Input struct {
	Net      *intnet.Net
	Est      CycleEstimator
	Platform design.Platform

	Objective string            // Throughput (also "") or Latency
	Asked     design.Asked      // the rate or the latency that the design shall have, with the least hardware; the zero value: as good as the budget allows. Its Least plays no part
	Least     target.Rule       // what a design takes least of; "" is target.Even. Of the best rate it is one by the weighed sum of shares (Rule.Price), of what was asked for one by the rule itself
	Pixels    int               // pixels per beat of the widest streams: a power of two up to MaxPixels, or pixels.Rows; 0 is 1
	Target    limits.Target     // whose limits the design keeps; "" is limits.Both
	Engine    design.EngineRule // one of EngineRules; "" is EngineAuto
	Shares    design.Shares     // usable shares; the zero value means DefaultShares

	// What the design records beside the hardware.
	Model   string // base name of the model file
	Bits    string
	Preproc design.Preproc
	Inputs  map[string]string // artifact.Header.Inputs

	// Calibration, if not nil, scales the cost model's formulas and its clock.
	Calibration *design.Calibration
	// Clock, if not 0, is the clock in MHz that the design shall have: choices that miss it are no candidates. It is at most the
	// platform's. 0 is the clock with which there are most images per second.
	Clock float64
	// Menu, if not nil, knows the schedules of the network's layers: designs of whole rows, and of scheduled engines alone, may then
	// have them. It may serve several questions about one network.
	Menu *scheduled.Menu
	Pins *folding.Pins // what a folding file fixes of the layers' hardware; nil: nothing
	// Effort bounds branch and bound, in options looked at per test; 0 means a
	// default. Where it runs out the design reports its gap.
	Effort int
	// Memo, if not nil, keeps costs between questions; one question asks for the same costs several times and has else its own.
	Memo *Memo
	// Near, if not 0, is about the cycles per image to expect, from a network like this one: it shortens the search of
	// the rough model and decides nothing.
	Near float64
	// Coarse tries fewer stream widths: measured, less than half the time, for designs of 3 to 5 % more DSPs at the same
	// rate (MobileNets).
	Coarse bool
	// Log, if not nil, is told of each phase.
	Log func(phase string)
}

// model is the cost model of the input.
func (in *Input) model() derive.Pricing {
	return derive.Pricing{Model: cost.New(in.Net, in.Platform.Family, in.Calibration), Pixels: pixels.Of(in.Net, in.Pixels)}
}

// clocking is what the input says about the clock.
func (in *Input) clocking() *derive.Clocking {
	return &derive.Clocking{Target: in.Target, Platform: in.Platform, Asked: in.Clock, Scale: derive.ScaleOf(in.Calibration)}
}

// widths is the number of stream widths tried for a tensor.
func (in *Input) widths() int {
	if in.Coarse {
		return coarseWidths
	}
	return maxWidths
}

func (in *Input) check() error {
	if in.Net == nil || in.Est == nil {
		return errors.New("optimizer: a network and a cycle estimator are needed")
	}
	if in.Objective == "" {
		in.Objective = design.Throughput
	}
	if in.Target == "" {
		in.Target = limits.Both
	}
	if _, err := limits.ParseTarget(string(in.Target)); err != nil {
		return err
	}
	if in.Objective != design.Throughput && in.Objective != design.Latency {
		return fmt.Errorf("unknown objective %q; want %s or %s", in.Objective, design.Throughput, design.Latency)
	}
	if in.Engine == "" {
		in.Engine = design.EngineAuto
	}
	if in.Least == "" {
		in.Least = target.Even
	}
	if !slices.Contains(target.Rules(), in.Least) {
		return fmt.Errorf("unknown rule %q for what a design takes least of; want one of %v", in.Least, target.Rules())
	}
	switch a := in.Asked; {
	case !(a.ImagesPerSecond >= 0) || !(a.LatencyUS >= 0) || math.IsInf(a.ImagesPerSecond+a.LatencyUS, 0):
		return fmt.Errorf("%v images/s and a latency of %v us were asked for", a.ImagesPerSecond, a.LatencyUS)
	case in.Asks() && in.Objective == design.Latency:
		return errors.New("a rate or a latency was asked for, with the least hardware: no objective goes with it")
	}
	in.Asked.Least = string(in.Least)
	if rules := design.EngineRules(); !slices.Contains(rules, in.Engine) {
		return fmt.Errorf("unknown engine rule %q; want one of %s", in.Engine, rules.Join(", "))
	}
	if in.Pixels != pixels.Rows && (in.Pixels < 0 || in.Pixels > MaxPixels || in.Pixels&(in.Pixels-1) != 0) {
		return fmt.Errorf("%d pixels per beat; want a power of two up to %d, or whole rows", in.Pixels, MaxPixels)
	}
	if in.Engine == design.OnlyEngine(hw.ScheduledEngine) && in.Menu == nil {
		return fmt.Errorf("engine rule %q: nothing knows the schedules of the layers' weights", in.Engine)
	}
	if in.Shares == (design.Shares{}) {
		in.Shares = design.DefaultShares()
	}
	if in.Effort <= 0 {
		in.Effort = defaultEffort
	}
	if in.Memo == nil {
		in.Memo = NewMemo()
	}
	if in.Log == nil {
		in.Log = func(string) {}
	}
	if in.Platform.ClockMHz <= 0 {
		return fmt.Errorf("platform %q has no clock", in.Platform.Name)
	}
	switch {
	case math.IsNaN(in.Clock) || in.Clock < 0:
		return fmt.Errorf("a clock of %v MHz", in.Clock)
	case in.Clock > in.Platform.ClockMHz:
		return fmt.Errorf("a clock of %g MHz was asked for; that of platform %s is %g MHz, and no design's is above", in.Clock, in.Platform.Name, in.Platform.ClockMHz)
	}
	if err := derive.CheckScale(in.Calibration, in.Platform); err != nil {
		return err
	}
	if err := in.Shares.Validate(); err != nil {
		return err
	}
	return in.Net.Validate()
}

// Optimize finds the hardware of a network on a platform. The Design returned lacks only
// its side files (design.Write adds them). If nothing fits the budget it is the
// smallest design, with Fits false and Shortfall naming the resources; that is
// not an error here. If no design has the rate or the latency that was asked for, the error is an *AskedError. Where no hardware keeps the limits of the target the error is a *LimitError. Equal inputs give equal
// designs.
func Optimize(ctx context.Context, in Input) (*design.Design, error) {
	return in.design(ctx, in.explain)
}

// Draft is Optimize without the reasons, which take about half the time: the design has no binding resource and explains nothing.
func Draft(ctx context.Context, in Input) (*design.Design, error) {
	return in.design(ctx, nil)
}

// design is Optimize with a function that fills in the reasons, or nil.
func (in *Input) design(ctx context.Context, explain func(ctx context.Context, d *design.Design, p *problem, f *found) error) (*design.Design, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	budget, over := in.Shares.Budget(in.Platform.Free()).Vec(), design.Vec{}
	if explain != nil && !in.Asks() { // what more would buy is not asked of the least
		over = explainBudget(budget)
	}
	p, f, rough, err := in.solved(ctx, budget, over)
	if none := (*ClockError)(nil); errors.As(err, &none) && none.near() {
		// What a design fills is not known before it is there: the one that is best at any clock may reach this one.
		free := *in
		free.Clock = 0
		var ferr error
		if p, f, rough, ferr = free.solved(ctx, budget, over); ferr != nil {
			return nil, ferr
		}
		e, ferr := in.clocking().Of(f.network, p.model.Total(f.network).Resources())
		if ferr != nil {
			return nil, ferr
		}
		if in.clocking().Reached(e) {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	d := &design.Design{
		Header: artifact.NewHeader(design.Schema, design.Version, in.Inputs),
		Model:  in.Model, Bits: in.Bits,
		Platform: in.Platform.Name, Part: in.Platform.Part, Board: in.Platform.Board,
		Preproc: in.Preproc, Net: in.Net, Layers: hw.WithBuffers(in.Net, p.hardware(f.x)), FIFOs: f.fifos,
		Target: in.Target, Objective: in.Objective, EngineRule: in.Engine,
		Family: in.Platform.Family, Device: in.Platform.Resources, Reserved: in.Platform.Taken(), Links: in.Platform.Links, UsableShare: in.Shares,
		Budget: budget.Resources(), Calibrated: cost.Calibrated,
	}
	if in.Asks() {
		d.Asked = &in.Asked
	}
	derive.Price(d, p.model, f.network)
	e, err := in.clocking().Of(f.network, d.Total)
	if err != nil {
		return nil, err
	}
	d.Clock = e.Clock
	predictDesign(d, p, f)
	if explain == nil {
		return d, nil
	}
	p.setBudget(budget)
	if err := explain(ctx, d, p, f); err != nil {
		return nil, err
	}
	line, err := e.Explain(f.network)
	if err != nil {
		return nil, err
	}
	d.Explain = append(d.Explain, line)
	if rough {
		d.Explain = append(d.Explain, "large network: the search space is what a rough model of the engines left of each layer's hardware choices; bounds hold for that space")
	}
	return d, nil
}

// solved searches the space of the input's hardware; over admits choices that only explain; rough tells whether a rough model has cut it down.
func (in *Input) solved(ctx context.Context, budget, over design.Vec) (p *problem, f *found, rough bool, err error) {
	err = in.search(ctx, budget, over, exactEffort, func(q *problem, cut bool) (err error) {
		in.Log("searching the rate")
		p, rough = q, cut
		f, err = p.solve(ctx, in, budget)
		return err
	})
	return p, f, rough, err
}

// menu is that of scheduled engines, nil where designs have none: they want the pixels of whole rows, whose words one read serves.
func (in *Input) menu() *scheduled.Menu {
	if in.Engine == design.OnlyEngine(hw.ScheduledEngine) || in.Engine == design.EngineAuto && in.Pixels == pixels.Rows {
		return in.Menu
	}
	return nil
}

// newSpace is the space of an input's hardware, of at most so many engines a convolution.
func newSpace(in *Input, budget design.Vec, engines int) (*space, error) {
	m := in.model()
	pins := in.Pins.Again()
	widths, err := widthsOf(m, in.Target, in.widths(), pins)
	return &space{model: m, target: in.Target, clocks: derive.NewPaths(in.Target), limit: derive.AnyPath, engines: engines, est: in.Est, engine: in.Engine, budget: budget, widths: widths, hurry: fifo.Hurry(in.Net), memo: in.Memo, menu: in.menu(), pins: pins}, err
}

// search asks try about the problem, and where the design as a whole breaks a limit of the target, about the problems of ever
// fewer engines a convolution.
func (in *Input) search(ctx context.Context, budget, over design.Vec, effort int, try func(p *problem, rough bool) error) error {
	for engines := hw.MaxGangs; ; {
		p, rough, err := newSearchProblem(ctx, in, budget, over, effort, engines)
		if err == nil {
			err = try(p, rough)
		}
		over := (*LimitError)(nil)
		if !errors.As(err, &over) || over.engines <= 1 {
			return err
		}
		engines = over.engines / 2
		in.Log(fmt.Sprintf("too many processes: again with at most %d engines a convolution", engines))
	}
}

// newSearchProblem enumerates the hardware of every layer within the budget, at most so many engines a convolution, and, where
// nothing has to be cut down, choices within over as well, which only explain; rough tells whether a rough model has cut the
// choices down, as it does where there are more questions to ask an estimator than effort.
func newSearchProblem(ctx context.Context, in *Input, budget, over design.Vec, effort, engines int) (p *problem, rough bool, err error) {
	in.Log("enumerating hardware choices")
	sp, err := newSpace(in, budget, engines)
	if err != nil {
		return nil, false, err
	}
	if sp.effort() <= effort {
		sp.over = over
	} else {
		if in.Asks() {
			sp.near, err = sp.focusAsked(ctx, in)
		} else {
			sp.near, err = sp.focus(ctx, in.clocking(), in.Objective == design.Throughput, in.Near)
		}
		if err != nil {
			return nil, false, err
		}
		in.Log("estimating the choices near the rate")
	}
	if p, err = sp.problem(ctx); err != nil || sp.near == nil {
		return p, false, err
	}
	p.beamWidth = wideBeam
	for range roughWiden {
		ts := p.rates()
		if v, _, err := p.fits(ctx, ts[len(ts)-1], in.Effort); v == possible || sp.near.nothing || err != nil {
			return p, true, err
		}
		if err := sp.widen(ctx); err != nil {
			return nil, false, err
		}
		if p, err = sp.problem(ctx); err != nil {
			return nil, false, err
		}
		p.beamWidth = wideBeam
	}
	return p, true, nil
}

// found is a solved problem.
type found struct {
	x       []pick
	rate    rate    // of the untightened problem's search; zero if nothing fits
	bound   float64 // latency objective: proved least latency
	network *hw.Network
	fifos   []design.FIFO
}

// tightenings bounds how often the budget is lowered because measured FIFOs cost more than
// the search assumed.
const tightenings = 6

// clockHope is the factor by which a design may be faster than the limit that it was looked for with: one that takes more cycles is
// less full.
const clockHope = 1.08

// swiftest finds the most images per second within the budget, at the clock that chooseClock takes.
func (p *problem) swiftest(ctx context.Context, in *Input) (rate, error) {
	first, err := p.fastest(ctx, in.Effort, 0, nil)
	if err != nil || first.x == nil {
		return first, err
	}
	c := in.clocking()
	// The clock of a choice is that of the one of the same rate that takes least, since a part that is less full is faster.
	lean := func(r rate) (rate, error) {
		x, err := p.least(ctx, r.cycles, r.x, in.Least, in.Effort/16)
		r.x = x
		return r, err
	}
	if first, err = lean(first); err != nil {
		return first, err
	}
	e, err := p.estimate(c, first.x)
	if err != nil {
		return first, err
	}
	return p.chooseClock(ctx, c, first, e, trader{
		least: func(ctx context.Context, below float64) (rate, error) {
			if below <= 0 {
				return p.fastest(ctx, in.Effort, 0, nil)
			}
			v, x, err := p.fits(ctx, below*(1-derive.FloatError), in.Effort/4)
			if err != nil || v != possible {
				return rate{}, err
			}
			r, err := p.fastest(ctx, in.Effort, p.cycles(x), x)
			if err != nil {
				return rate{}, err
			}
			return lean(r)
		},
		clock: func(x []pick) (float64, error) {
			e, err := p.estimate(c, x)
			if err != nil {
				return 0, err
			}
			return e.Modules, nil
		},
		hope: clockHope, worth: 1,
	})
}

// estimate is the clock of a choice whose FIFOs have not been sized.
func (p *problem) estimate(c *derive.Clocking, x []pick) (*derive.Estimate, error) {
	n, err := hw.Expand(p.net, p.hardware(x), nil)
	if err != nil {
		return nil, err
	}
	total, _ := p.total(x)
	return c.Of(n, total.Resources())
}

// solve runs the search and the FIFO sizing until the exact total fits and the clock that was asked for is reached.
func (p *problem) solve(ctx context.Context, in *Input, budget design.Vec) (*found, error) {
	f, hurry := &found{}, 1.0
	for round := range tightenings {
		search := p.swiftest
		switch {
		case in.Asks():
			search = func(ctx context.Context, in *Input) (rate, error) { return p.wanted(ctx, in, hurry, round > 0) }
		case round > 0: // the clock is chosen
			search = func(ctx context.Context, in *Input) (rate, error) { return p.fastest(ctx, in.Effort, 0, nil) }
		}
		r, err := search(ctx, in)
		if err != nil {
			return nil, err
		}
		if round == 0 {
			f.rate = r
		}
		switch {
		case in.Asks() && r.x == nil:
			return nil, &AskedError{in.Asked}
		case in.Asks():
			f.x = r.x
		case r.x == nil:
			p.setLimit(derive.AnyPath)
			p.setBudget(budget)
			if f.x, err = p.smallest(ctx); err != nil {
				return nil, err
			}
			f.rate = rate{}
		case in.Objective == design.Latency:
			if f.x, f.bound, err = p.quickest(ctx, r, in.Effort/latencySteps); err != nil {
				return nil, err
			}
		default:
			// At the rate found, the design that takes least.
			if f.x, err = p.least(ctx, r.cycles, r.x, in.Least, in.Effort/4); err != nil {
				return nil, err
			}
		}
		if err := checkDesign(p.net, p.hardware(f.x), in.Target); err != nil {
			return nil, err
		}
		in.Log("sizing FIFOs")
		if f.network, f.fifos, err = fifo.Size(ctx, p.net, p.hardware(f.x), p.extra); err != nil {
			return nil, err
		}
		if r.x == nil {
			return f, nil
		}
		total := p.model.Total(f.network)
		e, err := in.clocking().Of(f.network, total.Resources())
		if err != nil {
			return nil, err
		}
		if missed := in.Clock / e.Modules; missed > 1+derive.FloatError {
			if round == tightenings-1 {
				return nil, &ClockError{Choice: e.Limits(), Asked: in.Clock, MHz: e.Modules, Kind: e.Kind}
			}
			p.setLimit(derive.Path{RTL: p.limit.RTL / missed, HLS: p.limit.HLS})
		}
		missed := p.missed(in, f.x, &e.Clock)
		over := total.Sub(budget)
		if over.Within(design.Vec{}) && in.clocking().Reached(e) && missed <= 1+derive.FloatError {
			return f, nil
		}
		hurry *= max(1, missed)
		tight := p.budget
		for i := range over {
			if over[i] > 0 {
				tight[i] = max(0, tight[i]-over[i])
			}
		}
		p.setBudget(tight)
	}
	if in.Asks() {
		return nil, &AskedError{in.Asked}
	}
	f.rate = rate{}
	return f, nil
}

// predict fills in the cycles and rates.
func predictDesign(d *design.Design, p *problem, f *found) {
	pr := &d.Predicted
	for i, k := range f.x {
		o := &p.layers[i].classes[k.class].opts[k.opt]
		d.Costs[i].Cycles, d.Costs[i].CyclesCI = o.cycles/p.extra.Hurry[i], o.ci/p.extra.Hurry[i]
		if o.cycles > pr.CyclesPerImage {
			pr.CyclesPerImage, pr.CyclesCI, pr.Bottleneck = o.cycles, o.ci, d.Net.Layers[i].ID
		}
	}
	pr.LatencyCycles = p.latencyOf(f.x)
	pr.ImagesPerSecond = d.Clock.ImagesPerSecond(pr.CyclesPerImage)
	pr.Bound = pr.ImagesPerSecond
	if f.rate.bound > 0 {
		pr.Bound = d.Clock.ImagesPerSecond(min(f.rate.bound, pr.CyclesPerImage))
	}
	pr.Gap = pr.Bound/pr.ImagesPerSecond - 1
}
