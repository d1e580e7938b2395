// Package intnet holds the integer network, which defines the exact arithmetic of a design.
//
// A Net is a list of layers over NHWC integer tensors in which every width,
// binary point, shift and threshold is decided. Exec evaluates it and is the
// reference that the HLS C++, the RTL and the simulator must equal bit for bit.
// A Net knows nothing about hardware (package hw) and nothing about floats
// beyond the formats of its tensors.
package intnet

import "hass/internal/fixed"

// Net is an integer network in topological order. Tensors are NHWC with N = 1.
type Net struct {
	Name    string   `json:"name"`
	Tensors []Tensor `json:"tensors"` // index is the tensor number
	Layers  []Layer  `json:"layers"`  // topological order
	Input   int      `json:"input"`   // tensor number
	// InputRounding is the rounding of the images' values to the input's format.
	InputRounding fixed.Rounding `json:"input_rounding"`
	Outputs       []int          `json:"outputs"` // tensor numbers
	Host          []HostOp       `json:"host"`    // tail operators that run on the host
	Results       []Result       `json:"results"` // the model's outputs, in its order
	// Tail is the part that the host runs beyond Host; nil if there is none.
	Tail *Tail `json:"tail,omitempty"`
}

// Tail is the part of a model that runs on the host behind the accelerator, as a separate float graph. Package hosttail runs it.
type Tail struct {
	Inputs []TailInput `json:"inputs"` // of the graph, in its order
	// Graph is the text form of package graph; its outputs are the results that are FromTail, in their order.
	Graph string `json:"graph"`
}

// TailInput is a tensor of Net.Outputs that a tail reads, dequantised and in NCHW order.
type TailInput struct {
	Name   string `json:"name"` // of the value in the model, untrusted text
	Tensor int    `json:"tensor"`
	Shape  []int  `json:"shape"` // the shape with which it is read
}

// FromTail is the Tensor of a result that the tail computes.
const FromTail = -1

// Result describes how one output of the model follows from the integer
// network: its tensor of Net.Outputs, dequantised and converted to NCHW order,
// passed through the host operators in Host, in order, and read with Shape.
type Result struct {
	Name   string `json:"name"`           // the model's output name, untrusted text
	Shape  []int  `json:"shape"`          // shape of the model's output for one image
	Tensor int    `json:"tensor"`         // or FromTail
	Host   []int  `json:"host,omitempty"` // indices into Net.Host
}

// Tensor is one stream-borne value.
type Tensor struct {
	Name   string       `json:"name"` // the model's name, untrusted text
	ID     string       `json:"id"`   // sanitised unique identifier [a-z][a-z0-9_]*
	H      int          `json:"h"`
	W      int          `json:"w"`
	C      int          `json:"c"`
	Format fixed.Format `json:"format"`
}

// HostOp is a tail operator (Softmax, ArgMax) that the host runs. Softmax keeps
// its operand's shape, ArgMax leaves one element along the axis.
type HostOp struct {
	Name  string `json:"name"`
	Op    string `json:"op"`    // softmax or argmax
	Shape []int  `json:"shape"` // the shape with which its operand is read
	Axis  int    `json:"axis"`  // of Shape
	Input int    `json:"input"` // tensor number of its operand, possibly after other host operators
}

// elems is the number of elements of the operator's result.
func (h *HostOp) elems() int {
	n := 1
	for i, d := range h.Shape {
		if h.Op != "argmax" || i != h.Axis {
			n *= d
		}
	}
	return n
}

// Kind names what a layer computes.
type Kind string

// The layer kinds, besides those of Moves.
const (
	KindConv       Kind = "conv"       // convolution; a fully connected layer is one whose kernel covers the map
	KindPool       Kind = "pool"       // max or average over a sliding window
	KindGlobalPool Kind = "globalpool" // max or average over the whole map
	KindAdd        Kind = "add"        // element-wise sum of two tensors; the second may be one pixel for all (Net.Broadcast)
	KindMul        Kind = "mul"        // element-wise product; the second may be one pixel for all
	KindRequant    Kind = "requant"    // change of format or clamp, element-wise
	KindActivation Kind = "activation" // non-linear function, element-wise
	KindConcat     Kind = "concat"     // joins the channels of two or more tensors of one format
	KindResize     Kind = "resize"     // resamples rows and columns, nearest or linear
)

