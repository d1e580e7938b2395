package steps

import (
	"fmt"
	"strings"

	"hass/frontend"
	"hass/internal/masks"
)

// CheckResult is the verdict on every node of a model.
type CheckResult struct {
	*frontend.Report
	Runs   bool `json:"runs"`   // in float
	Builds bool `json:"builds"` // in hardware
	// Masks is the comparison with a file of masks, or nil.
	Masks *masks.Result `json:"masks,omitempty"`
}

// CheckMasks is Check and also compares the model with masks. A difference is an error along with the report.
func CheckMasks(model, file string, rep Reporter, shapes ...frontend.Shapes) (*CheckResult, error) {
	list, err := masks.Read(file)
	if err != nil {
		return nil, err
	}
	r, err := Check(model, rep, shapes...)
	if r == nil || !r.Runs {
		return r, err
	}
	g, lerr := frontend.Load(model, shapes...)
	if lerr != nil {
		return r, lerr
	}
	if r.Masks = masks.Check(list, g); r.Masks.Broken != nil && err == nil {
		err = fmt.Errorf("%s: is not as its masks want it: %s", model, strings.Join(r.Masks.Broken, "; "))
	}
	return r, err
}

// Check reports on every node of a model. For a model without hardware it returns an error along
// with the report.
func Check(model string, rep Reporter, shapes ...frontend.Shapes) (*CheckResult, error) {
	r, err := frontend.Check(model, shapes...)
	if err != nil {
		return nil, err
	}
	return judged(model, r, rep)
}

// judged passes on the warnings of a report; a model without hardware is an error.
func judged(model string, r *frontend.Report, rep Reporter) (*CheckResult, error) {
	rep.warnOf(model, r.Warnings)
	c := &CheckResult{Report: r, Runs: r.Runs(), Builds: r.Builds()}
	if !c.Builds {
		return c, fmt.Errorf("%s: no hardware in this version for %s (listed above)", model, missing(r))
	}
	return c, nil
}

// missing counts the nodes without hardware, and the findings about input, outputs and graph.
func missing(r *frontend.Report) string {
	var parts []string
	if n := r.Count(frontend.FloatOnly) + r.Count(frontend.NotSupport) + r.Count(frontend.NotAnalysed) - len(r.Ports); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of %d nodes", n, len(r.Nodes)))
	}
	const named = 5
	for i, p := range r.Ports {
		if i == named && len(r.Ports) > named+1 {
			parts = append(parts, fmt.Sprintf("%d more", len(r.Ports)-named))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %q", p.Op, p.Node))
	}
	return strings.Join(parts, ", ")
}
