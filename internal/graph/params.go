package graph

import (
	"fmt"
	"slices"
	"strconv"
)

// param is one key=value of an operator's text form; to points at its field: an
// *int, *bool, *string, *float64, *[]int, *Shape or *[]float64. A false bool is
// left out, a true one is its key alone.
type param struct {
	key string
	to  any
}

func (p *printer) params(params []param) {
	for _, f := range params {
		if b, ok := f.to.(*bool); ok {
			p.flag(f.key, *b)
			continue
		}
		p.str(" " + f.key + "=")
		switch v := f.to.(type) {
		case *int:
			p.int(int64(*v))
		case *string:
			if p.str(*v); *v == "" {
				p.str("none")
			}
		case *float64:
			p.float(*v, 64)
		case *[]int:
			p.str(Shape(*v).String())
		case *Shape:
			p.str(v.String())
		case *[]float64:
			list(p, *v, func(x float64) { p.float(x, 64) })
		}
	}
}

func (p *parser) paramList(params []param) error {
	for _, f := range params {
		if b, ok := f.to.(*bool); ok {
			var err error
			if *b, err = p.flag(f.key); err != nil {
				return err
			}
			continue
		}
		if err := p.key(f.key); err != nil {
			return err
		}
		if err := p.paramValue(f.to); err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
	}
	return nil
}

func (p *parser) paramValue(to any) error {
	switch to := to.(type) {
	case *int:
		v, err := p.intWord()
		*to = int(v)
		return err
	case *string:
		w, err := p.take('w')
		if *to = w; w == "none" {
			*to = ""
		}
		return err
	case *float64:
		w, err := p.take('w')
		if err != nil {
			return err
		}
		*to, err = parseFloat(w, 64)
		return err
	case *[]int:
		s, err := p.shape()
		*to = s
		return err
	case *Shape:
		s, err := p.shape()
		*to = s
		return err
	case *[]float64:
		*to = []float64{}
		return p.bracketed(func() error {
			w, err := p.take('w')
			if err != nil {
				return err
			}
			v, err := parseFloat(w, 64)
			*to = append(*to, v)
			return err
		})
	}
	return fmt.Errorf("internal error: parameter of type %T", to)
}

// stored prints the model's integer type.
func (p *printer) stored(t string) {
	if t != "" {
		p.str(" stored=" + t)
	}
}

func (p *parser) stored() (string, error) {
	if p.tok.kind != 'w' || p.tok.text != "stored" {
		return "", nil
	}
	if err := p.key("stored"); err != nil {
		return "", err
	}
	return p.take('w')
}

// origin prints the origin of a constant's numbers: its integer type in the
// model and its grid.
func (p *printer) origin(t *Tensor) {
	p.stored(t.Stored)
	g := t.Grid
	if g == nil {
		return
	}
	p.str(" grid=" + strconv.Itoa(g.Bits))
	p.flag("signed", g.Signed)
	p.flag("narrow", g.Narrow)
	p.str(" axis=").int(int64(g.Axis)).str(" scale=")
	list(p, g.Scale, func(v float32) { p.float(float64(v), 32) })
	p.str(" zero=")
	list(p, g.Zero, func(v int64) { p.int(v) })
}

func (p *parser) origin(t *Tensor) error {
	var err error
	if t.Stored, err = p.stored(); err != nil {
		return err
	}
	if p.tok.kind != 'w' || p.tok.text != "grid" {
		return nil
	}
	g := &Grid{}
	var scale []float64
	var zero []int
	if err := p.paramList([]param{{"grid", &g.Bits}, {"signed", &g.Signed}, {"narrow", &g.Narrow}, {"axis", &g.Axis}, {"scale", &scale}, {"zero", &zero}}); err != nil {
		return err
	}
	for _, v := range scale {
		g.Scale = append(g.Scale, float32(v))
	}
	for _, v := range zero {
		g.Zero = append(g.Zero, int64(v))
	}
	t.Grid = g
	return nil
}

// check verifies a grid against the constant it describes.
func (g *Grid) check(s Shape) error {
	n := len(g.Scale)
	switch {
	case g.Bits < 1 || g.Bits > 32:
		return fmt.Errorf("grid of %d bits", g.Bits)
	case n == 0 || len(g.Zero) != n:
		return fmt.Errorf("grid with %d scales and %d zero points", n, len(g.Zero))
	case n > 1 && (g.Axis < 0 || g.Axis >= len(s) || s[g.Axis] != n):
		return fmt.Errorf("grid with %d scales along axis %d of %v", n, g.Axis, s)
	case slices.ContainsFunc(g.Scale, func(v float32) bool { return !(v > 0) }):
		return fmt.Errorf("grid with scales %v", g.Scale)
	}
	return nil
}
