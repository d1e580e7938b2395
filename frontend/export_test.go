package frontend

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hass/frontend/exporttest"
	"hass/frontend/onnx"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/settings"
)

// export writes a graph twice. The bytes must be equal and must decode to the same
// model.
func export(t *testing.T, g *graph.Graph) (*onnx.Model, []byte) {
	t.Helper()
	m, err := Export(g, nil)
	if err != nil {
		t.Fatalf("%v\n%v", err, g)
	}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Export(g, nil)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := onnx.Encode(again); err != nil || !bytes.Equal(data, same) {
		t.Errorf("two exports differ (%v)", err)
	}
	back, err := onnx.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, back, cmp.AllowUnexported(onnx.Tensor{})); d != "" {
		t.Errorf("it decodes to something else: %s", d)
	}
	return m, data
}

// roundTrip exports a graph, loads it again and compares the outputs of both on a
// few inputs: bit for bit, or within tolerance times the largest.
func roundTrip(t *testing.T, g *graph.Graph, tolerance float64) {
	t.Helper()
	_, data := export(t, g)
	back, err := LoadBytes("exported", data, "")
	if err != nil {
		t.Fatalf("the exported model does not load: %v\n%v", err, g)
	}
	compareGraphs(t, g, back, tolerance)
}

func compareGraphs(t *testing.T, g, back *graph.Graph, tolerance float64) {
	t.Helper()
	inputs := slices.Clone(g.Inputs)
	for i := range inputs {
		inputs[i].ChannelsLast = false // the exported model declares the input as the graph has it, by planes
		if inputs[i].Type == graph.Float {
			inputs[i].Stored = "" // and bytes that were cast as floats
		}
	}
	if d := cmp.Diff(inputs, back.Inputs); d != "" {
		t.Errorf("inputs: %s", d)
	}
	if d := cmp.Diff(g.Outputs, back.Outputs); d != "" {
		t.Errorf("outputs: %s", d)
	}
	a, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	b, err := floatexec.New(back)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(3) {
		var in [][]float32
		for i, v := range g.Inputs {
			x := make([]float32, v.Shape.Elems())
			exporttest.Input(seed+10*uint64(i), x)
			in = append(in, x)
		}
		want, err := a.Run(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Run(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if s := a.OutputShape(i); !s.Equal(b.OutputShape(i)) {
				t.Fatalf("output %q has shape %v, exported %v", g.Outputs[i], s, b.OutputShape(i))
			}
			top := 0.0
			for _, v := range want[i] {
				top = max(top, math.Abs(float64(v)))
			}
			for k, w := range want[i] {
				v := got[i][k]
				if math.Float32bits(v) != math.Float32bits(w) && !(math.Abs(float64(v)-float64(w)) <= tolerance*top) {
					t.Fatalf("output %q, element %d: %v, exported %v\n%v\n%v", g.Outputs[i], k, w, v, g, back)
				}
			}
		}
	}
}

// TestExport: every operator in every form comes back and computes the same.
func TestExport(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range exporttest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			for _, n := range c.Graph.Nodes {
				for _, name := range operatorNames(n.Op) {
					covered[name] = true
				}
			}
			m, _ := export(t, c.Graph)
			symbolic := len(m.Graph.Inputs[0].Dims) > 0 && m.Graph.Inputs[0].Dims[0].Param != ""
			if symbolic == c.Fixed {
				t.Errorf("the batch is symbolic: %v", symbolic)
			}
			if m.IRVersion != 8 || m.Producer != "hass" || m.Opsets[""] < 13 {
				t.Errorf("IR version %d, producer %q, opset %d", m.IRVersion, m.Producer, m.Opsets[""])
			}
			if c.OneWay {
				return
			}
			tolerance := 0.0
			if c.Why != "" {
				tolerance = 1e-6
			}
			roundTrip(t, c.Graph, tolerance)
		})
	}
	// What the pass lower-same makes has its cases in the pass's own test.
	for _, g := range lowered(t, "passes/testdata/lower-same.golden.txt") {
		t.Run("pass "+g.Nodes[0].Name, func(t *testing.T) {
			for _, name := range operatorNames(g.Nodes[0].Op) {
				covered[name] = true
			}
			roundTrip(t, g, 1e-6)
		})
	}
	// A new operator, function or mode fails here until it has a case.
	for _, name := range closedSet(t) {
		if !covered[name] {
			t.Errorf("no case exports %s", name)
		}
	}
}

