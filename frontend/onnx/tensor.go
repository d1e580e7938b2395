package onnx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Tensor is a decoded TensorProto. Its elements are read with Floats or Ints.
type Tensor struct {
	Name string
	Type DataType
	Dims []int64

	raw      []byte // raw_data or external data, aliasing the file
	hasRaw   bool
	floats   []float32
	ints32   []int64 // int32_data: also fp16, bf16, bool and the narrow integers
	ints64   []int64 // int64_data and uint64_data
	doubles  []float64
	external map[string]string // non-nil: data are in another file
}

// decodeTensor returns the part read so far along with an error, for the message.
func decodeTensor(b []byte) (*Tensor, error) {
	t := &Tensor{}
	isExternal := false
	entries := map[string]string{}
	err := fields(b, func(f field) (err error) {
		switch f.num {
		case 1:
			t.Dims, err = f.varints(t.Dims)
		case 2:
			var v int64
			v, err = f.int()
			t.Type = DataType(v)
		case 3:
			return errors.New("segmented tensors are not supported")
		case 4:
			t.floats, err = f.fixed32s(t.floats)
		case 5:
			old := len(t.ints32)
			t.ints32, err = f.varints(t.ints32)
			for i := old; i < len(t.ints32); i++ {
				t.ints32[i] = int64(int32(t.ints32[i])) // protobuf's int32 keeps the low 32 bits
			}
		case 7, 11:
			t.ints64, err = f.varints(t.ints64)
		case 8:
			t.Name, err = f.str()
		case 9:
			if t.hasRaw {
				return errors.New("raw_data is given twice")
			}
			t.raw, err = f.message()
			t.hasRaw = true
		case 10:
			t.doubles, err = f.fixed64s(t.doubles)
		case 13:
			var b []byte
			if b, err = f.message(); err != nil {
				return err
			}
			err = decodeEntry(b, entries, "external_data")
		case 14:
			var v int64
			v, err = f.int()
			isExternal = v == 1
		}
		return err
	})
	if isExternal {
		t.external = entries
	}
	if err == nil {
		err = t.onePayload()
	}
	return t, err
}

// onePayload refuses a tensor whose elements are in two fields, because readers of
// ONNX differ in which one they take.
func (t *Tensor) onePayload() error {
	var in []string
	for _, p := range []struct {
		field string
		there bool
	}{
		{"external data", t.external != nil}, {"raw_data", len(t.raw) > 0}, {"float_data", len(t.floats) > 0}, {"int32_data", len(t.ints32) > 0},
		{"int64_data or uint64_data", len(t.ints64) > 0}, {"double_data", len(t.doubles) > 0},
	} {
		if p.there {
			in = append(in, p.field)
		}
	}
	if len(in) > 1 {
		return fmt.Errorf("its elements stand in %s: which are meant cannot be told", strings.Join(in, " and in "))
	}
	return nil
}

// decodeEntry reads a StringStringEntryProto, an entry of what.
func decodeEntry(b []byte, to map[string]string, what string) error {
	var key, value string
	if err := fields(b, func(f field) (err error) {
		switch f.num {
		case 1:
			key, err = f.str()
		case 2:
			value, err = f.str()
		}
		return err
	}); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	to[key] = value
	return nil
}

// Count is the number of elements by Dims, checked against overflow.
func (t *Tensor) Count() (int, error) {
	n, zero := int64(1), false
	for _, d := range t.Dims {
		switch {
		case d < 0:
			return 0, fmt.Errorf("tensor %q: dimensions %v are negative", t.Name, t.Dims)
		case d == 0:
			zero = true
		case n > math.MaxInt32/d:
			return 0, fmt.Errorf("tensor %q: dimensions %v are absurdly large", t.Name, t.Dims)
		default:
			n *= d
		}
	}
	if zero {
		n = 0
	}
	return int(n), nil
}

// check compares the number of elements present with Dims before anything is
// allocated.
func (t *Tensor) check(have int, where string) (int, error) {
	n, err := t.Count()
	if err != nil {
		return 0, err
	}
	if t.external != nil && !t.hasRaw {
		return 0, fmt.Errorf("tensor %q: its data are in another file, which was not loaded", t.Name)
	}
	if t.hasRaw {
		size := dataTypes[t.Type].size
		if len(t.raw) != n*size {
			return 0, fmt.Errorf("tensor %q: dimensions %v of %v need %d bytes, raw data have %d", t.Name, t.Dims, t.Type, n*size, len(t.raw))
		}
		return n, nil
	}
	if have != n {
		return 0, fmt.Errorf("tensor %q: dimensions %v need %d elements, %s has %d", t.Name, t.Dims, n, where, have)
	}
	return n, nil
}

