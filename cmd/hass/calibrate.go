package main

import (
	"fmt"
	"sort"
	"text/tabwriter"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/steps"
)

// calibrateCmd scales the cost model to a user's own synthesis.
type calibrateCmd struct {
	Design string   `arg:"" help:"Design that was synthesised." type:"path"`
	Report []string `arg:"" help:"Utilisation of its modules (Vivado's report_utilization -hierarchical, or yosys' stat -json or write_json) and at most one of its timing (Vivado's report_timing_summary)." type:"path"`
	Date   string   `required:"" help:"Date of the synthesis, to be recorded in the file." placeholder:"2026-01-31"`
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
	Clock     *design.ClockScale         `json:"clock,omitempty"`
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
		"Instances are matched by their names in the generated top, in yosys' statistics by module and parameters: the netlist must not be flattened. Each module's LUTs, FFs and memories are scaled " +
		"by one factor, that of the least-squares line through zero.\n\n" +
		"A timing report of the routed RTL gives the achieved clock, 1 / (period - worst slack), and its ratio to the model's clock of the same design: " +
		"designs optimised with that file have a clock of kind \"reported\"."
}

// Run fits and prints the factors.
func (c calibrateCmd) Run(e *env) error {
	r, err := steps.Calibrate(e.ctx, steps.CalibrateOptions{Design: c.Design, Reports: c.Report, Date: c.Date, Output: c.Output})
	if err != nil {
		return err
	}
	if c.JSON {
		a := calibrateAnswer{Tool: r.Tool, Date: c.Date, Matched: r.Matched, Instances: r.Instances, Scale: map[string]calibrateFactor{}, Clock: r.Clock}
		if a.Header, err = answer("hass.calibrate", input{"design", c.Design}); err != nil {
			return err
		}
		for n, s := range r.Scale {
			a.Scale[n] = calibrateFactor{s.Instances, s.LUT, s.FF, s.DSP, s.BRAM18, s.LUTError, s.FFError}
		}
		return artifact.Encode(e.stdout, a)
	}
	if c := r.Clock; c != nil {
		fmt.Fprintf(e.stdout, "%s: %.1f MHz achieved (%g ns, slack %g ns), model %.1f MHz: factor %.3f\n", r.Tool, c.MHz, c.PeriodNs, c.SlackNs, c.ModelMHz, c.Factor)
		if c.From != "" {
			fmt.Fprintf(e.stdout, "worst path: %q to %q\n", c.From, c.To)
		}
	}
	if len(r.Scale) == 0 {
		return nil
	}
	names := make([]string, 0, len(r.Scale))
	for n := range r.Scale {
		names = append(names, n)
	}
	sort.Strings(names)
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s: %d of %d instances\nmodule\tinstances\tLUT\t+-\tFF\t+-\tDSP\tBRAM18\n", r.Tool, r.Matched, r.Instances)
	for _, n := range names {
		s := r.Scale[n]
		fmt.Fprintf(w, "%s\t%d\t%.3f\t%.1f %%\t%.3f\t%.1f %%\t%.3f\t%.3f\n", n, s.Instances, s.LUT, 100*s.LUTError, s.FF, 100*s.FFError, s.DSP, s.BRAM18)
	}
	return w.Flush()
}