// lowered gives the nodes of a pass's golden file that a pass has lowered, each as a separate graph.
func lowered(t *testing.T, file string) (graphs []*graph.Graph) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body, _, _ := strings.Cut(string(text), "\n# refused")
	all, err := graph.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all.Nodes {
		if _, ok := n.Op.(graph.Foreign); ok {
			continue
		}
		g := &graph.Graph{Name: n.Name, Nodes: []*graph.Node{n}, Outputs: n.Outputs, Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}}
		for _, in := range all.Inputs {
			if slices.Contains(n.Inputs, in.Name) {
				g.Inputs = append(g.Inputs, in)
				g.Shapes[in.Name] = in.Shape
			}
		}
		for _, v := range n.Inputs {
			if c := all.Consts[v]; c != nil {
				g.Consts[v] = c
			}
		}
		for _, v := range n.Outputs {
			g.Shapes[v] = all.Shapes[v]
		}
		if err := graph.Verify(g); err != nil {
			t.Fatal(err)
		}
		graphs = append(graphs, g)
	}
	return graphs
}

// operatorNames are the features of the closed set that a node uses: its operator,
// function and modes.
func operatorNames(op graph.Op) []string {
	names := []string{strings.TrimPrefix(fmt.Sprintf("%T", op), "graph.")}
	switch op := op.(type) {
	case graph.Eltwise:
		names = append(names, "eltwiseFns "+op.Fn)
	case graph.Activation:
		names = append(names, "ActFn "+string(op.Fn))
	case graph.Reduce:
		names = append(names, "reduceFns "+op.Fn)
	case graph.Host:
		names = append(names, "inferHost "+op.Fn)
	case graph.Pad:
		names = append(names, "inferPad "+op.Mode)
	case graph.Resize:
		names = append(names, "resizeModes "+op.Mode, "resizeCoords "+op.Coord, "resizeRounds "+op.Round)
	}
	return names
}

// closedSet reads the operators, functions and modes that package graph knows from
// its source: the types with a method Kind, and the strings of the lists and
// switches by which it infers shapes.
func closedSet(t *testing.T) []string {
	files, err := filepath.Glob("../internal/graph/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no source of package graph (%v)", err)
	}
	lists := map[string]int{"eltwiseFns": 0, "ActFn": 0, "reduceFns": 0, "resizeModes": 0, "resizeCoords": 0, "resizeRounds": 0, "inferHost": 0, "inferPad": 0}
	names := map[string]bool{}
	take := func(list string, n ast.Node) {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			names[list+" "+s] = true
			lists[list]++
		}
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "Kind" && d.Recv != nil {
					if id, ok := d.Recv.List[0].Type.(*ast.Ident); ok && id.Name != "Foreign" {
						names[id.Name] = true
					}
				}
				if _, ok := lists[d.Name.Name]; ok {
					ast.Inspect(d, func(n ast.Node) bool {
						if c, ok := n.(*ast.CaseClause); ok {
							for _, e := range c.List {
								take(d.Name.Name, e)
							}
						}
						return true
					})
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					v, ok := s.(*ast.ValueSpec)
					if !ok {
						continue
					}
					if id, ok := v.Type.(*ast.Ident); ok && id.Name == "ActFn" {
						for _, e := range v.Values {
							take("ActFn", e)
						}
					}
					for i, id := range v.Names {
						if _, ok := lists[id.Name]; !ok || i >= len(v.Values) {
							continue
						}
						for _, e := range v.Values[i].(*ast.CompositeLit).Elts {
							if kv, ok := e.(*ast.KeyValueExpr); ok {
								e = kv.Key
							}
							take(id.Name, e)
						}
					}
				}
			}
		}
	}
	for list, n := range lists {
		if n < 3 {
			t.Errorf("%d names in %s of package graph: this test reads it wrong", n, list)
		}
	}
	if len(names) < 50 {
		t.Errorf("only %d names found", len(names))
	}
	return slices.Sorted(maps.Keys(names))
}