// Floats reads a float tensor of any width as float32; a float64 is rounded to
// nearest, which may give an infinity. The slice is a copy.
func (t *Tensor) Floats() ([]float32, error) {
	if !t.Type.IsFloat() {
		return nil, fmt.Errorf("tensor %q has element type %v, want floats", t.Name, t.Type)
	}
	have, where := len(t.floats), "float_data"
	switch t.Type {
	case Float64:
		have, where = len(t.doubles), "double_data"
	case Float16, BFloat16:
		have, where = len(t.ints32), "int32_data"
	}
	n, err := t.check(have, where)
	if err != nil {
		return nil, err
	}
	out := make([]float32, n)
	le := binary.LittleEndian
	for i := range out {
		switch {
		case t.Type == Float32 && t.hasRaw:
			out[i] = math.Float32frombits(le.Uint32(t.raw[4*i:]))
		case t.Type == Float32:
			out[i] = t.floats[i]
		case t.Type == Float64 && t.hasRaw:
			out[i] = float32(math.Float64frombits(le.Uint64(t.raw[8*i:])))
		case t.Type == Float64:
			out[i] = float32(t.doubles[i])
		default:
			var h uint16
			if t.hasRaw {
				h = le.Uint16(t.raw[2*i:])
			} else if v := t.ints32[i]; v < 0 || v > math.MaxUint16 {
				return nil, fmt.Errorf("tensor %q: element %d of int32_data, %d, is no 16-bit pattern", t.Name, i, v)
			} else {
				h = uint16(v)
			}
			if t.Type == BFloat16 {
				out[i] = math.Float32frombits(uint32(h) << 16)
			} else {
				out[i] = half(h)
			}
		}
	}
	return out, nil
}

// half widens an IEEE 754 binary16 number; exact.
func half(h uint16) float32 {
	sign, exp, frac := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h&0x3ff)
	switch exp {
	case 0: // zero and subnormals: frac * 2^-24
		f := float32(frac) * 0x1p-24
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// Ints reads an integer or boolean tensor as int64; booleans are 0 or 1. A
// uint64 above the largest int64 is an error. The slice is a copy.
func (t *Tensor) Ints() ([]int64, error) {
	if !t.Type.IsInt() {
		return nil, fmt.Errorf("tensor %q has element type %v, want integers", t.Name, t.Type)
	}
	src, where := t.ints32, "int32_data"
	if t.Type == Int64 || t.Type == Uint64 || t.Type == Uint32 {
		src, where = t.ints64, "int64_data or uint64_data"
	}
	n, err := t.check(len(src), where)
	if err != nil {
		return nil, err
	}
	out := make([]int64, n)
	for i := range out {
		var v int64
		if t.hasRaw {
			v = rawInt(t.raw, t.Type, i)
		} else {
			v = src[i]
		}
		switch {
		case t.Type == Uint64 && v < 0:
			return nil, fmt.Errorf("tensor %q: element %d, %d, is larger than an int64", t.Name, i, uint64(v))
		case t.Type == Bool && v != 0:
			v = 1
		}
		if lo, hi := intRange(t.Type); v < lo || v > hi {
			return nil, fmt.Errorf("tensor %q: element %d, %d, is outside %v", t.Name, i, v, t.Type)
		}
		out[i] = v
	}
	return out, nil
}

func rawInt(raw []byte, d DataType, i int) int64 {
	le := binary.LittleEndian
	switch d {
	case Int8:
		return int64(int8(raw[i]))
	case Uint8, Bool:
		return int64(raw[i])
	case Int16:
		return int64(int16(le.Uint16(raw[2*i:])))
	case Uint16:
		return int64(le.Uint16(raw[2*i:]))
	case Int32:
		return int64(int32(le.Uint32(raw[4*i:])))
	case Uint32:
		return int64(le.Uint32(raw[4*i:]))
	}
	return int64(le.Uint64(raw[8*i:]))
}

func intRange(d DataType) (lo, hi int64) {
	switch d {
	case Int8:
		return math.MinInt8, math.MaxInt8
	case Uint8:
		return 0, math.MaxUint8
	case Int16:
		return math.MinInt16, math.MaxInt16
	case Uint16:
		return 0, math.MaxUint16
	case Int32:
		return math.MinInt32, math.MaxInt32
	case Uint32:
		return 0, math.MaxUint32
	}
	return math.MinInt64, math.MaxInt64
}

// DecodeTensor reads a single TensorProto, as stored in ONNX's test data. Its
// elements alias data.
func DecodeTensor(data []byte) (*Tensor, error) {
	t, err := decodeTensor(data)
	if err != nil {
		return nil, fmt.Errorf("not a readable ONNX tensor: %w", err)
	}
	return t, nil
}
