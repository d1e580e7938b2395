package passes

import (
	"fmt"
	"slices"

	"hass/frontend/ops"
	"hass/frontend/rewrite"
	"hass/internal/graph"
)

// foldQuant reads quantisers of activations. QuantizeLinear and DequantizeLinear with the same scale and zero point, possibly with a Clip between
// them that narrows the range (QCDQ), become quantize, and so do QONNX's Quant, IntQuant and BipolarQuant; FINN's MultiThreshold becomes
// multithreshold. Quantisers of weights are constant expressions, which fold-constants has computed.
func foldQuant(r *rewriter) error {
	if err := r.Each(func(n *graph.Node, a *ops.Attrs) error {
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
	if err := r.Each(func(n *graph.Node, a *ops.Attrs) error {
		if _, err := r.BipolarOf(n); err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		zero := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{}, F: []float32{0}}
		n.Op = graph.Quantize{Bits: 1, Bipolar: true}
		r.SetInputs(n, n.Inputs[0], n.Inputs[1], r.NewConst(n.Name, "/zero", zero))
		return nil
	}, "BipolarQuant"); err != nil {
		return err
	}
	if err := r.Each(func(n *graph.Node, a *ops.Attrs) error {
		op, err := r.ThresholdsOf(n, a)
		if err != nil {
			return err
		}
		if err := a.Done(); err != nil {
			return err
		}
		t := r.Constant(n, 1)
		if t.Type == graph.Int {
			f := &graph.Tensor{Type: graph.Float, Shape: t.Shape}
			for _, v := range t.I {
				f.F = append(f.F, float32(v))
			}
			t = f
		}
		n.Op = op
		r.SetInputs(n, n.Inputs[0], r.NewConst(n.Name, "/thresholds", t))
		return nil
	}, "MultiThreshold"); err != nil {
		return err
	}
	if err := r.Each(func(n *graph.Node, a *ops.Attrs) error {
		clip, first := (*graph.Node)(nil), r.Maker[n.Inputs[0]]
		if first != nil && rewrite.IsForeign(first, "Clip") {
			clip = first
			first = r.Maker[clip.Inputs[0]]
		}
		if first == nil || !rewrite.IsForeign(first, "QuantizeLinear") {
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
		// Integers that are read at another scale, such as those of a ConvInteger, are the model's values times the ratio of
		// scales.
		ratio := float32(1)
		if len(from.Scale) == 1 && len(back.Scale) == 1 && from.Scale[0] != back.Scale[0] {
			ratio = float32(float64(back.Scale[0]) / float64(from.Scale[0]))
			back.Scale = from.Scale
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
		if ratio != 1 {
			r.times(n, ratio)
		}
		r.Prune(old)
		return nil
	}, "DequantizeLinear"); err != nil {
		return err
	}
	r.mergeQuantisers()
	return r.Each(func(n *graph.Node, a *ops.Attrs) error {
		if _, err := r.LinearOf(n, a); err != nil {
			return err
		}
		return ops.Refuse("export the model with QuantizeLinear and DequantizeLinear in pairs", "its integers are used without a DequantizeLinear of the same scale")
	}, "QuantizeLinear")
}

// mergeQuantisers keeps one of several quantisers that put the same value on the same grid: in some models each
// reader of a value has its own DequantizeLinear.
func (r *rewriter) mergeQuantisers() {
	type same struct {
		of    string
		op    graph.Quantize
		scale string // of all channels
		zero  string
	}
	first := map[same]*graph.Node{}
	for _, n := range r.Nodes() {
		op, ok := n.Op.(graph.Quantize)
		if !ok {
			continue
		}
		s, z := r.Graph.Consts[n.Inputs[1]], r.Graph.Consts[n.Inputs[2]]
		if s == nil || z == nil {
			continue
		}
		key := same{n.Inputs[0], op, fmt.Sprint(s.Shape, s.F), fmt.Sprint(z.Shape, z.F)}
		if f := first[key]; f != nil {
			r.Bypass(n, f.Outputs[0])
		} else {
			first[key] = n
		}
	}
}

// times replaces n's output, for its readers, by its product with a number.
func (r *rewriter) times(n *graph.Node, by float32) {
	out := n.Outputs[0]
	inner := r.NewValue(out + "/grid")
	r.Graph.Shapes[inner] = slices.Clone(r.Shape(out))
	n.Outputs = []string{inner}
	r.Maker[inner] = n
	r.Add(n, &graph.Node{Name: n.Name + "/times", Op: graph.Foreign{Type: "Mul", Opset: 13, Attrs: map[string]graph.Attr{}},
		Inputs: []string{inner, r.Scalar(n.Name+"/ratio", by)}, Outputs: []string{out}})
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
		r.NewConst(n.Name, "/scale", &graph.Tensor{Type: graph.Float, Shape: s, F: slices.Clone(g.Scale)}),
		r.NewConst(n.Name, "/zero", &graph.Tensor{Type: graph.Float, Shape: slices.Clone(s), F: zero})}
	if _, err := graph.Infer(op, []graph.Shape{r.Shape(x), s, s}); err != nil {
		return err
	}
	n.Op = op
	r.SetInputs(n, inputs...)
	return nil
}
