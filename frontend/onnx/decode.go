package onnx

import (
	"bytes"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Decode reads a ModelProto. Tensors of the model alias data. Unknown fields
// are skipped, as protobuf requires.
func Decode(data []byte) (*Model, error) {
	m := &Model{Opsets: map[string]int64{}}
	err := fields(data, func(f field) (err error) {
		switch f.num {
		case 1:
			m.IRVersion, err = f.int()
		case 2:
			m.Producer, err = f.str()
		case 7:
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			if m.Graph != nil {
				return errors.New("model holds two graphs")
			}
			m.Graph, err = decodeGraph(b)
		case 8:
			err = m.opset(f)
		case 14:
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			if m.Metadata == nil {
				m.Metadata = map[string]string{}
			}
			err = decodeEntry(b, m.Metadata, "metadata_props")
		case 25:
			err = m.function(f)
		}
		return err
	})
	switch {
	case err != nil && bytes.HasPrefix(data, []byte("version https://git-lfs")):
		return nil, errors.New("not an ONNX model but a pointer of Git LFS to it: fetch the file with \"git lfs pull\"")
	case err != nil:
		return nil, fmt.Errorf("not a readable ONNX model: %w", err)
	}
	if m.Graph == nil {
		return nil, errors.New("not an ONNX model: it holds no graph")
	}
	return m, nil
}

func (m *Model) opset(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	domain, version := "", int64(0)
	if err := fields(b, func(f field) (err error) {
		switch f.num {
		case 1:
			domain, err = f.str()
		case 2:
			version, err = f.int()
		}
		return err
	}); err != nil {
		return fmt.Errorf("opset_import: %w", err)
	}
	if domain == "ai.onnx" {
		domain = ""
	}
	switch old, ok := m.Opsets[domain]; {
	case ok && old != version:
		return fmt.Errorf("opset_import names the domain %q twice, with versions %d and %d: which one its operators mean cannot be told", domain, old, version)
	case ok:
		m.Warnings = append(m.Warnings, fmt.Sprintf("opset_import names the domain %q twice, both times with version %d", domain, version))
	}
	m.Opsets[domain] = version
	return nil
}

func (m *Model) function(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	fn := &Function{Opsets: map[string]int64{}}
	scope := &Model{Opsets: fn.Opsets}
	if err := fields(b, func(f field) (err error) {
		var s string
		var b []byte
		switch f.num {
		case 1:
			fn.Name, err = f.str()
		case 4:
			s, err = f.str()
			fn.Inputs = append(fn.Inputs, s)
		case 5:
			s, err = f.str()
			fn.Outputs = append(fn.Outputs, s)
		case 7:
			if b, err = f.message(); err != nil {
				return err
			}
			n, err := decodeNode(b)
			if err != nil {
				return fmt.Errorf("node %d (%q, %s): %w", len(fn.Nodes), n.Name, n.Op, err)
			}
			fn.Nodes = append(fn.Nodes, n)
		case 9:
			err = scope.opset(f)
		case 10:
			fn.Domain, err = f.str()
		case 11:
			if b, err = f.message(); err != nil {
				return err
			}
			a, err := decodeAttr(b)
			if err != nil {
				return fmt.Errorf("attribute %q: %w", a.Name, err)
			}
			fn.Defaults = append(fn.Defaults, a)
		}
		return err
	}); err != nil {
		return fmt.Errorf("function %q: %w", fn.Name, err)
	}
	if fn.Domain == "ai.onnx" {
		fn.Domain = ""
	}
	m.Local = append(m.Local, fn)
	m.Functions = append(m.Functions, fn.Domain+"."+fn.Name)
	return nil
}

// field is one decoded field: v for varints and fixed numbers, data for bytes.
type field struct {
	num  protowire.Number
	typ  protowire.Type
	v    uint64
	data []byte
}

// fields calls f for each field of a message, in order.
func fields(b []byte, f func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		fl := field{num: num, typ: typ}
		switch typ {
		case protowire.VarintType:
			fl.v, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			fl.v = uint64(v)
		case protowire.Fixed64Type:
			fl.v, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			fl.data, n = protowire.ConsumeBytes(b)
		default:
			return fmt.Errorf("field %d has wire type %d, which ONNX never uses", num, typ)
		}
		if n < 0 {
			return fmt.Errorf("field %d: %w", num, protowire.ParseError(n))
		}
		b = b[n:]
		if err := f(fl); err != nil {
			return err
		}
	}
	return nil
}

