package fit

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hass/internal/test/figures"
	"hass/optimizer/cost"
	"hass/optimizer/cost/delay"
)

// TestRequantiseForms compares the prices of the forms of requantisation with their synthesis in the sweep: DSPs and LUTs of memories exactly. With
// HASS_FIGURES=1 it writes the table of the documents (make requantise-table).
func TestRequantiseForms(t *testing.T) {
	tool, _, _ := strings.Cut(strings.TrimPrefix(cost.SweepData, "# "), ": ")
	table := figures.Table{
		Command: "make sweep requantise-table",
		Note: fmt.Sprintf("hass_join of four lanes, one pixel a beat, 64 channels in 16 beats, sums of 23 bits, outputs of 8 bits and ties to even where a row says nothing else. %s, xc7. "+
			"LUTs contain those of memories, which hold the biases and the values of each channel. Cycles are those from issue to push. MHz are of the delay model, which is fitted to modules routed on xc7z010-1.", tool),
		Columns: []string{"form", "LUT", "of memories", "FF", "DSP", "cycles", "by the model: LUT", "FF", "MHz"},
	}
	samples := map[string]Sample{}
	for _, s := range sweep(t) {
		samples[s.Key()] = s
	}
	names, joins := RequantiseForms()
	for i, j := range joins {
		p := PointOf(j)
		s, ok := samples[p.Key()]
		if !ok {
			t.Fatalf("%s is not in the sweep: run make sweep", names[i])
		}
		m, err := p.Model()
		if err != nil {
			t.Fatal(err)
		}
		if m.DSP != s.DSP || m.LUTRAM != s.LUTRAM {
			t.Errorf("%s: %d DSPs and %d LUTs of memories by the model, %d and %d by yosys", names[i], m.DSP, m.LUTRAM, s.DSP, s.LUTRAM)
		}
		ns, err := delay.Of(j)
		if err != nil {
			t.Fatal(err)
		}
		table.Rows = append(table.Rows, []string{names[i], fmt.Sprint(s.LUT), fmt.Sprint(s.LUTRAM), fmt.Sprint(s.FF), fmt.Sprint(s.DSP), fmt.Sprint(j.Cycles()), fmt.Sprint(m.LUT), fmt.Sprint(m.FF), fmt.Sprintf("%.0f", 1000/ns)})
	}
	if os.Getenv("HASS_FIGURES") != "" {
		figures.Write(t, "requantise-forms", table)
	}
}
