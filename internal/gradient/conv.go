package gradient

import (
	"errors"
	"slices"

	"hass/internal/floatexec"
	"hass/internal/graph"
)

// backwardConv computes the gradient with respect to a convolution's input: a convolution of the gradient with respect to its
// output, with zeros between its elements if the stride is more than 1, and with flipped weights.
type backwardConv struct {
	exec   *floatexec.Exec
	out    graph.Shape // of the convolution
	spread graph.Shape // of the gradient with zeros between
	stride [2]int
}

func newBackwardConv(op graph.Conv, g *graph.Graph, node *graph.Node) (*backwardConv, error) {
	w := g.Consts[node.Inputs[1]]
	if w == nil || w.Type != graph.Float {
		return nil, errors.New("its weights are no constant floats")
	}
	x, y := g.Shapes[node.Inputs[0]], g.Shapes[node.Outputs[0]]
	cg, fg := x[1]/op.Groups, y[1]/op.Groups
	taps := op.Kernel[0] * op.Kernel[1]
	flipped := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{x[1], fg, op.Kernel[0], op.Kernel[1]}, F: make([]float32, len(w.F))}
	for group := range op.Groups {
		for c := range cg {
			for f := range fg {
				for t := range taps {
					flipped.F[((group*cg+c)*fg+f)*taps+taps-1-t] = w.F[((group*fg+f)*cg+c)*taps+t]
				}
			}
		}
	}
	b := &backwardConv{out: y, stride: op.Stride, spread: graph.Shape{1, y[1], (y[2]-1)*op.Stride[0] + 1, (y[3]-1)*op.Stride[1] + 1}}
	back := graph.Conv{Window: graph.Window{Kernel: op.Kernel, Stride: [2]int{1, 1}, Dilation: op.Dilation}, Groups: op.Groups}
	for a := range 2 {
		reach := (op.Kernel[a] - 1) * op.Dilation[a]
		back.Pads[a] = reach - op.Pads[a]
		back.Pads[a+2] = x[2+a] + reach - b.spread[2+a] - back.Pads[a]
	}
	if slices.Min(back.Pads[:]) < 0 {
		return nil, errors.New("a padding as wide as the kernel has no gradient here")
	}
	part := &graph.Graph{Name: "backward", Inputs: []graph.Value{{Name: "d", Type: graph.Float, Shape: b.spread}}, Outputs: []string{"x"},
		Nodes:  []*graph.Node{{Name: node.Name, Op: back, Inputs: []string{"d", "w"}, Outputs: []string{"x"}}},
		Consts: map[string]*graph.Tensor{"w": flipped}, Shapes: map[string]graph.Shape{"d": b.spread, "x": x}}
	var err error
	b.exec, err = floatexec.New(part)
	return b, err
}

// run adds to `to` the gradient with respect to the input; d is the gradient with respect to the output.
func (b *backwardConv) run(to, d []float32) error {
	if b.stride != [2]int{1, 1} {
		wide := make([]float32, b.spread.Elems())
		h, w := b.spread[2], b.spread[3]
		for c := range b.out[1] {
			for y := range b.out[2] {
				for x := range b.out[3] {
					wide[(c*h+y*b.stride[0])*w+x*b.stride[1]] = d[(c*b.out[2]+y)*b.out[3]+x]
				}
			}
		}
		d = wide
	}
	out, err := b.exec.Run([][]float32{d}, nil)
	if err != nil {
		return err
	}
	for i, v := range out[0] {
		to[i] += v
	}
	return nil
}