// Layer is one integer operator. The result of the operator's own arithmetic is requantised with Rounding
// and clamped to [Lo, Hi], which lies inside Out's format; ReLU is Lo = 0, ReLU6 also has Hi = round(6 *
// 2^frac).
type Layer struct {
	Name string `json:"name"` // the model's node name, untrusted text
	ID   string `json:"id"`   // sanitised unique identifier [a-z][a-z0-9_]*
	Kind Kind   `json:"kind"`
	In   []int  `json:"in"`  // tensor numbers
	Out  int    `json:"out"` // tensor number
	Lo   int64  `json:"lo"`
	Hi   int64  `json:"hi"`
	// Rounding is that of the requantisation; none if there is none (see Requantises).
	Rounding fixed.Rounding `json:"rounding,omitempty"`

	Conv   *Conv   `json:"conv,omitempty"` // KindConv
	Pool   *Pool   `json:"pool,omitempty"` // KindPool, KindGlobalPool
	Act    *Act    `json:"act,omitempty"`  // KindActivation
	Moves          // for the kinds that move values unchanged
	Resize *Resize `json:"resize,omitempty"` // KindResize
	// Shift is for KindAdd, KindMul and KindRequant: Requant(v, Shift), where v is the sum of the operands, each
	// multiplied by its factor, or the product of both operands and one factor. Between power-of-two scales the
	// factors of an Add align both operands to the finer binary point, and a Mul has the factor 1.
	Shift   int      `json:"shift,omitempty"`
	Factors [2]int64 `json:"factors,omitzero"` // for an Add; for a Mul the second is 0
}

// Requantises reports whether the layer rounds: all do but maxima, convolutions with thresholds and layers
// that only move values.
func (l *Layer) Requantises() bool {
	switch l.Kind {
	case KindConv:
		return l.Conv == nil || l.Conv.Thresholds == nil
	case KindAdd, KindMul, KindRequant, KindActivation, KindResize:
		return true
	case KindPool, KindGlobalPool:
		return l.Pool != nil && !l.Pool.Max
	}
	return false // KindConcat and those of Moves; checkParams refuses others
}

// Window is the geometry of a sliding window, in (height, width) order.
type Window struct {
	Kernel   [2]int `json:"kernel"`
	Stride   [2]int `json:"stride"`
	Dilation [2]int `json:"dilation"`
	Pads     [4]int `json:"pads"` // top, left, bottom, right
}

// Conv holds a convolution's parameters. The accumulator of output channel o is
//
//	acc = Bias[o] + (sum over (kh, kw, c) of x'[kh,kw,c] * Weights[o,kh,kw,c]) << BiasFrac
//
// where x' is the input with |x| < TauA read as 0 and padding is 0. Its requantisation has one of three forms:
//
//	shift       Requant(acc, Shift[o or 0] + BiasFrac, Lo, Hi)
//	multiplier  Requant(acc * Mul[o or 0], Shift[0] + BiasFrac, Lo, Hi), if there is Mul
//	thresholds  Lo + the number of Thresholds[o] that acc reaches, if there are Thresholds
//
// BiasFrac is 0 unless biases between two units of the sums decide whether a sum is a tie, or on which side of one it lies.
// With a shift and half to even, the last place of a bias records whether anything non-zero lies below it (round to odd).
type Conv struct {
	Window
	Groups int `json:"groups"`
	OutC   int `json:"out_c"`

	WeightBits int       `json:"weight_bits"`
	WeightFrac []int     `json:"weight_frac,omitempty"` // one, or one per output channel (<= 8 bits); none if there is WeightStep
	WeightStep []float64 `json:"weight_step,omitempty"` // value of a weight's unit if it is not a power of two: one, or one per output channel
	Shift      []int     `json:"shift,omitempty"`       // one, or one per output channel, within 8 steps; none if there are Thresholds
	Mul        []int64   `json:"mul,omitempty"`         // 1 to MaxMul: one, or one per output channel
	Thresholds [][]int64 `json:"thresholds,omitempty"`  // for each output channel Hi-Lo sums that never decrease, in units of 2^-BiasFrac
	TauA       int64     `json:"tau_a"`                 // integer threshold at the input's scale; 0 = none
	AccBits    int       `json:"acc_bits"`              // signed width of the sum, from the interval bound
	BiasFrac   int       `json:"bias_frac,omitempty"`   // binary places of Bias below the sum's unit

	Weights []int16 `json:"-"` // [OutC][KH][KW][C/Groups]
	Bias    []int64 `json:"-"` // [OutC], in units of 2^-BiasFrac of the sum's
}

