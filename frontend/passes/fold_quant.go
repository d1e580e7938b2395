package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// foldQuant reads quantisers of activations: QuantizeLinear and DequantizeLinear
// with the same scale and zero point, between them perhaps a Clip that narrows
// the range (QCDQ), and QONNX's Quant, IntQuant and BipolarQuant become quantize. Quantisers of weights were
// constant expressions: fold-constants computed them.
func foldQuant(r *rewriter) error {
	if err := r.each(func(n *graph.Node, a *ops.Attrs) error {
		q, err := r.QuantOf(n, a)
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		return r.quantize(n, n.Inputs[0], q)
	}, "Quant", "IntQuant"); err != nil {
		return err
	}
	if err := r.each(func(n *graph.Node, a *ops.Attrs) error {
		if _, err := r.BipolarOf(n); err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		zero := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{0}}
		n.Op = graph.Quantize{Bits: 1, Bipolar: true}
		r.setInputs(n, n.Inputs[0], n.Inputs[1], r.newConst(n.Name, "/zero", zero))
		return nil
	}, "BipolarQuant"); err != nil {
		return err
	}
	if err := r.each(func(n *graph.Node, a *ops.Attrs) error {
		clip, first := (*graph.Node)(nil), r.maker[n.Inputs[0]]
		if first != nil && isForeign(first, "Clip") {
			clip = first
			first = r.maker[clip.Inputs[0]]
		}
		if first == nil || !isForeign(first, "QuantizeLinear") {
			return ops.Refuse("export the model with QuantizeLinear and DequantizeLinear in pairs", "its input is no QuantizeLinear")
		}
		fa := ops.NewAttrs(first.Op.(graph.Foreign))
		from, err := r.LinearOf(first, fa)
		if err != nil {
			return err
		}
		if err := fa.Done(); err != nil {
			return err
		}
		back, err := r.LinearOf(n, a)
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		if !slices.Equal(from.Scale, back.Scale) || !slices.Equal(from.Zero, back.Zero) || from.Axis != back.Axis {
			return ops.Refuse("quantise and dequantise with one scale", "its scale or zero point differs from that of %q", first.Name)
		}
		if clip != nil {
			if from, err = r.Narrowed(clip, from); err != nil {
				return err
			}
		}
		old := n.Inputs[0]
		if err := r.quantize(n, first.Inputs[0], from); err != nil {
			return err
		}
		r.prune(old)
		return nil
	}, "DequantizeLinear"); err != nil {
		return err
	}
	return r.each(func(n *graph.Node, a *ops.Attrs) error {
		if _, err := r.LinearOf(n, a); err != nil {
			return err
		}
		return ops.Refuse("export the model with QuantizeLinear and DequantizeLinear in pairs", "its integers are used without a DequantizeLinear of the same scale")
	}, "QuantizeLinear")
}

// quantize makes n the operator quantize of x on a grid.
func (r *rewriter) quantize(n *graph.Node, x string, g graph.Grid) error {
	s := graph.Shape{}
	if len(g.Scale) > 1 {
		s = make(graph.Shape, len(r.Shape(x))-g.Axis)
		for i := range s {
			s[i] = 1
		}
		s[0] = len(g.Scale)
	}
	zero := make([]float32, len(g.Zero))
	for i, z := range g.Zero {
		zero[i] = float32(z)
	}
	op := graph.Quantize{Bits: g.Bits, Signed: g.Signed, Narrow: g.Narrow}
	inputs := []string{x,
		r.newConst(n.Name, "/scale", &graph.Tensor{Type: graph.Float, Shape: s, F: slices.Clone(g.Scale)}),
		r.newConst(n.Name, "/zero", &graph.Tensor{Type: graph.Float, Shape: slices.Clone(s), F: zero})}
	if _, err := graph.Infer(op, []graph.Shape{r.Shape(x), s, s}); err != nil {
		return err
	}
	n.Op = op
	r.setInputs(n, inputs...)
	return nil
}
