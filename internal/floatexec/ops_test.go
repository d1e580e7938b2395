package floatexec

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
)

func iota64(n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = float64(i + 1)
	}
	return v
}

// TestEval holds every operator against values worked out by hand, in both
// element types.
func TestEval(t *testing.T) {
	type T = Tensor[float64]
	inf := math.Inf(1)
	map3 := &T{graph.Shape{1, 1, 3, 3}, iota64(9)} // 1 2 3 / 4 5 6 / 7 8 9
	row := func(v ...float64) *T { return &T{graph.Shape{1, len(v)}, v} }
	w22 := &T{graph.Shape{1, 1, 2, 2}, []float64{1, 10, 100, 1000}}
	cases := []struct {
		name  string
		op    graph.Op
		in    []*T
		shape graph.Shape
		want  []float64
	}{
		{"conv", graph.Conv{Window: window(2, 1, 1), Groups: 1}, []*T{map3, w22},
			graph.Shape{1, 1, 2, 2}, []float64{5421, 6532, 8754, 9865}},
		{"conv, pads top and left, stride 2, bias", graph.Conv{Window: window(2, 2, 1, 1, 1, 0, 0), Groups: 1}, []*T{map3, w22, {graph.Shape{1}, []float64{0.5}}},
			graph.Shape{1, 1, 2, 2}, []float64{1000.5, 3200.5, 7040.5, 9865.5}},
		{"conv, dilated", graph.Conv{Window: window(2, 1, 2), Groups: 1}, []*T{map3, w22},
			graph.Shape{1, 1, 1, 1}, []float64{1 + 30 + 700 + 9000}},
		{"conv, two groups", graph.Conv{Window: window(1, 1, 1), Groups: 2},
			[]*T{{graph.Shape{1, 4, 1, 1}, []float64{1, 2, 3, 4}}, {graph.Shape{2, 2, 1, 1}, []float64{1, 10, 100, 1000}}},
			graph.Shape{1, 2, 1, 1}, []float64{21, 4300}},
		{"depthwise", graph.Conv{Window: window(1, 1, 1), Groups: 2},
			[]*T{{graph.Shape{1, 2, 1, 2}, []float64{1, 2, 3, 4}}, {graph.Shape{2, 1, 1, 1}, []float64{10, 100}}},
			graph.Shape{1, 2, 1, 2}, []float64{10, 20, 300, 400}},
		{"maxpool ignores padding", graph.Pool{Window: window(2, 2, 1, 1, 1, 0, 0), Max: true}, []*T{{graph.Shape{1, 1, 3, 3}, []float64{-1, -2, -3, -4, -5, -6, -7, -8, -9}}},
			graph.Shape{1, 1, 2, 2}, []float64{-1, -2, -4, -5}},
		{"maxpool, ceil", graph.Pool{Window: window(2, 2, 1), Max: true, Ceil: true}, []*T{map3},
			graph.Shape{1, 1, 2, 2}, []float64{5, 6, 8, 9}},
		{"maxpool, dilated", graph.Pool{Window: window(2, 1, 2), Max: true}, []*T{map3},
			graph.Shape{1, 1, 1, 1}, []float64{9}},
		{"avgpool", graph.Pool{Window: window(2, 1, 1)}, []*T{map3},
			graph.Shape{1, 1, 2, 2}, []float64{3, 4, 6, 7}},
		{"avgpool, padding not counted", graph.Pool{Window: window(2, 2, 1, 1, 1, 0, 0)}, []*T{map3},
			graph.Shape{1, 1, 2, 2}, []float64{1, 2.5, 5.5, 7}},
		{"avgpool, padding counted", graph.Pool{Window: window(2, 2, 1, 1, 1, 0, 0), CountPad: true}, []*T{map3},
			graph.Shape{1, 1, 2, 2}, []float64{0.25, 1.25, 2.75, 7}},
		// The windows of the last row and column reach one beyond the map; without
		// padding there, positions beyond the map are never counted.
		{"avgpool, ceil, padding counted", graph.Pool{Window: window(2, 2, 1), CountPad: true, Ceil: true}, []*T{map3},
			graph.Shape{1, 1, 2, 2}, []float64{3, 4.5, 7.5, 9}},
		{"avgpool, ceil and pads 1: 4 of the last window's taps are padding or beyond", graph.Pool{Window: window(3, 3, 1, 1, 1, 1, 1), CountPad: true, Ceil: true}, []*T{{graph.Shape{1, 1, 4, 4}, iota64(16)}},
			graph.Shape{1, 1, 2, 2}, []float64{14. / 9, (3 + 4 + 7 + 8) / 9., (9 + 10 + 13 + 14) / 9., (11 + 12 + 15 + 16) / 9.}},
		{"globalavg", graph.GlobalPool{}, []*T{{graph.Shape{1, 2, 1, 2}, []float64{1, 2, 5, 7}}},
			graph.Shape{1, 2, 1, 1}, []float64{1.5, 6}},
		{"globalmax", graph.GlobalPool{Max: true}, []*T{{graph.Shape{1, 2, 1, 2}, []float64{-1, -2, 5, 7}}},
			graph.Shape{1, 2, 1, 1}, []float64{-1, 7}},
		{"add", graph.Eltwise{Fn: "add"}, []*T{row(1, 2), row(10, 20)}, graph.Shape{1, 2}, []float64{11, 22}},
		{"mul by channel", graph.Eltwise{Fn: "mul"}, []*T{{graph.Shape{1, 2, 1, 2}, iota64(4)}, {graph.Shape{1, 2, 1, 1}, []float64{10, 100}}},
			graph.Shape{1, 2, 1, 2}, []float64{10, 20, 300, 400}},
		{"mul both broadcast", graph.Eltwise{Fn: "mul"}, []*T{{graph.Shape{2, 1}, []float64{1, 2}}, {graph.Shape{3}, []float64{1, 10, 100}}},
			graph.Shape{2, 3}, []float64{1, 10, 100, 2, 20, 200}},
		{"add scalar", graph.Eltwise{Fn: "add"}, []*T{{nil, []float64{1}}, row(1, 2)}, graph.Shape{1, 2}, []float64{2, 3}},
		{"relu", graph.Activation{Fn: "relu"}, []*T{row(-1, 0, 2)}, graph.Shape{1, 3}, []float64{0, 0, 2}},
		{"clip", graph.Activation{Fn: "clip", Alpha: -1, Beta: 6}, []*T{row(-2, 3, 7)}, graph.Shape{1, 3}, []float64{-1, 3, 6}},
		{"clip, one side", graph.Activation{Fn: "clip", Alpha: math.Inf(-1), Beta: 6}, []*T{row(-2, 7)}, graph.Shape{1, 2}, []float64{-2, 6}},
		{"leakyrelu", graph.Activation{Fn: "leakyrelu", Alpha: 0.25}, []*T{row(-4, 4)}, graph.Shape{1, 2}, []float64{-1, 4}},
		{"prelu", graph.Activation{Fn: "prelu"}, []*T{{graph.Shape{1, 2, 1, 2}, []float64{-1, 1, -1, 2}}, {graph.Shape{2, 1, 1}, []float64{0.5, 0.25}}},
			graph.Shape{1, 2, 1, 2}, []float64{-0.5, 1, -0.25, 2}},
		{"hardsigmoid", graph.Activation{Fn: "hardsigmoid", Alpha: 0.25, Beta: 0.5}, []*T{row(-4, 1, 4)}, graph.Shape{1, 3}, []float64{0, 0.75, 1}},
		{"hardswish", graph.Activation{Fn: "hardswish"}, []*T{row(-4, -1.5, 3, 5)}, graph.Shape{1, 4}, []float64{0, -0.375, 3, 5}},
		{"threshold", graph.Activation{Fn: "threshold", Alpha: 0.5}, []*T{row(-0.5, -0.25, 0.25, 0.5)}, graph.Shape{1, 4}, []float64{-0.5, 0, 0, 0.5}},
		{"sigmoid", graph.Activation{Fn: "sigmoid"}, []*T{row(0, -inf, inf)}, graph.Shape{1, 3}, []float64{0.5, 0, 1}},
		{"silu", graph.Activation{Fn: "silu"}, []*T{row(0, -inf, inf)}, graph.Shape{1, 3}, []float64{0, 0, inf}},
		{"tanh", graph.Activation{Fn: "tanh"}, []*T{row(0, -inf, inf)}, graph.Shape{1, 3}, []float64{0, -1, 1}},
		{"reshape", graph.Reshape{To: graph.Shape{4, 1}}, []*T{{graph.Shape{2, 2}, iota64(4)}}, graph.Shape{4, 1}, iota64(4)},
		{"softmax of equals, large", graph.Host{Fn: "softmax", Axis: 1}, []*T{row(1e4, 1e4, 1e4, 1e4)}, graph.Shape{1, 4}, []float64{0.25, 0.25, 0.25, 0.25}},
		{"softmax over axis 0", graph.Host{Fn: "softmax", Axis: 0}, []*T{row(1, 2)}, graph.Shape{1, 2}, []float64{1, 1}},
		{"argmax, lowest of equals", graph.Host{Fn: "argmax", Axis: 1}, []*T{row(1, 3, 3)}, graph.Shape{1, 1}, []float64{1}},
		{"argmax over axis 0", graph.Host{Fn: "argmax", Axis: 0}, []*T{{graph.Shape{2, 2}, []float64{1, 4, 3, 2}}}, graph.Shape{1, 2}, []float64{1, 0}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Eval(c.op, c.in...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Data); diff != "" {
				t.Errorf("float64 (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.shape, got.Shape); diff != "" {
				t.Errorf("shape (-want +got):\n%s", diff)
			}
			var in32 []*Tensor[float32]
			for _, x := range c.in {
				in32 = append(in32, &Tensor[float32]{x.Shape, to32(x.Data)})
			}
			got32, err := Eval(c.op, in32...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(to32(c.want), got32.Data); diff != "" {
				t.Errorf("float32 (-want +got):\n%s", diff)
			}
		})
	}
}

func to32(v []float64) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

func TestEvalErrors(t *testing.T) {
	x := &Tensor[float64]{graph.Shape{1, 2, 2, 2}, make([]float64, 8)}
	for name, c := range map[string]struct {
		op   graph.Op
		in   []*Tensor[float64]
		want string
	}{
		"foreign":       {graph.Foreign{Type: "Erf"}, []*Tensor[float64]{x}, "onnx.Erf"},
		"elements":      {graph.Activation{Fn: "relu"}, []*Tensor[float64]{{graph.Shape{3}, make([]float64, 2)}}, "has 2 elements"},
		"channels":      {graph.Conv{Window: window(1, 1, 1), Groups: 1}, []*Tensor[float64]{x, {graph.Shape{1, 3, 1, 1}, make([]float64, 3)}}, "weights"},
		"no activation": {graph.Activation{Fn: "nosuch"}, []*Tensor[float64]{x}, "nosuch"},
		"absent":        {graph.Activation{Fn: "relu"}, []*Tensor[float64]{nil}, "input 0"},
		"too few":       {graph.Eltwise{Fn: "add"}, []*Tensor[float64]{x}, "2 input"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Eval(c.op, c.in...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not contain %q", err, c.want)
			}
		})
	}
}

