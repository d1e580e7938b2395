package steps

import (
	"bytes"
	"context"
	"fmt"

	"github.com/BurntSushi/toml"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/userfile"
	"hass/optimizer"
	"hass/optimizer/cost"
	"hass/optimizer/cost/utilisation"
)

// CalibrateOptions direct Calibrate.
type CalibrateOptions struct {
	Design  string   // that was synthesised
	Reports []string // utilisation of its modules: Vivado's report_utilization -hierarchical, or yosys' stat -json or write_json
	Date    string   // of the synthesis, as it is to stand in the file
	Output  string   // the file of factors to write
}

// CalibrateResult is what was fitted.
type CalibrateResult struct {
	Tool      string                  // that made the reports
	Matched   int                     // instances found in the reports
	Instances int                     // of the design
	Scale     map[string]design.Scale // by module
}

// maxReport bounds a utilisation report in bytes.
const maxReport = 1 << 28

// Calibrate scales the cost model to a user's own synthesis: it fits one factor a module and resource, and writes the file.
func Calibrate(ctx context.Context, o CalibrateOptions) (*CalibrateResult, error) {
	if err := writable(o.Output, append([]string{o.Design}, o.Reports...)...); err != nil {
		return nil, err
	}
	d, err := optimizer.ReadDesign(o.Design)
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
	platform, err := design.LoadPlatform(d.Platform)
	family := design.Family7 // a platform file of the user's that is not at hand
	if err == nil {
		family = platform.Family
	}
	var matches []utilisation.Match
	tool := ""
	for _, name := range o.Reports {
		data, err := userfile.Read(name, maxReport)
		if err != nil {
			return nil, fmt.Errorf("report: %w", err)
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
	scales, err := utilisation.Calibrate(matches, family)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Factors on hass' cost model, fitted by hass calibrate to %d of %d instances of a design.\n\n", len(matches), len(list))
	if err := toml.NewEncoder(&b).Encode(design.Calibration{Tool: tool, Date: o.Date, Scale: scales}); err != nil {
		return nil, err
	}
	if _, err := cost.ParseCalibration(b.Bytes()); err != nil {
		return nil, fmt.Errorf("these reports give no usable factors: %w", err)
	}
	if err := artifact.WriteBytes(ctx, o.Output, b.Bytes()); err != nil {
		return nil, err
	}
	return &CalibrateResult{Tool: tool, Matched: len(matches), Instances: len(list), Scale: scales}, nil
}
