package testenv

import (
	"os"
	"path/filepath"
	"testing"
)

// Cases is the folder of small models with correct outputs: $HASS_CASES, or ../shared/cases beside the module. Without it the
// test is skipped with a message.
func Cases(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("HASS_CASES")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared", "cases")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Skipf("skipped: no small models at %s (set HASS_CASES to run this test)", dir)
	}
	return dir
}
