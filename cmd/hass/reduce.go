package main

import (
	"fmt"
	"path/filepath"
	"time"

	"hass/internal/artifact"
	"hass/internal/steps"
)

// reduceCmd shrinks a design on which a back end differs from the integer network.
type reduceCmd struct {
	Design string        `arg:"" help:"Design on which a back end differs." type:"path"`
	Target string        `enum:"hwsim,${targets}" required:"" help:"Back end that differs: hwsim (the simulator) or a project, ${target_checks}."`
	Output string        `short:"o" xor:"what" required:"" help:"Folder of the result. It must not exist or must be empty." type:"path"`
	Check  bool          `xor:"what" required:"" help:"Only run the design in both back ends: exit code 1 if they differ."`
	Edits  string        `help:"Project of this target whose edited library files are used in every smaller project, too." placeholder:"PROJECT" type:"path"`
	Golden int           `help:"The first N golden images only; 0 takes all." placeholder:"N"`
	Stall  int           `help:"RTL: make ports and FIFOs late at random, this often in percent, 0 to 90; values are compared, cycles cannot be." placeholder:"PERCENT"`
	Seed   int64         `help:"RTL: of the stalls and of registers' initial values." default:"1"`
	Trials int           `help:"At most so many comparisons." default:"1000"`
	Time   time.Duration `help:"At most so long." default:"10m"`
	JSON   bool          `help:"Print JSON."`
}

// reduceAnswer is the JSON answer. With --check it has target and images alone.
type reduceAnswer struct {
	artifact.Header
	Target     string `json:"target"`
	Images     int    `json:"images"`
	Layers     int    `json:"layers,omitempty"`
	Folder     string `json:"folder,omitempty"` // of the result
	Kind       string `json:"kind,omitempty"`   // of the difference
	Difference string `json:"difference,omitempty"`
	Trials     int    `json:"trials,omitempty"`
	Stopped    string `json:"stopped,omitempty"` // what bound ended the search; nothing smaller differs without it
}

// Help is the example shown by --help.
func (reduceCmd) Help() string {
	return "Example:\n  hass reduce design.json --target rtl -o smallest\n  sh smallest/run.sh\n\n" +
		"The reference is the integer network: values of outputs (C++: of every layer), and the simulator's cycles. " +
		"Layers, outputs, images, channels, rows, taps, parallelism and values are taken away while the back end differs in the same way. " +
		"The result is a folder: design, project of the target, README.md with what differs, and run.sh, which exits with 1 while it does. " +
		"Ctrl-C ends the search and leaves the smallest network found by then."
}

// Run reduces or checks.
func (c reduceCmd) Run(e *env) error {
	o := steps.ReduceOptions{
		Design: c.Design, Target: c.Target, Edits: c.Edits, Images: c.Golden, Stall: c.Stall, Seed: c.Seed,
		Output: c.Output, Trials: c.Trials, Time: c.Time,
		Log: func(line string) { fmt.Fprintln(e.stderr, "reduce:", line) },
	}
	if c.Check {
		images, err := steps.CheckBackend(e.ctx, o)
		if err != nil {
			return err
		}
		if c.JSON {
			return c.encode(e, reduceAnswer{Images: images})
		}
		_, err = fmt.Fprintf(e.stdout, "%s: %s and the integer network are equal on %d images\n", c.Design, c.Target, images)
		return err
	}
	r, err := steps.Reduce(e.ctx, o)
	if err != nil {
		return err
	}
	if c.JSON {
		return c.encode(e, reduceAnswer{Images: len(r.Case.Images), Layers: len(r.Case.Net.Layers), Folder: c.Output,
			Kind: string(r.Difference.Kind), Difference: r.Difference.Text, Trials: r.Trials, Stopped: r.Stopped})
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %s, of %s\ndiffers in %s: %s\nrun \"sh %s\"\n", c.Output, r.Case, r.Whole, r.Difference.Kind, r.Difference.Text, filepath.Join(c.Output, "run.sh"))
	return err
}

// encode writes the JSON answer.
func (c reduceCmd) encode(e *env, a reduceAnswer) (err error) {
	if a.Header, err = answer("hass.reduction", input{"design", c.Design}); err != nil {
		return err
	}
	a.Target = c.Target
	return artifact.Encode(e.stdout, a)
}
