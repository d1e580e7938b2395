package codegen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"hass/codegen/project"
	"hass/codegen/readme"
	"hass/codegen/verify"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw/limits"
)

// Options of Generate.
type Options struct {
	Target Target // "" is DefaultTarget
	// Images limits the golden images written; 0 = all of the design. One is enough for a first
	// look at a large network, but does not test the state that one image leaves for the next.
	Images int
	Edits  artifact.Mode // treatment of generated files that were edited
}

// Generate writes the project of design d into the folder out, or updates an existing project
// there: see artifact.WriteProject, which also returns the files that it kept. dir is the folder
// of the design's side files (weights, golden images); weights already in d.Net are not read
// again.
func Generate(ctx context.Context, d *design.Design, dir, out string, opts Options) (*artifact.Kept, error) {
	if err := artifact.CheckDir(out); err != nil {
		return nil, err
	}
	p, err := project.Load(d, dir, opts.Images)
	if err != nil {
		return nil, err
	}
	files, err := emit(ctx, p, opts.Target)
	if err != nil {
		return nil, err
	}
	return artifact.WriteProject(ctx, out, files, opts.Edits)
}

// emit gives all files of a target's project.
func emit(ctx context.Context, p *project.Project, target Target) ([]project.File, error) {
	if target == "" {
		target = DefaultTarget(p.Design)
	}
	t, err := Lookup(target)
	if err != nil {
		return nil, err
	}
	if err := takes(p, target); err != nil {
		return nil, err
	}
	var files []project.File
	seen := make(map[string]bool)
	for _, part := range []func() ([]project.File, error){
		t.library,
		func() ([]project.File, error) { return t.emit(p) },
		func() ([]project.File, error) { return p.Data(ctx) },
		func() ([]project.File, error) { return one(readme.File(p, target)) },
		p.Reports,
		func() ([]project.File, error) { return one(p.Record()) },
	} {
		more, err := part()
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			if seen[f.Path] || !fs.ValidPath(f.Path) {
				return nil, fmt.Errorf("codegen: path %q is emitted twice or is not a plain relative path", f.Path)
			}
			seen[f.Path] = true
		}
		files = append(files, more...)
	}
	m, err := p.Manifest(target, files)
	if err != nil {
		return nil, err
	}
	return append(files, m), nil
}

// one is a list of one file.
func one(f project.File, err error) ([]project.File, error) { return []project.File{f}, err }

// takes refuses a target that the design was not made for, and asserts that the design keeps the target's limits.
func takes(p *project.Project, target Target) error {
	breach := limits.Check(p.HW, target)
	switch made := p.Design.Target; {
	case made == "":
		return fmt.Errorf("the design is for no target")
	case made.Includes(target) && breach == nil:
		return nil
	case made.Includes(target):
		return fmt.Errorf("design: %w", breach)
	case breach != nil:
		return fmt.Errorf("the design is for target %s and breaks a limit of %s: %w", made, target, breach)
	default:
		var kept []string
		for _, l := range limits.LimitTable() {
			if n := l.Of(target); n > 0 && n != l.Of(made) {
				kept = append(kept, l.String(target))
			}
		}
		return fmt.Errorf("the design is for target %s: it was made without the limits of %s (%s)", made, target, strings.Join(kept, "; "))
	}
}

// Compare generates the project of design d again in memory and compares all of it with the folder. A difference is a
// result, not an error. Errors are a folder without a manifest, a design that cannot be generated, and a cancelled
// context. dir is the folder of the design's side files.
func Compare(ctx context.Context, d *design.Design, dir, folder string) (*verify.Comparison, error) {
	m, err := artifact.ReadManifest(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: has no %s: no folder that \"hass generate\" wrote, or one of an older version; generate it again", folder, artifact.ManifestName)
	}
	if err != nil {
		return nil, err
	}
	if _, err := Lookup(Target(m.Target)); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, artifact.ManifestName), err)
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		return nil, err
	}
	p, err := project.Load(d, dir, min(max(m.Golden, 0), len(images)))
	if err != nil {
		return nil, err
	}
	files, err := emit(ctx, p, Target(m.Target))
	if err != nil {
		return nil, err
	}
	return verify.Compare(ctx, p, files, folder, m)
}
