package projecttest

import (
	"context"
	"path/filepath"
	"testing"

	"hass/codegen"
	"hass/internal/design"
)

// SmallRTL generates SmallNet for a board as SystemVerilog.
func SmallRTL(t testing.TB, dir, name, part string, images int) (*design.Design, string) {
	t.Helper()
	d, _, _ := Small(t, dir, name, part, images)
	out := filepath.Join(dir, "rtl")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
		t.Fatal(err)
	}
	return d, out
}
