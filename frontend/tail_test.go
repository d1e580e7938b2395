package frontend

import (
	"fmt"
	"testing"

	"hass/internal/floatexec"
	"hass/internal/test/onnxtest"
)

// TestTails: whatever reshapes and host operators follow the last layer, the integer
// network's output has the shape and the values of the float network's.
func TestTails(t *testing.T) {
	type step struct {
		node
		to []int64 // of a Reshape
	}
	op := func(op string, attrs ...at) step { return step{node: node{Op: op, Attrs: attrs}} }
	reshape := func(to ...int64) step { return step{node{Op: "Reshape"}, to} }
	var tails [][]step
	for axis := int64(-4); axis < 4; axis++ {
		for keep := range int64(2) {
			tails = append(tails, []step{op("ArgMax", onnxtest.Int("axis", axis), onnxtest.Int("keepdims", keep))})
		}
		tails = append(tails, []step{op("Softmax", onnxtest.Int("axis", axis))})
	}
	for axis := range int64(5) {
		tails = append(tails, []step{op("Flatten", onnxtest.Int("axis", axis))},
			[]step{op("Flatten", onnxtest.Int("axis", axis)), op("Softmax", onnxtest.Int("axis", 0)), op("ArgMax", onnxtest.Int("axis", 1))})
	}
	tails = append(tails,
		[]step{op("Softmax")}, []step{op("ArgMax")},
		[]step{reshape(4, -1)}, []step{reshape(-1)}, []step{reshape(3, 2, 1, 4)},
		[]step{reshape(-1), op("ArgMax", onnxtest.Int("keepdims", 0))},
		[]step{reshape(4, 6), op("Softmax", onnxtest.Int("axis", 0)), reshape(2, 12), op("ArgMax", onnxtest.Int("axis", 1), onnxtest.Int("keepdims", 0))},
		[]step{op("Softmax", onnxtest.Int("axis", 1)), reshape(6, 4), op("Softmax", onnxtest.Int("axis", 1)), reshape(1, 24)},
	)
	x := [][]float32{ramp(12), ramp(30)[18:], ramp(40)[28:]}
	for _, opset := range []int64{11, 13} {
		for i, tail := range tails {
			m := model{
				Opset: opset,
				Nodes: []node{{Op: "Conv", In: []string{"x", "w"}, Out: []string{"c"}}},
				Inits: []tens{onnxtest.F32("w", []int64{4, 2, 1, 1}, 1, 0.3, -0.7, 0.9, 0.4, -1.1, -0.6, -0.2)}, Inputs: image(1, 2, 2, 3), Outputs: out("y"),
			}
			name, v := fmt.Sprintf("opset %d:", opset), "c"
			for k, n := range tail {
				n.In, n.Out = []string{v}, []string{fmt.Sprintf("t%d", k)}
				if k == len(tail)-1 {
					n.Out[0] = "y"
				}
				if n.to != nil {
					shape := fmt.Sprintf("to%d", k)
					m.Inits = append(m.Inits, onnxtest.I64(shape, []int64{int64(len(n.to))}, n.to...))
					n.In = append(n.In, shape)
				}
				v = n.Out[0]
				m.Nodes = append(m.Nodes, n.node)
				name += " " + n.Op
			}
			t.Run(fmt.Sprintf("%d %s", i, name), func(t *testing.T) {
				g, err := Load(m.Write(t))
				if err != nil {
					t.Fatal(err)
				}
				e, err := floatexec.New(g)
				if err != nil {
					t.Fatal(err)
				}
				for k, got := range integers(t, g, x) {
					want, err := e.Run([][]float32{x[k]}, nil)
					if err != nil {
						t.Fatal(err)
					}
					if !got.Shape.Equal(e.OutputShape(0)) {
						t.Fatalf("shape %v, the model has %v", got.Shape, e.OutputShape(0))
					}
					values := make([]float64, len(want[0]))
					for j, v := range want[0] {
						values[j] = float64(v)
					}
					near(t, "integer network", got.Data, values, 1e-3)
				}
			})
		}
	}
}
