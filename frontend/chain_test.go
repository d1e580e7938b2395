package frontend

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hass/frontend/onnx"
	"hass/frontend/ops"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/quant"
	"hass/internal/test/onnxtest"
)

// chain is a random model, built operator by operator, with the value of every step on
// a few images. Each step is computed by a separate model, so no pass sees two operators.
type chain struct {
	t      *testing.T
	r      *rand.Rand
	m      model
	values []chainValue
}

type chainValue struct {
	name  string
	shape graph.Shape
	data  [][]float32 // by image
}

func newChain(t *testing.T, seed uint64) *chain {
	c := &chain{t: t, r: rand.New(rand.NewPCG(seed, 22))}
	s := graph.Shape{1, 2 * (1 + c.r.IntN(2)), 3 + 2*c.r.IntN(2), 2 + c.r.IntN(5)} // channels are not rows: layouts tell apart
	v := chainValue{name: "x", shape: s, data: make([][]float32, 3)}
	for k := range v.data {
		for range s.Elems() {
			v.data[k] = append(v.data[k], float32(c.r.IntN(33)-16)/16)
		}
	}
	c.values = []chainValue{v}
	c.m.Inputs = image(1, s[1], s[2], s[3])
	return c
}

func (c *chain) last() chainValue { return c.values[len(c.values)-1] }

// constant adds an initializer of random numbers in 0.25 to 2 either way.
func (c *chain) constant(s graph.Shape, positive bool) string {
	f := make([]float32, s.Elems())
	for i := range f {
		if f[i] = float32(1+c.r.IntN(8)) / 4; !positive && c.r.IntN(2) == 0 {
			f[i] = -f[i]
		}
	}
	return c.init(func(name string) tens { return onnxtest.F32(name, dims(s), f...) })
}

func (c *chain) init(make func(name string) tens) string {
	name := fmt.Sprintf("k%d", len(c.m.Inits))
	c.m.Inits = append(c.m.Inits, make(name))
	return name
}

func (c *chain) ints(v ...int64) string {
	return c.init(func(name string) tens { return onnxtest.I64(name, []int64{int64(len(v))}, v...) })
}

// step appends an operator over the value x and constants, or over two values; false if
// the operator alone is not read, as where it does not fit.
func (c *chain) step(op string, in []string, attrs ...at) bool {
	n := node{Name: fmt.Sprintf("n%d", len(c.m.Nodes)), Op: op, In: in, Out: []string{fmt.Sprintf("v%d", len(c.m.Nodes))}, Attrs: attrs}
	one := model{Nodes: []node{n}, Inits: c.m.Inits, Outputs: out(n.Out[0])}
	var read []chainValue
	for _, name := range in {
		if i := slices.IndexFunc(c.values, func(v chainValue) bool { return v.name == name }); i >= 0 && !slices.ContainsFunc(read, func(v chainValue) bool { return v.name == name }) {
			read = append(read, c.values[i])
			var d []any
			for _, n := range c.values[i].shape {
				d = append(d, n)
			}
			if d == nil {
				return false
			}
			one.Inputs = append(one.Inputs, value{Name: name, Dims: d})
		}
	}
	m, err := onnx.Load(one.Encode(), "")
	if err != nil {
		c.t.Fatal(err)
	}
	k, err := compile(m, "step", options{keepBatch: true})
	if err != nil || len(k.unsupported()) > 0 {
		return false
	}
	e, err := floatexec.New(k.g)
	if err != nil {
		return false
	}
	v := chainValue{name: n.Out[0], shape: e.OutputShape(0)}
	for i := range c.values[0].data {
		var args [][]float32
		for _, in := range e.Inputs() {
			args = append(args, read[slices.IndexFunc(read, func(v chainValue) bool { return v.name == in.Name })].data[i])
		}
		outs, err := e.Run(args, nil)
		if err != nil {
			c.t.Fatal(err)
		}
		v.data = append(v.data, outs[0])
	}
	c.m.Nodes = append(c.m.Nodes, n)
	c.values = append(c.values, v)
	return true
}

