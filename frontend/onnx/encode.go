package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Encode writes a ModelProto. The same model gives the same bytes, and Decode
// reads the model back. It is an error if a Model does not hold all of its
// content (sparse initializers, functions, subgraphs, external data that were
// not loaded), if a tensor's data do not fit its dimensions, or if the model
// exceeds protobuf's 2 GiB. No large memory is allocated before these checks.
func Encode(m *Model) ([]byte, error) {
	if m.Graph == nil {
		return nil, errors.New("writing ONNX: the model holds no graph")
	}
	if len(m.Functions) > 0 {
		return nil, fmt.Errorf("writing ONNX: function %q cannot be written", m.Functions[0])
	}
	graph, err := encodeGraph(m.Graph)
	if err != nil {
		return nil, fmt.Errorf("writing ONNX: %w", err)
	}
	var b message
	b.int(1, m.IRVersion)
	b.optional(2, m.Producer)
	b.message(7, graph)
	for _, domain := range slices.Sorted(maps.Keys(m.Opsets)) {
		var o message
		o.optional(1, domain)
		o.int(2, m.Opsets[domain])
		b.message(8, &o)
	}
	b.entries(14, m.Metadata)
	if n := b.size(); n > maxFile {
		return nil, fmt.Errorf("writing ONNX: %d bytes are more than a protobuf file can have (2 GiB)", n)
	}
	return b.flat(), nil
}

// message is a protobuf message as pieces, so that the weights of a large model
// are copied once and not at every level of nesting.
type message struct {
	parts [][]byte // before last
	held  int64    // bytes in parts
	last  []byte
}

// pieceSize is the size from which on a field becomes its own piece.
const pieceSize = 4096

func (b *message) size() int64 { return b.held + int64(len(b.last)) }

func (b *message) flat() []byte {
	out := make([]byte, 0, b.size())
	for _, p := range b.parts {
		out = append(out, p...)
	}
	return append(out, b.last...)
}

// piece appends bytes without copying them.
func (b *message) piece(p []byte) {
	if len(b.last) > 0 {
		b.parts, b.held = append(b.parts, b.last), b.held+int64(len(b.last))
		b.last = nil
	}
	b.parts, b.held = append(b.parts, p), b.held+int64(len(p))
}

func (b *message) int(num protowire.Number, v int64) {
	b.last = protowire.AppendTag(b.last, num, protowire.VarintType)
	b.last = protowire.AppendVarint(b.last, uint64(v))
}

func (b *message) float(num protowire.Number, v float32) {
	b.last = protowire.AppendTag(b.last, num, protowire.Fixed32Type)
	b.last = protowire.AppendFixed32(b.last, math.Float32bits(v))
}

func (b *message) str(num protowire.Number, s string) {
	b.last = protowire.AppendTag(b.last, num, protowire.BytesType)
	b.last = protowire.AppendString(b.last, s)
}

// optional leaves an empty string out.
func (b *message) optional(num protowire.Number, s string) {
	if s != "" {
		b.str(num, s)
	}
}

func (b *message) bytes(num protowire.Number, v []byte) {
	b.last = protowire.AppendTag(b.last, num, protowire.BytesType)
	if len(v) < pieceSize {
		b.last = protowire.AppendBytes(b.last, v)
		return
	}
	b.last = protowire.AppendVarint(b.last, uint64(len(v)))
	b.piece(v)
}

func (b *message) message(num protowire.Number, m *message) {
	b.last = protowire.AppendTag(b.last, num, protowire.BytesType)
	b.last = protowire.AppendVarint(b.last, uint64(m.size()))
	for _, p := range m.parts {
		b.piece(p)
	}
	b.last = append(b.last, m.last...)
}

// entries writes a map as StringStringEntryProto messages, by key.
func (b *message) entries(num protowire.Number, m map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		var e message
		e.str(1, key)
		e.str(2, m[key])
		b.message(num, &e)
	}
}

func encodeGraph(g *Graph) (*message, error) {
	if len(g.Sparse) > 0 {
		return nil, fmt.Errorf("sparse initializer %q cannot be written", g.Sparse[0])
	}
	b := &message{}
	for i, n := range g.Nodes {
		m, err := encodeNode(n)
		if err != nil {
			return nil, fmt.Errorf("node %d (%q, %s): %w", i, n.Name, n.Op, err)
		}
		b.message(1, m)
	}
	b.optional(2, g.Name)
	for _, t := range g.Initializers {
		m, err := encodeTensor(t)
		if err != nil {
			return nil, fmt.Errorf("initializer: %w", err)
		}
		b.message(5, m)
	}
	for _, v := range g.Inputs {
		b.message(11, encodeValue(v))
	}
	for _, v := range g.Outputs {
		b.message(12, encodeValue(v))
	}
	return b, nil
}

