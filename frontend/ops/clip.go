package ops

import (
	"fmt"
	"math"

	"hass/internal/graph"
)

// Bounds reads the limits of a Clip: attributes before opset 11, inputs since.
func (r *Reading) Bounds(n *graph.Node, a *Attrs) (lo, hi float64, err error) {
	lo, hi = math.Inf(-1), math.Inf(1)
	// ONNX's defaults are the largest finite floats, which means no bound.
	bound := func(v float32) float64 {
		if v == math.MaxFloat32 || v == -math.MaxFloat32 {
			return math.Inf(int(math.Copysign(1, float64(v))))
		}
		return float64(v)
	}
	if a.Has("min") {
		lo = bound(a.Float("min", 0))
	}
	if a.Has("max") {
		hi = bound(a.Float("max", 0))
	}
	for i, to := range []*float64{&lo, &hi} {
		if In(n, i+1) == "" {
			continue
		}
		t, err := r.Weights(n, i+1, "bounds")
		if err != nil {
			return 0, 0, err
		}
		if len(t.F) != 1 {
			return 0, 0, fmt.Errorf("its bound has shape %v, want one number", t.Shape)
		}
		*to = bound(t.F[0])
	}
	return lo, hi, nil
}

// Uniform reports whether all elements are one number.
func Uniform(f []float32) bool {
	for _, v := range f {
		if v != f[0] {
			return false
		}
	}
	return len(f) > 0
}
