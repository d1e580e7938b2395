package fit

import (
	"context"
	"math"
	"math/rand"
	"os"
	"slices"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer/cost"
	"hass/optimizer/cost/utilisation"
)

// sweep is the data that the tests look at; HASS_SWEEP names another file while a sweep is being made.
func sweep(t *testing.T) []Sample {
	t.Helper()
	text := cost.SweepData
	if name := os.Getenv("HASS_SWEEP"); name != "" {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = string(data)
	}
	points, err := Points()
	if err != nil {
		t.Fatal(err)
	}
	samples, unknown, err := ReadSamples(strings.NewReader(text), points)
	if err != nil {
		t.Fatal(err)
	}
	// Random layers and networks change with their generator; make sweep adds the new points.
	if unknown*5 > len(samples) {
		t.Errorf("%d lines of the sweep's data are of no point of the sweep, %d of one: run make sweep", unknown, len(samples))
	}
	return samples
}

// unpriced tells whether a sample is of a module that no design is priced with.
func unpriced(s Sample) bool {
	switch m := s.Module.(type) {
	case hw.WatermarkParams:
		return true
	case hw.ControlParams:
		return m.Stats
	}
	return false
}

// TestRules checks the resources that are computed by rules against every point of the sweep: DSPs, block RAM, URAM and LUTRAM must be
// exact.
func TestRules(t *testing.T) {
	for _, s := range sweep(t) {
		if unpriced(s) {
			continue
		}
		m, err := s.Model()
		if err != nil {
			t.Fatal(err)
		}
		got, want := [4]int{m.DSP, m.BRAM18, m.URAM, m.LUTRAM}, [4]int{s.DSP, s.BRAM18, s.URAM, s.LUTRAM}
		ram, collapse := false, false
		switch p := s.Module.(type) {
		case hw.WindowParams:
			if p.W < p.InPx || p.OW < p.OutPx {
				continue // a map narrower than a beat: banks that nobody reads go away
			}
			if d := got[3] - want[3]; d >= -3 && d <= 3 || p.Whole && d >= -4 && d <= 4 {
				got[3] = want[3] // delayed beats share registers with their addresses
			}
		case hw.ActivationParams:
			collapse = true
			// Yosys 0.23 builds a product of a hard swish from LUTs and a shift register in some lanes. Which lanes depends on what
			// else the process has synthesised.
			if hardSwish := p.Linear != nil && hw.ActivationFns[p.Fn] == intnet.ActHardSwish; hardSwish && got[0] > want[0] && got[0]-want[0] <= p.Px*p.Ch {
				got[3] += (got[0] - want[0]) * p.InBits
				got[0] = want[0]
			}
		case hw.PoolParams, hw.ResizeParams:
			collapse = true
		case hw.LaneParams:
			if d := want[3] - got[3]; d >= 0 && d <= 3 {
				got[3] = want[3] // signals of control, which an engine has once for all its lanes
			}
		case hw.EngineParams:
			// The registers that hold a packed engine's factors back join others that yosys leaves outside the slices: which ones depends on
			// the widths.
			if d := want[3] - got[3]; p.Kind == hw.PackedLane && 4*max(d, -d) <= want[3] {
				got[3] = want[3]
			}
		case hw.RAMParams:
			ram = true
		}
		if collapse {
			// Tables that collapse may join a shift register.
			if d := got[3] - want[3]; d >= -8 && d <= 8 {
				got[3] = want[3]
			}
		}
		if got != want {
			t.Errorf("%s: model has DSP, BRAM18, URAM, LUTRAM %v, yosys %v", s.Key(), got, want)
		}
		if ram && (m.FF != s.FF || max(m.LUT-s.LUT, s.LUT-m.LUT) > 6) {
			t.Errorf("%s: model has %d LUTs and %d FFs, yosys %d and %d", s.Key(), m.LUT, m.FF, s.LUT, s.FF)
		}
	}
}

// rough are modules whose LUTs are not known to 15 %. They have tens of LUTs per lane, in which yosys merges comparisons, multiplexers and
// carries depending on the constants. Reports print their actual errors.
var rough = map[string]float64{"hass_add": 0.4, "hass_mul": 0.5, "hass_activation": 0.4}

