package npy

import (
	"fmt"
	"strconv"
	"strings"
)

// header is the Python dictionary at the start of a file.
type header struct {
	descr   string
	fortran bool
	shape   []int
}

// parseHeader reads {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
// with its three keys in any order.
func parseHeader(text string) (header, error) {
	p := &parser{s: text}
	var h header
	seen := map[string]bool{}
	p.want("{")
	for p.err == nil && !p.take("}") {
		key := p.str()
		if p.err == nil && seen[key] {
			p.fail("key %q twice", key)
		}
		seen[key] = true
		p.want(":")
		switch {
		case p.err != nil:
		case key == "descr":
			if p.peek("[") {
				p.fail("structured arrays are not read here")
				break
			}
			h.descr = p.str()
		case key == "fortran_order":
			switch {
			case p.take("True"):
				h.fortran = true
			case p.take("False"):
			default:
				p.fail("fortran_order is neither True nor False")
			}
		case key == "shape":
			h.shape = p.dims()
		default:
			p.fail("unknown key %q", key)
		}
		if p.err == nil && !p.take(",") && !p.peek("}") {
			p.fail("expected , or }")
		}
	}
	if p.err == nil && strings.TrimSpace(p.s) != "" {
		p.fail("text after }")
	}
	if p.err == nil && len(seen) != 3 {
		p.fail("needs the keys descr, fortran_order and shape")
	}
	return h, p.err
}

// parser eats s from the front and remembers the first error.
type parser struct {
	s   string
	err error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("bad .npy header: "+format, args...)
	}
}

func (p *parser) peek(tok string) bool {
	p.s = strings.TrimLeft(p.s, " \t\r\n")
	return strings.HasPrefix(p.s, tok)
}

func (p *parser) take(tok string) bool {
	if !p.peek(tok) {
		return false
	}
	p.s = p.s[len(tok):]
	return true
}

func (p *parser) want(tok string) {
	if p.err == nil && !p.take(tok) {
		p.fail("expected %s", tok)
	}
}

func (p *parser) str() string {
	if p.err != nil {
		return ""
	}
	for _, q := range []string{"'", `"`} {
		if p.take(q) {
			if i := strings.Index(p.s, q); i >= 0 {
				s := p.s[:i]
				p.s = p.s[i+1:]
				return s
			}
		}
	}
	p.fail("expected a string")
	return ""
}

// dims reads a tuple of sizes. Python 2 wrote long integers with a trailing L.
func (p *parser) dims() []int {
	shape := []int{}
	p.want("(")
	for p.err == nil && !p.take(")") {
		p.peek("")
		i := 0
		for i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9' {
			i++
		}
		d, err := strconv.Atoi(p.s[:i])
		if err != nil {
			p.fail("bad dimension in shape")
			break
		}
		shape = append(shape, d)
		p.s = strings.TrimPrefix(p.s[i:], "L")
		if len(shape) > 32 {
			p.fail("more than 32 dimensions")
		}
		if !p.take(",") && !p.peek(")") {
			p.fail("expected , or ) in shape")
		}
	}
	return shape
}
