package frontend

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"strings"

	"hass/frontend/onnx"
	"hass/frontend/ops"
	"hass/frontend/passes"
	"hass/internal/graph"
)

// Unsupported is one node that cannot be lowered.
type Unsupported struct {
	Node   string // node name, untrusted text
	Op     string // operator, e.g. "LSTM" or "com.microsoft.Gelu", untrusted text
	Reason string
	Hint   string // what the user can do about it; may be empty
}

// UnsupportedError lists everything in a model that cannot be used, in graph
// order.
type UnsupportedError struct {
	Model string
	For   Use
	Items []Unsupported
}

// Use is a purpose that a model cannot serve: float or hardware.
type Use string

// The uses.
const (
	Run   Use = "cannot be run"
	Build Use = "has no hardware in this version"
)

// Error prints one line per node.
func (e *UnsupportedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the model %s:", e.Model, e.For)
	for _, u := range e.Items {
		fmt.Fprintf(&b, "\n  %q (%s): %s", u.Node, ops.Printable(u.Op), u.Reason)
		if u.Hint != "" {
			fmt.Fprintf(&b, "; hint: %s", u.Hint)
		}
	}
	return b.String()
}

// Load reads an ONNX file, plain or gzip, and lowers it. External data are read from the file's folder. shapes
// give the sizes of open dimensions of inputs. Nodes that cannot be lowered give an *UnsupportedError; every
// other error names the file and the node or tensor.
func Load(path string, shapes ...Shapes) (*graph.Graph, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	return load(m, path, shapes...)
}

// Shapes gives the sizes of inputs whose dimensions the model leaves open, by the input's name, the batch first.
type Shapes map[string][]int

// joined are all of some shapes.
func joined(shapes []Shapes) Shapes {
	all := Shapes{}
	for _, s := range shapes {
		maps.Copy(all, s)
	}
	return all
}

// LoadBytes is Load for a model in memory; name stands for the file in messages.
// External data are read from the folder dir; "" makes them an error.
func LoadBytes(name string, data []byte, dir string) (*graph.Graph, error) {
	m, err := onnx.Load(data, dir)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return load(m, name)
}

func load(m *onnx.Model, name string, shapes ...Shapes) (*graph.Graph, error) {
	c, err := compile(m, name, options{shapes: joined(shapes)})
	if err != nil {
		return nil, err
	}
	if items := c.unsupported(); len(items) > 0 {
		return nil, &UnsupportedError{Model: name, For: Run, Items: items}
	}
	return c.g, nil
}

// LoadBuildable is Load for hardware: if Check finds a part of the model without
// hardware, the error is an *UnsupportedError with the same findings.
func LoadBuildable(path string, shapes ...Shapes) (*graph.Graph, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := compile(m, path, options{shapes: joined(shapes)})
	if err != nil {
		return nil, err
	}
	if r := c.report(); !r.Builds() {
		return nil, r.refusal()
	}
	c.g.Files = m.Files
	return c.g, nil
}

// compilation is a model while the passes run on it.
type compilation struct {
	model   string
	g       *graph.Graph
	origin  []origin          // nodes of the model, in file order
	gone    map[string]string // node -> the pass that removed it
	refused ops.Refusals
}

type origin struct{ name, op string }

// options relax the checks of compile for graphs that are not whole models; the zero value is for models.
type options struct {
	after     func(pass string, g *graph.Graph) error // called after import (pass "import") and after each pass; may be nil
	keepBatch bool                                    // the first dimension is not a batch: keep it
	shapes    Shapes                                  // of inputs whose dimensions are open
	constants bool                                    // inputs may be missing and outputs constant
}

// compile imports a model and runs all passes. Nodes that no pass lowered are
// still graph.Foreign in the result.
func compile(m *onnx.Model, name string, opt options) (*compilation, error) {
	c := &compilation{model: name, refused: ops.Refusals{}}
	var batch int
	var err error
	if c.g, batch, err = importModel(m, c.refused, opt); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.g.Name == "" {
		c.g.Name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(name), ".gz"), ".onnx")
	}
	for _, n := range c.g.Nodes {
		c.origin = append(c.origin, origin{n.Name, ops.Name(n)})
	}
	after := opt.after
	if after == nil {
		after = func(string, *graph.Graph) error { return nil }
	}
	if err := after("import", c.g); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if c.gone, err = passes.Run(c.g, batch, c.refused, after); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := checkFinite(c.g); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, out := range c.g.Outputs {
		if _, ok := c.g.Consts[out]; ok && !opt.constants {
			return nil, fmt.Errorf("%s: graph output %q does not depend on any input", name, out)
		}
	}
	return c, nil
}

// unsupported lists the remaining Foreign nodes with their reasons. A node
// that remains only because its input's shape is unknown is not listed; the
// node that causes this is.
func (c *compilation) unsupported() []Unsupported {
	var items []Unsupported
	for _, n := range c.g.Nodes {
		f, ok := n.Op.(graph.Foreign)
		if !ok {
			continue
		}
		why, ok := c.refused[n.Name]
		if !ok && ops.Lowered(f.Type) && ops.Known(f) && ops.WaitsFor(c.g, n) != "" {
			continue
		}
		if !ok {
			why = ops.RefuseOperator(f)
		}
		items = append(items, Unsupported{Node: n.Name, Op: ops.Name(n), Reason: why.Reason, Hint: why.Hint})
	}
	return items
}

// checkFinite refuses weights that are not finite. Import refuses such
// weights in the file, so these come from folding.
func checkFinite(g *graph.Graph) error {
	seen := map[*graph.Tensor]bool{} // many nodes may read one constant
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Foreign); ok {
			continue // reported as unsupported
		}
		for _, in := range n.Inputs {
			t := g.Consts[in]
			if t == nil || seen[t] {
				continue
			}
			seen[t] = true
			for i, f := range t.F {
				if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
					return fmt.Errorf("node %q: element %d of constant %q is %v after folding", n.Name, i, in, f)
				}
			}
		}
	}
	return nil
}