// TestFormulas checks LUTs and flip-flops of every module against the sweep: three of four points of each module are within
// 15 % (except for rough modules) and 8 LUTs or registers, and half of all points are within 5 %.
func TestFormulas(t *testing.T) {
	type errs struct{ lut, ff, lutOut, ffOut []float64 }
	by := map[string]*errs{}
	var all, allFF []float64
	for _, s := range sweep(t) {
		if unpriced(s) || s.Family != "" || s.ModuleName() == "hass_ram" || s.Plain && lanesOf(s.Module) > 0 {
			continue
		}
		m, err := s.Model()
		if err != nil {
			t.Fatal(err)
		}
		e := by[s.ModuleName()]
		if e == nil {
			e = &errs{}
			by[s.ModuleName()] = e
		}
		lut, ff := math.Abs(float64(m.LUT-s.LUT)), math.Abs(float64(m.FF-s.FF))
		e.lut, e.ff = append(e.lut, lut/max(1, float64(s.LUT))), append(e.ff, ff/max(1, float64(s.FF)))
		if lut > max(0.15, rough[s.ModuleName()])*float64(s.LUT)+8 {
			e.lutOut = append(e.lutOut, lut)
			t.Logf("%s: %d LUTs, yosys %d", s.Key(), m.LUT, s.LUT)
		}
		if ff > 0.15*float64(s.FF)+8 {
			e.ffOut = append(e.ffOut, ff)
			t.Logf("%s: %d FFs, yosys %d", s.Key(), m.FF, s.FF)
		}
		all, allFF = append(all, lut/max(1, float64(s.LUT))), append(allFF, ff/max(1, float64(s.FF)))
	}
	for module, e := range by {
		lut, lut90 := utilisation.Quantiles(e.lut)
		ff, ff90 := utilisation.Quantiles(e.ff)
		t.Logf("%-20s %3d points: LUT median %.1f %%, 90th %.1f %%; FF %.1f %%, %.1f %%", module, len(e.lut), 100*lut, 100*lut90, 100*ff, 100*ff90)
		if len(e.lutOut)*4 > len(e.lut)+3 || len(e.ffOut)*4 > len(e.ff)+3 {
			t.Errorf("%s: %d and %d of %d points beyond the bounds of LUTs and FFs", module, len(e.lutOut), len(e.ffOut), len(e.lut))
		}
	}
	lut, _ := utilisation.Quantiles(all)
	ff, _ := utilisation.Quantiles(allFF)
	if lut > 0.05 || ff > 0.05 {
		t.Errorf("median errors %.3f of LUTs, %.3f of FFs", lut, ff)
	}
}

// TestYosys synthesises three points of the sweep again.
func TestYosys(t *testing.T) {
	testenv.Tools(t, "yosys", "yosys")
	var points []Point
	var want []utilisation.Counts
	for _, s := range sweep(t) {
		switch s.Key() {
		case "hass_fifo WIDTH=54 DEPTH=5 BLOCK=0", "hass_lane KIND=0 M=3 N=3 X_BITS=16 X_SIGNED=1 W_BITS=16 ACC=40", "hass_ram WIDTH=48 DEPTH=1500 STYLE=1":
			points, want = append(points, s.Point), append(want, s.Counts)
		}
	}
	if len(points) != 3 {
		t.Fatalf("%d of three points are in the sweep", len(points))
	}
	y := &Yosys{Dir: t.TempDir()}
	got, _, err := y.Run(context.Background(), points)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("counts\n%+v, the sweep has\n%+v", got, want)
	}
}

