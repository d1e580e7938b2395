package main

import (
	"fmt"
	"io"
	"strings"

	"hass/codegen"
	"hass/internal/steps"
	"hass/internal/steps/projects"
)

// verifyCmd checks a generated project.
type verifyCmd struct {
	Dir    string `arg:"" help:"Generated project." type:"path"`
	Target string `enum:"auto,${targets}" default:"auto" help:"Target of the project: ${target_checks}; auto detects it."`
	Design string `help:"Design from which the project was generated: all of the project is compared with it, and its cycles with the simulator's." type:"path"`
	Stall  int    `help:"RTL: delay ports and FIFOs at random in this percentage of cycles, 0 to 90; then values are compared, but not cycles." placeholder:"PERCENT"`
	Seed   int64  `help:"RTL: seed of the stalls and of registers' initial values." default:"1"`
	Golden int    `help:"RTL: the first N golden images only; 0 takes all." placeholder:"N"`
	JSON   bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (verifyCmd) Help() string {
	return "Example:\n  hass verify project --design design.json\n  hass verify rtl --design design.json --stall 30\n\n" +
		"With the design, the project is generated again in memory and every file compared: depths, weights, golden data, hardware, scripts. " +
		"Every difference is named. Comments, the order of JSON fields, READMEs and your own files are ignored, except your own files in include/, src/, rtl/, tb/ and sim/, which a build would use. " +
		"Then the project is run as generated, in a folder of its own. " +
		"A C++ project is compiled with g++; all golden images run through FIFOs of the design's depths and are compared bit for bit. " +
		"An RTL project is simulated in Verilator; with the design, the cycles of every image, the stalls of every process and the high-water marks of every FIFO are compared as well.\n\n" +
		"Without the design, the project is run unchanged in its own folder, and edited files are only listed."
}

// Run verifies; a difference, a mismatch or a deadlock is an error.
func (c verifyCmd) Run(e *env) error {
	target := codegen.Target(c.Target)
	if c.Target == "auto" {
		target = ""
	}
	v, err := steps.Verify(e.ctx, steps.VerifyOptions{Project: c.Dir, Target: target, Design: c.Design, Stall: c.Stall, Seed: c.Seed, Images: c.Golden})
	if v != nil && c.JSON {
		if err := c.encode(e.stdout, v); err != nil {
			return err
		}
	}
	if err != nil || c.JSON {
		return err
	}
	return printAgainst(e.stdout, c.Dir+": "+v.Text(), v.Against)
}

// encode writes the JSON answer.
func (c verifyCmd) encode(w io.Writer, v *projects.Verification) error {
	h, err := answer("hass.verification", input{"design", c.Design})
	if err != nil {
		return err
	}
	return encodeTogether(w, h, v.Result, v.Against)
}

// printAgainst writes the result of a verification and the comparisons behind it.
func printAgainst(w io.Writer, text string, a projects.Against) error {
	if a.DesignCompared {
		text += "; every file is the design's"
	}
	text += "\n"
	if len(a.Edited) > 0 && a.DesignCompared {
		text += fmt.Sprintf("edited, without effect: %s\n", strings.Join(a.Edited, ", "))
	} else if len(a.Edited) > 0 {
		text += fmt.Sprintf("edited since they were generated: %s (--design compares them with the design)\n", strings.Join(a.Edited, ", "))
	}
	_, err := io.WriteString(w, text)
	return err
}
