package utilisation

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/cost"
)

func TestCountCells(t *testing.T) {
	got := CountCells(map[string]int{"LUT6": 3, "LUT1": 1, "INV": 2, "FDRE": 4, "FDSE": 1, "RAM32M": 2, "RAM64X1D": 1, "SRL16E": 5, "RAMB18E1": 1, "RAMB36E1": 2, "DSP48E1": 3, "URAM288": 1, "CARRY4": 9})
	if want := (Counts{LUT: 6 + 8 + 2 + 5, FF: 5, DSP: 3, BRAM18: 5, URAM: 1, LUTRAM: 15, Other: 9}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

const vivadoReport = `
| Tool Version : Vivado v.2024.2 (lin64) Build 5239630
+----------+-------+------------+------------+---------+------+-----+--------+--------+------+------------+
| Instance | Module | Total LUTs | Logic LUTs | LUTRAMs | SRLs | FFs | RAMB36 | RAMB18 | URAM | DSP Blocks |
+----------+-------+------------+------------+---------+------+-----+--------+--------+------+------------+
| hass_top | (top) | 900 | 800 | 90 | 10 | 950 | 1 | 1 | 2 | 5 |
|   (hass_top) | (top) | 1 | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 0 |
|   conv_engine0 | hass_engine | 500(400) | 400 | 90 | 10 | 600 | 1 | 1 | 2 | 5 |
|     rows | hass_ram | 90 | 0 | 90 | 0 | 100 | 0 | 0 | 0 | 0 |
|   fifo_conv_acc0_U | hass_fifo | 60 | 60 | 0 | 0 | 80 | 0 | 0 | 0 | 0 |
`

func TestParseVivado(t *testing.T) {
	r, err := ParseReport([]byte(vivadoReport))
	if err != nil {
		t.Fatal(err)
	}
	if r.Tool != "Vivado v.2024.2" || len(r.Usage) != 4 {
		t.Fatalf("%+v", r)
	}
	if u := r.Usage[1]; u.Name != "conv_engine0" || u.Counts != (Counts{LUT: 500, FF: 600, DSP: 5, BRAM18: 3, URAM: 2, LUTRAM: 100}) {
		t.Errorf("%+v", u)
	}
	list := []hw.Instance{{Name: "conv_engine0", Module: hw.EngineParams{}}, {Name: "fifo_conv_acc0", Module: hw.FIFOParams{}}, {Name: "other", Module: hw.FIFOParams{}}}
	m, err := r.Matches(list)
	if err != nil || len(m) != 2 || m[1].Actual.LUT != 60 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestCalibrate checks that a report of a tool that takes a constant factor more gives that factor.
func TestCalibrate(t *testing.T) {
	var matches []Match
	for _, width := range []int{8, 16, 40} {
		p := hw.FIFOParams{Width: width, Depth: 16}
		r, err := cost.ModuleCost(p, design.Family7)
		if err != nil {
			t.Fatal(err)
		}
		m := CountsOf(r)
		m.LUT, m.FF = m.LUT*3/2, m.FF*2
		matches = append(matches, Match{hw.Instance{Name: fmt.Sprint("f", width), Module: p}, m})
	}
	scales, err := Calibrate(matches, design.Family7)
	if err != nil {
		t.Fatal(err)
	}
	if s := scales["fifo"]; s.Instances != 3 || math.Abs(s.LUT-1.5) > 0.03 || s.FF != 2 || s.DSP != 1 || s.FFError != 0 {
		t.Errorf("%+v", s)
	}
}

func TestReportErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":   "no yosys JSON, and no table",
		"{":  "yosys JSON",
		"{}": "it has no \"modules\"",
		`{"modules":{"a":{"cells":{"x":{"type":"LUT6"}}}}}`:            "no module hass_top",
		`{"modules":{"hass_top":{"cells":{"x":{"type":"hass_top"}}}}}`: "contains itself",
		"| Instance | FFs |\n| a | 1 |\n| b | -1 |":                    "line 3",
	} {
		if _, err := ParseReport([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func TestModuleName(t *testing.T) {
	m, p := moduleName("$paramod\\hass_fifo\\WIDTH=s32'00000000000000000000000000000101\\LO=s32'11111111111111111111111110000000")
	if m != "hass_fifo" || p["WIDTH"] != 5 || p["LO"] != -128 {
		t.Errorf("%s %v", m, p)
	}
	if m, p := moduleName("\\$paramod$0123\\hass_window"); m != "hass_window" || p != nil {
		t.Errorf("%s %v", m, p)
	}
}
