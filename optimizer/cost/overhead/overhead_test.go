package overhead

import (
	"regexp"
	"testing"

	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/projecttest"
)

// TestFIFOs counts the FIFOs that the emitted C++ declares: those of the top, and two inside an engine that skips zeros.
func TestFIFOs(t *testing.T) {
	declared := regexp.MustCompile(`\n  HASS_(SKIP_)?STREAM\(`)
	skipping := 0
	for seed := range int64(6) {
		dir := t.TempDir()
		d := designtest.Random(t, dir, seed, 2)
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		want := len(declared.FindAll(projecttest.Read(t, projecttest.Generate(t, d, dir, "project"), "src", "hass_top.cpp"), -1))
		for i := range n.Processes {
			if p := &n.Processes[i]; p.Kind == hw.Engine && n.Layers[p.Layer].Engine.Skips() {
				want += 2
				skipping++
			}
		}
		if got := FIFOs(n); got != want {
			t.Errorf("seed %d: %d FIFOs, %d are declared", seed, got, want)
		}
	}
	if skipping == 0 {
		t.Error("no engine skips zeros")
	}
}

// TestTable: every figure is there and names its source.
func TestTable(t *testing.T) {
	b := BuiltIn()
	for _, p := range []Part{b.Ports, b.FIFO} {
		if p.LUT <= 0 || p.FF <= 0 || p.What == "" || p.Source == "" {
			t.Errorf("%+v", p)
		}
	}
}
