// Package exporttest holds graphs that together use every operator of package
// graph in every form that is exported differently, for the tests of the export
// to ONNX. Only tests import it.
package exporttest

import (
	"fmt"
	"math"
	"math/rand/v2"

	"hass/internal/graph"
)

// Case is one graph.
type Case struct {
	Name  string
	Graph *graph.Graph
	// Why names the part whose form changes in ONNX and back, so that results may
	// differ by 1e-6 of the largest value; "" if they must be equal bit for bit.
	Why string
	// OneWay means that Load does not read the exported model.
	OneWay bool
	// NoRuntime gives the reason if ONNX Runtime's result differs from ONNX's;
	// otherwise "".
	NoRuntime string
	// Fixed means that the batch dimension must not become symbolic.
	Fixed bool
}

// Input fills x with numbers, many of them multiples of 1/8, so that values
// coincide with thresholds, bounds and each other.
func Input(seed uint64, x []float32) {
	rng := rand.New(rand.NewPCG(seed, 7))
	for i := range x {
		if x[i] = float32(rng.NormFloat64()); i%3 != 0 {
			x[i] = float32(rng.IntN(65)-32) / 8
		}
	}
}

// net builds a graph node by node.
type net struct {
	g   *graph.Graph
	rng *rand.Rand
}

func newNet(shapes ...graph.Shape) *net {
	n := &net{g: &graph.Graph{Name: "net", Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}}, rng: rand.New(rand.NewPCG(3, 4))}
	for i, s := range shapes {
		name := "x"
		if i > 0 {
			name = fmt.Sprintf("x%d", i)
		}
		n.g.Inputs = append(n.g.Inputs, graph.Value{Name: name, Type: graph.Float, Shape: s})
		n.g.Shapes[name] = s
	}
	return n
}

// add appends a node and gives its output's name. An invalid graph is a bug in
// this file.
func (n *net) add(op graph.Op, in ...string) string {
	id := fmt.Sprintf("%s_%d", op.Kind(), len(n.g.Nodes))
	node := &graph.Node{Name: id, Op: op, Inputs: in, Outputs: []string{"v_" + id}}
	s, err := n.g.InferNode(node)
	if err != nil {
		panic(err)
	}
	n.g.Nodes = append(n.g.Nodes, node)
	n.g.Shapes[node.Outputs[0]] = s[0]
	n.g.Outputs = []string{node.Outputs[0]}
	return node.Outputs[0]
}

// also keeps a value as one more graph output.
func (n *net) also(v ...string) *net {
	n.g.Outputs = append(n.g.Outputs, v...)
	return n
}

// c is a constant; random numbers if none are given.
func (n *net) c(s graph.Shape, v ...float32) string {
	name := fmt.Sprintf("c%d", len(n.g.Consts))
	for len(v) < s.Elems() {
		v = append(v, float32(n.rng.NormFloat64()))
	}
	n.g.Consts[name] = &graph.Tensor{Type: graph.Float, Shape: s, F: v}
	return name
}

// window is a square window.
func window(k, s, d int, pads ...int) graph.Window {
	w := graph.Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{d, d}}
	copy(w.Pads[:], pads)
	return w
}

