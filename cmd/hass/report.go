package main

import (
	"fmt"

	"hass/internal/artifact"
	"hass/internal/steps"
)

// reportCmd writes a page about a run, or about two.
type reportCmd struct {
	Files  []string `arg:"" help:"A run folder, or design.json, profile.json, simulation.json, summary.json and search.db of a run one by one. Two folders, or an artefact a second time, are two runs side by side." type:"path"`
	Output string   `short:"o" required:"" help:"Page to write (HTML)." type:"path"`
	Graph  string   `help:"Also write the graph of the network of one run as a picture (SVG)." type:"path"`
	JSON   bool     `help:"Print the figures of the page as JSON."`
}

// Help is the example shown by --help.
func (reportCmd) Help() string {
	return "Example:\n  hass report run -o report.html\n  hass report run/design.json -o report.html\n  hass report study.db -o study.html\n  hass report before after -o compare.html\n\n" +
		"The page is one file and loads nothing from a network. It names the figures that are missing because an artefact was not given."
}

// Run writes the page and says where it is.
func (c reportCmd) Run(e *env) error {
	data, err := steps.Report(e.ctx, steps.ReportOptions{Files: c.Files, Output: c.Output, Graph: c.Graph})
	if err != nil {
		return err
	}
	if c.JSON {
		return artifact.Encode(e.stdout, data)
	}
	fmt.Fprintf(e.stdout, "wrote %s\n", c.Output)
	if c.Graph != "" {
		fmt.Fprintf(e.stdout, "wrote %s\n", c.Graph)
	}
	return nil
}
