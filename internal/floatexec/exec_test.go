package floatexec

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
	"hass/internal/kernel"
)

// build makes a graph of one input, one chain of nodes named in order and the
// given constants, with inferred shapes.
func build(t testing.TB, input graph.Shape, consts map[string]*graph.Tensor, nodes ...*graph.Node) *graph.Graph {
	t.Helper()
	g := &graph.Graph{
		Name:   "test",
		Inputs: []graph.Value{{Name: "x", Type: graph.Float, Shape: input}},
		Consts: consts,
		Shapes: map[string]graph.Shape{"x": input},
		Nodes:  nodes,
	}
	if g.Consts == nil {
		g.Consts = map[string]*graph.Tensor{}
	}
	for _, n := range nodes {
		if n.Name == "" {
			n.Name = "n_" + n.Outputs[0]
		}
		out, err := g.InferNode(n)
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range out {
			g.Shapes[n.Outputs[i]] = s
		}
	}
	g.Outputs = []string{nodes[len(nodes)-1].Outputs[0]}
	return g
}

func node(op graph.Op, out string, in ...string) *graph.Node {
	return &graph.Node{Op: op, Inputs: in, Outputs: []string{out}}
}

func randomTensor(r *rand.Rand, shape ...int) *graph.Tensor {
	t := &graph.Tensor{Type: graph.Float, Shape: shape, F: make([]float32, graph.Shape(shape).Elems())}
	for i := range t.F {
		t.F[i] = float32(r.NormFloat64())
	}
	return t
}

func window(k, s, d int, pads ...int) graph.Window {
	w := graph.Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{d, d}}
	copy(w.Pads[:], pads)
	return w
}

// TestConvEqualsDefinition: the packed convolution must give the very bits of
// the plain loop, for every shape of tile, group, padding and stride.
func TestConvEqualsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	rect := graph.Window{Kernel: [2]int{1, 5}, Stride: [2]int{2, 3}, Dilation: [2]int{1, 2}, Pads: [4]int{0, 3, 1, 0}}
	cases := []struct {
		name       string
		c, h, w, f int
		op         graph.Conv
	}{
		{"1x1", 3, 5, 7, 4, graph.Conv{Window: window(1, 1, 1), Groups: 1}},
		{"3x3 padded", 4, 6, 5, 5, graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 1}},
		{"3x3 same, stride 2", 3, 8, 8, 7, graph.Conv{Window: window(3, 2, 1, 0, 0, 1, 1), Groups: 1}},
		{"dilated", 2, 9, 9, 3, graph.Conv{Window: window(3, 1, 2, 2, 2, 2, 2), Groups: 1}},
		{"rectangular", 3, 6, 17, 2, graph.Conv{Window: rect, Groups: 1}},
		{"groups", 6, 5, 5, 9, graph.Conv{Window: window(3, 1, 1, 1, 0, 1, 2), Groups: 3}},
		{"depthwise", 5, 7, 6, 5, graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 5}},
		{"depthwise, stride 2, two filters a channel", 4, 9, 7, 8, graph.Conv{Window: window(5, 2, 1, 2, 2, 2, 2), Groups: 4}},
		{"one filter, one channel", 1, 4, 4, 1, graph.Conv{Window: window(2, 1, 1), Groups: 1}},
		{"one pixel, groups", 6, 4, 4, 78, graph.Conv{Window: window(3, 2, 1, 0, 0, 0, 0), Groups: 2}},
		{"one pixel, padded", 5, 2, 2, 33, graph.Conv{Window: window(3, 1, 1, 0, 1, 1, 0), Groups: 1}},
		{"fully connected", 11, 3, 3, 10, graph.Conv{Window: window(3, 1, 1), Groups: 1}},
		{"several blocks of terms, filters past the last panel", 83, 7, 9, 14, graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 1}},
		{"several blocks of pixels", 130, 31, 21, 7, graph.Conv{Window: window(1, 1, 1), Groups: 1}},
		{"stride 2 of one tap", 5, 9, 8, 12, graph.Conv{Window: window(1, 2, 1), Groups: 1}},
		{"depthwise, wide", 2, 5, 61, 2, graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 2}},
		{"one channel, many filters", 1, 9, 9, 7, graph.Conv{Window: window(5, 2, 1, 2, 2, 2, 2), Groups: 1}},
		{"stride beyond the kernel", 3, 13, 13, 6, graph.Conv{Window: window(2, 5, 1, 1, 1, 0, 0), Groups: 1}},
		{"padding wider than the map", 2, 1, 1, 3, graph.Conv{Window: window(3, 1, 1, 2, 2, 2, 2), Groups: 1}},
	}
	for _, c := range cases {
		for _, bias := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/bias=%v", c.name, bias), func(t *testing.T) {
				xs := graph.Shape{1, c.c, c.h, c.w}
				x := randomTensor(r, xs...)
				consts := map[string]*graph.Tensor{
					"w": randomTensor(r, c.f, c.c/c.op.Groups, c.op.Kernel[0], c.op.Kernel[1]),
				}
				names := []string{"x", "w"}
				args := []*Tensor[float32]{{xs, x.F}, {consts["w"].Shape, consts["w"].F}}
				if bias {
					consts["b"] = randomTensor(r, c.f)
					names = append(names, "b")
					args = append(args, &Tensor[float32]{consts["b"].Shape, consts["b"].F})
				}
				e, err := New(build(t, xs, consts, node(c.op, "y", names...)))
				if err != nil {
					t.Fatal(err)
				}
				want, err := Eval(c.op, args...)
				if err != nil {
					t.Fatal(err)
				}
				for _, simd := range []bool{true, false} {
					defer kernel.Enable(kernel.Enable(simd))
					got, err := e.Run([][]float32{x.F}, nil)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(bits(want.Data), bits(got[0])); diff != "" {
						t.Errorf("simd=%v: definition against fast path (-want +got):\n%s", kernel.Simd(), diff)
					}
				}
			})
		}
	}
}

