package intnet

import "slices"

// Average holds the multipliers of an average (Pool.MulOf) for the n elements counted at an output
// position. Few counts differ, so rows and columns have classes.
type Average struct {
	Rows, Columns []int64   // class of each output row and column
	Mul           [][]int64 // by class of row and column
}

// AverageOf counts the elements of an average at every output position.
func AverageOf(pool *Pool, ti, to *Tensor) Average {
	counts := func(d, size, osize int) (class []int64, count []int) {
		class = make([]int64, osize)
		for o := range osize {
			n := 0
			for t := range pool.Kernel[d] {
				at := o*pool.Stride[d] - pool.Pads[d] + t*pool.Dilation[d]
				if pool.CountPad || at >= 0 && at < size {
					n++
				}
			}
			k := slices.Index(count, n)
			if k < 0 {
				k = len(count)
				count = append(count, n)
			}
			class[o] = int64(k)
		}
		return class, count
	}
	var a Average
	var rn, cn []int
	a.Rows, rn = counts(0, ti.H, to.H)
	a.Columns, cn = counts(1, ti.W, to.W)
	for _, r := range rn {
		row := make([]int64, len(cn))
		for k, col := range cn {
			row[k] = pool.MulOf(r*col, ti.Format, to.Format)
		}
		a.Mul = append(a.Mul, row)
	}
	return a
}
