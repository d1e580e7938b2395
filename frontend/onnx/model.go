package onnx

import "strconv"

// Model is a decoded ModelProto.
type Model struct {
	IRVersion int64
	Producer  string
	Opsets    map[string]int64 // domain -> version; "" is ai.onnx
	Functions []string         // names of model-local functions in the model, "domain.name"; Load expands them
	Metadata  map[string]string
	Graph     *Graph
	// Warnings describe oddities in the file that leave its meaning clear.
	Warnings []string
	Files    []string    // files that Open read: the model and its external data
	Local    []*Function // the functions that Functions names, until Load expands them
}

// Function is a decoded FunctionProto.
type Function struct {
	Name, Domain    string
	Inputs, Outputs []string
	Nodes           []*Node
	Defaults        []*Attr // of attributes to which nodes refer
	Opsets          map[string]int64
}

// Graph is a decoded GraphProto.
type Graph struct {
	Name         string
	Nodes        []*Node
	Initializers []*Tensor
	Sparse       []string // names of sparse initializers, which are not decoded
	Inputs       []*Value
	Outputs      []*Value
}

// Node is a decoded NodeProto. An absent optional input or output is "".
type Node struct {
	Name, Op, Domain string
	Inputs, Outputs  []string
	Attrs            []*Attr
	Metadata         map[string]string
}

// Attr is a decoded AttributeProto. Only the field that Type names is set.
type Attr struct {
	Name    string
	Type    AttrType
	F       float32
	I       int64
	S       string
	T       *Tensor
	Floats  []float32
	Ints    []int64
	Strings []string
	Ref     string // attribute of the enclosing function to which it refers
}

// AttrType is the kind of value an attribute holds (AttributeProto.AttributeType).
type AttrType int

// The attribute types that can be decoded. A graph, sparse tensor or type
// attribute keeps its type number but has no value.
const (
	AttrFloat   AttrType = 1
	AttrInt     AttrType = 2
	AttrString  AttrType = 3
	AttrTensor  AttrType = 4
	AttrGraph   AttrType = 5
	AttrFloats  AttrType = 6
	AttrInts    AttrType = 7
	AttrStrings AttrType = 8
)

// Value is a decoded ValueInfoProto of tensor type.
type Value struct {
	Name     string
	IsTensor bool // false for sequences, maps and values without a type
	Elem     DataType
	HasShape bool
	Dims     []Dim
}

// Dim is one dimension: Param is its symbolic name, else Value holds its size;
// Known is false for a dimension with neither.
type Dim struct {
	Value int64
	Param string
	Known bool
}

// DataType is TensorProto.DataType.
type DataType int32

// The element types of numbers; others (strings, complex, 8 and 4-bit floats)
// can be named but not read.
const (
	Float32  DataType = 1
	Uint8    DataType = 2
	Int8     DataType = 3
	Uint16   DataType = 4
	Int16    DataType = 5
	Int32    DataType = 6
	Int64    DataType = 7
	Bool     DataType = 9
	Float16  DataType = 10
	Float64  DataType = 11
	Uint32   DataType = 12
	Uint64   DataType = 13
	BFloat16 DataType = 16
)

var dataTypes = map[DataType]struct {
	name string
	size int // bytes of one element in raw_data; 0 if it cannot be read
}{
	0: {"undefined", 0}, Float32: {"float32", 4}, Uint8: {"uint8", 1}, Int8: {"int8", 1}, Uint16: {"uint16", 2},
	Int16: {"int16", 2}, Int32: {"int32", 4}, Int64: {"int64", 8}, 8: {"string", 0}, Bool: {"bool", 1},
	Float16: {"float16", 2}, Float64: {"float64", 8}, Uint32: {"uint32", 4}, Uint64: {"uint64", 8},
	14: {"complex64", 0}, 15: {"complex128", 0}, BFloat16: {"bfloat16", 2}, 17: {"float8e4m3fn", 0},
	18: {"float8e4m3fnuz", 0}, 19: {"float8e5m2", 0}, 20: {"float8e5m2fnuz", 0}, 21: {"uint4", 0}, 22: {"int4", 0},
	23: {"float4e2m1", 0}, 24: {"float8e8m0", 0},
}

// String is the type's usual name, e.g. float16.
func (d DataType) String() string {
	if t, ok := dataTypes[d]; ok {
		return t.name
	}
	return "data type " + strconv.Itoa(int(d))
}

// IsFloat reports whether Floats can read tensors of this type.
func (d DataType) IsFloat() bool {
	return d == Float32 || d == Float64 || d == Float16 || d == BFloat16
}

// IsInt reports whether Ints can read tensors of this type (bool included).
func (d DataType) IsInt() bool {
	switch d {
	case Uint8, Int8, Uint16, Int16, Int32, Int64, Bool, Uint32, Uint64:
		return true
	}
	return false
}
