package floatexec

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/graph"
)

// TestEvalTensorOps holds the operators that move, join or reduce against values
// worked out by hand.
func TestEvalTensorOps(t *testing.T) {
	type T = Tensor[float64]
	in := func(s graph.Shape, v ...float64) *T { return &T{s, v} }
	seq := func(s ...int) *T { return &T{s, iota64(graph.Shape(s).Elems())} }
	row := func(v ...float64) *T { return &T{graph.Shape{1, len(v)}, v} }
	resize := func(mode, coord, round string, scale float64, to int) graph.Resize {
		return graph.Resize{Mode: mode, Coord: coord, Round: round, Cubic: -0.75, Scales: []float64{1, scale}, To: graph.Shape{1, to}}
	}
	for _, c := range []struct {
		name  string
		op    graph.Op
		in    []*T
		shape graph.Shape
		want  []float64
	}{
		{"convtranspose, stride 2 leaves gaps", graph.ConvTranspose{Window: window(1, 2, 1), Groups: 1}, []*T{seq(1, 1, 2, 2), in(graph.Shape{1, 1, 1, 1}, 10), in(graph.Shape{1}, 1)},
			graph.Shape{1, 1, 3, 3}, []float64{11, 1, 21, 1, 1, 1, 31, 1, 41}},
		{"convtranspose, overlap, pads crop, output padding", graph.ConvTranspose{Window: window(2, 1, 1, 1, 0, 0, 0), OutPad: [2]int{1, 0}, Groups: 1},
			[]*T{seq(1, 1, 1, 2), in(graph.Shape{1, 1, 2, 2}, 1, 10, 100, 1000)}, graph.Shape{1, 1, 2, 3}, []float64{100, 1200, 2000, 0, 0, 0}},
		{"convtranspose, groups", graph.ConvTranspose{Window: window(1, 1, 1), Groups: 2}, []*T{seq(1, 2, 1, 1), in(graph.Shape{2, 2, 1, 1}, 1, 10, 100, 1000)},
			graph.Shape{1, 4, 1, 1}, []float64{1, 10, 200, 2000}},
		{"concat", graph.Concat{Axis: 1}, []*T{seq(2, 1), seq(2, 2), seq(2, 1)}, graph.Shape{2, 4}, []float64{1, 1, 2, 1, 2, 3, 4, 2}},
		{"slice", graph.Slice{Start: []int{1, 2}, Step: []int{-1, 2}, To: graph.Shape{2, 1}}, []*T{seq(2, 3)}, graph.Shape{2, 1}, []float64{6, 3}},
		{"transpose", graph.Transpose{Perm: []int{2, 0, 1}}, []*T{seq(1, 2, 3)}, graph.Shape{3, 1, 2}, []float64{1, 4, 2, 5, 3, 6}},
		{"expand", graph.Expand{To: graph.Shape{2, 2, 2}}, []*T{seq(2, 1)}, graph.Shape{2, 2, 2}, []float64{1, 1, 2, 2, 1, 1, 2, 2}},
		{"pad", graph.Pad{Before: []int{0, 1}, After: []int{1, 0}, Mode: "constant", Value: 9}, []*T{seq(1, 2)}, graph.Shape{2, 3}, []float64{9, 1, 2, 9, 9, 9}},
		{"pad, reflect", graph.Pad{Before: []int{0, 2}, After: []int{0, 1}, Mode: "reflect"}, []*T{row(1, 2, 3)}, graph.Shape{1, 6}, []float64{3, 2, 1, 2, 3, 2}},
		{"pad, edge", graph.Pad{Before: []int{0, 2}, After: []int{0, 1}, Mode: "edge"}, []*T{row(1, 2)}, graph.Shape{1, 5}, []float64{1, 1, 1, 2, 2}},
		{"reducesum", graph.Reduce{Fn: "sum", Axes: []int{0, 2}}, []*T{seq(2, 2, 2)}, graph.Shape{1, 2, 1}, []float64{14, 22}},
		{"reducemean of nothing but sizes 1", graph.Reduce{Fn: "mean", Axes: []int{0}}, []*T{row(1, 2)}, graph.Shape{1, 2}, []float64{1, 2}},
		{"reducemean", graph.Reduce{Fn: "mean", Axes: []int{1}}, []*T{seq(2, 2)}, graph.Shape{2, 1}, []float64{1.5, 3.5}},
		{"reducemax below 0", graph.Reduce{Fn: "max", Axes: []int{0, 1}}, []*T{row(-3, -1, -2)}, graph.Shape{1, 1}, []float64{-1}},
		{"reducemin", graph.Reduce{Fn: "min", Axes: []int{1}}, []*T{row(3, 1, 2)}, graph.Shape{1, 1}, []float64{1}},
		{"matmul", graph.MatMul{}, []*T{seq(2, 2), seq(2, 3)}, graph.Shape{2, 3}, []float64{9, 12, 15, 19, 26, 33}},
		{"matmul, broadcast stack", graph.MatMul{}, []*T{seq(2, 1, 2), seq(2)}, graph.Shape{2, 1}, []float64{5, 11}},
		{"sub", graph.Eltwise{Fn: "sub"}, []*T{row(5, 7), in(graph.Shape{}, 2)}, graph.Shape{1, 2}, []float64{3, 5}},
		{"mul by a gate", graph.Eltwise{Fn: "mul"}, []*T{seq(1, 2, 2, 2), in(graph.Shape{1, 2, 1, 1}, 10, 100)}, graph.Shape{1, 2, 2, 2}, []float64{10, 20, 30, 40, 500, 600, 700, 800}},
		{"mul by one number per row", graph.Eltwise{Fn: "mul"}, []*T{seq(2, 2, 2), in(graph.Shape{1, 2, 1}, 10, 100)}, graph.Shape{2, 2, 2}, []float64{10, 20, 300, 400, 50, 60, 700, 800}},
		{"mul by one number", graph.Eltwise{Fn: "mul"}, []*T{seq(1, 2), in(graph.Shape{1, 1}, 10)}, graph.Shape{1, 2}, []float64{10, 20}},
		{"div", graph.Eltwise{Fn: "div"}, []*T{row(5, 7), row(2, 4)}, graph.Shape{1, 2}, []float64{2.5, 1.75}},
		{"max", graph.Eltwise{Fn: "max"}, []*T{row(5, 1), row(2, 4)}, graph.Shape{1, 2}, []float64{5, 4}},
		{"min", graph.Eltwise{Fn: "min"}, []*T{row(5, 1), row(2, 4)}, graph.Shape{1, 2}, []float64{2, 1}},
		{"last argmax", graph.Host{Fn: "lastargmax", Axis: 1}, []*T{row(5, 1, 5, 2)}, graph.Shape{1, 1}, []float64{2}},
		// round(x/0.5) + 10, clamped to 0...15 or -8...7 (-7...7 if narrow).
		{"quantize, unsigned, ties to even", graph.Quantize{Bits: 4}, []*T{row(0.25, 0.75, -1.25, 9, -9), in(graph.Shape{}, 0.5), in(graph.Shape{}, 10)},
			graph.Shape{1, 5}, []float64{0, 1, -1, 2.5, -5}},
		{"quantize, signed, per channel", graph.Quantize{Bits: 4, Signed: true}, []*T{row(-100, 1.2), row(0.5, 1), in(graph.Shape{1}, 0)}, graph.Shape{1, 2}, []float64{-4, 1}},
		{"quantize, narrow", graph.Quantize{Bits: 4, Signed: true, Narrow: true}, []*T{row(-100), in(graph.Shape{}, 0.5), in(graph.Shape{}, 0)}, graph.Shape{1, 1}, []float64{-3.5}},
		// Positions of 4 outputs over 2 inputs: half_pixel -0.25 0.25 0.75 1.25,
		// asymmetric 0 0.5 1 1.5, align_corners 0 1/3 2/3 1.
		{"nearest, half_pixel", resize("nearest", "half_pixel", "round_prefer_floor", 2, 4), []*T{row(1, 2)}, graph.Shape{1, 4}, []float64{1, 1, 2, 2}},
		{"nearest, asymmetric, ties down", resize("nearest", "asymmetric", "round_prefer_floor", 2, 4), []*T{row(1, 2)}, graph.Shape{1, 4}, []float64{1, 1, 2, 2}},
		{"nearest, asymmetric, ties up", resize("nearest", "asymmetric", "round_prefer_ceil", 2, 4), []*T{row(1, 2)}, graph.Shape{1, 4}, []float64{1, 2, 2, 2}},
		{"nearest, asymmetric, floor", resize("nearest", "asymmetric", "floor", 2, 4), []*T{row(1, 2)}, graph.Shape{1, 4}, []float64{1, 1, 2, 2}},
		{"nearest, asymmetric, ceil", resize("nearest", "asymmetric", "ceil", 2, 4), []*T{row(1, 2)}, graph.Shape{1, 4}, []float64{1, 2, 2, 2}},
		{"linear, half_pixel", resize("linear", "half_pixel", "", 2, 4), []*T{row(0, 4)}, graph.Shape{1, 4}, []float64{0, 1, 3, 4}},
		{"linear, asymmetric", resize("linear", "asymmetric", "", 2, 4), []*T{row(0, 4)}, graph.Shape{1, 4}, []float64{0, 2, 4, 4}},
		{"linear, align_corners", resize("linear", "align_corners", "", 1.5, 3), []*T{row(0, 4)}, graph.Shape{1, 3}, []float64{0, 2, 4}},
		{"linear, pytorch, one output", resize("linear", "pytorch_half_pixel", "", 0.25, 1), []*T{row(1, 2, 3, 4)}, graph.Shape{1, 1}, []float64{1}},
		{"cubic, at half a pixel", resize("cubic", "asymmetric", "", 2, 4), []*T{row(0, 32)}, graph.Shape{1, 4}, []float64{0, 16, 32, 35}},
	} {
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

// TestLog: the logarithm undoes the exponential over the whole range.
func TestLog(t *testing.T) {
	for x := -700.0; x < 700; x += 0.37 {
		if d := Log(Exp(x)) - x; d > 1e-13 || d < -1e-13 {
			t.Errorf("log exp %v is off by %v", x, d)
		}
	}
}
