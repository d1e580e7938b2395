package onnxtest

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Large is a kind of model that can grow without limit in one way. Work on it must
// not grow faster than its size.
type Large struct {
	Name string
	N    int               // the size at which acceptance measures it
	Make func(n int) Model // the model of size n
}

// LargeModels are all kinds: chains, fans, names that collide, wide operators.
func LargeModels() []Large {
	return []Large{
		{"equal node names", 20000, equalNames},
		{"names that sanitise alike", 20000, alikeNames},
		{"names that end in numbers", 20000, numberedNames},
		{"long names", 2000, longNames},

		{"consumers, all outputs", 10000, func(n int) Model { return fanOut("Relu", n) }},
		{"consumers of the input", 30000, func(n int) Model { return fanOf(Node{}, "Relu", n) }},
		{"consumers of an Identity", 30000, func(n int) Model { return fanOf(Node{Op: "Identity"}, "Relu", n) }},
		{"consumers of a Reshape", 30000, func(n int) Model {
			return fanOf(Node{Op: "Reshape", In: []string{"", "flat"}}, "Relu", n)
		}},
		{"consumers of a Transpose", 30000, func(n int) Model {
			return fanOf(Node{Op: "Transpose", Attrs: []Attr{Ints("perm", 0, 2, 3, 1)}}, "Relu", n)
		}},
		{"consumers of a Pad", 30000, func(n int) Model { return fanOf(padNode, "MaxPool", n) }},
		{"consumers of a BatchNormalization", 30000, func(n int) Model {
			return fanOf(Node{Op: "BatchNormalization", In: []string{"", "c2", "c2", "c2", "c2"}}, "Conv", n)
		}},
		{"consumers that quantise", 10000, func(n int) Model { return fanOf(Node{Op: "Relu"}, "QDQ", n) }},
		{"one node that reads a value often", 20000, repeated},
		{"a dead node that reads a value often", 20000, repeatedDead},

		{"chain of Relu", 200000, func(n int) Model { return chain(n, Node{Op: "Relu"}) }},
		{"chain of Sigmoid", 200000, func(n int) Model { return chain(n, Node{Op: "Sigmoid"}) }},
		{"chain of Identity", 200000, func(n int) Model { return chain(n, Node{Op: "Identity"}) }},
		{"chain of multiplications", 50000, func(n int) Model { return chain(n, mulNode) }},
		{"chain of multiplications behind a Conv", 50000, func(n int) Model { return chainBehind(n, convNode, mulNode) }},
		{"chain of additions behind a Conv", 50000, func(n int) Model { return chainBehind(n, convNode, addNode) }},
		{"chain of BatchNormalization", 50000, func(n int) Model { return chain(n, normNode) }},
		{"chain of Conv", 100000, func(n int) Model { return chain(n, convNode) }},
		{"chain of Conv, Mul, Relu", 60000, func(n int) Model { return chain(n, convNode, mulNode, Node{Op: "Relu"}) }},
		{"chain of Clip", 50000, func(n int) Model { return chain(n, Node{Op: "Clip", In: []string{"", "zero", "six"}}) }},
		{"chain of Pad", 5000, func(n int) Model {
			return chain(n, padNode, Node{Op: "MaxPool", Attrs: []Attr{Ints("kernel_shape", 3, 3)}})
		}},
		{"chain of Reshape", 50000, func(n int) Model {
			return chain(n, Node{Op: "Reshape", In: []string{"", "flat"}}, Node{Op: "Reshape", In: []string{"", "map"}})
		}},
		{"chain of Reshape and Relu", 50000, func(n int) Model {
			return chain(n, Node{Op: "Reshape", In: []string{"", "flat"}}, Node{Op: "Relu"}, Node{Op: "Reshape", In: []string{"", "map"}}, Node{Op: "Relu"})
		}},
		{"Reshape before a chain of Relu", 50000, func(n int) Model {
			return chainBehind(n, Node{Op: "Reshape", In: []string{"", "flat"}}, Node{Op: "Relu"})
		}},
		{"chain of Flatten and Gemm", 20000, func(n int) Model {
			return chain(n, Node{Op: "Flatten"}, Node{Op: "Gemm", In: []string{"", "square"}})
		}},
		{"chain of Transpose", 50000, func(n int) Model { return chain(n, toNHWC, toNCHW) }},
		{"Transpose before a chain of Relu", 50000, func(n int) Model { return chainBehind(n, toNHWC, Node{Op: "Relu"}) }},
		{"Transposes before a chain of Relu", 20000, func(n int) Model {
			m := chainBehind(n, toNHWC, Node{Op: "Relu"})
			rest := chain(n, toNHWC, Node{Op: "Relu"}, toNCHW)
			return behind(m, rest)
		}},
		{"chain of Shape and Reshape", 30000, shapes},
		{"chain of Add with the input", 50000, func(n int) Model { return chain(n, Node{Op: "Add", In: []string{"", "x"}}) }},
		{"chain of Add of two", 50000, doubled},
		{"chain of x*sigmoid(x)", 30000, swishes},
		{"chain of QuantizeLinear and DequantizeLinear", 50000, func(n int) Model {
			return chain(n, Node{Op: "QuantizeLinear", In: []string{"", "one", "zero8"}}, Node{Op: "DequantizeLinear", In: []string{"", "one", "zero8"}})
		}},
		{"chain of 16-bit quantisers and Sigmoid", 40000, func(n int) Model {
			return chain(n, Node{Op: "QuantizeLinear", In: []string{"", "one", "zero16"}}, Node{Op: "DequantizeLinear", In: []string{"", "one", "zero16"}}, Node{Op: "Sigmoid"})
		}},
		{"chain of 16-bit quantisers and PRelu", 4000, func(n int) Model {
			return chain(n, Node{Op: "QuantizeLinear", In: []string{"", "one", "zero16"}}, Node{Op: "DequantizeLinear", In: []string{"", "one", "zero16"}},
				Node{Op: "PRelu", In: []string{"", "slopes"}})
		}},
		{"chain of Softmax", 20000, func(n int) Model { return chain(n, Node{Op: "Softmax", Attrs: []Attr{Int("axis", 1)}}) }},
		{"chain of Slice and Concat", 30000, slicesAndConcats},
		{"chain of constants", 100000, constants},
		{"chain of unknown operators", 100000, func(n int) Model { return chain(n, Node{Op: "Mystery"}) }},
		{"chain backwards in the file", 200000, func(n int) Model {
			m := chain(n, Node{Op: "Relu"})
			for i, j := 0, len(m.Nodes)-1; i < j; i, j = i+1, j-1 {
				m.Nodes[i], m.Nodes[j] = m.Nodes[j], m.Nodes[i]
			}
			return m
		}},
		{"a cycle", 200000, func(n int) Model {
			m := chain(n, Node{Op: "Relu"})
			m.Nodes[0] = Node{Op: "Add", In: []string{"x", m.Nodes[len(m.Nodes)-1].Out[0]}, Out: m.Nodes[0].Out}
			return m
		}},

		{"Concat of many", 20000, func(n int) Model { return wide("Concat", n, Int("axis", 1)) }},
		{"Sum of many", 20000, func(n int) Model { return wide("Sum", n) }},
		{"Split into many", 10000, split},
		{"outputs that are inputs", 10000, func(n int) Model { return fanOut("Identity", n) }},
		{"unused initializers", 50000, unusedInits},
		{"used initializers", 50000, usedInits},
		{"unused sparse initializers", 20000, sparse},
		{"graph inputs", 20000, inputs},
		{"attributes", 20000, attributes},
		{"deep subgraphs", 20000, deepGraph},
		{"opset imports", 20000, opsets},
		{"dimensions", 20000, dimensions},
		{"axes", 20000, axes},
	}
}

