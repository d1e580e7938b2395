package main

import (
	"bytes"
	"fmt"
	"sort"
	"text/tabwriter"

	"github.com/BurntSushi/toml"

	"hass/internal/artifact"
	"hass/internal/synth"
	"hass/internal/userfile"
	"hass/optimizer"
)

// calibrateCmd scales the cost model to a user's own synthesis.
type calibrateCmd struct {
	Design string   `arg:"" help:"Design that was synthesised." type:"path"`
	Report []string `arg:"" help:"Utilisation of its modules: Vivado's report_utilization -hierarchical, or yosys' stat -json or write_json." type:"path"`
	Date   string   `required:"" help:"Date of the synthesis, as it is to stand in the file." placeholder:"2026-01-31"`
	Output string   `short:"o" default:"calibration.toml" help:"File for --calibration of optimize and build." type:"path"`
	JSON   bool     `help:"Print the factors as JSON."`
}

// calibrateAnswer is the JSON answer.
type calibrateAnswer struct {
	artifact.Header
	Tool      string                     `json:"tool_of_reports"`
	Date      string                     `json:"date"`
	Matched   int                        `json:"matched"`   // instances found in the reports
	Instances int                        `json:"instances"` // of the design
	Scale     map[string]calibrateFactor `json:"scale"`     // by module
}

// calibrateFactor scales the formulas of one module. Errors are relative.
type calibrateFactor struct {
	Instances int     `json:"instances"`
	LUT       float64 `json:"LUT"`
	FF        float64 `json:"FF"`
	DSP       float64 `json:"DSP"`
	BRAM18    float64 `json:"BRAM18"`
	LUTError  float64 `json:"lut_error"`
	FFError   float64 `json:"ff_error"`
}

// Help is the example shown by --help.
func (calibrateCmd) Help() string {
	return "Example:\n  hass calibrate design.json utilization.rpt --date 2026-01-31 -o calibration.toml\n" +
		"  hass optimize model.onnx --profile profile.json --platform zcu104 --calibration calibration.toml\n\n" +
		"Instances are found by name (those of the generated top), in yosys' statistics by module and parameters: the netlist must not be flattened. Each module's LUTs, FFs and memories are scaled " +
		"by one factor, the line through zero with the least squares."
}

// maxReport bounds a utilisation report in bytes.
const maxReport = 1 << 28

// Run fits and writes the file.
func (c calibrateCmd) Run(e *env) error {
	if err := writable(c.Output, append([]string{c.Design}, c.Report...)...); err != nil {
		return err
	}
	d, err := optimizer.ReadDesign(c.Design)
	if err != nil {
		return err
	}
	if err := apart([]string{c.Output}, designFiles(c.Design, d)); err != nil {
		return err
	}
	list, err := synth.Instances(d)
	if err != nil {
		return err
	}
	platform, err := optimizer.LoadPlatform(d.Platform)
	family := optimizer.Family7 // a platform file of the user's that is not at hand
	if err == nil {
		family = platform.Family
	}
	var matches []synth.Match
	tool := ""
	for _, name := range c.Report {
		data, err := userfile.Read(name, maxReport)
		if err != nil {
			return fmt.Errorf("report: %w", err)
		}
		r, err := synth.ParseReport(data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		m, err := r.Matches(list)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		matches, tool = append(matches, m...), r.Tool
	}
	scales, err := synth.Calibrate(matches, family)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Factors on hass' cost model, fitted by hass calibrate to %d of %d instances of a design.\n\n", len(matches), len(list))
	if err := toml.NewEncoder(&b).Encode(optimizer.Calibration{Tool: tool, Date: c.Date, Scale: scales}); err != nil {
		return err
	}
	if _, err := optimizer.ParseCalibration(b.Bytes()); err != nil {
		return fmt.Errorf("these reports give no usable factors: %w", err)
	}
	if err := artifact.WriteBytes(e.ctx, c.Output, b.Bytes()); err != nil {
		return err
	}
	if c.JSON {
		a := calibrateAnswer{Tool: tool, Date: c.Date, Matched: len(matches), Instances: len(list), Scale: map[string]calibrateFactor{}}
		if a.Header, err = answer("hass.calibrate", input{"design", c.Design}); err != nil {
			return err
		}
		for n, s := range scales {
			a.Scale[n] = calibrateFactor{s.Instances, s.LUT, s.FF, s.DSP, s.BRAM18, s.LUTError, s.FFError}
		}
		return artifact.Encode(e.stdout, a)
	}
	names := make([]string, 0, len(scales))
	for n := range scales {
		names = append(names, n)
	}
	sort.Strings(names)
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s: %d of %d instances\nmodule\tinstances\tLUT\t+-\tFF\t+-\tDSP\tBRAM18\n", tool, len(matches), len(list))
	for _, n := range names {
		s := scales[n]
		fmt.Fprintf(w, "%s\t%d\t%.3f\t%.1f %%\t%.3f\t%.1f %%\t%.3f\t%.3f\n", n, s.Instances, s.LUT, 100*s.LUTError, s.FF, 100*s.FFError, s.DSP, s.BRAM18)
	}
	return w.Flush()
}
