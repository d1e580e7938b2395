package frontend

import (
	"fmt"
	"slices"
	"strings"

	"hass/frontend/onnx"
	"hass/frontend/ops"
	"hass/frontend/passes"
	"hass/internal/graph"
	"hass/internal/quant"
)

// Verdict is the result of the import for a node of the model.
type Verdict string

// The verdicts.
const (
	Hardware    Verdict = "hardware"    // it becomes a hardware module
	Folded      Verdict = "folded"      // a pass made it part of something else, or it was not needed
	Layout      Verdict = "layout"      // it stays as a reshape, which moves no data
	OnHost      Verdict = "host"        // it runs on the host
	FloatOnly   Verdict = "float-only"  // it imports and runs in float; no hardware in this version (quant.Check)
	NotSupport  Verdict = "unsupported" // it cannot be used
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
	Model string `json:"model"`
	// Verdict is the text of Conclusion.
	Verdict string `json:"verdict"`
	// Warnings are doubts of the importer about the model, and places where the
	// hardware's result differs from the quantised model's.
	Warnings []string     `json:"warnings,omitempty"`
	Nodes    []NodeReport `json:"nodes"`
	// Ports are findings about inputs and outputs without hardware, and about
	// the graph as a whole; Op is "input", "output" or "graph".
	Ports []NodeReport `json:"ports,omitempty"`
}

// all is the verdicts on nodes, then those on ports.
func (r *Report) all() []NodeReport { return append(r.Nodes[:len(r.Nodes):len(r.Nodes)], r.Ports...) }

