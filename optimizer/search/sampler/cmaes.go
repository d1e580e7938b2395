package sampler

import "math"

const (
	cmaMean     = 0.25 // start mean of each dimension: sparse, but not hopelessly
	cmaSigma    = 0.2  // start step size, in the unit cube
	cmaFullDims = 60   // up to here the covariance matrix is full, beyond it diagonal
)

// cmaes is the (mu/mu_w, lambda)-CMA-ES of Hansen's tutorial (arXiv 1604.00772)
// with its default parameters and positive weights only: lambda = 4+floor(3 ln n),
// start mean 0.25, start step 0.2. Beyond 60 dimensions the covariance matrix is
// diagonal and learns (n+2)/3 times faster (Ros and Hansen 2008). A sample outside
// the cube is mirrored at the wall, and the update uses the mirrored point; hence
// trial 0, the zero point, is an ordinary member of its generation. If trials of a
// generation are missing, the better half of the present ones is recombined; a
// generation of fewer than two trials is skipped.
type cmaes struct {
	dims  int
	seed  uint64
	state generations[*cmaState]
}

func newCMAES(dims int, seed uint64, _ []int) Sampler {
	return &cmaes{dims, seed, generations[*cmaState]{
		size:  4 + int(3*math.Log(float64(dims))),
		first: newCMAState(dims, dims <= cmaFullDims),
		step:  (*cmaState).update,
	}}
}

// Propose implements Sampler.
func (s *cmaes) Propose(number int, history []Trial) []float64 {
	state := s.state.before(number, history)
	r := newRand(s.seed, uint64(number))
	z := make([]float64, s.dims)
	for i := range z {
		z[i] = normal(r)
	}
	x := state.root.times(z)
	for i := range x {
		x[i] = mirror(state.mean[i] + float64(state.sigma*x[i]))
	}
	return x
}

// cmaState is the distribution N(mean, sigma^2 C) and its paths; never changed
// after it is made.
type cmaState struct {
	form        matrixForm // of the covariance
	mean        []float64
	sigma       float64
	cov         matrix // C
	root        matrix // C^(1/2)
	inverseRoot matrix // C^(-1/2)
	pathC       []float64
	pathSigma   []float64
	updates     int
}

func newCMAState(dims int, form matrixForm) *cmaState {
	one := newMatrix(dims, form)
	for i := range dims {
		one.add(i, i, 1)
	}
	mean := make([]float64, dims)
	for i := range mean {
		mean[i] = cmaMean
	}
	return &cmaState{form: form, mean: mean, sigma: cmaSigma, cov: one, root: one, inverseRoot: one,
		pathC: make([]float64, dims), pathSigma: make([]float64, dims)}
}