var (
	mulNode  = Node{Op: "Mul", In: []string{"", "half"}}
	addNode  = Node{Op: "Add", In: []string{"", "half"}}
	normNode = Node{Op: "BatchNormalization", In: []string{"", "c2", "c2", "c2", "c2"}}
	convNode = Node{Op: "Conv", In: []string{"", "w"}}
	padNode  = Node{Op: "Pad", In: []string{"", "pads"}}
	toNHWC   = Node{Op: "Transpose", Attrs: []Attr{Ints("perm", 0, 2, 3, 1)}}
	toNCHW   = Node{Op: "Transpose", Attrs: []Attr{Ints("perm", 0, 3, 1, 2)}}
)

// base has an input x of shape [1,2,4,4], an output y of any shape, and the
// constants that the nodes above read.
func base() Model {
	return Model{
		Name: "large",
		Inits: []Tensor{
			F32("half", nil, 0.5), F32("zero", nil, 0), F32("six", nil, 6), F32("one", nil, 1),
			F32("c2", []int64{2}, 1, 0.5), F32("w", []int64{2, 2, 1, 1}, 1, 0.5, 0.25, 1),
			F32("square", []int64{32, 32}, make([]float32, 32*32)...),
			I64("flat", []int64{2}, 1, 32), I64("map", []int64{4}, 1, 2, 4, 4),
			I64("pads", []int64{8}, 0, 0, 1, 1, 0, 0, 1, 1), Raw("zero8", 3, nil, []byte{0}), Raw("zero16", 5, nil, []byte{0, 0}),
			F32("slopes", []int64{2, 1, 1}, 0.1, 0.3),
		},
		Inputs:  []Value{{Name: "x", Dims: []any{1, 2, 4, 4}}},
		Outputs: []Value{{Name: "y"}},
	}
}