// TestExportOpsets: a model has the least opset that holds its operators.
func TestExportOpsets(t *testing.T) {
	want := map[string]int64{
		"conv": 13, "softmax": 13, "reducemean": 13, "silu 0 0": 13, "quantize int8": 13, "quantize 12 bits": 13, "avgpool, ceil": 13, "resize to sizes, no batch": 13,
		"hardswish 0 0": 14, "empty tensors": 14, "resize to sizes": 18, "resize with its ratio kept": 18, "avgpool, dilated": 19, "avgpool, ceil, padding counts": 19,
		"reducemean, opset 19": 19, "resize linear half_pixel_symmetric": 19, "quantize int16": 21,
	}
	for _, c := range exporttest.Cases() {
		if w, ok := want[c.Name]; ok {
			m, _ := export(t, c.Graph)
			if got := m.Opsets[""]; got != w {
				t.Errorf("%s: opset %d, want %d", c.Name, got, w)
			}
			delete(want, c.Name)
		}
	}
	if len(want) > 0 {
		t.Errorf("no such cases: %v", want)
	}
}

// TestShrinkBound: Shrink with the bound keeps the values that the threshold keeps, on both
// sides of it and at it.
func TestShrinkBound(t *testing.T) {
	least := float64(math.SmallestNonzeroFloat32)
	for _, tau := range []float64{0.5, math.Nextafter(0.5, 0), math.Nextafter(0.5, 1), 0.1, float64(float32(0.1)), 1, 3, least, least / 2, least / 4, 1.5 * least, 1e-300,
		math.MaxFloat32, 2 * math.MaxFloat32, math.Nextafter(math.MaxFloat32, 0), 1e300, math.Inf(1), 0x1p-126, math.Nextafter(0x1p-126, 0)} {
		bound := shrinkBound(tau)
		f := floatexec.Func(graph.Activation{Fn: "threshold", Alpha: tau})
		x := float32(tau)
		tries := []float32{0, float32(least), math.MaxFloat32, float32(math.Inf(1)), x}
		for range 3 {
			x = math.Nextafter32(x, 0)
			tries = append(tries, x)
		}
		x = float32(tau)
		for range 3 {
			x = math.Nextafter32(x, float32(math.Inf(1)))
			tries = append(tries, x)
		}
		for _, x := range tries {
			for _, x := range []float32{x, -x} {
				want := float32(f(float64(x)))
				got := x
				if !(x > bound || x < -bound) {
					got = 0
				}
				if math.Float32bits(got) != math.Float32bits(want) {
					t.Errorf("tau %v, bound %v: %v becomes %v, want %v", tau, bound, x, got, want)
				}
			}
		}
	}
}

// TestExportPasses: the graphs that the passes' golden files end with, where no
// operator is left that no pass lowered.
func TestExportPasses(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("passes", "testdata", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text, _, _ := strings.Cut(string(src), "\n# refused")
			g, err := graph.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := graph.Verify(g); err != nil {
				t.Fatal(err)
			}
			foreign := slices.IndexFunc(g.Nodes, func(n *graph.Node) bool { _, ok := n.Op.(graph.Foreign); return ok })
			if foreign >= 0 {
				if _, err := Export(g, nil); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("node %q", g.Nodes[foreign].Name)) {
					t.Errorf("error %v does not name %q", err, g.Nodes[foreign].Name)
				}
				return
			}
			ran++
			tolerance := 0.0
			if name := filepath.Base(file); strings.HasPrefix(name, "fuse-swish.in") || strings.HasPrefix(name, "select-channels.in") {
				tolerance = 1e-6 // fused operations are rounded once less, and sums have another order
			}
			roundTrip(t, g, tolerance)
		})
	}
	t.Logf("%d graphs exported", ran)
}

