package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/optimizer"
)

// generateCmd writes a project.
type generateCmd struct {
	Design string `arg:"" help:"Design to generate from." type:"path"`
	Target string `enum:",hls,rtl" default:"" help:"What to generate: hls (C++ for Vitis HLS) or rtl (SystemVerilog), if the design was made for it. Default: hls, or rtl for a design made for rtl alone."`
	Golden int    `help:"Golden images for csim or simulation; 0 takes all that the design has." placeholder:"N"`
	Output string `short:"o" required:"" help:"Folder of the project. An older project there is updated; files that hass did not generate stay." type:"path"`
	JSON   bool   `help:"Print what was written as JSON."`
	editFlags
}

// editFlags say what is done with generated files that were edited.
type editFlags struct {
	Force bool `help:"Give up edits of generated files in the project; files that hass did not generate stay all the same."`
}

func (f editFlags) mode() artifact.Mode {
	if f.Force {
		return artifact.ReplaceEdits
	}
	return artifact.KeepEdits
}

// keptLines say what of an older project was left alone or given up.
func keptLines(k *artifact.Kept) (lines []string) {
	const most = 10
	for _, l := range []struct {
		what  string
		paths []string
	}{
		{"kept (not generated)", k.Foreign},
		{"kept as edited", k.Edited},
		{"edits given up", k.Replaced},
	} {
		if n := len(l.paths); n > most {
			lines = append(lines, fmt.Sprintf("%s: %s and %d more", l.what, strings.Join(l.paths[:most], ", "), n-most))
		} else if n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s", l.what, strings.Join(l.paths, ", ")))
		}
	}
	return lines
}

// generateAnswer is the JSON answer.
type generateAnswer struct {
	artifact.Header
	Project string `json:"project"` // the folder
	Target  string `json:"target"`  // hls or rtl
}

// Help is the example shown by --help.
func (generateCmd) Help() string {
	return "Example:\n  hass generate design.json -o project\n  make -C project csim"
}

// Run generates.
func (c generateCmd) Run(e *env) error {
	if c.Golden < 0 {
		return usage("--golden %d: want 0 or more images", c.Golden)
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
	kept, err := codegen.Generate(e.ctx, d, filepath.Dir(c.Design), c.Output, codegen.Options{Target: target, Images: c.Golden, Edits: c.mode()})
	if err != nil {
		if !d.Target.Includes(target) {
			err = fmt.Errorf("%s: %w\nhint: make a design for it with \"hass optimize --target %s\" (or both)", c.Design, err, target)
		}
		return err
	}
	if c.JSON {
		h, err := answer("hass.generate", input{"design", c.Design})
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, generateAnswer{h, c.Output, string(target)})
	}
	run := "make csim"
	if target == codegen.RTL {
		run = "make sim"
	}
	for _, line := range keptLines(kept) {
		if _, err := fmt.Fprintf(e.stdout, "%s: %s\n", c.Output, line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(e.stdout, "%s: run \"%s\" there, or \"hass verify %s\"\n", c.Output, run, c.Output)
	return err
}
