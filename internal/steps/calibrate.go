package steps

import (
	"bytes"
	"context"
	"fmt"
	"math"

	"github.com/BurntSushi/toml"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/userfile"
	"hass/optimizer/cost"
	"hass/optimizer/cost/timing"
	"hass/optimizer/cost/utilisation"
	"hass/optimizer/derive"
)

// CalibrateOptions are the options of Calibrate.
type CalibrateOptions struct {
	Design string // the design that was synthesised
	// Reports are utilisation reports of the design's modules (Vivado's report_utilization -hierarchical, or yosys' stat -json or
	// write_json) and at most one timing report (Vivado's report_timing_summary).
	Reports []string
	Date    string // of the synthesis, to be recorded in the file
	Output  string // the file of factors to write
}

// CalibrateResult is the fitted calibration.
type CalibrateResult struct {
	Tool      string                  // that wrote the reports
	Matched   int                     // instances found in the reports
	Instances int                     // of the design
	Scale     map[string]design.Scale // by module
	Clock     *design.ClockScale      // of the timing report, or nil
}

// maxReport bounds a utilisation report in bytes.
const maxReport = 1 << 28

// Calibrate scales the cost model to a user's own synthesis: it fits one factor for each module and resource, and writes the
// file.
func Calibrate(ctx context.Context, o CalibrateOptions) (*CalibrateResult, error) {
	if err := writable(o.Output, append([]string{o.Design}, o.Reports...)...); err != nil {
		return nil, err
	}
	d, err := derive.ReadDesign(o.Design)
	if err != nil {
		return nil, err
	}
	if err := apart([]string{o.Output}, designFiles(o.Design, d)); err != nil {
		return nil, err
	}
	n, err := d.Network()
	if err != nil {
		return nil, err
	}
	list := n.Instances()
	var matches []utilisation.Match
	tool := ""
	var clock *design.ClockScale
	for _, name := range o.Reports {
		data, err := userfile.Read(name, maxReport)
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
		}
		if timing.Is(data) {
			if clock != nil {
				return nil, fmt.Errorf("%s: a second timing report; one design has one clock", name)
			}
			var by string
			if clock, by, err = scaleClock(d, n, data); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if tool == "" {
				tool = by
			}
			continue
		}
		r, err := utilisation.ParseReport(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		m, err := r.Matches(list)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		matches, tool = append(matches, m...), r.Tool
	}
	var scales map[string]design.Scale
	if len(matches) > 0 {
		if scales, err = utilisation.Calibrate(matches, d.Family); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Factors on hass' cost model, fitted by hass calibrate to %d of %d instances of a design.\n\n", len(matches), len(list))
	if err := toml.NewEncoder(&b).Encode(design.Calibration{Tool: tool, Date: o.Date, Scale: scales, Clock: clock}); err != nil {
		return nil, err
	}
	if _, err := cost.ParseCalibration(b.Bytes()); err != nil {
		return nil, fmt.Errorf("these reports give no usable factors: %w", err)
	}
	if err := artifact.WriteBytes(ctx, o.Output, b.Bytes()); err != nil {
		return nil, err
	}
	return &CalibrateResult{Tool: tool, Matched: len(matches), Instances: len(list), Scale: scales, Clock: clock}, nil
}

// scaleClock divides the clock of a timing report by the model's clock of the same design.
func scaleClock(d *design.Design, n *hw.Network, report []byte) (scale *design.ClockScale, tool string, err error) {
	if !d.Target.Includes(limits.RTL) {
		return nil, "", fmt.Errorf("the design is for target %s: a timing report scales the clock of the RTL alone, and the C++ is clocked as its scheduler is asked to", d.Target)
	}
	r, err := timing.Parse(report)
	if err != nil {
		return nil, "", err
	}
	platform := design.Platform{Name: d.Platform, Part: d.Part, Family: d.Family, ClockMHz: d.Clock.Limit, Resources: d.Device}
	e, err := (&derive.Clocking{Target: limits.RTL, Platform: platform}).Of(n, d.Total)
	if err != nil {
		return nil, "", err
	}
	round := func(v float64) float64 { return math.Round(v*1e4) / 1e4 }
	return &design.ClockScale{
		Family: d.Family, Part: d.Part, Factor: round(r.MHz() / e.Modules), MHz: round(r.MHz()), ModelMHz: round(e.Modules),
		PeriodNs: r.PeriodNs, SlackNs: r.SlackNs, From: r.From, To: r.To,
	}, r.Tool, nil
}
