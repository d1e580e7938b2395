package readme_test

import (
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/test/projecttest"
)

// TestReadme compares the README of the three kinds of parts with golden files.
func TestReadme(t *testing.T) {
	for _, tt := range []struct{ name, part string }{
		{"ZedBoard", "xc7z020clg484-1"}, {"ZCU104", "xczu7ev-ffvc1156-2-e"}, {"U50", "xcu50-fsvh2104-2-e"},
	} {
		dir := t.TempDir()
		_, rtl := projecttest.SmallRTL(t, dir, tt.name, tt.part, 2)
		projecttest.Golden(t, filepath.Join("testdata", strings.ToLower(tt.name)+"_rtl.md"), projecttest.Read(t, rtl, "README.md"))
		_, out, _ := projecttest.Small(t, t.TempDir(), tt.name, tt.part, 2)
		projecttest.Golden(t, filepath.Join("testdata", strings.ToLower(tt.name)+".md"), projecttest.Read(t, out, "README.md"))
	}
}
