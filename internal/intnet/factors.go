package intnet

import "slices"

// Average holds the multipliers of an average (Pool.MulOf) for the number n of elements counted at
// an output position. Few counts differ, so rows and columns are grouped into classes.
type Average struct {
	Rows, Columns []int64   // class of each output row and column
	Mul           [][]int64 // by class of row and column
}

// AverageOf counts the elements of an average at every output position.
func AverageOf(pool *Pool, ti, to *Tensor) Average {
	rows, rn := pool.classes(0, ti.H, to.H)
	columns, cn := pool.classes(1, ti.W, to.W)
	a := Average{Rows: rows, Columns: columns}
	for _, r := range rn {
		row := make([]int64, len(cn))
		for k, col := range cn {
			row[k] = pool.MulOf(r*col, ti.Format, to.Format)
		}
		a.Mul = append(a.Mul, row)
	}
	return a
}

// classes gives, along an axis of a sliding average, the class of each output position and the
// number of elements that each class counts.
func (p *Pool) classes(d, size, osize int) (class []int64, count []int) {
	class = make([]int64, osize)
	for o := range osize {
		n := 0
		for t := range p.Kernel[d] {
			at := o*p.Stride[d] - p.Pads[d] + t*p.Dilation[d]
			if p.CountPad || at >= 0 && at < size {
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

// CountsOf are the distinct numbers of elements that an average, sliding or global, counts at its
// positions.
func CountsOf(pool *Pool, ti, to *Tensor) []int {
	if pool.Window == (Window{}) {
		return []int{ti.H * ti.W}
	}
	_, rn := pool.classes(0, ti.H, to.H)
	_, cn := pool.classes(1, ti.W, to.W)
	var list []int
	for _, r := range rn {
		for _, c := range cn {
			list = append(list, r*c)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
