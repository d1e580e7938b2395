// Package onnxtest builds ONNX files by hand for tests: a few structs, encoded
// with protowire exactly as given, valid or not.
//
// It takes a Model and gives its bytes or a file. It checks nothing, so that tests
// can make hostile and damaged models. Only tests import it.
package onnxtest

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// Model is a ModelProto. Opset 0 means 13, -1 omits the import.
type Model struct {
	Opset   int64
	IR      int64 // version of the file format; 0 means 8
	Name    string
	Nodes   []Node
	Inits   []Tensor
	Inputs  []Value
	Outputs []Value
	Sparse  []Tensor // the values of sparse initializers
	Domains []string // further opset imports, version 1
}

// Node is a NodeProto.
type Node struct {
	Name, Op, Domain string
	In, Out          []string
	Attrs            []Attr
}

// Attr is an encoded AttributeProto; make one with the functions below.
type Attr []byte

// Value is a ValueInfoProto: Elem 0 means float32. A dimension is an int or
// int64 (its size), a string (a symbol) or nil (neither). Dims nil omits the
// shape; use []any{} for a scalar.
type Value struct {
	Name string
	Elem int
	Dims []any
}

// Tensor is an encoded TensorProto; make one with the functions below.
type Tensor []byte

// Encode gives the bytes of the model file.
func (m Model) Encode() []byte {
	var g []byte
	for _, n := range m.Nodes {
		g = bytesField(g, 1, n.encode())
	}
	g = bytesField(g, 2, []byte(m.Name))
	for _, t := range m.Inits {
		g = bytesField(g, 5, t)
	}
	for _, v := range m.Inputs {
		g = bytesField(g, 11, v.encode())
	}
	for _, v := range m.Outputs {
		g = bytesField(g, 12, v.encode())
	}
	for _, t := range m.Sparse {
		g = bytesField(g, 15, bytesField(nil, 1, t))
	}
	var b []byte
	if m.IR == 0 {
		m.IR = 8
	}
	b = intField(b, 1, m.IR)
	b = bytesField(b, 2, []byte("onnxtest"))
	b = bytesField(b, 7, g)
	opset := m.Opset
	if opset == 0 {
		opset = 13
	}
	if opset > 0 {
		b = bytesField(b, 8, intField(bytesField(nil, 1, nil), 2, opset))
	}
	for _, d := range m.Domains {
		b = bytesField(b, 8, intField(bytesField(nil, 1, []byte(d)), 2, 1))
	}
	return b
}

