package steps

import (
	"context"

	"hass/frontend"
	"hass/internal/artifact"
)

// DumpOptions are the options of CheckAndDump.
type DumpOptions struct {
	Model  string
	Shapes frontend.Shapes // of inputs whose dimensions the model leaves open
	Dir    string          // folder for the dumps; an existing dump is updated, and files that hass did not write stay
	Edits  artifact.Mode   // of edited dump files
}

// CheckAndDump is Check and also writes the graph after import and after each pass that changed it. The folder is
// updated like a project's.
func CheckAndDump(ctx context.Context, o DumpOptions, rep Reporter) (*CheckResult, *artifact.Kept, error) {
	if err := artifact.CheckDir(o.Dir); err != nil {
		return nil, nil, err
	}
	hash, err := artifact.HashFile(o.Model)
	if err != nil {
		return nil, nil, err
	}
	r, dumps, err := frontend.CheckPasses(o.Model, o.Shapes)
	if err != nil {
		return nil, nil, err
	}
	files, err := frontend.DumpFiles(dumps, hash)
	if err != nil {
		return nil, nil, err
	}
	kept, err := artifact.WriteProject(ctx, o.Dir, files, o.Edits)
	if err != nil {
		return nil, nil, err
	}
	c, err := judged(o.Model, r, rep)
	return c, kept, err
}
