package steps

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/dataset"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/judge"
	"hass/internal/mixed"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/sparsity"
)

// Numerics are the choices of a profile: widths, thresholds, scales.
type Numerics struct {
	Bits       int          // default width of weights and activations, 2..16; ignored with Auto
	Auto       *Auto        // chooses the width of each layer's weights; nil takes the given widths
	Widths     string       // file of per-layer widths, or ""
	Thresholds string       // file of pruning thresholds, or ""
	Scales     quant.Scales // the steps to choose from for formats of up to 8 bits
	Seed       int64        // of the samples
	// Quantisers decides the treatment of the model's own quantisers.
	Quantisers quant.Quantisers
}

// Auto chooses the widths of weights by the loss of the network.
type Auto struct {
	Loss float64 // largest loss allowed on the calibration images, in points of top-1 or in the unit of mixed.Judges
	// Candidates are the widths to choose from, at least two, in any order. All
	// other numbers have the widest one.
	Candidates []int
}

// DefaultAuto are the command line's defaults.
func DefaultAuto() Auto { return Auto{Loss: 1, Candidates: []int{8, 6, 4}} }

// check refuses options with which no widths can be chosen.
func (a *Auto) check() error {
	if !(a.Loss >= 0) || math.IsInf(a.Loss, 0) {
		return badOption("--loss %g: want a number of points of at least 0", a.Loss)
	}
	for i, b := range a.Candidates {
		if b < 2 || b > fixed.MaxBits {
			return badOption("--candidates: %d bits; widths lie in 2..%d", b, fixed.MaxBits)
		}
		if slices.Contains(a.Candidates[:i], b) {
			return badOption("--candidates: %d stands there twice", b)
		}
	}
	if len(a.Candidates) < 2 {
		return badOption("--candidates: want at least two widths to choose from, such as 8,4; --bits N gives all weights one")
	}
	return nil
}

// DefaultNumerics are the command line's defaults.
func DefaultNumerics() Numerics {
	return Numerics{Bits: fixed.MaxBits, Scales: quant.FreeScales, Seed: 1}
}

// options converts the numerics to the options of sparsity. It reads the files that
// they name and checks them against the model.
func (n Numerics) options(g *graph.Graph) (opt sparsity.Options, err error) {
	opt = sparsity.Options{Bits: n.Bits, Scales: n.Scales, Seed: n.Seed, Quantisers: n.Quantisers}
	if n.Auto != nil {
		if err := n.Auto.check(); err != nil {
			return opt, err
		}
		opt.Bits = slices.Max(n.Auto.Candidates)
	} else if n.Bits < 2 || n.Bits > fixed.MaxBits {
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

// ProfileOptions are the options of Profile.
type ProfileOptions struct {
	Model  string          // ONNX
	Shapes frontend.Shapes // of inputs whose dimensions the model leaves open
	Data   string          // calibration data set (TOML)
	Numerics
	Output string // the profile to write; its side files go into the same folder
}

// Profile calibrates a model: binary points, zeros, bitmaps. It warns of values
// whose range the format does not cover.
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
	if err := artifact.OwnSides(o.Output, sparsity.Files(o.Output)); err != nil {
		return nil, err
	}
	return profile(ctx, calibration{g, o.Model, o.Shapes, set, opt, o.Auto}, o.Output, rep)
}

// calibration is the input of a profile.
type calibration struct {
	graph  *graph.Graph
	model  string // its file
	shapes frontend.Shapes
	set    *dataset.Set
	opt    sparsity.Options
	auto   *Auto
}

// profile measures the model and writes the profile.
func profile(ctx context.Context, c calibration, output string, rep Reporter) (*sparsity.Measurement, error) {
	hash, err := artifact.HashFile(c.model)
	if err != nil {
		return nil, err
	}
	rep.warnOf(c.model, quant.Warnings(c.graph))
	opt := c.opt
	var chosen *mixed.Report
	if c.auto != nil {
		if opt.Widths, chosen, err = c.widths(ctx, rep); err != nil {
			return nil, err
		}
	}
	opt.Progress, opt.Model, opt.ModelHash = rep.track(TaskProfile), filepath.Base(c.model), hash
	m, err := sparsity.Measure(ctx, c.graph, c.set, opt)
	if err != nil {
		return nil, err
	}
	if len(c.shapes) > 0 {
		m.Profile.InputShapes = c.shapes
	}
	m.Profile.Auto = chosen
	if err := sparsity.Write(ctx, m, output); err != nil {
		return nil, err
	}
	for _, w := range m.Profile.Fidelity.Warnings(filepath.Base(output)) {
		rep.warn(w)
	}
	return m, nil
}

// widths chooses the widths of weights.
func (c *calibration) widths(ctx context.Context, rep Reporter) (*settings.Widths, *mixed.Report, error) {
	plan, err := judge.NewPlan(c.graph, c.set)
	if err != nil {
		return nil, nil, err
	}
	if plan.Measure == "" || plan.Measure == judge.Error {
		by, err := mixed.Judges(plan)
		if err != nil {
			return nil, nil, err
		}
		rep.note(fmt.Sprintf("%s: no labels judge the widths; divergence from the float network does: --loss is %s", c.set.Path, by))
	}
	lo, hi := sparsity.InputRange(c.set)
	candidates := slices.Sorted(slices.Values(c.auto.Candidates))
	slices.Reverse(candidates)
	w, r, err := mixed.Search(ctx, c.graph, c.set, plan, mixed.Options{
		Quant: quant.Options{Bits: c.opt.Bits, Widths: c.opt.Widths, Thresholds: c.opt.Thresholds, Scales: c.opt.Scales,
			Quantisers: c.opt.Quantisers, InputMin: lo, InputMax: hi},
		Candidates: candidates, Loss: c.auto.Loss, Progress: rep.track(TaskWidths),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.model, err)
	}
	return w, r, nil
}
