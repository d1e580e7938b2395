// Package testenv finds the things that tests need outside the repository: the folder
// of trained models and labelled images, and programs. Only tests import it.
//
// With -short (make quick) only tests run that need nothing but Go and take less than a few seconds. A test
// that runs a program must call Tools first; a test that takes seconds must call Long.
package testenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Tools skips the test if one of the programs is not installed, and with -short.
// packages are Debian's packages that hold the programs.
func Tools(t testing.TB, packages string, programs ...string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("skipped: runs %s (-short)", strings.Join(programs, ", "))
	}
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("skipped: %s is not installed (Debian: apt-get install %s)", p, packages)
		}
	}
}

// Long skips the test, which takes seconds, with -short.
func Long(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: takes seconds (-short)")
	}
}

// Root is the module root: the nearest folder above the test's working
// directory that holds go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("testenv: no go.mod above the working directory")
		}
		dir = up
	}
}

// Data is the folder of trained models: $HASS_DATA, or ../shared/data beside the
// module. Without it the test is skipped with a message; with HASS_ACCEPTANCE=1
// it fails, because acceptance without data proves nothing.
func Data(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("HASS_DATA")
	if dir == "" {
		dir = filepath.Join(Root(t), "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		if os.Getenv("HASS_ACCEPTANCE") == "1" {
			t.Fatalf("no trained models at %s: set HASS_DATA", dir)
		}
		t.Skipf("skipped: no trained models at %s (set HASS_DATA to run this test)", dir)
	}
	return dir
}
