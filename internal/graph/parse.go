package graph

import (
	"fmt"
	"strconv"
)

// kinds builds the operator that a word of the text form names.
var kinds = map[string]func() Op{
	"conv":      func() Op { return Conv{} },
	"maxpool":   func() Op { return Pool{Max: true} },
	"avgpool":   func() Op { return Pool{} },
	"globalmax": func() Op { return GlobalPool{Max: true} },
	"globalavg": func() Op { return GlobalPool{} },
	"reshape":   func() Op { return Reshape{} },
}

func init() {
	for _, op := range tensorOps {
		kinds[op.Kind()] = func() Op { return op }
	}
	for fn := range activationParams {
		kinds[string(fn)] = func() Op { return Activation{Fn: fn} }
	}
	for _, fn := range eltwiseFns {
		kinds[fn] = func() Op { return Eltwise{Fn: fn} }
	}
	for _, fn := range reduceFns {
		kinds["reduce"+fn] = func() Op { return Reduce{Fn: fn} }
	}
	for _, fn := range []string{"softmax", "logsoftmax", "argmax", "lastargmax"} {
		kinds[fn] = func() Op { return Host{Fn: fn} }
	}
}

// Parse reads the text form. It checks the grammar and that no value is defined
// twice; Verify checks the rest. An error names the line.
func Parse(text string) (*Graph, error) {
	p := &parser{lexer: lexer{src: text, line: 1}}
	g, err := p.graph()
	if err != nil {
		return nil, fmt.Errorf("graph text, line %d: %w", p.tokLine, err)
	}
	return g, nil
}

// parser holds one token of look-ahead.
type parser struct {
	lexer
	tok     token
	tokLine int
	defined map[string]bool
}

func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	p.tokLine = p.line
	return err
}

// take consumes a token of the given kind and returns its text.
func (p *parser) take(kind byte) (string, error) {
	if p.tok.kind != kind {
		return "", fmt.Errorf("have %v, want %v", p.tok, map[byte]string{'w': "a word or number", 's': "a quoted string", '>': "->"}[kind]+punct(kind))
	}
	text := p.tok.text
	return text, p.advance()
}

func punct(kind byte) string {
	if kind == 'w' || kind == 's' || kind == '>' {
		return ""
	}
	return string(rune(kind))
}

