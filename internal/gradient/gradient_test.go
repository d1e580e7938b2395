package gradient

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hass/internal/floatexec"
	"hass/internal/graph"
)

// builder makes networks with random weights. A node's output has its name.
type builder struct {
	g *graph.Graph
	r *rand.Rand
}

func newBuilder(channels, size int) *builder {
	in := graph.Shape{1, channels, size, size}
	return &builder{&graph.Graph{Name: "test", Inputs: []graph.Value{{Name: "x", Type: graph.Float, Shape: in}},
		Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{"x": in}}, rand.New(rand.NewPCG(1, 2))}
}

func (b *builder) constant(name string, dims ...int) string {
	t := &graph.Tensor{Type: graph.Float, Shape: dims, F: make([]float32, graph.Shape(dims).Elems())}
	for i := range t.F {
		t.F[i] = float32(0.4 * b.r.NormFloat64())
	}
	b.g.Consts[name] = t
	return name
}

func (b *builder) node(name string, op graph.Op, in ...string) string {
	n := &graph.Node{Name: name, Op: op, Inputs: in, Outputs: []string{name}}
	s, err := b.g.InferNode(n)
	if err != nil {
		panic(err)
	}
	b.g.Nodes, b.g.Shapes[name] = append(b.g.Nodes, n), s[0]
	return name
}

func (b *builder) conv(name, in string, filters, groups int, w graph.Window) string {
	c := b.g.Shapes[in][1] / groups
	return b.node(name, graph.Conv{Window: w, Groups: groups}, in, b.constant(name+".w", filters, c, w.Kernel[0], w.Kernel[1]), b.constant(name+".b", filters))
}

func window(kernel, stride, dilation, pad int) graph.Window {
	return graph.Window{Kernel: [2]int{kernel, kernel}, Stride: [2]int{stride, stride}, Dilation: [2]int{dilation, dilation}, Pads: [4]int{pad, pad, pad, pad}}
}

// scores64 evaluates all nodes in float64 with some constants changed.
func scores64(t *testing.T, g *graph.Graph, x []float32, changed map[string][]float64, scores string) []float64 {
	t.Helper()
	v := map[string]*floatexec.Tensor[float64]{}
	wide := func(s graph.Shape, f []float32) *floatexec.Tensor[float64] {
		d := make([]float64, len(f))
		for i := range f {
			d[i] = float64(f[i])
		}
		return &floatexec.Tensor[float64]{Shape: s, Data: d}
	}
	v["x"] = wide(g.Inputs[0].Shape, x)
	for name, c := range g.Consts {
		v[name] = wide(c.Shape, c.F)
		if d := changed[name]; d != nil {
			v[name].Data = d
		}
	}
	for _, n := range g.Nodes {
		var in []*floatexec.Tensor[float64]
		for _, name := range n.Inputs {
			in = append(in, v[name])
		}
		y, err := floatexec.Eval(n.Op, in...)
		if err != nil {
			t.Fatal(err)
		}
		v[n.Outputs[0]] = y
	}
	return v[scores].Data
}

func likelihood(scores []float64, class int) float64 {
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(s - scores[class])
	}
	return -math.Log(sum)
}

