package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// lowerPad turns each remaining Pad into pad. Negative padding becomes a slice
// before it; zeros around a cropped map become a 1x1 depthwise conv that pads.
func lowerPad(r *rewriter) error {
	behind := r.layersBehind()
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		x := r.Shape(n.Inputs[0])
		p, err := r.PadOf(n, a, len(x))
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		op := graph.Pad{Before: slices.Clone(p.Before), After: slices.Clone(p.After), Mode: p.Mode, Value: float64(p.Value)}
		cut, data := ops.WholeSlice(x), n.Inputs[0]
		for d := range x {
			b, e := min(p.Before[d], 0), min(p.After[d], 0)
			op.Before[d], op.After[d] = p.Before[d]-b, p.After[d]-e
			if cut.Start[d], cut.To[d] = -b, x[d]+b+e; cut.To[d] < 1 {
				return ops.Refuse("", "its padding crops axis %d away", d)
			}
		}
		if !cut.To.Equal(x) {
			data = r.Chain(n, "/cropped", cut, data)
		}
		if _, err := graph.Infer(op, []graph.Shape{r.Shape(data)}); err != nil {
			return err
		}
		padded := func(v int) bool { return v > 0 }
		if !slices.ContainsFunc(op.Before, padded) && !slices.ContainsFunc(op.After, padded) {
			r.Bypass(n, data)
			return nil
		}
		if op.Mode == "constant" && op.Value == 0 && len(x) == 4 && x[0] == 1 && op.Before[0]+op.After[0]+op.Before[1]+op.After[1] == 0 {
			// Zeros around a cropped map: foldPad does the same with a whole map.
			return r.depthwise(n, data, identity(r.Shape(data)[1]), [4]int{op.Before[2], op.Before[3], op.After[2], op.After[3]})
		}
		if s := r.Shape(data); op.Mode == "constant" && op.Value == 0 && isMap(s) && op.Before[0]+op.After[0] == 0 && behind[n.Outputs[0]] && s[1]*(s[1]+op.Before[1]+op.After[1]) <= maxMoved {
			// Zero channels before a layer: a layer of ones and zeros, which also
			// pads rows and columns.
			w := r.oneHot(n, s[1]+op.Before[1]+op.After[1], s[1], 1, 1)
			for c := range s[1] {
				w.F[(c+op.Before[1])*s[1]+c] = 1
			}
			n.Op = graph.Conv{Window: graph.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{op.Before[2], op.Before[3], op.After[2], op.After[3]}}, Groups: 1}
			r.SetInputs(n, data, r.NewConst(n.Name, "/channels", w))
			return nil
		}
		n.Op = op
		r.SetInputs(n, data)
		return nil
	}, "Pad")
}
