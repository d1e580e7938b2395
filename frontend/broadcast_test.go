package frontend

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/quant"
	"hass/internal/test/onnxtest"
	"hass/internal/test/testenv"
)

// layouts are the ways in which a map of C channels, H rows and W columns reaches an
// operator with a second operand.
var layouts = []struct {
	name  string
	nodes []node
	shape func(c, h, w int) graph.Shape
}{
	{"map", nil, func(c, h, w int) graph.Shape { return graph.Shape{1, c, h, w} }},
	{"flattened", []node{{Op: "Flatten", In: []string{"c"}, Out: []string{"d"}}}, func(c, h, w int) graph.Shape { return graph.Shape{1, c * h * w} }},
	{"rows", []node{{Op: "Reshape", In: []string{"c", "rows"}, Out: []string{"d"}}}, func(c, h, w int) graph.Shape { return graph.Shape{1, c, h * w} }},
	{"channels last", []node{{Op: "Transpose", In: []string{"c"}, Out: []string{"d"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 3, 1)}}},
		func(c, h, w int) graph.Shape { return graph.Shape{1, h, w, c} }},
	{"pixel", []node{{Op: "GlobalAveragePool", In: []string{"c"}, Out: []string{"d"}}}, func(c, h, w int) graph.Shape { return graph.Shape{1, c, 1, 1} }},
	{"vector", []node{{Op: "GlobalAveragePool", In: []string{"c"}, Out: []string{"p"}}, {Op: "Flatten", In: []string{"p"}, Out: []string{"d"}}},
		func(c, h, w int) graph.Shape { return graph.Shape{1, c} }},
	{"dense", []node{{Op: "Flatten", In: []string{"c"}, Out: []string{"f"}}, {Op: "MatMul", In: []string{"f", "dense"}, Out: []string{"d"}}},
		func(c, h, w int) graph.Shape { return graph.Shape{1, w} }},
}

// operandOf is a random shape that broadcasts to s: fewer axes, or axes of 1.
func operandOf(r *rand.Rand, s graph.Shape) graph.Shape {
	o := slices.Clone(s[r.IntN(len(s)+1):])
	for i := range o {
		if r.IntN(2) == 0 {
			o[i] = 1
		}
	}
	return o
}

// spread lays an operand over a shape by its definition, coordinate by coordinate.
func spread(f []float32, from, to graph.Shape) []float64 {
	out := make([]float64, to.Elems())
	for i := range out {
		rest, at, step := i, 0, 1
		for d := len(to) - 1; d >= 0; d-- {
			coord := rest % to[d]
			rest /= to[d]
			if k := d - len(to) + len(from); k >= 0 {
				if from[k] != 1 {
					at += coord * step
				}
				step *= from[k]
			}
		}
		out[i] = float64(f[at])
	}
	return out
}

// secondOperand has the functions of the operators with a second operand.
var secondOperand = map[string]func(x, o float64) float64{
	"PRelu": func(x, o float64) float64 {
		if x < 0 {
			return x * o
		}
		return x
	},
	"Add": func(x, o float64) float64 { return x + o },
	"Sub": func(x, o float64) float64 { return x - o },
	"Mul": func(x, o float64) float64 { return x * o },
	"Div": func(x, o float64) float64 { return x / o },
	"Max": math.Max,
	"Min": math.Min,
}

// TestBroadcasting holds every operator with a constant operand, over ranks, shapes
// and layouts, against ONNX's rule: the float executor always, the integer network
// wherever there is hardware.
func TestBroadcasting(t *testing.T) {
	testenv.Long(t)
	r := rand.New(rand.NewPCG(1, 15))
	ops := []string{"PRelu", "Add", "Sub", "Mul", "Div", "Max", "Min"}
	built := map[string]int{}
	for i := range 420 {
		op, layout := ops[i%len(ops)], layouts[i/len(ops)%len(layouts)]
		// Small sizes that are often equal: a wrong axis then fits too.
		c, h, w := 2+2*r.IntN(2), 1+r.IntN(4), 2+2*r.IntN(2)
		s := layout.shape(c, h, w)
		o := operandOf(r, s)
		values := make([]float32, o.Elems())
		for k := range values {
			values[k] = float32(r.IntN(15)+1) / 8 // no zero: a divisor too
			if op != "Div" && r.IntN(3) == 0 {
				values[k] = -values[k]
			}
		}
		swapped := op != "PRelu" && op != "Div" && op != "Sub" && r.IntN(2) == 0
		name := fmt.Sprintf("%d %s of %s %v with %v", i, op, layout.name, s, o)
		t.Run(name, func(t *testing.T) {
			data := "c"
			if layout.nodes != nil {
				data = "d"
			}
			in := []string{data, "o"}
			if swapped {
				in = []string{"o", data}
			}
			m := model{
				Nodes: append([]node{{Op: "Conv", In: []string{"x", "w"}, Out: []string{"c"}}}, layout.nodes...),
				Inits: []tens{f32("w", int64(c), 2, 1, 1), f32("dense", int64(c*h*w), int64(w)), onnxtest.I64("rows", []int64{3}, 1, int64(c), int64(h*w)),
					onnxtest.F32("o", dims(o), values...)},
				Inputs: image(1, 2, h, w), Outputs: out(data),
			}
			before := m
			m.Nodes = append(m.Nodes[:len(m.Nodes):len(m.Nodes)], node{Name: "op", Op: op, In: in, Out: []string{"y"}})
			m.Outputs = out("y")
			images := make([][]float32, 4)
			for k := range images {
				for range 2 * h * w {
					images[k] = append(images[k], float32(r.IntN(17)-8)/8)
				}
			}
			naive := func(x []float32) []float64 {
				_, p := evalModel(t, before, x)
				want := spread(values, o, s)
				for k, v := range p {
					want[k] = secondOperand[op](float64(v), want[k])
				}
				return want
			}
			shape, got := evalModel(t, m, images[0])
			if !shape.Equal(s) {
				t.Fatalf("shape %v, want %v", shape, s)
			}
			near(t, "float executor", got, naive(images[0]), 1e-5)

			g, err := Load(m.Write(t))
			if err != nil {
				t.Fatal(err)
			}
			if quant.Buildable(g) != nil {
				return
			}
			built[op+" "+layout.name]++
			for k, y := range integers(t, g, images) {
				if !y.Shape.Equal(s) {
					t.Fatalf("integer network: shape %v, want %v", y.Shape, s)
				}
				near(t, "integer network", y.Data, naive(images[k]), 4e-3)
			}
		})
	}
	// What the hardware must take: a slope, scale or shift per channel in each layout
	// that keeps channels apart.
	for _, must := range []string{"PRelu map", "PRelu pixel", "PRelu vector", "PRelu dense", "PRelu rows", "Add map", "Mul dense", "Sub vector", "Div rows"} {
		if built[must] == 0 {
			t.Errorf("%s never had hardware: %v", must, built)
		}
	}
}