func (f field) want(t protowire.Type) error {
	if f.typ != t {
		return fmt.Errorf("field %d has wire type %d, want %d", f.num, f.typ, t)
	}
	return nil
}

func (f field) int() (int64, error) { return int64(f.v), f.want(protowire.VarintType) }

func (f field) str() (string, error) { return string(f.data), f.want(protowire.BytesType) }

func (f field) message() ([]byte, error) { return f.data, f.want(protowire.BytesType) }

func (f field) float() (float32, error) {
	return math.Float32frombits(uint32(f.v)), f.want(protowire.Fixed32Type)
}

// varints appends a repeated integer field, packed or one per field.
func (f field) varints(to []int64) ([]int64, error) {
	if f.typ == protowire.VarintType {
		return append(to, int64(f.v)), nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return nil, err
	}
	for b := f.data; len(b) > 0; {
		v, n := protowire.ConsumeVarint(b)
		if n < 0 {
			return nil, fmt.Errorf("field %d: %w", f.num, protowire.ParseError(n))
		}
		to, b = append(to, int64(v)), b[n:]
	}
	return to, nil
}

// fixed32s appends a repeated float field, packed or one per field.
func (f field) fixed32s(to []float32) ([]float32, error) {
	if f.typ == protowire.Fixed32Type {
		return append(to, math.Float32frombits(uint32(f.v))), nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return nil, err
	}
	if len(f.data)%4 != 0 {
		return nil, fmt.Errorf("field %d: %d bytes are no whole number of floats", f.num, len(f.data))
	}
	for b := f.data; len(b) > 0; b = b[4:] {
		v, _ := protowire.ConsumeFixed32(b)
		to = append(to, math.Float32frombits(v))
	}
	return to, nil
}

// fixed64s appends a repeated double field, packed or one per field.
func (f field) fixed64s(to []float64) ([]float64, error) {
	if f.typ == protowire.Fixed64Type {
		return append(to, math.Float64frombits(f.v)), nil
	}
	if err := f.want(protowire.BytesType); err != nil {
		return nil, err
	}
	if len(f.data)%8 != 0 {
		return nil, fmt.Errorf("field %d: %d bytes are no whole number of doubles", f.num, len(f.data))
	}
	for b := f.data; len(b) > 0; b = b[8:] {
		v, _ := protowire.ConsumeFixed64(b)
		to = append(to, math.Float64frombits(v))
	}
	return to, nil
}

func decodeGraph(b []byte) (*Graph, error) {
	g := &Graph{}
	err := fields(b, func(f field) error {
		switch f.num {
		case 1, 5, 11, 12, 15:
			b, err := f.message()
			if err != nil {
				return fmt.Errorf("graph: %w", err)
			}
			return g.member(int(f.num), b)
		case 2:
			var err error
			g.Name, err = f.str()
			return err
		}
		return nil
	})
	return g, err
}

// member decodes one node, initializer, input, output or sparse initializer.
func (g *Graph) member(num int, b []byte) error {
	switch num {
	case 1:
		n, err := decodeNode(b)
		if err != nil {
			return fmt.Errorf("node %d (%q, %s): %w", len(g.Nodes), n.Name, n.Op, err)
		}
		g.Nodes = append(g.Nodes, n)
	case 5:
		t, err := decodeTensor(b)
		if err != nil {
			return fmt.Errorf("initializer %d (%q): %w", len(g.Initializers), t.Name, err)
		}
		g.Initializers = append(g.Initializers, t)
	case 11:
		v, err := decodeValue(b)
		if err != nil {
			return fmt.Errorf("graph input %d (%q): %w", len(g.Inputs), v.Name, err)
		}
		g.Inputs = append(g.Inputs, v)
	case 12:
		v, err := decodeValue(b)
		if err != nil {
			return fmt.Errorf("graph output %d (%q): %w", len(g.Outputs), v.Name, err)
		}
		g.Outputs = append(g.Outputs, v)
	case 15:
		// SparseTensorProto: its values (field 1) carry the name.
		name := ""
		if err := fields(b, func(f field) error {
			if f.num != 1 {
				return nil
			}
			t, err := decodeTensor(f.data)
			name = t.Name
			return err
		}); err != nil {
			return fmt.Errorf("sparse initializer %d: %w", len(g.Sparse), err)
		}
		g.Sparse = append(g.Sparse, name)
	}
	return nil
}

