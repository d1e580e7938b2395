package main

import (
	"hass/internal/artifact"
	"hass/internal/steps"
	"hass/internal/steps/waves"
)

// simulateCmd runs the simulator.
type simulateCmd struct {
	Design    string   `arg:"" help:"Design to simulate." type:"path"`
	Data      string   `required:"" help:"Data set (TOML)." type:"path"`
	Images    int      `help:"Number of images, back to back, at least 4 for a steady-state figure; 0 is 8, or all if the set has fewer." placeholder:"N"`
	Stall     int      `help:"Delay the words at input and output at random in this percentage of cycles, 0 to 90." placeholder:"PERCENT"`
	Seed      uint64   `help:"Seed of the stalls." default:"1"`
	Trace     string   `help:"Write a Chrome/Perfetto trace (JSON): the images of every module, the tokens in every FIFO." type:"path"`
	VCD       string   `name:"vcd" help:"Write the handshakes and values of streams as a value change dump, under the names of the RTL, for GTKWave." type:"path"`
	VCDModule []string `name:"vcd-module" help:"Modules or layers whose streams the dump shows, by their names in hass show; default all." placeholder:"NAME"`
	VCDImages string   `name:"vcd-images" help:"Images that the dump shows, from A to B-1, counted from 0; default 0:1. Those before them run first." placeholder:"A:B"`
	Waterfall string   `help:"Draw the way of the first image, alone, through the layers (SVG): fill, work and waits." type:"path"`
	JSON      bool     `help:"Print JSON instead of tables."`
}

// Help is the example shown by --help.
func (simulateCmd) Help() string {
	return "Example:\n  hass simulate design.json --data test.toml --images 8 --trace trace.json --waterfall image.svg\n" +
		"  hass simulate design.json --data test.toml --vcd conv1.vcd --vcd-module conv1_conv --vcd-images 1:2"
}

// Run simulates, compares with the integer network and reports.
func (c simulateCmd) Run(e *env) error {
	r, err := steps.Simulate(e.ctx, steps.SimulateOptions{Design: c.Design, Data: c.Data, Images: c.Images, Stall: c.Stall, Seed: c.Seed,
		Waves: waves.Files{Trace: c.Trace, VCD: c.VCD, VCDModules: c.VCDModule, VCDImages: c.VCDImages, Waterfall: c.Waterfall}}, e.reporter())
	if r == nil {
		return err
	}
	if perr := c.print(e, r); perr != nil {
		return perr
	}
	return err
}

func (c simulateCmd) print(e *env, r *steps.SimulateResult) error {
	if !c.JSON {
		return r.WriteText(e.stdout)
	}
	s, err := r.Artifact()
	if err != nil {
		return err
	}
	return artifact.Encode(e.stdout, s)
}
