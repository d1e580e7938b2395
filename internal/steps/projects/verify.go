package projects

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/steps/cosim"
	"hass/optimizer/derive"
)

// Verification is the result of Verify for a project of any target.
type Verification struct {
	verify.Result
	Against
}

// Against is the comparison of a project with its design and its own manifest.
type Against struct {
	// DesignCompared tells that every generated file was compared with the design.
	DesignCompared bool `json:"design_compared"`
	// Edited are generated files that were edited: with a design, only in comments and other
	// places without effect; without one, in any way.
	Edited []string `json:"edited,omitempty"`
}

// Verify compares the project in dir with its design and runs it. With the design, and without random stalls,
// its cycles are compared with the simulator's. The result is returned along with an error where there is one.
// With verify.Options.Stallable the project is run again with random stalls (Stall), of which the result says nothing unless they fail.
func Verify(ctx context.Context, t *codegen.Entry, dir, design string, opts verify.Options) (*Verification, error) {
	s, d, err := stage(ctx, dir, design, t.Name)
	if err != nil {
		return nil, err
	}
	defer s.done()
	r, err := t.Verify(ctx, s.dir, opts)
	if err != nil {
		return nil, err
	}
	v := &Verification{r, s.Against}
	if !r.OK() {
		return v, fmt.Errorf("%s: %s", dir, r.Problem())
	}
	if d == nil {
		return v, nil
	}
	if err := keepReport(ctx, s.dir, dir, r.Report()); err != nil || opts.Stall > 0 {
		return v, err
	}
	n, images, err := golden(d, design, r.Tally().Images)
	if err != nil {
		return v, fmt.Errorf("%s: %w", dir, err)
	}
	diffs, err := cosim.Compare(ctx, n, images, r)
	if err != nil {
		return v, err
	}
	if len(diffs) > 0 {
		return v, fmt.Errorf("%s: %d cycles or counters differ from the simulator's; %s", dir, len(diffs), diffs[0])
	}
	if !opts.Stallable {
		return v, nil
	}
	opts.Stall = Stall
	if r, err = t.Verify(ctx, s.dir, opts); err == nil && !r.OK() {
		err = fmt.Errorf("%s: with %d %% random stalls: %s", dir, opts.Stall, r.Problem())
	}
	return v, err
}

// staged is a project that is ready to run.
type staged struct {
	Against
	dir  string // where to run it
	done func() // removes the temporary folder
}

// stage compares the project dir with the design, if there is one, and generates a new folder
// from the design to run: in the project's own folder, files of the user or of older builds could
// affect the run. Without a design the project itself is run.
func stage(ctx context.Context, dir, design string, target codegen.Target) (*staged, *design.Design, error) {
	s := &staged{dir: dir, done: func() {}}
	if design == "" {
		m, err := artifact.ReadManifest(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return s, nil, nil
		}
		if err == nil {
			s.Edited, err = m.Edited(dir)
		}
		return s, nil, err
	}
	d, err := derive.ReadDesign(design)
	if err != nil {
		return nil, nil, err
	}
	c, err := codegen.Compare(ctx, d, filepath.Dir(design), dir)
	if err != nil {
		return nil, nil, err
	}
	if c.Target != target {
		return nil, nil, fmt.Errorf("%s: is a project for %s, not %s", dir, c.Target, target)
	}
	if p := c.Problem(); p != "" {
		return nil, nil, fmt.Errorf("%s: %s", dir, p)
	}
	s.Against = Against{true, c.Edited}
	if s.dir, s.done, err = artifact.Scratch(); err != nil {
		return nil, nil, err
	}
	if err := c.Stage(ctx, s.dir); err != nil {
		s.done()
		return nil, nil, err
	}
	return s, d, nil
}

// keepReport copies the report of a run from another folder into the project.
func keepReport(ctx context.Context, from, to, name string) error {
	data, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return err
	}
	return artifact.WriteBytes(ctx, filepath.Join(to, name), data)
}

// golden gives the network and the first golden images of the design in file.
func golden(d *design.Design, file string, count int) (*hw.Network, [][]int32, error) {
	images, err := d.GoldenImages(filepath.Dir(file))
	if err != nil {
		return nil, nil, err
	}
	if count > len(images) {
		return nil, nil, fmt.Errorf("%d images were compared, but %s has %d golden ones", count, file, len(images))
	}
	n, err := d.Network()
	return n, images[:count], err
}
