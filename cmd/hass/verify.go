package main

import (
	"fmt"
	"io"
	"strings"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/steps"
)

// verifyCmd checks a generated project.
type verifyCmd struct {
	Dir    string `arg:"" help:"Generated project." type:"path"`
	Target string `enum:"auto,hls,rtl" default:"auto" help:"What the project is: hls (compiled with g++) or rtl (simulated in Verilator); auto looks."`
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
	if v.RTL != nil {
		return printAgainst(e.stdout, c.rtlText(v.RTL), v.RTL.Against)
	}
	return printAgainst(e.stdout, c.hlsText(v.HLS), v.HLS.Against)
}

// encode writes the JSON answer.
func (c verifyCmd) encode(w io.Writer, v *steps.Verification) error {
	h, err := answer("hass.verification", input{"design", c.Design})
	if err != nil {
		return err
	}
	if v.RTL != nil {
		return artifact.Encode(w, struct {
			artifact.Header
			*steps.RTLVerification
		}{h, v.RTL})
	}
	return artifact.Encode(w, struct {
		artifact.Header
		*steps.HLSVerification
	}{h, v.HLS})
}

func (c verifyCmd) hlsText(r *steps.HLSVerification) string {
	text := fmt.Sprintf("%s: %d images, each in two starts, equal bit for bit", c.Dir, r.Images)
	if r.Bounded {
		text += " through FIFOs of the design's depths"
	}
	if r.EnginesCompared {
		text += "; cycles of every beat equal the simulator's"
	}
	return text
}

func (c verifyCmd) rtlText(r *steps.RTLVerification) string {
	text := fmt.Sprintf("%s: %d images, each in two runs, equal bit for bit", c.Dir, r.Images)
	if c.Stall > 0 {
		text += fmt.Sprintf(" with %d %% random stalls", c.Stall)
	}
	if r.CyclesCompared {
		text += "; cycles of every image, stalls and FIFO marks equal the simulator's"
	}
	return text
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
