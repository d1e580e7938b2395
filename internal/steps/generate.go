package steps

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/optimizer/derive"
)

// GenerateOptions are the options of Generate.
type GenerateOptions struct {
	Design string         // to generate from
	Target codegen.Target // "" is HLS, or RTL if the design is for RTL only
	Images int            // golden images; 0 takes all of the design's
	Edits  artifact.Mode  // of generated files in an existing project
	Output string         // folder of the project; an existing project is updated, and files that hass did not generate stay
}

// GenerateResult is what Generate wrote.
type GenerateResult struct {
	Project string         `json:"project"` // the folder
	Target  codegen.Target `json:"target"`  // hls or rtl
	Kept    *artifact.Kept `json:"-"`       // files of an existing project that were kept
}

// Generate writes the project of a design.
func Generate(ctx context.Context, o GenerateOptions) (*GenerateResult, error) {
	if o.Images < 0 {
		return nil, badOption("--golden %d: want 0 or more images", o.Images)
	}
	if err := artifact.CheckDir(o.Output); err != nil {
		return nil, err
	}
	d, err := derive.ReadDesign(o.Design)
	if err != nil {
		return nil, err
	}
	target := o.Target
	if target == "" {
		target = codegen.DefaultTarget(d)
	}
	kept, err := codegen.Generate(ctx, d, filepath.Dir(o.Design), o.Output, codegen.Options{Target: target, Images: o.Images, Edits: o.Edits})
	if err != nil {
		if !d.Target.Includes(target) {
			err = fmt.Errorf("%s: %w\nhint: make a design for it with \"hass optimize --target %s\" (or both)", o.Design, err, target)
		}
		return nil, err
	}
	return &GenerateResult{o.Output, target, kept}, nil
}

// KeptLines list the files of an existing project that were kept or overwritten, one line each.
func KeptLines(k *artifact.Kept) (lines []string) {
	const most = 10
	for _, l := range []struct {
		what  string
		paths []string
	}{
		{"kept (not generated)", k.Foreign},
		{"kept as edited", k.Edited},
		{"edits given up", k.Replaced},
	} {
		if n := len(l.paths); n > most {
			lines = append(lines, fmt.Sprintf("%s: %s and %d more", l.what, strings.Join(l.paths[:most], ", "), n-most))
		} else if n > 0 {
			lines = append(lines, fmt.Sprintf("%s: %s", l.what, strings.Join(l.paths, ", ")))
		}
	}
	return lines
}
