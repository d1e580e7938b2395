package cost

import (
	"math"
	"strings"
	"testing"

	"hass/internal/design"
)

// TestFitFile checks that every formula has coefficients, none negative, as many as it has terms at most, and errors.
func TestFitFile(t *testing.T) {
	f := builtin.file
	if f.Tool == "" || f.Date == "" || f.Points == 0 {
		t.Errorf("tool %q, date %q, %d points", f.Tool, f.Date, f.Points)
	}
	for k := range areaRows {
		name := areaRows[k].name
		m, ok := f.Module[name]
		if !ok {
			t.Errorf("no coefficients of %s", name)
			continue
		}
		if len(m.LUT) > maxTerms || len(m.FF) > maxTerms || m.Points < 4 {
			t.Errorf("%s: %d and %d coefficients of %d points", name, len(m.LUT), len(m.FF), m.Points)
		}
		for _, c := range append(m.LUT, m.FF...) {
			if c < 0 {
				t.Errorf("%s: coefficient %v", name, c)
			}
		}
	}
}

func TestParseCalibration(t *testing.T) {
	c, err := ParseCalibration([]byte("tool = \"x\"\n[scale.fifo]\nLUT = 1.5\ninstances = 3\nlut_error = 0.1\n"))
	if err != nil {
		t.Fatal(err)
	}
	plain, scaled := New(nil, design.Family7, nil), New(nil, design.Family7, c)
	a, b := plain.FIFO(40, 16), scaled.FIFO(40, 16)
	if want := int(1.5*float64(a[1]) + 0.5); b[1] != want || b[2] != a[2] {
		t.Errorf("FIFO of %v, scaled %v", a, b)
	}
	if plain.Fork(3) != scaled.Fork(3) {
		t.Error("a module that is not named was scaled")
	}
	for text, want := range map[string]string{
		"":                        "neither [scale.<module>] nor [clock]",
		"[scale.x]\nLUT = 1":      "unknown module \"x\"",
		"[scale.fifo]\nLUTS = 1":  "unknown key",
		"[scale.fifo]\nFF = -1":   "scale of FF of fifo is -1",
		"[scale.fifo]\nDSP = nan": "scale of DSP",
	} {
		if _, err := ParseCalibration([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// TestErrorRule checks that errors of one formula add linearly, and errors of different formulas add as squares.
func TestErrorRule(t *testing.T) {
	var one, two tally
	one[areaFIFO] = [2]float64{300, 300}
	two[areaFIFO], two[areaWindow] = [2]float64{100, 100}, [2]float64{100, 100}
	m := Model{}
	e, f := builtin.fits[areaFIFO].errLUT, builtin.fits[areaWindow].errLUT
	if got := m.combine(&one).LUT; math.Abs(got-e) > 1e-4 {
		t.Errorf("FIFOs alone: %v, want %v", got, e)
	}
	if got, want := m.combine(&two).LUT, math.Sqrt(e*e+f*f)/2; math.Abs(got-want) > 1e-4 {
		t.Errorf("FIFOs and windows: %v, want %v", got, want)
	}
}
