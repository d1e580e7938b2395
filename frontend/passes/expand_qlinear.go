package passes

import (
	"slices"

	"hass/frontend/ops"
	"hass/internal/graph"
)

// quantised describes an operator over integers: a float operator between DequantizeLinear of its operands and
// QuantizeLinear of its result. Places are indices of inputs, -1 for none.
type quantised struct {
	op       string
	operands []operand
	bias     int // integers whose scale is the product of the operands' scales
	scale    int // of the result; -1: the result is not quantised
	zero     int
}

// operand has the places of data, scale (-1: 1) and zero point.
type operand struct{ data, scale, zero int }

// one and two are operators with one and two operands, each followed by scale and zero point, and then those of the result.
func one(op string) quantised { return quantised{op, []operand{{0, 1, 2}}, -1, 3, 4} }
func two(op string) quantised { return quantised{op, []operand{{0, 1, 2}, {3, 4, 5}}, -1, 6, 7} }

// quantisedOps are the operators by domain and type.
var quantisedOps = map[[2]string]quantised{
	{"", "QLinearConv"}:   {"Conv", []operand{{0, 1, 2}, {3, 4, 5}}, 8, 6, 7},
	{"", "QLinearMatMul"}: two("MatMul"),
	{"", "ConvInteger"}:   {"Conv", []operand{{0, -1, 2}, {1, -1, 3}}, -1, -1, -1},
	{"", "MatMulInteger"}: {"MatMul", []operand{{0, -1, 2}, {1, -1, 3}}, -1, -1, -1},

	{microsoft, "QLinearAdd"}:               two("Add"),
	{microsoft, "QLinearMul"}:               two("Mul"),
	{microsoft, "QLinearSigmoid"}:           one("Sigmoid"),
	{microsoft, "QLinearLeakyRelu"}:         one("LeakyRelu"),
	{microsoft, "QLinearAveragePool"}:       one("AveragePool"),
	{microsoft, "QLinearGlobalAveragePool"}: one("GlobalAveragePool"),
	{microsoft, "QGemm"}:                    {"Gemm", []operand{{0, 1, 2}, {3, 4, 5}}, 6, 7, 8},
	{microsoft, "QuantizeLinear"}:           {op: "QuantizeLinear"},
	{microsoft, "DequantizeLinear"}:         {op: "DequantizeLinear"},
}

// microsoft is the domain of ONNX Runtime's own operators.
const microsoft = "com.microsoft"

// expandQlinear replaces operators over integers by float operators between quantisers, the form that fold-quant reads.
// Consecutive operators then have a QuantizeLinear and a DequantizeLinear of the same scale between them.
func expandQlinear(r *rewriter) error {
	for _, n := range r.Nodes() {
		f, ok := n.Op.(graph.Foreign)
		if !ok {
			continue
		}
		if f.Domain == microsoft && f.Type == "QLinearConcat" {
			if err := r.Collect(n, r.expandConcat(n, f)); err != nil {
				return err
			}
			continue
		}
		q, ok := quantisedOps[[2]string{f.Domain, f.Type}]
		if !ok {
			continue
		}
		if err := r.Collect(n, r.expand(n, f, q)); err != nil {
			return err
		}
	}
	return nil
}

