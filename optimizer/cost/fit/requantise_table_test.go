package fit

import (
	"context"
	"fmt"
	"os"
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/test/figures"
)

// requantiseForms are joins of four lanes that requantise sums of 23 bits, as of 3x3x64 products of 8 bits, to 64 channels.
func requantiseForms() (names []string, joins []hw.JoinParams) {
	add := func(name string, bits int, change func(j *hw.JoinParams)) {
		j := hw.JoinParams{Gangs: 1, Banks: 1, Gang: 4, Px: 1, AccBits: 23, Bits: bits, W: 16, Folds: 16, Steps: 1, Rounding: fixed.HalfEven, Hi: 1<<bits - 1}
		change(&j)
		if j.MulBits > 0 {
			j.Shift += j.MulBits
			j.Parts = hw.Product{A: j.SumBits(), B: j.MulBits + 1}.Parts()
		}
		names, joins = append(names, name), append(joins, j)
	}
	shift := func(j *hw.JoinParams) { j.Shift = 12 }
	add("shift, half up", 8, func(j *hw.JoinParams) { shift(j); j.Rounding = fixed.HalfUp })
	add("shift", 8, shift)
	add("shift per channel, 4 steps", 8, func(j *hw.JoinParams) { shift(j); j.Shift, j.Steps = 10, 4 })
	add("shift per channel, 8 steps", 8, func(j *hw.JoinParams) { shift(j); j.Shift, j.Steps = 8, 8 })
	for _, bits := range []int{16, 24, 30} {
		one := int64(1)<<bits - 12345 // any odd one
		add(fmt.Sprintf("one multiplier of %d bits", bits), 8, func(j *hw.JoinParams) { shift(j); j.MulBits, j.Mul = bits, one })
		add(fmt.Sprintf("multipliers of %d bits per channel", bits), 8, func(j *hw.JoinParams) { shift(j); j.MulBits = bits })
	}
	add("multipliers of 30 bits per channel, sums of 28", 8, func(j *hw.JoinParams) { shift(j); j.AccBits, j.Shift, j.MulBits = 28, 17, 30 })
	for _, bits := range []int{2, 3, 4} {
		add(fmt.Sprintf("shift, %d bits", bits), bits, func(j *hw.JoinParams) { j.Shift = 20 - bits })
		add(fmt.Sprintf("multipliers of 24 bits per channel, %d bits", bits), bits, func(j *hw.JoinParams) { j.Shift, j.MulBits = 20-bits, 24 })
		add(fmt.Sprintf("thresholds, %d bits", bits), bits, func(j *hw.JoinParams) { j.Levels, j.Rounding = 1<<bits-1, fixed.HalfUp })
	}
	return names, joins
}

// TestRequantiseForms checks the price of the forms of requantisation where DSPs are concerned, and with HASS_FIGURES=1 synthesises them and writes
// the table of the documents (make requantise-table).
func TestRequantiseForms(t *testing.T) {
	names, joins := requantiseForms()
	if os.Getenv("HASS_FIGURES") == "" {
		t.Skip("skipped: set HASS_FIGURES=1 to synthesise the forms and to write their table (make requantise-table)")
	}
	var points []Point
	for _, j := range joins {
		points = append(points, PointOf(j))
	}
	ctx := context.Background()
	version, err := Version(ctx)
	if err != nil {
		t.Fatal(err)
	}
	y := &Yosys{Dir: t.TempDir()}
	counts, err := y.RunAll(ctx, points, 4, func(s string) { t.Log(s) })
	if err != nil {
		t.Fatal(err)
	}
	table := figures.Table{
		Command: "make requantise-table",
		Note: fmt.Sprintf("hass_join of four lanes, one pixel a beat, 64 channels in 16 beats, sums of 23 bits, outputs of 8 bits and ties to even where a row says nothing else; "+
			"%s, synth_xilinx -family xc7. LUTs contain those of memories, which hold biases and what each channel has of its own.", version),
		Columns: []string{"form", "LUT", "of memories", "FF", "DSP", "cycles", "LUT by the model", "FF", "DSP"},
	}
	for i, c := range counts {
		m, err := points[i].Model()
		if err != nil {
			t.Fatal(err)
		}
		if m.DSP != c.DSP {
			t.Errorf("%s: %d DSPs by the model, %d by yosys", names[i], m.DSP, c.DSP)
		}
		table.Rows = append(table.Rows, []string{names[i], n(c.LUT), n(c.LUTRAM), n(c.FF), n(c.DSP), n(joins[i].Cycles()), n(m.LUT), n(m.FF), n(m.DSP)})
	}
	figures.Write(t, "requantise-forms", table)
}

func n(v int) string { return fmt.Sprint(v) }
