package frontend

import (
	"fmt"

	"hass/frontend/onnx"
	"hass/internal/graph"
)

// Verdict says what becomes of a node of the model.
type Verdict string

// The verdicts.
const (
	Hardware    Verdict = "hardware"    // it becomes a hardware module
	Folded      Verdict = "folded"      // a pass made it part of something else, or it was not needed
	Layout      Verdict = "layout"      // it stays as a reshape, which moves no data
	OnHost      Verdict = "host"        // it runs on the host
	FloatOnly   Verdict = "float-only"  // it imports and runs in float; no hardware in this version
	NotSupport  Verdict = "unsupported" // nothing can be done with it
	NotAnalysed Verdict = "unknown"     // it reads the result of an unsupported node
)

// NodeReport is the verdict on one node of the model.
type NodeReport struct {
	Node    string  `json:"node"` // the node's name, untrusted text
	Op      string  `json:"op"`   // its ONNX operator, untrusted text
	Verdict Verdict `json:"verdict"`
	By      string  `json:"by,omitempty"` // Folded: the pass that did it
	Reason  string  `json:"reason,omitempty"`
	Hint    string  `json:"hint,omitempty"`
}

// Report holds one verdict for each node of the model, in the model's
// topological order.
type Report struct {
	Model string       `json:"model"`
	Nodes []NodeReport `json:"nodes"`
}

// Count is the number of nodes with a verdict.
func (r *Report) Count(v Verdict) int {
	c := 0
	for _, n := range r.Nodes {
		if n.Verdict == v {
			c++
		}
	}
	return c
}

// Runs reports whether the float executor can run the model.
func (r *Report) Runs() bool { return r.Count(NotSupport)+r.Count(NotAnalysed) == 0 }

// Builds reports whether the whole model maps to hardware of this version.
func (r *Report) Builds() bool { return r.Runs() && r.Count(FloatOnly) == 0 }

// Check imports a model and judges every node of it. An error means that the
// file itself is damaged or inconsistent; unsupported operators are no error.
func Check(path string) (*Report, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := compile(m, path, options{})
	if err != nil {
		return nil, err
	}
	return c.report(), nil
}

func (c *compilation) report() *Report {
	left := make(map[string]*graph.Node, len(c.g.Nodes))
	for _, n := range c.g.Nodes {
		left[n.Name] = n
	}
	what := make(map[string]string, len(passes))
	for _, p := range passes {
		what[p.name] = p.what
	}
	users := c.g.Users()
	refused := map[string]Unsupported{}
	for _, u := range c.unsupported() {
		refused[u.Node] = u
	}
	rep := &Report{Model: c.model}
	for _, o := range c.origin {
		nr := NodeReport{Node: o.name, Op: o.op}
		n := left[o.name]
		switch {
		case n == nil:
			nr.Verdict, nr.By = Folded, c.gone[o.name]
			nr.Reason = what[nr.By]
		default:
			if _, ok := n.Op.(graph.Foreign); !ok {
				nr.Verdict, nr.Reason, nr.Hint = judge(c.g, users, n)
			} else if u, ok := refused[o.name]; ok {
				nr.Verdict, nr.Reason, nr.Hint = NotSupport, u.Reason, u.Hint
			} else {
				nr.Verdict = NotAnalysed
				nr.Reason = fmt.Sprintf("the shape of its input %q depends on an unsupported node", waitsFor(c.g, n))
			}
		}
		rep.Nodes = append(rep.Nodes, nr)
	}
	return rep
}

// HardwareGaps lists the nodes of an imported graph that have no hardware in
// this version, in graph order; empty if the whole graph can be built.
func HardwareGaps(g *graph.Graph) []Unsupported {
	var items []Unsupported
	users := g.Users()
	for _, n := range g.Nodes {
		if v, reason, hint := judge(g, users, n); v == FloatOnly {
			items = append(items, Unsupported{Node: n.Name, Op: n.Op.Kind(), Reason: reason, Hint: hint})
		}
	}
	return items
}

// judge says whether a lowered node has hardware in this version.
func judge(g *graph.Graph, users map[string][]*graph.Node, n *graph.Node) (v Verdict, reason, hint string) {
	data := in(n, 0)
	switch op := n.Op.(type) {
	case graph.Host:
		return OnHost, "runs on the host after the accelerator", ""
	case graph.Conv:
		if op.Groups != 1 {
			return FloatOnly, fmt.Sprintf("convolution with %d groups has no module in this version", op.Groups), "use ordinary convolutions"
		}
	case graph.Pool:
		if op.Ceil {
			return FloatOnly, "mean that counts padding with sizes rounded up has no module in this version", "set ceil_mode or count_include_pad to 0"
		}
	case graph.GlobalPool:
	case graph.Eltwise:
		a, _ := g.ShapeOf(n.Inputs[0])
		b, _ := g.ShapeOf(n.Inputs[1])
		switch {
		case op.Fn != "add":
			return FloatOnly, "element-wise multiplication has no module in this version", ""
		case g.Consts[n.Inputs[0]] != nil || g.Consts[n.Inputs[1]] != nil:
			return FloatOnly, "addition of a constant that differs within a channel has no module in this version", ""
		case !a.Equal(b) || len(a) != 4:
			return FloatOnly, fmt.Sprintf("addition of %v and %v has no module in this version", a, b), "add maps of one shape"
		}
	case graph.Activation:
		switch op.Fn {
		case "relu", "clip", "threshold":
		default:
			return FloatOnly, "activation " + op.Fn + " has no module in this version", "use Relu or Clip"
		}
	case graph.Reshape:
		s, _ := g.ShapeOf(data)
		if tailOnly(users, n) || channelOrder(s, op.To) {
			return Layout, "renames the layout, moves no data", ""
		}
		return FloatOnly, fmt.Sprintf("reshape of %v to %v moves data between channels and pixels", s, op.To), ""
	case graph.Foreign:
		return NotSupport, "operator is not supported", ""
	default:
		return FloatOnly, op.Kind() + " has no module in this version", ""
	}
	if s, _ := g.ShapeOf(data); len(s) != 4 {
		return FloatOnly, fmt.Sprintf("its input %v is no image", s), ""
	}
	return Hardware, "", ""
}

// tailOnly reports whether only reshapes and host operators follow n.
func tailOnly(users map[string][]*graph.Node, n *graph.Node) bool {
	for _, u := range users[n.Outputs[0]] {
		switch u.Op.(type) {
		case graph.Host:
		case graph.Reshape:
			if !tailOnly(users, u) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// channelOrder reports whether a reshape leaves a stream of pixels with their
// channels innermost as it is: the channels stay, or all is in one dimension
// before and after.
func channelOrder(a, b graph.Shape) bool {
	if len(a) > 1 && len(b) > 1 && a[0] == b[0] && a[1] == b[1] {
		return true
	}
	return vector(a) && vector(b)
}

func vector(s graph.Shape) bool {
	n := 0
	for _, d := range s {
		if d != 1 {
			n++
		}
	}
	return n <= 1
}
