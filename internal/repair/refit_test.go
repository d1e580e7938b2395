package repair

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/kernel"
)

// TestProduct compares products with their definition, over more rows, columns and terms than a tile has.
func TestProduct(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, c := range [][3]int{{1, 1, 1}, {5, 3, 7}, {kernel.Rows, blockRows, kernel.Cols}, {2*kernel.Rows + 1, blockRows + 3, kernel.Cols + 1}} {
		a, b, to := newMatrix(c[0], c[1]), newMatrix(c[1], c[2]), newMatrix(c[0], c[2])
		for i := range a.v {
			a.v[i] = float32(r.NormFloat64())
		}
		for i := range b.v {
			b.v[i] = float32(r.NormFloat64())
		}
		if err := product(t.Context(), to, a, newPanels(b)); err != nil {
			t.Fatal(err)
		}
		for i := range c[0] {
			for j := range c[2] {
				want := float32(0)
				for k := range c[1] {
					want = kernel.FMA(a.row(i)[k], b.row(k)[j], want)
				}
				if got := to.row(i)[j]; got != want {
					t.Fatalf("%v: [%d,%d] is %g, want %g", c, i, j, got, want)
				}
			}
		}
	}
}

// TestGram compares covariances with their definition, also of inputs whose means are far from 0.
func TestGram(t *testing.T) {
	const inputs, outputs, parts, rows = 9, 4, 11, 100
	r := rand.New(rand.NewPCG(7, 8))
	g := newGram(inputs, outputs)
	var all [][]float64
	for range parts {
		s := samples{newMatrix(rows, inputs), newMatrix(rows, outputs)}
		for k := range rows {
			common := r.NormFloat64()
			var row []float64
			for i := range s.x.row(k) {
				s.x.row(k)[i] = float32(1000*float64(i) + common + r.NormFloat64())
				row = append(row, float64(s.x.row(k)[i]))
			}
			for i := range s.y.row(k) {
				s.y.row(k)[i] = float32(50 - float64(i)*common + r.NormFloat64())
				row = append(row, float64(s.y.row(k)[i]))
			}
			all = append(all, row)
		}
		if err := g.add(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	cov := func(i, j int) float64 {
		mi, mj, s, n := 0.0, 0.0, 0.0, float64(len(all))
		for _, row := range all {
			mi, mj = mi+row[i]/n, mj+row[j]/n
		}
		for _, row := range all {
			s += (row[i] - mi) * (row[j] - mj) / n
		}
		return s
	}
	h, c, ok := g.covariances()
	if !ok || g.n != parts*rows {
		t.Fatalf("ok %t, %d samples", ok, g.n)
	}
	near := func(what string, i, j int, got, want float64) {
		if math.Abs(got-want) > 1e-4 {
			t.Errorf("%s [%d,%d] is %g, want %g", what, i, j, got, want)
		}
	}
	for i := range inputs {
		for j := range inputs {
			near("inputs", i, j, h[i*inputs+j], cov(i, j))
		}
		for j := range outputs {
			near("outputs and inputs", j, i, c[j*inputs+i], cov(inputs+j, i))
		}
	}
}

// TestSampler: the weights of a layer times sampled inputs are the sampled outputs.
func TestSampler(t *testing.T) {
	for _, op := range []graph.Conv{
		{Window: graph.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, Groups: 1},
		{Window: graph.Window{Kernel: [2]int{3, 2}, Stride: [2]int{2, 1}, Dilation: [2]int{1, 2}, Pads: [4]int{1, 0, 2, 1}}, Groups: 1},
		{Window: graph.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 2}, Dilation: [2]int{2, 1}, Pads: [4]int{2, 1, 2, 1}}, Groups: 2},
	} {
		b := newBuilder(4, 13)
		n := b.node("y", op, "x", b.constant("w", 0, 1, 6, 4/op.Groups, op.Kernel[0], op.Kernel[1]))
		g := b.done(n)
		x, err := images(1, g).Load(0)
		if err != nil {
			t.Fatal(err)
		}
		e, err := floatexec.New(g)
		if err != nil {
			t.Fatal(err)
		}
		out, err := e.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, least := range []int{0, 1000} {
			s := newSampler(op, g.Inputs[0].Shape, g.Shapes["y"], 1, least)
			for group, list := range s.take(0, x, out[0]) {
				if want := min(max(samplePixels, least), g.Shapes["y"][2]*g.Shapes["y"][3]); list.x.rows != want {
					t.Errorf("%d samples, want %d", list.x.rows, want)
				}
				for k := range list.x.rows {
					for f := range s.fg {
						sum := 0.0
						for i, v := range list.x.row(k) {
							sum += float64(v) * float64(g.Consts["w"].F[(group*s.fg+f)*s.inputs+i])
						}
						if got := float64(list.y.row(k)[f]); math.Abs(got-sum) > 1e-4 {
							t.Fatalf("%+v: sample %d of group %d, filter %d: %g, its inputs give %g", op, k, group, f, got, sum)
						}
					}
				}
			}
		}
	}
}

