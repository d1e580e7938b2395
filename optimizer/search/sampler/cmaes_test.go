package sampler

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestEigen: V is orthonormal and V diag(values) V^T is the matrix again; known
// eigenvalues are found.
func TestEigen(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 10, 60} {
		for _, condition := range []float64{1, 100, 1e10} {
			want := make([]float64, n)
			for i := range want {
				want[i] = math.Pow(condition, -float64(i)/float64(max(n-1, 1)))
			}
			q := rotation(r, n)
			a := power(want, q, func(v float64) float64 { return v })
			values, vectors := eigen(a)
			again := power(values, vectors, func(v float64) float64 { return v })
			for i := range n {
				for j := range n {
					product := 0.0
					for k := range n {
						product += vectors[k][i] * vectors[k][j]
					}
					if i == j {
						product--
					}
					if math.Abs(product) > 1e-12 || math.Abs(again[i][j]-a[i][j]) > 1e-12 {
						t.Fatalf("n %d, condition %g, at %d,%d: V^T V off by %g, matrix by %g", n, condition, i, j, product, again[i][j]-a[i][j])
					}
				}
			}
			slices.Sort(values)
			slices.Reverse(values)
			for i := range want {
				if math.Abs(values[i]-want[i]) > 1e-12 {
					t.Fatalf("n %d, condition %g: eigenvalue %d is %v, want %v", n, condition, i, values[i], want[i])
				}
			}
		}
	}
}

// rotation is a random orthonormal matrix, by Gram and Schmidt.
func rotation(r *rand.Rand, n int) [][]float64 {
	q := make([][]float64, n)
	for i := range q {
		q[i] = make([]float64, n)
		for d := range q[i] {
			q[i][d] = r.NormFloat64()
		}
		for range 2 {
			for _, p := range q[:i] {
				along := dot(p, q[i])
				for d := range p {
					q[i][d] -= along * p[d]
				}
			}
		}
		length := math.Sqrt(dot(q[i], q[i]))
		for d := range q[i] {
			q[i][d] /= length
		}
	}
	return q
}

// TestRoots: root and inverse root of full and diagonal matrices multiply to one,
// and the root squared is the matrix; a semidefinite matrix has finite roots.
func TestRoots(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, form := range []matrixForm{full, diagonal} {
		m := newMatrix(5, form)
		values := []float64{4, 1, 0.25, 9, 2}
		turned := power(values, rotation(r, 5), func(v float64) float64 { return v })
		m.each(func(i, j int) float64 {
			if form == diagonal {
				return values[i]
			}
			return turned[i][j]
		})
		root, inverse := m.roots()
		x := []float64{1, -2, 3, -4, 5}
		for what, pair := range map[string][2][]float64{
			"root^2":         {root.times(root.times(x)), m.times(x)},
			"root * inverse": {root.times(inverse.times(x)), x},
		} {
			for i := range x {
				if math.Abs(pair[0][i]-pair[1][i]) > 1e-12 {
					t.Errorf("full: %v: %s is %v, want %v", form, what, pair[0], pair[1])
				}
			}
		}
		flat := newMatrix(5, form)
		flat.each(func(i, j int) float64 {
			if i < 2 && j < 2 {
				return 1
			}
			return 0
		})
		_, inverse = flat.roots()
		for _, v := range inverse.times(x) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("full: %v: the inverse root of a singular matrix is not finite", form)
			}
		}
	}
}

// TestCMAESLearnsRotation: on a turned ellipsoid of condition 10^4 the full
// covariance reaches points that the diagonal one cannot.
func TestCMAESLearnsRotation(t *testing.T) {
	const dims, trials = 5, 1500
	reach := func(form matrixForm, seed uint64) float64 {
		r := rand.New(rand.NewPCG(seed, 9))
		q := rotation(r, dims)
		centre := make([]float64, dims)
		for i := range centre {
			centre[i] = 0.4 + 0.2*r.Float64()
		}
		s := newCMAES(dims, seed, nil).(*cmaes)
		s.state.first = newCMAState(dims, form)
		least := math.Inf(1)
		turned := func(x []float64) float64 {
			sum := 0.0
			for i := range q {
				y := dot(q[i], x) - dot(q[i], centre)
				sum += math.Pow(1e4, float64(i)/(dims-1)) * y * y
			}
			return sum
		}
		for _, trial := range study(s, trials, 1, scalar(turned)) {
			least = math.Min(least, trial.Value)
		}
		return least
	}
	var whole, flat []float64
	for seed := range uint64(3) {
		whole, flat = append(whole, reach(full, seed)), append(flat, reach(diagonal, seed))
	}
	t.Logf("full %.2g, diagonal %.2g", median(whole), median(flat))
	if !(median(whole) < 1e-8) || !(median(flat) > 1e-4) {
		t.Errorf("full %.2g, want less than 1e-8; diagonal %.2g, want more than 1e-4", median(whole), median(flat))
	}
}

// TestCMAESGenerations: within a generation nothing is learnt; trials that are
// missing are made up for by the others; a generation of one trial is passed over.
func TestCMAESGenerations(t *testing.T) {
	const dims = 4
	s := newCMAES(dims, 1, nil).(*cmaes)
	lambda := s.state.size
	if lambda != 8 { // 4 + floor(3 ln 4)
		t.Fatalf("lambda is %d", lambda)
	}
	history := study(mustNew(t, "cmaes", dims, 1), 3*lambda, 1, scalar(ellipsoid(rand.New(rand.NewPCG(1, 1)), dims, 1)))
	for n := 1; n < 3*lambda; n++ {
		begun := n / lambda * lambda
		if got := s.Propose(n, history[:begun]); !slices.Equal(got, history[n].X) {
			t.Errorf("trial %d depends on trials of its own generation", n)
		}
	}
	one := s.state.before(lambda, history[3:4])
	if one.updates != 0 || one.mean[0] != cmaMean {
		t.Errorf("a generation of one trial moved the mean to %v", one.mean)
	}
	some := s.state.before(lambda, history[:5])
	if some.updates != 1 || some.mean[0] == cmaMean {
		t.Errorf("a generation of five trials: %+v", some)
	}
	// The mean is the weighted mean of the best two of five.
	best := ranked(history[:5])[:2]
	w0, w1 := math.Log(3)-math.Log(1), math.Log(3)-math.Log(2)
	for d := range dims {
		want := (w0*best[0].X[d] + w1*best[1].X[d]) / (w0 + w1)
		if math.Abs(some.mean[d]-want) > 1e-6 {
			t.Errorf("mean %d is %v, want %v", d, some.mean[d], want)
		}
	}
}

func TestMirror(t *testing.T) {
	for _, c := range [][2]float64{{0.3, 0.3}, {0, 0}, {1, 1}, {-0.25, 0.25}, {1.25, 0.75}, {2, 0}, {2.5, 0.5}, {-1.75, 0.25}} {
		if got := mirror(c[0]); got != c[1] {
			t.Errorf("mirror(%v) = %v, want %v", c[0], got, c[1])
		}
	}
}