// integers runs the integer network of 16 bits on the images that calibrate it and
// gives its first output for each.
func integers(t *testing.T, g *graph.Graph, images [][]float32) []*floatexec.Tensor[float32] {
	t.Helper()
	var all []*floatexec.Tensor[float32]
	for _, res := range integerResults(t, g, images) {
		all = append(all, res[0])
	}
	return all
}

// integerResults is integers for all outputs.
func integerResults(t *testing.T, g *graph.Graph, images [][]float32) [][]*floatexec.Tensor[float32] {
	t.Helper()
	ranges, err := calib.Collect(context.Background(), g, calib.Images{N: len(images), Workers: 1, Load: func(i int) ([]float32, error) { return images[i], nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := quant.Calibrate(g, ranges, quant.Options{Bits: 16})
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Lower(g, spec)
	if err != nil {
		t.Fatal(err)
	}
	x, err := intnet.New(net)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]*floatexec.Tensor[float32]
	for _, img := range images {
		q, err := net.QuantizeInput(img)
		if err != nil {
			t.Fatal(err)
		}
		outs, err := x.Run(q)
		if err != nil {
			t.Fatal(err)
		}
		res, err := hosttail.Results(net, outs)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, res)
	}
	return all
}

// near wants every element within a share of the largest.
func near(t *testing.T, what string, got []float32, want []float64, share float64) {
	t.Helper()
	top := 1.0
	for _, v := range want {
		top = max(top, math.Abs(v))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - want[i]); !(d <= share*top) {
			t.Fatalf("%s: element %d is %v, the rule gives %v", what, i, got[i], want[i])
		}
	}
}

// TestSlopes: the two smallest cases of the rule for PRelu. Four slopes for a map of four
// channels and four columns apply to the columns, for which there is no hardware; for a
// vector of four elements there is one slope per channel.
func TestSlopes(t *testing.T) {
	slopes := onnxtest.F32("s", []int64{1, 4}, 0.5, 0.25, 2, 0)
	one := make([]float32, 16)
	for i := range 4 {
		one[5*i] = 1
	}
	m := model{
		Nodes: []node{{Op: "Conv", In: []string{"x", "w"}, Out: []string{"c"}}, {Name: "op", Op: "PRelu", In: []string{"c", "s"}, Out: []string{"p"}},
			{Op: "Conv", In: []string{"p", "w"}, Out: []string{"y"}}}, // without it the host would do the PRelu
		Inits: []tens{onnxtest.F32("w", []int64{4, 4, 1, 1}, one...), slopes}, Inputs: image(1, 4, 1, 4), Outputs: out("y"),
	}
	x := []float32{-1, -1, -1, -1, -2, -2, -2, 2, 1, -1, -1, -1, 3, -4, -1, -1}
	_, y := evalModel(t, m, x)
	near(t, "columns", y, []float64{-0.5, -0.25, -2, 0, -1, -0.5, -4, 2, 1, -0.25, -2, 0, 3, -1, -2, 0}, 0)
	r, err := Check(m.Write(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Nodes[1]; n.Verdict != FloatOnly || !strings.Contains(n.Reason, "differ within a channel of its data [1,4,1,4]") {
		t.Errorf("verdict on slopes along columns: %+v", n)
	}

	m.Nodes = []node{{Op: "Flatten", In: []string{"x"}, Out: []string{"f"}}, {Op: "MatMul", In: []string{"f", "w"}, Out: []string{"d"}}, {Name: "op", Op: "PRelu", In: []string{"d", "s"}, Out: []string{"y"}}}
	m.Inits = []tens{onnxtest.F32("w", []int64{4, 4}, one...), onnxtest.F32("s", []int64{4}, 0.5, 0.25, 2, 0)}
	m.Inputs = image(1, 4, 1, 1)
	x = []float32{-1, -1, -1, -1}
	_, y = evalModel(t, m, x)
	near(t, "vector", y, []float64{-0.5, -0.25, -2, 0}, 0)
	g, err := Load(m.Write(t))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "vector, integer network", integers(t, g, [][]float32{x})[0].Data, []float64{-0.5, -0.25, -2, 0}, 1e-4)
}
