package main

import (
	"errors"
	"fmt"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw/show"
	"hass/internal/steps"
)

// showCmd prints the hardware network of a design.
type showCmd struct {
	Design  string `arg:"" help:"Design to show." type:"path"`
	Dot     bool   `help:"Print a graph in the language of Graphviz's dot."`
	Folding bool   `help:"Print the folding file (TOML) that gives this design again: engine, widths and memory of every layer."`
	Output  string `short:"o" help:"With --folding: new file to write instead of printing." type:"path"`
	JSON    bool   `help:"Print JSON."`
}

// showAnswer is the JSON answer; names are those of the generated code.
type showAnswer struct {
	artifact.Header
	Clock           design.Clock  `json:"clock"`
	CyclesPerImage  float64       `json:"cycles_per_image"`  // predicted
	ImagesPerSecond float64       `json:"images_per_second"` // at the clock
	Processes       []showProcess `json:"processes"`         // in topological order
	FIFOs           []showFIFO    `json:"fifos"`
}

type showProcess struct {
	Name    string   `json:"name"`
	Module  string   `json:"module"`
	Latency int      `json:"latency"` // in cycles
	Reads   []string `json:"reads"`   // FIFOs, in the order of the ports
	Writes  []string `json:"writes"`
}

type showFIFO struct {
	Name   string `json:"name"`
	From   string `json:"from"` // processes
	To     string `json:"to"`
	Bits   int    `json:"bits"`   // of a token
	Depth  int    `json:"depth"`  // in tokens
	Tokens int    `json:"tokens"` // of an image
}

// Validate refuses flags that contradict each other.
func (c showCmd) Validate() error {
	switch {
	case c.Dot && c.JSON:
		return errors.New("give --dot or --json, not both")
	case c.Folding && (c.Dot || c.JSON):
		return errors.New("--folding prints TOML: it goes with neither --dot nor --json")
	case c.Output != "" && !c.Folding:
		return errors.New("-o is of --folding; the rest goes to stdout")
	}
	return nil
}

// Help is the example shown by --help.
func (showCmd) Help() string {
	return "Example:\n  hass show design.json\n  hass show design.json --dot | dot -Tsvg -o design.svg\n  hass show design.json --folding -o folding.toml\n\n" +
		"A folding file that is there stays: name another, or remove it."
}

// Run prints the network as text or as a graph, or the folding file.
func (c showCmd) Run(e *env) error {
	if c.Folding {
		text, err := steps.Folding(e.ctx, c.Design, c.Output)
		if err != nil || c.Output != "" {
			return err
		}
		_, err = e.stdout.Write(text)
		return err
	}
	d, n, err := steps.Network(c.Design)
	if err != nil {
		return err
	}
	if c.Dot {
		return show.Dot(e.stdout, n)
	}
	if !c.JSON {
		fmt.Fprintf(e.stdout, "%.1f images/s at %v, %.1f cycles per image\n\n", d.Predicted.ImagesPerSecond, &d.Clock, d.Predicted.CyclesPerImage)
		return show.Text(e.stdout, n)
	}
	a := showAnswer{Clock: d.Clock, CyclesPerImage: d.Predicted.CyclesPerImage, ImagesPerSecond: d.Predicted.ImagesPerSecond, Processes: []showProcess{}, FIFOs: []showFIFO{}}
	if a.Header, err = answer("hass.network", input{"design", c.Design}); err != nil {
		return err
	}
	names := func(streams []int) []string {
		all := make([]string, len(streams))
		for i, s := range streams {
			all[i] = n.Streams[s].Name
		}
		return all
	}
	for i := range n.Processes {
		p := &n.Processes[i]
		a.Processes = append(a.Processes, showProcess{p.Name, string(p.Kind), int(p.Latency), names(p.In), names(p.Out)})
	}
	for i := range n.Streams {
		s := &n.Streams[i]
		a.FIFOs = append(a.FIFOs, showFIFO{s.Name, n.Processes[s.From].Name, n.Processes[s.To].Name, s.TokenBits(), s.Depth, int(s.Tokens)})
	}
	return artifact.Encode(e.stdout, a)
}