func bits(v []float32) []uint32 {
	b := make([]uint32, len(v))
	for i, f := range v {
		b[i] = math.Float32bits(f)
	}
	return b
}

// residual is a small network with a skip connection, broadcasting, a reshape
// in the middle and two outputs.
func residual(t testing.TB, size, channels int) *graph.Graph {
	r := rand.New(rand.NewPCG(7, 7))
	same := graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 1}
	relu := graph.Activation{Fn: "relu"}
	consts := map[string]*graph.Tensor{
		"w0": randomTensor(r, channels, 3, 3, 3), "w1": randomTensor(r, channels, channels, 3, 3),
		"w2": randomTensor(r, channels, channels, 3, 3), "b2": randomTensor(r, channels),
		"half": {Type: graph.Float, Shape: graph.Shape{}, F: []float32{0.5}},
		"fc":   randomTensor(r, 10, channels, 1, 1),
	}
	g := build(t, graph.Shape{1, 3, size, size}, consts,
		node(same, "c0", "x", "w0"), node(relu, "r0", "c0"),
		node(same, "c1", "r0", "w1"), node(relu, "r1", "c1"),
		node(same, "c2", "r1", "w2", "b2"),
		node(graph.Eltwise{Fn: "add"}, "s", "c2", "r0"),
		node(graph.GlobalPool{}, "g", "s"),
		node(graph.Activation{Fn: "hardsigmoid", Alpha: 0.2, Beta: 0.5}, "h", "g"),
		node(graph.Eltwise{Fn: "mul"}, "se", "s", "h"),
		node(graph.Eltwise{Fn: "mul"}, "sh", "half", "se"),
		node(graph.GlobalPool{Max: true}, "gm", "sh"),
		node(graph.Conv{Window: window(1, 1, 1), Groups: 1}, "fc_out", "gm", "fc"),
		node(graph.Reshape{To: graph.Shape{1, 10}}, "flat", "fc_out"),
		node(graph.Host{Fn: "softmax", Axis: 1}, "p", "flat"),
		node(graph.Host{Fn: "argmax", Axis: 1}, "top", "p"))
	g.Outputs = []string{"flat", "top", "p"}
	return g
}

