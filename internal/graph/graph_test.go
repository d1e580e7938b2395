package graph

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func win(k, s, d int, pads ...int) Window {
	w := Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{d, d}}
	copy(w.Pads[:], pads)
	return w
}

func TestInfer(t *testing.T) {
	x := Shape{1, 4, 7, 9}
	for _, c := range []struct {
		name string
		op   Op
		in   []Shape
		want Shape
		err  string
	}{
		{"conv", Conv{win(3, 2, 1, 1, 1, 1, 1), 1}, []Shape{x, {8, 4, 3, 3}, {8}}, Shape{1, 8, 4, 5}, ""},
		{"conv without bias", Conv{win(3, 1, 2, 2, 2, 2, 2), 1}, []Shape{x, {8, 4, 3, 3}, nil}, Shape{1, 8, 7, 9}, ""},
		{"asymmetric", Conv{win(3, 2, 1, 0, 0, 1, 1), 1}, []Shape{{1, 4, 8, 8}, {2, 4, 3, 3}}, Shape{1, 2, 4, 4}, ""},
		{"depthwise", Conv{win(3, 1, 1), 4}, []Shape{x, {8, 1, 3, 3}}, Shape{1, 8, 5, 7}, ""},
		{"groups", Conv{win(3, 1, 1), 3}, []Shape{x, {6, 1, 3, 3}}, nil, "do not divide"},
		{"channels", Conv{win(3, 1, 1), 1}, []Shape{x, {6, 3, 3, 3}}, nil, "do not fit 4 input channels"},
		{"kernel", Conv{win(3, 1, 1), 1}, []Shape{x, {6, 4, 3, 1}}, nil, "do not fit kernel"},
		{"bias", Conv{win(3, 1, 1), 1}, []Shape{x, {6, 4, 3, 3}, {5}}, nil, "bias [5] does not fit"},
		{"too large", Conv{win(8, 1, 1), 1}, []Shape{x, {6, 4, 8, 8}}, nil, "larger than the padded input"},
		{"stride 0", Conv{win(3, 0, 1), 1}, []Shape{x, {6, 4, 3, 3}}, nil, "must be at least 1"},
		{"negative pads", Conv{win(3, 1, 1, -1), 1}, []Shape{x, {6, 4, 3, 3}}, nil, "must not be negative"},
		{"absurd pads", Conv{win(3, 1, 1, 1<<40), 1}, []Shape{x, {6, 4, 3, 3}}, nil, "absurdly large"},
		{"absurd output", Conv{win(1, 1, 1, 1<<23, 1<<23), 1}, []Shape{x, {6, 4, 1, 1}}, nil, "more than"},
		{"vector", Conv{win(1, 1, 1), 1}, []Shape{{1, 4}, {6, 4, 1, 1}}, nil, "not one image"},
		{"batch", Conv{win(1, 1, 1), 1}, []Shape{{2, 4, 1, 1}, {6, 4, 1, 1}}, nil, "not one image"},
		{"no weights", Conv{win(1, 1, 1), 1}, []Shape{x, nil}, nil, "lacks input 1"},
		{"pool floor", Pool{Window: win(2, 2, 1), Max: true}, []Shape{x}, Shape{1, 4, 3, 4}, ""},
		{"pool ceil", Pool{Window: win(2, 2, 1), Ceil: true}, []Shape{x}, Shape{1, 4, 4, 5}, ""},
		// The fourth window of the height would start at 6, beyond 5 elements and one of padding.
		{"pool ceil, last window outside", Pool{Window: win(1, 2, 1, 1, 0, 0, 0), Ceil: true}, []Shape{{1, 1, 4, 4}}, nil, "reach a whole window"},
		{"pool ceil inside padding", Pool{Window: win(2, 3, 1, 1, 1, 1, 1), Ceil: true}, []Shape{{1, 1, 5, 5}}, Shape{1, 1, 2, 2}, ""},
		{"pool pads", Pool{Window: win(2, 2, 1, 2)}, []Shape{x}, nil, "reach a whole window"},
		{"global", GlobalPool{}, []Shape{x}, Shape{1, 4, 1, 1}, ""},
		{"add", Eltwise{"add"}, []Shape{x, x}, x, ""},
		{"broadcast", Eltwise{"mul"}, []Shape{x, {4, 1, 1}}, x, ""},
		{"no broadcast", Eltwise{"mul"}, []Shape{x, {3, 1, 1}}, nil, "do not broadcast"},
		{"div", Eltwise{"div"}, []Shape{x, {4, 1, 1}}, x, ""},
		{"power", Eltwise{"pow"}, []Shape{x, x}, nil, "unknown element-wise"},
		{"relu", Activation{Fn: "relu"}, []Shape{x}, x, ""},
		{"prelu", Activation{Fn: "prelu"}, []Shape{x, {4, 1, 1}}, x, ""},
		{"prelu enlarges", Activation{Fn: "prelu"}, []Shape{{1, 1}, {4, 1, 1}}, nil, "does not broadcast"},
		{"prelu without slope", Activation{Fn: "prelu"}, []Shape{x}, nil, "takes 2 input(s), has 1"},
		{"unknown", Activation{Fn: "nosuch"}, []Shape{x}, nil, "unknown activation"},
		{"reshape", Reshape{Shape{252}}, []Shape{x}, Shape{252}, ""},
		{"bad reshape", Reshape{Shape{251}}, []Shape{x}, nil, "252 elements"},
		{"softmax", Host{"softmax", 1}, []Shape{{1, 10}}, Shape{1, 10}, ""},
		{"argmax", Host{"argmax", 1}, []Shape{{1, 10}}, Shape{1, 1}, ""},
		{"axis", Host{"argmax", 2}, []Shape{{1, 10}}, nil, "over axis 2"},
		{"foreign", Foreign{Type: "Conv"}, []Shape{x}, nil, "no shape inference"},
		{"overflow", Reshape{Shape{1 << 62, 4}}, []Shape{x}, nil, "more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Infer(c.op, c.in)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("%v, error %v, want one with %q", got, err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff([]Shape{c.want}, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// sample holds every operator and every attribute kind, with names and numbers
// that are hard to print.
func sample() *Graph {
	foreign := Foreign{Domain: "com.example", Type: "Odd \"op\"", Opset: 3, Attrs: map[string]Attr{
		"i": {Kind: "i", I: math.MinInt64}, "f": {Kind: "f", F: 1e-45}, "s": {Kind: "s", S: "$(rm -rf /);\n\x00\xff"},
		"t": {Kind: "t", T: &Tensor{Type: Bool, Shape: Shape{2}, I: []int64{0, 1}}}, "is": {Kind: "is", Ints: []int64{1, -2}},
		"fs": {Kind: "fs", Floats: []float32{0.1, float32(math.Inf(-1))}}, "ss": {Kind: "ss", Strings: []string{"", "ä"}}, "empty": {Kind: "is"},
	}}
	x := Shape{1, 2, 4, 4}
	return &Graph{
		Name:    "all \"ops\"\n",
		Inputs:  []Value{{Name: "x", Type: Float, Shape: x}, {Name: "n", Type: Int, Shape: Shape{}, Stored: "uint8"}},
		Outputs: []string{"out", "best"},
		Consts: map[string]*Tensor{
			"w":     {Type: Float, Shape: Shape{2, 2, 1, 1}, F: []float32{0.1, -0, math.MaxFloat32, 1e-45}},
			"b":     {Type: Float, Shape: Shape{2}, F: []float32{float32(math.Copysign(0, -1)), 16777217}},
			"slope": {Type: Float, Shape: Shape{}, F: []float32{0.25}},
			"none":  {Type: Int, Shape: Shape{0}, I: []int64{}},
		},
		Nodes: []*Node{
			{"c", Conv{win(1, 1, 1), 1}, []string{"x", "w", "b"}, []string{"a"}},
			{"c2", Conv{win(1, 1, 1), 1}, []string{"a", "w", ""}, []string{"a2"}},
			{"mp", Pool{Window: win(2, 2, 1), Max: true}, []string{"a2"}, []string{"d"}},
			{"ap", Pool{Window: win(2, 1, 1, 1, 1), CountPad: true, Ceil: true}, []string{"d"}, []string{"e"}},
			{"add", Eltwise{"add"}, []string{"e", "e"}, []string{"f"}},
			{"mul", Eltwise{"mul"}, []string{"f", "slope"}, []string{"g"}},
			{"clip", Activation{Fn: "clip", Alpha: math.Inf(-1), Beta: 0.1}, []string{"g"}, []string{"h"}},
			{"relu", Activation{Fn: "relu"}, []string{"h"}, []string{"i"}},
			{"prelu", Activation{Fn: "prelu"}, []string{"i", "slope"}, []string{"j"}},
			{"th", Activation{Fn: "threshold", Alpha: 0.1}, []string{"j"}, []string{"k"}},
			{"gm", GlobalPool{Max: true}, []string{"k"}, []string{"l"}},
			{"ga", GlobalPool{}, []string{"l"}, []string{"m"}},
			{"rs", Reshape{Shape{1, 2}}, []string{"m"}, []string{"r"}},
			{"sm", Host{"softmax", 1}, []string{"r"}, []string{"out"}},
			{"am", Host{"argmax", 1}, []string{"r"}, []string{"best"}},
			{"odd", foreign, []string{"none", "", "n"}, []string{"u", "", "v"}},
		},
		Shapes: map[string]Shape{
			"x": x, "n": {}, "a": x, "a2": x, "d": {1, 2, 2, 2}, "e": {1, 2, 2, 2}, "f": {1, 2, 2, 2}, "g": {1, 2, 2, 2},
			"h": {1, 2, 2, 2}, "i": {1, 2, 2, 2}, "j": {1, 2, 2, 2}, "k": {1, 2, 2, 2}, "l": {1, 2, 1, 1}, "m": {1, 2, 1, 1},
			"r": {1, 2}, "out": {1, 2}, "best": {1, 1}, "u": {3},
		},
	}
}

func text(t testing.TB, g *Graph) string {
	t.Helper()
	var b strings.Builder
	if err := g.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextRoundTrip(t *testing.T) {
	g := sample()
	if err := Verify(g); err != nil {
		t.Fatal(err)
	}
	src := text(t, g)
	back, err := Parse(src)
	if err != nil {
		t.Fatalf("%v in\n%s", err, src)
	}
	if d := cmp.Diff(g, back, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if math.Signbit(float64(back.Consts["b"].F[0])) != true {
		t.Error("the sign of -0 is lost")
	}
	if err := Verify(back); err != nil {
		t.Error(err)
	}
	if again := text(t, back); again != src {
		t.Errorf("printed twice differs:\n%s", cmp.Diff(src, again))
	}
}

func TestElided(t *testing.T) {
	var b strings.Builder
	if err := sample().PrintElided(&b, 3); err != nil {
		t.Fatal(err)
	}
	if want := `const "w" f32 [2,2,1,1] {4 elided}`; !strings.Contains(b.String(), want) {
		t.Errorf("no %s in\n%s", want, b.String())
	}
	if _, err := Parse(b.String()); err == nil || !strings.Contains(err.Error(), `constant "w": its 4 elements are elided`) {
		t.Errorf("parsing an elided text: %v", err)
	}
}

func TestParseErrors(t *testing.T) {
	wrap := func(s string) string { return "graph \"g\" {\n" + s + "\n}\n" }
	for _, c := range []struct{ src, want string }{
		{"", "line 1: have end of text, want a word"},
		{"digraph", "want the word graph"},
		{"graph g {}", "want a quoted string"},
		{`graph "g" {`, "have end of text"},
		{wrap("") + "x", "after the end of the graph"},
		{wrap(`input "x" f16 [1]`), "line 2: unknown element type f16"},
		{wrap(`input "x" f32 [1` + "\n\n" + `"`), "line 4"},
		{wrap(`input "x" f32 [1 2]`), "have 2, want ,"},
		{wrap(`input "x" f32 [one]`), "bad integer one"},
		{wrap(`input "x" f32 [1] input "x" f32 [1]`), `value "x" is defined twice`},
		{wrap(`const "c" f32 [2] {1}`), "needs 2 elements, has 1"},
		{wrap(`const "c" f32 [99999999999] {}`), "more than"},
		{wrap(`const "c" i64 [1] {1.5}`), "bad integer 1.5"},
		{wrap(`const "c" f32 [1] {abc}`), "bad number abc"},
		{wrap(`relu "r" ("x") -> ("x") relu "s" ("x") -> ("x")`), "defined twice"},
		{wrap(`nosuch "r" ("x") -> ("x")`), "unknown operator nosuch"},
		{wrap(`reshape "r" ("x") -> ("y")`), "want a word"},
		{wrap(`conv "r" ("x") -> ("y") kernel=[1] `), "kernel has 1 numbers, want 2"},
		{wrap(`foreign "" "T" 1 "f" () -> () {"a"=i 1, "a"=i 2}`), "given twice"},
		{wrap(`foreign "" "T" 1 "f" () -> () {"a"=z 1}`), "unknown kind z"},
		{wrap("\"\\q\""), "bad quoted string"},
		{wrap("%"), "unexpected character"},
	} {
		_, err := Parse(c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("parsing %q: error %v, want one with %q", c.src, err, c.want)
		}
	}
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name, want string
		damage     func(g *Graph)
	}{
		{"two node names", `node name "c" is used twice`, func(g *Graph) { g.Nodes[1].Name = "c" }},
		{"no node name", "node 0 has no name", func(g *Graph) { g.Nodes[0].Name = "" }},
		{"dangling", `reads "ghost", which nothing before it defines`, func(g *Graph) { g.Nodes[3].Inputs[0] = "ghost" }},
		{"order", "which nothing before it defines", func(g *Graph) { g.Nodes[0], g.Nodes[1] = g.Nodes[1], g.Nodes[0] }},
		{"self", `reads "a", which nothing before it defines`, func(g *Graph) { g.Nodes[0].Inputs[0] = "a" }},
		{"assigned twice", `value "a" is defined by node "c" and by node "c2"`, func(g *Graph) { g.Nodes[1].Outputs[0] = "a" }},
		{"input assigned", `value "x" is defined by graph input and by node "c"`, func(g *Graph) { g.Nodes[0].Outputs[0] = "x" }},
		{"no operator", "has no operator", func(g *Graph) { g.Nodes[0].Op = nil }},
		{"arity", "takes 2 input(s), has 1", func(g *Graph) { g.Nodes[4].Inputs = []string{"e"} }},
		{"outputs", "gives 1 output(s), has 2", func(g *Graph) { g.Nodes[0].Outputs = []string{"a", "aa"} }},
		{"shape", `output "a" has shape [1,2,4,5], conv gives [1,2,4,4]`, func(g *Graph) { g.Shapes["a"] = Shape{1, 2, 4, 5} }},
		{"no shape", `shape of output "out" is unknown`, func(g *Graph) { delete(g.Shapes, "out") }},
		{"leftover shape", `holds "ghost"`, func(g *Graph) { g.Shapes["ghost"] = Shape{1} }},
		{"input shape", "but the shape table says", func(g *Graph) { g.Inputs[0].Shape = Shape{1, 2, 4, 3} }},
		{"input type", `unknown element type "f64"`, func(g *Graph) { g.Inputs[0].Type = "f64" }},
		{"constant length", `constant "b": shape [3] needs 3 elements, has 2`, func(g *Graph) { g.Consts["b"].Shape = Shape{3} }},
		{"constant payload", "payload does not match", func(g *Graph) { g.Consts["b"].I = []int64{1, 2} }},
		{"nil constant", `constant "b" is nil`, func(g *Graph) { g.Consts["b"] = nil }},
		{"no outputs", "graph has no outputs", func(g *Graph) { g.Outputs = nil }},
		{"unknown output", `graph output "ghost" is not defined`, func(g *Graph) { g.Outputs = []string{"ghost"} }},
		{"output twice", "is listed twice", func(g *Graph) { g.Outputs = []string{"out", "out"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := sample()
			c.damage(g)
			err := Verify(g)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// FuzzParse: no text makes the parser panic. A graph that it reads is printed to a text
// from which the same graph is read and the same text printed.
func FuzzParse(f *testing.F) {
	f.Add(text(f, sample()))
	f.Add("graph \"g\" {\n  input \"x\" f32 [1]\n  const \"c\" f32 [2] {NaN -0x1p-2}\n  relu \"r\" (\"x\") -> (\"y\")\n  output \"y\"\n}\n")
	f.Add(`graph "" { foreign "" "" -1 "" ("", "") -> ("", "") {} }`)
	f.Add(`graph "" { const "" bool [] { 9 elided } }`)
	f.Add(`graph "" { clip "a" () -> () beta=-Inf maxpool "" () -> () kernel=[-1,2] stride=[0,0] dilation=[1,1] pads=[1,2,3,4] ceil }`)
	f.Fuzz(func(t *testing.T, src string) {
		g, err := Parse(src)
		if err != nil {
			return
		}
		_ = Verify(g)
		first := text(t, g)
		back, err := Parse(first)
		if err != nil {
			t.Fatalf("printed text does not parse: %v\n%s", err, first)
		}
		if second := text(t, back); second != first {
			t.Fatalf("printing is not stable:\n%s\n%s", first, second)
		}
	})
}
