package synth

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"hass/optimizer"
)

// sweepFile is the data that the tests look at; HASS_SWEEP names another while a sweep is being made.
func sweep(t *testing.T) []Sample {
	t.Helper()
	text := optimizer.SweepData
	if name := os.Getenv("HASS_SWEEP"); name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = string(data)
	}
	samples, err := ReadSamples(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

// TestRules checks what follows from rules against every point of the sweep: DSPs, block RAM, URAM and LUTRAM are
// exact.
func TestRules(t *testing.T) {
	for _, s := range sweep(t) {
		if s.value("STATS") != 0 || s.Module == "hass_watermark" {
			continue // not priced
		}
		m, err := s.Model()
		if err != nil {
			t.Fatal(err)
		}
		got, want := [4]int{m.DSP, m.BRAM18, m.URAM, m.LUTRAM}, [4]int{s.DSP, s.BRAM18, s.URAM, s.LUTRAM}
		if got != want {
			t.Errorf("%s: model has DSP, BRAM18, URAM, LUTRAM %v, yosys %v", s.Key(), got, want)
		}
		if s.Module == "hass_ram" && (m.FF != s.FF || max(m.LUT-s.LUT, s.LUT-m.LUT) > 6) {
			t.Errorf("%s: model has %d LUTs and %d FFs, yosys %d and %d", s.Key(), m.LUT, m.FF, s.LUT, s.FF)
		}
	}
}

var _ = errors.New
var _ = context.Background
