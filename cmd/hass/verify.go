package main

import (
	"fmt"
	"io"
	"strings"

	"hass/codegen"
	"hass/internal/steps"
)

// verifyCmd checks a generated project.
type verifyCmd struct {
	Dir    string `arg:"" help:"Generated project." type:"path"`
	Target string `enum:"auto,${targets}" default:"auto" help:"What the project is: ${target_checks}; auto looks."`
	Design string `help:"Design it was generated from: all of the project is compared with it, and cycles with the simulator's." type:"path"`
	Stall  int    `help:"RTL: make ports and FIFOs late at random, this often in percent, 0 to 90; values are compared, cycles cannot be." placeholder:"PERCENT"`
	Seed   int64  `help:"RTL: of the stalls and of registers' initial values." default:"1"`
	Golden int    `help:"RTL: the first N golden images only; 0 takes all." placeholder:"N"`
	JSON   bool   `help:"Print JSON."`
}

// Help is the example shown by --help.
func (verifyCmd) Help() string {
	return "Example:\n  hass verify project --design design.json\n  hass verify rtl --design design.json --stall 30\n\n" +
		"With the design, the project is generated anew in memory and every file compared: depths, weights, golden data, hardware, scripts. " +
		"What differs is named. Comments, the order of JSON, READMEs and files of yours do not count, but files of yours in include/, src/, rtl/, tb/ and sim/, which a build would take, do. " +
		"Then the project is run as generated, in a folder of its own. " +
		"A C++ project is compiled with g++; all golden images run through FIFOs of the design's depths and are compared bit for bit. " +
		"An RTL project is simulated in Verilator; with the design, the cycles of every image, the stalls of every process and the marks of every FIFO are compared, too.\n\n" +
		"Without the design, the project is run as it is, where it is, and edited files are only listed."
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
func (c verifyCmd) encode(w io.Writer, v *steps.Verification) error {
	h, err := answer("hass.verification", input{"design", c.Design})
	if err != nil {
		return err
	}
	return encodeTogether(w, h, v.Result, v.Against)
}

// printAgainst writes the result of a verification and what it rests on.
func printAgainst(w io.Writer, text string, a steps.Against) error {
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