// Write puts the model into a new temporary folder as model.onnx and returns
// the file's path.
func (m Model) Write(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := os.WriteFile(path, m.Encode(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func (n Node) encode() []byte {
	var b []byte
	for _, s := range n.In {
		b = bytesField(b, 1, []byte(s))
	}
	for _, s := range n.Out {
		b = bytesField(b, 2, []byte(s))
	}
	b = bytesField(b, 3, []byte(n.Name))
	b = bytesField(b, 4, []byte(n.Op))
	for _, a := range n.Attrs {
		b = bytesField(b, 5, a)
	}
	if n.Domain != "" {
		b = bytesField(b, 7, []byte(n.Domain))
	}
	return b
}

func (v Value) encode() []byte {
	elem := v.Elem
	if elem == 0 {
		elem = 1
	}
	t := intField(nil, 1, int64(elem))
	if v.Dims != nil {
		var shape []byte
		for _, d := range v.Dims {
			var dim []byte
			switch d := d.(type) {
			case int:
				dim = intField(nil, 1, int64(d))
			case int64:
				dim = intField(nil, 1, d)
			case string:
				dim = bytesField(nil, 2, []byte(d))
			}
			shape = bytesField(shape, 1, dim)
		}
		t = bytesField(t, 2, shape)
	}
	return bytesField(bytesField(nil, 1, []byte(v.Name)), 2, bytesField(nil, 1, t))
}

func attr(name string, typ int64, value []byte) Attr {
	b := bytesField(nil, 1, []byte(name))
	return intField(append(b, value...), 20, typ)
}

// Int is an integer attribute.
func Int(name string, v int64) Attr { return attr(name, 2, intField(nil, 3, v)) }

// Float is a float attribute.
func Float(name string, v float32) Attr {
	b := protowire.AppendTag(nil, 2, protowire.Fixed32Type)
	return attr(name, 1, protowire.AppendFixed32(b, math.Float32bits(v)))
}

// String is a string attribute.
func String(name, v string) Attr { return attr(name, 3, bytesField(nil, 4, []byte(v))) }

// Ints is an integer list attribute, not packed.
func Ints(name string, vs ...int64) Attr {
	var b []byte
	for _, v := range vs {
		b = intField(b, 8, v)
	}
	return attr(name, 7, b)
}

// PackedInts is an integer list attribute, packed.
func PackedInts(name string, vs ...int64) Attr { return attr(name, 7, packedInts(8, vs)) }

// Floats is a float list attribute, not packed.
func Floats(name string, vs ...float32) Attr {
	var b []byte
	for _, v := range vs {
		b = protowire.AppendTag(b, 7, protowire.Fixed32Type)
		b = protowire.AppendFixed32(b, math.Float32bits(v))
	}
	return attr(name, 6, b)
}

// TensorAttr is a tensor attribute.
func TensorAttr(name string, t Tensor) Attr { return attr(name, 4, bytesField(nil, 5, t)) }

// Graph is a subgraph attribute holding an empty graph.
func Graph(name string) Attr { return attr(name, 5, bytesField(nil, 6, nil)) }

// F32 is a float32 tensor in raw_data.
func F32(name string, dims []int64, data ...float32) Tensor {
	var raw []byte
	for _, f := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return Raw(name, 1, dims, raw)
}

// I64 is an int64 tensor in raw_data.
func I64(name string, dims []int64, data ...int64) Tensor {
	var raw []byte
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
	}
	return Raw(name, 7, dims, raw)
}

// Raw is a tensor of element type elem (a TensorProto.DataType) in raw_data.
func Raw(name string, elem int, dims []int64, raw []byte) Tensor {
	return bytesField(header(name, elem, dims), 9, raw)
}

// Typed is a tensor whose data are in one of the typed fields: field is 4
// (float_data), 5 (int32_data), 7 (int64_data), 10 (double_data) or 11
// (uint64_data). Data are given as numbers and written packed or one by one.
func Typed(name string, elem int, dims []int64, field int, packed bool, data ...float64) Tensor {
	b := header(name, elem, dims)
	num := protowire.Number(field)
	one, typ := func(b []byte, v float64) []byte { return protowire.AppendVarint(b, uint64(int64(v))) }, protowire.VarintType
	switch field {
	case 4:
		one, typ = func(b []byte, v float64) []byte {
			return protowire.AppendFixed32(b, math.Float32bits(float32(v)))
		}, protowire.Fixed32Type
	case 10:
		one, typ = func(b []byte, v float64) []byte {
			return protowire.AppendFixed64(b, math.Float64bits(v))
		}, protowire.Fixed64Type
	}
	var body []byte
	for _, v := range data {
		if !packed {
			b = protowire.AppendTag(b, num, typ)
			b = one(b, v)
			continue
		}
		body = one(body, v)
	}
	if packed {
		b = bytesField(b, field, body)
	}
	return b
}

// External is a tensor whose data are in another file; entries are pairs of key
// and value such as "location", "weights.bin", "offset", "64".
func External(name string, elem int, dims []int64, entries ...string) Tensor {
	b := header(name, elem, dims)
	for i := 0; i+1 < len(entries); i += 2 {
		e := bytesField(nil, 1, []byte(entries[i]))
		b = bytesField(b, 13, bytesField(e, 2, []byte(entries[i+1])))
	}
	return intField(b, 14, 1)
}

func header(name string, elem int, dims []int64) []byte {
	b := packedInts(1, dims)
	b = intField(b, 2, int64(elem))
	return bytesField(b, 8, []byte(name))
}

func packedInts(num int, vs []int64) []byte {
	var body []byte
	for _, v := range vs {
		body = protowire.AppendVarint(body, uint64(v))
	}
	return bytesField(nil, num, body)
}

func intField(b []byte, num int, v int64) []byte {
	b = protowire.AppendTag(b, protowire.Number(num), protowire.VarintType)
	return protowire.AppendVarint(b, uint64(v))
}

func bytesField(b []byte, num int, v []byte) []byte {
	b = protowire.AppendTag(b, protowire.Number(num), protowire.BytesType)
	return protowire.AppendBytes(b, v)
}
