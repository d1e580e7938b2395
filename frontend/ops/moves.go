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

// Block is a DepthToSpace or SpaceToDepth, expressed as a reshape to Split, a permutation of its axes, and a reshape to To.
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

// Moved is the operator that moves the elements of a map of shape s so that element i of a map of shape to is element at[i] of the first.
// It is a Take of channels, a strided Conv that moves pixels to channels, or a ConvTranspose that moves channels to pixels; the weights
// have at most limit elements, all ones and zeros. It is nil if no such operator exists.
func Moved(at []float32, s, to graph.Shape, limit int) (graph.Op, *graph.Tensor) {
	h, w, toH, toW := s[2], s[3], to[2], to[3]
	from := func(c, y, x int) (ch, row, col int) {
		i := int(at[(c*toH+y)*toW+x])
		return i / (h * w), i / w % h, i % w
	}
	down := h%toH == 0 && w%toW == 0
	small, large := s, to // the map with fewer pixels and the map with more
	if down {
		small, large = to, s
	}
	if !down && (toH%h != 0 || toW%w != 0) {
		return nil, nil
	}
	b := [2]int{large[2] / small[2], large[3] / small[3]}
	window := graph.Window{Kernel: b, Stride: b, Dilation: [2]int{1, 1}}
	if b == [2]int{1, 1} {
		take := graph.Take{Axis: 1, Index: make([]int, to[1]), To: slices.Clone(to)}
		for c := range take.Index {
			take.Index[c], _, _ = from(c, 0, 0)
			for y := range h {
				for x := range w {
					if ch, row, col := from(c, y, x); ch != take.Index[c] || row != y || col != x {
						return nil, nil
					}
				}
			}
		}
		return take, nil
	}
	if n := s[1] * to[1] * b[0] * b[1]; n > limit {
		return nil, nil
	}
	weights := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{small[1], large[1], b[0], b[1]}, F: make([]float32, s[1]*to[1]*b[0]*b[1])}
	if down {
		for c := range to[1] {
			ch, i, j := from(c, 0, 0)
			if i >= b[0] || j >= b[1] {
				return nil, nil
			}
			for y := range toH {
				for x := range toW {
					if k, row, col := from(c, y, x); k != ch || row != y*b[0]+i || col != x*b[1]+j {
						return nil, nil
					}
				}
			}
			weights.F[((c*s[1]+ch)*b[0]+i)*b[1]+j] = 1
		}
		return graph.Conv{Window: window, Groups: 1}, weights
	}
	for c := range to[1] {
		for i := range b[0] {
			for j := range b[1] {
				ch, _, _ := from(c, i, j)
				for y := range h {
					for x := range w {
						if k, row, col := from(c, y*b[0]+i, x*b[1]+j); k != ch || row != y || col != x {
							return nil, nil
						}
					}
				}
				weights.F[((ch*to[1]+c)*b[0]+i)*b[1]+j] = 1
			}
		}
	}
	return graph.ConvTranspose{Window: window, Groups: 1}, weights
}
