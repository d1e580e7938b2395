package quant

import (
	"fmt"
	"strconv"
	"strings"

	"hass/internal/graph"
)

// Issue is one reason why the hardware cannot run a graph.
type Issue struct {
	Node   string // name of the node, untrusted text; if Port, of the graph, its input or an output
	Op     string // kind of the node, untrusted text; if Port, "graph", "input" or "output"
	Port   bool   // the issue belongs to the graph, its input or an output, not to a node
	Reason string
	Hint   string
}

// UnsupportedError lists all reasons why the hardware cannot run a graph.
type UnsupportedError struct{ Issues []Issue }

func (e *UnsupportedError) Error() string {
	var b strings.Builder
	if len(e.Issues) == 1 {
		b.WriteString("one node has no hardware in this version:")
	} else {
		fmt.Fprintf(&b, "%d nodes have no hardware in this version:", len(e.Issues))
	}
	for _, i := range e.Issues {
		what := "node"
		if i.Port {
			what = i.Op
		}
		fmt.Fprintf(&b, "\n  %s %q", what, i.Node)
		if !i.Port {
			fmt.Fprintf(&b, " (%s)", plain(i.Op))
		}
		fmt.Fprintf(&b, ": %s; hint: %s", i.Reason, i.Hint)
	}
	return b.String()
}

// plain quotes operator names that are not plain words.
func plain(op string) string {
	if q := strconv.Quote(op); q != `"`+op+`"` || strings.ContainsAny(op, " ;()") {
		return q
	}
	return op
}

// Check lists all reasons why the hardware cannot run the graph, in the order of
// the nodes, with issues of outputs last; nil if there are none. No other package
// decides this: a graph without issues has modules for all its layers (see
// hw.Expand), whatever its weights are. A node that is still graph.Foreign is an
// issue. Nodes behind it whose shapes are unknown are not judged.
func Check(g *graph.Graph) []Issue {
	p := planned(g)
	if len(p.issues) == 0 {
		if err := p.structure(); err != nil {
			p.failPort(g.Name, "graph", "split or shrink the model", "it does not fit the integer network: %v", err)
		}
	}
	return p.issues
}

// OnHost lists the nodes that run on the host, behind the accelerator, of a graph without issues.
func OnHost(g *graph.Graph) map[string]bool {
	p := planned(g)
	on := map[string]bool{}
	if p.tail != nil {
		for _, n := range p.tail.nodes {
			on[n.Name] = true
		}
	}
	for _, h := range p.host {
		on[h.node.Name] = true
	}
	return on
}

// Buildable is Check as an error: nil or an *UnsupportedError.
func Buildable(g *graph.Graph) error {
	if issues := Check(g); len(issues) > 0 {
		return &UnsupportedError{issues}
	}
	return nil
}
