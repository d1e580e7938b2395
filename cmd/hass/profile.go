package main

import (
	"hass/internal/artifact"
	"hass/internal/quant"
	"hass/internal/steps"
	"hass/sparsity"
)

// profileFlags are the choices that both profile and build offer.
type profileFlags struct {
	Bits       int    `help:"Default width of weights and activations, 2..16." default:"16"`
	Widths     string `help:"Per-layer widths (TOML, see docs/formats.md)." type:"path"`
	Thresholds string `help:"Pruning thresholds tau_w and tau_a per layer (TOML, see docs/formats.md)." type:"path"`
	Scales     string `help:"Steps of weights and values of up to 8 bits: free (a convolution multiplies its sums by an integer per output channel) or power-of-two (it shifts)." enum:"free,power-of-two" default:"free"`
	Seed       int64  `help:"Seed of the samples." default:"1"`
	Requantise bool   `help:"Drop the quantisers that the model brings and calibrate anew, as for a float model."`
}

func (f profileFlags) numerics() steps.Numerics {
	n := steps.Numerics{Bits: f.Bits, Widths: f.Widths, Thresholds: f.Thresholds, Scales: quant.Scales(f.Scales), Seed: f.Seed}
	if f.Requantise {
		n.Quantisers = quant.Dropped
	}
	return n
}

// profileCmd calibrates a model.
type profileCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Data string `required:"" help:"Calibration data set (TOML)." type:"path"`
	profileFlags
	Output string `short:"o" default:"profile.json" help:"Profile to write; side files stand beside it." type:"path"`
	JSON   bool   `help:"Print the profile as JSON instead of a table."`
}

// Help is the example shown by --help.
func (profileCmd) Help() string {
	return "Example:\n  hass profile model.onnx --data calib.toml --bits 16 -o profile.json"
}

// Run prints the table.
func (c profileCmd) Run(e *env) error {
	m, err := steps.Profile(e.ctx, steps.ProfileOptions{Model: c.Model, Shapes: c.shapes(), Data: c.Data, Numerics: c.numerics(), Output: c.Output}, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, m.Profile)
	}
	return sparsity.Table(e.stdout, m.Profile)
}