// of gives the node its data input, which replaces the first "", and its output.
func (n Node) of(in, out string) Node {
	n.In = append([]string{in}, n.In[min(1, len(n.In)):]...)
	n.Out = []string{out}
	return n
}

// chain is a chain of n nodes, which repeats the given ones.
func chain(n int, nodes ...Node) Model {
	m := base()
	v := "x"
	for i := range n {
		out := fmt.Sprint("v", i)
		if i == n-1 {
			out = "y"
		}
		m.Nodes = append(m.Nodes, nodes[i%len(nodes)].of(v, out))
		v = out
	}
	return m
}

// chainBehind is one node and a chain of n others.
func chainBehind(n int, first Node, nodes ...Node) Model {
	return behind(chain(1, first), chain(n, nodes...))
}

// behind appends the chain b to a.
func behind(a, b Model) Model {
	for i := range a.Nodes {
		for k := range a.Nodes[i].Out {
			a.Nodes[i].Out[k] = "first_" + a.Nodes[i].Out[k]
		}
		if i > 0 {
			a.Nodes[i].In[0] = "first_" + a.Nodes[i].In[0]
		}
	}
	b.Nodes[0].In[0] = a.Nodes[len(a.Nodes)-1].Out[0]
	a.Nodes = append(a.Nodes, b.Nodes...)
	return a
}

func equalNames(n int) Model {
	m := chain(n, Node{Op: "Relu", Name: "relu"})
	return m
}

func alikeNames(n int) Model {
	m := chain(n, Node{Op: "Sigmoid"})
	for i := range m.Nodes {
		m.Nodes[i].Name = "layer" + string(rune(0x4e00+i)) // letters that no identifier may contain
	}
	return m
}

// numberedNames has names that equal the numbered forms which duplicate names would get.
func numberedNames(n int) Model {
	m := chain(n, Node{Op: "Sigmoid"})
	for i := range m.Nodes {
		m.Nodes[i].Name = "relu"
		if i%2 == 1 {
			m.Nodes[i].Name = fmt.Sprintf("relu~%d", i/2+2)
		}
	}
	return m
}

func longNames(n int) Model {
	m := chain(n, Node{Op: "Sigmoid"})
	for i := range m.Nodes {
		m.Nodes[i].Name = strings.Repeat("n", 10000) + fmt.Sprint(i)
	}
	return m
}

// fanOut is n nodes that read x; all are outputs.
func fanOut(op string, n int) Model {
	m := fanOf(Node{}, op, n)
	m.Outputs = nil
	for _, v := range m.Nodes[len(m.Nodes)-1].In {
		m.Outputs = append(m.Outputs, Value{Name: v})
	}
	m.Nodes = m.Nodes[:len(m.Nodes)-1]
	return m
}

