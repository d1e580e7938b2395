package main

import (
	"fmt"

	"hass/internal/artifact"
	"hass/internal/steps"
)

// runCmd evaluates a model on arrays.
type runCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	Input   string `required:"" help:"Input images: .npy float32, N x C x H x W, or N x H x W x C if the model declares its input so." type:"path"`
	Output  string `required:"" help:"Output .npy (float32), images joined along the first axis. With several outputs, one file each: NAME.<output>.npy." type:"path"`
	Profile string `help:"Run the integer network of this profile instead of float." type:"path"`
	JSON    bool   `help:"Print the list of written files as JSON."`
}

// runAnswer is the JSON answer.
type runAnswer struct {
	artifact.Header
	*steps.RunResult
}

// Help is the example shown by --help.
func (runCmd) Help() string {
	return "Example:\n  hass run model.onnx --input x.npy --output y.npy\n  hass run model.onnx --profile profile.json --input x.npy --output y.npy"
}

// Run evaluates the model and lists the written files.
func (c runCmd) Run(e *env) error {
	r, err := steps.Run(e.ctx, steps.RunOptions{Model: c.Model, Shapes: c.shapes(), Input: c.Input, Output: c.Output, Profile: c.Profile}, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		h, err := answer("hass.run", input{"model", c.Model}, input{"input", c.Input}, input{"profile", c.Profile})
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, runAnswer{h, r})
	}
	for _, o := range r.Outputs {
		if _, err := fmt.Fprintf(e.stdout, "%s: %v\n", o.Path, o.Shape); err != nil {
			return err
		}
	}
	return nil
}
