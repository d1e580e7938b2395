package steps

import (
	"context"
	"fmt"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/steps/projects"
)

// VerifyOptions are the options of Verify.
type VerifyOptions struct {
	Project string         // folder
	Target  codegen.Target // target of the project; "" detects it
	Design  string         // from which it was generated; with "" the project is run unchanged
	Stall   int            // RTL: percentage of cycles in which ports and FIFOs are delayed at random, 0 to 90
	Seed    int64          // RTL: seed of the stalls and of registers' initial values
	Images  int            // RTL: the first golden images only; 0 takes all
}

// Verify runs a generated project and compares it with the reference. With the design, all of the project is compared with
// it, and its cycles with the simulator's. A difference, a mismatch or a deadlock is an error along with the result; there
// is no result if the run did not get that far.
func Verify(ctx context.Context, o VerifyOptions) (*projects.Verification, error) {
	if err := checkStall(o.Stall); err != nil {
		return nil, err
	}
	if o.Images < 0 {
		return nil, badOption("--golden %d: want 0 or more images", o.Images)
	}
	var t *codegen.Entry
	var err error
	if o.Target == "" {
		t, err = codegen.TargetOf(o.Project)
	} else if t, err = codegen.Lookup(o.Target); err == nil {
		err = t.Check(o.Project)
	}
	if err != nil {
		return nil, err
	}
	if (o.Stall > 0 || o.Images > 0) && !t.Stalls {
		return nil, fmt.Errorf("%s: --stall and --golden are for RTL projects (hass generate --target rtl)", o.Project)
	}
	return projects.Verify(ctx, t, o.Project, o.Design, verify.Options{Stall: o.Stall, Seed: o.Seed, Images: o.Images})
}
