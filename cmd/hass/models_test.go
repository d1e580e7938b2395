package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"strings"

	"hass/internal/test/onnxtest"
)

type (
	model = onnxtest.Model
	node  = onnxtest.Node
	value = onnxtest.Value
	tens  = onnxtest.Tensor
	at    = onnxtest.Attr
)

// values is a constant of seeded values in -0.5..0.5.
func values(name string, dims ...int64) tens {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	data := make([]float32, n)
	x := uint32(7)
	for i := range data {
		x = x*1664525 + 1013904223
		data[i] = float32(x>>16)/65536 - 0.5
	}
	return onnxtest.F32(name, dims, data...)
}

func image(dims ...any) []value { return []value{{Name: "x", Dims: append([]any{"N"}, dims...)}} }
func out(names ...string) (v []value) {
	for _, n := range names {
		v = append(v, value{Name: n})
	}
	return v
}

// tiny is a residual block and a classifier of four classes on 3x8x8 images.
func tiny() model {
	pad := onnxtest.Ints("pads", 1, 1, 1, 1)
	return model{
		Name: "tiny",
		Nodes: []node{
			{Name: "c1", Op: "Conv", In: []string{"x", "w1", "b1"}, Out: []string{"a"}, Attrs: []at{pad}},
			{Name: "r1", Op: "Relu", In: []string{"a"}, Out: []string{"b"}},
			{Name: "c2", Op: "Conv", In: []string{"b", "w2"}, Out: []string{"c"}, Attrs: []at{pad}},
			{Name: "add", Op: "Add", In: []string{"c", "b"}, Out: []string{"d"}},
			{Name: "r2", Op: "Relu", In: []string{"d"}, Out: []string{"e"}},
			{Name: "gap", Op: "GlobalAveragePool", In: []string{"e"}, Out: []string{"f"}},
			{Name: "flat", Op: "Flatten", In: []string{"f"}, Out: []string{"g"}},
			{Name: "fc", Op: "Gemm", In: []string{"g", "w3"}, Out: []string{"y"}, Attrs: []at{onnxtest.Int("transB", 1)}},
		},
		Inits:   []tens{values("w1", 4, 3, 3, 3), values("b1", 4), values("w2", 4, 4, 3, 3), values("w3", 4, 4)},
		Inputs:  image(3, 8, 8),
		Outputs: out("y"),
	}
}

// one is tiny's first convolution with something changed.
func one(change func(*model)) func() model {
	return func() model {
		m := model{
			Name:    "one",
			Nodes:   []node{{Name: "c1", Op: "Conv", In: []string{"x", "w1", "b1"}, Out: []string{"y"}}},
			Inits:   []tens{values("w1", 4, 3, 3, 3), values("b1", 4)},
			Inputs:  image(3, 8, 8),
			Outputs: out("y"),
		}
		change(&m)
		return m
	}
}

func external(entries ...string) func() model {
	return one(func(m *model) { m.Inits[0] = onnxtest.External("w1", 1, []int64{4, 3, 3, 3}, entries...) })
}

// hostileNames break out of strings, comments, lists and command lines of every
// language that is generated.
var hostileNames = []string{
	`say "hi"; exit 1`, `$(touch pwned)`, "`touch pwned`", `*/ int main(){} /*`, `]; exec touch pwned; #[`,
	`${PATH}\`, `'); import os #`, `</script>`, "käse…\u202e\u2028", `..\..\x%s%n`, `{unbalanced`, `a//b`, `\u0022\x41`,
	"two\nlines\r\x1b[31m", "nul\x00byte",
}

