package fit

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/BurntSushi/toml"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/cost"
	"hass/optimizer/cost/utilisation"
)

// modelFamily is the device family of a point under the optimizer's name.
func modelFamily(p Point) string {
	if p.Family == "xcup" {
		return design.FamilyUSPlus
	}
	return design.Family7
}

// Model is the model's estimate for a point.
func (p Point) Model() (utilisation.Counts, error) {
	r, err := cost.ModuleCost(p.Module, modelFamily(p))
	return utilisation.CountsOf(r), err
}

// row is one equation: the terms times the coefficients equal a sample's count less the counts by rule.
type row struct {
	terms  []float64
	rest   float64
	actual float64 // the whole count, the basis of relative errors
}

// floor keeps the smallest instances from dominating a fit: errors are relative to the LUTs or FFs plus this number.
const floor = 20

func (r row) weight() float64 { return 1 / (r.actual + floor) }

// expected are the coefficients of LUTs that each formula's terms are expected to have before any synthesis; missing ones
// are 1, because terms are counted in LUTs. Those of flip-flops are 0, because known flip-flops are counted by rule.
var expected = map[string][]float64{
	"window":     {60, 8, 1.5, 2, 1, 1, 1, 1, 1, 0.7, 2, 1, 2},
	"join":       {10, 1, 0.1, 1, 0.2, 0.5, 1, 3, 0.2, 2, 1, 2},
	"pool":       {10, 1.5, 1, 1.5, 1, 0.1, 1, 0.2, 0.5, 2, 1, 1, 1},
	"globalpool": {10, 1.5, 1, 1.5, 1, 0.1, 1, 0.2, 0.5, 2, 1, 1, 1},
	"add":        {5, 0.1, 1, 0.2, 0.5, 2, 1, 1, 5, 1},
	"mul":        {5, 0.1, 1, 0.2, 0.5, 2, 1, 1, 5, 1},
	"requant":    {5, 0.1, 1, 0.2, 0.5, 2, 1},
	"activation": {5, 0.1, 1, 0.2, 0.5, 2, 1, 0.7, 1, 1, 0, 0, 10, 0},
	"resize":     {20, 3, 0.1, 1, 0.2, 0.5, 1, 0.7, 5},
	"concat":     {5, 3, 0.5, 1, 0.3, 1},
	"convert":    {5, 2, 1, 1, 0.3, 0.5},
	"slice":      {5, 2, 3},
	"zeroinsert": {5, 2, 3, 0.5},
}

// prior is the weight of the expected coefficients: that of a fraction of one sample with equally large errors.
const prior = 0.15

// solve finds non-negative coefficients with the least sum of squares of relative errors and of distances from the
// expected coefficients, which decide where samples are too few or too alike.
func solve(rows []row, without int, expect []float64) []float64 {
	n := len(rows[0].terms)
	ata, atb := make([][]float64, n), make([]float64, n)
	for i := range ata {
		ata[i] = make([]float64, n)
	}
	used := 0
	size := make([]float64, n) // of the terms, relative
	for k, r := range rows {
		if k == without {
			continue
		}
		w := r.weight()
		used++
		for i, x := range r.terms {
			size[i] += w * x
		}
		w *= w
		for i, x := range r.terms {
			if x == 0 {
				continue
			}
			atb[i] += w * x * r.rest
			for j, y := range r.terms {
				ata[i][j] += w * x * y
			}
		}
	}
	for i := range size {
		x := prior * size[i] / float64(max(1, used))
		e := 0.0
		if expect != nil {
			if e = 1; i < len(expect) {
				e = expect[i]
			}
		}
		ata[i][i] += x * x
		atb[i] += x * x * e
	}
	return nnls(ata, atb)
}

// nnls solves non-negative least squares by the algorithm of Lawson and Hanson on the normal equations.
func nnls(ata [][]float64, atb []float64) []float64 {
	n := len(atb)
	x, active := make([]float64, n), make([]bool, n)
	for range 10 * n {
		best, most := -1, 1e-10
		for i := range n {
			if active[i] || ata[i][i] == 0 {
				continue
			}
			g := atb[i]
			for j := range n {
				g -= ata[i][j] * x[j]
			}
			if g /= math.Sqrt(ata[i][i]); g > most {
				best, most = i, g
			}
		}
		if best < 0 {
			break
		}
		active[best] = true
		for {
			s, ok := subset(ata, atb, active)
			if !ok { // linearly dependent on the active ones
				active[best] = false
				return x
			}
			step := 1.0
			for i := range n {
				if active[i] && s[i] <= 0 {
					step = min(step, x[i]/(x[i]-s[i]))
				}
			}
			for i := range n {
				x[i] += step * (s[i] - x[i])
			}
			if step == 1 {
				break
			}
			for i := range n {
				if active[i] && x[i] <= 1e-12 {
					x[i], active[i] = 0, false
				}
			}
		}
	}
	return x
}

