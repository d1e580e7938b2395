package steps

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/artifact"
	"hass/internal/steps/reduce"
	"hass/optimizer/derive"
)

// ReduceOptions are the options of Reduce and CheckBackend.
type ReduceOptions struct {
	Design string
	Target string // the back end that differs: reduce.HWSim or a target
	Edits  string // a project of the target whose edited library files are also used in every smaller project; or ""
	Images int    // the first golden images only; 0 takes all
	Stall  int    // RTL: percentage of cycles in which ports and FIFOs are delayed at random, 0 to 90
	Seed   int64  // RTL: seed of the stalls and of registers' initial values

	// For Reduce only.
	Output string        // folder of the result; it must not exist or must be empty
	Trials int           // comparisons at most; 0 is reduce.DefaultTrials
	Time   time.Duration // at most; 0 is reduce.DefaultTime
	// Log, if not nil, is called for every smaller network.
	Log func(line string)
}

// Reduction is the result of Reduce.
type Reduction struct {
	*reduce.Result
	Whole *reduce.Case // the case of the whole design
}

// backend prepares the back end and the design's case; done removes the temporary files.
func (o *ReduceOptions) backend() (b *reduce.Backend, whole *reduce.Case, edited []string, done func(), err error) {
	fail := func(err error) (*reduce.Backend, *reduce.Case, []string, func(), error) {
		return nil, nil, nil, nil, err
	}
	target := codegen.Target(o.Target)
	stalls := false
	if o.Target != reduce.HWSim {
		t, err := codegen.Lookup(target)
		if err != nil {
			return fail(err)
		}
		stalls = t.Stalls
	}
	switch {
	case o.Images < 0:
		return fail(badOption("--golden %d: want 0 or more images", o.Images))
	case !stalls && o.Stall != 0:
		return fail(badOption("--stall is for --target rtl"))
	case o.Target == reduce.HWSim && o.Edits != "":
		return fail(badOption("--edits is for generated projects; the simulator has none"))
	}
	if err := checkStall(o.Stall); err != nil {
		return fail(err)
	}
	d, err := derive.ReadDesign(o.Design)
	if err != nil {
		return fail(err)
	}
	if o.Target != reduce.HWSim && !d.Target.Includes(target) {
		return fail(fmt.Errorf("%s: is a design for %s, which has no project for %s", o.Design, d.Target, target))
	}
	images, err := d.GoldenImages(filepath.Dir(o.Design))
	if err != nil {
		return fail(fmt.Errorf("%s: %w", o.Design, err))
	}
	if o.Images > len(images) {
		return fail(fmt.Errorf("%s: has %d golden images, --golden asks for %d", o.Design, len(images), o.Images))
	}
	if o.Images > 0 {
		images = images[:o.Images]
	}
	b = &reduce.Backend{Name: o.Target, Run: verify.Options{Stall: o.Stall, Seed: o.Seed}}
	if o.Edits != "" {
		if b.Edit, edited, err = reduce.LibraryEdits(o.Edits, target); err != nil {
			return fail(err)
		}
	}
	if b.Dir, done, err = artifact.Scratch(); err != nil {
		return fail(err)
	}
	return b, reduce.FromDesign(d, images), edited, done, nil
}

// Reduce shrinks a design on which a back end differs from the integer network to the smallest that still differs in the
// same way, and writes it as a folder with a script that runs both. If the context is cancelled, it writes the smallest
// found by then and returns the context's error as well.
func Reduce(ctx context.Context, o ReduceOptions) (*Reduction, error) {
	if o.Trials < 0 || o.Time < 0 {
		return nil, badOption("--trials %d, --time %v: want 0 or more", o.Trials, o.Time)
	}
	if err := reduce.CheckOutput(o.Output); err != nil {
		return nil, err
	}
	b, whole, edited, done, err := o.backend()
	if err != nil {
		return nil, err
	}
	defer done()
	r, err := b.Reduce(ctx, whole, reduce.Options{Trials: o.Trials, Time: o.Time, Log: o.Log})
	switch {
	case errors.Is(err, reduce.ErrEqual):
		return nil, fmt.Errorf("%s: %s and the integer network are equal on %d golden images: there is nothing to reduce", o.Design, o.Target, len(whole.Images))
	case r == nil || err != nil && (ctx.Err() == nil || r.Steps == 0):
		return nil, err
	}
	if werr := b.Write(context.WithoutCancel(ctx), o.Output, r, filepath.Base(o.Design), edited); werr != nil {
		return nil, werr
	}
	return &Reduction{r, whole}, err
}

// CheckBackend compares a back end with the integer network on the whole design, and returns the number of images.
// A difference is an error.
func CheckBackend(ctx context.Context, o ReduceOptions) (images int, err error) {
	b, whole, _, done, err := o.backend()
	if err != nil {
		return 0, err
	}
	defer done()
	d, err := b.Check(ctx, whole)
	if err == nil && d.Kind != reduce.Equal {
		err = fmt.Errorf("%s: %s differs from the integer network in %s: %s", o.Design, o.Target, d.Kind, d.Text)
	}
	return len(whole.Images), err
}