// Count is the number of nodes and ports with a verdict.
func (r *Report) Count(v Verdict) int {
	c := 0
	for _, n := range r.all() {
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

// refusal returns the report's findings as an error.
func (r *Report) refusal() *UnsupportedError {
	e := &UnsupportedError{Model: r.Model, For: Build}
	if !r.Runs() {
		e.For = Run
	}
	for _, n := range r.all() {
		switch n.Verdict {
		case FloatOnly, NotSupport:
			e.Items = append(e.Items, Unsupported{Node: n.Node, Op: n.Op, Reason: n.Reason, Hint: n.Hint})
		case Hardware, Folded, Layout, OnHost, NotAnalysed:
		}
	}
	return e
}

// Conclusion is the verdict on the model as a whole, in one sentence.
func (r *Report) Conclusion() string {
	counts := ""
	for _, v := range []Verdict{Hardware, Folded, Layout, OnHost, FloatOnly, NotSupport, NotAnalysed} {
		n := 0
		for _, node := range r.Nodes {
			if node.Verdict == v {
				n++
			}
		}
		if n > 0 {
			counts += fmt.Sprintf(", %d %s", n, v)
		}
	}
	nodes := "nodes"
	if len(r.Nodes) == 1 {
		nodes = "node"
	}
	counts = fmt.Sprintf("%d %s: %s", len(r.Nodes), nodes, strings.TrimPrefix(counts, ", "))
	switch {
	case r.Builds():
		return "the model has hardware (" + counts + ")"
	case r.Runs():
		return "the model runs in float and has no hardware in this version (" + counts + ")"
	}
	return "the model can neither be run nor built (" + counts + ")"
}

// Check imports a model and judges every node of it. An error means that the
// file itself is damaged or inconsistent; unsupported operators are no error.
func Check(path string, shapes ...Shapes) (*Report, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := compile(m, path, options{shapes: joined(shapes)})
	if err != nil {
		return nil, err
	}
	return c.report(), nil
}

// PassDump is the graph after a pass.
type PassDump struct {
	Pass string
	Text string // the graph's text form, long constants elided; "" if the pass changed nothing
}

// elidedBeyond is the number of elements above which a dump leaves a constant
// out.
const elidedBeyond = 16

// CheckPasses is Check and also returns the graph after import and after each
// pass, in their order.
func CheckPasses(path string, shapes ...Shapes) (*Report, []PassDump, error) {
	m, err := onnx.Open(path)
	if err != nil {
		return nil, nil, err
	}
	var dumps []PassDump
	last := ""
	c, err := compile(m, path, options{shapes: joined(shapes), after: func(pass string, g *graph.Graph) error {
		var b strings.Builder
		if err := g.PrintElided(&b, elidedBeyond); err != nil {
			return fmt.Errorf("after pass %s: %w", pass, err)
		}
		d := PassDump{Pass: pass}
		if text := b.String(); text != last {
			d.Text, last = text, text
		}
		dumps = append(dumps, d)
		return nil
	}})
	if err != nil {
		return nil, nil, err
	}
	return c.report(), dumps, nil
}

func (c *compilation) report() *Report {
	left := make(map[string]*graph.Node, len(c.g.Nodes))
	for _, n := range c.g.Nodes {
		left[n.Name] = n
	}
	purpose := passes.Descriptions()
	refused := map[string]Unsupported{}
	for _, u := range c.unsupported() {
		refused[u.Node] = u
	}
	rep := &Report{Model: c.model, Warnings: slices.Concat(c.g.Warnings, quant.Warnings(c.g))}
	issues := map[string]quant.Issue{}
	for _, i := range quant.Check(c.g) {
		if i.Port {
			v := FloatOnly
			if slices.ContainsFunc(c.g.Inputs, func(in graph.Value) bool { return in.Name == i.Node && in.Type != graph.Float }) && i.Op == "input" {
				v = NotSupport // the float executor does not run it either
			}
			rep.Ports = append(rep.Ports, NodeReport{Node: i.Node, Op: i.Op, Verdict: v, Reason: i.Reason, Hint: i.Hint})
		} else if _, ok := issues[i.Node]; !ok {
			issues[i.Node] = i
		}
	}
	host := map[string]bool{}
	if len(issues) == 0 && len(rep.Ports) == 0 {
		host = quant.OnHost(c.g)
	}
	known := map[string]bool{}
	for _, o := range c.origin {
		known[o.name] = true
		nr := NodeReport{Node: o.name, Op: o.op}
		n := left[o.name]
		switch {
		case n == nil:
			nr.Verdict, nr.By = Folded, c.gone[o.name]
			nr.Reason = purpose[nr.By]
		default:
			if _, ok := n.Op.(graph.Foreign); !ok {
				nr.Verdict, nr.Reason, nr.Hint = judge(n, issues, host)
			} else if u, ok := refused[o.name]; ok {
				nr.Verdict, nr.Reason, nr.Hint = NotSupport, u.Reason, u.Hint
			} else {
				nr.Verdict = NotAnalysed
				nr.Reason = fmt.Sprintf("the shape of its input %q depends on an unsupported node", ops.WaitsFor(c.g, n))
			}
		}
		rep.Nodes = append(rep.Nodes, nr)
	}
	for _, n := range c.g.Nodes { // nodes that passes added
		if i, ok := issues[n.Name]; ok && !known[n.Name] {
			rep.Nodes = append(rep.Nodes, NodeReport{Node: n.Name, Op: ops.Name(n), Verdict: FloatOnly, Reason: "the import made this node of those around it: " + i.Reason, Hint: i.Hint})
		}
	}
	rep.Verdict = rep.Conclusion()
	return rep
}

// judge decides whether a lowered node has hardware in this version; issues
// are quant's, by node, and host names the nodes that run on the host.
func judge(n *graph.Node, issues map[string]quant.Issue, host map[string]bool) (v Verdict, reason, hint string) {
	if i, ok := issues[n.Name]; ok {
		return FloatOnly, i.Reason, i.Hint
	}
	if host[n.Name] {
		return OnHost, "runs on the host after the accelerator", ""
	}
	switch n.Op.(type) {
	case graph.Host: // where something else has no hardware
		return OnHost, "runs on the host after the accelerator", ""
	case graph.Reshape:
		return Layout, "renames the layout, moves no data", ""
	}
	return Hardware, "", ""
}
