package frontend

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
	"hass/internal/test/onnxtest"
)

// kindsOf lists the operators of a graph in order.
func kindsOf(g *graph.Graph) string {
	var k []string
	for _, n := range g.Nodes {
		k = append(k, n.Op.Kind())
	}
	return strings.Join(k, " ")
}

// TestIdioms: groups of nodes that exporters write for one operator become that
// operator, with the same values. Each model is compared with a plain one.
func TestIdioms(t *testing.T) {
	num := func(name string, v float32) tens { return onnxtest.F32(name, nil, v) }
	i64 := func(name string, v ...int64) tens { return onnxtest.I64(name, []int64{int64(len(v))}, v...) }
	w := f32("w", 4, 3, 3, 3)
	conv := node{Name: "conv", Op: "Conv", In: []string{"x", "w"}, Out: []string{"c"}}
	swish := []node{conv, {Op: "HardSwish", In: []string{"c"}, Out: []string{"y"}}}
	op := func(op, out string, in ...string) node { return node{Op: op, In: in, Out: []string{out}} }
	with := func(n node, attrs ...at) node { n.Attrs = attrs; return n }
	perm := func(v ...int64) at { return onnxtest.Ints("perm", v...) }
	hard := []tens{w, num("0", 0), num("3", 3), num("6", 6), num("sixth", 1./6), num("half", 0.5), num("1", 1)}
	for _, c := range []struct {
		name       string
		nodes      []node
		inits      []tens
		kinds      string
		plain      []node
		plainInits []tens
	}{
		{"hard-swish: x*clip(x+3)/6", []node{conv, op("Add", "a", "c", "3"), op("Clip", "b", "a", "0", "6"), op("Mul", "m", "c", "b"), op("Div", "y", "m", "6")},
			hard, "conv hardswish", swish, []tens{w}},
		{"hard-swish: clip(x+3)*x*(1/6)", []node{conv, op("Add", "a", "3", "c"), op("Clip", "b", "a", "0", "6"), op("Mul", "m", "b", "c"), op("Mul", "y", "m", "sixth")},
			hard, "conv hardswish", swish, []tens{w}},
		{"hard-swish: x*(clip(x+3)/6)", []node{conv, op("Add", "a", "c", "3"), op("Clip", "b", "a", "0", "6"), op("Div", "g", "b", "6"), op("Mul", "y", "c", "g")},
			hard, "conv hardswish", swish, []tens{w}},
		{"hard-swish: relu6 as min of max", []node{conv, op("Add", "a", "c", "3"), op("Relu", "r", "a"), op("Min", "b", "r", "6"), op("Mul", "m", "c", "b"), op("Div", "y", "m", "6")},
			hard, "conv hardswish", swish, []tens{w}},
		{"hard-sigmoid of a conv: the addition folds into the conv", []node{conv, op("Add", "a", "c", "3"), op("Clip", "b", "a", "0", "6"), op("Div", "y", "b", "6")},
			hard, "conv clip conv", []node{conv, with(op("HardSigmoid", "y", "c"), onnxtest.Float("alpha", 1./6))}, []tens{w}},
		{"silu", []node{conv, op("Sigmoid", "s", "c"), op("Mul", "y", "s", "c")}, []tens{w}, "conv silu",
			[]node{conv, with(op("Swish", "y", "c"))}, []tens{w}},
		{"squeeze-excite with an Expand", []node{conv, op("GlobalAveragePool", "p", "c"), op("Sigmoid", "g", "p"), op("Shape", "s", "c"), op("Expand", "e", "g", "s"), op("Mul", "y", "c", "e")},
			[]tens{w}, "conv globalavg sigmoid mul", []node{conv, op("GlobalAveragePool", "p", "c"), op("Sigmoid", "g", "p"), op("Mul", "y", "c", "g")}, []tens{w}},
		{"channels last between convolutions", []node{
			conv, with(op("Transpose", "t", "c"), perm(0, 2, 3, 1)), op("Add", "a", "t", "b"), op("Relu", "r", "a"),
			with(op("ReduceMean", "p", "r"), onnxtest.Ints("axes", 1, 2)), op("Mul", "m", "r", "p"), with(op("Transpose", "y", "m"), perm(0, 3, 1, 2))},
			[]tens{w, f32("b", 4)}, "conv relu globalavg mul",
			[]node{conv, op("Add", "a", "c", "b"), op("Relu", "r", "a"), op("GlobalAveragePool", "p", "r"), op("Mul", "y", "r", "p")}, []tens{w, f32("b", 4, 1, 1)}},
		{"padding of a strided convolution outside it", []node{op("Pad", "p", "x", "pads"), with(op("Conv", "y", "p", "w"), onnxtest.Ints("strides", 2, 2))},
			[]tens{w, i64("pads", 0, 0, 0, 0, 0, 0, 1, 1)}, "conv",
			[]node{with(op("Conv", "y", "x", "w"), onnxtest.Ints("strides", 2, 2), onnxtest.Ints("pads", 0, 0, 1, 1))}, []tens{w}},
		{"channel shuffle stays what it is", []node{conv, op("Reshape", "a", "c", "split"), with(op("Transpose", "b", "a"), perm(0, 2, 1, 3, 4)), op("Reshape", "y", "b", "join")},
			[]tens{w, i64("split", 1, 2, 2, 6, 6), i64("join", 1, 4, 6, 6)}, "conv reshape transpose reshape",
			[]node{conv, with(op("Slice", "s0", "c", "0", "1", "ax")), op("Slice", "s1", "c", "1", "2", "ax"), op("Slice", "s2", "c", "2", "3", "ax"), op("Slice", "s3", "c", "3", "4", "ax"),
				with(op("Concat", "y", "s0", "s2", "s1", "s3"), onnxtest.Int("axis", 1))},
			[]tens{w, i64("0", 0), i64("1", 1), i64("2", 2), i64("3", 3), i64("4", 4), i64("ax", 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			load := func(nodes []node, inits []tens) *graph.Graph {
				g, err := Load(model{Opset: 24, Nodes: nodes, Inits: inits, Inputs: image("N", 3, 8, 8), Outputs: out("y")}.Write(t))
				if err != nil {
					t.Fatal(err)
				}
				return g
			}
			g, plain := load(c.nodes, c.inits), load(c.plain, c.plainInits)
			if k := kindsOf(g); k != c.kinds {
				t.Errorf("operators %s, want %s\n%v", k, c.kinds, g)
			}
			compareRuns(t, run(t, g)["y"], run(t, plain)["y"])
		})
	}
}

func compareRuns(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%d and %d elements", len(got), len(want))
	}
	top := 0.0
	for _, v := range want {
		top = max(top, math.Abs(float64(v)))
	}
	for i := range want {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-5*top) {
			t.Fatalf("element %d: %v, want %v", i, got[i], want[i])
		}
	}
	if top == 0 {
		t.Error("all outputs are 0: nothing is compared")
	}
}