var models = map[string]func() model{
	"tiny": tiny,
	"one":  one(func(*model) {}),
	"other": func() model { // tiny with other weights
		m := tiny()
		m.Inits[1] = onnxtest.F32("b1", []int64{4}, 1, 2, 3, 4)
		return m
	},
	"two-outputs": func() model {
		m := tiny()
		m.Outputs = out("y", "b", `out/"3"`)
		m.Nodes = append(m.Nodes, node{Name: "sm", Op: "Softmax", In: []string{"y"}, Out: []string{`out/"3"`}})
		return m
	},
	"fan": func() model { // a tensor that more layers read than a process has FIFOs
		m := tiny()
		sum := "c"
		for i := range 70 {
			next := fmt.Sprintf("sum%d", i)
			m.Nodes = append(m.Nodes, node{Name: next, Op: "Add", In: []string{sum, "b"}, Out: []string{next}})
			sum = next
		}
		m.Outputs = out(sum)
		return m
	},
	"argmax": func() model {
		m := tiny()
		m.Nodes = append(m.Nodes, node{Name: "best", Op: "ArgMax", In: []string{"y"}, Out: []string{"z"}, Attrs: []at{onnxtest.Int("axis", 1)}})
		m.Outputs = []value{{Name: "z", Elem: 7}}
		return m
	},
	"hostile-names": func() model {
		m := tiny()
		m.Name = hostileNames[0] + hostileNames[1]
		rename := map[string]string{}
		next := 0
		name := func(s string) string {
			if rename[s] == "" {
				rename[s] = hostileNames[next%len(hostileNames)] + strings.Repeat("'", next/len(hostileNames))
				next++
			}
			return rename[s]
		}
		for i := range m.Nodes {
			n := &m.Nodes[i]
			n.Name = name("node " + n.Name)
			n.In, n.Out = append([]string(nil), n.In...), append([]string(nil), n.Out...)
			for k, v := range n.In {
				if !strings.HasPrefix(v, "w") && !strings.HasPrefix(v, "b1") {
					n.In[k] = name(v)
				}
			}
			for k, v := range n.Out {
				n.Out[k] = name(v)
			}
		}
		m.Inputs[0].Name, m.Outputs[0].Name = name("x"), name("y")
		return m
	},

	"rows": func() model { // outputs whose first axis is no batch, and one number
		m := tiny()
		shape := func(name string, to ...int64) tens { return onnxtest.I64(name, []int64{int64(len(to))}, to...) }
		m.Inits = append(m.Inits, shape("rows shape", 4, 64), shape("list shape", -1))
		m.Nodes = append(m.Nodes[:5:5],
			node{Name: "rows", Op: "Reshape", In: []string{"e", "rows shape"}, Out: []string{"rows"}},
			node{Name: "axis2", Op: "Flatten", In: []string{"e"}, Out: []string{"axis2"}, Attrs: []at{onnxtest.Int("axis", 2)}},
			node{Name: "best", Op: "ArgMax", In: []string{"e"}, Out: []string{"best"}, Attrs: []at{onnxtest.Int("axis", 1), onnxtest.Int("keepdims", 0)}},
			node{Name: "kept", Op: "ArgMax", In: []string{"e"}, Out: []string{"kept"}, Attrs: []at{onnxtest.Int("axis", 1)}},
			node{Name: "prob", Op: "Softmax", In: []string{"rows"}, Out: []string{"prob"}, Attrs: []at{onnxtest.Int("axis", 0)}},
			node{Name: "list", Op: "Reshape", In: []string{"prob", "list shape"}, Out: []string{"list"}},
			node{Name: "top", Op: "ArgMax", In: []string{"list"}, Out: []string{"top"}, Attrs: []at{onnxtest.Int("keepdims", 0)}},
		)
		m.Outputs = out("rows", "axis2", "best", "kept", "prob", "list", "top")
		return m
	},
	"vector": func() model {
		return model{
			Nodes:   []node{{Name: "fc", Op: "Gemm", In: []string{"x", "w"}, Out: []string{"y"}}},
			Inits:   []tens{values("w", 16, 4)},
			Inputs:  image(16),
			Outputs: out("y"),
		}
	},
	"open": func() model {
		return model{
			Nodes:  []node{{Name: "c1", Op: "Conv", In: []string{"x", "w1"}, Out: []string{"a"}}, {Name: "gap", Op: "GlobalAveragePool", In: []string{"a"}, Out: []string{"y"}}},
			Inits:  []tens{values("w1", 4, 3, 3, 3)},
			Inputs: image(3, "H", "W"), Outputs: out("y"),
		}
	},
	"tail": func() model {
		return model{
			Nodes: []node{{Name: "c1", Op: "Conv", In: []string{"x", "w1"}, Out: []string{"a"}},
				{Name: "t", Op: "Transpose", In: []string{"a"}, Out: []string{"b"}, Attrs: []at{onnxtest.Ints("perm", 0, 2, 3, 1)}},
				{Name: "e", Op: "Softmax", In: []string{"b"}, Out: []string{"y"}}},
			Inits:  []tens{values("w1", 4, 3, 3, 3)},
			Inputs: image(3, 8, 8), Outputs: out("y"),
		}
	},
	"newer": one(func(m *model) { m.Opset = 99 }),
	"quotient": func() model { // 0/0 where the scores are 0
		m := tiny()
		m.Nodes = append(m.Nodes, node{Name: "q", Op: "Div", In: []string{"y", "y"}, Out: []string{"z"}})
		m.Outputs = out("z")
		return m
	},

	// Well-formed files with something wrong.
	"cycle": one(func(m *model) {
		m.Nodes = append(m.Nodes, node{Name: "r1", Op: "Relu", In: []string{"q"}, Out: []string{"p"}}, node{Name: "r2", Op: "Relu", In: []string{"p"}, Out: []string{"q"}})
		m.Outputs = out("y", "q")
	}),
	"self": one(func(m *model) {
		m.Nodes = append(m.Nodes, node{Name: "r1", Op: "Relu", In: []string{"q"}, Out: []string{"q"}})
		m.Outputs = out("q")
	}),
	"dangling":        one(func(m *model) { m.Nodes[0].In[0] = "nowhere" }),
	"dangling-output": one(func(m *model) { m.Outputs = out("nowhere") }),
	"twice":           one(func(m *model) { m.Nodes = append(m.Nodes, m.Nodes[0]) }),
	"no-output":       one(func(m *model) { m.Outputs = nil }),
	"no-input":        one(func(m *model) { m.Inputs = nil }),
	"no-nodes":        one(func(m *model) { m.Nodes, m.Outputs = nil, out("x") }),
	"two-inputs": one(func(m *model) {
		m.Inputs = append(m.Inputs, value{Name: "x2", Dims: []any{1, 4, 6, 6}})
		m.Nodes = append(m.Nodes, node{Name: "a", Op: "Add", In: []string{"y", "x2"}, Out: []string{"z"}})
		m.Outputs = out("z")
	}),
	"huge-weights": one(func(m *model) {
		m.Inits[0] = onnxtest.Raw("w1", 1, []int64{1 << 40, 1 << 40, 3, 3}, make([]byte, 432))
	}),
	"short-weights":    one(func(m *model) { m.Inits[0] = onnxtest.Raw("w1", 1, []int64{4, 3, 3, 3}, make([]byte, 100)) }),
	"negative-weights": one(func(m *model) { m.Inits[0] = onnxtest.Raw("w1", 1, []int64{-4, 3, 3, 3}, make([]byte, 432)) }),
	"huge-input":       one(func(m *model) { m.Inputs = image(3, 1<<40, 1<<40) }),
	"large-input":      one(func(m *model) { m.Inputs = image(3, 1<<20, 1<<20) }),
	"zero-input":       one(func(m *model) { m.Inputs = image(3, 0, 8) }),
	"negative-input":   one(func(m *model) { m.Inputs = image(3, -8, 8) }),
	"open-input":       one(func(m *model) { m.Inputs = image(3, "H", "W") }),
	"huge-pads":        one(func(m *model) { m.Nodes[0].Attrs = []at{onnxtest.Ints("pads", 1<<40, 1<<40, 1<<40, 1<<40)} }),
	"large-pads":       one(func(m *model) { m.Nodes[0].Attrs = []at{onnxtest.Ints("pads", 1<<15, 1<<15, 1<<15, 1<<15)} }),
	"zero-stride":      one(func(m *model) { m.Nodes[0].Attrs = []at{onnxtest.Ints("strides", 0, 0)} }),
	"negative-stride":  one(func(m *model) { m.Nodes[0].Attrs = []at{onnxtest.Ints("strides", -1, 1)} }),
	"wide-kernel":      one(func(m *model) { m.Inputs = image(3, 2, 2) }),
	"channels":         one(func(m *model) { m.Inputs = image(5, 8, 8) }),
	"bias-length":      one(func(m *model) { m.Inits[1] = values("b1", 5) }),
	"groups":           one(func(m *model) { m.Nodes[0].Attrs = []at{onnxtest.Int("group", 0)} }),
	"nan":              one(func(m *model) { m.Inits[1] = onnxtest.F32("b1", []int64{4}, 0, float32(math.NaN()), 0, 0) }),
	"inf":              one(func(m *model) { m.Inits[1] = onnxtest.F32("b1", []int64{4}, 0, 0, float32(math.Inf(-1)), 0) }),
	"int-weights":      one(func(m *model) { m.Inits[0] = onnxtest.I64("w1", []int64{4, 3, 3, 3}, make([]int64, 108)...) }),
	"string-weights":   one(func(m *model) { m.Inits[0] = onnxtest.Raw("w1", 8, []int64{4, 3, 3, 3}, make([]byte, 432)) }),
	"unknown-type":     one(func(m *model) { m.Inits[0] = onnxtest.Raw("w1", 99, []int64{4, 3, 3, 3}, make([]byte, 432)) }),
	"string-pads":      one(func(m *model) { m.Nodes[0].Attrs = []at{onnxtest.String("pads", "1 1 1 1")} }),
	"int-input":        one(func(m *model) { m.Inputs[0].Elem = 7 }),
	"rank":             one(func(m *model) { m.Inputs = image(3, 8) }),
	"overflow": one(func(m *model) { // two BatchNormalizations whose product is no float32
		m.Nodes = append(m.Nodes, node{Name: "bn", Op: "BatchNormalization", In: []string{"y", "s", "z", "z", "v"}, Out: []string{"q"}})
		m.Inits = append(m.Inits, onnxtest.F32("s", []int64{4}, 1e38, 1e38, 1e38, 1e38), onnxtest.F32("z", []int64{4}, 0, 0, 0, 0), onnxtest.F32("v", []int64{4}, 1e-30, 1e-30, 1e-30, 1e-30))
		m.Outputs = out("q")
	}),
	"unsupported": one(func(m *model) {
		m.Nodes = append(m.Nodes,
			node{Name: "lstm", Op: "LSTM", In: []string{"y"}, Out: []string{"l"}},
			node{Name: "ein\nsum", Op: "Einsum", In: []string{"y"}, Out: []string{"e"}},
			node{Name: "gelu", Op: "Gelu", Domain: "com.microsoft", In: []string{"y"}, Out: []string{"g"}},
			node{Name: "top", Op: "TopK", In: []string{"y"}, Out: []string{"t"}},
			node{Name: "loop", Op: "Loop", In: []string{"y"}, Out: []string{"p"}},
		)
		m.Domains = []string{"com.microsoft"}
		m.Outputs = out("l", "e", "g", "t", "p")
	}),
	"depthwise": func() model { // and a convolution in two groups
		m := tiny()
		m.Nodes[2].Attrs = append(m.Nodes[2].Attrs, onnxtest.Int("group", 4))
		m.Inits[2] = values("w2", 4, 1, 3, 3)
		m.Nodes = append(m.Nodes[:5:5], append([]node{
			{Name: "dw2", Op: "Conv", In: []string{"e", "w4"}, Out: []string{"e2"}, Attrs: []at{onnxtest.Int("group", 2)}},
		}, m.Nodes[5:]...)...)
		m.Nodes[6].In = []string{"e2"}
		m.Inits = append(m.Inits, values("w4", 4, 2, 1, 1))
		return m
	},
	"float-only": func() model {
		m := tiny()
		m.Nodes[3].Op = "Div"
		m.Nodes = append(m.Nodes[:5:5], append([]node{{Name: "turned", Op: "Transpose", In: []string{"e"}, Out: []string{"e2"}, Attrs: []at{onnxtest.Ints("perm", 0, 1, 3, 2)}},
			{Name: "c3", Op: "Conv", In: []string{"e2", "w2"}, Out: []string{"e3"}}}, m.Nodes[5:]...)...)
		m.Nodes[7].In = []string{"e3"}
		return m
	},
	"gated": func() model { // the operators of a MobileNetV3 block besides depthwise convolutions
		m := tiny()
		m.Nodes[1].Op, m.Nodes[4].Op = "HardSwish", "Sigmoid"
		m.Opset = 14
		m.Nodes = append(m.Nodes[:5:5], append([]node{
			{Name: "mean", Op: "GlobalAveragePool", In: []string{"e"}, Out: []string{"s1"}},
			{Name: "gate", Op: "HardSigmoid", In: []string{"s1"}, Out: []string{"s2"}},
			{Name: "scale", Op: "Mul", In: []string{"e", "s2"}, Out: []string{"e2"}},
		}, m.Nodes[5:]...)...)
		m.Nodes[8].In = []string{"e2"}
		return m
	},

	"external-absolute": external("location", "/etc/passwd"),
	"external-up":       external("location", "../secret.bin"),
	"external-inside":   external("location", "w.bin"),
	"external-link":     external("location", "link.bin"),
	"external-dir":      external("location", "sub"),
	"external-missing":  external("location", "none.bin"),
	"external-offset":   external("location", "w.bin", "offset", "1000000"),
	"external-negative": external("location", "w.bin", "offset", "-4"),
	"external-length":   external("location", "w.bin", "length", "4"),
}

