package cosim

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/designtest"
	"hass/optimizer"
)

// verify simulates a design's RTL and compares values with the reference and cycles with hwsim.
func verify(t *testing.T, d *optimizer.Design, dir string, opts codegen.RTLOptions) *codegen.RTLResult {
	t.Helper()
	ctx := context.Background()
	out := filepath.Join(dir, "rtl")
	if err := codegen.Generate(ctx, d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
		t.Fatal(err)
	}
	r, err := codegen.VerifyRTL(ctx, out, opts)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Fatal(r.Problem())
	}
	if opts.Stall > 0 {
		return r
	}
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	diffs, err := Compare(ctx, n, images, r)
	if err != nil {
		t.Fatal(err)
	}
	if len(diffs) > 0 {
		t.Errorf("%d differences:\n%s", len(diffs), strings.Join(diffs[:min(len(diffs), 20)], "\n"))
	}
	return r
}

func TestRandom(t *testing.T) {
	seeds := 4
	if n, err := strconv.Atoi(os.Getenv("HASS_SEEDS")); err == nil {
		seeds = n
	}
	for seed := range int64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir := t.TempDir()
			verify(t, designtest.Random(t, dir, seed, 3), dir, codegen.RTLOptions{})
		})
	}
}
