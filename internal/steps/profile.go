package steps

import (
	"context"
	"fmt"
	"path/filepath"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/sparsity"
)

// Numerics are the choices of a profile.
type Numerics struct {
	Bits       int          // default width of weights and activations, 2..16
	Widths     string       // file of per-layer widths, or ""
	Thresholds string       // file of pruning thresholds, or ""
	Scales     quant.Scales // what steps there are to choose from, of up to 8 bits
	Seed       int64        // of the samples
	// Quantisers says what becomes of the model's own.
	Quantisers quant.Quantisers
}

// DefaultNumerics are the command line's defaults.
func DefaultNumerics() Numerics {
	return Numerics{Bits: fixed.MaxBits, Scales: quant.FreeScales, Seed: 1}
}

// options are the numerics as sparsity wants them. The files that they name are read
// and checked against the model.
func (n Numerics) options(g *graph.Graph) (opt sparsity.Options, err error) {
	opt = sparsity.Options{Bits: n.Bits, Scales: n.Scales, Seed: n.Seed, Quantisers: n.Quantisers}
	if n.Bits < 2 || n.Bits > fixed.MaxBits {
		return opt, badOption("--bits %d: widths lie in 2..%d", n.Bits, fixed.MaxBits)
	}
	if n.Scales != quant.PowersOfTwo && n.Scales != quant.FreeScales {
		return opt, badOption("--scales %s: want %s or %s", n.Scales, quant.FreeScales, quant.PowersOfTwo)
	}
	if n.Widths != "" {
		if opt.Widths, err = settings.LoadWidths(n.Widths); err != nil {
			return opt, err
		}
		if err := quant.CheckWidths(opt.Widths, g); err != nil {
			return opt, fmt.Errorf("%s: %w", n.Widths, err)
		}
	}
	if n.Thresholds != "" {
		if opt.Thresholds, err = settings.LoadThresholds(n.Thresholds); err != nil {
			return opt, err
		}
		if _, err := opt.Thresholds.Resolve(g); err != nil {
			return opt, fmt.Errorf("%s: %w", n.Thresholds, err)
		}
	}
	return opt, nil
}

// ProfileOptions direct Profile.
type ProfileOptions struct {
	Model  string          // ONNX
	Shapes frontend.Shapes // of inputs whose dimensions the model leaves open
	Data   string          // calibration data set (TOML)
	Numerics
	Output string // the profile to write; its side files stand beside it
}

// Profile calibrates a model: binary points, zeros, bitmaps. It warns of values that lose their range.
func Profile(ctx context.Context, o ProfileOptions, rep Reporter) (*sparsity.Measurement, error) {
	if err := writable(o.Output, o.Model, o.Data, o.Widths, o.Thresholds); err != nil {
		return nil, err
	}
	_, g, err := loadAs(o.Model, o.Quantisers, rep, o.Shapes)
	if err != nil {
		return nil, err
	}
	opt, err := o.options(g)
	if err != nil {
		return nil, err
	}
	set, err := openSet(o.Data, g, o.Model)
	if err != nil {
		return nil, err
	}
	if err := apart(sparsity.Files(o.Output), modelFiles(g), set.Files(), []string{o.Widths, o.Thresholds}); err != nil {
		return nil, err
	}
	if err := ownSides(o.Output, sparsity.Files(o.Output)); err != nil {
		return nil, err
	}
	return profile(ctx, calibration{g, o.Model, o.Shapes, set, opt}, o.Output, rep)
}

// calibration is what a profile is made of.
type calibration struct {
	graph  *graph.Graph
	model  string // its file
	shapes frontend.Shapes
	set    *dataset.Set
	opt    sparsity.Options
}

// profile measures and writes.
func profile(ctx context.Context, c calibration, output string, rep Reporter) (*sparsity.Measurement, error) {
	hash, err := artifact.HashFile(c.model)
	if err != nil {
		return nil, err
	}
	rep.warnOf(c.model, quant.Warnings(c.graph))
	opt := c.opt
	opt.Progress, opt.Model, opt.ModelHash = rep.track(TaskProfile), filepath.Base(c.model), hash
	m, err := sparsity.Measure(ctx, c.graph, c.set, opt)
	if err != nil {
		return nil, err
	}
	if len(c.shapes) > 0 {
		m.Profile.InputShapes = c.shapes
	}
	if err := sparsity.Write(ctx, m, output); err != nil {
		return nil, err
	}
	for _, w := range m.Profile.Fidelity.Warnings(filepath.Base(output)) {
		rep.warn(w)
	}
	return m, nil
}