// TestKeras: an image input of shape [1,H,W,C] becomes one of planes, and the
// network equals a network written for planes.
func TestKeras(t *testing.T) {
	inits := []tens{f32("w", 4, 3, 3, 3), f32("fc", 64, 5), f32("mean", 3), onnxtest.I64("pads", []int64{8}, 0, 0, 0, 0, 0, 1, 1, 0), onnxtest.I64("flat", []int64{2}, -1, 64)}
	m := model{
		Nodes: []node{
			{Op: "Sub", In: []string{"x", "mean"}, Out: []string{"n"}},
			{Op: "Pad", In: []string{"n", "pads"}, Out: []string{"p"}},
			{Op: "Transpose", In: []string{"p"}, Out: []string{"t"}, Attrs: []at{onnxtest.Ints("perm", 0, 3, 1, 2)}},
			{Op: "Conv", In: []string{"t", "w"}, Out: []string{"c"}, Attrs: []at{onnxtest.Ints("strides", 2, 2)}},
			{Op: "Transpose", In: []string{"c"}, Out: []string{"u"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 3, 1)}},
			{Op: "Relu", In: []string{"u"}, Out: []string{"r"}},
			{Op: "Reshape", In: []string{"r", "flat"}, Out: []string{"f"}},
			{Op: "MatMul", In: []string{"f", "fc"}, Out: []string{"y"}},
		},
		Inits: inits, Inputs: image("N", 8, 8, 3), Outputs: out("y"),
	}
	g, err := Load(m.Write(t))
	if err != nil {
		t.Fatal(err)
	}
	if !g.Inputs[0].Shape.Equal(graph.Shape{1, 3, 8, 8}) {
		t.Errorf("input %v", g.Inputs[0].Shape)
	}
	if k := kindsOf(g); strings.Contains(k, "transpose") {
		t.Errorf("operators %s\n%v", k, g)
	}
	plain := model{
		Nodes: []node{
			{Op: "Sub", In: []string{"x", "mean"}, Out: []string{"n"}},
			{Op: "Pad", In: []string{"n", "pads"}, Out: []string{"p"}},
			{Op: "Conv", In: []string{"p", "w"}, Out: []string{"c"}, Attrs: []at{onnxtest.Ints("strides", 2, 2)}},
			{Op: "Relu", In: []string{"c"}, Out: []string{"r"}},
			{Op: "Transpose", In: []string{"r"}, Out: []string{"u"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 3, 1)}},
			{Op: "Reshape", In: []string{"u", "flat"}, Out: []string{"f"}},
			{Op: "MatMul", In: []string{"f", "fc"}, Out: []string{"y"}},
		},
		Inits:  append(inits[:2:2], f32("mean", 3, 1, 1), onnxtest.I64("pads", []int64{8}, 0, 0, 0, 0, 0, 0, 1, 1), inits[4]),
		Inputs: image("N", 3, 8, 8), Outputs: out("y", "u"),
	}
	h, err := Load(plain.Write(t))
	if err != nil {
		t.Fatal(err)
	}
	compareRuns(t, run(t, g)["y"], run(t, h)["y"])
}