// example is a random problem of correlated inputs, with its sources.
func example(t *testing.T, seed uint64, rows, k int, zero ...int) (p *problem, h *mat.SymDense, target *mat.Dense) {
	t.Helper()
	r := rand.New(rand.NewPCG(9, seed))
	a := mat.NewDense(3*k, k, nil)
	loads := make([]float64, 3*k) // of three things that all inputs depend on
	for i := range loads {
		loads[i] = r.NormFloat64()
	}
	for i := range 3 * k {
		common := [3]float64{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}
		for j := range k {
			v := (0.3 + float64(j)/float64(k)) * r.NormFloat64()
			for f, c := range common {
				v += 2 * c * loads[f*k+j]
			}
			a.Set(i, j, v)
		}
	}
	var x mat.Dense
	x.Mul(a.T(), a)
	h = mat.NewSymDense(k, nil)
	mean := 0.0
	for i := range k {
		for j := i; j < k; j++ {
			h.SetSym(i, j, x.At(i, j)/float64(3*k))
		}
		mean += h.At(i, i) / float64(k)
	}
	w := make([]float32, rows*k)
	for i := range w {
		w[i] = float32(r.NormFloat64())
	}
	for _, i := range zero {
		w[i] = 0
	}
	// The layer's outputs come from other inputs.
	target = mat.NewDense(rows, k, nil)
	for i := range rows {
		for j := range k {
			s := 0.2 * r.NormFloat64()
			for m := range k {
				s += float64(w[i*k+m]) * h.At(m, j)
			}
			target.Set(i, j, s)
		}
	}
	var hs, ts []float64
	for i := range k {
		for j := range k {
			hs = append(hs, h.At(i, j))
		}
	}
	ts = slices.Clone(target.RawMatrix().Data)
	p, err := newProblem(hs, ts, w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range k {
		h.SetSym(i, i, h.At(i, i)+damping*mean)
	}
	for i := range rows {
		for j := range k {
			target.Set(i, j, target.At(i, j)+damping*mean*float64(w[i*k+j]))
		}
	}
	return p, h, target
}

// exact is the best row of weights over a support, and its value.
func exact(h *mat.SymDense, target []float64, support []bool) ([]float64, float64) {
	var at []int
	for i, ok := range support {
		if ok {
			at = append(at, i)
		}
	}
	w := make([]float64, len(support))
	if len(at) == 0 {
		return w, 0
	}
	m, v := mat.NewDense(len(at), len(at), nil), mat.NewVecDense(len(at), nil)
	for i, a := range at {
		v.SetVec(i, target[a])
		for j, b := range at {
			m.Set(i, j, h.At(a, b))
		}
	}
	var x mat.VecDense
	if err := x.SolveVec(m, v); err != nil {
		panic(err)
	}
	value := 0.0
	for i, a := range at {
		w[a] = x.AtVec(i)
		value -= x.AtVec(i) * target[a] // at the minimum w H w' = w t'
	}
	return w, value
}

// TestReference: weights that are fitted are the exact solution over their zeros, and no choice of zeros is much better.
func TestReference(t *testing.T) {
	const rows, k = 2, 5
	for seed := range uint64(6) {
		for zeros := range 9 {
			p, h, target := example(t, seed, rows, k, 3)
			got, err := solve(t.Context(), []*problem{p}, zeros)
			if err != nil {
				t.Fatal(err)
			}
			support := make([]bool, rows*k)
			for i, v := range got {
				support[i] = v != 0
			}
			if support[3] {
				t.Errorf("seed %d, %d zeros: weight 3 was 0 and is %g", seed, zeros, got[3])
			}
			if n := countZeros(got); n != max(zeros, 1) {
				t.Errorf("seed %d: %d zeros, want %d", seed, n, max(zeros, 1))
			}
			value := 0.0
			for r := range rows {
				want, v := exact(h, target.RawRowView(r), support[r*k:][:k])
				value += v
				for i, x := range want {
					if y := float64(got[r*k+i]); math.Abs(y-x) > 1e-4*(1+math.Abs(x)) {
						t.Errorf("seed %d, %d zeros: weight [%d,%d] is %g, exactly %g", seed, zeros, r, i, y, x)
					}
				}
			}
			// Every choice of this number of zeros that includes the required zero.
			best, none := math.Inf(1), 0.0
			for set := range 1 << (rows * k) {
				if bits.OnesCount(uint(set)) != rows*k-max(zeros, 1) || set&8 != 0 {
					continue
				}
				v := 0.0
				for r := range rows {
					one := make([]bool, k)
					for i := range k {
						one[i] = set>>(r*k+i)&1 == 1
					}
					_, x := exact(h, target.RawRowView(r), one)
					v += x
				}
				best = min(best, v)
			}
			for r := range rows {
				_, v := exact(h, target.RawRowView(r), []bool{true, true, true, true, true})
				none += v
			}
			if lost, least := value-none, best-none; lost > 1.5*least+0.05*math.Abs(none) {
				t.Errorf("seed %d, %d zeros: the fit loses %g, the best choice %g, of %g", seed, zeros, lost, least, -none)
			}
		}
	}
}

// TestSeveralGroups: zeros are chosen over all groups of a layer, with the exact number also if magnitudes are equal.
func TestSeveralGroups(t *testing.T) {
	a, _, _ := example(t, 1, 3, 4)
	b, _, _ := example(t, 2, 3, 4, 0, 1)
	for zeros := 2; zeros < 24; zeros += 3 {
		w, err := solve(t.Context(), []*problem{a, b}, zeros)
		if err != nil {
			t.Fatal(err)
		}
		if n := countZeros(w); n != zeros || w[12] != 0 || w[13] != 0 {
			t.Errorf("%d zeros, want %d: %v", n, zeros, w)
		}
	}
	same := matrix{1, 4, []float32{1, -1, 1, 1}}
	mask := largest([]*problem{{may: []bool{true, true, true, true}}}, []matrix{same}, 2)
	if want := []bool{false, false, true, true}; !slices.Equal(mask[0], want) {
		t.Errorf("of equal weights %v stay, want %v", mask[0], want)
	}
}

// TestRefit: on images that no fit saw a refit is nearer to the unpruned network than a match.
func TestRefit(t *testing.T) {
	g := block()
	all := images(400, g)
	fit, judge := all, all
	fit.N, judge.N = 300, 100
	judge.Load = func(i int) ([]float32, error) { return all.Load(300 + i) }
	var errs []float64
	for _, method := range Methods() {
		out, r, err := Prune(t.Context(), g, Options{Share: 0.5, Repair: method, Images: fit})
		if err != nil {
			t.Fatal(err)
		}
		errs = append(errs, far(t, g, out, judge))
		if method == Refit && (r.Layers[1].Repair != Refit || r.Layers[2].Repair != Match || r.Layers[6].Repair != Refit) {
			t.Errorf("%+v", r.Layers)
		}
	}
	if !(errs[2] < 0.7*errs[1] && errs[1] < errs[0]) {
		t.Errorf("distances on other images by method: %v", errs)
	}
}

// TestSingular: inputs that do not change, or are no numbers, determine nothing.
func TestSingular(t *testing.T) {
	if _, err := newProblem(make([]float64, 4), make([]float64, 2), []float32{1, 2}); err != errSingular {
		t.Errorf("constant inputs: %v", err)
	}
	if _, err := newProblem([]float64{math.NaN(), 0, 0, 1}, make([]float64, 2), []float32{1, 2}); err != errSingular {
		t.Errorf("NaN: %v", err)
	}
	s := samples{newMatrix(3, 2), newMatrix(3, 1)}
	s.x.v[4] = float32(math.Inf(1))
	m := newGram(2, 1)
	if err := m.add(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := m.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, ok := m.covariances(); ok {
		t.Error("infinite inputs have covariances")
	}
}

// TestChoice: zeros chosen by the search lose less than zeros at the smallest weights of the solution without zeros.
func TestChoice(t *testing.T) {
	const rows, k, zeros = 8, 24, 96
	value := func(h *mat.SymDense, target *mat.Dense, support []bool) (v float64) {
		for r := range rows {
			_, x := exact(h, target.RawRowView(r), support[r*k:][:k])
			v += x
		}
		return v
	}
	chosen, least := 0.0, 0.0
	for seed := range uint64(5) {
		p, h, target := example(t, seed, rows, k)
		whole := value(h, target, p.may)
		least += value(h, target, largest([]*problem{p}, []matrix{p.start}, zeros)[0]) - whole
		_, masks, err := choose(t.Context(), []*problem{p}, zeros, 0)
		if err != nil {
			t.Fatal(err)
		}
		chosen += value(h, target, masks[0]) - whole
	}
	t.Logf("the zeros chosen lose %g, those of the least weights %g", chosen, least)
	if !(chosen < 0.95*least) {
		t.Errorf("the zeros chosen lose %g, those of the least weights %g", chosen, least)
	}
}
