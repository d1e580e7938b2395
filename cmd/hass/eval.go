package main

import (
	"fmt"
	"io"
	"strings"

	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/judge"
	"hass/internal/quant"
)

// evalCmd measures accuracy: by labels where they apply, of the integer network also by the float network.
type evalCmd struct {
	Model      string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Data       string `required:"" help:"Data set (TOML)." type:"path"`
	Profile    string `help:"Measure the integer network of this profile instead of float." type:"path"`
	Thresholds string `help:"Pruning thresholds (TOML); with --profile they replace the profile's." type:"path"`
	Images     int    `help:"Use the first N images only; 0 is all."`
	JSON       bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (evalCmd) Help() string {
	return "Example:\n  hass eval model.onnx --data test.toml\n  hass eval model.onnx --data test.toml --profile profile.json --json\n\n" +
		"Top-1 is measured of an output that is one vector of class scores per image; labels of a map's shape measure agreement or error.\n" +
		"With --profile the integer network is compared with the float network too: signal to noise of every output."
}

// evalResult is the JSON answer.
type evalResult struct {
	artifact.Header
	measured
	Measure judge.Measure `json:"measure"`          // by labels: top-1, agreement, error, or "" if none applies
	Output  string        `json:"output,omitempty"` // that is judged by labels
	Why     string        `json:"why"`              // that output, or no measure
	Images  int           `json:"images"`
	Bits    string        `json:"bits"` // "float", "16", "8" or "mixed"
	// Outputs compares the integer network with the float network, without thresholds.
	Outputs []judge.Fidelity `json:"outputs,omitempty"`

	set *dataset.Set // the images
}

// Run measures and prints.
func (c evalCmd) Run(e *env) error {
	if c.Images < 0 {
		return usage("--images %d: want a number of images, or 0 for all", c.Images)
	}
	var r evalResult
	var err error
	if c.Profile == "" {
		r, err = c.float(e)
	} else {
		r, err = c.integer(e)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		var err error
		if r.Header, err = answer("hass.eval", input{"model", c.Model}, input{"profile", c.Profile}, input{"thresholds", c.Thresholds}); err != nil {
			return err
		}
		if r.Inputs["dataset"], err = r.set.Hash(); err != nil {
			return err
		}
		return artifact.Encode(e.stdout, r)
	}
	return r.print(e.stdout)
}

// float judges the float network; without labels there is nothing to judge it by.
func (c evalCmd) float(e *env) (r evalResult, err error) {
	g, err := e.loadFloat(c.Model)
	if err != nil {
		return r, err
	}
	set, err := openSet(c.Data, g, c.Model)
	if err != nil {
		return r, err
	}
	set = set.Limit(c.Images)
	plan, err := judge.NewPlan(g, set)
	if err != nil {
		return r, err
	}
	if set.Labels() == dataset.NoLabels {
		return r, fmt.Errorf("nothing to judge the float network by: %s", plan.Why)
	}
	if c.Thresholds != "" {
		t, err := quant.LoadThresholds(c.Thresholds)
		if err != nil {
			return r, err
		}
		if g, err = t.Apply(g); err != nil {
			return r, fmt.Errorf("%s: %w", c.Thresholds, err)
		}
	}
	r = newEvalResult(plan, set, "float")
	if plan.Measure == "" {
		// A model that cannot run is not told what would measure it.
		_, err := judge.NewFloat(g, plan.Outputs)
		return r, err
	}
	score, err := e.judgeFloat(g, set, plan, "float")
	if err != nil {
		return r, err
	}
	r.measured = measure(plan, score)
	return r, nil
}

// integer judges the integer network by labels, if there are any for its outputs, and by the float network.
func (c evalCmd) integer(e *env) (r evalResult, err error) {
	cal, err := e.loadCalibrated(c.Model, c.Profile, c.Thresholds)
	if err != nil {
		return r, err
	}
	set, err := openSet(c.Data, cal.graph, c.Model)
	if err != nil {
		return r, err
	}
	set = set.Limit(c.Images)
	plan, err := judge.NewPlan(cal.graph, set)
	if err != nil {
		return r, err
	}
	j, err := e.judgeBoth(cal.graph, cal.net, set, plan, "integer")
	if err != nil {
		return r, err
	}
	r = newEvalResult(plan, set, cal.profile.Bits)
	r.measured, r.Outputs = measure(plan, j.integer), j.outputs
	return r, nil
}

func newEvalResult(plan *judge.Plan, set *dataset.Set, bits string) evalResult {
	r := evalResult{Measure: plan.Measure, Why: plan.Why, Images: set.Len(), Bits: bits, set: set}
	if plan.Measure != "" {
		r.Output = plan.Outputs[plan.Judged].Name
	}
	return r
}

func (r *evalResult) print(w io.Writer) error {
	var b strings.Builder
	if r.Measure == "" {
		fmt.Fprintln(&b, r.Why)
	} else {
		fmt.Fprintf(&b, "%s  (%d images, %s, %s)\n", r.measured, r.Images, r.Bits, r.Why)
	}
	if r.Outputs != nil {
		fmt.Fprintf(&b, "against the float network (%d images, %s): signal to noise of every output\n", r.Images, r.Bits)
		printOutputs(&b, "  ", r.Outputs)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