// damaged are files that are no model.
var damaged = map[string]func() []byte{
	"empty":     func() []byte { return nil },
	"text":      func() []byte { return []byte("this is not a model\n") },
	"truncated": func() []byte { b := tiny().Encode(); return b[:len(b)/2] },
	"lying": func() []byte {
		return append(tiny().Encode(), 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)
	},
	"overlong": func() []byte { return bytes.Repeat([]byte{0xff}, 64) },
	"groups3": func() []byte { // a deep nest of group tags
		return bytes.Repeat([]byte{0x0b}, 1<<20)
	},
	"nested": func() []byte { // graph attributes within graph attributes
		b := []byte{}
		for range 2000 {
			b = append(field(7, b)[:0:0], field(7, field(1, field(5, append(field(6, b), 0xa0, 0x01, 0x05))))...)
		}
		return b
	},
	"short-gzip": func() []byte { b := gzipped(tiny().Encode()); return b[:len(b)/2] },
	"bomb":       func() []byte { return gzipped(make([]byte, 80<<20)) },
}

// field is a length-delimited protobuf field.
func field(num byte, b []byte) []byte {
	n, h := len(b), []byte{num<<3 | 2}
	for ; n >= 0x80; n >>= 7 {
		h = append(h, byte(n)|0x80)
	}
	return append(append(h, byte(n)), b...)
}

func gzipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	return b.Bytes()
}
