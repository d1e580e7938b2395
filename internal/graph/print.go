package graph

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// The text form, one line per item, names quoted as in Go:
//
//	graph "name" {
//	  input "x" f32 [1,1,4,4]
//	  const "w" f32 [2,1,1,1] {0.5 -1}
//	  conv "c1" ("x", "w") -> ("y" [1,2,4,4]) kernel=[1,1] stride=[1,1] dilation=[1,1] pads=[0,0,0,0] groups=1
//	  foreign "" "Relu" 13 "r1" ("y") -> ("z" [1,2,4,4]) {"alpha"=f 0.5}
//	  output "z"
//	}
//
// Constants stand in the order of their names, floats in the shortest form that
// reads back to the same number, attributes in the order of their names.

// Print writes the text form with every constant in full: Parse reads it back
// to an equal graph. A NaN loses its payload bits.
func (g *Graph) Print(w io.Writer) error { return g.print(w, -1) }

// PrintElided writes the text form for people: constants of more than limit
// elements are replaced by their number of elements and the word "elided".
// Parse refuses such a text.
func (g *Graph) PrintElided(w io.Writer, limit int) error { return g.print(w, max(limit, 0)) }

// String is the text form with constants of more than 16 elements elided.
func (g *Graph) String() string {
	var b strings.Builder
	if err := g.PrintElided(&b, 16); err != nil {
		return "graph: " + err.Error()
	}
	return b.String()
}

func (g *Graph) print(w io.Writer, limit int) error {
	p := &printer{w: bufio.NewWriter(w), limit: limit}
	p.str("graph ").quote(g.Name).str(" {\n")
	for _, v := range g.Inputs {
		p.str("  input ").quote(v.Name).str(" " + string(v.Type) + " " + v.Shape.String())
		p.stored(v.Stored)
		p.str("\n")
	}
	for _, name := range slices.Sorted(maps.Keys(g.Consts)) {
		p.str("  const ").quote(name).str(" ")
		if err := p.tensor(g.Consts[name]); err != nil {
			return fmt.Errorf("constant %q: %w", name, err)
		}
		p.str("\n")
	}
	for _, n := range g.Nodes {
		if err := p.node(g, n); err != nil {
			return fmt.Errorf("node %q: %w", n.Name, err)
		}
	}
	for _, out := range g.Outputs {
		p.str("  output ").quote(out).str("\n")
	}
	p.str("}\n")
	return p.w.Flush()
}

// printer keeps the writer's first error until Flush.
type printer struct {
	w       *bufio.Writer
	limit   int // constants longer than this are elided; < 0: none
	scratch []byte
}

func (p *printer) str(s string) *printer {
	p.w.WriteString(s)
	return p
}

func (p *printer) quote(s string) *printer {
	p.scratch = strconv.AppendQuote(p.scratch[:0], s)
	p.w.Write(p.scratch)
	return p
}

func (p *printer) float(f float64, bits int) *printer {
	p.scratch = strconv.AppendFloat(p.scratch[:0], f, 'g', -1, bits)
	p.w.Write(p.scratch)
	return p
}

func (p *printer) int(i int64) *printer {
	p.scratch = strconv.AppendInt(p.scratch[:0], i, 10)
	p.w.Write(p.scratch)
	return p
}

func (p *printer) tensor(t *Tensor) error {
	if t == nil {
		return fmt.Errorf("no tensor")
	}
	p.str(string(t.Type) + " " + t.Shape.String() + " {")
	n := len(t.F) + len(t.I)
	if p.limit >= 0 && n > p.limit {
		p.str(fmt.Sprintf("%d elided}", n))
		p.origin(t)
		return nil
	}
	for i, f := range t.F {
		if i > 0 {
			p.str(" ")
		}
		p.float(float64(f), 32)
	}
	for i, v := range t.I {
		if i > 0 {
			p.str(" ")
		}
		p.int(v)
	}
	p.str("}")
	p.origin(t)
	return nil
}

func (p *printer) node(g *Graph, n *Node) error {
	if n.Op == nil {
		return fmt.Errorf("no operator")
	}
	p.str("  ")
	if f, ok := n.Op.(Foreign); ok {
		p.str("foreign ").quote(f.Domain).str(" ").quote(f.Type).str(" ").int(int64(f.Opset))
	} else if _, ok := kinds[n.Op.Kind()]; ok {
		p.str(n.Op.Kind())
	} else {
		return fmt.Errorf("operator %q has no text form", n.Op.Kind())
	}
	p.str(" ").quote(n.Name).str(" (")
	for i, in := range n.Inputs {
		if i > 0 {
			p.str(", ")
		}
		p.quote(in)
	}
	p.str(") -> (")
	for i, out := range n.Outputs {
		if i > 0 {
			p.str(", ")
		}
		p.quote(out)
		if s, ok := g.Shapes[out]; ok && out != "" {
			p.str(" " + s.String())
		}
	}
	p.str(")")
	switch op := n.Op.(type) {
	case Conv:
		p.window(op.Window)
		p.str(" groups=").int(int64(op.Groups))
	case Pool:
		p.window(op.Window)
		p.flag("countpad", op.CountPad)
		p.flag("ceil", op.Ceil)
	case Activation:
		par := activationParams[op.Fn]
		if par.alpha || op.Alpha != 0 {
			p.str(" alpha=").float(op.Alpha, 64)
		}
		if par.beta || op.Beta != 0 {
			p.str(" beta=").float(op.Beta, 64)
		}
	case Reshape:
		p.str(" to=" + op.To.String())
	case Host:
		p.str(" axis=").int(int64(op.Axis))
	case Foreign:
		if err := p.attrs(op.Attrs); err != nil {
			return err
		}
	case ConvTranspose:
		p.window(op.Window)
	}
	params, _ := paramsOf(n.Op)
	p.params(params)
	p.str("\n")
	return nil
}

func (p *printer) window(w Window) {
	p.str(" kernel=" + Shape(w.Kernel[:]).String())
	p.str(" stride=" + Shape(w.Stride[:]).String())
	p.str(" dilation=" + Shape(w.Dilation[:]).String())
	p.str(" pads=" + Shape(w.Pads[:]).String())
}

func (p *printer) flag(name string, on bool) {
	if on {
		p.str(" " + name)
	}
}

func (p *printer) attrs(attrs map[string]Attr) error {
	if len(attrs) == 0 {
		return nil
	}
	p.str(" {")
	for i, name := range slices.Sorted(maps.Keys(attrs)) {
		if i > 0 {
			p.str(", ")
		}
		a := attrs[name]
		p.quote(name).str("=" + a.Kind + " ")
		switch a.Kind {
		case "i":
			p.int(a.I)
		case "f":
			p.float(float64(a.F), 32)
		case "s":
			p.quote(a.S)
		case "t":
			if err := p.tensor(a.T); err != nil {
				return fmt.Errorf("attribute %q: %w", name, err)
			}
		case "is":
			list(p, a.Ints, func(v int64) { p.int(v) })
		case "fs":
			list(p, a.Floats, func(v float32) { p.float(float64(v), 32) })
		case "ss":
			list(p, a.Strings, func(v string) { p.quote(v) })
		default:
			return fmt.Errorf("attribute %q has unknown kind %q", name, a.Kind)
		}
	}
	p.str("}")
	return nil
}

func list[T any](p *printer, vs []T, one func(T)) {
	p.str("[")
	for i, v := range vs {
		if i > 0 {
			p.str(",")
		}
		one(v)
	}
	p.str("]")
}
