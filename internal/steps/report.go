package steps

import (
	"context"
	"fmt"
	"strings"

	"hass/internal/artifact"
	"hass/internal/report"
	"hass/internal/steps/rundir"
)

// ReportOptions direct Report.
type ReportOptions struct {
	// Files are run folders, or artefacts one by one. Artefacts are one run until one comes a second time, which begins the second
	// run; a folder is a run of its own.
	Files  []string
	Output string // the page
	Graph  string // picture of the network (SVG), "" for none
}

// Report writes a page about one run, or about two side by side.
func Report(ctx context.Context, o ReportOptions) (*report.Data, error) {
	runs, read, err := rundir.Read(ctx, o.Files)
	if err != nil {
		return nil, err
	}
	if len(runs) > 2 {
		return nil, badOption("%d runs: a report shows one run, or two side by side", len(runs))
	}
	if err := writable(o.Output, read...); err != nil {
		return nil, err
	}
	if o.Graph != "" {
		if len(runs) > 1 {
			return nil, badOption("--graph %s: a picture is of one run", o.Graph)
		}
		if err := writable(o.Graph, read...); err != nil {
			return nil, err
		}
		if err := apart([]string{o.Output, o.Graph}); err != nil {
			return nil, err
		}
	}
	var figures []*report.Run
	for i := range runs {
		r, err := runs[i].Figures()
		if err != nil {
			return nil, err
		}
		if len(runs) > 1 {
			r.Label = runs[i].Label(i)
		}
		figures = append(figures, r)
	}
	data, err := report.New(figures...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(o.Files, ", "), err)
	}
	page, err := data.HTML()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.Join(o.Files, ", "), err)
	}
	if o.Graph != "" {
		picture, err := data.Graph()
		if err == nil {
			err = artifact.WriteBytes(ctx, o.Graph, picture)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.Graph, err)
		}
	}
	return data, artifact.WriteBytes(ctx, o.Output, page)
}
