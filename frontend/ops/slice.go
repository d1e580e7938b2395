package ops

import (
	"errors"
	"fmt"
	"slices"

	"hass/internal/graph"
)

// WholeSlice takes all of x.
func WholeSlice(x graph.Shape) graph.Slice {
	op := graph.Slice{Start: make([]int, len(x)), Step: make([]int, len(x)), To: slices.Clone(x)}
	for i := range op.Step {
		op.Step[i] = 1
	}
	return op
}

// SliceOf reads a Slice of x: bounds are inputs since opset 10, attributes
// before. Bounds beyond the tensor are cut, as in Python.
func (r *Reading) SliceOf(n *graph.Node, a *Attrs, x graph.Shape) (graph.Slice, error) {
	op := WholeSlice(x)
	var lists [4][]int64
	for i, name := range []string{"starts", "ends", "axes", "steps"} {
		var err error
		if lists[i], err = r.integers(n, a, i+1, name); err != nil {
			return op, err
		}
	}
	starts, ends, axes, steps := lists[0], lists[1], lists[2], lists[3]
	if axes == nil {
		for i := range starts {
			axes = append(axes, int64(i))
		}
	}
	if len(ends) != len(starts) || len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return op, errors.New("its starts, ends, axes and steps differ in length")
	}
	seen := map[int]bool{}
	for i := range starts {
		ax, err := Axis(axes[i], len(x))
		if err != nil {
			return op, err
		}
		if seen[ax] {
			return op, fmt.Errorf("axis %d is sliced twice", ax)
		}
		seen[ax] = true
		by := int64(1)
		if steps != nil {
			by = steps[i]
		}
		if by == 0 {
			return op, errors.New("its step is 0")
		}
		by = min(max(by, -graph.MaxElems), graph.MaxElems) // as large as any bound needs
		dim := int64(x[ax])
		bound := func(v, lo, hi int64) int64 {
			if v < 0 {
				v += dim
			}
			return min(max(v, lo), hi)
		}
		var from, count int64
		if by > 0 {
			from = bound(starts[i], 0, dim)
			count = max(bound(ends[i], 0, dim)-from+by-1, 0) / by
		} else {
			from = bound(starts[i], 0, dim-1)
			count = max(from-bound(ends[i], -1, dim-1)-by-1, 0) / -by
		}
		if count == 0 {
			from = 0
		}
		op.Start[ax], op.Step[ax], op.To[ax] = int(from), int(by), int(count)
	}
	return op, nil
}

// SplitOf reads the axis of a Split of x and the sizes of its outputs.
func (r *Reading) SplitOf(n *graph.Node, a *Attrs, x graph.Shape) (ax int, sizes []int, err error) {
	if ax, err = Axis(a.Int("axis", 0), len(x)); err != nil {
		return 0, nil, err
	}
	given, err := r.integers(n, a, 1, "split")
	if err != nil {
		return 0, nil, err
	}
	parts := len(n.Outputs)
	sizes = make([]int, parts)
	if given != nil {
		if len(given) != parts {
			return 0, nil, fmt.Errorf("it has %d outputs for %d parts", parts, len(given))
		}
		sum := int64(0)
		for i, v := range given {
			if v < 0 || v > graph.MaxElems {
				return 0, nil, fmt.Errorf("parts %v are absurd", given)
			}
			sizes[i], sum = int(v), sum+v
		}
		if sum != int64(x[ax]) {
			return 0, nil, fmt.Errorf("parts %v do not make up axis %d of %v", given, ax, x)
		}
		return ax, sizes, nil
	}
	// Since opset 18 the last part may be smaller.
	if k := a.Int("num_outputs", int64(parts)); k != int64(parts) {
		return 0, nil, fmt.Errorf("num_outputs is %d, it has %d", k, parts)
	}
	per := (x[ax] + parts - 1) / parts
	if per*parts != x[ax] && !a.Has("num_outputs") || per*(parts-1) >= x[ax] {
		return 0, nil, fmt.Errorf("axis %d of %v does not split into %d parts", ax, x, parts)
	}
	for i := range sizes {
		sizes[i] = min(per, x[ax]-i*per)
	}
	return ax, sizes, nil
}