// decodeNode returns the part read so far along with an error, for the message.
func decodeNode(b []byte) (*Node, error) {
	n := &Node{}
	err := fields(b, func(f field) (err error) {
		var s string
		switch f.num {
		case 1:
			s, err = f.str()
			n.Inputs = append(n.Inputs, s)
		case 2:
			s, err = f.str()
			n.Outputs = append(n.Outputs, s)
		case 3:
			n.Name, err = f.str()
		case 4:
			n.Op, err = f.str()
		case 5:
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			var a *Attr
			if a, err = decodeAttr(b); err != nil {
				return fmt.Errorf("attribute %d (%q): %w", len(n.Attrs), a.Name, err)
			}
			n.Attrs = append(n.Attrs, a)
		case 7:
			n.Domain, err = f.str()
			if n.Domain == "ai.onnx" {
				n.Domain = ""
			}
		case 9:
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			if n.Metadata == nil {
				n.Metadata = map[string]string{}
			}
			err = decodeEntry(b, n.Metadata, "metadata")
		}
		return err
	})
	return n, err
}

func decodeAttr(b []byte) (*Attr, error) {
	a := &Attr{}
	seen := AttrType(0) // by field, for files without the type field (IR 1)
	err := fields(b, func(f field) (err error) {
		var s string
		switch f.num {
		case 1:
			a.Name, err = f.str()
			return err
		case 20:
			var v int64
			v, err = f.int()
			a.Type = AttrType(v)
			return err
		case 21:
			a.Ref, err = f.str()
			return err
		case 2:
			a.F, err = f.float()
			seen = AttrFloat
		case 3:
			a.I, err = f.int()
			seen = AttrInt
		case 4:
			a.S, err = f.str()
			seen = AttrString
		case 5:
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			a.T, err = decodeTensor(b)
			seen = AttrTensor
		case 6:
			seen = AttrGraph
		case 7:
			a.Floats, err = f.fixed32s(a.Floats)
			seen = AttrFloats
		case 8:
			a.Ints, err = f.varints(a.Ints)
			seen = AttrInts
		case 9:
			s, err = f.str()
			a.Strings = append(a.Strings, s)
			seen = AttrStrings
		}
		return err
	})
	if err != nil {
		return a, err
	}
	if a.Type == 0 {
		a.Type = seen
	}
	if a.Type == AttrTensor && a.T == nil {
		return a, errors.New("it says tensor and holds none")
	}
	return a, nil
}

func decodeValue(b []byte) (*Value, error) {
	v := &Value{}
	err := fields(b, func(f field) (err error) {
		switch f.num {
		case 1:
			v.Name, err = f.str()
		case 2:
			err = v.decodeType(f)
		}
		return err
	})
	return v, err
}

// decodeType reads TypeProto{tensor_type{elem_type, shape{dim...}}}.
func (v *Value) decodeType(f field) error {
	b, err := f.message()
	if err != nil {
		return err
	}
	return fields(b, func(f field) error {
		if f.num != 1 {
			return nil
		}
		b, err := f.message()
		if err != nil {
			return err
		}
		v.IsTensor = true
		return fields(b, func(f field) error {
			switch f.num {
			case 1:
				e, err := f.int()
				v.Elem = DataType(e)
				return err
			case 2:
				b, err := f.message()
				if err != nil {
					return err
				}
				v.HasShape = true
				return fields(b, v.decodeDim)
			}
			return nil
		})
	})
}

func (v *Value) decodeDim(f field) error {
	if f.num != 1 {
		return nil
	}
	b, err := f.message()
	if err != nil {
		return err
	}
	var d Dim
	if err := fields(b, func(f field) (err error) {
		switch f.num {
		case 1:
			d.Value, err = f.int()
			d.Param, d.Known = "", true
		case 2:
			d.Param, err = f.str()
			d.Value, d.Known = 0, false
		}
		return err
	}); err != nil {
		return err
	}
	v.Dims = append(v.Dims, d)
	return nil
}
