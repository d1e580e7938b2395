package graph

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInferTensorOps(t *testing.T) {
	x := Shape{1, 4, 5, 7}
	resize := func(to ...int) Resize {
		return Resize{Mode: "linear", Coord: "half_pixel", Scales: []float64{1, 1, 2, 2}, To: to}
	}
	for _, c := range []struct {
		name string
		op   Op
		in   []Shape
		want Shape
		err  string
	}{
		{"convtranspose", ConvTranspose{win(3, 2, 1, 1, 1, 1, 1), [2]int{1, 0}, 1}, []Shape{x, {4, 6, 3, 3}, {6}}, Shape{1, 6, 10, 13}, ""},
		{"convtranspose, groups", ConvTranspose{win(2, 1, 2), [2]int{}, 2}, []Shape{x, {4, 3, 2, 2}}, Shape{1, 6, 7, 9}, ""},
		{"convtranspose, channels", ConvTranspose{win(3, 1, 1), [2]int{}, 1}, []Shape{x, {3, 6, 3, 3}}, nil, "do not fit 4 input channels"},
		{"convtranspose, cropped", ConvTranspose{win(1, 1, 1, 3, 3, 3, 3), [2]int{}, 1}, []Shape{x, {4, 6, 1, 1}}, nil, "crop the whole result"},
		{"convtranspose, bias", ConvTranspose{win(1, 1, 1), [2]int{}, 1}, []Shape{x, {4, 6, 1, 1}, {4}}, nil, "bias"},
		{"concat", Concat{1}, []Shape{x, {1, 1, 5, 7}, x}, Shape{1, 9, 5, 7}, ""},
		{"concat, other axis", Concat{1}, []Shape{x, {1, 1, 5, 6}}, nil, "do not concatenate"},
		{"concat, axis", Concat{4}, []Shape{x, x}, nil, "axis 4"},
		{"slice", Slice{[]int{0, 1, 4, 0}, []int{1, 2, -2, 1}, Shape{1, 2, 3, 7}}, []Shape{x}, Shape{1, 2, 3, 7}, ""},
		{"slice, beyond", Slice{[]int{0, 1, 0, 0}, []int{1, 2, 1, 1}, Shape{1, 3, 5, 7}}, []Shape{x}, nil, "reaches element 5"},
		{"slice, before", Slice{[]int{0, 1, 0, 0}, []int{1, -1, 1, 1}, Shape{1, 3, 5, 7}}, []Shape{x}, nil, "reaches element -1"},
		{"slice, step 0", Slice{[]int{0, 0, 0, 0}, []int{0, 1, 1, 1}, x}, []Shape{x}, nil, "by 0"},
		{"resize", resize(1, 4, 10, 14), []Shape{x}, Shape{1, 4, 10, 14}, ""},
		{"resize, nothing left", resize(1, 4, 0, 14), []Shape{x}, nil, "resize of"},
		{"resize, mode", Resize{Mode: "lanczos", Coord: "half_pixel"}, []Shape{x}, nil, `mode "lanczos"`},
		{"resize, rounding", Resize{Mode: "nearest", Coord: "half_pixel", Round: "up"}, []Shape{x}, nil, `rounding "up"`},
		{"transpose", Transpose{[]int{0, 2, 3, 1}}, []Shape{x}, Shape{1, 5, 7, 4}, ""},
		{"transpose, twice", Transpose{[]int{0, 2, 2, 1}}, []Shape{x}, nil, "no permutation"},
		{"expand", Expand{Shape{3, 4, 2}}, []Shape{{4, 1}}, Shape{3, 4, 2}, ""},
		{"expand, smaller", Expand{Shape{1, 4, 1, 1}}, []Shape{x}, nil, "does not expand"},
		{"pad", Pad{[]int{0, 1, 0, 2}, []int{0, 0, 0, 3}, "reflect", 0}, []Shape{x}, Shape{1, 5, 5, 12}, ""},
		{"pad, reflects too much", Pad{[]int{0, 4, 0, 0}, []int{0, 0, 0, 0}, "reflect", 0}, []Shape{x}, nil, "reflects more"},
		{"pad, negative", Pad{[]int{0, -1, 0, 0}, []int{0, 0, 0, 0}, "constant", 0}, []Shape{x}, nil, "absurd"},
		{"reduce", Reduce{"mean", []int{1, 3}}, []Shape{x}, Shape{1, 1, 5, 1}, ""},
		{"reduce, axis twice", Reduce{"mean", []int{1, 1}}, []Shape{x}, nil, "not ascending"},
		{"matmul", MatMul{}, []Shape{{2, 1, 3, 4}, {5, 4, 6}}, Shape{2, 5, 3, 6}, ""},
		{"matmul, vectors", MatMul{}, []Shape{{4}, {4}}, Shape{}, ""},
		{"matmul, misfit", MatMul{}, []Shape{{3, 4}, {3, 4}}, nil, "matrix product"},
		{"quantize", Quantize{Bits: 8, Signed: true, Narrow: false}, []Shape{x, {4, 1, 1}, {}}, x, ""},
		{"quantize, scales", Quantize{Bits: 8, Signed: true, Narrow: false}, []Shape{x, {4}, {}}, nil, "do not broadcast"},
		{"quantize, bits", Quantize{Bits: 0, Signed: true, Narrow: false}, []Shape{x, {}, {}}, nil, "0 bits"},
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

// TestTensorOpsRoundTrip: the text form keeps every parameter of every operator
// and where a constant's numbers come from.
func TestTensorOpsRoundTrip(t *testing.T) {
	g := &Graph{
		Name: "t", Inputs: []Value{{Name: "x", Type: Float, Shape: Shape{1, 2, 3, 3}}}, Outputs: []string{"y"},
		Consts: map[string]*Tensor{
			"w": {Type: Float, Shape: Shape{2, 2}, F: []float32{1, 2, 3, 4}, Grid: &Grid{4, true, true, 1, []float32{1, 0.5}, []int64{0, 3}}},
			"z": {Type: Int, Shape: Shape{1}, I: []int64{3}, Stored: "uint8"},
		},
		Shapes: map[string]Shape{"x": {1, 2, 3, 3}},
	}
	for i, op := range []Op{
		ConvTranspose{win(3, 2, 1, 1, 0, 1, 0), [2]int{1, 2}, 3}, Concat{2}, Slice{[]int{1, 0}, []int{-1, 2}, Shape{2, 1}},
		Resize{"cubic", "asymmetric", "", -0.75, true, []float64{1, 0.3}, Shape{1, 2}}, Resize{Mode: "nearest", Round: "floor", Coord: "align_corners"},
		Transpose{[]int{1, 0}}, Expand{Shape{2, 2}}, Pad{[]int{1}, []int{2}, "edge", 0.5}, Reduce{"max", []int{0, 2}}, MatMul{},
		Quantize{Bits: 3, Signed: true, Narrow: true}, Quantize{Bits: 8}, Host{"logsoftmax", 1}, Host{"lastargmax", 0}, Eltwise{"sub"}, Eltwise{"min"},
	} {
		g.Nodes = append(g.Nodes, &Node{Name: op.Kind() + string(rune('a'+i)), Op: op, Inputs: []string{"x"}, Outputs: []string{string(rune('a' + i))}})
	}
	s := text(t, g)
	back, err := Parse(s)
	if err != nil {
		t.Fatalf("%v in\n%s", err, s)
	}
	if d := cmp.Diff(s, text(t, back)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(g.Consts, back.Consts); d != "" {
		t.Error(d)
	}
	for i, n := range g.Nodes[:4] {
		if d := cmp.Diff(n, back.Nodes[i]); d != "" {
			t.Error(d)
		}
	}
}
