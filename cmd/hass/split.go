package main

import (
	"fmt"
	"strings"

	"hass/internal/artifact"
	"hass/internal/steps"
)

// splitCmd cuts a model in two.
type splitCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	At     []string `help:"Cut before this node instead, by its name in \"hass check\"; the node and all nodes that depend on it form the tail. May be repeated." placeholder:"NODE" sep:"none"`
	Output string   `short:"o" required:"" help:"Folder for accelerator.onnx and tail.onnx." type:"path"`
	JSON   bool     `help:"Print the written models as JSON."`
}

// splitAnswer is the JSON answer.
type splitAnswer struct {
	artifact.Header
	*steps.SplitResult
}

// Help is the example shown by --help.
func (splitCmd) Help() string {
	return "Example:\n  hass split model.onnx -o parts\n  hass split model.onnx --at NonMaxSuppression_0 -o parts\n\n" +
		"Without --at the model is cut where its hardware ends: accelerator.onnx has hardware, tail.onnx is the part that \"hass run\" evaluates on the host.\n" +
		"With --at any model is cut, whatever its operators; run \"hass check\" on accelerator.onnx to see whether it has hardware."
}

// Run splits the model and lists the written files.
func (c splitCmd) Run(e *env) error {
	r, err := steps.Split(e.ctx, steps.SplitOptions{Model: c.Model, Shapes: c.shapes(), At: c.At, Output: c.Output}, e.reporter())
	if err != nil {
		return err
	}
	if c.JSON {
		h, err := answer("hass.split", input{"model", c.Model})
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, splitAnswer{h, r})
	}
	for _, p := range []*steps.SplitPart{&r.Accelerator, r.Tail} {
		if p == nil {
			continue
		}
		if _, err := fmt.Fprintf(e.stdout, "%s: %d nodes, %s -> %s\n", p.Path, p.Nodes, quotedList(p.Inputs), quotedList(p.Outputs)); err != nil {
			return err
		}
	}
	return nil
}

// quotedList formats a list of the model's names.
func quotedList(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(q, ", ")
}
