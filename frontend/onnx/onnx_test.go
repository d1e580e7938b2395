package onnx_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/frontend/onnx"
	"hass/internal/test/onnxtest"
)

// tensor puts one initializer through an encoded model.
func tensor(t *testing.T, enc onnxtest.Tensor) *onnx.Tensor {
	t.Helper()
	m, err := onnx.Decode(onnxtest.Model{Inits: []onnxtest.Tensor{enc}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return m.Graph.Initializers[0]
}

func le16(v ...uint16) (b []byte) {
	for _, x := range v {
		b = binary.LittleEndian.AppendUint16(b, x)
	}
	return b
}

func TestFloatForms(t *testing.T) {
	var doubles []byte
	for _, v := range []float64{1.5, -2, 1e-3} {
		doubles = binary.LittleEndian.AppendUint64(doubles, math.Float64bits(v))
	}
	dims := []int64{3}
	for _, c := range []struct {
		name string
		enc  onnxtest.Tensor
		want []float32
	}{
		{"raw", onnxtest.F32("w", dims, 1.5, -2, 1e-3), []float32{1.5, -2, 1e-3}},
		{"float_data packed", onnxtest.Typed("w", 1, dims, 4, true, 1.5, -2, 1e-3), []float32{1.5, -2, 1e-3}},
		{"float_data one by one", onnxtest.Typed("w", 1, dims, 4, false, 1.5, -2, 1e-3), []float32{1.5, -2, 1e-3}},
		{"double raw", onnxtest.Raw("w", 11, dims, doubles), []float32{1.5, -2, 1e-3}},
		{"double_data packed", onnxtest.Typed("w", 11, dims, 10, true, 1.5, -2, 1e-3), []float32{1.5, -2, 1e-3}},
		{"double_data one by one", onnxtest.Typed("w", 11, dims, 10, false, 1.5, -2, 1e-3), []float32{1.5, -2, 1e-3}},
		// One, the largest half and the smallest subnormal.
		{"half raw", onnxtest.Raw("w", 10, dims, le16(0x3c00, 0x7bff, 0x8001)), []float32{1, 65504, -0x1p-24}},
		{"half in int32_data", onnxtest.Typed("w", 10, dims, 5, true, 0x3c00, 0x7bff, 0x0400), []float32{1, 65504, 0x1p-14}},
		{"bfloat16 raw", onnxtest.Raw("w", 16, dims, le16(0x3f80, 0xc040, 0)), []float32{1, -3, 0}},
		{"bfloat16 in int32_data", onnxtest.Typed("w", 16, dims, 5, false, 0x3f80, 0xc040, 0), []float32{1, -3, 0}},
		{"empty", onnxtest.F32("w", []int64{0}), []float32{}},
		{"scalar", onnxtest.F32("w", nil, 7), []float32{7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tensor(t, c.enc).Floats()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestHalfInfinityAndNaN(t *testing.T) {
	got, err := tensor(t, onnxtest.Raw("w", 10, []int64{3}, le16(0x7c00, 0xfc00, 0x7e00))).Floats()
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsInf(float64(got[0]), 1) || !math.IsInf(float64(got[1]), -1) || !math.IsNaN(float64(got[2])) {
		t.Errorf("got %v", got)
	}
}

func TestIntForms(t *testing.T) {
	dims := []int64{2}
	for _, c := range []struct {
		name string
		enc  onnxtest.Tensor
		want []int64
	}{
		{"int64 raw", onnxtest.I64("w", dims, -1, math.MaxInt64), []int64{-1, math.MaxInt64}},
		{"int64_data packed", onnxtest.Typed("w", 7, dims, 7, true, -5, 9), []int64{-5, 9}},
		{"int64_data one by one", onnxtest.Typed("w", 7, dims, 7, false, -5, 9), []int64{-5, 9}},
		{"uint64_data", onnxtest.Typed("w", 13, dims, 11, true, 5, 9), []int64{5, 9}},
		{"uint32_data", onnxtest.Typed("w", 12, dims, 11, false, 5, 4294967295), []int64{5, 4294967295}},
		{"int32_data", onnxtest.Typed("w", 6, dims, 5, true, -7, 8), []int64{-7, 8}},
		{"int8 in int32_data", onnxtest.Typed("w", 3, dims, 5, true, -128, 127), []int64{-128, 127}},
		{"bool in int32_data", onnxtest.Typed("w", 9, dims, 5, true, 0, 1), []int64{0, 1}},
		{"bool raw", onnxtest.Raw("w", 9, dims, []byte{0, 7}), []int64{0, 1}},
		{"int8 raw", onnxtest.Raw("w", 3, dims, []byte{0xff, 1}), []int64{-1, 1}},
		{"uint8 raw", onnxtest.Raw("w", 2, dims, []byte{0xff, 1}), []int64{255, 1}},
		{"int16 raw", onnxtest.Raw("w", 5, dims, le16(0xffff, 2)), []int64{-1, 2}},
		{"uint16 raw", onnxtest.Raw("w", 4, dims, le16(0xffff, 2)), []int64{65535, 2}},
		{"int32 raw", onnxtest.Raw("w", 6, dims, []byte{0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0}), []int64{-2, 1}},
		{"uint32 raw", onnxtest.Raw("w", 12, dims, []byte{0xfe, 0xff, 0xff, 0xff, 1, 0, 0, 0}), []int64{4294967294, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tensor(t, c.enc).Ints()
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTensorErrors(t *testing.T) {
	for _, c := range []struct {
		name, want string
		enc        onnxtest.Tensor
	}{
		{"raw too short", "need 16 bytes, raw data have 4", onnxtest.F32("w", []int64{2, 2}, 1)},
		{"typed too long", "need 1 elements, float_data has 2", onnxtest.Typed("w", 1, []int64{1}, 4, true, 1, 2)},
		{"negative", "are negative", onnxtest.F32("w", []int64{-1}, 1)},
		{"overflow", "absurdly large", onnxtest.F32("w", []int64{1 << 40, 1 << 40}, 1)},
		{"huge without data", "need 2000000000 elements, float_data has 0", onnxtest.Typed("w", 1, []int64{2000000000}, 4, true)},
		{"string", "has element type string, want floats", onnxtest.Raw("w", 8, []int64{1}, nil)},
		{"unknown type", "has element type data type 99", onnxtest.Raw("w", 99, []int64{1}, nil)},
		{"integers", "has element type int64, want floats", onnxtest.I64("w", []int64{1}, 1)},
		{"half pattern", "is no 16-bit pattern", onnxtest.Typed("w", 10, []int64{1}, 5, true, 70000)},
		{"external", "which was not loaded", onnxtest.External("w", 1, []int64{1}, "location", "x")},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tensor(t, c.enc).Floats()
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `"w"`) {
				t.Errorf("error %v, want one with %q naming the tensor", err, c.want)
			}
		})
	}
	if _, err := tensor(t, onnxtest.Typed("w", 3, []int64{1}, 5, true, 300)).Ints(); err == nil || !strings.Contains(err.Error(), "is outside int8") {
		t.Errorf("int8 of 300: %v", err)
	}
	if _, err := tensor(t, onnxtest.Raw("w", 13, []int64{1}, bytes.Repeat([]byte{255}, 8))).Ints(); err == nil || !strings.Contains(err.Error(), "larger than an int64") {
		t.Errorf("uint64 maximum: %v", err)
	}
}

func TestModel(t *testing.T) {
	src := onnxtest.Model{
		Opset: 17, Name: "net", Domains: []string{"com.example"},
		Nodes: []onnxtest.Node{{
			Name: "n", Op: "Conv", Domain: "ai.onnx", In: []string{"x", "", "b"}, Out: []string{"y"},
			Attrs: []onnxtest.Attr{
				onnxtest.Int("i", -3), onnxtest.Float("f", 0.5), onnxtest.String("s", "text"), onnxtest.Ints("is", 1, -1),
				onnxtest.PackedInts("packed", 1, -1), onnxtest.Floats("fs", 1, 2), onnxtest.TensorAttr("t", onnxtest.F32("v", nil, 1)),
				onnxtest.Graph("g"),
			},
		}},
		Inputs:  []onnxtest.Value{{Name: "x", Dims: []any{"N", 3, nil}}},
		Outputs: []onnxtest.Value{{Name: "y", Elem: 7}},
		Sparse:  []onnxtest.Tensor{onnxtest.F32("sp", nil, 1)},
	}
	m, err := onnx.Decode(src.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]int64{"": 17, "com.example": 1}, m.Opsets); d != "" {
		t.Error(d)
	}
	n := m.Graph.Nodes[0]
	n.Attrs[6].T = nil
	want := &onnx.Node{Name: "n", Op: "Conv", Inputs: []string{"x", "", "b"}, Outputs: []string{"y"}, Attrs: []*onnx.Attr{
		{Name: "i", Type: onnx.AttrInt, I: -3}, {Name: "f", Type: onnx.AttrFloat, F: 0.5}, {Name: "s", Type: onnx.AttrString, S: "text"},
		{Name: "is", Type: onnx.AttrInts, Ints: []int64{1, -1}}, {Name: "packed", Type: onnx.AttrInts, Ints: []int64{1, -1}},
		{Name: "fs", Type: onnx.AttrFloats, Floats: []float32{1, 2}}, {Name: "t", Type: onnx.AttrTensor}, {Name: "g", Type: onnx.AttrGraph},
	}}
	if d := cmp.Diff(want, n); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]onnx.Dim{{Param: "N"}, {Value: 3, Known: true}, {}}, m.Graph.Inputs[0].Dims); d != "" {
		t.Error(d)
	}
	if out := m.Graph.Outputs[0]; out.HasShape || out.Elem != onnx.Int64 {
		t.Errorf("output %+v", out)
	}
	if d := cmp.Diff([]string{"sp"}, m.Graph.Sparse); d != "" {
		t.Error(d)
	}
}

// TestTruncated cuts a model everywhere: a cut inside the graph must be noticed.
func TestTruncated(t *testing.T) {
	data := sample().Encode()
	for n := range data {
		m, err := onnx.Decode(data[:n])
		if err == nil && len(m.Graph.Initializers) != 1 {
			t.Fatalf("the first %d of %d bytes decode without an error", n, len(data))
		}
	}
}

func sample() onnxtest.Model {
	return onnxtest.Model{
		Nodes:   []onnxtest.Node{{Name: "n", Op: "Add", In: []string{"x", "w"}, Out: []string{"y"}, Attrs: []onnxtest.Attr{onnxtest.Ints("k", 1, 2)}}},
		Inits:   []onnxtest.Tensor{onnxtest.F32("w", []int64{2}, 1, 2)},
		Inputs:  []onnxtest.Value{{Name: "x", Dims: []any{"N", 2}}},
		Outputs: []onnxtest.Value{{Name: "y", Dims: []any{"N", 2}}},
	}
}

func TestDamaged(t *testing.T) {
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"empty", "holds no graph", nil},
		{"text", "not a readable ONNX model", []byte("<!DOCTYPE html><html>")},
		{"pointer", "git lfs pull", []byte("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")},
		{"wire type of a node", "wire type", []byte{0x3a, 2, 0x08, 1}},
		{"group", "which ONNX never uses", []byte{0x3b, 0x3c}},
		{"length beyond the end", "unexpected EOF", []byte{0x3a, 0xff, 0xff, 0xff, 0xff, 0x07}},
		{"two graphs", "holds two graphs", []byte{0x3a, 0, 0x3a, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := onnx.Decode(c.data)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func zip(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGzip(t *testing.T) {
	packed := zip(t, sample().Encode())
	if _, err := onnx.Load(packed, ""); err != nil {
		t.Errorf("gzip: %v", err)
	}
	if _, err := onnx.Load(packed[:len(packed)-9], ""); err == nil || !strings.Contains(err.Error(), "gzip") {
		t.Errorf("truncated gzip: %v", err)
	}
	bomb := zip(t, make([]byte, 80<<20))
	if _, err := onnx.Load(bomb, ""); err == nil || !strings.Contains(err.Error(), "decompression bomb") {
		t.Errorf("bomb of %d bytes: %v", len(bomb), err)
	}
}

func TestExternalData(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "model")
	secret := filepath.Join(top, "secret.bin")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
	raw := []byte{0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40} // 0, 1, 2
	must(os.WriteFile(secret, raw, 0o644))
	must(os.WriteFile(filepath.Join(dir, "sub", "w.bin"), raw, 0o644))
	must(os.Symlink("sub/w.bin", filepath.Join(dir, "inside.bin")))
	must(os.Symlink("../secret.bin", filepath.Join(dir, "leaves.bin")))
	for _, c := range []struct {
		name    string
		entries []string
		want    string // text of the error; "" if the data are valid
	}{
		{"offset", []string{"location", "sub/w.bin", "offset", "4", "length", "8"}, ""},
		{"offset alone", []string{"location", "sub/w.bin", "offset", "4"}, ""},
		{"link inside", []string{"location", "inside.bin", "offset", "4"}, ""},
		{"link that leaves", []string{"location", "leaves.bin", "offset", "4"}, "path escapes"},
		{"parent", []string{"location", "../secret.bin"}, "inside the model's folder"},
		{"hidden parent", []string{"location", "sub/../../secret.bin"}, "inside the model's folder"},
		{"absolute", []string{"location", secret}, "inside the model's folder"},
		{"no location", nil, "inside the model's folder"},
		{"folder", []string{"location", "sub"}, "not a regular file"},
		{"missing", []string{"location", "nothing.bin"}, "no such file"},
		{"beyond the end", []string{"location", "sub/w.bin", "offset", "8"}, "lie outside"},
		{"length", []string{"location", "sub/w.bin", "length", "12"}, "need 8 bytes, length says 12"},
		{"negative", []string{"location", "sub/w.bin", "offset", "-4"}, "is not a number"},
		{"absurd", []string{"location", "sub/w.bin", "offset", "99999999999999999999"}, "is not a number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onnxtest.Model{Inits: []onnxtest.Tensor{onnxtest.External("w", 1, []int64{2}, c.entries...)}}
			path := filepath.Join(dir, "m.onnx")
			must(os.WriteFile(path, m.Encode(), 0o644))
			got, err := onnx.Open(path)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), `tensor "w"`) || !strings.Contains(err.Error(), path) {
					t.Errorf("error %v, want one with %q, the tensor and the file", err, c.want)
				}
				return
			}
			must(err)
			w, err := got.Graph.Initializers[0].Floats()
			must(err)
			if d := cmp.Diff([]float32{1, 2}, w); d != "" {
				t.Error(d)
			}
		})
	}
	m := onnxtest.Model{Inits: []onnxtest.Tensor{onnxtest.External("w", 1, []int64{2}, "location", "w.bin")}}
	if _, err := onnx.Load(m.Encode(), ""); err == nil || !strings.Contains(err.Error(), "folder is unknown") {
		t.Errorf("external data without a folder: %v", err)
	}
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := onnx.Open(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("folder: %v", err)
	}
	if _, err := onnx.Open(filepath.Join(dir, "none.onnx")); err == nil || !strings.Contains(err.Error(), "none.onnx") {
		t.Errorf("missing file: %v", err)
	}
}

// FuzzDecode: no input makes the decoder or the readers of tensors panic.
func FuzzDecode(f *testing.F) {
	full := sample()
	full.Inits = append(full.Inits,
		onnxtest.Typed("h", 10, []int64{2}, 5, true, 1, 2), onnxtest.Typed("d", 11, []int64{2}, 10, false, 1, 2),
		onnxtest.I64("i", []int64{1}, 5), onnxtest.External("e", 1, []int64{1}, "location", "x"))
	full.Sparse = []onnxtest.Tensor{onnxtest.F32("s", nil, 1)}
	full.Nodes = append(full.Nodes, onnxtest.Node{Op: "If", Out: []string{"q"}, Attrs: []onnxtest.Attr{
		onnxtest.Graph("then"), onnxtest.Float("f", 1), onnxtest.String("s", "v"), onnxtest.Floats("fs", 1),
		onnxtest.PackedInts("p", 1, 2), onnxtest.TensorAttr("t", onnxtest.F32("v", nil, 1))}})
	data := full.Encode()
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Add([]byte{0x3a, 2, 0x2a, 0})
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := onnx.Load(data, "")
		if err != nil {
			return
		}
		for _, x := range m.Graph.Initializers {
			fl, err1 := x.Floats()
			in, err2 := x.Ints()
			if err1 == nil && err2 == nil {
				t.Errorf("tensor of type %v reads as floats and as integers", x.Type)
			}
			if n, err := x.Count(); err == nil && (err1 == nil && len(fl) != n || err2 == nil && len(in) != n) {
				t.Errorf("tensor %q has %d or %d elements, dimensions say %d", x.Name, len(fl), len(in), n)
			}
		}
	})
}