func (p *parser) takeAll(kinds string) error {
	for i := range len(kinds) {
		if _, err := p.take(kinds[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) define(name string) error {
	if p.defined[name] {
		return fmt.Errorf("value %q is defined twice", name)
	}
	p.defined[name] = true
	return nil
}

func (p *parser) graph() (*Graph, error) {
	g := &Graph{Consts: map[string]*Tensor{}, Shapes: map[string]Shape{}}
	p.defined = map[string]bool{}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if w, err := p.take('w'); err != nil {
		return nil, err
	} else if w != "graph" {
		return nil, fmt.Errorf("have %s, want the word graph", w)
	}
	name, err := p.take('s')
	if err != nil {
		return nil, err
	}
	g.Name = name
	if _, err := p.take('{'); err != nil {
		return nil, err
	}
	for p.tok.kind != '}' {
		word, err := p.take('w')
		if err != nil {
			return nil, err
		}
		switch word {
		case "input":
			err = p.input(g)
		case "const":
			err = p.constant(g)
		case "output":
			var out string
			out, err = p.take('s')
			g.Outputs = append(g.Outputs, out)
		default:
			err = p.node(g, word)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != 'e' {
		return nil, fmt.Errorf("have %v after the end of the graph", p.tok)
	}
	return g, nil
}

func (p *parser) input(g *Graph) error {
	name, err := p.take('s')
	if err != nil {
		return err
	}
	if err := p.define(name); err != nil {
		return err
	}
	typ, err := p.dtype()
	if err != nil {
		return err
	}
	s, err := p.shape()
	if err != nil {
		return err
	}
	stored, err := p.stored()
	if err != nil {
		return err
	}
	g.Inputs = append(g.Inputs, Value{Name: name, Type: typ, Shape: s, Stored: stored})
	g.Shapes[name] = s
	return nil
}

func (p *parser) constant(g *Graph) error {
	name, err := p.take('s')
	if err != nil {
		return err
	}
	if err := p.define(name); err != nil {
		return err
	}
	g.Consts[name], err = p.tensor()
	if err != nil {
		return fmt.Errorf("constant %q: %w", name, err)
	}
	return nil
}

func (p *parser) dtype() (DType, error) {
	w, err := p.take('w')
	if err != nil {
		return "", err
	}
	switch t := DType(w); t {
	case Float, Int, Bool:
		return t, nil
	}
	return "", fmt.Errorf("unknown element type %s", w)
}

func (p *parser) tensor() (*Tensor, error) {
	t := &Tensor{}
	var err error
	if t.Type, err = p.dtype(); err != nil {
		return nil, err
	}
	if t.Shape, err = p.shape(); err != nil {
		return nil, err
	}
	if _, err = p.take('{'); err != nil {
		return nil, err
	}
	if t.Type == Float {
		t.F = []float32{}
	} else {
		t.I = []int64{}
	}
	for p.tok.kind != '}' {
		w, err := p.take('w')
		if err != nil {
			return nil, err
		}
		if p.tok.kind == 'w' && p.tok.text == "elided" {
			return nil, fmt.Errorf("its %s elements are elided: this text is for people, write the graph in full to read it back", w)
		}
		if t.Type == Float {
			f, err := parseFloat(w, 32)
			if err != nil {
				return nil, err
			}
			t.F = append(t.F, float32(f))
		} else {
			i, err := parseInt(w)
			if err != nil {
				return nil, err
			}
			t.I = append(t.I, i)
		}
	}
	if n, err := t.Shape.Count(); err != nil {
		return nil, err
	} else if n != len(t.F)+len(t.I) {
		return nil, fmt.Errorf("shape %v needs %d elements, has %d", t.Shape, n, len(t.F)+len(t.I))
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return t, p.origin(t)
}

func parseFloat(w string, bits int) (float64, error) {
	f, err := strconv.ParseFloat(w, bits)
	if err != nil {
		return 0, fmt.Errorf("bad number %s", w)
	}
	return f, nil
}

func parseInt(w string) (int64, error) {
	i, err := strconv.ParseInt(w, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("bad integer %s", w)
	}
	return i, nil
}

// bracketed reads [item,item,...].
func (p *parser) bracketed(item func() error) error {
	if _, err := p.take('['); err != nil {
		return err
	}
	for p.tok.kind != ']' {
		if err := item(); err != nil {
			return err
		}
		if p.tok.kind != ']' {
			if _, err := p.take(','); err != nil {
				return err
			}
		}
	}
	return p.advance()
}

func (p *parser) intWord() (int64, error) {
	w, err := p.take('w')
	if err != nil {
		return 0, err
	}
	return parseInt(w)
}

func (p *parser) shape() (Shape, error) {
	s := Shape{}
	err := p.bracketed(func() error {
		v, err := p.intWord()
		s = append(s, int(v))
		return err
	})
	return s, err
}

func (p *parser) node(g *Graph, word string) error {
	n := &Node{}
	var foreign *Foreign
	if word == "foreign" {
		foreign = &Foreign{}
		var err error
		if foreign.Domain, err = p.take('s'); err != nil {
			return err
		}
		if foreign.Type, err = p.take('s'); err != nil {
			return err
		}
		v, err := p.intWord()
		if err != nil {
			return err
		}
		foreign.Opset = int(v)
	} else if make, ok := kinds[word]; ok {
		n.Op = make()
	} else {
		return fmt.Errorf("unknown operator %s", word)
	}
	var err error
	if n.Name, err = p.take('s'); err != nil {
		return err
	}
	if err := p.operands(g, n); err != nil {
		return err
	}
	if foreign != nil {
		if p.tok.kind == '{' {
			if foreign.Attrs, err = p.attrs(); err != nil {
				return err
			}
		}
		n.Op = *foreign
	} else if n.Op, err = p.params(n.Op); err != nil {
		return err
	}
	g.Nodes = append(g.Nodes, n)
	return nil
}

// operands reads ("a", "b") -> ("c" [1,2]).
func (p *parser) operands(g *Graph, n *Node) error {
	if _, err := p.take('('); err != nil {
		return err
	}
	for p.tok.kind != ')' {
		in, err := p.take('s')
		if err != nil {
			return err
		}
		n.Inputs = append(n.Inputs, in)
		if p.tok.kind != ')' {
			if _, err := p.take(','); err != nil {
				return err
			}
		}
	}
	if err := p.takeAll(")>("); err != nil {
		return err
	}
	for p.tok.kind != ')' {
		out, err := p.take('s')
		if err != nil {
			return err
		}
		n.Outputs = append(n.Outputs, out)
		if out != "" {
			if err := p.define(out); err != nil {
				return err
			}
		}
		if p.tok.kind == '[' {
			s, err := p.shape()
			if err != nil {
				return err
			}
			if out == "" {
				return fmt.Errorf("an output without a name has a shape")
			}
			g.Shapes[out] = s
		}
		if p.tok.kind != ')' {
			if _, err := p.take(','); err != nil {
				return err
			}
		}
	}
	return p.advance()
}

// params reads key=value pairs and flags up to the first word of the next
// line. A parameter is distinguished from the next item by the '=' or by
// being a known flag.
func (p *parser) params(op Op) (Op, error) {
	switch o := op.(type) {
	case Conv:
		if err := p.window(&o.Window); err != nil {
			return nil, err
		}
		v, err := p.keyInt("groups")
		o.Groups = int(v)
		return o, err
	case Pool:
		if err := p.window(&o.Window); err != nil {
			return nil, err
		}
		var err error
		if o.CountPad, err = p.flag("countpad"); err != nil {
			return nil, err
		}
		o.Ceil, err = p.flag("ceil")
		return o, err
	case Activation:
		for _, f := range []struct {
			key string
			to  *float64
		}{{"alpha", &o.Alpha}, {"beta", &o.Beta}} {
			if p.tok.kind != 'w' || p.tok.text != f.key {
				continue
			}
			if err := p.key(f.key); err != nil {
				return nil, err
			}
			w, err := p.take('w')
			if err != nil {
				return nil, err
			}
			if *f.to, err = parseFloat(w, 64); err != nil {
				return nil, err
			}
		}
		return o, nil
	case Reshape:
		if err := p.key("to"); err != nil {
			return nil, err
		}
		var err error
		o.To, err = p.shape()
		return o, err
	case Host:
		v, err := p.keyInt("axis")
		o.Axis = int(v)
		return o, err
	case ConvTranspose:
		if err := p.window(&o.Window); err != nil {
			return nil, err
		}
		op = o
	}
	params, done := paramsOf(op)
	err := p.paramList(params)
	return done(), err
}

func (p *parser) key(name string) error {
	w, err := p.take('w')
	if err != nil {
		return err
	}
	if w != name {
		return fmt.Errorf("have %s, want %s=", w, name)
	}
	_, err = p.take('=')
	return err
}

func (p *parser) keyInt(name string) (int64, error) {
	if err := p.key(name); err != nil {
		return 0, err
	}
	return p.intWord()
}

func (p *parser) flag(name string) (bool, error) {
	if p.tok.kind != 'w' || p.tok.text != name {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) window(w *Window) error {
	for _, f := range []struct {
		key string
		to  []int
	}{{"kernel", w.Kernel[:]}, {"stride", w.Stride[:]}, {"dilation", w.Dilation[:]}, {"pads", w.Pads[:]}} {
		if err := p.key(f.key); err != nil {
			return err
		}
		s, err := p.shape()
		if err != nil {
			return err
		}
		if len(s) != len(f.to) {
			return fmt.Errorf("%s has %d numbers, want %d", f.key, len(s), len(f.to))
		}
		copy(f.to, s)
	}
	return nil
}

// attrs reads {"name"=kind value, ...}.
func (p *parser) attrs() (map[string]Attr, error) {
	attrs := map[string]Attr{}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for p.tok.kind != '}' {
		name, err := p.take('s')
		if err != nil {
			return nil, err
		}
		if _, ok := attrs[name]; ok {
			return nil, fmt.Errorf("attribute %q is given twice", name)
		}
		if _, err := p.take('='); err != nil {
			return nil, err
		}
		a, err := p.attr()
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
		attrs[name] = a
		if p.tok.kind != '}' {
			if _, err := p.take(','); err != nil {
				return nil, err
			}
		}
	}
	return attrs, p.advance()
}

func (p *parser) attr() (a Attr, err error) {
	if a.Kind, err = p.take('w'); err != nil {
		return a, err
	}
	float := func() (float32, error) {
		w, err := p.take('w')
		if err != nil {
			return 0, err
		}
		f, err := parseFloat(w, 32)
		return float32(f), err
	}
	switch a.Kind {
	case "i":
		a.I, err = p.intWord()
	case "f":
		a.F, err = float()
	case "s":
		a.S, err = p.take('s')
	case "t":
		a.T, err = p.tensor()
	case "is":
		err = p.bracketed(func() error {
			v, err := p.intWord()
			a.Ints = append(a.Ints, v)
			return err
		})
	case "fs":
		err = p.bracketed(func() error {
			v, err := float()
			a.Floats = append(a.Floats, v)
			return err
		})
	case "ss":
		err = p.bracketed(func() error {
			v, err := p.take('s')
			a.Strings = append(a.Strings, v)
			return err
		})
	default:
		err = fmt.Errorf("unknown kind %s", a.Kind)
	}
	return a, err
}