// Cases builds the graphs.
func Cases() []Case {
	type shape = graph.Shape
	img := shape{1, 4, 9, 11}
	var cases []Case
	// one is a graph of one operator on one image.
	one := func(name string, op graph.Op, set ...func(*Case)) {
		n := newNet(img)
		n.add(op, "x")
		c := Case{Name: name, Graph: n.g}
		for _, f := range set {
			f(&c)
		}
		cases = append(cases, c)
	}
	add := func(name string, n *net, set ...func(*Case)) {
		c := Case{Name: name, Graph: n.g}
		for _, f := range set {
			f(&c)
		}
		cases = append(cases, c)
	}
	why := func(s string) func(*Case) { return func(c *Case) { c.Why = s } }
	oneWay := func(c *Case) { c.OneWay = true }
	fixed := func(c *Case) { c.Fixed = true }

	// Convolutions.
	n := newNet(img)
	n.add(graph.Conv{Window: window(3, 2, 1, 1, 0, 2, 1), Groups: 1}, n.add(graph.Conv{Window: window(3, 1, 2, 2, 2, 2, 2), Groups: 4}, "x", n.c(shape{8, 1, 3, 3}), n.c(shape{8})), n.c(shape{5, 8, 3, 3}), "")
	add("conv", n)
	n = newNet(img)
	n.add(graph.Conv{Window: graph.Window{Kernel: [2]int{9, 11}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, Groups: 1}, "x", n.c(shape{3, 4, 9, 11}))
	add("fully connected", n)
	n = newNet(img)
	n.add(graph.ConvTranspose{Window: window(3, 2, 1, 1, 0, 0, 1), OutPad: [2]int{1, 0}, Groups: 2}, "x", n.c(shape{4, 3, 3, 3}), n.c(shape{6}))
	add("convtranspose", n)
	n = newNet(img)
	n.add(graph.ConvTranspose{Window: window(2, 2, 1), Groups: 1}, "x", n.c(shape{4, 3, 2, 2}))
	add("convtranspose without bias", n)

	// Pooling.
	one("maxpool", graph.Pool{Window: window(3, 2, 1, 1, 1, 1, 1), Max: true})
	one("maxpool, ceil, dilated", graph.Pool{Window: window(2, 3, 2, 1, 0, 1, 0), Max: true, Ceil: true})
	one("avgpool", graph.Pool{Window: window(3, 2, 1, 1, 1, 1, 0)})
	one("avgpool, padding counts", graph.Pool{Window: window(3, 1, 1, 1, 0, 1, 2), CountPad: true})
	one("avgpool, ceil", graph.Pool{Window: window(2, 4, 1), Ceil: true})
	one("avgpool, ceil, padding counts", graph.Pool{Window: window(3, 4, 1, 1, 1, 1, 1), Ceil: true, CountPad: true})
	one("avgpool, dilated", graph.Pool{Window: window(2, 1, 2, 1, 1, 1, 1)})
	one("globalavg", graph.GlobalPool{})
	one("globalmax", graph.GlobalPool{Max: true})

	// Two operands, broadcast both ways.
	for _, fn := range []string{"add", "mul", "sub", "div", "max", "min"} {
		n = newNet(img, img, shape{1, 4, 1, 1})
		n.add(graph.Eltwise{Fn: fn}, n.add(graph.Eltwise{Fn: fn}, "x", "x1"), "x2")
		add(fn, n)
		n = newNet(img)
		n.add(graph.Eltwise{Fn: fn}, "x", n.c(shape{9, 1}))
		reason := ""
		if fn == "div" {
			reason = "a quotient by a constant becomes a product"
		}
		add(fn+" with a constant", n, why(reason))
	}
	n = newNet(shape{1, 3, 1}, shape{1, 1, 4})
	n.add(graph.Eltwise{Fn: "add"}, "x", "x1")
	add("add enlarges both", n)
	n = newNet(shape{1, 4}, shape{1, 3, 2, 4})
	n.add(graph.Eltwise{Fn: "add"}, "x", "x1")
	add("add of different ranks", n, fixed)

	// Activations; thresholds meet inputs exactly, lie between float32 numbers and
	// beyond their range.
	for _, op := range []graph.Activation{
		{Fn: graph.ActRelu}, {Fn: graph.ActLeakyRelu, Alpha: float64(float32(0.1))}, {Fn: graph.ActHardSigmoid, Alpha: float64(float32(1. / 6)), Beta: 0.5},
		{Fn: graph.ActHardSigmoid, Alpha: float64(float32(0.2)), Beta: float64(float32(0.3))}, {Fn: graph.ActHardSwish}, {Fn: graph.ActSigmoid}, {Fn: graph.ActSiLU}, {Fn: graph.ActTanh},
		{Fn: graph.ActClip, Alpha: -1.25, Beta: 6}, {Fn: graph.ActClip, Alpha: 0.1, Beta: math.Inf(1)}, {Fn: graph.ActClip, Alpha: math.Inf(-1), Beta: 1. / 3},
		{Fn: graph.ActClip, Alpha: math.Inf(-1), Beta: math.Inf(1)}, {Fn: graph.ActThreshold}, {Fn: graph.ActThreshold, Alpha: 0.5}, {Fn: graph.ActThreshold, Alpha: math.Nextafter(0.5, 1)},
		{Fn: graph.ActThreshold, Alpha: math.Nextafter(0.5, 0)}, {Fn: graph.ActThreshold, Alpha: 0.1}, {Fn: graph.ActThreshold, Alpha: 1e-60}, {Fn: graph.ActThreshold, Alpha: 3},
		{Fn: graph.ActElu, Alpha: 0.5}, {Fn: graph.ActCelu, Alpha: 1.5}, {Fn: graph.ActSelu, Alpha: 1.5, Beta: 1.25}, {Fn: graph.ActThresholdedRelu, Alpha: 0.5}, {Fn: graph.ActSoftplus}, {Fn: graph.ActSoftsign}, {Fn: graph.ActMish},
		{Fn: graph.ActGelu}, {Fn: graph.ActGeluTanh}, {Fn: graph.ActExp}, {Fn: graph.ActAbs}, {Fn: graph.ActErf}, {Fn: graph.ActFloor}, {Fn: graph.ActCeil}, {Fn: graph.ActRound}, {Fn: graph.ActSign}, {Fn: graph.ActPow, Alpha: 3},
	} {
		one(fmt.Sprintf("%s %v %v", op.Fn, op.Alpha, op.Beta), op)
	}
	one("take", graph.Take{Axis: 2, Index: []int{3, 0, 0, 8}, To: shape{1, 4, 4, 11}})
	one("take in blocks", graph.Take{Axis: 1, Index: []int{3, 0, 2, 2}, To: shape{1, 2, 2, 9, 11}}, fixed)
	for _, fn := range []graph.ActFn{graph.ActLog, graph.ActSqrt, graph.ActReciprocal} { // of positive numbers
		n = newNet(img)
		n.add(graph.Activation{Fn: fn}, n.add(graph.Activation{Fn: graph.ActExp}, "x"))
		add(string(fn), n)
	}
	one("threshold 1e60", graph.Activation{Fn: graph.ActThreshold, Alpha: 1e60}, oneWay)
	n = newNet(img)
	n.add(graph.Activation{Fn: graph.ActPRelu}, "x", n.c(shape{4, 1, 1}))
	add("prelu", n)
	n = newNet(img)
	n.add(graph.Activation{Fn: graph.ActPRelu}, "x", n.c(shape{}, 0.25))
	add("prelu of one slope", n)

	// Operators that move data.
	n = newNet(img)
	n.add(graph.Conv{Window: window(1, 1, 1), Groups: 1}, n.add(graph.Reshape{To: shape{1, 12, 3, 11}}, "x"), n.c(shape{2, 12, 1, 1}))
	add("reshape", n)
	n = newNet(img)
	n.add(graph.Reshape{To: shape{2, 198}}, "x")
	add("reshape over the batch", n, fixed)
	n = newNet(shape{1, 1})
	n.add(graph.Reshape{To: shape{}}, "x")
	add("reshape to a number", n, fixed)
	n = newNet(img)
	empty := n.add(graph.Slice{Start: []int{0, 0, 0, 5}, Step: []int{1, 1, 1, 1}, To: shape{1, 4, 9, 0}}, "x")
	n.add(graph.Concat{Axis: 0}, n.add(graph.Reshape{To: shape{0, 7}}, empty), n.add(graph.Reshape{To: shape{0, 7}}, empty))
	add("empty tensors", n, fixed, oneWay)
	n = newNet(img, img)
	n.add(graph.Concat{Axis: 2}, n.add(graph.Concat{Axis: 1}, "x", "x1", "x"), n.add(graph.Concat{Axis: 1}, "x1", "x1", "x"))
	add("concat", n)
	n = newNet(img)
	n.add(graph.Concat{Axis: 1}, "x", n.c(shape{1, 2, 9, 11}))
	add("concat with a constant", n, fixed)
	one("slice", graph.Slice{Start: []int{0, 1, 8, 2}, Step: []int{1, 1, -2, 3}, To: shape{1, 2, 4, 3}})
	one("slice backwards to the first", graph.Slice{Start: []int{0, 3, 0, 10}, Step: []int{1, -1, 1, -2}, To: shape{1, 4, 9, 6}})
	one("slice of everything", graph.Slice{Start: []int{0, 0, 0, 0}, Step: []int{1, 1, 1, 1}, To: img})
	n = newNet(img)
	n.add(graph.Concat{}, "x", "x")
	add("concat over the batch", n, fixed)
	one("transpose", graph.Transpose{Perm: []int{0, 2, 1, 3}})
	one("transpose of the batch", graph.Transpose{Perm: []int{3, 1, 0, 2}}, fixed)
	n = newNet(shape{1, 4, 1, 3})
	n.add(graph.Expand{To: shape{1, 4, 5, 3}}, "x")
	add("expand", n)
	n = newNet(shape{1, 3})
	n.add(graph.Expand{To: shape{1, 5, 3}}, "x")
	add("expand by an axis", n, fixed)
	one("pad", graph.Pad{Before: []int{0, 1, 2, 0}, After: []int{0, 0, 1, 3}, Mode: "constant", Value: -1.5})
	one("pad with 0", graph.Pad{Before: []int{0, 0, 2, 0}, After: []int{0, 0, 1, 3}, Mode: "constant"})
	one("pad reflect", graph.Pad{Before: []int{0, 0, 2, 0}, After: []int{0, 0, 1, 3}, Mode: "reflect"})
	one("pad edge", graph.Pad{Before: []int{0, 0, 2, 0}, After: []int{0, 0, 1, 3}, Mode: "edge"})
	one("pad the batch", graph.Pad{Before: []int{1, 0, 0, 0}, After: []int{0, 0, 0, 0}, Mode: "edge"}, fixed)

	// Reductions and matrix products.
	for _, fn := range []string{"sum", "mean", "max", "min"} {
		one("reduce"+fn, graph.Reduce{Fn: fn, Axes: []int{1, 3}})
		one("reduce"+fn+" over the batch", graph.Reduce{Fn: fn, Axes: []int{0, 2}}, fixed)
		one("reduce"+fn+" of nothing", graph.Reduce{Fn: fn})
		n = newNet(img) // an opset in which the axes are an input
		n.add(graph.Reduce{Fn: fn, Axes: []int{1, 2}}, n.add(graph.Pool{Window: window(2, 1, 2)}, "x"))
		add("reduce"+fn+", opset 19", n)
	}
	n = newNet(shape{1, 2, 3, 4}, shape{1, 2, 4, 5})
	n.add(graph.MatMul{}, "x", "x1")
	add("matmul", n)
	n = newNet(shape{1, 3, 4})
	n.add(graph.MatMul{}, n.add(graph.MatMul{}, "x", n.c(shape{4, 5})), n.c(shape{1, 5, 2}))
	add("matmul with constants", n)
	n = newNet(shape{3, 4}, shape{4, 2})
	n.add(graph.MatMul{}, "x", "x1")
	add("matmul of matrices", n, fixed, func(c *Case) { c.OneWay = true }) // the importer reads 3 as a batch

	// Resize: all modes, coordinates and roundings; scales that float32 holds, that
	// sizes give, and that a kept ratio gives.
	resize := func(x shape, op graph.Resize) *net {
		op.To = shape{1, 4, 0, 0}
		for d, s := range op.Scales {
			op.To[d] = int(math.Floor(s * float64(x[d])))
		}
		if op.Mode == "cubic" && op.Cubic == 0 {
			op.Cubic = -0.75
		}
		n := newNet(x)
		n.add(op, "x")
		return n
	}
	whole := shape{1, 4, 9, 12} // the scales give whole sizes
	for _, coord := range []string{"half_pixel", "pytorch_half_pixel", "half_pixel_symmetric", "align_corners", "asymmetric"} {
		for _, mode := range []string{"linear", "cubic"} {
			add("resize "+mode+" "+coord, resize(whole, graph.Resize{Mode: mode, Coord: coord, Scales: []float64{1, 1, 2, 0.75}}))
		}
		for _, round := range []string{"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"} {
			add("resize nearest "+coord+" "+round, resize(whole, graph.Resize{Mode: "nearest", Coord: coord, Round: round, Scales: []float64{1, 1, 2, 1.5}}))
		}
		set := func(*Case) {}
		if coord == "align_corners" || coord == "half_pixel_symmetric" {
			set = func(c *Case) { c.NoRuntime = "it measures from the size after rounding down" }
		}
		add("resize to a part of a pixel "+coord, resize(img, graph.Resize{Mode: "linear", Coord: coord, Scales: []float64{1, 1, 2, 0.75}}), set)
	}
	for _, round := range []string{"round_prefer_floor", "floor"} {
		add("resize nearest tf_half_pixel_for_nn "+round, resize(whole, graph.Resize{Mode: "nearest", Coord: "tf_half_pixel_for_nn", Round: round, Scales: []float64{1, 1, 2, 1.5}}))
	}
	add("resize cubic, excluded", resize(whole, graph.Resize{Mode: "cubic", Coord: "half_pixel", Cubic: -0.5, Exclude: true, Scales: []float64{1, 1, 2, 2}}))
	sizes := graph.Resize{Mode: "linear", Coord: "half_pixel", Scales: []float64{1, 1, 13. / 9, 7. / 11}, To: shape{1, 4, 13, 7}}
	one("resize to sizes", sizes)
	n = newNet(img)
	n.add(graph.Concat{}, n.add(sizes, "x"), n.add(sizes, "x"))
	add("resize to sizes, no batch", n, fixed)
	// 9 * 17/11 is 13.9.
	one("resize with its ratio kept", graph.Resize{Mode: "nearest", Coord: "half_pixel", Round: "round_prefer_floor", Scales: []float64{1, 1, 17. / 11, 17. / 11}, To: shape{1, 4, 14, 17}})

	// The tail.
	for _, fn := range []string{"softmax", "logsoftmax", "argmax", "lastargmax"} {
		one(fn, graph.Host{Fn: fn, Axis: 1})
		n = newNet(img)
		n.add(graph.Reshape{To: shape{1, 99}}, n.add(graph.Host{Fn: fn, Axis: 1}, n.add(graph.Slice{Start: make([]int, 4), Step: []int{1, 1, 1, 1}, To: shape{1, 1, 9, 11}}, "x")))
		add(fn+" and reshape", n)
		one(fn+" over the batch", graph.Host{Fn: fn}, fixed)
	}
	n = newNet(shape{1, 4, 9})
	n.add(graph.Host{Fn: "argmax", Axis: 1}, n.add(graph.Host{Fn: "lastargmax", Axis: 2}, "x"))
	add("argmax of an argmax", n)
	n = newNet(img)
	y := n.add(graph.Activation{Fn: graph.ActRelu}, "x")
	n.add(graph.Host{Fn: "softmax", Axis: 3}, n.add(graph.GlobalPool{}, y))
	add("several outputs", n.also(y))

	// Quantisers: integer types, narrower grids, grids of no integer type.
	quantize := func(name string, op graph.Quantize, scale, zero shape, v []float32, z []float32, set ...func(*Case)) {
		n := newNet(img)
		n.add(op, "x", n.c(scale, v...), n.c(zero, z...))
		add("quantize "+name, n, set...)
	}
	number, channel := shape{}, shape{4, 1, 1}
	steps := []float32{0.1, 0.25, 0.03, 0.5}
	quantize("int8", graph.Quantize{Bits: 8, Signed: true}, number, number, []float32{0.02}, []float32{0})
	quantize("uint8 with a zero point", graph.Quantize{Bits: 8}, number, number, []float32{0.02}, []float32{100})
	quantize("int8 narrow", graph.Quantize{Bits: 8, Signed: true, Narrow: true}, number, number, []float32{0.02}, []float32{0})
	quantize("4 bits per channel", graph.Quantize{Bits: 4, Signed: true}, channel, channel, steps, []float32{0, 1, -2, 3})
	quantize("3 bits unsigned narrow per channel", graph.Quantize{Bits: 3, Narrow: true}, channel, channel, steps, []float32{0, 1, 2, 3})
	quantize("1 bit", graph.Quantize{Bits: 1}, number, number, []float32{1}, []float32{0})
	quantize("int16", graph.Quantize{Bits: 16, Signed: true}, number, number, []float32{1e-4}, []float32{-5})
	quantize("uint16 per channel", graph.Quantize{Bits: 16}, channel, channel, steps, []float32{0, 1, 2, 30000})
	quantize("12 bits", graph.Quantize{Bits: 12, Signed: true}, channel, channel, steps, []float32{0, 1, 2, 3}, oneWay)
	quantize("32 bits", graph.Quantize{Bits: 32, Signed: true}, number, number, []float32{1e-9}, []float32{0}, oneWay)
	quantize("1 bit narrow", graph.Quantize{Bits: 1, Narrow: true}, number, number, []float32{1}, []float32{0}, oneWay)
	quantize("far zero point", graph.Quantize{Bits: 8}, number, number, []float32{0.1}, []float32{300}, oneWay)
	quantize("scale per row and channel", graph.Quantize{Bits: 8, Signed: true}, shape{4, 9, 1}, number, halves(36), []float32{0}, oneWay)
	n = newNet(img)
	n.add(graph.MultiThreshold{Scale: 0.5, Bias: -1}, "x", n.c(shape{4, 3}, -0.5, 0, 0.5, -1, -1, 1, 0, 0.1, 0.2, -2, 0, 2))
	add("multithreshold", n, oneWay)
	n = newNet(img)
	n.add(graph.MultiThreshold{Scale: 1}, "x", n.c(shape{1, 2}, -0.5, 0.5))
	add("multithreshold of one row", n, oneWay)
	return cases
}

// halves are n positive numbers.
func halves(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i+1) / 64
	}
	return v
}