// transpose appends a Transpose, computed by hand, because a model with only a Transpose would be read
// as one with an image input with channels last.
func (c *chain) transpose(perm []int) {
	x := c.last()
	n := node{Name: fmt.Sprintf("n%d", len(c.m.Nodes)), Op: "Transpose", In: []string{x.name}, Out: []string{fmt.Sprintf("v%d", len(c.m.Nodes))}, Attrs: []at{onnxtest.Ints("perm", int64s(perm)...)}}
	v := chainValue{name: n.Out[0]}
	for _, d := range x.data {
		y := ops.Transpose(&graph.Tensor{Type: graph.Float, Shape: x.shape, F: d}, perm)
		v.shape, v.data = y.Shape, append(v.data, y.F)
	}
	c.m.Nodes, c.values = append(c.m.Nodes, n), append(c.values, v)
}

// images are the input of the imported model: planes, if the original takes channels last.
func (c *chain) images(g *graph.Graph) [][]float32 {
	x := c.values[0]
	if g.Inputs[0].Shape.Equal(x.shape) {
		return x.data
	}
	var all [][]float32
	for _, d := range x.data {
		all = append(all, ops.Transpose(&graph.Tensor{Type: graph.Float, Shape: x.shape, F: d}, []int{0, 3, 1, 2}).F)
	}
	return all
}

// grow appends one random operator.
func (c *chain) grow() {
	x := c.last()
	s := x.shape
	pick := func(v ...string) string { return v[c.r.IntN(len(v))] }
	switch k := c.r.IntN(16); {
	case k < 3: // a constant operand
		op := pick("Add", "Sub", "Mul", "Div", "PRelu", "Max", "Min")
		in := []string{x.name, c.constant(operandOf(c.r, s), op == "Div")}
		if op != "PRelu" && op != "Div" && c.r.IntN(2) == 0 {
			slices.Reverse(in)
		}
		c.step(op, in)
	case k < 5:
		c.step(pick("Relu", "Sigmoid", "LeakyRelu", "HardSigmoid", "Tanh", "Identity", "Neg"), []string{x.name})
	case k < 6 && len(s) > 1:
		p := c.r.Perm(len(s))
		if s[0] == 1 && c.r.IntN(2) == 0 {
			slices.Sort(p)
			c.r.Shuffle(len(p)-1, func(i, j int) { p[i+1], p[j+1] = p[j+1], p[i+1] })
		}
		if len(s) == 4 && c.r.IntN(2) == 0 {
			p = [][]int{{0, 2, 3, 1}, {0, 3, 1, 2}}[c.r.IntN(2)]
		}
		c.transpose(p)
	case k < 7:
		to := []int64{1}
		for rest := s.Elems(); rest > 1; {
			d := 1
			for _, f := range []int{2, 3, 5, 7, 11} {
				if rest%f == 0 && c.r.IntN(3) > 0 {
					d *= f
				}
			}
			if len(to) == 4 || d == 1 && c.r.IntN(4) == 0 {
				d = rest
			}
			to, rest = append(to, int64(d)), rest/d
		}
		c.step("Reshape", []string{x.name, c.ints(to...)})
	case k < 8:
		c.step("Flatten", []string{x.name}, onnxtest.Int("axis", int64(c.r.IntN(len(s)+1))))
	case k < 9 && len(s) == 2 && s[0] == 1:
		f := 2 + c.r.IntN(3)
		if c.r.IntN(2) == 0 {
			c.step("MatMul", []string{x.name, c.constant(graph.Shape{s[1], f}, false)})
			break
		}
		c.step("Gemm", []string{x.name, c.constant(graph.Shape{f, s[1]}, false), c.constant(operandOf(c.r, graph.Shape{1, f}), false)}, onnxtest.Int("transB", 1), onnxtest.Float("alpha", 0.5))
	case k < 10: // a residual of any earlier value, or a gate
		y := c.values[c.r.IntN(len(c.values))]
		c.step(pick("Add", "Mul", "Sub"), []string{x.name, y.name})
	case len(s) != 4 || s[0] != 1:
		c.step(pick("Relu", "Neg"), []string{x.name})
	case k < 12:
		f := 2 * (1 + c.r.IntN(2))
		if c.r.IntN(2) == 0 {
			c.step("Conv", []string{x.name, c.constant(graph.Shape{f, s[1], 1, 1}, false)})
			break
		}
		c.step("Conv", []string{x.name, c.constant(graph.Shape{s[1], 1, 2, 2}, false), c.constant(graph.Shape{s[1]}, false)}, onnxtest.Int("group", int64(s[1])), onnxtest.Ints("pads", 1, 0, 0, 1))
	case k < 13:
		c.step("BatchNormalization", []string{x.name, c.constant(graph.Shape{s[1]}, true), c.constant(graph.Shape{s[1]}, false), c.constant(graph.Shape{s[1]}, false), c.constant(graph.Shape{s[1]}, true)})
	case k < 14:
		op := pick("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool")
		if strings.HasPrefix(op, "Global") {
			c.step(op, []string{x.name})
			break
		}
		c.step(op, []string{x.name}, onnxtest.Ints("kernel_shape", 2, 2), onnxtest.Ints("strides", int64(1+c.r.IntN(2)), 1), onnxtest.Int("ceil_mode", int64(c.r.IntN(2))))
	case k < 15:
		pads := make([]int64, 8)
		for _, i := range []int{2, 3, 6, 7} {
			pads[i] = int64(c.r.IntN(3) - 1)
		}
		c.step("Pad", []string{x.name, c.ints(pads...)})
	default:
		if c.r.IntN(2) == 0 {
			axes := [][]int64{{2, 3}, {1}, {1, 2, 3}}[c.r.IntN(3)]
			c.step(pick("ReduceMean", "ReduceMax"), []string{x.name}, onnxtest.Ints("axes", axes...), onnxtest.Int("keepdims", int64(c.r.IntN(2))))
			break
		}
		c.step("Softmax", []string{x.name}, onnxtest.Int("axis", int64(c.r.IntN(4))))
	}
}

