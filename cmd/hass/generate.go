package main

import (
	"fmt"
	"path/filepath"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/optimizer"
)

// generateCmd writes a project.
type generateCmd struct {
	Design string `arg:"" help:"Design to generate from." type:"path"`
	Target string `enum:",hls,rtl" default:"" help:"What to generate: hls (C++ for Vitis HLS) or rtl (SystemVerilog), if the design was made for it. Default: hls, or rtl for a design made for rtl alone."`
	Golden int    `help:"Golden images for csim or simulation; 0 takes all that the design has." placeholder:"N"`
	Output string `short:"o" required:"" help:"Folder of the project; replaced if hass made it." type:"path"`
}

// Help is the example shown by --help.
func (generateCmd) Help() string {
	return "Example:\n  hass generate design.json -o project\n  make -C project csim"
}

// Run generates.
func (c generateCmd) Run(e *env) error {
	if c.Golden < 0 {
		return fmt.Errorf("--golden %d: want 0 or more images", c.Golden)
	}
	if err := artifact.CheckDir(c.Output); err != nil {
		return err
	}
	d, err := optimizer.ReadDesign(c.Design)
	if err != nil {
		return err
	}
	target := codegen.DefaultTarget(d)
	if c.Target != "" {
		target = codegen.Target(c.Target)
	}
	if err := codegen.Generate(e.ctx, d, filepath.Dir(c.Design), c.Output, codegen.Options{Target: target, Images: c.Golden}); err != nil {
		if !d.Target.Includes(target) {
			err = fmt.Errorf("%s: %w\nhint: make a design for it with \"hass optimize --target %s\" (or both)", c.Design, err, target)
		}
		return err
	}
	run := "make csim"
	if target == codegen.RTL {
		run = "make sim"
	}
	_, err = fmt.Fprintf(e.stdout, "%s: run \"%s\" there, or \"hass verify %s\"\n", c.Output, run, c.Output)
	return err
}