// TestRunEqualsEval runs the network node by node through Eval, in its own
// memory, and through Exec, whose buffers are shared: every value must agree.
func TestRunEqualsEval(t *testing.T) {
	g := residual(t, 9, 6)
	e, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.buffers) >= len(g.Nodes) {
		t.Errorf("%d buffers for %d nodes: none is shared", len(e.buffers), len(g.Nodes))
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 3 {
		x := randomTensor(r, g.Inputs[0].Shape...)
		want := map[string]*Tensor[float32]{"x": {x.Shape, x.F}}
		for name, c := range g.Consts {
			want[name] = &Tensor[float32]{c.Shape, c.F}
		}
		for _, n := range g.Nodes {
			var in []*Tensor[float32]
			for _, name := range n.Inputs {
				in = append(in, want[name])
			}
			y, err := Eval(n.Op, in...)
			if err != nil {
				t.Fatal(err)
			}
			want[n.Outputs[0]] = y
		}
		var order []string
		outs, err := e.Run([][]float32{x.F}, func(name string, v []float32) {
			order = append(order, name)
			if diff := cmp.Diff(bits(want[name].Data), bits(v)); diff != "" {
				t.Errorf("%s (-definition +exec):\n%s", name, diff)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		names := []string{"x"}
		for _, n := range g.Nodes {
			names = append(names, n.Outputs[0])
		}
		if diff := cmp.Diff(names, order); diff != "" {
			t.Errorf("observed (-want +got):\n%s", diff)
		}
		fused, err := e.Run([][]float32{x.F}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range e.Outputs() {
			if diff := cmp.Diff(bits(want[name].Data), bits(outs[i])); diff != "" {
				t.Errorf("output %s:\n%s", name, diff)
			}
			if diff := cmp.Diff(bits(want[name].Data), bits(fused[i])); diff != "" {
				t.Errorf("output %s without an observer:\n%s", name, diff)
			}
		}
	}
}

// TestFusedActivations runs each activation behind a convolution, a sum, a
// product and a pooling, over values with zeros of both signs, infinities and
// NaNs: fused or not, the bits are the definition's.
func TestFusedActivations(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	values := []float32{0, negZero, 1, -1, 3, -3, 6, -6, 0.5, -0.5, inf, -inf, nan, 1e-40, -1e-40, 2.9999998, 5.9999995, 7}
	acts := []graph.Activation{
		{Fn: "relu"}, {Fn: "hardswish"}, {Fn: "hardsigmoid", Alpha: 1. / 6, Beta: 0.5}, {Fn: "sigmoid"}, {Fn: "silu"},
		{Fn: "tanh"}, {Fn: "leakyrelu", Alpha: 0.1}, {Fn: "threshold", Alpha: 0.75}, {Fn: "threshold", Alpha: 0.1}, {Fn: "threshold"},
		{Fn: "clip", Alpha: 0, Beta: 6}, {Fn: "clip", Alpha: -1, Beta: 1}, {Fn: "clip", Alpha: -1, Beta: 0}, {Fn: "clip", Alpha: -1e-60, Beta: 0.1},
		{Fn: "clip", Alpha: 1e-60, Beta: 1e-3}, {Fn: "clip", Alpha: math.Copysign(0, -1), Beta: 2}, {Fn: "clip", Alpha: math.Inf(-1), Beta: 6},
	}
	const c, h, w = 3, 5, 7
	xs := graph.Shape{1, c, h, w}
	x := make([]float32, xs.Elems())
	for i := range x {
		x[i] = values[i*5%len(values)]
	}
	consts := map[string]*graph.Tensor{
		"one": {Type: graph.Float, Shape: graph.Shape{c, 1, 1, 1}, F: []float32{1, 1, 1}},
		"z":   {Type: graph.Float, Shape: graph.Shape{1, c, 1, 1}, F: []float32{negZero, 1, -0.5}},
	}
	sources := []*graph.Node{
		node(graph.Conv{Window: window(1, 1, 1), Groups: c}, "s", "x", "one"),
		node(graph.Eltwise{Fn: "add"}, "s", "x", "z"), node(graph.Eltwise{Fn: "add"}, "s", "z", "x"),
		node(graph.Eltwise{Fn: "mul"}, "s", "x", "z"), node(graph.Eltwise{Fn: "add"}, "s", "x", "x"), node(graph.Eltwise{Fn: "mul"}, "s", "x", "x"),
		node(graph.Pool{Window: window(3, 2, 1, 1, 1, 1, 1), Max: true}, "s", "x"), node(graph.GlobalPool{}, "s", "x"),
	}
	for _, src := range sources {
		for _, a := range acts {
			// The second activation follows the first, fused with it.
			prune := graph.Activation{Fn: "threshold", Alpha: 0.7}
			g := build(t, xs, consts, src, node(a, "a", "s"), node(prune, "y", "a"))
			e, err := New(g)
			if err != nil {
				t.Fatal(err)
			}
			in := []*Tensor[float32]{}
			for _, name := range src.Inputs {
				if k := consts[name]; k != nil {
					in = append(in, &Tensor[float32]{k.Shape, k.F})
				} else {
					in = append(in, &Tensor[float32]{xs, x})
				}
			}
			s, err := Eval(src.Op, in...)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Eval[float32](a, s)
			if err != nil {
				t.Fatal(err)
			}
			if want, err = Eval[float32](prune, want); err != nil {
				t.Fatal(err)
			}
			for _, simd := range []bool{true, false} {
				defer kernel.Enable(kernel.Enable(simd))
				for _, observe := range []Observe{nil, func(string, []float32) {}} {
					got, err := e.Run([][]float32{x}, observe)
					if err != nil {
						t.Fatal(err)
					}
					for i, v := range got[0] {
						if w := want.Data[i]; math.Float32bits(v) != math.Float32bits(w) && (v == v || w == w) {
							t.Fatalf("%s then %s(%g, %g), simd %v, observed %v, element %d of %g: %g, want %g", src.Op.Kind(), a.Fn, a.Alpha, a.Beta, kernel.Simd(), observe != nil, i, s.Data[i], v, w)
						}
					}
				}
			}
		}
	}
}

func TestOutputsMayBeInputsAndConstants(t *testing.T) {
	c := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{2}, F: []float32{3, 4}}
	g := build(t, graph.Shape{2}, map[string]*graph.Tensor{"c": c}, node(graph.Reshape{To: graph.Shape{1, 2}}, "y", "x"))
	g.Outputs = []string{"y", "x", "c"}
	e, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	x := []float32{1, 2}
	outs, err := e.Run([][]float32{x}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]float32{{1, 2}, {1, 2}, {3, 4}}, outs); diff != "" {
		t.Error(diff)
	}
	outs[0][0], outs[2][0] = 9, 9
	if x[0] != 1 || c.F[0] != 3 {
		t.Error("an output shares memory with an input or a constant")
	}
}

func TestRunMany(t *testing.T) {
	g := residual(t, 6, 4)
	e, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	load := func(i int, x []float32) error {
		r := rand.New(rand.NewPCG(uint64(i), 0))
		for j := range x {
			x[j] = float32(r.NormFloat64())
		}
		return nil
	}
	run := func(workers int) (all [][]uint32) {
		err := e.RunMany(t.Context(), 40, workers, load, func(i int, outs [][]float32) error {
			if i != len(all) {
				t.Fatalf("image %d came as number %d", i, len(all))
			}
			all = append(all, bits(outs[0]))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	one := run(1)
	for _, workers := range []int{2, 7, 0} {
		if diff := cmp.Diff(one, run(workers)); diff != "" {
			t.Errorf("%d workers differ from one:\n%s", workers, diff)
		}
	}
	bad := errors.New("bad image")
	err = e.RunMany(t.Context(), 40, 3, func(i int, x []float32) error {
		if i >= 5 {
			return fmt.Errorf("%d: %w", i, bad)
		}
		return nil
	}, func(int, [][]float32) error { return nil })
	if !errors.Is(err, bad) || !strings.HasPrefix(err.Error(), "5:") {
		t.Errorf("got %v, want the error of image 5", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.RunMany(ctx, 40, 2, load, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled run gave %v", err)
	}
}

func TestNewErrors(t *testing.T) {
	conv := graph.Conv{Window: window(1, 1, 1), Groups: 1}
	shape := graph.Shape{1, 1, 1, 1}
	intConst := map[string]*graph.Tensor{"c": {Type: graph.Int, Shape: shape, I: []int64{1}}}
	foreign := build(t, shape, nil, node(graph.Activation{Fn: "relu"}, "y", "x"), node(graph.Activation{Fn: "relu"}, "z", "y"))
	foreign.Nodes[0].Op = graph.Foreign{Type: "Erf"}
	foreign.Nodes[1].Op = graph.Foreign{Type: "Gelu", Domain: "com.microsoft"}
	ints := build(t, shape, nil, node(graph.Activation{Fn: "relu"}, "y", "x"))
	ints.Inputs[0].Type = graph.Int
	broken := build(t, shape, nil, node(graph.Activation{Fn: "relu"}, "y", "x"))
	broken.Nodes[0].Inputs[0] = "nowhere"
	for name, c := range map[string]struct {
		g    *graph.Graph
		want []string
	}{
		"weights not constant": {build(t, shape, nil, node(conv, "y", "x", "x")), []string{`node "n_y"`, `weights "x" are not constant`}},
		"integer constant":     {build(t, shape, intConst, node(graph.Eltwise{Fn: "add"}, "y", "x", "c")), []string{`node "n_y"`, `constant "c"`}},
		"foreign, all listed":  {foreign, []string{`node "n_y": operator onnx.Erf`, `node "n_z": operator com.microsoft.Gelu`}},
		"integer input":        {ints, []string{`input "x"`, "i64"}},
		"dangling":             {broken, []string{"nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(c.g)
			for _, w := range c.want {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("error %v does not contain %q", err, w)
				}
			}
		})
	}
	e, err := New(build(t, shape, nil, node(graph.Activation{Fn: "relu"}, "y", "x")))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Run(nil, nil); err == nil {
		t.Error("no input was accepted")
	}
	if _, err := e.Run([][]float32{{1, 2}}, nil); err == nil || !strings.Contains(err.Error(), `input "x"`) {
		t.Errorf("an input of the wrong size gave %v", err)
	}
}

func BenchmarkConv3x3x64(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	consts := map[string]*graph.Tensor{"w": randomTensor(r, 64, 64, 3, 3)}
	g := build(b, graph.Shape{1, 64, 16, 16}, consts, node(graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 1}, "y", "x", "w"))
	benchmark(b, g, 64*64*9*256)
}

func BenchmarkConv3x3x16(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	consts := map[string]*graph.Tensor{"w": randomTensor(r, 16, 16, 3, 3)}
	g := build(b, graph.Shape{1, 16, 32, 32}, consts, node(graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 1}, "y", "x", "w"))
	benchmark(b, g, 16*16*9*1024)
}

func BenchmarkDepthwise3x3(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	consts := map[string]*graph.Tensor{"w": randomTensor(r, 96, 1, 3, 3)}
	g := build(b, graph.Shape{1, 96, 56, 56}, consts, node(graph.Conv{Window: window(3, 1, 1, 1, 1, 1, 1), Groups: 96}, "y", "x", "w"))
	benchmark(b, g, 96*9*56*56)
}

func benchmark(b *testing.B, g *graph.Graph, macs int) {
	e, err := New(g)
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float32, g.Inputs[0].Shape.Elems())
	for i := range x {
		x[i] = float32(i%17) - 8
	}
	for b.Loop() {
		if _, err := e.Run([][]float32{x}, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2*float64(macs)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}
