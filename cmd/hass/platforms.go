package main

import (
	"fmt"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/design"
)

// platformsCmd lists the embedded platforms.
type platformsCmd struct {
	JSON bool `help:"Print JSON."`
}

// platformsAnswer is the JSON answer.
type platformsAnswer struct {
	artifact.Header
	Platforms []design.Platform `json:"platforms"`
}

// Help is the example shown by --help.
func (platformsCmd) Help() string {
	return "Example:\n  hass platforms\n\n--platform takes one of these names, or the path of a TOML file (ours or fpgaConvNet's)."
}

// Run prints the table.
func (c platformsCmd) Run(e *env) error {
	ps, err := design.Platforms()
	if err != nil {
		return err
	}
	if c.JSON {
		h, err := answer("hass.platforms")
		if err != nil {
			return err
		}
		return artifact.Encode(e.stdout, platformsAnswer{h, ps})
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "name\tDSP\tLUT\tFF\tBRAM18\tURAM\tMHz at most\t  part\t")
	for _, p := range ps {
		r := p.Resources
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%g\t  %s\t\n", p.Name, r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM, p.ClockMHz, p.Part)
	}
	return w.Flush()
}