// TestFunctions compares the transcendental functions with package math, which
// may differ in the last bit between processors, and pins bits of our own.
func TestFunctions(t *testing.T) {
	ulps := func(a, b float64) float64 {
		if a == b || a != a && b != b {
			return 0
		}
		return math.Abs(a-b) / (math.Nextafter(math.Abs(b), math.Inf(1)) - math.Abs(b))
	}
	sig := Func(graph.Activation{Fn: "sigmoid"})
	silu := Func(graph.Activation{Fn: "silu"})
	worst := map[string]float64{}
	for i := -80000; i <= 80000; i++ {
		x := float64(i) / 113
		for name, d := range map[string]float64{
			"exp":     ulps(Exp(x), math.Exp(x)),
			"sigmoid": ulps(sig(x), 1/(1+math.Exp(-x))),
			"silu":    ulps(silu(x), x/(1+math.Exp(-x))),
			"tanh":    ulps(tanh(x/100), math.Tanh(x/100)),
		} {
			worst[name] = max(worst[name], d)
		}
	}
	for name, limit := range map[string]float64{"exp": 2, "sigmoid": 4, "silu": 5, "tanh": 4} {
		if worst[name] > limit {
			t.Errorf("%s is %v units in the last place from package math, limit %v", name, worst[name], limit)
		}
	}
	for _, x := range []float64{math.Inf(1), math.Inf(-1), math.NaN(), 0, 710, -746, -745, 709.7, -720} {
		if a, b := Exp(x), math.Exp(x); ulps(a, b) > 2 {
			t.Errorf("Exp(%v) = %v, want %v", x, a, b)
		}
	}
	for _, x := range []float64{1e-300, -1e-9, 0.624999, 0.625} {
		if d := ulps(tanh(x), math.Tanh(x)); d > 4 {
			t.Errorf("tanh(%v) is off by %v units in the last place", x, d)
		}
	}
	for x, want := range map[float64]uint64{1: 0x4005bf0a8b14576a, -0.3: 0x3fe7b4c869c37c05, 20.25: 0x41c290d76d1966aa} {
		if got := math.Float64bits(Exp(x)); got != want {
			t.Errorf("Exp(%v) = %#x, want %#x on every machine", x, got, want)
		}
	}
}

