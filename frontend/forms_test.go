package frontend

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/frontend/onnx"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/test/onnxtest"
)

// TestUnimported: QONNX's operators are read under all their domains where the model does not import them, with one warning a
// domain; a zero point and a width may be integers; of another domain the import is missing.
func TestUnimported(t *testing.T) {
	for _, domain := range []string{"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas", "com.example"} {
		for _, op := range []string{"Quant", "IntQuant"} {
			quant := func(out, in string) node {
				return node{Name: out, Op: op, Domain: domain, In: []string{in, "s", "z", "b"}, Out: []string{out}}
			}
			m := model{Nodes: []node{quant("a", "x"), quant("y", "a")},
				Inits:  []tens{onnxtest.F32("s", nil, 0.5), onnxtest.I64("z", nil, 1), onnxtest.I64("b", nil, 3)},
				Inputs: image("N", 1, 1, 4), Outputs: out("y")}
			g, err := Load(m.Write(t))
			if domain == "com.example" {
				if err == nil || !strings.Contains(err.Error(), `"com.example", which the model does not import`) {
					t.Errorf("%v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(g.Warnings) != 1 || !strings.Contains(g.Warnings[0], domain) {
				t.Errorf("warnings %q", g.Warnings)
			}
			_, got := evalModel(t, m, []float32{-9, 0.3, 0.75, 9})
			if d := cmp.Diff([]float32{-2.5, 0.5, 1, 1}, got); d != "" { // round(x/s)+1 within -4..3
				t.Error(d)
			}
		}
	}
}

// TestBipolar: BipolarQuant of data and of weights is the scale with the sign of the number, 0 counting as positive.
func TestBipolar(t *testing.T) {
	bipolar := func(out, in string) node {
		return node{Op: "BipolarQuant", Domain: "qonnx.custom_op.general", In: []string{in, "s"}, Out: []string{out}}
	}
	m := model{Nodes: []node{bipolar("wq", "w"), bipolar("a", "x"), {Op: "Conv", In: []string{"a", "wq"}, Out: []string{"y"}}},
		Inits:  []tens{onnxtest.F32("s", nil, 0.5), onnxtest.F32("w", []int64{2, 2, 1, 1}, 0, -3, 0.1, 7)},
		Inputs: image("N", 2, 1, 2), Outputs: out("y"), Domains: []string{"qonnx.custom_op.general"}}
	g, err := Load(m.Write(t)) // evalModel would read the export back, which holds operators for ONNX Runtime alone
	if err != nil {
		t.Fatal(err)
	}
	e, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := e.Run([][]float32{{-9, 0, float32(math.Copysign(0, -1)), -0.1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// data -.5 +.5 and +.5 -.5; filters (+.5 -.5) and (+.5 +.5)
	if d := cmp.Diff([]float32{-0.5, 0.5, 0, 0}, outs[0]); d != "" {
		t.Error(d)
	}
	if w := g.Consts[g.Nodes[len(g.Nodes)-1].Inputs[1]]; w.Grid == nil || w.Grid.Bits != 2 || w.Grid.Scale[0] != 0.5 {
		t.Errorf("grid %+v", w.Grid)
	}
}

// TestChannelsLastDomain: QONNX's operators on maps with their channels last give the same as ONNX's between transposes.
func TestChannelsLastDomain(t *testing.T) {
	const domain = "qonnx.custom_op.channels_last"
	weights := ramp(2 * 2 * 2 * 3) // [F,KH,KW,C] = [2,2,2,3]
	first := make([]float32, len(weights))
	for f := range 2 {
		for k := range 4 {
			for c := range 3 {
				first[(f*3+c)*4+k] = weights[(f*4+k)*3+c]
			}
		}
	}
	bn := []tens{onnxtest.F32("g", []int64{2}, 2, 0.5), onnxtest.F32("b", []int64{2}, 1, -1), onnxtest.F32("m", []int64{2}, 0.5, 0.25), onnxtest.F32("v", []int64{2}, 4, 1)}
	pool := onnxtest.Ints("kernel_shape", 2, 2)
	last := model{Nodes: []node{
		{Op: "Conv", Domain: domain, In: []string{"x", "w"}, Out: []string{"c"}},
		{Op: "BatchNormalization", Domain: domain, In: []string{"c", "g", "b", "m", "v"}, Out: []string{"n"}},
		{Op: "Relu", In: []string{"n"}, Out: []string{"r"}},
		{Op: "MaxPool", Domain: domain, In: []string{"r"}, Out: []string{"y"}, Attrs: []at{pool}},
	}, Inits: append([]tens{onnxtest.F32("w", []int64{2, 2, 2, 3}, weights...)}, bn...), Inputs: image("N", 4, 5, 3), Outputs: out("y"), Domains: []string{domain}}
	to := node{Op: "Transpose", In: []string{"x"}, Out: []string{"t"}, Attrs: []at{onnxtest.Ints("perm", 0, 3, 1, 2)}}
	back := node{Op: "Transpose", In: []string{"p"}, Out: []string{"y"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 3, 1)}}
	plain := last
	plain.Domains = nil
	plain.Nodes = []node{to,
		{Op: "Conv", In: []string{"t", "w"}, Out: []string{"c"}},
		{Op: "BatchNormalization", In: []string{"c", "g", "b", "m", "v"}, Out: []string{"n"}},
		{Op: "Relu", In: []string{"n"}, Out: []string{"r"}},
		{Op: "MaxPool", In: []string{"r"}, Out: []string{"p"}, Attrs: []at{pool}}, back}
	plain.Inits = append([]tens{onnxtest.F32("w", []int64{2, 3, 2, 2}, first...)}, bn...)
	x := ramp(4 * 5 * 3)
	wantShape, want := evalModel(t, plain, x)
	gotShape, got := evalModel(t, last, x)
	if d := cmp.Diff(wantShape, gotShape) + cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestInputForms: maps and sequences that the model declares with their channels last become planes, whatever operators exporters
// write for that; vectors and sequences have hardware; bytes that are cast to floats are floats.
func TestInputForms(t *testing.T) {
	perm := func(p ...int64) []at { return []at{onnxtest.Ints("perm", p...)} }
	conv2 := node{Op: "Conv", In: []string{"t", "w2"}, Out: []string{"y"}}
	conv1 := node{Op: "Conv", In: []string{"t", "w1"}, Out: []string{"y"}}
	for _, c := range []struct {
		name  string
		dims  []any
		elem  int
		nodes []node
		shape graph.Shape
		last  bool
	}{
		{"NHWC of one channel, Reshape", []any{4, 5, 1}, 0, []node{{Op: "Reshape", In: []string{"x", "map"}, Out: []string{"t"}}, conv2}, graph.Shape{1, 1, 4, 5}, true},
		{"NHWC, quantised", []any{4, 5, 1}, 0, []node{{Op: "QuantizeLinear", In: []string{"x", "s", "z"}, Out: []string{"q"}},
			{Op: "DequantizeLinear", In: []string{"q", "s", "z"}, Out: []string{"d"}}, {Op: "Transpose", In: []string{"d"}, Out: []string{"t"}, Attrs: perm(0, 3, 1, 2)}, conv2}, graph.Shape{1, 1, 4, 5}, true},
		{"sequence, channels last", []any{6, 2}, 0, []node{{Op: "Transpose", In: []string{"x"}, Out: []string{"t"}, Attrs: perm(0, 2, 1)}, conv1}, graph.Shape{1, 2, 6}, true},
		{"sequence", []any{2, 6}, 0, []node{{Op: "Identity", In: []string{"x"}, Out: []string{"t"}}, conv1}, graph.Shape{1, 2, 6}, false},
		{"vector as a map", []any{20}, 0, []node{{Op: "Reshape", In: []string{"x", "map"}, Out: []string{"t"}}, conv2}, graph.Shape{1, 20}, false},
		{"vector", []any{4}, 0, []node{{Op: "MatMul", In: []string{"x", "m"}, Out: []string{"y"}}}, graph.Shape{1, 4}, false},
		{"bytes", []any{1, 4, 5}, 2, []node{{Op: "Cast", In: []string{"x"}, Out: []string{"t"}, Attrs: []at{onnxtest.Int("to", 1)}}, conv2}, graph.Shape{1, 1, 4, 5}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := model{Nodes: c.nodes, Inputs: []value{{Name: "x", Elem: c.elem, Dims: append([]any{"N"}, c.dims...)}}, Outputs: out("y"), Inits: []tens{
				onnxtest.I64("map", []int64{4}, -1, 1, 4, 5), onnxtest.F32("s", nil, 0.5), onnxtest.Raw("z", 3, nil, []byte{0}),
				onnxtest.F32("w2", []int64{1, 1, 2, 2}, 1, 2, 3, 4), onnxtest.F32("w1", []int64{1, 2, 2}, 1, 2, 3, 4), onnxtest.F32("m", []int64{4, 2}, ramp(8)...)}}
			rep, err := Check(m.Write(t))
			if err != nil || !rep.Builds() {
				t.Fatalf("report %+v, error %v", rep, err)
			}
			g, err := LoadBuildable(m.Write(t))
			if err != nil {
				t.Fatal(err)
			}
			in := g.Inputs[0]
			if in.Type != graph.Float || !in.Shape.Equal(c.shape) || in.ChannelsLast != c.last {
				t.Errorf("input %+v", in)
			}
			run(t, g)
		})
	}
}

// TestShapes: an open dimension takes the size that is given, and nothing else does.
func TestShapes(t *testing.T) {
	m := model{Nodes: []node{{Op: "GlobalAveragePool", In: []string{"x"}, Out: []string{"y"}}}, Inputs: []value{{Name: "x", Dims: []any{"N", 3, "H", "W"}}}, Outputs: out("y")}
	g, err := Load(m.Write(t), Shapes{"x": {1, 3, 5, 7}})
	if err != nil || !g.Inputs[0].Shape.Equal(graph.Shape{1, 3, 5, 7}) {
		t.Errorf("%v %v", g, err)
	}
	for want, s := range map[string]Shapes{
		"--input-shape, as x=1,3,224,224": nil,
		"dimension 1 is 3 in the model":   {"x": {1, 4, 5, 7}},
		"it has 4 dimensions":             {"x": {1, 3, 5}},
		"which is no input":               {"z": {1, 3, 5, 7}},
		"dimension 2 is 0":                {"x": {1, 3, 0, 7}},
	} {
		if s["z"] != nil {
			s["x"] = []int{1, 3, 5, 7}
		}
		if _, err := Load(m.Write(t), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v; want %q", s, err, want)
		}
	}
}

// TestHostTail: operators behind the last layer with hardware run on the host, from several outputs of the accelerator to several outputs
// of the model. The integer network gives the values of the float network, and the two models of Split give the values of the original.
func TestHostTail(t *testing.T) {
	perm := func(p ...int64) []at { return []at{onnxtest.Ints("perm", p...)} }
	axis := func(a int64) []at { return []at{onnxtest.Int("axis", a)} }
	m := model{
		Nodes: []node{
			{Name: "c", Op: "Conv", In: []string{"x", "w"}, Out: []string{"c"}},
			{Name: "r", Op: "Relu", In: []string{"c"}, Out: []string{"r"}},
			{Name: "d", Op: "Conv", In: []string{"r", "w"}, Out: []string{"d"}},
			{Name: "t1", Op: "Transpose", In: []string{"r"}, Out: []string{"t1"}, Attrs: perm(0, 2, 3, 1)},
			{Name: "f1", Op: "Reshape", In: []string{"t1", "flat"}, Out: []string{"f1"}},
			{Name: "t2", Op: "Transpose", In: []string{"d"}, Out: []string{"t2"}, Attrs: perm(0, 2, 3, 1)},
			{Name: "f2", Op: "Reshape", In: []string{"t2", "flat"}, Out: []string{"f2"}},
			{Name: "cat", Op: "Concat", In: []string{"f1", "f2"}, Out: []string{"cat"}, Attrs: axis(1)},
			{Name: "prob", Op: "Softmax", In: []string{"cat"}, Out: []string{"prob"}, Attrs: axis(2)},
			{Name: "half", Op: "Mul", In: []string{"prob", "anchors"}, Out: []string{"boxes"}},
			{Name: "less", Op: "Sub", In: []string{"boxes", "cat"}, Out: []string{"y"}},
			{Name: "best", Op: "ArgMax", In: []string{"prob"}, Out: []string{"best"}, Attrs: axis(2)},
		},
		Inits:  []tens{onnxtest.F32("w", []int64{2, 2, 1, 1}, 1, 0.3, -0.7, 0.9), onnxtest.I64("flat", []int64{3}, 1, -1, 2), onnxtest.F32("anchors", []int64{12, 2}, ramp(24)...)},
		Inputs: image(1, 2, 2, 3), Outputs: out("y", "best", "d"),
	}
	path := m.Write(t)
	rep, err := Check(path)
	if err != nil || !rep.Builds() || rep.Count(OnHost) != 9 {
		t.Fatalf("report %+v, error %v", rep, err)
	}
	g, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	e, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	x := [][]float32{ramp(12), ramp(30)[18:]}
	for k, res := range integerResults(t, g, x) {
		want, err := e.Run([][]float32{x[k]}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(res) != 3 {
			t.Fatalf("%d results", len(res))
		}
		for o, got := range res {
			if !got.Shape.Equal(e.OutputShape(o)) {
				t.Errorf("output %d: shape %v, the model has %v", o, got.Shape, e.OutputShape(o))
			}
			values := make([]float64, len(want[o]))
			for j, v := range want[o] {
				values[j] = float64(v)
			}
			near(t, "integer network", got.Data, values, 1e-3)
		}
	}
	for _, at := range [][]string{nil, {"t1", "d"}} {
		p, err := Split(path)
		if at != nil {
			p, err = SplitAt(path, at)
		}
		if err != nil {
			t.Fatal(err)
		}
		want, err := e.Run(x[:1], nil)
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string][]float32{"x": x[0]}
		for _, part := range []*onnx.Model{p.First, p.Second} {
			runPart(t, part, byName)
		}
		for o, name := range g.Outputs {
			if d := cmp.Diff(want[o], byName[name]); d != "" {
				t.Errorf("cut at %q: output %q: %s", at, name, d)
			}
		}
	}
}

// runPart runs a model on values by name and adds the values of its outputs.
func runPart(t *testing.T, m *onnx.Model, values map[string][]float32) {
	t.Helper()
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	g, err := LoadBytes("part", data, "")
	if err != nil {
		t.Fatal(err)
	}
	e, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	var in [][]float32
	for _, v := range g.Inputs {
		in = append(in, values[v.Name])
	}
	outs, err := e.Run(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range g.Outputs {
		values[name] = outs[i]
	}
}

// TestNoTail: nodes without hardware are refused if layers with weights follow, or if no node with hardware precedes; the hint names the cut.
func TestNoTail(t *testing.T) {
	conv := func(in, out string) node {
		return node{Name: out, Op: "Conv", In: []string{in, "w"}, Out: []string{out}}
	}
	turn := func(in, out string) node {
		return node{Name: out, Op: "Transpose", In: []string{in}, Out: []string{out}, Attrs: []at{onnxtest.Ints("perm", 0, 1, 3, 2)}}
	}
	for name, c := range map[string]struct {
		nodes []node
		want  []string
	}{
		"a layer behind":  {[]node{conv("x", "a"), turn("a", "t"), conv("t", "y")}, []string{"layers with weights", `hass split --at "t"`}},
		"nothing before":  {[]node{turn("x", "y")}, []string{"nothing stands before it that has hardware"}},
		"before a layer":  {[]node{turn("x", "t"), conv("t", "a"), conv("a", "y")}, []string{"nothing stands before", `hass split --at "a"`}},
		"the input again": {[]node{conv("x", "a"), turn("x", "t"), {Name: "y", Op: "Add", In: []string{"a", "t"}, Out: []string{"y"}}}, []string{`"t" reads the model's input`}},
	} {
		m := model{Nodes: c.nodes, Inits: []tens{onnxtest.F32("w", []int64{2, 2, 1, 1}, 1, 2, 3, 4)}, Inputs: image(1, 2, 3, 3), Outputs: out("y")}
		_, err := LoadBuildable(m.Write(t))
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v; want %q", name, err, w)
			}
		}
	}
}

// TestMoves: operators that reorder or select channels, or move pixels to channels and back, have hardware if a layer
// follows, and together with it give the same as the operator and the layer one after the other.
func TestMoves(t *testing.T) {
	op := func(op string, in []string, attrs ...at) []node {
		return []node{{Name: "move", Op: op, In: in, Out: []string{"m"}, Attrs: attrs}}
	}
	inits := []tens{onnxtest.I64("index", []int64{5}, 3, 1, 0, -2, 2), onnxtest.I64("start", []int64{1}, -1), onnxtest.I64("end", []int64{1}, -100), onnxtest.I64("axis", []int64{1}, 1), onnxtest.I64("step", []int64{1}, -1),
		onnxtest.I64("five", []int64{5}, 1, 2, 2, 4, 6), onnxtest.I64("four", []int64{4}, 1, 4, 4, 6), onnxtest.I64("pads", []int64{8}, 0, 1, 0, 1, 0, 2, 1, 0)}
	for name, c := range map[string]struct {
		nodes    []node
		channels int64
	}{
		"DepthToSpace, DCR": {op("DepthToSpace", []string{"x"}, onnxtest.Int("blocksize", 2)), 1},
		"DepthToSpace, CRD": {op("DepthToSpace", []string{"x"}, onnxtest.Int("blocksize", 2), onnxtest.String("mode", "CRD")), 1},
		"SpaceToDepth":      {op("SpaceToDepth", []string{"x"}, onnxtest.Int("blocksize", 2)), 16},
		"Gather":            {op("Gather", []string{"x", "index"}, onnxtest.Int("axis", 1)), 5},
		"reversed":          {op("Slice", []string{"x", "start", "end", "axis", "step"}), 4},
		"channel Pad":       {op("Pad", []string{"x", "pads"}), 7},
		"shuffle": {[]node{{Op: "Reshape", In: []string{"x", "five"}, Out: []string{"a"}}, {Op: "Transpose", In: []string{"a"}, Out: []string{"b"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 1, 3, 4)}},
			{Op: "Reshape", In: []string{"b", "four"}, Out: []string{"m"}}}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := onnxtest.F32("w", []int64{2, c.channels, 1, 1}, ramp(int(2*c.channels))...)
			pre := node{Name: "first", Op: "Relu", In: []string{"in"}, Out: []string{"x"}}
			moved := model{Nodes: c.nodes, Inits: inits, Inputs: image(1, 4, 4, 6), Outputs: out("m")}
			whole := model{Nodes: append(append([]node{pre}, c.nodes...), node{Op: "Conv", In: []string{"m", "w"}, Out: []string{"y"}}), Inits: append(inits[:len(inits):len(inits)], w),
				Inputs: []value{{Name: "in", Dims: []any{1, 4, 4, 6}}}, Outputs: out("y")}
			x := iota32(4 * 4 * 6)
			shape, m := evalModel(t, moved, x)
			dims := []any{}
			for _, d := range shape {
				dims = append(dims, d)
			}
			_, want := evalModel(t, model{Nodes: []node{{Op: "Conv", In: []string{"m", "w"}, Out: []string{"y"}}}, Inits: []tens{w}, Inputs: []value{{Name: "m", Dims: dims}}, Outputs: out("y")}, m)
			_, got := evalModel(t, whole, x)
			values := make([]float64, len(want))
			for i, v := range want {
				values[i] = float64(v)
			}
			near(t, "whole", got, values, 1e-6)
			if rep, err := Check(whole.Write(t)); err != nil || !rep.Builds() || rep.Count(OnHost) > 0 {
				t.Errorf("report %+v, error %v", rep, err)
			}
		})
	}
}

// TestDifferences: differences, maxima and minima of two maps before a layer, and functions of one variable, have hardware.
func TestDifferences(t *testing.T) {
	for _, op := range []string{"Sub", "Max", "Min"} {
		m := model{Nodes: []node{{Op: "Conv", In: []string{"x", "w"}, Out: []string{"a"}}, {Op: op, In: []string{"a", "x"}, Out: []string{"b"}}, {Op: "Conv", In: []string{"b", "w"}, Out: []string{"y"}}},
			Inits: []tens{onnxtest.F32("w", []int64{2, 2, 1, 1}, 1, 0.5, -0.75, 2)}, Inputs: image(1, 2, 2, 2), Outputs: out("y")}
		if rep, err := Check(m.Write(t)); err != nil || !rep.Builds() || rep.Count(OnHost) > 0 {
			t.Errorf("%s: report %+v, error %v", op, rep, err)
		}
		x := []float32{1, -2, 3, -4, 5, 6, -7, 8}
		_, got := evalModel(t, m, x)
		f := map[string]func(a, b float64) float64{"Sub": func(a, b float64) float64 { return a - b }, "Max": math.Max, "Min": math.Min}[op]
		var want [8]float64
		for p := range 4 {
			x0, x1 := float64(x[p]), float64(x[4+p])
			b0, b1 := f(x0+0.5*x1, x0), f(-0.75*x0+2*x1, x1)
			want[p], want[4+p] = b0+0.5*b1, -0.75*b0+2*b1
		}
		near(t, op, got, want[:], 1e-6)
	}
	for _, op := range []string{"Elu", "Selu", "Celu", "Softplus", "Softsign", "Mish", "Gelu", "Abs", "Erf"} {
		m := model{Opset: 20, Nodes: []node{{Op: "Conv", In: []string{"x", "w"}, Out: []string{"a"}}, {Op: op, In: []string{"a"}, Out: []string{"b"}}, {Op: "Conv", In: []string{"b", "w"}, Out: []string{"y"}}},
			Inits: []tens{onnxtest.F32("w", []int64{2, 2, 1, 1}, 1, 0.5, -0.75, 2)}, Inputs: image(1, 2, 2, 2), Outputs: out("y")}
		g, err := LoadBuildable(m.Write(t))
		if err != nil {
			t.Error(err)
			continue
		}
		e, err := floatexec.New(g)
		if err != nil {
			t.Fatal(err)
		}
		x := [][]float32{{1, -2, 3, -4, 0.5, 6, -0.7, 0.8}}
		want, err := e.Run(x, nil)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float64, len(want[0]))
		for i, v := range want[0] {
			values[i] = float64(v)
		}
		near(t, op, integers(t, g, x)[0].Data, values, 1e-3)
	}
}
