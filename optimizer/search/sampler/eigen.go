package sampler

import "math"

// eigen is the eigenvalues of the symmetric matrix a and, as the columns of
// vectors, orthonormal eigenvectors, by cyclic Jacobi rotations (Golub and Van
// Loan, section 8.5). They are in no particular order. a is not changed.
func eigen(a [][]float64) (values []float64, vectors [][]float64) {
	n := len(a)
	m, vectors := make([][]float64, n), make([][]float64, n)
	norm := 0.0
	for i := range m {
		m[i] = append([]float64(nil), a[i]...)
		vectors[i] = make([]float64, n)
		vectors[i][i] = 1
		norm += dot(a[i], a[i])
	}
	const sweeps = 60 // convergence is quadratic, so ten are already many
	for range sweeps {
		off := 0.0
		for i := range m {
			off += dot(m[i][:i], m[i][:i])
		}
		if off <= 1e-30*norm {
			break
		}
		for p := range n {
			for q := p + 1; q < n; q++ {
				if m[p][q] == 0 {
					continue
				}
				theta := (m[q][q] - m[p][p]) / (2 * m[p][q])
				t := 1 / (math.Abs(theta) + math.Sqrt(float64(theta*theta)+1))
				if theta < 0 {
					t = -t
				}
				c := 1 / math.Sqrt(float64(t*t)+1)
				s := t * c
				for k := range n {
					m[k][p], m[k][q] = float64(c*m[k][p])-float64(s*m[k][q]), float64(s*m[k][p])+float64(c*m[k][q])
				}
				for k := range n {
					m[p][k], m[q][k] = float64(c*m[p][k])-float64(s*m[q][k]), float64(s*m[p][k])+float64(c*m[q][k])
				}
				m[p][q], m[q][p] = 0, 0
				for _, v := range vectors {
					v[p], v[q] = float64(c*v[p])-float64(s*v[q]), float64(s*v[p])+float64(c*v[q])
				}
			}
		}
	}
	values = make([]float64, n)
	for i := range values {
		values[i] = m[i][i]
	}
	return values, vectors
}

// power is the symmetric matrix f(a) = V diag(f(values)) V^T: the square root of a
// covariance matrix, say. It does not depend on the order or the signs of V.
func power(values []float64, vectors [][]float64, f func(float64) float64) [][]float64 {
	n := len(values)
	scaled, out := make([]float64, n), make([][]float64, n)
	for i := range out {
		for k, v := range values {
			scaled[k] = vectors[i][k] * f(v)
		}
		out[i] = make([]float64, n)
		for j := range out {
			out[i][j] = dot(scaled, vectors[j])
		}
	}
	return out
}
