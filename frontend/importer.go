package frontend

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"hass/frontend/onnx"
	"hass/frontend/ops"
	"hass/internal/graph"
)

// oldestOpset is the oldest version of the ONNX operators that is read;
// modernise handles its differences from opset 7.
const oldestOpset = 6

// newestOpset is the newest version whose operators the passes were written for.
const newestOpset = 25

// importModel turns a decoded model into a graph of Foreign operators: nodes
// in topological order with unique names, the used initializers as constants,
// the batch dimension bound to 1. batch is the batch size, 0 if it is symbolic
// or 1. Only the inputs have shapes at this point.
func importModel(m *onnx.Model, refused ops.Refusals, opt options) (g *graph.Graph, batch int, err error) {
	opset, ok := m.Opsets[""]
	switch {
	case !ok:
		return nil, 0, errors.New("the model does not say which version of the ONNX operators it uses (opset_import)")
	case opset < oldestOpset:
		return nil, 0, fmt.Errorf("opset %d is too old; convert the model to opset 13 (onnx.version_converter)", opset)
	}
	g = &graph.Graph{Name: m.Graph.Name, Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}}
	g.Warnings = append(g.Warnings, m.Warnings...)
	if opset > newestOpset {
		g.Warnings = append(g.Warnings, fmt.Sprintf("the model uses version %d of the ONNX operators; this tool knows those up to %d and reads newer ones as if nothing had changed: compare its results, or convert the model (onnx.version_converter)", opset, newestOpset))
	}
	im := importer{m: m, g: g, refused: refused, opt: opt, inits: make(map[string]*onnx.Tensor, len(m.Graph.Initializers)), maker: map[string]*graph.Node{}, unimported: map[string]bool{}}
	if err := im.initializers(); err != nil {
		return nil, 0, err
	}
	if err := im.inputs(); err != nil {
		return nil, 0, err
	}
	if err := im.nodes(); err != nil {
		return nil, 0, err
	}
	im.bytes()
	if err := im.outputs(); err != nil {
		return nil, 0, err
	}
	if err := im.wire(); err != nil {
		return nil, 0, err
	}
	sorted, err := graph.Sort(g.Nodes, im.maker)
	if err != nil {
		return nil, 0, err
	}
	g.Nodes = sorted
	if err := graph.Verify(g); err != nil {
		return nil, 0, err
	}
	return g, im.batch, nil
}

type importer struct {
	m       *onnx.Model
	g       *graph.Graph
	refused ops.Refusals
	batch   int
	opt     options
	inits   map[string]*onnx.Tensor
	maker   map[string]*graph.Node
	// unimported are QONNX domains that nodes use but the model does not import, as in published files.
	unimported map[string]bool
}

func (im *importer) initializers() error {
	for i, t := range im.m.Graph.Initializers {
		if t.Name == "" {
			return fmt.Errorf("initializer %d has no name", i)
		}
		if _, ok := im.inits[t.Name]; ok {
			return fmt.Errorf("initializer %q is defined twice", t.Name)
		}
		im.inits[t.Name] = t
	}
	return nil
}

// inputs reads the graph inputs that are not initializers: files up to IR
// version 3 list the initializers there too.
func (im *importer) inputs() error {
	seen := map[string]bool{}
	for i, v := range im.m.Graph.Inputs {
		if v.Name == "" {
			return fmt.Errorf("graph input %d has no name", i)
		}
		if seen[v.Name] {
			return fmt.Errorf("graph input %q is defined twice", v.Name)
		}
		seen[v.Name] = true
		if _, ok := im.inits[v.Name]; ok {
			continue
		}
		in, err := im.input(v)
		if err != nil {
			return fmt.Errorf("graph input %q: %w", v.Name, err)
		}
		im.g.Inputs = append(im.g.Inputs, in)
		im.g.Shapes[in.Name] = in.Shape
	}
	if len(im.g.Inputs) == 0 && !im.opt.constants {
		return errors.New("the graph has no inputs")
	}
	for _, name := range slices.Sorted(maps.Keys(im.opt.shapes)) {
		if !slices.ContainsFunc(im.g.Inputs, func(in graph.Value) bool { return in.Name == name }) {
			var names []string
			for _, in := range im.g.Inputs {
				names = append(names, fmt.Sprintf("%q", in.Name))
			}
			return fmt.Errorf("a shape is given for %q, which is no input; the inputs are %s", name, strings.Join(names[:min(len(names), 8)], ", "))
		}
	}
	return nil
}

