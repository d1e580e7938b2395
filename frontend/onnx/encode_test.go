package onnx_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/frontend/onnx"
	"hass/internal/test/onnxtest"
)

// exact compares models with their unexported data, floats by their bits.
var exact = cmp.Options{cmp.AllowUnexported(onnx.Tensor{}), cmp.Comparer(func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) })}

// handmade holds every part of a model that can be written.
func handmade() *onnx.Model {
	big := make([]float32, 3000) // large enough for a separate piece in the encoder
	for i := range big {
		big[i] = float32(i) / 7
	}
	return &onnx.Model{
		IRVersion: 8, Producer: "hass", Opsets: map[string]int64{"": 13, "com.example": 2, "a": 1},
		Metadata: map[string]string{"b": "2", "a": "", "": "no key", "thresholds": "$(x)\n\x00"},
		Graph: &onnx.Graph{
			Name: "g \"quoted\"\n",
			Nodes: []*onnx.Node{
				{Name: "n", Op: "Conv", Inputs: []string{"x", "", "w"}, Outputs: []string{"y", ""}, Attrs: []*onnx.Attr{
					{Name: "i", Type: onnx.AttrInt, I: math.MinInt64}, {Name: "f", Type: onnx.AttrFloat, F: float32(math.Copysign(0, -1))},
					{Name: "s", Type: onnx.AttrString, S: "ä\x00"}, {Name: "is", Type: onnx.AttrInts, Ints: []int64{1, -1, 0}},
					{Name: "fs", Type: onnx.AttrFloats, Floats: []float32{1, float32(math.Inf(-1)), float32(math.NaN())}},
					{Name: "ss", Type: onnx.AttrStrings, Strings: []string{"", "b"}}, {Name: "none", Type: onnx.AttrInts},
					{Name: "t", Type: onnx.AttrTensor, T: onnx.NewFloats("", nil, []float32{1})},
					{Name: "ref", Type: onnx.AttrInt, Ref: "outer"},
				}},
				{Op: "Thing", Domain: "com.example", Outputs: []string{"z"}},
			},
			Initializers: []*onnx.Tensor{
				onnx.NewFloats("w", []int64{3, 1000}, big), onnx.NewFloats("empty", []int64{0, 4}, nil), onnx.NewInts("scalar", onnx.Int64, nil, []int64{-5}),
				onnx.NewInts("i8", onnx.Int8, []int64{2}, []int64{-128, 127}), onnx.NewInts("u16", onnx.Uint16, []int64{1}, []int64{65535}),
				onnx.NewInts("b", onnx.Bool, []int64{2}, []int64{0, 1}),
			},
			Inputs: []*onnx.Value{
				{Name: "x", IsTensor: true, Elem: onnx.Float32, HasShape: true, Dims: []onnx.Dim{{Param: "N"}, {Value: 3, Known: true}, {}, {Known: true}}},
				{Name: "scalar input", IsTensor: true, Elem: onnx.Int64, HasShape: true}, {Name: "no shape", IsTensor: true, Elem: onnx.Bool}, {Name: "no type"},
			},
			Outputs: []*onnx.Value{{Name: "y", IsTensor: true, Elem: onnx.Float32, HasShape: true, Dims: []onnx.Dim{{Param: "N"}}}},
		},
	}
}

func TestEncodeRoundTrip(t *testing.T) {
	m := handmade()
	m.Graph.Nodes[0].Metadata = map[string]string{"hass.engine": "dense", "other": ""}
	data, err := onnx.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	back, err := onnx.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, back, exact); d != "" {
		t.Error(d)
	}
	for range 5 { // maps have no order
		if again, err := onnx.Encode(m); err != nil || !bytes.Equal(data, again) {
			t.Fatalf("two encodings differ (%v)", err)
		}
	}
	if cap(data) != len(data) {
		t.Errorf("%d bytes allocated for %d", cap(data), len(data))
	}
	i8, err := back.Graph.Initializers[3].Ints()
	if err != nil || !slices.Equal(i8, []int64{-128, 127}) {
		t.Errorf("int8 reads as %v, %v", i8, err)
	}
}

