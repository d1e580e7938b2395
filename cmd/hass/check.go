package main

import (
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
	JSON  bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (checkCmd) Help() string {
	return "Example:\n  hass check model.onnx\n\nExit code 1 if any node has no hardware in this version."
}

// Run prints the report; a model that has no hardware is an error after it.
func (c checkCmd) Run(e *env) error {
	r, err := steps.Check(c.Model, e.reporter())
	if r == nil {
		return err
	}
	if perr := c.print(e, r); perr != nil {
		return perr
	}
	return err
}

func (c checkCmd) print(e *env, r *steps.CheckResult) error {
	if !c.JSON {
		return printReport(e.stdout, r.Report)
	}
	h, err := answer("hass.check", input{"model", c.Model})
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

// printReport writes one line per node, then those on inputs and outputs, and the verdict on the model. Names are quoted: they are the model's.
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
