package steps

import (
	"slices"
	"strings"
	"testing"

	"hass/internal/graph"
	"hass/internal/npy"
)

// TestPlanes: a model that declares its channels last takes arrays as it declares them, and as planes.
func TestPlanes(t *testing.T) {
	last := graph.Value{Name: "x", Shape: graph.Shape{1, 2, 2, 3}, ChannelsLast: true}
	grey := graph.Value{Name: "x", Shape: graph.Shape{1, 1, 2, 3}, ChannelsLast: true}
	cube := graph.Value{Name: "x", Shape: graph.Shape{1, 2, 2, 2}, ChannelsLast: true}
	first := graph.Value{Name: "x", Shape: graph.Shape{1, 2, 2, 3}}
	for _, tc := range []struct {
		name  string
		in    graph.Value
		shape []int
		want  []float32 // the first elements
		text  string    // of an error or a warning
	}{
		{"declared", last, []int{2, 2, 3, 2}, []float32{0, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 11, 12, 14}, ""},
		{"planes", last, []int{2, 2, 2, 3}, []float32{0, 1, 2}, ""},
		{"one channel", grey, []int{2, 2, 3, 1}, []float32{0, 1, 2, 3, 4, 5, 6}, ""},
		{"both fit", cube, []int{1, 2, 2, 2}, []float32{0, 1, 2}, "both fit"},
		{"neither fits", last, []int{1, 3, 2, 2}, nil, "N x [2,2,3], or N x [2,3,2] as it declares it"},
		{"not declared", first, []int{1, 2, 3, 2}, nil, "the model takes float32 N x [2,2,3]"},
	} {
		x := &npy.Array{DType: "float32", Shape: tc.shape, F32: make([]float32, graph.Shape(tc.shape).Elems())}
		for i := range x.F32 {
			x.F32[i] = float32(i)
		}
		said := ""
		err := planes(x, tc.in, Reporter{Warn: func(text string) { said = text }})
		if err != nil {
			said = err.Error()
		}
		if (err != nil) != (tc.want == nil) || (said == "") != (tc.text == "") || !strings.Contains(said, tc.text) {
			t.Errorf("%s: error %v, said %q; want %q", tc.name, err, said, tc.text)
		}
		if err == nil && (!slices.Equal(x.F32[:len(tc.want)], tc.want) || !slices.Equal(x.Shape[1:], []int(tc.in.Shape[1:]))) {
			t.Errorf("%s: %v of shape %v", tc.name, x.F32, x.Shape)
		}
	}
}
