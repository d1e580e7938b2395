package frontend

import (
	"strings"
	"testing"

	"hass/frontend/onnx"
	"hass/internal/test/onnxtest"
	"hass/internal/test/testenv"
)

// TestLinear: judging a model takes a time that grows as the model does, whatever it
// is that grows.
func TestLinear(t *testing.T) {
	testenv.Long(t)
	for _, l := range onnxtest.LargeModels() {
		t.Run(l.Name, func(t *testing.T) {
			testenv.Linear(t, l.N/64, func(n int) func() {
				m, err := onnx.Decode(l.Make(n).Encode())
				if err != nil {
					t.Fatal(err)
				}
				return func() {
					if c, err := compile(m, "large", options{}); err == nil {
						c.report()
					}
				}
			})
		})
	}
}

// TestSharedConstant: a constant that many nodes would each fold into their own copy is refused
// before memory ends.
func TestSharedConstant(t *testing.T) {
	testenv.Long(t)
	m := onnxtest.Model{
		Nodes:   []onnxtest.Node{},
		Inits:   []onnxtest.Tensor{onnxtest.F32("w", []int64{256, 256, 1, 1}, make([]float32, 1<<16)...), onnxtest.F32("half", nil, 0.5)},
		Inputs:  []onnxtest.Value{{Name: "x", Dims: []any{1, 256, 1, 1}}},
		Outputs: []onnxtest.Value{{Name: "y"}},
	}
	v := "x"
	for i := range 1000 {
		c, s := "c"+string(rune('A'+i)), "s"+string(rune('A'+i))
		m.Nodes = append(m.Nodes, onnxtest.Node{Op: "Conv", In: []string{v, "w"}, Out: []string{c}}, onnxtest.Node{Op: "Mul", In: []string{c, "half"}, Out: []string{s}})
		v = s
	}
	m.Nodes = append(m.Nodes, onnxtest.Node{Op: "Relu", In: []string{v}, Out: []string{"y"}})
	_, err := LoadBytes("m", m.Encode(), "")
	if err == nil || !strings.Contains(err.Error(), "far beyond the model's size") {
		t.Errorf("error %v", err)
	}
}

// TestFoldedOnce: weights that several operators scale are rounded once, not for each.
func TestFoldedOnce(t *testing.T) {
	m := onnxtest.Model{
		Nodes: []onnxtest.Node{
			{Op: "Conv", In: []string{"x", "w"}, Out: []string{"a"}},
			{Op: "Mul", In: []string{"a", "tiny"}, Out: []string{"a2"}},
			{Op: "Mul", In: []string{"a2", "up"}, Out: []string{"b"}},
			{Op: "Mul", In: []string{"b", "up"}, Out: []string{"c"}},
			{Op: "Add", In: []string{"c", "big"}, Out: []string{"d"}},
			{Op: "Sub", In: []string{"d", "big"}, Out: []string{"y"}},
		},
		Inits: []onnxtest.Tensor{onnxtest.F32("w", []int64{1, 1, 1, 1}, 0.7), onnxtest.F32("tiny", nil, 0x1p-140), onnxtest.F32("up", nil, 0x1p70),
			onnxtest.F32("big", nil, 1e20)},
		Inputs:  []onnxtest.Value{{Name: "x", Dims: []any{1, 1, 2, 2}}},
		Outputs: []onnxtest.Value{{Name: "y"}},
	}
	g, err := LoadBytes("m", m.Encode(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Nodes) != 1 {
		t.Fatalf("%d nodes, want the convolution alone", len(g.Nodes))
	}
	n := g.Nodes[0]
	if w := g.Consts[n.Inputs[1]].F[0]; w != 0.7 {
		t.Errorf("weight %v, want 0.7", w)
	}
	if len(n.Inputs) > 2 {
		if b := g.Consts[n.Inputs[2]].F[0]; b != 0 {
			t.Errorf("bias %v, want 0", b)
		}
	}
}