// fanOf has n nodes that read the output of the node first, and a Concat of their outputs.
func fanOf(first Node, op string, n int) Model {
	m := base()
	v := "x"
	if first.Op != "" {
		v = "f"
		m.Nodes = append(m.Nodes, first.of("x", v))
	}
	var all []string
	for i := range n {
		u := Node{Op: op}
		out := fmt.Sprint("v", i)
		switch op {
		case "Conv":
			u.In = convNode.In
		case "MaxPool":
			u.Attrs = []Attr{Ints("kernel_shape", 2, 2)}
		case "QDQ":
			m.Nodes = append(m.Nodes, Node{Op: "QuantizeLinear", In: []string{v, "one", "zero8"}, Out: []string{out + "q"}})
			m.Nodes = append(m.Nodes, Node{Op: "DequantizeLinear", In: []string{out + "q", "one", "zero8"}, Out: []string{out}})
			all = append(all, out)
			continue
		}
		m.Nodes = append(m.Nodes, u.of(v, out))
		all = append(all, out)
	}
	m.Nodes = append(m.Nodes, Node{Op: "Concat", In: all, Out: []string{"y"}, Attrs: []Attr{Int("axis", 1)}})
	return m
}

func repeated(n int) Model {
	m := chain(2, Node{Op: "Identity"}, Node{Op: "Concat", Attrs: []Attr{Int("axis", 1)}})
	for range n {
		m.Nodes[1].In = append(m.Nodes[1].In, m.Nodes[1].In[0])
	}
	return m
}

func repeatedDead(n int) Model {
	m := repeated(n)
	m.Nodes[1].Out[0] = "dead"
	m.Nodes = append(m.Nodes, Node{Op: "Relu", In: []string{"x"}, Out: []string{"y"}})
	return m
}

func shapes(n int) Model {
	m := base()
	v := "x"
	for i := range n / 3 {
		s := fmt.Sprint(i)
		m.Nodes = append(m.Nodes, Node{Op: "Relu", In: []string{v}, Out: []string{"r" + s}},
			Node{Op: "Shape", In: []string{"r" + s}, Out: []string{"s" + s}},
			Node{Op: "Reshape", In: []string{"r" + s, "s" + s}, Out: []string{"v" + s}})
		v = "v" + s
	}
	m.Nodes = append(m.Nodes, Node{Op: "Sigmoid", In: []string{v}, Out: []string{"y"}})
	return m
}

func doubled(n int) Model {
	m := chain(n, Node{Op: "Add"})
	for i := range m.Nodes {
		m.Nodes[i].In = append(m.Nodes[i].In, m.Nodes[i].In[0])
	}
	return m
}

func swishes(n int) Model {
	m := base()
	v := "x"
	for i := range n / 2 {
		s := fmt.Sprint(i)
		m.Nodes = append(m.Nodes, Node{Op: "Sigmoid", In: []string{v}, Out: []string{"s" + s}}, Node{Op: "Mul", In: []string{v, "s" + s}, Out: []string{"v" + s}})
		v = "v" + s
	}
	m.Nodes = append(m.Nodes, Node{Op: "Relu", In: []string{v}, Out: []string{"y"}})
	return m
}

func slicesAndConcats(n int) Model {
	m := base()
	m.Inits = append(m.Inits, I64("i0", []int64{1}, 0), I64("i1", []int64{1}, 1), I64("i2", []int64{1}, 2))
	v := "x"
	for i := range n / 3 {
		s := fmt.Sprint(i)
		m.Nodes = append(m.Nodes, Node{Op: "Slice", In: []string{v, "i0", "i1", "i1"}, Out: []string{"a" + s}},
			Node{Op: "Slice", In: []string{v, "i1", "i2", "i1"}, Out: []string{"b" + s}},
			Node{Op: "Concat", In: []string{"b" + s, "a" + s}, Out: []string{"v" + s}, Attrs: []Attr{Int("axis", 1)}})
		v = "v" + s
	}
	m.Nodes = append(m.Nodes, Node{Op: "Relu", In: []string{v}, Out: []string{"y"}})
	return m
}

// constants is a chain of nodes over constants, whose result shifts x.
func constants(n int) Model {
	m := chain(n, Node{Op: "Neg"})
	m.Nodes[0].In[0] = "half"
	m.Nodes[len(m.Nodes)-1].Out[0] = "c"
	m.Nodes = append(m.Nodes, Node{Op: "Add", In: []string{"x", "c"}, Out: []string{"y"}})
	return m
}

