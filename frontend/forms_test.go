package frontend

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/floatexec"
	"hass/internal/test/onnxtest"
)

// TestUnimported: QONNX's operators are read under all their domains where the model does not import them, with one warning a
// domain; a zero point and a width may be integers; of another domain the import is missing.
func TestUnimported(t *testing.T) {
	for _, domain := range []string{"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas", "com.example"} {
		for _, op := range []string{"Quant", "IntQuant"} {
			quant := func(out, in string) node {
				return node{Name: out, Op: op, Domain: domain, In: []string{in, "s", "z", "b"}, Out: []string{out}}
			}
			m := model{Nodes: []node{quant("a", "x"), quant("y", "a")},
				Inits:  []tens{onnxtest.F32("s", nil, 0.5), onnxtest.I64("z", nil, 1), onnxtest.I64("b", nil, 3)},
				Inputs: image("N", 1, 1, 4), Outputs: out("y")}
			g, err := Load(m.Write(t))
			if domain == "com.example" {
				if err == nil || !strings.Contains(err.Error(), `"com.example", which the model does not import`) {
					t.Errorf("%v", err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(g.Warnings) != 1 || !strings.Contains(g.Warnings[0], domain) {
				t.Errorf("warnings %q", g.Warnings)
			}
			_, got := evalModel(t, m, []float32{-9, 0.3, 0.75, 9})
			if d := cmp.Diff([]float32{-2.5, 0.5, 1, 1}, got); d != "" { // round(x/s)+1 within -4..3
				t.Error(d)
			}
		}
	}
}

// TestBipolar: BipolarQuant of data and of weights is the scale with the sign of the number, 0 counting as positive.
func TestBipolar(t *testing.T) {
	bipolar := func(out, in string) node {
		return node{Op: "BipolarQuant", Domain: "qonnx.custom_op.general", In: []string{in, "s"}, Out: []string{out}}
	}
	m := model{Nodes: []node{bipolar("wq", "w"), bipolar("a", "x"), {Op: "Conv", In: []string{"a", "wq"}, Out: []string{"y"}}},
		Inits:  []tens{onnxtest.F32("s", nil, 0.5), onnxtest.F32("w", []int64{2, 2, 1, 1}, 0, -3, 0.1, 7)},
		Inputs: image("N", 2, 1, 2), Outputs: out("y"), Domains: []string{"qonnx.custom_op.general"}}
	g, err := Load(m.Write(t)) // evalModel would read the export back, which holds operators for ONNX Runtime alone
	if err != nil {
		t.Fatal(err)
	}
	e, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	outs, err := e.Run([][]float32{{-9, 0, float32(math.Copysign(0, -1)), -0.1}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	// data -.5 +.5 and +.5 -.5; filters (+.5 -.5) and (+.5 +.5)
	if d := cmp.Diff([]float32{-0.5, 0.5, 0, 0}, outs[0]); d != "" {
		t.Error(d)
	}
	if w := g.Consts[g.Nodes[len(g.Nodes)-1].Inputs[1]]; w.Grid == nil || w.Grid.Bits != 2 || w.Grid.Scale[0] != 0.5 {
		t.Errorf("grid %+v", w.Grid)
	}
}

// TestChannelsLastDomain: QONNX's operators over maps with their channels last give what ONNX's give between transposes.
func TestChannelsLastDomain(t *testing.T) {
	const domain = "qonnx.custom_op.channels_last"
	weights := ramp(2 * 2 * 2 * 3) // [F,KH,KW,C] = [2,2,2,3]
	first := make([]float32, len(weights))
	for f := range 2 {
		for k := range 4 {
			for c := range 3 {
				first[(f*3+c)*4+k] = weights[(f*4+k)*3+c]
			}
		}
	}
	bn := []tens{onnxtest.F32("g", []int64{2}, 2, 0.5), onnxtest.F32("b", []int64{2}, 1, -1), onnxtest.F32("m", []int64{2}, 0.5, 0.25), onnxtest.F32("v", []int64{2}, 4, 1)}
	pool := onnxtest.Ints("kernel_shape", 2, 2)
	last := model{Nodes: []node{
		{Op: "Conv", Domain: domain, In: []string{"x", "w"}, Out: []string{"c"}},
		{Op: "BatchNormalization", Domain: domain, In: []string{"c", "g", "b", "m", "v"}, Out: []string{"n"}},
		{Op: "Relu", In: []string{"n"}, Out: []string{"r"}},
		{Op: "MaxPool", Domain: domain, In: []string{"r"}, Out: []string{"y"}, Attrs: []at{pool}},
	}, Inits: append([]tens{onnxtest.F32("w", []int64{2, 2, 2, 3}, weights...)}, bn...), Inputs: image("N", 4, 5, 3), Outputs: out("y"), Domains: []string{domain}}
	to := node{Op: "Transpose", In: []string{"x"}, Out: []string{"t"}, Attrs: []at{onnxtest.Ints("perm", 0, 3, 1, 2)}}
	back := node{Op: "Transpose", In: []string{"p"}, Out: []string{"y"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 3, 1)}}
	plain := last
	plain.Domains = nil
	plain.Nodes = []node{to,
		{Op: "Conv", In: []string{"t", "w"}, Out: []string{"c"}},
		{Op: "BatchNormalization", In: []string{"c", "g", "b", "m", "v"}, Out: []string{"n"}},
		{Op: "Relu", In: []string{"n"}, Out: []string{"r"}},
		{Op: "MaxPool", In: []string{"r"}, Out: []string{"p"}, Attrs: []at{pool}}, back}
	plain.Inits = append([]tens{onnxtest.F32("w", []int64{2, 3, 2, 2}, first...)}, bn...)
	x := ramp(4 * 5 * 3)
	wantShape, want := evalModel(t, plain, x)
	gotShape, got := evalModel(t, last, x)
	if d := cmp.Diff(wantShape, gotShape) + cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
