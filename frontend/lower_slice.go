package frontend

import (
	"errors"
	"fmt"
	"slices"

	"hass/internal/graph"
)

// lowerSlice turns Slice into slice and Split into one slice per output that is
// read.
func lowerSlice(r *rewriter) error {
	if err := r.each(func(n *graph.Node, a *attrs) error {
		op, err := r.sliceOf(n, a, r.shape(n.Inputs[0]))
		if err != nil {
			return err
		}
		if err := a.done(); err != nil {
			return err
		}
		if op.To.Equal(r.shape(n.Inputs[0])) && !slices.ContainsFunc(op.Step, func(v int) bool { return v < 0 }) {
			r.bypass(n, n.Inputs[0])
			return nil
		}
		n.Op = op
		r.setInputs(n, n.Inputs[0])
		return nil
	}, "Slice"); err != nil {
		return err
	}
	return r.eachOutput(func(n *graph.Node, a *attrs) error {
		x := r.shape(n.Inputs[0])
		ax, sizes, err := r.splitOf(n, a, x)
		if err != nil {
			return err
		}
		if err := a.done(); err != nil {
			return err
		}
		data, outputs, at := n.Inputs[0], n.Outputs, 0
		used := func(v string) bool { return v != "" && (r.output[v] || r.readers(v) > 0) }
		first := -1
		for i, out := range outputs {
			op := wholeSlice(x)
			op.Start[ax], op.To[ax] = at, sizes[i]
			at += sizes[i]
			switch {
			case !used(out):
				delete(r.maker, out)
				delete(r.g.Shapes, out)
			case first < 0: // the node itself keeps its name
				first = i
				n.Op, n.Outputs = op, []string{out}
				r.setInputs(n, data)
			default:
				r.add(n, &graph.Node{Name: fmt.Sprintf("%s/%d", n.Name, i), Op: op, Inputs: []string{data}, Outputs: []string{out}})
			}
		}
		if first < 0 {
			n.Outputs = nil
			r.setInputs(n)
			r.gone[n] = true
		}
		return nil
	}, "Split")
}

// wholeSlice takes all of x.
func wholeSlice(x graph.Shape) graph.Slice {
	op := graph.Slice{Start: make([]int, len(x)), Step: make([]int, len(x)), To: slices.Clone(x)}
	for i := range op.Step {
		op.Step[i] = 1
	}
	return op
}

// integers is a list of integers from input i, or from an attribute in old
// opsets; nil if it is absent.
func (r *rewriter) integers(n *graph.Node, a *attrs, i int, name string) ([]int64, error) {
	if v := a.ints(name); v != nil {
		return v, nil
	}
	if in(n, i) == "" {
		return nil, nil
	}
	t := r.constant(n, i)
	if t == nil {
		return nil, refuse("fold shape arithmetic when exporting", "its %s are not constant", name)
	}
	if t.Type != graph.Int {
		return nil, fmt.Errorf("its %s are %s, want integers", name, t.Type)
	}
	return t.I, nil
}

// sliceOf reads a Slice of x: bounds are inputs since opset 10, attributes
// before. Bounds beyond the tensor are cut, as in Python.
func (r *rewriter) sliceOf(n *graph.Node, a *attrs, x graph.Shape) (graph.Slice, error) {
	op := wholeSlice(x)
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
		ax, err := axis(axes[i], len(x))
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
		by = min(max(by, -graph.MaxElems), graph.MaxElems) // as good as infinite
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

// splitOf reads the axis of a Split of x and the sizes of its outputs.
func (r *rewriter) splitOf(n *graph.Node, a *attrs, x graph.Shape) (ax int, sizes []int, err error) {
	if ax, err = axis(a.int("axis", 0), len(x)); err != nil {
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
	if k := a.int("num_outputs", int64(parts)); k != int64(parts) {
		return 0, nil, fmt.Errorf("num_outputs is %d, it has %d", k, parts)
	}
	per := (x[ax] + parts - 1) / parts
	if per*parts != x[ax] && !a.has("num_outputs") || per*(parts-1) >= x[ax] {
		return 0, nil, fmt.Errorf("axis %d of %v does not split into %d parts", ax, x, parts)
	}
	for i := range sizes {
		sizes[i] = min(per, x[ax]-i*per)
	}
	return ax, sizes, nil
}
