package search

import (
	"errors"
	"fmt"
	"math"

	"hass/internal/userfile"
	"hass/optimizer/search/sampler"
)

// Objective holds the weights and limits of a search. The weighted sum is that of HASS (FPL 2024): accuracy, sparsity and
// throughput count positively, DSPs negatively. Each term is about 1:
//
//	accuracy    right answers, as a share of those of the unpruned network
//	sparsity    share of the products that have a zero factor
//	throughput  images per second, as a share of those of the unpruned network
//	dsp         DSPs, as a share of those of the unpruned network's design
type Objective struct {
	Accuracy   float64 `toml:"accuracy" json:"accuracy"`
	Sparsity   float64 `toml:"sparsity" json:"sparsity"`
	Throughput float64 `toml:"throughput" json:"throughput"`
	DSP        float64 `toml:"dsp" json:"dsp"`

	// Loss is the share of right answers that may be lost: 0.01 is one point.
	Loss float64 `toml:"loss" json:"loss"`
	// Hopeless is the divergence, in nats, above which a trial is stopped before its hardware is rated.
	Hopeless float64 `toml:"hopeless" json:"hopeless"`
	// Blind hides the hardware from samplers: throughput and DSPs have no weight, and samplers of several
	// objectives get divergence and sparsity only.
	Blind bool `toml:"blind" json:"blind"`
}

// DefaultObjective weights one point of accuracy like a tenth of the throughput.
func DefaultObjective() Objective {
	return Objective{Accuracy: 10, Sparsity: 1, Throughput: 1, DSP: 1, Loss: 0.01, Hopeless: 0.7}
}

// maxObjective bounds an objective file in bytes.
const maxObjective = 1 << 16

// LoadObjective reads an objective from TOML; missing keys have their defaults. See docs/formats.md.
func LoadObjective(path string) (Objective, error) {
	o := DefaultObjective()
	text, err := userfile.Read(path, maxObjective)
	if err != nil {
		return o, fmt.Errorf("objective: %w", err)
	}
	md, err := userfile.DecodeTOML(text, &o)
	if err != nil {
		return o, fmt.Errorf("%s: %w", path, err)
	}
	var errs []error
	for _, k := range md.Undecoded() {
		errs = append(errs, fmt.Errorf("unknown key %q; the keys are accuracy, sparsity, throughput, dsp, loss, hopeless, blind", k.String()))
	}
	errs = append(errs, o.check())
	if err := errors.Join(errs...); err != nil {
		return o, fmt.Errorf("%s: %w", path, err)
	}
	return o, nil
}

func (o Objective) check() error {
	for _, v := range []struct {
		key   string
		value float64
	}{{"accuracy", o.Accuracy}, {"sparsity", o.Sparsity}, {"throughput", o.Throughput}, {"dsp", o.DSP}} {
		if !(v.value >= 0) || math.IsInf(v.value, 0) {
			return fmt.Errorf("%s = %g: a weight is a number of at least 0", v.key, v.value)
		}
	}
	if !(o.Loss > 0 && o.Loss < 1) {
		return fmt.Errorf("loss = %g: want a share of the right answers above 0 and below 1", o.Loss)
	}
	if !(o.Hopeless > 0) {
		return fmt.Errorf("hopeless = %g: want a divergence above 0", o.Hopeless)
	}
	return nil
}

// Value is the weighted sum of a trial for samplers: less is better.
func (o Objective) Value(t, base *Outcome) float64 {
	v := o.Accuracy*ratio(t.Top1, base.Top1) + o.Sparsity*t.Sparsity
	if !o.Blind {
		v += o.Throughput*ratio(t.ImagesPerSecond, base.ImagesPerSecond) -
			o.DSP*ratio(float64(t.Resources.DSP), float64(base.Resources.DSP))
	}
	return -v
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// Objectives are the objectives of a trial; less is better in each. They are divergence, time per image and DSPs
// (the last two as shares of the unpruned network's); with Blind, divergence and the share of remaining products.
func (o Objective) Objectives(t, base *Outcome) []float64 {
	if o.Blind {
		return []float64{t.Divergence, 1 - t.Sparsity}
	}
	return []float64{t.Divergence, ratio(base.ImagesPerSecond, t.ImagesPerSecond), ratio(float64(t.Resources.DSP), float64(base.Resources.DSP))}
}

// trial converts an outcome for package sampler.
func (o Objective) trial(number int, x []float64, t, base *Outcome) sampler.Trial {
	s := sampler.Trial{Number: number, X: x}
	if t.Stopped == stoppedHopeless || !t.Fits {
		s.Infeasible, s.Value = true, t.Divergence
		s.Objectives = []float64{t.Divergence, math.Inf(1), math.Inf(1)}
		if o.Blind {
			s.Objectives = s.Objectives[:2]
		}
		return s
	}
	s.Value, s.Objectives = o.Value(t, base), o.Objectives(t, base)
	return s
}
