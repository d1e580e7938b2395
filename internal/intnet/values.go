package intnet

import (
	"fmt"
	"math"

	"hass/internal/fixed"
)

// QuantizeInput is the network's input tensor (NHWC) for one float image in NCHW order,
// rounded with InputRounding. Values beyond the input's format saturate; NaN and
// infinities are errors.
func (n *Net) QuantizeInput(image []float32) ([]int32, error) {
	t := &n.Tensors[n.Input]
	if len(image) != t.H*t.W*t.C {
		return nil, fmt.Errorf("image has %d elements; the network's input is 1x%dx%dx%d (NCHW)", len(image), t.C, t.H, t.W)
	}
	q := make([]int32, len(image))
	hw := t.H * t.W
	for c := range t.C {
		for i, v := range image[c*hw : (c+1)*hw] {
			v := float64(v)
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("image element %d (channel %d) is %g", c*hw+i, c, v)
			}
			q[i*t.C+c] = int32(fixed.Quantize(v, t.Format, n.InputRounding))
		}
	}
	return q, nil
}

// Dequantize is the float value of tensor number i in NCHW order. q is NHWC and
// has the tensor's size.
func (n *Net) Dequantize(i int, q []int32) []float32 {
	t := &n.Tensors[i]
	out := make([]float32, len(q))
	hw := t.H * t.W
	for p := range hw {
		for c := range t.C {
			out[c*hw+p] = float32(fixed.Dequantize(int64(q[p*t.C+c]), t.Format))
		}
	}
	return out
}
