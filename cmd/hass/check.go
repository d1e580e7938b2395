package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"hass/frontend"
	"hass/internal/artifact"
	"hass/internal/steps"
)

// checkCmd reports on every node of a model.
type checkCmd struct {
	Model string `arg:"" help:"ONNX file, plain or gzip." type:"path"`
	shapeFlags
	JSON       bool   `help:"Print JSON."`
	DumpPasses string `placeholder:"DIR" help:"Folder for the graph after import and after each pass that changed it. An older dump there is updated; files that hass did not write stay." type:"path"`
	Masks      string `placeholder:"FILE" help:"Compare weights and thresholds with the masks (.npz) that \"hass prune --masks\" wrote." type:"path"`
	Force      bool   `help:"With --dump-passes: overwrite edited dump files."`
}

// Validate refuses flags that have no effect.
func (c checkCmd) Validate() error {
	switch {
	case c.Force && c.DumpPasses == "":
		return errors.New("--force goes with --dump-passes")
	case c.Masks != "" && c.DumpPasses != "":
		return errors.New("give --masks or --dump-passes, not both")
	}
	return nil
}

// Help is the example shown by --help.
func (checkCmd) Help() string {
	return "Example:\n  hass check model.onnx\n  hass check model.onnx --dump-passes passes\n  hass check tuned.onnx --masks masks.npz\n\nExit code 1 if any node has no hardware in this version, or a weight or threshold is not as its mask wants it."
}

// Run prints the report; a model that has no hardware is an error after it.
func (c checkCmd) Run(e *env) error {
	r, kept, err := c.check(e)
	if r == nil {
		return err
	}
	if perr := c.print(e, r); perr != nil {
		return perr
	}
	if kept != nil && !c.JSON {
		for _, line := range steps.KeptLines(kept) {
			if _, perr := fmt.Fprintf(e.stdout, "%s: %s\n", c.DumpPasses, line); perr != nil {
				return perr
			}
		}
	}
	return err
}

// check runs the check and writes the dumps if --dump-passes asks for them; kept is nil without it.
func (c checkCmd) check(e *env) (*steps.CheckResult, *artifact.Kept, error) {
	if c.Masks != "" {
		r, err := steps.CheckMasks(c.Model, c.Masks, e.reporter(), c.shapes())
		return r, nil, err
	}
	if c.DumpPasses == "" {
		r, err := steps.Check(c.Model, e.reporter(), c.shapes())
		return r, nil, err
	}
	return steps.CheckAndDump(e.ctx, steps.DumpOptions{Model: c.Model, Shapes: c.shapes(), Dir: c.DumpPasses, Edits: editFlags{c.Force}.mode()}, e.reporter())
}

func (c checkCmd) print(e *env, r *steps.CheckResult) error {
	if !c.JSON {
		if err := printReport(e.stdout, r.Report); err != nil || r.Masks == nil {
			return err
		}
		m := r.Masks
		_, err := fmt.Fprintf(e.stdout, "masks: %d layers, %d weights are 0 as they want, %d more are 0, %d thresholds on activations are unchanged, %d differences\n", m.Layers, m.Zeros, m.More, m.Thresholds, len(m.Broken))
		return err
	}
	h, err := answer("hass.check", input{"model", c.Model}, input{"masks", c.Masks})
	if err != nil {
		return err
	}
	return artifact.Encode(e.stdout, checkAnswer{h, r})
}

// checkAnswer is the JSON answer.
type checkAnswer struct {
	artifact.Header
	*steps.CheckResult
}

// printReport writes one line per node, then one per finding about inputs and outputs, and the
// verdict on the model. Names are quoted, because they come from the model.
func printReport(w io.Writer, r *frontend.Report) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "node\top\tverdict\treason\thint")
	for _, n := range append(r.Nodes[:len(r.Nodes):len(r.Nodes)], r.Ports...) {
		why := n.Reason
		if n.By != "" {
			why = "by pass " + n.By
		}
		fmt.Fprintf(t, "%q\t%q\t%s\t%s\t%s\n", n.Node, n.Op, n.Verdict, why, n.Hint)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "verdict: %s\n", r.Verdict)
	return err
}
