package main

import (
	"fmt"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/design"
)

// platformsCmd lists the embedded platforms, or prints one.
type platformsCmd struct {
	Name string `arg:"" optional:"" help:"Print this platform, embedded or a TOML file, as TOML: to start one of your own from."`
	JSON bool   `help:"Print JSON."`
}

// platformsAnswer is the JSON answer.
type platformsAnswer struct {
	artifact.Header
	Platforms []design.Platform `json:"platforms"`
}

// Help is the example shown by --help.
func (platformsCmd) Help() string {
	return "Example:\n  hass platforms\n  hass platforms zcu104 > mine.toml\n\n--platform takes one of these names, or the path of a TOML file (ours or fpgaConvNet's)."
}

// Run prints the table or a platform.
func (c platformsCmd) Run(e *env) error {
	ps, err := c.platforms()
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
	if c.Name != "" {
		_, err := e.stdout.Write(ps[0].TOML())
		return err
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "name\tDSP\tLUT\tFF\tBRAM18\tURAM\tMHz at most\treserved LUT\t  part\t")
	for _, p := range ps {
		r := p.Resources
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%g\t%d\t  %s\t\n", p.Name, r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM, p.ClockMHz, p.Taken().LUT, p.Part)
	}
	return w.Flush()
}

// platforms are all embedded ones, or the one that was named.
func (c platformsCmd) platforms() ([]design.Platform, error) {
	if c.Name == "" {
		return design.Platforms()
	}
	p, err := design.LoadPlatform(c.Name)
	return []design.Platform{p}, err
}