func encodeNode(n *Node) (*message, error) {
	b := &message{}
	for _, s := range n.Inputs {
		b.str(1, s)
	}
	for _, s := range n.Outputs {
		b.str(2, s)
	}
	b.optional(3, n.Name)
	b.str(4, n.Op)
	for _, a := range n.Attrs {
		m, err := encodeAttr(a)
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", a.Name, err)
		}
		b.message(5, m)
	}
	b.optional(7, n.Domain)
	b.entries(9, n.Metadata)
	return b, nil
}

// encodeAttr writes lists as one field per number, as the schema of ONNX does.
func encodeAttr(a *Attr) (*message, error) {
	b := &message{}
	b.str(1, a.Name)
	switch {
	case a.Ref != "": // its value is that of the function's caller
	case a.Type == AttrFloat:
		b.float(2, a.F)
	case a.Type == AttrInt:
		b.int(3, a.I)
	case a.Type == AttrString:
		b.str(4, a.S)
	case a.Type == AttrTensor:
		if a.T == nil {
			return nil, errors.New("it says tensor and holds none")
		}
		t, err := encodeTensor(a.T)
		if err != nil {
			return nil, err
		}
		b.message(5, t)
	case a.Type == AttrFloats:
		for _, v := range a.Floats {
			b.float(7, v)
		}
	case a.Type == AttrInts:
		for _, v := range a.Ints {
			b.int(8, v)
		}
	case a.Type == AttrStrings:
		for _, v := range a.Strings {
			b.str(9, v)
		}
	default:
		return nil, fmt.Errorf("values of type %d cannot be written", a.Type)
	}
	b.int(20, int64(a.Type))
	b.optional(21, a.Ref)
	return b, nil
}

// encodeTensor writes the data in the tensor's own form: raw bytes (also for
// external data), or the numbers of its type.
func encodeTensor(t *Tensor) (*message, error) {
	if dataTypes[t.Type].size == 0 {
		return nil, fmt.Errorf("tensor %q: element type %v cannot be written", t.Name, t.Type)
	}
	b := &message{}
	for _, d := range t.Dims {
		b.int(1, d)
	}
	b.int(2, int64(t.Type))
	var packed []byte
	num, have, where := protowire.Number(9), 0, "raw_data"
	switch {
	case t.hasRaw:
		packed = t.raw
	case t.Type == Float32:
		num, have, where = 4, len(t.floats), "float_data"
		for _, v := range t.floats {
			packed = protowire.AppendFixed32(packed, math.Float32bits(v))
		}
	case t.Type == Float64:
		num, have, where = 10, len(t.doubles), "double_data"
		for _, v := range t.doubles {
			packed = protowire.AppendFixed64(packed, math.Float64bits(v))
		}
	default:
		src := t.ints32
		num, where = 5, "int32_data"
		switch t.Type {
		case Int64:
			num, src, where = 7, t.ints64, "int64_data"
		case Uint32, Uint64:
			num, src, where = 11, t.ints64, "uint64_data"
		}
		have = len(src)
		for _, v := range src {
			packed = protowire.AppendVarint(packed, uint64(v))
		}
	}
	if _, err := t.check(have, where); err != nil {
		return nil, err
	}
	b.optional(8, t.Name)
	if t.hasRaw || len(packed) > 0 {
		b.bytes(num, packed)
	}
	return b, nil
}

func encodeValue(v *Value) *message {
	b := &message{}
	b.str(1, v.Name)
	if !v.IsTensor {
		return b
	}
	var tensor, typ message
	tensor.int(1, int64(v.Elem))
	if v.HasShape {
		var shape message
		for _, d := range v.Dims {
			var dim message
			switch {
			case d.Param != "":
				dim.str(2, d.Param)
			case d.Known:
				dim.int(1, d.Value)
			}
			shape.message(1, &dim)
		}
		tensor.message(2, &shape)
	}
	typ.message(1, &tensor)
	b.message(2, &typ)
	return b
}

// NewFloats is a float32 tensor that holds data in raw form; Encode and Floats
// check dims, NewFloats does not.
func NewFloats(name string, dims []int64, data []float32) *Tensor {
	raw := make([]byte, 0, 4*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return &Tensor{Name: name, Type: Float32, Dims: append([]int64(nil), dims...), raw: raw, hasRaw: true}
}

// NewDoubles is NewFloats for float64.
func NewDoubles(name string, dims []int64, data []float64) *Tensor {
	raw := make([]byte, 0, 8*len(data))
	for _, v := range data {
		raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(v))
	}
	return &Tensor{Name: name, Type: Float64, Dims: append([]int64(nil), dims...), raw: raw, hasRaw: true}
}

// NewInts is a tensor of an integer type or Bool that holds data in raw form,
// each number truncated to the type's width; Encode and Ints check dims,
// NewInts does not.
func NewInts(name string, d DataType, dims []int64, data []int64) *Tensor {
	size := dataTypes[d].size
	raw := make([]byte, 0, size*len(data))
	var word [8]byte
	for _, v := range data {
		binary.LittleEndian.PutUint64(word[:], uint64(v))
		raw = append(raw, word[:size]...)
	}
	return &Tensor{Name: name, Type: d, Dims: append([]int64(nil), dims...), raw: raw, hasRaw: true}
}