// TestChains: random chains of operators give the same values after the passes as the
// operators one by one, always in float, and in integers if there is hardware.
// HASS_CHAINS sets the number of chains.
func TestChains(t *testing.T) {
	count := 150
	if v, err := strconv.Atoi(os.Getenv("HASS_CHAINS")); err == nil {
		count = v
	}
	built := 0
	for seed := range uint64(count) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			c := newChain(t, seed)
			for range 2 + c.r.IntN(6) {
				c.grow()
			}
			if len(c.m.Nodes) == 0 {
				return
			}
			y := c.last()
			c.m.Outputs = out(y.name)
			g, err := Load(c.m.Write(t))
			if un := (*UnsupportedError)(nil); errors.As(err, &un) {
				return // such as a softmax inside
			} else if err != nil {
				if strings.Contains(err.Error(), "internal error") {
					t.Fatalf("%v\n%s", err, c)
				}
				return
			}
			e, err := floatexec.New(g)
			if err != nil {
				t.Fatal(err)
			}
			if !e.OutputShape(0).Equal(y.shape) {
				t.Fatalf("shape %v, want %v\n%s%v", e.OutputShape(0), y.shape, c, g)
			}
			images := c.images(g)
			for k, want := range y.data {
				got, err := e.Run([][]float32{images[k]}, nil)
				if err != nil {
					t.Fatal(err)
				}
				c.holds("float executor", got[0], want, 2e-4, g)
			}
			if quant.Buildable(g) != nil {
				return
			}
			built++
			for k, got := range integers(t, g, images) {
				if !got.Shape.Equal(y.shape) {
					t.Fatalf("integer network: shape %v, want %v\n%s%v", got.Shape, y.shape, c, g)
				}
				c.holds("integer network", got.Data, y.data[k], 2e-2, g)
			}
		})
	}
	if built < count/8 {
		t.Errorf("%d of %d chains have hardware", built, count)
	}
}

// holds is near for a chain, which it prints.
func (c *chain) holds(what string, got, want []float32, share float64, g *graph.Graph) {
	c.t.Helper()
	top := 0.0
	for _, v := range c.values { // rounding anywhere on the way counts
		for _, d := range v.data {
			for _, f := range d {
				top = max(top, math.Abs(float64(f)))
			}
		}
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= share*top) {
			c.t.Fatalf("%s: element %d is %v, the operators one by one give %v\n%s%v", what, i, got[i], want[i], c, g)
		}
	}
}

// String lists the operators with the shapes that they make.
func (c *chain) String() string {
	var b strings.Builder
	for i, n := range c.m.Nodes {
		fmt.Fprintf(&b, "%s %v -> %v\n", n.Op, n.In, c.values[i+1].shape)
	}
	return b.String()
}
