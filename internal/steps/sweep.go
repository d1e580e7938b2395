package steps

import (
	"context"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/steps/advice"
	"hass/optimizer/ask"
)

// SweepOptions direct Sweep.
type SweepOptions struct {
	Model   string          // ONNX
	Shapes  frontend.Shapes // of inputs whose dimensions the model leaves open
	Profile string          // of the model
	Hardware
	Shares []float64 // of the budget, one after the other; nil is DefaultSweep
}

// DefaultSweep are the shares of the budget that a sweep asks about.
func DefaultSweep() []float64 { return []float64{0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1} }

// SweepResult is rate against budget.
type SweepResult struct {
	artifact.Header
	Model    string           `json:"model"`
	Platform string           `json:"platform"`
	Bits     string           `json:"bits"`
	Budget   design.Resources `json:"budget"` // all of it
	Points   []ask.Point      `json:"points"`
}

// Sweep finds the design that Optimize finds for every share of a platform's budget, and writes none. It is of the best rates, or
// latencies. A rate or latency asked for (Hardware.ImagesPerSecond, Latency) is an error, and so is a share of the budget.
func Sweep(ctx context.Context, o SweepOptions, rep Reporter) (*SweepResult, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	switch {
	case o.ImagesPerSecond != 0 || o.Latency != 0:
		return nil, badOption("--sweep shows the best rate of every budget: it goes with neither --images-per-second nor --latency")
	case o.BudgetShare != design.DefaultBudget:
		return nil, badOption("--sweep goes through the shares of the budget itself: leave --budget-share out")
	case o.Regions:
		return nil, badOption("--sweep is of the budget of the whole device: leave --slr out")
	case o.Profile == "":
		return nil, badOption("--sweep is of a profile; none is named")
	}
	o.BudgetShare = design.WholeBudget
	if o.Shares == nil {
		o.Shares = DefaultSweep()
	}
	cal, err := LoadCalibrated(CalibratedFiles{Model: o.Model, Profile: o.Profile, Shapes: o.Shapes}, rep)
	if err != nil {
		return nil, err
	}
	platform, err := design.LoadPlatform(o.Platform)
	if err != nil {
		return nil, err
	}
	if err := o.checkClock(platform); err != nil {
		return nil, err
	}
	in, quick, err := question(cal, platform, o.Hardware)
	if err != nil {
		return nil, err
	}
	r := &SweepResult{Header: artifact.NewHeader("hass.sweep", 1, in.Inputs), Model: in.Model, Platform: platform.Name, Bits: in.Bits, Budget: in.Shares.Budget(platform.Free())}
	for _, share := range o.Shares {
		rep.stage("sweep", "%g %% of the budget", 100*share)
		p, err := ask.At(ctx, in, quick, share)
		if err != nil {
			return nil, advice.WayOut(err, o.choices())
		}
		r.Points = append(r.Points, p)
	}
	return r, nil
}