// TestExportDemo: the demo's model with and without thresholds, and its metadata.
func TestExportDemo(t *testing.T) {
	g, err := Load(filepath.Join("..", "examples", "demo", "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, g, 0)
	p, err := (&settings.Thresholds{Default: settings.Tau{W: 0.05, A: 0.125}}).Apply(g)
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, p, 0)
	meta := map[string]string{"hass.thresholds": "sha256:0", "a": "b"}
	m, err := Export(p, meta)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(meta, m.Metadata); d != "" {
		t.Error(d)
	}
	if d := m.Graph.Inputs[0].Dims; len(d) != 4 || d[0].Param != "N" || m.Opsets[""] != 13 {
		t.Errorf("input %v, opsets %v", d, m.Opsets)
	}
	shrinks := 0
	for _, n := range m.Graph.Nodes {
		if n.Op == "Shrink" {
			shrinks++
		}
	}
	if shrinks == 0 {
		t.Error("no threshold is exported")
	}
}

// TestExportConformance: every graph that ONNX's operator cases become goes through
// its export, with the batch that it has.
func TestExportConformance(t *testing.T) {
	exported := 0
	for _, p := range conformModels(t) {
		c, err := readCase(p)
		if err != nil || !c.taken() {
			continue
		}
		c.executed = func(g *graph.Graph) {
			exported++
			m, err := Export(g, nil)
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
				return
			}
			back, err := compile(m, c.name, options{keepBatch: true, constants: true})
			if err != nil {
				t.Errorf("%v\n%v", err, g)
				return
			}
			if items := back.unsupported(); len(items) > 0 {
				t.Errorf("%s: %v\n%v", c.name, items, g)
				return
			}
			t.Run(c.name, func(t *testing.T) { compareGraphs(t, g, back.g, 0) })
		}
		c.run()
	}
	t.Logf("%d graphs exported", exported)
}

// TestExportNames: names are kept, but repaired if they are not UTF-8. All names stay
// unique, including names of added nodes and values.
func TestExportNames(t *testing.T) {
	s := graph.Shape{1, 3}
	silu := graph.Activation{Fn: "silu"}
	g := &graph.Graph{
		Inputs: []graph.Value{{Name: "$(rm -rf /)\n", Type: graph.Float, Shape: s}}, Outputs: []string{"y\xff", "b"},
		Consts: map[string]*graph.Tensor{"y\ufffd": {Type: graph.Float, Shape: s, F: []float32{1, 2, 3}}, "n/sigmoid": {Type: graph.Float, Shape: s, F: []float32{4, 5, 6}}},
		Shapes: map[string]graph.Shape{"$(rm -rf /)\n": s, "a": s, "a/sigmoid": s, "y\xff": s, "b": s, "y\xfe": s},
		Nodes: []*graph.Node{
			{Name: "n", Op: silu, Inputs: []string{"$(rm -rf /)\n"}, Outputs: []string{"a"}},
			{Name: "n/sigmoid", Op: silu, Inputs: []string{"a"}, Outputs: []string{"a/sigmoid"}},
			{Name: "n\xff", Op: graph.Eltwise{Fn: "max"}, Inputs: []string{"a/sigmoid", "y\ufffd"}, Outputs: []string{"y\xff"}},
			{Name: "n\xfe", Op: graph.Eltwise{Fn: "max"}, Inputs: []string{"a/sigmoid", "n/sigmoid"}, Outputs: []string{"y\xfe"}},
			{Name: "n\ufffd", Op: graph.Eltwise{Fn: "mul"}, Inputs: []string{"y\xfe", "y\xff"}, Outputs: []string{"b"}},
		},
	}
	m, data := export(t, g)
	values, nodes := map[string]bool{}, map[string]bool{}
	name := func(set map[string]bool, s string) {
		if set[s] || s == "" || !utf8.ValidString(s) {
			t.Errorf("name %q is bad or stands twice", s)
		}
		set[s] = true
	}
	for _, v := range m.Graph.Inputs {
		name(values, v.Name)
	}
	for _, v := range m.Graph.Initializers {
		name(values, v.Name)
	}
	for _, n := range m.Graph.Nodes {
		name(nodes, n.Name)
		name(values, n.Outputs[0])
	}
	for _, want := range []string{"$(rm -rf /)\n", "a", "b", "a/sigmoid", "y\ufffd"} {
		if !values[want] {
			t.Errorf("value %q has lost its name", want)
		}
	}
	for _, want := range []string{"n", "n/sigmoid", "n\ufffd"} {
		if !nodes[want] {
			t.Errorf("node %q has lost its name", want)
		}
	}
	back, err := LoadBytes("exported", data, "")
	if err != nil {
		t.Fatal(err)
	}
	back.Outputs[0] = g.Outputs[0] // repaired
	for _, n := range back.Nodes {
		for i, v := range n.Outputs {
			if v == m.Graph.Outputs[0].Name {
				n.Outputs[i] = g.Outputs[0]
			}
		}
		for i, v := range n.Inputs {
			if v == m.Graph.Outputs[0].Name {
				n.Inputs[i] = g.Outputs[0]
			}
		}
	}
	back.Shapes[g.Outputs[0]] = s
	delete(back.Shapes, m.Graph.Outputs[0].Name)
	compareGraphs(t, g, back, 0)
}

