package repair

import (
	"context"

	"hass/internal/kernel"
	"hass/internal/workers"
)

// matrix is stored row by row. Products are chains of fused multiply-adds in float32, as in the float executor.
type matrix struct {
	rows, cols int
	v          []float32
}

func newMatrix(rows, cols int) matrix { return matrix{rows, cols, make([]float32, rows*cols)} }

func (m matrix) row(r int) []float32 { return m.v[r*m.cols:][:m.cols] }

// blockRows bounds the terms of a tile, so that its panels stay in the caches.
const blockRows = 256

// panels is the right factor of products in the layout of the kernel: panels of kernel.Cols columns, [rows][kernel.Cols] each.
type panels struct {
	rows, cols int
	v          []float32
}

func newPanels(m matrix) panels {
	const n = kernel.Cols
	p := panels{m.rows, m.cols, make([]float32, (m.cols+n-1)/n*n*m.rows)}
	for r := range m.rows {
		row := m.row(r)
		for c := 0; c < m.cols; c += n {
			copy(p.v[c*m.rows+r*n:][:n], row[c:min(c+n, m.cols)])
		}
	}
	return p
}

// product sets to = a * p.
func product(ctx context.Context, to, a matrix, p panels) error {
	const n = kernel.Rows
	return workers.Ordered(ctx, (a.rows+n-1)/n, 0, func(_, i int) (struct{}, error) {
		rows := min(n, a.rows-i*n)
		left := make([]float32, n*a.cols) // [a.cols][n]
		for r := range rows {
			for k, v := range a.row(i*n + r) {
				left[k*n+r] = v
			}
		}
		tileRows(left, p, func(r, c int, sums []float32) {
			if r < rows {
				copy(to.row(i*n + r)[c:], sums[:min(len(sums), to.cols-c)])
			}
		})
		return struct{}{}, nil
	}, nil)
}

// tileRows multiplies a panel of kernel.Rows rows, [p.rows][kernel.Rows], by p and passes the sums of every row r from column c on.
func tileRows(left []float32, p panels, sums func(r, c int, sums []float32)) {
	tile := make([]float32, kernel.Rows*kernel.Cols)
	for c := 0; c < p.cols; c += kernel.Cols {
		right := p.v[c*p.rows:]
		for k := 0; k < p.rows; k += blockRows {
			n := min(blockRows, p.rows-k)
			kernel.Tile(n, kernel.Cols, left[k*kernel.Rows:], right[k*kernel.Cols:], tile, kernel.Cols, k == 0)
		}
		for r := range kernel.Rows {
			sums(r, c, tile[r*kernel.Cols:][:kernel.Cols])
		}
	}
}