// TestJoinsByRule synthesises joins of elastic engines, and joins whose lanes share multipliers. The sweep has none of them, because rules
// give the resources that banks and turns add to a join.
func TestJoinsByRule(t *testing.T) {
	testenv.Tools(t, "yosys", "yosys")
	var points []Point
	for _, banks := range []int{2, 5} {
		points = append(points, Point{Module: hw.JoinParams{
			Gangs: 2, Banks: banks, Gang: 4, Px: 1, AccBits: 36, Bits: 16, W: 14, Folds: 4, Shift: 9, Steps: 1, Rounding: fixed.HalfUp, Hi: 32767,
		}})
	}
	for _, j := range []hw.JoinParams{
		{Gang: 4, Px: 1, W: 16, Folds: 8, MulBits: 12, Turns: 4},
		{Gang: 1, Px: 12, W: 12, Folds: 32, MulBits: 12, Turns: 6},
		{Gang: 2, Px: 7, W: 7, Folds: 16, MulBits: 15, Mul: 20001, Turns: 7},
	} {
		j.Gangs, j.Banks, j.AccBits, j.Bits, j.Shift, j.Steps, j.Rounding, j.Hi, j.Parts = 1, 1, 22, 8, 20, 1, fixed.HalfUp, 255, 1
		points = append(points, Point{Module: j})
	}
	y := &Yosys{Dir: t.TempDir()}
	got, _, err := y.Run(context.Background(), points)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range points {
		r, err := cost.ModuleCost(p.Module, design.Family7)
		if err != nil {
			t.Fatal(err)
		}
		want := utilisation.CountsOf(r)
		t.Logf("%s: model %d LUT, %d FF; yosys %d, %d", p.Key(), want.LUT, want.FF, got[i].LUT, got[i].FF)
		off := func(model, actual int) bool { return math.Abs(float64(model)/float64(actual)-1) > 0.05 }
		if off(want.LUT, got[i].LUT) || off(want.FF, got[i].FF) || want.DSP != got[i].DSP || want.BRAM18 != got[i].BRAM18 {
			t.Errorf("%s: model %+v, yosys %+v", p.Key(), want, got[i])
		}
	}
}

// TestPoints checks that the list is the same each time and holds no point twice.
func TestPoints(t *testing.T) {
	testenv.Long(t)
	a, err := Points()
	if err != nil {
		t.Fatal(err)
	}
	b, err := Points()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range a {
		if a[i].Key() != b[i].Key() {
			t.Fatalf("point %d is %s, then %s", i, a[i].Key(), b[i].Key())
		}
		if k := a[i].Key() + a[i].Family; seen[k] {
			t.Errorf("%s twice", k)
		} else {
			seen[k] = true
		}
	}
}

// TestModelOfDesign checks that the optimizer prices a design as its modules are priced one by one from the parameters
// that hw gives them.
func TestModelOfDesign(t *testing.T) {
	for seed := range int64(150) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		d := &design.Design{Net: c.Net, Layers: c.Layers}
		for name, depth := range c.Depths {
			d.FIFOs = append(d.FIFOs, design.FIFO{Name: name, Depth: depth})
		}
		list, err := PointsOf(d)
		if err != nil {
			t.Fatal(err)
		}
		var sum utilisation.Counts
		for _, in := range list {
			m, err := in.Model()
			if err != nil {
				t.Fatal(err)
			}
			sum = sum.Plus(m, 1)
		}
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		total := cost.New(d.Net, design.Family7, nil).Total(n).Resources()
		if got := utilisation.CountsOf(total); got != sum {
			t.Errorf("seed %d: the optimizer has %+v, the modules %+v", seed, got, sum)
		}
	}
}

// TestNNLS checks the solver against known answers: one inside, one where a coefficient has to be 0.
func TestNNLS(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for _, want := range [][]float64{{3, 0.5, 2}, {1, 0, 4}} {
		var rows []row
		for range 40 {
			x := []float64{1, rng.Float64() * 10, rng.Float64() * 5}
			rows = append(rows, row{x, dot(want, x), 10})
		}
		got := solve(rows, -1, want)
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-6 {
				t.Errorf("coefficients %v, want %v", got, want)
			}
		}
	}
	got := solve([]row{{[]float64{1, 1}, 1, 1}, {[]float64{1, 2}, 0, 1}, {[]float64{1, 3}, -1, 1}}, -1, nil)
	if got[1] != 0 || got[0] < 0 {
		t.Errorf("a falling line: %v", got)
	}
}