func (r *rewriter) expand(n *graph.Node, f graph.Foreign, q quantised) error {
	f.Domain, f.Type = "", q.op
	if f.Opset < 13 {
		f.Opset = 13 // at opset 13 Gemm and the quantisers have their present form; the operators over integers are alike in all versions
	}
	if len(q.operands) == 0 {
		r.Changed, n.Op = true, f
		return nil
	}
	if a := f.Attrs["channels_last"]; a.I != 0 {
		return ops.Refuse("export with channels first", "its maps have their channels last")
	}
	delete(f.Attrs, "channels_last")
	if q.scale >= 0 && ops.In(n, q.scale) == "" && q.op != "Gemm" {
		return ops.Refuse("", "its result has no scale")
	}
	var inputs []string
	unit := []float32{1} // of the products
	for i, o := range q.operands {
		scale, err := r.scaleInput(n, o.scale)
		if err != nil {
			return err
		}
		axis := 0 // of a scale per output channel
		if d := r.Constant(n, o.data); i == 1 && q.op != "Conv" && d != nil {
			axis = len(d.Shape) - 1
			if t := f.Attrs["transB"]; t.I != 0 {
				axis = 0
			}
		}
		s := r.Graph.Consts[scale].F
		if len(s) > 1 && len(unit) > 1 {
			return ops.Refuse("quantise one of its operands per tensor", "both operands have scales per channel")
		}
		if len(s) > 1 {
			unit = slices.Repeat(unit, len(s))
		}
		for k := range unit {
			unit[k] *= s[min(k, len(s)-1)]
		}
		inputs = append(inputs, r.dequantised(n, n.Inputs[o.data], scale, ops.In(n, o.zero), axis, f.Opset))
	}
	if q.bias >= 0 && ops.In(n, q.bias) != "" {
		if b := r.Constant(n, q.bias); b == nil || b.Type != graph.Int {
			return ops.Refuse("fold constants when exporting (onnx-simplifier)", "its bias is not a constant of integers")
		}
		shape := graph.Shape{len(unit)}
		if len(unit) == 1 {
			shape = graph.Shape{}
		}
		scale := r.NewConst(n.Name, "/bias/scale", &graph.Tensor{Type: graph.Float, Shape: shape, F: unit})
		inputs = append(inputs, r.dequantised(n, n.Inputs[q.bias], scale, "", 0, f.Opset))
	}
	var result []string // scale and zero point
	if q.scale >= 0 && ops.In(n, q.scale) != "" {
		scale, err := r.scaleInput(n, q.scale)
		if err != nil {
			return err
		}
		zero := ops.In(n, q.zero)
		if zero == "" { // of the type of the first operand's
			first := r.Constant(n, q.operands[0].zero)
			if first == nil {
				return ops.Refuse("give the result a zero point: it says which integers it has", "neither its first operand nor its result has a zero point")
			}
			zero = r.NewConst(n.Name, "/zero", &graph.Tensor{Type: graph.Int, Stored: first.Stored, Shape: graph.Shape{}, I: []int64{0}})
		}
		result = []string{scale, zero}
	}
	n.Op = f
	r.SetInputs(n, inputs...)
	r.quantised(n, result, f.Opset)
	return nil
}

// expandConcat expands ONNX Runtime's QLinearConcat: scale and zero point of the result, then data, scale and zero point of each operand.
func (r *rewriter) expandConcat(n *graph.Node, f graph.Foreign) error {
	f.Domain, f.Type, f.Opset = "", "Concat", 13
	if len(n.Inputs) < 5 || len(n.Inputs)%3 != 2 {
		return ops.Refuse("the model is damaged: export it again", "it has %d inputs", len(n.Inputs))
	}
	result := []string{}
	var inputs []string
	for i := 2; i < len(n.Inputs); i += 3 {
		scale, err := r.scaleInput(n, i+1)
		if err != nil {
			return err
		}
		inputs = append(inputs, r.dequantised(n, n.Inputs[i], scale, n.Inputs[i+2], 0, f.Opset))
	}
	scale, err := r.scaleInput(n, 0)
	if err != nil {
		return err
	}
	result = append(result, scale, n.Inputs[1])
	n.Op = f
	r.SetInputs(n, inputs...)
	r.quantised(n, result, f.Opset)
	return nil
}

// scaleInput is the constant that is a scale of n, 1 for place -1.
func (r *rewriter) scaleInput(n *graph.Node, place int) (string, error) {
	if place < 0 {
		return r.Scalar(n.Name+"/one", 1), nil
	}
	if c := r.Constant(n, place); c == nil || c.Type != graph.Float {
		return "", ops.Refuse("quantise statically", "its scale is not a constant")
	}
	return n.Inputs[place], nil
}

// dequantised is a value read through a new DequantizeLinear.
func (r *rewriter) dequantised(n *graph.Node, data, scale, zero string, axis, opset int) string {
	inputs := []string{data, scale}
	if zero != "" {
		inputs = append(inputs, zero)
	}
	out := r.NewValue(data + "/float")
	r.Add(n, &graph.Node{Name: n.Name + "/dequantize", Op: graph.Foreign{Type: "DequantizeLinear", Opset: opset, Attrs: map[string]graph.Attr{"axis": {Kind: "i", I: int64(axis)}}},
		Inputs: inputs, Outputs: []string{out}})
	return out
}

// quantised puts a QuantizeLinear behind n, if the result has a scale and a zero point; the model's value is its output.
func (r *rewriter) quantised(n *graph.Node, result []string, opset int) {
	if len(result) == 0 {
		return
	}
	out := n.Outputs[0]
	inner := r.NewValue(out + "/float")
	n.Outputs = []string{inner}
	r.Maker[inner] = n
	r.Add(n, &graph.Node{Name: n.Name + "/quantize", Op: graph.Foreign{Type: "QuantizeLinear", Opset: opset, Attrs: map[string]graph.Attr{}},
		Inputs: append([]string{inner}, result...), Outputs: []string{out}})
}