func (im *importer) input(v *onnx.Value) (graph.Value, error) {
	in := graph.Value{Name: v.Name}
	switch {
	case !v.IsTensor:
		return in, errors.New("it is not a tensor")
	case v.Elem == onnx.Bool:
		in.Type = graph.Bool
	case v.Elem.IsFloat():
		in.Type = graph.Float
	case v.Elem.IsInt():
		in.Type = graph.Int
	default:
		return in, fmt.Errorf("element type %v is not supported", v.Elem)
	}
	if in.Type == graph.Int && v.Elem != onnx.Int64 {
		in.Stored = v.Elem.String()
	}
	if !v.HasShape {
		return in, errors.New("it has no shape; export the model with a fixed input size")
	}
	in.Shape = make(graph.Shape, len(v.Dims))
	given := im.opt.shapes[v.Name]
	if given != nil && len(given) != len(v.Dims) {
		return in, fmt.Errorf("it has %d dimensions, and the shape %v that is given for it %d", len(v.Dims), given, len(given))
	}
	for i, d := range v.Dims {
		if given != nil {
			if n := given[i]; d.Known && d.Value != int64(n) {
				return in, fmt.Errorf("dimension %d is %d in the model, and %d in the shape %v that is given for it", i, d.Value, n, given)
			}
			d = onnx.Dim{Value: int64(given[i]), Known: true}
		}
		switch {
		case i == 0 && len(v.Dims) > 1 && !d.Known:
			in.Shape[0] = 1
		case !d.Known && d.Param != "":
			return in, fmt.Errorf("dimension %d (%q) is symbolic; only the batch dimension may be: name the size with --input-shape, as %s, or export the model with a fixed input size", i, d.Param, sizesExample(v))
		case !d.Known:
			return in, fmt.Errorf("dimension %d is unknown; only the batch dimension may be: name the size with --input-shape, as %s, or export the model with a fixed input size", i, sizesExample(v))
		case d.Value < 1 || d.Value > graph.MaxElems:
			return in, fmt.Errorf("dimension %d is %d, want 1 to %d", i, d.Value, graph.MaxElems)
		case i == 0 && len(v.Dims) > 1 && d.Value > 1 && !im.opt.keepBatch:
			if b := im.batch; b != 0 && b != int(d.Value) {
				return in, fmt.Errorf("batch size %d differs from another input's %d", d.Value, b)
			}
			im.batch = int(d.Value)
			in.Shape[0] = 1
		default:
			in.Shape[i] = int(d.Value)
		}
	}
	_, err := in.Shape.Count()
	return in, err
}

// sizesExample is what a user writes for an input whose sizes the model leaves open.
func sizesExample(v *onnx.Value) string {
	s := make([]string, len(v.Dims))
	for i, d := range v.Dims {
		switch {
		case i == 0:
			s[i] = "1"
		case d.Known:
			s[i] = fmt.Sprint(d.Value)
		default:
			s[i] = "224"
		}
	}
	return v.Name + "=" + strings.Join(s, ",")
}

// bytes turns inputs into floats that the model declares as integers and casts to float everywhere before use: the numbers are
// the same.
func (im *importer) bytes() {
	for i, v := range im.g.Inputs {
		if v.Type != graph.Int || im.opt.constants {
			continue
		}
		cast := 0
		for _, n := range im.g.Nodes {
			for _, in := range n.Inputs {
				if in != v.Name {
					continue
				}
				f, ok := n.Op.(graph.Foreign)
				if to := f.Attrs["to"].I; !ok || f.Domain != "" || f.Type != "Cast" || to != int64(onnx.Float32) {
					cast = -1
				}
				if cast >= 0 {
					cast++
				}
			}
		}
		if cast > 0 && !slices.ContainsFunc(im.m.Graph.Outputs, func(o *onnx.Value) bool { return o.Name == v.Name }) {
			im.g.Inputs[i].Type, im.g.Inputs[i].Stored = graph.Float, v.TypeName()
		}
	}
}

func (im *importer) nodes() error {
	names := graph.NewNames()
	for i, n := range im.m.Graph.Nodes {
		if n.Op == "" {
			return fmt.Errorf("node %d (%q) has no operator", i, n.Name)
		}
		name := n.Name
		if name == "" {
			name = fmt.Sprintf("%s_%d", n.Op, i)
		}
		name = names.Take(name)
		f := graph.Foreign{Domain: n.Domain, Type: n.Op, Opset: int(min(im.m.Opsets[n.Domain], math.MaxInt32)), Attrs: map[string]graph.Attr{}}
		node := &graph.Node{Name: name, Inputs: n.Inputs, Outputs: n.Outputs}
		for _, a := range n.Attrs {
			if _, ok := f.Attrs[a.Name]; ok {
				return fmt.Errorf("node %q: attribute %q is given twice", name, a.Name)
			}
			ga, err := importAttr(a)
			var r ops.Refusal
			if errors.As(err, &r) {
				im.refused.Add(name, r)
				continue
			}
			if err != nil {
				return fmt.Errorf("node %q: attribute %q: %w", name, a.Name, err)
			}
			f.Attrs[a.Name] = ga
		}
		if _, ok := im.m.Opsets[n.Domain]; !ok {
			if !ops.QuantDomain(n.Domain) {
				return fmt.Errorf("node %q uses operators of domain %q, which the model does not import", name, n.Domain)
			}
			if f.Opset = 1; !im.unimported[n.Domain] {
				im.unimported[n.Domain] = true
				im.g.Warnings = append(im.g.Warnings, fmt.Sprintf("node %q uses operators of domain %q, which the model does not import: they are read in version 1", name, n.Domain))
			}
		}
		node.Op = f
		any := false
		for _, out := range n.Outputs {
			if out == "" {
				continue
			}
			any = true
			if _, ok := im.maker[out]; ok || im.defined(out) {
				return fmt.Errorf("value %q is defined twice, the second time by node %q", out, name)
			}
			im.maker[out] = node
		}
		if !any {
			return fmt.Errorf("node %q has no outputs", name)
		}
		im.g.Nodes = append(im.g.Nodes, node)
	}
	return nil
}

