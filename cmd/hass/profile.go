package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"hass/internal/artifact"
	"hass/internal/quant"
	"hass/internal/steps"
	"hass/sparsity"
)

// profileFlags are the options that both profile and build offer.
type profileFlags struct {
	Bits       bits     `help:"Default width of weights and activations, 2..16; or auto: the widest of --candidates, with the width of each layer's weights chosen to save most within --loss." default:"16" placeholder:"16|auto"`
	Loss       *float64 `help:"With --bits auto: largest loss allowed on the calibration images, in points of top-1 (by default 1), or in percent of noise for outputs without classes." placeholder:"POINTS"`
	Candidates []int    `help:"With --bits auto: the widths of weights to choose from (by default 8,6,4)." placeholder:"BITS,..."`
	Widths     string   `help:"Per-layer widths (TOML, see docs/formats.md)." type:"path"`
	Thresholds string   `help:"Pruning thresholds tau_w and tau_a per layer (TOML, see docs/formats.md)." type:"path"`
	Scales     string   `help:"Steps of weights and values of up to 8 bits: free (a convolution multiplies its sums by an integer per output channel) or power-of-two (it shifts)." enum:"free,power-of-two" default:"free"`
	Seed       int64    `help:"Seed of the samples." default:"1"`
	Requantise bool     `help:"Drop the model's own quantisers and calibrate it like a float model."`
}

// bits is a width in bits, or auto.
type bits int

const auto bits = 0

// UnmarshalText reads a width or the word auto.
func (b *bits) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*b = auto
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		return fmt.Errorf("%.20q: want a width in bits, or auto", text)
	}
	if *b = bits(n); *b == auto {
		return errors.New("bits 0: widths lie in 2..16; auto chooses them")
	}
	return nil
}

// Validate refuses flags that need --bits auto without it.
func (f profileFlags) Validate() error {
	switch {
	case f.Bits == auto:
		return nil
	case f.Loss != nil:
		return errors.New("--loss is what --bits auto may lose: give --bits auto as well")
	case len(f.Candidates) > 0:
		return errors.New("--candidates are what --bits auto chooses from: give --bits auto as well")
	}
	return nil
}

func (f profileFlags) numerics() steps.Numerics {
	n := steps.Numerics{Bits: int(f.Bits), Widths: f.Widths, Thresholds: f.Thresholds, Scales: quant.Scales(f.Scales), Seed: f.Seed}
	if f.Requantise {
		n.Quantisers = quant.Dropped
	}
	if f.Bits == auto {
		a := steps.DefaultAuto()
		if f.Loss != nil {
			a.Loss = *f.Loss
		}
		if len(f.Candidates) > 0 {
			a.Candidates = f.Candidates
		}
		n.Auto = &a
	}
	return n
}

// profileCmd calibrates a model.
type profileCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Data string `required:"" help:"Calibration data set (TOML)." type:"path"`
	profileFlags
	Output string `short:"o" default:"profile.json" help:"Profile to write; side files go into the same folder." type:"path"`
	JSON   bool   `help:"Print the profile as JSON instead of a table."`
}

// Help is the example shown by --help.
func (profileCmd) Help() string {
	return "Example:\n  hass profile model.onnx --data calib.toml --bits 16 -o profile.json\n  hass profile model.onnx --data calib.toml --bits auto --loss 0.5 -o profile.json\n\n" +
		"--bits auto fits on one half of the images and judges on the other. It lowers the weights of single layers, measures the divergence\n" +
		"of the outputs, and takes the steps that save most bit operations per divergence while the network loses no more than --loss."
}

// Run profiles the model and prints the table of layers.
func (c profileCmd) Run(e *env) error {
	m, err := steps.Profile(e.ctx, steps.ProfileOptions{Model: c.Model, Shapes: c.shapes(), Data: c.Data, Numerics: c.numerics(), Output: c.Output}, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, m.Profile)
	}
	if err := sparsity.Table(e.stdout, m.Profile); err != nil || m.Profile.Auto == nil {
		return err
	}
	if _, err := io.WriteString(e.stdout, "\n"); err != nil {
		return err
	}
	return m.Profile.Auto.Print(e.stdout)
}