// TestFusedMultiplyAdd: a float32 convolution rounds each product and sum once,
// so the low bits of the product below survive; a float64 one, which serves as a
// reference only, rounds twice on every target (GOAMD64=v3 and arm64 would fuse).
func TestFusedMultiplyAdd(t *testing.T) {
	a32 := float32(1) + 1.0/(1<<12)
	p32 := float32(a32 * a32)
	a64 := 1 + 1.0/(1<<28)
	p64 := float64(a64 * a64)
	conv := graph.Conv{Window: window(1, 1, 1), Groups: 1}
	if y, err := Eval(conv, &Tensor[float32]{graph.Shape{1, 2, 1, 1}, []float32{-p32, a32}}, &Tensor[float32]{graph.Shape{1, 2, 1, 1}, []float32{1, a32}}); err != nil || y.Data[0] != 1.0/(1<<24) {
		t.Errorf("float32 definition: %v %v", y, err)
	}
	if y, err := Eval(conv, &Tensor[float64]{graph.Shape{1, 2, 1, 1}, []float64{-p64, a64}}, &Tensor[float64]{graph.Shape{1, 2, 1, 1}, []float64{1, a64}}); err != nil || y.Data[0] != 0 {
		t.Errorf("float64 definition: %v %v", y, err)
	}
}