// TestExportIntegers: integer and boolean inputs and constants keep their type and
// are converted where floats are wanted.
func TestExportIntegers(t *testing.T) {
	s := graph.Shape{1, 2}
	g := &graph.Graph{
		Inputs: []graph.Value{{Name: "x", Type: graph.Int, Shape: s}, {Name: "b", Type: graph.Bool, Shape: s}}, Outputs: []string{"y", "k", "z"},
		Consts: map[string]*graph.Tensor{"k": {Type: graph.Int, Shape: s, I: []int64{3, -4}}},
		Shapes: map[string]graph.Shape{"x": s, "b": s, "r": {1, 2, 1}, "y": {1, 2, 1}, "z": s},
		Nodes: []*graph.Node{
			{Name: "reshape", Op: graph.Reshape{To: graph.Shape{1, 2, 1}}, Inputs: []string{"x"}, Outputs: []string{"r"}},
			{Name: "relu", Op: graph.Activation{Fn: "relu"}, Inputs: []string{"r"}, Outputs: []string{"y"}},
			{Name: "add", Op: graph.Eltwise{Fn: "add"}, Inputs: []string{"b", "k"}, Outputs: []string{"z"}},
		},
	}
	m, _ := export(t, g)
	var ops []string
	for _, n := range m.Graph.Nodes {
		ops = append(ops, n.Op)
	}
	if d := cmp.Diff([]string{"Reshape", "Cast", "Relu", "Cast", "Cast", "Add"}, ops); d != "" {
		t.Error(d)
	}
	if in, out := m.Graph.Inputs, m.Graph.Outputs; in[0].Elem != onnx.Int64 || in[1].Elem != onnx.Bool || out[0].Elem != onnx.Float32 || out[1].Elem != onnx.Int64 || out[2].Elem != onnx.Float32 {
		t.Errorf("types %v %v, %v %v %v", in[0].Elem, in[1].Elem, out[0].Elem, out[1].Elem, out[2].Elem)
	}
}

// TestExportErrors: a graph that ONNX cannot express is an error that names the node,
// and so is an invalid graph.
func TestExportErrors(t *testing.T) {
	x := graph.Shape{1, 2, 4, 4}
	with := func(op graph.Op, to graph.Shape) *graph.Graph {
		return &graph.Graph{
			Inputs: []graph.Value{{Name: "x", Type: graph.Float, Shape: x}}, Outputs: []string{"y"}, Shapes: map[string]graph.Shape{"x": x, "y": to},
			Nodes: []*graph.Node{{Name: "bad $node", Op: op, Inputs: []string{"x"}, Outputs: []string{"y"}}},
		}
	}
	up := graph.Shape{1, 2, 8, 8}
	twice := []float64{1, 1, 2, 2}
	for _, c := range []struct {
		g    *graph.Graph
		want []string
	}{
		{with(graph.Foreign{Type: "LSTM"}, x), []string{`node "bad $node": LSTM was not lowered`}},
		{with(graph.Activation{Fn: "clip", Alpha: math.NaN(), Beta: 1}, x), []string{`node "bad $node": clip`, "no numbers"}},
		{with(graph.Resize{Mode: "linear", Coord: "tf_half_pixel_for_nn", Scales: twice, To: up}, up), []string{`node "bad $node": resize`, "dropped them"}},
		{with(graph.Resize{Mode: "nearest", Coord: "tf_half_pixel_for_nn", Round: "ceil", Scales: twice, To: up}, up), []string{`node "bad $node": resize`, "dropped them"}},
		{with(graph.Resize{Mode: "linear", Coord: "half_pixel", Scales: []float64{1, 1, 3, 2}, To: up}, up), []string{`node "bad $node": resize`, "do not give sizes"}},
		{with(graph.Resize{Mode: "linear", Coord: "half_pixel", Scales: []float64{1, 1, 1.9, 1.9}, To: up}, up), []string{`node "bad $node": resize`, "do not give sizes"}},
		{with(graph.Activation{Fn: "relu"}, up), []string{`node "bad $node"`, "has shape"}},
	} {
		_, err := Export(c.g, nil)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v lacks %q", err, want)
			}
		}
	}
}
