package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"hass/frontend"
	"hass/internal/artifact"
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
	r, err := frontend.Check(c.Model)
	if err != nil {
		return err
	}
	e.warnOf(c.Model, r.Warnings)
	if c.JSON {
		var h artifact.Header
		if h, err = answer("hass.check", input{"model", c.Model}); err == nil {
			err = artifact.Encode(e.stdout, checkAnswer{h, r, r.Runs(), r.Builds()})
		}
	} else {
		err = printReport(e.stdout, r)
	}
	if err != nil {
		return err
	}
	if !r.Builds() {
		return fmt.Errorf("%s: no hardware in this version for %s (listed above)", c.Model, missing(r))
	}
	return nil
}

// missing counts what has no hardware: nodes, and the input, outputs or graph as a whole.
func missing(r *frontend.Report) string {
	var parts []string
	if n := r.Count(frontend.FloatOnly) + r.Count(frontend.NotSupport) + r.Count(frontend.NotAnalysed) - len(r.Ports); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d nodes", n, len(r.Nodes)))
	}
	const named = 5
	for i, p := range r.Ports {
		if i == named && len(r.Ports) > named+1 {
			parts = append(parts, fmt.Sprintf("%d more", len(r.Ports)-named))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %q", p.Op, p.Node))
	}
	return strings.Join(parts, ", ")
}

// checkAnswer is the JSON answer.
type checkAnswer struct {
	artifact.Header
	*frontend.Report
	Runs   bool `json:"runs"`   // in float
	Builds bool `json:"builds"` // in hardware
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
