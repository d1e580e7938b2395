package acceptance

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"hass/internal/test/onnxtest"
)

// writeQuantised writes a quantised model for images of the demo's shape and gives its path. None of its scales is
// a power of two, so that every form of requantisation occurs: a convolution with a multiplier, one with a multiplier per output
// channel, one with thresholds, and factors of a sum, a product and an average.
func writeQuantised(t *testing.T, dir string) string {
	t.Helper()
	const channels = 4
	rng := rand.New(rand.NewPCG(1, 43))
	m := onnxtest.Model{
		Name:    "quantised",
		Domains: []string{"qonnx.custom_op.general"},
		Inputs:  []onnxtest.Value{{Name: "x", Dims: []any{"N", 3, 20, 20}}},
		Outputs: []onnxtest.Value{{Name: "y", Dims: []any{"N", channels, 1, 1}}},
		Inits: []onnxtest.Tensor{
			onnxtest.Raw("zero", 3, nil, []byte{0}),
			onnxtest.F32("none", nil, 0),
			onnxtest.F32("two_bits", nil, 2),
			onnxtest.F32("s_levels", nil, 0.11),
		},
	}
	add := func(op, out string, in ...string) *onnxtest.Node {
		m.Nodes = append(m.Nodes, onnxtest.Node{Name: out, Op: op, In: in, Out: []string{out}})
		return &m.Nodes[len(m.Nodes)-1]
	}
	quantise := func(v string, scale float32) string {
		m.Inits = append(m.Inits, onnxtest.F32("s_"+v, nil, scale))
		add("QuantizeLinear", v+"_q", v, "s_"+v, "zero")
		add("DequantizeLinear", v+"_d", v+"_q", "s_"+v, "zero")
		return v + "_d"
	}
	// conv has one step of weights, or one for each output channel.
	conv := func(out, in string, inC int, steps ...float32) {
		w := make([]byte, channels*inC*9)
		zeros := make([]byte, len(steps))
		for i := range w {
			w[i] = byte(int8(rng.IntN(255) - 127))
		}
		dims := []int64{}
		if len(steps) > 1 {
			dims = []int64{int64(len(steps))}
		}
		m.Inits = append(m.Inits, onnxtest.Raw(out+"_w", 3, []int64{channels, int64(inC), 3, 3}, w),
			onnxtest.F32(out+"_s", dims, steps...), onnxtest.Raw(out+"_z", 3, dims, zeros))
		n := add("DequantizeLinear", out+"_wd", out+"_w", out+"_s", out+"_z")
		if len(steps) > 1 {
			n.Attrs = []onnxtest.Attr{onnxtest.Int("axis", 0)}
		}
		add("Conv", out, in, out+"_wd").Attrs = []onnxtest.Attr{onnxtest.Ints("pads", 1, 1, 1, 1)}
	}
	conv("a", quantise("x", 0.03), 3, 0.0017)
	a := quantise("a", 0.11)
	conv("b", a, channels, 0.0011, 0.0013, 0.0019, 0.0023)
	b := quantise("b", 0.019)
	add("Add", "sum", a, b)
	sum := quantise("sum", 0.043)
	add("Mul", "product", sum, b)
	product := quantise("product", 0.029)
	conv("c", product, channels, 0.0007)
	add("Relu", "r", "c")
	n := add("Quant", "levels", "r", "s_levels", "none", "two_bits")
	n.Domain = "qonnx.custom_op.general"
	n.Attrs = []onnxtest.Attr{onnxtest.Int("signed", 0), onnxtest.Int("narrow", 0), onnxtest.String("rounding_mode", "ROUND")}
	conv("d", "levels", channels, 0.0031)
	d := quantise("d", 0.07)
	add("GlobalAveragePool", "mean", d)
	add("Identity", "y", quantise("mean", 0.013))
	path := filepath.Join(dir, "quantised.onnx")
	if err := os.WriteFile(path, m.Encode(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
