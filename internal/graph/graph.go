// Package graph is the float network between the ONNX file and the integer
// network: a small closed set of operators over named values in static single
// assignment.
//
// It takes the graph that frontend builds and gives shapes, a verifier and a
// text form that can be parsed back. It never evaluates a tensor (package
// floatexec) and never quantises one (package quant).
package graph

import "fmt"

// Graph is a network in topological order. Every value is one image: the batch
// dimension of the model is bound to 1 on import. Activations are NCHW.
type Graph struct {
	Name    string
	Inputs  []Value            // run-time inputs, not constants
	Outputs []string           // value names
	Nodes   []*Node            // topological order
	Consts  map[string]*Tensor // constant values by name
	Shapes  map[string]Shape   // shape of every non-constant value, once inferred
	// Warnings are the importer's doubts about the model; the text form leaves them
	// out.
	Warnings []string
	Files    []string // files from which the graph was read, including external data; they must not be overwritten
}

// Value is a typed graph input.
type Value struct {
	Name  string
	Type  DType
	Shape Shape
	// Stored is the model's element type of the input, such as uint8, if Type has
	// another name; "" otherwise.
	Stored string
	// ChannelsLast means that the model declares the input as [1,H,W,C] and the importer has changed it to [1,C,H,W];
	// readers of arrays for the model need to know. The text form leaves it out.
	ChannelsLast bool
}

// TypeName is the element type under the model's name.
func (v Value) TypeName() string {
	if v.Stored != "" {
		return v.Stored
	}
	return map[DType]string{Float: "float32", Int: "int64", Bool: "bool"}[v.Type]
}

// Node is one operator application. An absent optional input is "".
type Node struct {
	Name    string // the model's node name; unique and non-empty after import
	Op      Op
	Inputs  []string
	Outputs []string
}

// Op is one of the operator structs of this package.
type Op interface {
	// Kind is the operator's name in messages and in the text form.
	Kind() string
}

// Shape is a list of dimensions, outermost first; all are known and >= 0.
type Shape []int

// Elems is the number of elements; 1 for a scalar.
func (s Shape) Elems() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// String prints the shape as [1,3,32,32].
func (s Shape) String() string {
	b := []byte{'['}
	for i, d := range s {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Append(b, d)
	}
	return string(append(b, ']'))
}

// DType is an element type. Floats of every width are held as float32,
// integers and booleans as int64.
type DType string

// The element types.
const (
	Float DType = "f32"
	Int   DType = "i64"
	Bool  DType = "bool"
)

// Tensor is a constant. Exactly one of F and I is non-nil (by Type), even if
// empty; its length is Shape.Elems().
type Tensor struct {
	Type  DType
	Shape Shape
	F     []float32
	I     []int64
	// Stored is the integer type in the model, such as uint8, if it is not int64
	// and determines how a quantiser clamps; "" otherwise.
	Stored string
	// Grid is set if quantisation put the numbers on a grid of integers.
	Grid *Grid
}

// The hardware operators. Weights and biases are constant inputs.

// Window is the geometry of a sliding window, in (height, width) order.
type Window struct {
	Kernel   [2]int
	Stride   [2]int
	Dilation [2]int
	Pads     [4]int // top, left, bottom, right
}

// Conv is a 2-D convolution: inputs x [1,C,H,W], w [F,C/Groups,KH,KW], optional b [F].
// A fully connected layer is a Conv whose kernel covers its whole input map.
type Conv struct {
	Window
	Groups int
}

// Pool is a max or average pooling over a window: input x [1,C,H,W].
type Pool struct {
	Window
	Max      bool
	CountPad bool // average counts padded elements
	Ceil     bool // output size rounds up
}

// GlobalPool reduces [1,C,H,W] to [1,C,1,1].
type GlobalPool struct{ Max bool }

// Eltwise combines two tensors, numpy-broadcast: Fn is add, mul, sub, div, max
// or min. Hardware has add and mul.
type Eltwise struct{ Fn string }

// Activation applies Fn to each element, with the parameters that ActFn names.
type Activation struct {
	Fn          ActFn
	Alpha, Beta float64
}

// Reshape changes the shape without moving data: To is the output shape.
// Flatten, Squeeze, Unsqueeze and Reshape all become this.
type Reshape struct{ To Shape }

// Host is a tail operator that runs on the host: Fn is softmax, logsoftmax,
// argmax (the lowest index of equal ones) or lastargmax (the highest) over Axis.
type Host struct {
	Fn   string
	Axis int
}

// Foreign is an ONNX operator that no pass has lowered yet.
type Foreign struct {
	Domain string // "" is ai.onnx
	Type   string
	Opset  int // the version of Domain that the model imports
	Attrs  map[string]Attr
}

// Attr is one ONNX attribute; Kind determines which field holds it.
type Attr struct {
	Kind    string // "i", "f", "s", "t", "is", "fs", "ss"
	I       int64
	F       float32
	S       string
	T       *Tensor
	Ints    []int64
	Floats  []float32
	Strings []string
}

func (Conv) Kind() string   { return "conv" }
func (p Pool) Kind() string { return map[bool]string{true: "maxpool", false: "avgpool"}[p.Max] }
func (p GlobalPool) Kind() string {
	return map[bool]string{true: "globalmax", false: "globalavg"}[p.Max]
}
func (e Eltwise) Kind() string    { return e.Fn }
func (a Activation) Kind() string { return string(a.Fn) }
func (Reshape) Kind() string      { return "reshape" }
func (h Host) Kind() string       { return h.Fn }
func (f Foreign) Kind() string {
	if f.Domain == "" {
		return "onnx." + f.Type
	}
	return f.Domain + "." + f.Type
}
