package frontend

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"hass/internal/graph"
	"hass/internal/quant"
	"hass/internal/test/onnxtest"
)

// TestPads holds Pad, which may pad or crop every side by any number, before and behind
// layers, against its definition: the float executor always, the integer network
// wherever there is hardware.
func TestPads(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 15))
	built := 0
	for i := range 150 {
		s := graph.Shape{1, 2 + r.IntN(2), 3 + r.IntN(3), 3 + r.IntN(3)}
		pads := make([]int64, 8)
		for _, d := range []int{1, 2, 3} {
			if d == 1 && r.IntN(4) > 0 {
				continue // channels seldom
			}
			pads[d], pads[d+4] = int64(r.IntN(4)-1), int64(r.IntN(4)-1)
		}
		value := float32(0)
		if r.IntN(3) == 0 {
			value = 0.5
		}
		padded := make(graph.Shape, 4)
		for d := range s {
			padded[d] = s[d] + int(pads[d]+pads[d+4])
		}
		// Behind it: nothing, a convolution, a pool or an average.
		c := int64(padded[1])
		behind := [][]node{nil,
			{{Op: "Conv", In: []string{"p", "v"}, Out: []string{"y"}}},
			{{Op: "MaxPool", In: []string{"p"}, Out: []string{"y"}, Attrs: []at{onnxtest.Ints("kernel_shape", 2, 2)}}},
			{{Op: "AveragePool", In: []string{"p"}, Out: []string{"y"}, Attrs: []at{onnxtest.Ints("kernel_shape", 2, 2)}}},
		}[i%4]
		first := node{Op: "Relu", In: []string{"x"}, Out: []string{"c"}}
		if i%3 > 0 {
			first = node{Op: "Conv", In: []string{"x", "w"}, Out: []string{"c"}}
		}
		m := model{Inputs: image(1, s[1], s[2], s[3]), Inits: []tens{f32("w", int64(s[1]), int64(s[1]), 1, 1), f32("v", 2, c, 2, 2), onnxtest.I64("pads", []int64{8}, pads...), onnxtest.F32("value", nil, value)}}
		before, after := m, m
		before.Nodes, before.Outputs = []node{first}, out("c")
		m.Nodes = append([]node{first, {Op: "Pad", In: []string{"c", "pads", "value"}, Out: []string{"p"}}}, behind...)
		m.Outputs = out("p")
		after.Nodes, after.Outputs = behind, out("y")
		after.Inputs = []onnxtest.Value{{Name: "p", Dims: []any{1, padded[1], padded[2], padded[3]}}}
		if behind != nil {
			m.Outputs = out("y")
		}
		t.Run(fmt.Sprintf("%d %v by %v with %v", i, s, pads, value), func(t *testing.T) {
			if padded[2] < 2 || padded[3] < 2 || padded[1] < 1 {
				t.Skip("nothing is left")
			}
			images := make([][]float32, 3)
			for k := range images {
				for range s.Elems() {
					images[k] = append(images[k], float32(r.IntN(17)-8)/8)
				}
			}
			naive := func(x []float32) []float64 {
				_, p := evalModel(t, before, x)
				y := make([]float32, padded.Elems())
				for j := range y {
					rest, at, step, inside := j, 0, 1, true
					for d := 3; d >= 0; d-- {
						k := rest%padded[d] - int(pads[d])
						rest /= padded[d]
						inside = inside && k >= 0 && k < s[d]
						at += k * step
						step *= s[d]
					}
					if y[j] = value; inside {
						y[j] = p[at]
					}
				}
				if behind != nil {
					_, y = evalModel(t, after, y)
				}
				want := make([]float64, len(y))
				for j, v := range y {
					want[j] = float64(v)
				}
				return want
			}
			_, got := evalModel(t, m, images[0])
			near(t, "float executor", got, naive(images[0]), 1e-5)
			g, err := Load(m.Write(t))
			if err != nil {
				t.Fatal(err)
			}
			if quant.Buildable(g) != nil {
				return
			}
			built++
			for k, y := range integers(t, g, images) {
				near(t, "integer network", y.Data, naive(images[k]), 4e-3)
			}
		})
	}
	if built < 60 {
		t.Errorf("%d of 150 had hardware", built)
	}
}
