package floatexec

import (
	"testing"

	"hass/internal/graph"
)

// TestRunEltwiseKinds runs every element-wise function through the executor, whose fast
// paths know only two of them.
func TestRunEltwiseKinds(t *testing.T) {
	a, b := []float32{1, -2, 3, 8}, []float32{4, 5, -6, 2}
	for fn, want := range map[string][]float32{
		"add": {5, 3, -3, 10}, "sub": {-3, -7, 9, 6}, "mul": {4, -10, -18, 16},
		"div": {0.25, -0.4, -0.5, 4}, "max": {4, 5, 3, 8}, "min": {1, -2, -6, 2},
	} {
		shape := graph.Shape{1, 2, 1, 2}
		g := &graph.Graph{
			Name:    fn,
			Inputs:  []graph.Value{{Name: "a", Type: graph.Float, Shape: shape}, {Name: "b", Type: graph.Float, Shape: shape}},
			Outputs: []string{"y"},
			Nodes:   []*graph.Node{{Name: fn, Op: graph.Eltwise{Fn: fn}, Inputs: []string{"a", "b"}, Outputs: []string{"y"}}},
			Shapes:  map[string]graph.Shape{"a": shape, "b": shape, "y": shape},
		}
		x, err := New(g)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.Run([][]float32{a, b}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[0][i] != want[i] {
				t.Errorf("%s: %v, want %v", fn, got[0], want)
				break
			}
		}
	}
}
