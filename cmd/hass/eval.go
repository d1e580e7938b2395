package main

import (
	"fmt"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/metrics"
	"hass/internal/quant"
)

// evalCmd measures accuracy.
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
	return "Example:\n  hass eval model.onnx --data test.toml\n  hass eval model.onnx --data test.toml --profile profile.json --json"
}

// evalResult is the JSON answer; Top1 and Top5 are fractions.
type evalResult struct {
	Top1   float64 `json:"top1"`
	Top5   float64 `json:"top5"`
	Images int     `json:"images"`
	Bits   string  `json:"bits"` // "float", "16", "8" or "mixed"
}

// Run measures and prints.
func (c evalCmd) Run(e *env) error {
	if c.Images < 0 {
		return fmt.Errorf("--images %d: want a number of images, or 0 for all", c.Images)
	}
	var acc metrics.Accuracy
	bits := "float"
	if c.Profile == "" {
		g, err := frontend.Load(c.Model)
		if err != nil {
			return err
		}
		set, err := openSet(c.Data, g, c.Model)
		if err != nil {
			return err
		}
		if c.Thresholds != "" {
			t, err := quant.LoadThresholds(c.Thresholds)
			if err != nil {
				return err
			}
			if g, err = t.Apply(g); err != nil {
				return fmt.Errorf("%s: %w", c.Thresholds, err)
			}
		}
		if acc, err = e.accuracyFloat(g, set.Limit(c.Images), "float"); err != nil {
			return err
		}
	} else {
		cal, err := loadCalibrated(c.Model, c.Profile, c.Thresholds)
		if err != nil {
			return err
		}
		set, err := openSet(c.Data, cal.graph, c.Model)
		if err != nil {
			return err
		}
		bits = cal.profile.Bits
		if acc, err = e.accuracyInteger(cal.net, set.Limit(c.Images), "integer"); err != nil {
			return err
		}
	}
	r := evalResult{acc.Top1(), acc.Top5(), acc.Images, bits}
	if c.JSON {
		return artifact.Encode(e.stdout, r)
	}
	_, err := fmt.Fprintf(e.stdout, "top-1 %.2f %%  top-5 %.2f %%  (%d images, %s)\n", 100*r.Top1, 100*r.Top5, r.Images, r.Bits)
	return err
}