// TestDifferences compares the effect of a change of a layer's weights as predicted by gradients with the actual one, in float64, for
// every operator.
func TestDifferences(t *testing.T) {
	b := newBuilder(3, 12)
	act := func(in, fn string, alpha, beta float64) string {
		return b.node(in+"."+fn, graph.Activation{Fn: graph.ActFn(fn), Alpha: alpha, Beta: beta}, in)
	}
	// A stem with unequal paddings and strides; the pool leaves its last column to the rounding.
	stem := b.conv("stem", "x", 6, 1, graph.Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 2}, Pads: [4]int{1, 0, 1, 2}})
	p := b.node("maxpool", graph.Pool{Window: window(3, 1, 1, 1), Max: true}, act(stem, "relu", 0, 0))
	down := act(b.conv("down", p, 8, 2, window(3, 2, 1, 1)), "hardswish", 0, 0)
	depth := act(b.conv("depth", down, 8, 8, window(3, 1, 2, 2)), "clip", -0.5, 0.5)
	gate := act(b.conv("gate", b.node("average", graph.GlobalPool{}, depth), 8, 1, window(1, 1, 1, 0)), "hardsigmoid", 0.2, 0.5)
	gated := b.node("gated", graph.Eltwise{Fn: "mul"}, depth, gate)
	sum := b.node("sum", graph.Eltwise{Fn: "add"}, gated, down)
	soft := act(b.conv("soft", sum, 4, 1, window(1, 1, 1, 0)), "sigmoid", 0, 0)
	leaky := act(b.conv("leaky", sum, 4, 1, window(2, 1, 1, 0)), "leakyrelu", 0.1, 0)
	pooled := b.node("avgpool", graph.Pool{Window: window(2, 1, 1, 0), CountPad: true}, soft)
	both := b.node("both", graph.Concat{Axis: 1}, pooled, leaky)
	less := b.node("less", graph.Eltwise{Fn: "sub"}, both, b.constant("offset", 1, 8, 1, 1))
	scaled := b.node("scaled", graph.Eltwise{Fn: "mul"}, b.constant("factor", 8, 1, 1), less)
	odd := act(b.conv("odd", scaled, 8, 1, window(3, 2, 1, 1)), "silu", 0, 0)
	edge := b.node("edge", graph.Pool{Window: graph.Window{Kernel: [2]int{2, 2}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 0, 0}}, Ceil: true}, odd)
	most := b.node("most", graph.GlobalPool{Max: true}, act(b.conv("last3x3", edge, 10, 1, window(1, 1, 1, 0)), "threshold", 0.05, 0))
	whole := b.conv("whole", edge, 10, 1, graph.Window{Kernel: [2]int(b.g.Shapes[edge][2:]), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	joined := b.node("joined", graph.Eltwise{Fn: "add"}, most, whole)
	flat := b.node("flat", graph.Reshape{To: graph.Shape{1, 10}}, b.conv("head", joined, 10, 1, window(1, 1, 1, 0)))
	b.g.Outputs = []string{b.node("soft.out", graph.Host{Fn: "softmax", Axis: 1}, flat)}
	g := b.g
	if err := graph.Verify(g); err != nil {
		t.Fatal(err)
	}
	n, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	if classes := g.Shapes[n.scores].Elems(); classes != 10 {
		t.Errorf("%d classes", classes)
	}
	r := rand.New(rand.NewPCG(3, 4))
	const class = 3
	for image := range 3 {
		x := make([]float32, g.Inputs[0].Shape.Elems())
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		told := 0
		if err := n.Run(x, func(logs []float32) int {
			if want := likelihood(scores64(t, g, x, nil, flat), class); math.Abs(float64(logs[class])-want) > 1e-4 {
				t.Errorf("log-likelihood %g, want %g", logs[class], want)
			}
			return class
		}, func(node *graph.Node, in, d []float32) {
			told++
			op := node.Op.(graph.Conv)
			w, bias := g.Consts[node.Inputs[1]], g.Consts[node.Inputs[2]]
			change, shift := &graph.Tensor{Type: graph.Float, Shape: w.Shape}, make([]float32, len(bias.F))
			for range w.F {
				change.F = append(change.F, float32(r.NormFloat64()))
			}
			for i := range shift {
				shift[i] = float32(r.NormFloat64())
			}
			y, err := floatexec.Eval(op, &floatexec.Tensor[float32]{Shape: g.Shapes[node.Inputs[0]], Data: in}, &floatexec.Tensor[float32]{Shape: w.Shape, Data: change.F},
				&floatexec.Tensor[float32]{Shape: bias.Shape, Data: shift})
			if err != nil {
				t.Fatal(err)
			}
			got, size := 0.0, 0.0
			for i, v := range y.Data {
				got += float64(v) * float64(d[i])
				size += math.Abs(float64(v) * float64(d[i]))
			}
			moved := func(by float64) float64 {
				c := map[string][]float64{}
				for name, step := range map[string][]float32{node.Inputs[1]: change.F, node.Inputs[2]: shift} {
					for i, v := range g.Consts[name].F {
						c[name] = append(c[name], float64(v)+by*float64(step[i]))
					}
				}
				return likelihood(scores64(t, g, x, c, flat), class)
			}
			const step = 1e-6
			if want := (moved(step) - moved(-step)) / (2 * step); math.Abs(got-want) > 1e-4*size+1e-5 {
				t.Errorf("image %d, layer %s: a change makes %g, its gradient says %g", image, node.Name, want, got)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if told != 10 {
			t.Errorf("told of %d layers", told)
		}
	}
}

// TestRefused: the error names every operator that has no gradient.
func TestRefused(t *testing.T) {
	b := newBuilder(2, 4)
	b.conv("a", "x", 2, 1, window(1, 1, 1, 0))
	b.node("floor", graph.Activation{Fn: "floor"}, "a")
	b.node("largest", graph.Eltwise{Fn: "max"}, "floor", "a")
	b.conv("wide", "largest", 2, 1, window(1, 1, 1, 1))
	b.node("pool", graph.GlobalPool{}, "wide")
	b.g.Outputs = []string{"pool"}
	_, err := New(b.g)
	for _, want := range []string{`"floor"`, `"largest"`, `"wide"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s in it", err, want)
		}
	}
	b.g.Outputs = []string{"wide"}
	if _, err := New(b.g); err == nil || !strings.Contains(err.Error(), "no vector of class scores") {
		t.Errorf("a map: %v", err)
	}
}
