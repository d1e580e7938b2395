package main

import (
	"fmt"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/steps"
)

// generateCmd writes a project.
type generateCmd struct {
	Design string `arg:"" help:"Design to generate from." type:"path"`
	Target string `enum:",${targets}" default:"" help:"Target to generate: ${target_languages}. The design must have been made for it. Default: hls, or rtl for a design made for rtl alone."`
	Golden int    `help:"Golden images for csim or simulation; 0 takes all of the design's." placeholder:"N"`
	Output string `short:"o" required:"" help:"Folder of the project. An existing project there is updated; files that hass did not generate stay." type:"path"`
	JSON   bool   `help:"Print the folder and target as JSON."`
	editFlags
}

// editFlags decide the handling of generated files that were edited.
type editFlags struct {
	Force bool `help:"Overwrite edited generated files in the project; files that hass did not generate stay even so."`
}

func (f editFlags) mode() artifact.Mode {
	if f.Force {
		return artifact.ReplaceEdits
	}
	return artifact.KeepEdits
}

// generateAnswer is the JSON answer.
type generateAnswer struct {
	artifact.Header
	*steps.GenerateResult
}

// Help is the example shown by --help.
func (generateCmd) Help() string {
	return "Example:\n  hass generate design.json -o project\n  make -C project csim"
}

// Run generates the project, and says which files were kept and which command to run next.
func (c generateCmd) Run(e *env) error {
	r, err := steps.Generate(e.ctx, steps.GenerateOptions{Design: c.Design, Target: codegen.Target(c.Target), Images: c.Golden, Edits: c.mode(), Output: c.Output})
	if err != nil {
		return err
	}
	if c.JSON {
		h, err := answer("hass.generate", input{"design", c.Design})
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, generateAnswer{h, r})
	}
	t, err := codegen.Lookup(r.Target)
	if err != nil {
		return err
	}
	run := "make " + t.Goal
	for _, line := range steps.KeptLines(r.Kept) {
		if _, err := fmt.Fprintf(e.stdout, "%s: %s\n", c.Output, line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(e.stdout, "%s: run \"%s\" there, or \"hass verify %s\"\n", c.Output, run, c.Output)
	return err
}
