package onnx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// withFunctions is a model of one node that calls a function, with the functions given.
func withFunctions(t *testing.T, call *Node, functions ...*Function) []byte {
	t.Helper()
	m := &Model{IRVersion: 8, Opsets: map[string]int64{"": 15, "local": 1}, Graph: &Graph{Name: "g", Nodes: []*Node{call},
		Inputs:  []*Value{{Name: "x", IsTensor: true, Elem: Float32, HasShape: true, Dims: []Dim{{Value: 1, Known: true}}}},
		Outputs: []*Value{{Name: "y", IsTensor: true, Elem: Float32, HasShape: true, Dims: []Dim{{Value: 1, Known: true}}}}}}
	data, err := Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range functions {
		var b, tail message
		b.str(1, f.Name)
		for _, v := range f.Inputs {
			b.str(4, v)
		}
		for _, v := range f.Outputs {
			b.str(5, v)
		}
		for _, n := range f.Nodes {
			e, err := encodeNode(n)
			if err != nil {
				t.Fatal(err)
			}
			b.message(7, e)
		}
		b.str(10, f.Domain)
		for _, a := range f.Defaults {
			e, err := encodeAttr(a)
			if err != nil {
				t.Fatal(err)
			}
			b.message(11, e)
		}
		tail.message(25, &b)
		data = append(data, tail.flat()...)
	}
	return data
}

// TestInline: the nodes of functions replace calls, also for functions within functions. Attributes of the call or defaults
// replace references; attributes without either are omitted.
func TestInline(t *testing.T) {
	ref := func(name, of string) *Attr { return &Attr{Name: name, Type: AttrFloat, Ref: of} }
	leaky := &Function{Name: "Leaky", Domain: "local", Inputs: []string{"a"}, Outputs: []string{"b"}, Nodes: []*Node{
		{Op: "LeakyRelu", Inputs: []string{"a"}, Outputs: []string{"m"}, Attrs: []*Attr{ref("alpha", "slope")}},
		{Name: "e", Op: "Elu", Inputs: []string{"m"}, Outputs: []string{"b"}, Attrs: []*Attr{ref("alpha", "none")}},
	}, Defaults: []*Attr{{Name: "slope", Type: AttrFloat, F: 0.5}}}
	twice := &Function{Name: "Twice", Domain: "local", Inputs: []string{"a", "unused"}, Outputs: []string{"b", "same"}, Nodes: []*Node{
		{Name: "one", Domain: "local", Op: "Leaky", Inputs: []string{"a"}, Outputs: []string{"m"}, Attrs: []*Attr{{Name: "slope", Type: AttrFloat, F: 0.25}}},
		{Domain: "local", Op: "Leaky", Inputs: []string{"m"}, Outputs: []string{"b"}},
	}}
	m, err := Load(withFunctions(t, &Node{Name: "call", Domain: "local", Op: "Twice", Inputs: []string{"x"}, Outputs: []string{"y"}}, leaky, twice), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range m.Graph.Nodes {
		line := fmt.Sprintf("%s %s%v%v", n.Name, n.Op, n.Inputs, n.Outputs)
		for _, a := range n.Attrs {
			line += fmt.Sprint(" ", a.Name, "=", a.F)
		}
		got = append(got, line)
	}
	want := []string{
		"call/one/LeakyRelu_0 LeakyRelu[x][call/one/m] alpha=0.25", "call/one/e Elu[call/one/m][call/m]",
		"call/Leaky_1/LeakyRelu_0 LeakyRelu[call/m][call/Leaky_1/m] alpha=0.5", "call/Leaky_1/e Elu[call/Leaky_1/m][y]",
	}
	if d := cmp.Diff(want, got); d != "" || len(m.Functions) != 0 {
		t.Errorf("%s %v", d, m.Functions)
	}
}

// TestInlineErrors: calls that do not fit and functions without an end are refused.
func TestInlineErrors(t *testing.T) {
	self := &Function{Name: "F", Domain: "local", Inputs: []string{"a"}, Outputs: []string{"b"}, Nodes: []*Node{{Domain: "local", Op: "F", Inputs: []string{"a"}, Outputs: []string{"b"}}}}
	wide := &Function{Name: "F", Domain: "local", Inputs: []string{"a"}, Outputs: []string{"b"}}
	for range 40 { // 40^4 nodes
		wide.Nodes = append(wide.Nodes, &Node{Domain: "local", Op: "G", Inputs: []string{"a"}, Outputs: []string{"b"}})
	}
	all := []*Function{wide}
	for i := range 4 {
		f := &Function{Name: string(rune('G' + i)), Domain: "local", Inputs: []string{"a"}, Outputs: []string{"b"}}
		for range 40 {
			f.Nodes = append(f.Nodes, &Node{Domain: "local", Op: string(rune('H' + i)), Inputs: []string{"a"}, Outputs: []string{"b"}})
		}
		all = append(all, f)
	}
	for name, c := range map[string]struct {
		inputs    []string
		functions []*Function
		want      string
	}{
		"itself":     {[]string{"x"}, []*Function{self}, "more than 64 deep"},
		"inputs":     {[]string{"x", "x"}, []*Function{self}, "with 2 inputs"},
		"many nodes": {[]string{"x"}, all, "more than 1048576 nodes"},
	} {
		_, err := Load(withFunctions(t, &Node{Name: "call", Domain: "local", Op: "F", Inputs: c.inputs, Outputs: []string{"y"}}, c.functions...), "")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}
