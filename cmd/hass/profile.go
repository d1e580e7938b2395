package main

import (
	"fmt"
	"path/filepath"

	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/quant"
	"hass/internal/steps"
	"hass/sparsity"
)

// profileFlags are the choices that both profile and build offer.
type profileFlags struct {
	Bits       int    `help:"Default width of weights and activations, 2..16." default:"16"`
	Widths     string `help:"Per-layer widths (TOML, see docs/formats.md)." type:"path"`
	Thresholds string `help:"Pruning thresholds tau_w and tau_a per layer (TOML, see docs/formats.md)." type:"path"`
	Seed       int64  `help:"Seed of the samples." default:"1"`
}

func (f profileFlags) numerics() steps.Numerics {
	return steps.Numerics{Bits: f.Bits, Widths: f.Widths, Thresholds: f.Thresholds, Seed: f.Seed}
}

// options are the flags as sparsity wants them. The files that they name are read
// and checked against the model.
func (f profileFlags) options(g *graph.Graph) (opt sparsity.Options, err error) {
	opt = sparsity.Options{Bits: f.Bits, Seed: f.Seed}
	if f.Bits < 2 || f.Bits > fixed.MaxBits {
		return opt, usage("--bits %d: widths lie in 2..%d", f.Bits, fixed.MaxBits)
	}
	if f.Widths != "" {
		if opt.Widths, err = quant.LoadWidths(f.Widths); err != nil {
			return opt, err
		}
		if err := opt.Widths.Check(g); err != nil {
			return opt, fmt.Errorf("%s: %w", f.Widths, err)
		}
	}
	if f.Thresholds != "" {
		if opt.Thresholds, err = quant.LoadThresholds(f.Thresholds); err != nil {
			return opt, err
		}
		if _, err := opt.Thresholds.Resolve(g); err != nil {
			return opt, fmt.Errorf("%s: %w", f.Thresholds, err)
		}
	}
	return opt, nil
}

// profileCmd calibrates a model.
type profileCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	Data  string `required:"" help:"Calibration data set (TOML)." type:"path"`
	profileFlags
	Output string `short:"o" default:"profile.json" help:"Profile to write; side files stand beside it." type:"path"`
	JSON   bool   `help:"Print the profile as JSON instead of a table."`
}

// Help is the example shown by --help.
func (profileCmd) Help() string {
	return "Example:\n  hass profile model.onnx --data calib.toml --bits 16 -o profile.json"
}

// Run measures, writes the profile, and prints the table.
func (c profileCmd) Run(e *env) error {
	if err := writable(c.Output, c.Model, c.Data, c.Widths, c.Thresholds); err != nil {
		return err
	}
	g, err := e.loadModel(c.Model)
	if err != nil {
		return err
	}
	opt, err := c.options(g)
	if err != nil {
		return err
	}
	set, err := openSet(c.Data, g, c.Model)
	if err != nil {
		return err
	}
	if err := apart(sparsity.Files(c.Output), modelFiles(g), set.Files(), []string{c.Widths, c.Thresholds}); err != nil {
		return err
	}
	m, err := e.profile(g, c.Model, set, opt, c.Output)
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, m.Profile)
	}
	return sparsity.Table(e.stdout, m.Profile)
}

// profile is the step that profile and build share. It warns of what loses its range.
func (e *env) profile(g *graph.Graph, model string, set *dataset.Set, opt sparsity.Options, output string) (*sparsity.Measurement, error) {
	hash, err := artifact.HashFile(model)
	if err != nil {
		return nil, err
	}
	opt.Progress, opt.Model, opt.ModelHash = e.progress("profile"), filepath.Base(model), hash
	m, err := sparsity.Measure(e.ctx, g, set, opt)
	if err != nil {
		return nil, err
	}
	if err := sparsity.Write(e.ctx, m, output); err != nil {
		return nil, err
	}
	for _, w := range m.Profile.Fidelity.Warnings(filepath.Base(output)) {
		e.warn(w)
	}
	return m, nil
}