// TestEncodeTensorForms: data in typed fields are encoded in typed fields again.
func TestEncodeTensorForms(t *testing.T) {
	m := onnxtest.Model{Opset: 13, Inits: []onnxtest.Tensor{
		onnxtest.Typed("f", 1, []int64{2}, 4, false, 1, -2), onnxtest.Typed("h", 10, []int64{2}, 5, true, 1, 2), onnxtest.Typed("d", 11, []int64{2}, 10, false, 1, 2),
		onnxtest.Typed("i8", 3, []int64{2}, 5, true, -7, 8), onnxtest.Typed("i64", 7, []int64{1}, 7, true, -9), onnxtest.Typed("u32", 12, []int64{1}, 11, true, 4294967295),
		onnxtest.Typed("u64", 13, []int64{1}, 11, false, 9), onnxtest.Raw("raw", 16, []int64{2}, []byte{1, 2, 3, 4}), onnxtest.F32("none", []int64{0}),
	}}
	a, err := onnx.Decode(m.Encode())
	if err != nil {
		t.Fatal(err)
	}
	data, err := onnx.Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	b, err := onnx.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, b, exact); d != "" {
		t.Error(d)
	}
}

func TestEncodeErrors(t *testing.T) {
	for _, c := range []struct {
		want   string
		damage func(m *onnx.Model)
	}{
		{"holds no graph", func(m *onnx.Model) { m.Graph = nil }},
		{`function "a.f"`, func(m *onnx.Model) { m.Functions = []string{"a.f"} }},
		{`sparse initializer "s"`, func(m *onnx.Model) { m.Graph.Sparse = []string{"s"} }},
		{`node 0 ("n", Conv): attribute "i": values of type 5`, func(m *onnx.Model) { m.Graph.Nodes[0].Attrs[0].Type = onnx.AttrGraph }},
		{`attribute "i": it says tensor and holds none`, func(m *onnx.Model) { m.Graph.Nodes[0].Attrs[0].Type = onnx.AttrTensor }},
		{`tensor "w": dimensions [5] of float32 need 20 bytes`, func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{5} }},
		{`tensor "w": dimensions [-1] are negative`, func(m *onnx.Model) { m.Graph.Initializers[0].Dims = []int64{-1} }},
		{`tensor "s": element type string`, func(m *onnx.Model) { m.Graph.Initializers[0] = &onnx.Tensor{Name: "s", Type: 8} }},
		{`tensor "e": dimensions [2] need 2 elements, float_data has 0`, func(m *onnx.Model) {
			m.Graph.Initializers[0] = &onnx.Tensor{Name: "e", Type: onnx.Float32, Dims: []int64{2}}
		}},
	} {
		m := handmade()
		c.damage(m)
		if _, err := onnx.Encode(m); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
}

// TestEncodeTooLarge: a model beyond protobuf's limit is refused before it is put
// together; its tensors share their bytes here.
func TestEncodeTooLarge(t *testing.T) {
	w := onnx.NewFloats("w", []int64{1 << 24}, make([]float32, 1<<24))
	m := &onnx.Model{Graph: &onnx.Graph{}}
	for range 32 {
		m.Graph.Initializers = append(m.Graph.Initializers, w)
	}
	if _, err := onnx.Encode(m); err == nil || !strings.Contains(err.Error(), "2 GiB") {
		t.Errorf("error %v, want one with 2 GiB", err)
	}
}

// FuzzEncode: whatever is decoded and can be written comes back the same.
func FuzzEncode(f *testing.F) {
	data, err := onnx.Encode(handmade())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(sample().Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnx.Load(data, "")
		if err != nil {
			return
		}
		first, err := onnx.Encode(m)
		if err != nil {
			return
		}
		back, err := onnx.Decode(first)
		if err != nil {
			t.Fatalf("what was written does not read: %v", err)
		}
		second, err := onnx.Encode(back)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("written again it differs (%v)", err)
		}
	})
}
