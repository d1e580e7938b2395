// Package simplex solves small linear programs.
package simplex

// Maximise solves the linear program max c*y subject to A*y <= b, y >= 0 with b >= 0 by the
// simplex method in tableau form. Bland's rule makes it terminate and give the same answer
// everywhere. It returns y, the duals of the rows and the value; ok is false if the program
// is unbounded or the iterations ran out.
func Maximise(a [][]float64, b, c []float64) (y, dual []float64, value float64, ok bool) {
	const eps = 1e-11
	rows, cols := len(a), len(c)
	// Columns: variables, slacks, right-hand side. Last row: reduced costs.
	t := make([][]float64, rows+1)
	for i := range t {
		t[i] = make([]float64, cols+rows+1)
		if i < rows {
			copy(t[i], a[i])
			t[i][cols+i] = 1
			t[i][cols+rows] = b[i]
			continue
		}
		for j, v := range c {
			t[i][j] = -v
		}
	}
	basis := make([]int, rows)
	for i := range basis {
		basis[i] = cols + i
	}
	for range 200 * (rows + cols) {
		enter := -1
		for j := range cols + rows {
			if t[rows][j] < -eps {
				enter = j
				break
			}
		}
		if enter < 0 {
			y = make([]float64, cols)
			for i, j := range basis {
				if j < cols {
					y[j] = t[i][cols+rows]
				}
			}
			return y, t[rows][cols : cols+rows], t[rows][cols+rows], true
		}
		leave := -1
		for i := range rows {
			if t[i][enter] <= eps {
				continue
			}
			if leave < 0 {
				leave = i
				continue
			}
			x, z := t[i][cols+rows]/t[i][enter], t[leave][cols+rows]/t[leave][enter]
			if x < z || x == z && basis[i] < basis[leave] {
				leave = i
			}
		}
		if leave < 0 {
			return nil, nil, 0, false
		}
		pivot := t[leave][enter]
		for j := range t[leave] {
			t[leave][j] /= pivot
		}
		for i := range t {
			f := t[i][enter]
			if i == leave || f == 0 {
				continue
			}
			for j := range t[i] {
				t[i][j] -= f * t[leave][j]
			}
		}
		basis[leave] = enter
	}
	return nil, nil, 0, false
}