// Pool holds a pooling's parameters. Max ignores padding and keeps its input's
// format; average is
//
//	Requant(RoundOff(sum * Mul[n], Drop), Scale - Drop + FormatShift) with Mul[n] = round(2^Scale * ratio / n)
//
// (see fixed.AvgExact and AvgRatio; the ratio is 1 between power-of-two scales) for the n elements counted at a position: those inside the map, or all
// of the window if CountPad. The output size is always the floor formula (a model's ceil mode has become padding), and every window overlaps the map.
type Pool struct {
	Window           // zero for KindGlobalPool
	Max         bool `json:"max"`
	CountPad    bool `json:"count_include_pad,omitempty"`
	Scale       int  `json:"scale,omitempty"`        // binary places of Mul; see Average
	Drop        int  `json:"drop,omitempty"`         // places of the product that are rounded off first, half up
	FormatShift int  `json:"format_shift,omitempty"` // frac(in) - frac(out)
}

// ActFn is a non-linear function of Act.
type ActFn string

// The functions. HardSwish needs two multiplications per value, the others one, and
// a curve of Step 0 none.
const (
	ActAffine    ActFn = "affine" // hard sigmoid, and a change of scale
	ActHardSwish ActFn = "hardswish"
	ActLeaky     ActFn = "leakyrelu" // and PReLU
	ActCurve     ActFn = "curve"     // any other function of one value, by segments
)

// Act holds a non-linear function of one value x at its input's scale. The
// result is Requant(v, Shift, Lo, Hi), with v one of
//
//	affine       v = x*Mul[0] + Add                     (of a hard sigmoid Lo and Hi are 0 and 1)
//	hardswish    v = x * clamp(x+Add, 0, Top) * Mul[0]  (Add = 3, Top = 6 at x's scale, Mul = round(2^k/6))
//	leakyrelu    v = x*Top if x >= 0 (Top = 2^k), else x*Mul[channel, or 0]
//	curve        v = (Table[i] << Step) + (Table[i+1]-Table[i])*r
//
// where i = (x-min) >> Step and r = (x-min) mod 2^Step, with min the least value of the
// input's format: straight segments of 2^Step inputs each between values of the function,
// which Table holds with Guard = Shift-Step more binary places than the output. With Step =
// 0 a curve is the rounded function itself.
type Act struct {
	Fn    ActFn   `json:"fn"`
	Mul   []int64 `json:"mul,omitempty"`
	Add   int64   `json:"add,omitempty"`
	Top   int64   `json:"top,omitempty"`
	Shift int     `json:"shift"`
	Step  int     `json:"step,omitempty"`
	Table []int64 `json:"table,omitempty"`
	// MaxError is the bound of the approximation's error: the largest distance from the true
	// function over all inputs, rounding included and saturation excluded, in units of the output's
	// last place.
	MaxError float64 `json:"max_error"`
}

// Resize resamples rows and columns: output (y, x) is Requant(RoundOff(sum, Drop), Shift()) of the weighted sum
// over the two rows and two columns given by Rows and Cols.
type Resize struct {
	Rows        Samples `json:"rows"`
	Cols        Samples `json:"cols"`
	FormatShift int     `json:"format_shift,omitempty"` // frac(in) - frac(out)
	Drop        int     `json:"drop,omitempty"`         // places of the sum that are rounded off first, half up
}

// Shift is the shift of the requantisation: the places of the sum less those of the output and the dropped ones.
func (r *Resize) Shift() int { return r.FormatShift + r.Rows.Scale + r.Cols.Scale - r.Drop }

// Samples gives the position of each output index in the input along an axis:
// (2^Scale - Weight[i]) * in[From[i]] + Weight[i] * in[From[i]+1]. From never
// decreases. Without Weight (nearest) Scale is 0 and the value is in[From[i]].
type Samples struct {
	From   []int   `json:"from"`
	Weight []int64 `json:"weight,omitempty"` // 0 to 2^Scale - 1
	Scale  int     `json:"scale,omitempty"`
}

// Last is the last input position that output position i reads.
func (s *Samples) Last(i int) int {
	if s.Weight != nil && s.Weight[i] > 0 {
		return s.From[i] + 1
	}
	return s.From[i]
}

// Broadcast reports whether the second operand of an Add or Mul is one pixel that is
// combined with every pixel of the first, like a squeeze-excite gate.
func (n *Net) Broadcast(l *Layer) bool {
	if l.Kind != KindAdd && l.Kind != KindMul {
		return false
	}
	a, b := &n.Tensors[l.In[0]], &n.Tensors[l.In[1]]
	return b.H == 1 && b.W == 1 && (a.H > 1 || a.W > 1)
}

// Depthwise reports whether l is a convolution with one input and one output channel per
// group.
func (n *Net) Depthwise(l *Layer) bool {
	return l.Conv != nil && l.Conv.Groups > 1 && l.Conv.Groups == l.Conv.OutC && l.Conv.Groups == n.Tensors[l.In[0]].C
}
