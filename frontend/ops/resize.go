package ops

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/graph"
)

// resize turns Resize and Upsample into a resize with its scale and size per axis known.
func (r *Reading) resize(n *graph.Node, a *Attrs, x graph.Shape) (graph.Op, []string, error) {
	op, err := r.resizeOf(n, a, x)
	if err != nil {
		return nil, nil, err
	}
	if err := a.Done(); err != nil {
		return nil, nil, err
	}
	if _, err := graph.Infer(op, []graph.Shape{x}); err != nil {
		return nil, nil, Refuse("resize with half_pixel, align_corners or asymmetric", "%v", err)
	}
	if !slices.ContainsFunc(op.Scales, func(s float64) bool { return s != 1 }) {
		return nil, nil, nil
	}
	return op, n.Inputs[:1], nil
}

// resizeOf reads a Resize or Upsample of x. Upsample (opsets 7 to 9) and Resize
// of opset 10 have no coordinate modes: they are asymmetric and round down.
func (r *Reading) resizeOf(n *graph.Node, a *Attrs, x graph.Shape) (graph.Resize, error) {
	op := graph.Resize{Mode: a.Str("mode", "nearest"), Coord: "asymmetric", Round: "floor", Scales: make([]float64, len(x)), To: slices.Clone(x)}
	scalesAt, sizesAt := 1, 0
	if a.Op.Type == "Resize" && a.Op.Opset >= 11 {
		scalesAt, sizesAt = 2, 3
		op.Coord = a.Str("coordinate_transformation_mode", "half_pixel")
		op.Round = a.Str("nearest_mode", "round_prefer_floor")
		op.Cubic = float64(a.Float("cubic_coeff_a", -0.75))
		op.Exclude = a.Int("exclude_outside", 0) != 0
		a.Ignore("extrapolation_value") // for tf_crop_and_resize
	}
	if op.Mode == "bilinear" {
		op.Mode = "linear"
	}
	if op.Mode != "nearest" {
		op.Round = ""
	}
	if op.Mode != "cubic" {
		op.Cubic, op.Exclude = 0, false
	}
	if op.Coord == "tf_crop_and_resize" {
		return op, Refuse("resize with half_pixel, align_corners or asymmetric", "coordinate mode %q is not supported", op.Coord)
	}
	for i := range op.Scales {
		op.Scales[i] = 1
	}
	// Since opset 18 scales and sizes may apply to some axes only.
	axes := make([]int, len(x))
	for i := range axes {
		axes[i] = i
	}
	if given := a.Ints("axes"); given != nil {
		axes = axes[:0]
		for _, v := range given {
			ax, err := Axis(v, len(x))
			if err != nil {
				return op, err
			}
			if slices.Contains(axes, ax) {
				return op, fmt.Errorf("axes %v name axis %d twice", given, ax)
			}
			axes = append(axes, ax)
		}
	}
	scales, err := r.scalesOf(n, a, scalesAt)
	if err != nil {
		return op, err
	}
	var sizes []int64
	if sizesAt > 0 {
		if sizes, err = r.integers(n, a, sizesAt, "sizes"); err != nil {
			return op, err
		}
	}
	policy := a.Str("keep_aspect_ratio_policy", "stretch")
	switch {
	case len(scales) > 0 && len(sizes) > 0:
		return op, fmt.Errorf("it has scales and sizes")
	case len(scales) == len(axes) && len(sizes) == 0:
		for i, s := range scales {
			d := axes[i]
			if !(s > 0) || float64(s)*float64(x[d]) > graph.MaxElems {
				return op, fmt.Errorf("scales %v are absurd", scales)
			}
			op.Scales[d], op.To[d] = float64(s), int(math.Floor(float64(s)*float64(x[d])))
		}
	case len(sizes) == len(axes):
		if err := sizesTo(&op, x, axes, sizes, policy); err != nil {
			return op, err
		}
	default:
		return op, fmt.Errorf("it has %d scales and %d sizes for %d axes", len(scales), len(sizes), len(axes))
	}
	// Filtering before sampling only affects axes that shrink.
	if a.Int("antialias", 0) != 0 && op.Mode != "nearest" && slices.ContainsFunc(op.Scales, func(s float64) bool { return s < 1 }) {
		return op, Refuse("resize without antialias", "antialias is not supported")
	}
	if op.Mode == "linear" || op.Mode == "cubic" || op.Mode == "nearest" {
		return op, nil
	}
	return op, Refuse("use nearest or linear", "mode %q is not supported", op.Mode)
}

// sizesTo sets the sizes; the policy may keep the ratio of the named axes.
func sizesTo(op *graph.Resize, x graph.Shape, axes []int, sizes []int64, policy string) error {
	keep := 0.0
	for i, v := range sizes {
		d := axes[i]
		if v < 1 || v > graph.MaxElems || x[d] < 1 {
			return fmt.Errorf("sizes %v are absurd", sizes)
		}
		s := float64(v) / float64(x[d])
		op.Scales[d], op.To[d] = s, int(v)
		switch {
		case keep == 0, policy == "not_larger" && s < keep, policy == "not_smaller" && s > keep:
			keep = s
		}
	}
	switch policy {
	case "stretch":
		return nil
	case "not_larger", "not_smaller":
	default:
		return Refuse("", "keep_aspect_ratio_policy %q is unknown", policy)
	}
	for _, d := range axes {
		op.Scales[d], op.To[d] = keep, int(math.Floor(keep*float64(x[d])+0.5))
	}
	return nil
}

// scalesOf reads the scales of a Resize or Upsample: input i, or up to opset 8
// an attribute. Nil if absent or empty.
func (r *Reading) scalesOf(n *graph.Node, a *Attrs, i int) ([]float32, error) {
	if v, ok := a.Get("scales", "fs"); ok {
		return v.Floats, nil
	}
	if In(n, i) == "" {
		return nil, nil
	}
	t := r.Constant(n, i)
	if t == nil || t.Type != graph.Float {
		return nil, Refuse("fold shape arithmetic when exporting", "its scales are not constant floats")
	}
	return t.F, nil
}
