package steps

import (
	"context"
	"fmt"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/judge"
	"hass/internal/metrics"
	"hass/internal/settings"
)

// EvalOptions are the options of Eval.
type EvalOptions struct {
	Model      string          // ONNX
	Shapes     frontend.Shapes // of inputs whose dimensions the model leaves open
	Data       string          // data set (TOML)
	Profile    string          // profile whose integer network is measured; "" measures the float network
	Thresholds string          // file of pruning thresholds, or ""; with a profile they replace its own
	Images     int             // the first images only; 0 is all
}

// EvalResult is the accuracy of a network on a data set.
type EvalResult struct {
	Figures
	Measure judge.Measure `json:"measure"`          // by labels: top-1, agreement, error, or "" if none applies
	Output  string        `json:"output,omitempty"` // the output judged by labels
	Why     string        `json:"why"`              // the reason for that output, or for measuring none
	Images  int           `json:"images"`
	Bits    string        `json:"bits"` // "float", "16", "8" or "mixed"
	// Outputs compares the integer network with the float network, without thresholds.
	Outputs []judge.Fidelity `json:"outputs,omitempty"`
	// Lost is the share of right answers that the integer network loses against the float network. It is nil without labels for
	// top-1, and for the float network.
	Lost *metrics.Interval `json:"lost,omitempty"`

	Set *dataset.Set `json:"-"` // the images
}

// Eval measures accuracy by labels where they apply, and that of the integer network also against the float network.
func Eval(ctx context.Context, o EvalOptions, rep Reporter) (*EvalResult, error) {
	if o.Images < 0 {
		return nil, badOption("--images %d: want a number of images, or 0 for all", o.Images)
	}
	if o.Profile == "" {
		return evalFloat(ctx, o, rep)
	}
	return evalInteger(ctx, o, rep)
}

// evalFloat judges the float network by labels; without labels it is an error.
func evalFloat(ctx context.Context, o EvalOptions, rep Reporter) (*EvalResult, error) {
	g, err := LoadFloat(o.Model, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	set, err := openSet(o.Data, g, o.Model)
	if err != nil {
		return nil, err
	}
	if set, err = first(set, "--images", o.Images); err != nil {
		return nil, err
	}
	plan, err := judge.NewPlan(g, set)
	if err != nil {
		return nil, err
	}
	if set.Labels() == dataset.NoLabels {
		return nil, fmt.Errorf("nothing to judge the float network by: %s", plan.Why)
	}
	if o.Thresholds != "" {
		t, err := settings.LoadThresholds(o.Thresholds)
		if err != nil {
			return nil, err
		}
		if g, err = t.Apply(g); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Thresholds, err)
		}
	}
	r := newEvalResult(plan, set, "float")
	if plan.Measure == "" {
		// Check first that the model can run: otherwise a hint about labels would be no use.
		if _, err := judge.NewFloat(g, plan.Outputs); err != nil {
			return nil, err
		}
		return r, nil
	}
	score, err := judgeFloat(ctx, trial{g, set, plan}, rep.track(TaskFloat))
	if err != nil {
		return nil, err
	}
	r.Figures = measure(plan, score)
	return r, nil
}

// evalInteger judges the integer network by labels, if there are any for its outputs, and against the float network.
func evalInteger(ctx context.Context, o EvalOptions, rep Reporter) (*EvalResult, error) {
	cal, err := LoadCalibrated(CalibratedFiles{Model: o.Model, Profile: o.Profile, Thresholds: o.Thresholds, Shapes: o.Shapes}, rep)
	if err != nil {
		return nil, err
	}
	set, err := openSet(o.Data, cal.Graph, o.Model)
	if err != nil {
		return nil, err
	}
	if set, err = first(set, "--images", o.Images); err != nil {
		return nil, err
	}
	plan, err := judge.NewPlan(cal.Graph, set)
	if err != nil {
		return nil, err
	}
	j, err := judgeBoth(ctx, trial{cal.Float, set, plan}, cal.Net, rep.track(TaskInteger))
	if err != nil {
		return nil, err
	}
	r := newEvalResult(plan, set, cal.Profile.Bits)
	r.Figures, r.Outputs = measure(plan, j.integer), j.outputs
	if plan.Measure == judge.Top1 {
		lost := metrics.Drop(j.integer.Right, j.float.Right)
		r.Lost = &lost
	}
	return r, nil
}

func newEvalResult(plan *judge.Plan, set *dataset.Set, bits string) *EvalResult {
	r := &EvalResult{Measure: plan.Measure, Why: plan.Why, Images: set.Len(), Bits: bits, Set: set}
	if plan.Measure != "" {
		r.Output = plan.Outputs[plan.Judged].Name
	}
	return r
}