// TestRoundingModes: QONNX's names of half to even are taken, all other modes are refused by name.
func TestRoundingModes(t *testing.T) {
	for mode, taken := range map[string]bool{"ROUND": true, "round": true, "HALF_EVEN": true, "CEIL": false, "FLOOR": false, "UP": false, "DOWN": false,
		"HALF_UP": false, "HALF_DOWN": false, "ROUND_TO_ZERO": false, "": false} {
		m := model{Nodes: []node{{Name: "quantiser", Op: "Quant", Domain: "qonnx.custom_op.general", In: []string{"x", "s", "z", "b"}, Out: []string{"y"},
			Attrs: []at{onnxtest.String("rounding_mode", mode)}}},
			Inits:  []tens{onnxtest.F32("s", nil, 0.5), onnxtest.F32("z", nil, 0), onnxtest.F32("b", nil, 4)},
			Inputs: image("N", 3, 1, 2), Outputs: out("y"), Domains: []string{"qonnx.custom_op.general"}}
		_, err := Load(m.Write(t))
		if taken && err != nil {
			t.Errorf("%q: %v", mode, err)
		}
		if want := fmt.Sprintf("it rounds %q", mode); !taken && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "quantiser")) {
			t.Errorf("%q: %v; want a refusal that says %q", mode, err, want)
		}
	}
}

