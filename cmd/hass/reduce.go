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
	Edits  string        `help:"Project of this target whose edited library files are also used in every smaller project." placeholder:"PROJECT" type:"path"`
	Golden int           `help:"The first N golden images only; 0 takes all." placeholder:"N"`
	Stall  int           `help:"RTL: delay ports and FIFOs at random in this percentage of cycles, 0 to 90; then values are compared, but not cycles." placeholder:"PERCENT"`
	Seed   int64         `help:"RTL: seed of the stalls and of registers' initial values." default:"1"`
	Trials int           `help:"Largest number of comparisons." default:"1000"`
	Time   time.Duration `help:"Longest time." default:"10m"`
	JSON   bool          `help:"Print JSON."`
}

// reduceAnswer is the JSON answer. With --check it has only target and images.
type reduceAnswer struct {
	artifact.Header
	Target     string `json:"target"`
	Images     int    `json:"images"`
	Layers     int    `json:"layers,omitempty"`
	Folder     string `json:"folder,omitempty"` // of the result
	Kind       string `json:"kind,omitempty"`   // of the difference
	Difference string `json:"difference,omitempty"`
	Trials     int    `json:"trials,omitempty"`
	Stopped    string `json:"stopped,omitempty"` // the bound that ended the search; without one, nothing smaller differs
}

// Help is the example shown by --help.
func (reduceCmd) Help() string {
	return "Example:\n  hass reduce design.json --target rtl -o smallest\n  sh smallest/run.sh\n\n" +
		"The reference is the integer network: values of outputs (C++: of every layer), and the simulator's cycles. " +
		"Layers, outputs, images, channels, rows, taps, parallelism and values are removed while the back end differs in the same way. " +
		"The result is a folder: design, project of the target, README.md with the difference, and run.sh, which exits with 1 as long as the back end differs. " +
		"Ctrl-C ends the search and writes the smallest network found by then."
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
