package main

import (
	"fmt"

	"hass/optimizer"
)

// showCmd prints the hardware network of a design.
type showCmd struct {
	Design string `arg:"" help:"Design to show." type:"path"`
	Dot    bool   `help:"Print a graph in the language of Graphviz's dot."`
}

// Help is the example shown by --help.
func (showCmd) Help() string {
	return "Example:\n  hass show design.json\n  hass show design.json --dot | dot -Tsvg -o design.svg"
}

// Run prints the network as text or as a graph.
func (c showCmd) Run(e *env) error {
	d, err := optimizer.ReadDesign(c.Design)
	if err != nil {
		return err
	}
	n, err := d.Network()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Design, err)
	}
	if c.Dot {
		return n.WriteDot(e.stdout)
	}
	return n.WriteText(e.stdout)
}
