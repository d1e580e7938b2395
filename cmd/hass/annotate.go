package main

import (
	"fmt"

	"hass/internal/artifact"
	"hass/internal/steps"
)

// annotateCmd writes a model with its hardware as metadata.
type annotateCmd struct {
	Model   string `arg:"" help:"ONNX file, plain or gzip, that the design was made from." type:"path"`
	Design  string `required:"" help:"Design of the model." type:"path"`
	Profile string `help:"Profile of the model, for the zeros of activations." type:"path"`
	Output  string `short:"o" required:"" help:"ONNX file to write." type:"path"`
	JSON    bool   `help:"Print what was written as JSON."`
}

// annotateAnswer is the JSON answer.
type annotateAnswer struct {
	artifact.Header
	*steps.AnnotateResult
}

// Help is the example shown by --help.
func (annotateCmd) Help() string {
	return "Example:\n  hass annotate model.onnx --design design.json --profile profile.json -o annotated.onnx\n\n" +
		"The nodes of annotated.onnx have engine, width, cycles, zeros and resources as metadata, which Netron shows beside each node."
}

// Run writes the model and says how many nodes have metadata.
func (c annotateCmd) Run(e *env) error {
	r, err := steps.Annotate(e.ctx, steps.AnnotateOptions{Model: c.Model, Design: c.Design, Profile: c.Profile, Output: c.Output}, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		h, err := answer("hass.annotate", input{"model", c.Model}, input{"design", c.Design}, input{"profile", c.Profile})
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, annotateAnswer{h, r})
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %d nodes with metadata\n", r.Path, r.Nodes)
	return err
}
