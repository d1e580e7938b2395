package ops

import (
	"fmt"
	"slices"

	"hass/internal/graph"
)

// take is Gather by constant indices.
func (r *Reading) take(n *graph.Node, a *Attrs, x graph.Shape) (graph.Op, []string, error) {
	idx := r.Constant(n, 1)
	switch {
	case idx == nil:
		return nil, nil, Refuse("use Slice or Split, or indices that are constant", "its indices are not constant")
	case idx.Type != graph.Int:
		return nil, nil, fmt.Errorf("its indices are %s, want integers", idx.Type)
	case len(x) == 0:
		return nil, nil, Refuse("", "its data are a single number")
	}
	ax, err := Axis(a.Int("axis", 0), len(x))
	if err != nil {
		return nil, nil, err
	}
	op := graph.Take{Axis: ax, To: slices.Concat(x[:ax], idx.Shape, x[ax+1:])}
	for _, v := range idx.I {
		i, err := Axis(v, x[ax])
		if err != nil {
			return nil, nil, fmt.Errorf("index %d is outside axis %d of %v", v, ax, x)
		}
		op.Index = append(op.Index, i)
	}
	if len(op.Index) == 0 {
		return nil, nil, Refuse("", "it takes nothing")
	}
	return op, n.Inputs[:1], nil
}

// Block is a DepthToSpace or SpaceToDepth as a reshape to Split, a permutation of its axes, and a reshape to To.
type Block struct {
	Split graph.Shape
	Perm  []int
	To    graph.Shape
}

// BlockOf reads DepthToSpace or SpaceToDepth of a map.
func BlockOf(a *Attrs, x graph.Shape) (Block, error) {
	b := a.Int("blocksize", 0)
	if len(x) != 4 || b < 1 || b > graph.MaxElems {
		return Block{}, fmt.Errorf("blocks of %d pixels of %v", b, x)
	}
	n, c, h, w, k := x[0], x[1], x[2], x[3], int(b)
	if a.Op.Type == "SpaceToDepth" {
		if h%k != 0 || w%k != 0 {
			return Block{}, fmt.Errorf("%v has no whole number of blocks of %d pixels", x, k)
		}
		return Block{graph.Shape{n, c, h / k, k, w / k, k}, []int{0, 3, 5, 1, 2, 4}, graph.Shape{n, c * k * k, h / k, w / k}}, nil
	}
	if k > c || c%(k*k) != 0 {
		return Block{}, fmt.Errorf("%v has no whole number of blocks of %d pixels in its channels", x, k)
	}
	to := graph.Shape{n, c / (k * k), h * k, w * k}
	switch mode := a.Str("mode", "DCR"); mode {
	case "DCR":
		return Block{graph.Shape{n, k, k, c / (k * k), h, w}, []int{0, 3, 4, 1, 5, 2}, to}, nil
	case "CRD":
		return Block{graph.Shape{n, c / (k * k), k, k, h, w}, []int{0, 1, 4, 2, 5, 3}, to}, nil
	default:
		return Block{}, Refuse("use DCR or CRD", "its mode is %q", mode)
	}
}

func (r *Reading) blockShape(_ *graph.Node, a *Attrs, x graph.Shape) (graph.Shape, error) {
	b, err := BlockOf(a, x)
	return b.To, err
}