// update is the state after a generation. The names and equation numbers are the
// tutorial's.
func (s *cmaState) update(trials []Trial) *cmaState {
	if len(trials) < 2 {
		return s
	}
	best := ranked(trials)[:len(trials)/2]
	n := float64(len(s.mean))

	weights := make([]float64, len(best)) // eq. 49 and 53
	sum, squares := 0.0, 0.0
	for i := range weights {
		weights[i] = round(math.Log(float64(len(trials)+1)/2)) - round(math.Log(float64(i+1)))
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
		squares += float64(weights[i] * weights[i])
	}
	muEff := 1 / squares
	cSigma := (muEff + 2) / (n + muEff + 5)                                 // eq. 55
	dSigma := 1 + 2*math.Max(0, math.Sqrt((muEff-1)/(n+1))-1) + cSigma      // doubling is exact
	cc := (4 + muEff/n) / (n + 4 + float64(2*muEff/n))                      // eq. 56
	c1 := 2 / (float64((n+1.3)*(n+1.3)) + muEff)                            // eq. 57
	cMu := math.Min(1-c1, 2*(muEff-2+1/muEff)/(float64((n+2)*(n+2))+muEff)) // eq. 58
	chi := math.Sqrt(n) * (1 - 1/(4*n) + 1/(21*n*n))                        // E||N(0,I)||
	if s.form == diagonal {
		c1 = math.Min(1, c1*(n+2)/3)
		cMu = math.Min(1-c1, cMu*(n+2)/3)
	}

	ys := make([][]float64, len(best)) // eq. 39
	step := make([]float64, len(s.mean))
	next := &cmaState{form: s.form, updates: s.updates + 1, mean: make([]float64, len(s.mean)),
		pathC: make([]float64, len(s.mean)), pathSigma: make([]float64, len(s.mean))}
	for k, t := range best {
		ys[k] = make([]float64, len(s.mean))
		for i := range ys[k] {
			ys[k][i] = (t.X[i] - s.mean[i]) / s.sigma
			step[i] += float64(weights[k] * ys[k][i])
		}
	}
	white := s.inverseRoot.times(step)
	keep, gain := 1-cSigma, math.Sqrt(float64(cSigma*(2-cSigma))*muEff)
	for i := range step {
		next.mean[i] = s.mean[i] + float64(s.sigma*step[i]) // eq. 42
		next.pathSigma[i] = float64(keep*s.pathSigma[i]) + float64(gain*white[i])
	}
	length := math.Sqrt(dot(next.pathSigma, next.pathSigma))
	// The step size is clamped to the size of the cube; at 1e-8 nothing moves.
	next.sigma = math.Min(math.Max(s.sigma*round(math.Exp(cSigma/dSigma*(length/chi-1))), 1e-8), 1) // eq. 44

	h := 0.0 // h_sigma: the path stalls while sigma grows fast
	if length/math.Sqrt(1-round(math.Pow(1-cSigma, float64(2*next.updates)))) < (1.4+2/(n+1))*chi {
		h = 1
	}
	gain = h * math.Sqrt(float64(cc*(2-cc))*muEff)
	for i := range step {
		next.pathC[i] = float64((1-cc)*s.pathC[i]) + float64(gain*step[i]) // eq. 45
	}
	old := 1 - c1 - cMu + float64((1-h)*c1*cc*(2-cc))
	next.cov = newMatrix(len(s.mean), s.form)
	next.cov.each(func(i, j int) float64 { // eq. 47
		v := float64(old*s.cov.at(i, j)) + float64(c1*float64(next.pathC[i]*next.pathC[j]))
		for k, y := range ys {
			v += float64(cMu * weights[k] * float64(y[i]*y[j]))
		}
		return v
	})
	next.root, next.inverseRoot = next.cov.roots()
	return next
}

// matrixForm is how a symmetric matrix is kept: all of its rows, or only the diagonal as one row.
type matrixForm bool

const (
	diagonal matrixForm = false
	full     matrixForm = true
)

// matrix is a symmetric matrix.
type matrix struct {
	form matrixForm
	rows [][]float64
}

func newMatrix(n int, form matrixForm) matrix {
	m := matrix{form, make([][]float64, 1)}
	if form == full {
		m.rows = make([][]float64, n)
	}
	for i := range m.rows {
		m.rows[i] = make([]float64, n)
	}
	return m
}

func (m matrix) at(i, j int) float64 {
	if m.form == diagonal {
		return m.rows[0][i]
	}
	return m.rows[i][j]
}

func (m matrix) add(i, j int, v float64) {
	if m.form == diagonal {
		i = 0
	}
	m.rows[i][j] += v
}

// each sets every stored element.
func (m matrix) each(f func(i, j int) float64) {
	for i, row := range m.rows {
		for j := range row {
			switch {
			case m.form == diagonal:
				row[j] = f(j, j)
			case j < i:
				row[j] = m.rows[j][i]
			default:
				row[j] = f(i, j)
			}
		}
	}
}

// times is the product with a vector.
func (m matrix) times(x []float64) []float64 {
	y := make([]float64, len(x))
	for i := range y {
		if m.form == full {
			y[i] = dot(m.rows[i], x)
		} else {
			y[i] = m.rows[0][i] * x[i]
		}
	}
	return y
}

// roots are the square root and its inverse. Rounding may make an eigenvalue of a
// covariance matrix zero or negative: eigenvalues are raised to at least 1e-14 of
// the greatest.
func (m matrix) roots() (root, inverse matrix) {
	values, vectors := m.rows[0], [][]float64(nil)
	if m.form == full {
		values, vectors = eigen(m.rows)
	}
	most := 0.0
	for _, v := range values {
		most = math.Max(most, v)
	}
	sqrt := func(v float64) float64 { return math.Sqrt(math.Max(v, 1e-14*most)) }
	invert := func(v float64) float64 { return 1 / sqrt(v) }
	if m.form == full {
		return matrix{true, power(values, vectors, sqrt)}, matrix{true, power(values, vectors, invert)}
	}
	root, inverse = newMatrix(len(values), diagonal), newMatrix(len(values), diagonal)
	for i, v := range values {
		root.rows[0][i], inverse.rows[0][i] = sqrt(v), invert(v)
	}
	return root, inverse
}
