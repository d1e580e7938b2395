package main

import (
	"fmt"
	"io"
	"strings"

	"hass/internal/artifact"
	"hass/internal/judge"
	"hass/internal/steps"
)

// evalCmd measures accuracy by labels where they apply, and that of the integer network also
// against the float network.
type evalCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Data       string `required:"" help:"Data set (TOML)." type:"path"`
	Profile    string `help:"Measure the integer network of this profile instead of float." type:"path"`
	Thresholds string `help:"Pruning thresholds (TOML); with --profile they replace the profile's." type:"path"`
	Images     int    `help:"Use the first N images only; 0 is all."`
	JSON       bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (evalCmd) Help() string {
	return "Example:\n  hass eval model.onnx --data test.toml\n  hass eval model.onnx --data test.toml --profile profile.json --json\n\n" +
		"Top-1 is measured for an output that is one vector of class scores per image; labels of a map's shape measure agreement or error.\n" +
		"With --profile the integer network is also compared with the float network, by the signal-to-noise ratio of every output."
}

// evalAnswer is the JSON answer.
type evalAnswer struct {
	artifact.Header
	*steps.EvalResult
}

// Run measures and prints.
func (c evalCmd) Run(e *env) error {
	r, err := steps.Eval(e.ctx, steps.EvalOptions{Model: c.Model, Shapes: c.shapes(), Data: c.Data, Profile: c.Profile, Thresholds: c.Thresholds, Images: c.Images}, e.reporter())
	if err != nil {
		return err
	}
	if !c.JSON {
		return printEval(e.stdout, r)
	}
	h, err := answer("hass.eval", input{"model", c.Model}, input{"profile", c.Profile}, input{"thresholds", c.Thresholds})
	if err != nil {
		return err
	}
	if h.Inputs["dataset"], err = r.Set.Hash(); err != nil {
		return err
	}
	return artifact.Encode(e.stdout, evalAnswer{h, r})
}

func printEval(w io.Writer, r *steps.EvalResult) error {
	var b strings.Builder
	if r.Measure == "" {
		fmt.Fprintln(&b, r.Why)
	} else {
		fmt.Fprintf(&b, "%s  (%d images, %s, %s)\n", r.Figures, r.Images, r.Bits, r.Why)
	}
	if r.Outputs != nil {
		fmt.Fprintf(&b, "against the float network (%d images, %s): signal to noise of every output\n", r.Images, r.Bits)
		printOutputs(&b, "  ", r.Outputs)
		if r.Lost != nil {
			fmt.Fprintf(&b, "  top-1 lost %.2f +- %.2f points (paired, 95 %%)\n", 100*r.Lost.Mean, 100*r.Lost.Half)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// shownOutputs bounds the outputs that a command names; all are in its JSON.
const shownOutputs = 16

// printOutputs lists the distance of each output from the float network's.
func printOutputs(w io.Writer, indent string, outs []judge.Fidelity) {
	for i := range outs[:min(len(outs), shownOutputs)] {
		fmt.Fprintf(w, "%s%s\n", indent, outs[i].String())
	}
	if n := len(outs) - shownOutputs; n > 0 {
		fmt.Fprintf(w, "%sand %d more (--json lists all)\n", indent, n)
	}
}
