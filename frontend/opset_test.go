package frontend

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/test/onnxtest"
)

// evalModel runs a model of one input and gives its first output. Each model also
// goes through its export.
func evalModel(t *testing.T, m model, x []float32) (graph.Shape, []float32) {
	t.Helper()
	g, err := Load(m.Write(t))
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, g, 0)
	e, err := floatexec.New(g)
	if err != nil {
		t.Fatalf("%v in\n%v", err, g)
	}
	outs, err := e.Run([][]float32{x}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e.OutputShape(0), outs[0]
}

func iota32(n int) []float32 {
	f := make([]float32, n)
	for i := range f {
		f[i] = float32(i + 1)
	}
	return f
}

// TestOpsets holds operators in the versions that ONNX's test data lack (newer
// than opset 17), and forms that changed over the versions, against values worked
// out by hand.
func TestOpsets(t *testing.T) {
	i64 := func(name string, v ...int64) tens { return onnxtest.I64(name, []int64{int64(len(v))}, v...) }
	fs := func(name string, v ...float32) tens { return onnxtest.F32(name, []int64{int64(len(v))}, v...) }
	one := func(op string, in []string, attrs ...at) []node {
		return []node{{Name: "n", Op: op, In: in, Out: []string{"y"}, Attrs: attrs}}
	}
	is, num, str := onnxtest.Ints, onnxtest.Int, onnxtest.String
	for _, c := range []struct {
		name  string
		opset int64
		dims  []any
		nodes []node
		inits []tens
		x     []float32 // 1, 2, 3, ... if nil
		shape graph.Shape
		want  []float32
	}{
		{"ReduceMean 18, axes an input", 18, []any{1, 2, 2}, one("ReduceMean", []string{"x", "a"}, num("keepdims", 0)), []tens{i64("a", -1)}, nil, graph.Shape{1, 2}, []float32{1.5, 3.5}},
		{"ReduceMean 18, no axes, nothing to do", 18, []any{1, 2}, one("ReduceMean", []string{"x"}, num("noop_with_empty_axes", 1)), nil, nil, graph.Shape{1, 2}, []float32{1, 2}},
		{"ReduceMax 20, no axes", 20, []any{1, 2, 2}, one("ReduceMax", []string{"x"}), nil, nil, graph.Shape{1, 1, 1}, []float32{4}},
		{"ReduceMean 18, empty axes mean all", 18, []any{1, 2, 2}, one("ReduceMean", []string{"x", "a"}), []tens{i64("a")}, nil, graph.Shape{1, 1, 1}, []float32{2.5}},
		{"ReduceMean 18 over height and width", 18, []any{1, 2, 2, 2}, one("ReduceMean", []string{"x", "a"}), []tens{i64("a", 2, 3)}, nil, graph.Shape{1, 2, 1, 1}, []float32{2.5, 6.5}},
		{"Split 18, num_outputs, the last part smaller", 18, []any{1, 5}, []node{{Name: "n", Op: "Split", In: []string{"x"}, Out: []string{"a", "y"}, Attrs: []at{num("axis", -1), num("num_outputs", 2)}}}, nil, nil, graph.Shape{1, 2}, []float32{4, 5}},
		{"Split 13, sizes an input", 13, []any{1, 5}, []node{{Name: "n", Op: "Split", In: []string{"x", "s"}, Out: []string{"a", "y"}, Attrs: []at{num("axis", 1)}}}, []tens{i64("s", 4, 1)}, nil, graph.Shape{1, 1}, []float32{5}},
		{"Split 2, sizes an attribute", 11, []any{1, 5}, []node{{Name: "n", Op: "Split", In: []string{"x"}, Out: []string{"a", "y"}, Attrs: []at{num("axis", 1), is("split", 1, 4)}}}, nil, nil, graph.Shape{1, 4}, []float32{2, 3, 4, 5}},
		{"Resize 18, axes and antialias off", 18, []any{1, 1, 1, 2}, one("Resize", []string{"x", "", "s"}, is("axes", 3), num("antialias", 0), str("mode", "linear")), []tens{fs("s", 2)}, []float32{0, 4}, graph.Shape{1, 1, 1, 4}, []float32{0, 1, 3, 4}},
		{"Resize 19, antialias without effect where it grows", 19, []any{1, 1, 1, 2}, one("Resize", []string{"x", "", "", "s"}, is("axes", 3), num("antialias", 1), str("mode", "linear")), []tens{i64("s", 4)}, []float32{0, 4}, graph.Shape{1, 1, 1, 4}, []float32{0, 1, 3, 4}},
		// 0.6 of 4 is 2.4, rounded down to 2: positions 1/3 + (i+0.5)/0.6 - 0.5.
		{"Resize 19, half_pixel_symmetric", 19, []any{1, 1, 1, 4}, one("Resize", []string{"x", "", "s"}, str("coordinate_transformation_mode", "half_pixel_symmetric"), str("mode", "linear")), []tens{fs("s", 1, 1, 1, 0.6)}, nil,
			graph.Shape{1, 1, 1, 2}, []float32{1.6666666, 3.3333333}},
		{"Resize 18, ratio kept, not larger", 18, []any{1, 1, 1, 2}, one("Resize", []string{"x", "", "", "s"}, is("axes", 2, 3), str("keep_aspect_ratio_policy", "not_larger")), []tens{i64("s", 2, 8)}, nil, graph.Shape{1, 1, 2, 4}, []float32{1, 1, 2, 2, 1, 1, 2, 2}},
		{"Resize 18, ratio kept, not smaller", 18, []any{1, 1, 2, 1}, one("Resize", []string{"x", "", "", "s"}, is("axes", 2, 3), str("keep_aspect_ratio_policy", "not_smaller")), []tens{i64("s", 2, 2)}, nil, graph.Shape{1, 1, 4, 2}, []float32{1, 1, 1, 1, 2, 2, 2, 2}},
		{"Resize 10, asymmetric, down", 10, []any{1, 1, 1, 2}, one("Resize", []string{"x", "s"}), []tens{fs("s", 1, 1, 1, 1.5)}, nil, graph.Shape{1, 1, 1, 3}, []float32{1, 1, 2}},
		{"Upsample 9, linear", 9, []any{1, 1, 1, 2}, one("Upsample", []string{"x", "s"}, str("mode", "linear")), []tens{fs("s", 1, 1, 1, 2)}, []float32{0, 4}, graph.Shape{1, 1, 1, 4}, []float32{0, 2, 4, 4}},
		{"Pad 18, axes an input", 18, []any{1, 1, 1, 2}, one("Pad", []string{"x", "p", "v", "a"}), []tens{i64("p", 1, 2), onnxtest.F32("v", nil, 9), i64("a", -1)}, nil, graph.Shape{1, 1, 1, 5}, []float32{9, 1, 2, 9, 9}},
		{"Pad 21, edge", 21, []any{1, 1, 1, 2}, one("Pad", []string{"x", "p", "", "a"}, str("mode", "edge")), []tens{i64("p", 1, 1), i64("a", 3)}, nil, graph.Shape{1, 1, 1, 4}, []float32{1, 1, 2, 2}},
		{"Pad 2, negative", 10, []any{1, 1, 1, 3}, one("Pad", []string{"x"}, is("pads", 0, 0, 0, -1, 0, 0, 0, 1)), nil, nil, graph.Shape{1, 1, 1, 3}, []float32{2, 3, 0}},
		{"AveragePool 19, dilations", 19, []any{1, 1, 1, 4}, one("AveragePool", []string{"x"}, is("kernel_shape", 1, 2), is("dilations", 1, 2)), nil, nil, graph.Shape{1, 1, 1, 2}, []float32{2, 3}},
		{"AveragePool 22, ceil counts no overhang", 22, []any{1, 1, 1, 3}, one("AveragePool", []string{"x"}, is("kernel_shape", 1, 2), is("strides", 1, 2), num("ceil_mode", 1), num("count_include_pad", 1)), nil, nil, graph.Shape{1, 1, 1, 2}, []float32{1.5, 3}},
		{"MaxPool 22", 22, []any{1, 1, 1, 3}, one("MaxPool", []string{"x"}, is("kernel_shape", 1, 2)), nil, nil, graph.Shape{1, 1, 1, 2}, []float32{2, 3}},
		{"Reshape 21, zero keeps", 21, []any{1, 2, 2}, one("Reshape", []string{"x", "s"}, num("allowzero", 0)), []tens{i64("s", 0, -1)}, nil, graph.Shape{1, 4}, []float32{1, 2, 3, 4}},
		{"Shape 15, a range of axes", 21, []any{1, 2, 3}, []node{
			{Op: "Shape", In: []string{"x"}, Out: []string{"s"}, Attrs: []at{num("start", -1)}},
			{Op: "Concat", In: []string{"s", "m"}, Out: []string{"to"}, Attrs: []at{num("axis", 0)}},
			{Op: "Reshape", In: []string{"x", "to"}, Out: []string{"y"}},
		}, []tens{i64("m", -1)}, nil, graph.Shape{3, 2}, []float32{1, 2, 3, 4, 5, 6}},
		{"BatchNormalization 15, rank 2", 15, []any{"N", 2}, one("BatchNormalization", []string{"x", "s", "b", "m", "v"}, num("training_mode", 0), onnxtest.Float("epsilon", 0)), []tens{fs("s", 2, 3), fs("b", 1, 0), fs("m", 1, 1), fs("v", 4, 1)}, nil, graph.Shape{1, 2}, []float32{1, 3}},
		{"Dropout 22, ratio an input, not training", 22, []any{1, 2}, one("Dropout", []string{"x", "r", "t"}), []tens{onnxtest.F32("r", nil, 0.5), onnxtest.Raw("t", 9, nil, []byte{0})}, nil, graph.Shape{1, 2}, []float32{1, 2}},
		{"Swish 24", 24, []any{1, 1}, one("Swish", []string{"x"}), nil, []float32{2}, graph.Shape{1, 1}, []float32{float32(2 / (1 + math.Exp(-2)))}},
		{"HardSwish 22", 22, []any{1, 3}, one("HardSwish", []string{"x"}), nil, []float32{-1, 1, 6}, graph.Shape{1, 3}, []float32{-1. / 3, 2. / 3, 6}},
		{"HardSigmoid 22", 22, []any{1, 2}, one("HardSigmoid", []string{"x"}), nil, []float32{-1, 9}, graph.Shape{1, 2}, []float32{0.3, 1}},
		{"Clip 6, attributes", 10, []any{1, 2}, one("Clip", []string{"x"}, onnxtest.Float("max", 1.5)), nil, nil, graph.Shape{1, 2}, []float32{1, 1.5}},
		{"Clip 13, upper bound only", 13, []any{1, 2}, one("Clip", []string{"x", "", "h"}), []tens{onnxtest.F32("h", nil, 1.5)}, nil, graph.Shape{1, 2}, []float32{1, 1.5}},
		{"Squeeze 24, Unsqueeze 24", 24, []any{1, 2, 1}, []node{
			{Op: "Squeeze", In: []string{"x", "a"}, Out: []string{"s"}}, {Op: "Unsqueeze", In: []string{"s", "b"}, Out: []string{"y"}},
		}, []tens{i64("a", -1), i64("b", 0)}, nil, graph.Shape{1, 1, 2}, []float32{1, 2}},
		{"Cast 24, attributes of small floats", 24, []any{1, 2}, one("Cast", []string{"x"}, num("to", 1), num("saturate", 1), str("round_mode", "up")), nil, nil, graph.Shape{1, 2}, []float32{1, 2}},
		{"Softmax 11 runs over all from the axis on", 11, []any{1, 2, 2}, one("Softmax", []string{"x"}), nil, []float32{0, 0, 0, 0}, graph.Shape{1, 2, 2}, []float32{0.25, 0.25, 0.25, 0.25}},
		{"Softmax 13 runs over one axis", 13, []any{1, 2, 2}, one("Softmax", []string{"x"}, num("axis", 1)), nil, []float32{0, 0, 0, 0}, graph.Shape{1, 2, 2}, []float32{0.5, 0.5, 0.5, 0.5}},
		{"ArgMax 13, the last of equal ones", 13, []any{1, 3}, one("ArgMax", []string{"x"}, num("axis", 1), num("select_last_index", 1)), nil, []float32{5, 5, 1}, graph.Shape{1, 1}, []float32{1}},
		{"Flatten 25, negative axis", 25, []any{1, 2, 2}, one("Flatten", []string{"x"}, num("axis", -1)), nil, nil, graph.Shape{2, 2}, []float32{1, 2, 3, 4}},
		{"Slice 13, backwards", 13, []any{1, 4}, one("Slice", []string{"x", "s", "e", "a", "d"}), []tens{i64("s", -1), i64("e", math.MinInt64), i64("a", 1), i64("d", -2)}, nil, graph.Shape{1, 2}, []float32{4, 2}},
		{"Add 6 broadcasts from an axis", 6, []any{1, 2, 2}, one("Add", []string{"x", "c"}, num("broadcast", 1), num("axis", 1)), []tens{fs("c", 10, 20)}, nil, graph.Shape{1, 2, 2}, []float32{11, 12, 23, 24}},
		{"PRelu 6, a slope per channel", 6, []any{1, 2, 1, 1}, one("PRelu", []string{"x", "c"}), []tens{fs("c", 0.5, 0.25)}, []float32{-4, -4}, graph.Shape{1, 2, 1, 1}, []float32{-2, -1}},
		{"QuantizeLinear 21, type by attribute, no zero point", 21, []any{1, 3}, []node{
			{Op: "QuantizeLinear", In: []string{"x", "s"}, Out: []string{"q"}, Attrs: []at{num("output_dtype", 3)}},
			{Op: "DequantizeLinear", In: []string{"q", "s"}, Out: []string{"y"}},
		}, []tens{onnxtest.F32("s", nil, 0.5)}, []float32{-100, 0.75, 100}, graph.Shape{1, 3}, []float32{-64, 1, 63.5}},
		{"QuantizeLinear 13, zero point", 13, []any{1, 3}, []node{
			{Op: "QuantizeLinear", In: []string{"x", "s", "z"}, Out: []string{"q"}},
			{Op: "DequantizeLinear", In: []string{"q", "s", "z"}, Out: []string{"y"}},
		}, []tens{onnxtest.F32("s", nil, 0.5), onnxtest.Raw("z", 2, nil, []byte{10})}, []float32{-100, 0.25, 200}, graph.Shape{1, 3}, []float32{-5, 0, 122.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := model{Opset: c.opset, IR: 14, Nodes: c.nodes, Inits: c.inits, Inputs: image(c.dims...), Outputs: out("y")}
			x := c.x
			if x == nil {
				n := 1
				for _, d := range c.dims {
					if v, ok := d.(int); ok {
						n *= v
					}
				}
				x = iota32(n)
			}
			s, y := evalModel(t, m, x)
			if !s.Equal(c.shape) {
				t.Errorf("shape %v, want %v", s, c.shape)
			}
			if d := cmp.Diff(c.want, y, cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) <= 1e-6*math.Max(1, math.Abs(float64(b))) })); d != "" {
				t.Error(d)
			}
		})
	}
}