func (im *importer) defined(name string) bool {
	if _, ok := im.inits[name]; ok {
		return true
	}
	_, ok := im.g.Shapes[name]
	return ok
}

func importAttr(a *onnx.Attr) (graph.Attr, error) {
	if a.Ref != "" {
		return graph.Attr{}, ops.Refuse("inline the model's functions (onnx.inliner)", "attribute %q refers to a function's attribute", a.Name)
	}
	switch a.Type {
	case onnx.AttrInt:
		return graph.Attr{Kind: "i", I: a.I}, nil
	case onnx.AttrFloat:
		return graph.Attr{Kind: "f", F: a.F}, nil
	case onnx.AttrString:
		return graph.Attr{Kind: "s", S: a.S}, nil
	case onnx.AttrInts:
		return graph.Attr{Kind: "is", Ints: a.Ints}, nil
	case onnx.AttrFloats:
		return graph.Attr{Kind: "fs", Floats: a.Floats}, nil
	case onnx.AttrStrings:
		return graph.Attr{Kind: "ss", Strings: a.Strings}, nil
	case onnx.AttrTensor:
		t, err := importTensor(a.T)
		return graph.Attr{Kind: "t", T: t}, err
	case onnx.AttrGraph:
		return graph.Attr{}, ops.Refuse("export without control flow (fold constants, unroll loops)", "attribute %q holds a subgraph", a.Name)
	}
	return graph.Attr{}, ops.Refuse("", "attribute %q has the unsupported type %d", a.Name, a.Type)
}

// importTensor reads a constant. NaN is always refused, infinity in all tensors
// but single numbers, which may be bounds of a Clip.
func importTensor(t *onnx.Tensor) (*graph.Tensor, error) {
	n, err := t.Count()
	if err != nil {
		return nil, err
	}
	out := &graph.Tensor{Shape: make(graph.Shape, len(t.Dims))}
	for i, d := range t.Dims {
		if d > math.MaxInt32 { // possible if another dimension is zero
			return nil, fmt.Errorf("tensor %q: dimensions %v are absurdly large", t.Name, t.Dims)
		}
		out.Shape[i] = int(d)
	}
	switch {
	case t.Type.IsFloat():
		out.Type = graph.Float
		if out.F, err = t.Floats(); err != nil {
			return nil, err
		}
		for i, f := range out.F {
			if math.IsNaN(float64(f)) || n > 1 && math.IsInf(float64(f), 0) {
				return nil, fmt.Errorf("tensor %q: element %d is %v; the model is damaged or diverged in training", t.Name, i, f)
			}
		}
	case t.Type.IsInt():
		out.Type = graph.Int
		switch t.Type {
		case onnx.Bool:
			out.Type = graph.Bool
		case onnx.Int64:
		default:
			out.Stored = t.Type.String()
		}
		if out.I, err = t.Ints(); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("tensor %q: element type %v is not supported", t.Name, t.Type)
	}
	return out, out.Check()
}

func (im *importer) outputs() error {
	seen := map[string]bool{}
	for i, v := range im.m.Graph.Outputs {
		switch {
		case v.Name == "":
			return fmt.Errorf("graph output %d has no name", i)
		case seen[v.Name]:
			return fmt.Errorf("graph output %q is listed twice", v.Name)
		case im.maker[v.Name] == nil && !im.defined(v.Name):
			return fmt.Errorf("graph output %q is not defined by any node", v.Name)
		}
		seen[v.Name] = true
		im.g.Outputs = append(im.g.Outputs, v.Name)
	}
	if len(im.g.Outputs) == 0 {
		return errors.New("the graph has no outputs")
	}
	return nil
}

// wire checks every reference and loads the initializers that nodes read.
func (im *importer) wire() error {
	need, sparse := map[string]bool{}, map[string]bool{}
	for _, s := range im.m.Graph.Sparse {
		sparse[s] = true
	}
	for _, n := range im.g.Nodes {
		for _, in := range n.Inputs {
			if in == "" || im.maker[in] != nil {
				continue
			}
			if sparse[in] {
				return fmt.Errorf("node %q reads the sparse initializer %q: not supported, store it as a dense tensor", n.Name, in)
			}
			if !im.defined(in) {
				return fmt.Errorf("node %q reads %q, which no node, input or initializer defines", n.Name, in)
			}
			if im.inits[in] != nil {
				need[in] = true
			}
		}
	}
	for _, out := range im.g.Outputs {
		if im.inits[out] != nil {
			need[out] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(need)) {
		t, err := importTensor(im.inits[name])
		if err != nil {
			return err
		}
		im.g.Consts[name] = t
	}
	return nil
}