// subset solves for the active coefficients with the others at 0.
func subset(ata [][]float64, atb []float64, active []bool) ([]float64, bool) {
	var at []int
	for i, a := range active {
		if a {
			at = append(at, i)
		}
	}
	m := make([][]float64, len(at))
	for r, i := range at {
		m[r] = make([]float64, len(at)+1)
		for c, j := range at {
			m[r][c] = ata[i][j]
		}
		m[r][r] *= 1 + 1e-9
		m[r][len(at)] = atb[i]
	}
	for c := range at {
		p := c
		for r := c; r < len(at); r++ {
			if math.Abs(m[r][c]) > math.Abs(m[p][c]) {
				p = r
			}
		}
		m[c], m[p] = m[p], m[c]
		if m[c][c] == 0 {
			return nil, false
		}
		for r := range at {
			if r == c {
				continue
			}
			f := m[r][c] / m[c][c]
			for k := c; k <= len(at); k++ {
				m[r][k] -= f * m[c][k]
			}
		}
	}
	x := make([]float64, len(atb))
	for r, i := range at {
		x[i] = m[r][len(at)] / m[r][r]
	}
	return x, true
}

func dot(a, b []float64) float64 {
	s := 0.0
	for i := range a {
		s += a[i] * b[i]
	}
	return s
}

// fitRows fits the coefficients and gives the leave-one-out error of each row, relative to its count plus floor.
func fitRows(rows []row, expect []float64) (coef, errs []float64) {
	coef = solve(rows, -1, expect)
	for k, r := range rows {
		c := coef
		if len(rows) > 1 {
			c = solve(rows, k, expect)
		}
		errs = append(errs, math.Abs(dot(c, r.terms)-r.rest)*r.weight())
	}
	return coef, errs
}

// FitAll fits the coefficients of all formulas to samples. Lanes and weights come first: the formula of an engine is
// fitted to the remainder, so the second pass needs a model with the file of the first pass.
func FitAll(samples []Sample) (map[string]cost.Fit, error) {
	luts, ffs := map[string][]row{}, map[string][]row{}
	for _, s := range samples {
		if s.Plain && lanesOf(s.Module) > 0 || s.Family != "" || !fitted(s.Module) {
			continue // designs are not mapped by plain abc, whose multiplexers differ
		}
		t, err := cost.TermsOf(s.Module, design.Family7)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Key(), err)
		}
		luts[t.Formula] = append(luts[t.Formula], row{t.LUT, float64(s.LUT - t.Rule.LUT), float64(s.LUT)})
		ffs[t.Formula] = append(ffs[t.Formula], row{t.FF, float64(s.FF - t.Rule.FF), float64(s.FF)})
	}
	fits := map[string]cost.Fit{}
	for name := range luts {
		var f cost.Fit
		var le, fe []float64
		f.Points = len(luts[name])
		f.LUT, le = fitRows(luts[name], append([]float64{}, expected[name]...))
		f.FF, fe = fitRows(ffs[name], nil)
		f.LUTMedian, f.LUTP90 = utilisation.Quantiles(le)
		f.FFMedian, f.FFP90 = utilisation.Quantiles(fe)
		for _, v := range [][]float64{f.LUT, f.FF} {
			for i := range v {
				v[i] = math.Round(v[i]*1e5) / 1e5
			}
		}
		f.LUT, f.FF = trim(f.LUT), trim(f.FF)
		for _, v := range []*float64{&f.LUTMedian, &f.LUTP90, &f.FFMedian, &f.FFP90} {
			*v = math.Round(*v*1e4) / 1e4
		}
		fits[name] = f
	}
	return fits, nil
}

// fitted reports whether a module has a formula with coefficients. The counters of STATS are not priced.
func fitted(m hw.Module) bool {
	switch m := m.(type) {
	case hw.RAMParams, hw.WatermarkParams, hw.ChainHeadParams, hw.ChainEndParams:
		return false
	case hw.ControlParams:
		return !m.Stats
	}
	return true
}

func trim(v []float64) []float64 {
	for len(v) > 1 && v[len(v)-1] == 0 {
		v = v[:len(v)-1]
	}
	return v
}

// WriteFit is the text of a file of coefficients.
func WriteFit(f cost.FitFile) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# Coefficients of the cost model's formulas (optimizer/cost/area.go), fitted to xc7.csv by make fit.\n"+
		"# Errors are of instances left out of the fit in turn, relative to their LUTs or flip-flops and %d more.\n\n", floor)
	if err := toml.NewEncoder(&b).Encode(f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Residuals prints the samples of a module beside the estimates of the fits, for work on a formula.
func Residuals(w io.Writer, samples []Sample, fits map[string]cost.Fit, module string) {
	for _, s := range samples {
		if s.ModuleName() != module || s.Family != "" {
			continue
		}
		t, err := cost.TermsOf(s.Module, design.Family7)
		if err != nil {
			continue
		}
		f := fits[t.Formula]
		lut, ff := float64(t.Rule.LUT)+dot(f.LUT, t.LUT[:len(f.LUT)]), float64(t.Rule.FF)+dot(f.FF, t.FF[:len(f.FF)])
		r := t.Rule
		fmt.Fprintf(w, "LUT %5d %+6.1f%%  FF %5d %+6.1f%%  DSP %d %d BRAM %d %d LUTRAM %d %d  %s\n", s.LUT, 100*(lut/max(1, float64(s.LUT))-1), s.FF, 100*(ff/max(1, float64(s.FF))-1),
			s.DSP, r.DSP, s.BRAM18, r.BRAM18, s.LUTRAM, r.LUTRAM, s.ParamText())
	}
}