// TestQuantised: one layer quantised in the three usual forms gives the values of
// the definition, and its weights know their grid.
func TestQuantised(t *testing.T) {
	const s, sw = 0.5, 0.25
	q := []int64{-7, 3, 0, 7, -1, 5} // weights [2,3,1,1]
	raw := make([]byte, len(q))
	deq := make([]float32, len(q))
	shadow := make([]float32, len(q)) // the value that Quant rounds to q
	for i, v := range q {
		raw[i], deq[i], shadow[i] = byte(int8(v)), float32(v)*sw, float32(v)*sw+0.1
	}
	num := func(name string, v float32) tens { return onnxtest.F32(name, nil, v) }
	zero := onnxtest.Raw("z", 3, nil, []byte{0})
	conv := node{Name: "conv", Op: "Conv", In: []string{"a", "wf"}, Out: []string{"y"}}
	op := func(op, out string, in ...string) node { return node{Op: op, In: in, Out: []string{out}} }
	quant := func(out string, in ...string) node {
		return node{Op: "Quant", Domain: "qonnx.custom_op.general", In: in, Out: []string{out}, Attrs: []at{onnxtest.Int("signed", 1), onnxtest.Int("narrow", 1), onnxtest.String("rounding_mode", "ROUND")}}
	}
	i8 := func(name string, v int8) tens { return onnxtest.Raw(name, 3, nil, []byte{byte(v)}) }
	narrow := func(bits int) graph.Grid {
		return graph.Grid{Bits: bits, Signed: true, Narrow: bits == 4, Scale: []float32{sw}, Zero: []int64{0}}
	}
	perChannel := graph.Grid{Bits: 8, Signed: true, Scale: []float32{sw, sw}, Zero: []int64{0, 0}}
	for _, c := range []struct {
		name   string
		nodes  []node
		inits  []tens
		lo, hi float64
		grid   graph.Grid
	}{
		{"QDQ", []node{op("QuantizeLinear", "q", "x", "s", "z"), op("DequantizeLinear", "a", "q", "s", "z"), op("DequantizeLinear", "wf", "wq", "sw", "z"), conv},
			[]tens{num("s", s), num("sw", sw), zero, onnxtest.Raw("wq", 3, []int64{2, 3, 1, 1}, raw)}, -128, 127, narrow(8)},
		{"QDQ, a scale per channel", []node{op("QuantizeLinear", "q", "x", "s", "z"), op("DequantizeLinear", "a", "q", "s", "z"),
			{Op: "DequantizeLinear", In: []string{"wq", "sw", "zw"}, Out: []string{"wf"}, Attrs: []at{onnxtest.Int("axis", 0)}}, conv},
			[]tens{num("s", s), onnxtest.F32("sw", []int64{2}, sw, sw), zero, onnxtest.Raw("zw", 3, []int64{2}, []byte{0, 0}), onnxtest.Raw("wq", 3, []int64{2, 3, 1, 1}, raw)}, -128, 127, perChannel},
		{"QCDQ", []node{op("QuantizeLinear", "q", "x", "s", "z"), op("Clip", "qc", "q", "lo", "hi"), op("DequantizeLinear", "a", "qc", "s", "z"),
			op("QuantizeLinear", "wq", "w", "sw", "z"), op("Clip", "wc", "wq", "lo", "hi"), op("DequantizeLinear", "wf", "wc", "sw", "z"), conv},
			[]tens{num("s", s), num("sw", sw), zero, i8("lo", -7), i8("hi", 7), onnxtest.F32("w", []int64{2, 3, 1, 1}, shadow...)}, -7, 7, narrow(4)},
		{"QONNX", []node{quant("a", "x", "s", "zf", "bits"), quant("wf", "w", "sw", "zf", "bits"), conv},
			[]tens{num("s", s), num("sw", sw), num("zf", 0), num("bits", 4), onnxtest.F32("w", []int64{2, 3, 1, 1}, shadow...)}, -7, 7, narrow(4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := model{Nodes: c.nodes, Inits: c.inits, Inputs: image("N", 3, 1, 2), Outputs: out("y"), Domains: []string{"qonnx.custom_op.general"}}
			x := []float32{-100, 0.3, 0.75, 1.25, 3, 90}
			_, got := evalModel(t, m, x)
			var want []float32
			for f := range 2 {
				for p := range 2 {
					var acc float32
					for k := range 3 {
						v := min(max(math.RoundToEven(float64(x[k*2+p]/s)), c.lo), c.hi)
						acc += float32(v*s) * deq[f*3+k]
					}
					want = append(want, acc)
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			g, err := Load(m.Write(t))
			if err != nil {
				t.Fatal(err)
			}
			if k := kindsOf(g); k != "quantize conv" {
				t.Errorf("operators %s", k)
			}
			wt := g.Consts[g.Nodes[len(g.Nodes)-1].Inputs[1]]
			if d := cmp.Diff(&c.grid, wt.Grid); d != "" {
				t.Errorf("grid of the weights: %s", d)
			}
			if rep, err := Check(m.Write(t)); err != nil || !rep.Builds() {
				t.Errorf("report %+v, error %v", rep, err)
			}
		})
	}
}
