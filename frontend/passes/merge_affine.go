package passes

import (
	"fmt"
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// mergeAffine folds a 1x1 depthwise conv (a scale and shift per channel, such as
// a normalisation of the input image) into the conv that is its only reader,
// possibly through reshapes, as between a Flatten and a dense layer. A shift can
// only be folded into a conv without padding, because the padding is not
// shifted.
func mergeAffine(r *rewriter) error {
	for _, d := range r.Nodes() {
		op, ok := d.Op.(graph.Conv)
		if !ok || op.Window != unitWindow {
			continue
		}
		w := r.Constant(d, 1)
		channels := r.Shape(d.Outputs[0])[1]
		if op.Groups != channels || w == nil || w.Shape[0] != channels {
			continue
		}
		v, next := r.pastReshapes(d.Outputs[0])
		if next == nil || !r.Shape(v).Equal(r.Shape(d.Outputs[0])) {
			continue
		}
		nop, ok := next.Op.(graph.Conv)
		if !ok || next.Inputs[0] != v || r.Constant(next, 1) == nil {
			continue
		}
		var shift []float32
		if b := r.Constant(d, 2); b != nil {
			if nop.Pads != [4]int{} {
				continue
			}
			shift = b.F
		}
		if err := r.premultiply(next, nop, w.F, shift); err != nil {
			return fmt.Errorf("node %q: folded into %q: %w", d.Name, next.Name, err)
		}
		r.Bypass(d, d.Inputs[0])
	}
	return nil
}

// pastReshapes is the only reader of v, skipping reshapes that are only readers themselves, with the value that it reads; nil
// if there are several readers or none.
func (r *rewriter) pastReshapes(v string) (string, *graph.Node) {
	for {
		if r.Readers(v) != 1 || r.Output[v] {
			return v, nil
		}
		next := r.UsersOf(v)[0]
		if _, ok := next.Op.(graph.Reshape); !ok {
			return v, next
		}
		v = next.Outputs[0]
	}
}

// premultiply rewrites conv c so that it computes c(x*scale + shift).
func (r *rewriter) premultiply(c *graph.Node, op graph.Conv, scale, shift []float32) error {
	w := r.Graph.Consts[c.Inputs[1]]
	nw := &graph.Tensor{Type: graph.Float, Shape: slices.Clone(w.Shape), F: make([]float32, len(w.F))}
	uniform := !slices.ContainsFunc(scale, func(s float32) bool { return s != scale[0] })
	if uniform { // so that the integers of a quantised model stay
		all := make([]float64, w.Shape[0])
		for o := range all {
			all[o] = float64(scale[0])
		}
		nw = scaledWeights(w, all)
	}
	f, per, taps := w.Shape[0], w.Shape[1], w.Shape[2]*w.Shape[3]
	nb := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{f}, F: make([]float32, f)}
	for o := range f {
		first := o / (f / op.Groups) * per // first input channel of this output's group
		b := 0.0
		if t := r.Constant(c, 2); t != nil {
			b = float64(t.F[o])
		}
		for k := range per {
			for i := range taps {
				at := (o*per+k)*taps + i
				if !uniform {
					nw.F[at] = float32(float64(w.F[at]) * float64(scale[first+k]))
				}
				if shift != nil {
					b += float64(w.F[at]) * float64(shift[first+k])
				}
			}
		}
		nb.F[o] = float32(b)
	}
	if err := finite(nw.F); err != nil {
		return err
	}
	if err := finite(nb.F); err != nil {
		return err
	}
	inputs := []string{c.Inputs[0], r.NewConst(c.Inputs[1], "/scaled", nw)}
	switch {
	case shift == nil && ops.In(c, 2) != "":
		inputs = append(inputs, c.Inputs[2])
	case shift != nil && ops.In(c, 2) != "":
		inputs = append(inputs, r.NewConst(c.Inputs[2], "/shifted", nb))
	case shift != nil:
		inputs = append(inputs, r.NewConst(c.Inputs[1], "/bias/shifted", nb))
	}
	r.SetInputs(c, inputs...)
	return nil
}