// wide is one node of n inputs, each made by a Relu.
func wide(op string, n int, attrs ...Attr) Model {
	m := fanOf(Node{}, "Sigmoid", n)
	last := &m.Nodes[len(m.Nodes)-1]
	last.Op, last.Attrs = op, attrs
	return m
}

func split(n int) Model {
	m := base()
	m.Inputs[0].Dims = []any{1, n, 2, 2}
	s := Node{Op: "Split", In: []string{"x"}, Attrs: []Attr{Int("axis", 1)}}
	for i := range n {
		s.Out = append(s.Out, fmt.Sprint("v", i))
	}
	m.Nodes = []Node{s, {Op: "Concat", In: s.Out, Out: []string{"y"}, Attrs: s.Attrs}}
	return m
}

func unusedInits(n int) Model {
	m := chain(1, Node{Op: "Relu"})
	for i := range n {
		m.Inits = append(m.Inits, F32(fmt.Sprint("unused", i), []int64{4}, 1, 2, 3, 4))
	}
	return m
}

// usedInits is a chain of convolutions with weights of their own.
func usedInits(n int) Model {
	m := chain(n, convNode)
	for i := range m.Nodes {
		w := fmt.Sprint("w", i)
		m.Nodes[i].In = []string{m.Nodes[i].In[0], w}
		m.Inits = append(m.Inits, F32(w, []int64{2, 2, 1, 1}, 1, 0, 0, 1))
	}
	return m
}

func sparse(n int) Model {
	m := chain(n, convNode)
	for i := range n {
		m.Sparse = append(m.Sparse, F32(fmt.Sprint("sparse", i), []int64{1}, 1))
	}
	return m
}

func inputs(n int) Model {
	m := chain(1, Node{Op: "Relu"})
	for i := range n {
		m.Inputs = append(m.Inputs, Value{Name: fmt.Sprint("x", i), Dims: []any{1, 2, 4, 4}})
	}
	return m
}

func attributes(n int) Model {
	m := chain(1, Node{Op: "Relu"})
	for i := range n {
		m.Nodes[0].Attrs = append(m.Nodes[0].Attrs, Int(fmt.Sprint("a", i), 1))
	}
	return m
}

// deepGraph is an If whose subgraph holds one, and so on: n deep.
func deepGraph(n int) Model {
	m := chain(1, Node{Op: "If"})
	// Each level adds some bytes before its content. They are assembled from the innermost level.
	var parts [][]byte
	size := 0
	for range n {
		// GraphProto.node(1) { attribute(5) { g(6) { ... } } }
		inner := bytesHeader(6, size)
		attr := bytesHeader(5, size+len(inner))
		head := append(bytesHeader(1, size+len(inner)+len(attr)), append(attr, inner...)...)
		parts = append(parts, head)
		size += len(head)
	}
	body := make([]byte, 0, size)
	for i := len(parts) - 1; i >= 0; i-- {
		body = append(body, parts[i]...)
	}
	m.Nodes[0].Attrs = []Attr{attr("then_branch", 5, bytesField(nil, 6, body))}
	return m
}

func opsets(n int) Model {
	m := chain(1, Node{Op: "Relu"})
	for i := range n {
		m.Domains = append(m.Domains, fmt.Sprint("d", i))
	}
	return m
}

// dimensions is an input of very many dimensions of 1.
func dimensions(n int) Model {
	m := chain(4, Node{Op: "Relu"}, Node{Op: "Transpose"}, Node{Op: "Add", In: []string{"", "half"}}, Node{Op: "Flatten"})
	m.Inputs[0].Dims = make([]any, n)
	for i := range n {
		m.Inputs[0].Dims[i] = 1
	}
	return m
}

// axes is an Unsqueeze of very many axes.
func axes(n int) Model {
	m := chain(2, Node{Op: "Unsqueeze", In: []string{"", "axes"}}, Node{Op: "Squeeze", In: []string{"", "axes"}})
	list := make([]int64, n)
	for i := range n {
		list[i] = int64(i)
	}
	m.Inits = append(m.Inits, I64("axes", []int64{int64(n)}, list...))
	return m
}

// bytesHeader is the header before a field of size bytes.
func bytesHeader(num protowire.Number, size int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, num, protowire.BytesType), uint64(size))
}
