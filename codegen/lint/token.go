package lint

import (
	"strings"
)

type tokenKind byte

const (
	identToken  tokenKind = iota
	numberToken           // 12, 0x1f, 1.5e3
	stringToken           // "..." or '...'
	punctToken
	pragmaToken // the text after #pragma
)

type token struct {
	kind tokenKind
	text string
	line int
}

func (t token) is(text string) bool {
	return t.kind != stringToken && t.kind != pragmaToken && t.text == text
}

// puncts are the multi-character operators that the rules distinguish. < and > are
// always single tokens, because they close templates.
var puncts = []string{"...", "::", "->", "++", "--", "==", "!=", "<=", ">=", "&&", "||", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// tokenize splits a file into tokens, without comments, preprocessor lines and code
// that conditional compilation excludes under synthesis. It checks includes. It
// reports whether the text could be read.
func (p *project) tokenize(f *source) ([]token, bool) {
	s := f.text
	var out []token
	line := 1
	var cond []condition
	fresh := true // only white space since the line began
	ok := true
	fail := func(format string, args ...any) {
		p.report(f, line, RuleSyntax, format, args...)
		ok = false
	}
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\n':
			line++
			i++
			fresh = true
		case c == ' ' || c == '\t' || c == '\r':
			i++
		case strings.HasPrefix(s[i:], "//"):
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case strings.HasPrefix(s[i:], "/*"):
			end := strings.Index(s[i+2:], "*/")
			if end < 0 {
				fail("a comment does not end")
				return nil, false
			}
			line += strings.Count(s[i:i+2+end], "\n")
			i += end + 4
		case c == '#' && fresh:
			start := line
			var text strings.Builder
			for i < len(s) && s[i] != '\n' {
				if s[i] == '\\' && i+1 < len(s) && s[i+1] == '\n' {
					line++
					i += 2
					text.WriteByte(' ')
					continue
				}
				text.WriteByte(s[i])
				i++
			}
			if t, yes := p.directive(f, start, stripComment(text.String()[1:]), &cond); yes {
				out = append(out, t)
			}
		case !live(cond):
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case c == '"' || c == '\'':
			j := i + 1
			for j < len(s) && s[j] != c && s[j] != '\n' {
				if s[j] == '\\' {
					j++
				}
				j++
			}
			if j >= len(s) || s[j] != c {
				fail("a string does not end on its line")
				return nil, false
			}
			out = append(out, token{stringToken, s[i+1 : j], line})
			i = j + 1
			fresh = false
		case isDigit(c):
			j := i
			for j < len(s) && (isWord(s[j]) || s[j] == '.' || s[j] == '\'') {
				j++
			}
			out = append(out, token{numberToken, s[i:j], line})
			i = j
			fresh = false
		case isWord(c):
			j := i
			for j < len(s) && isWord(s[j]) {
				j++
			}
			out = append(out, token{identToken, s[i:j], line})
			i = j
			fresh = false
		default:
			text := s[i : i+1]
			for _, m := range puncts {
				if strings.HasPrefix(s[i:], m) {
					text = m
					break
				}
			}
			out = append(out, token{punctToken, text, line})
			i += len(text)
			fresh = false
		}
	}
	if len(cond) > 0 {
		fail("#if without #endif")
	}
	return out, ok
}

func stripComment(s string) string {
	if i := strings.Index(s, "//"); i >= 0 {
		return s[:i]
	}
	return s
}

// condition is one open #if.
type condition struct{ outer, live, taken bool }

func live(c []condition) bool { return len(c) == 0 || c[len(c)-1].outer && c[len(c)-1].live }

// directive handles a preprocessor line; only a pragma becomes a token.
func (p *project) directive(f *source, line int, text string, cond *[]condition) (token, bool) {
	text = strings.TrimSpace(text)
	word, rest := text, ""
	for i := 0; i < len(text); i++ {
		if !isWord(text[i]) {
			word, rest = text[:i], strings.TrimSpace(text[i:])
			break
		}
	}
	top := len(*cond) - 1
	switch word {
	case "if", "ifdef", "ifndef":
		v := false
		switch word {
		case "if":
			v = evalCondition(rest)
		case "ifdef":
			v = rest == "__SYNTHESIS__"
		default:
			v = rest != "__SYNTHESIS__"
		}
		*cond = append(*cond, condition{outer: live(*cond), live: v, taken: v})
	case "elif":
		if top >= 0 {
			c := &(*cond)[top]
			c.live = !c.taken && evalCondition(rest)
			c.taken = c.taken || c.live
		}
	case "else":
		if top >= 0 {
			c := &(*cond)[top]
			c.live, c.taken = !c.taken, true
		}
	case "endif":
		if top < 0 {
			p.report(f, line, RuleSyntax, "#endif without #if")
			return token{}, false
		}
		*cond = (*cond)[:top]
	case "include":
		if live(*cond) {
			p.checkInclude(f, line, rest)
		}
	case "pragma":
		if live(*cond) {
			return token{pragmaToken, rest, line}, true
		}
	}
	return token{}, false
}

// evalCondition evaluates defined(X), !, && and || with __SYNTHESIS__ as the only
// macro; everything else counts as 0, as in the preprocessor.
func evalCondition(s string) bool {
	for _, part := range strings.Split(s, "||") {
		all := true
		for _, term := range strings.Split(part, "&&") {
			term = strings.TrimSpace(term)
			negate := strings.HasPrefix(term, "!")
			term = strings.TrimLeft(term, "! (")
			term = strings.TrimSpace(strings.TrimPrefix(term, "defined"))
			v := strings.Trim(term, "() ") == "__SYNTHESIS__" || term == "1"
			all = all && v != negate
		}
		if all {
			return true
		}
	}
	return false
}

// pair finds the partner of every bracket.
func (p *project) pair(f *source) bool {
	f.match = make([]int, len(f.tokens))
	var open []int
	partner := map[string]string{")": "(", "]": "[", "}": "{"}
	for i, t := range f.tokens {
		f.match[i] = -1
		if t.kind != punctToken {
			continue
		}
		switch t.text {
		case "(", "[", "{":
			open = append(open, i)
		case ")", "]", "}":
			if len(open) == 0 || f.tokens[open[len(open)-1]].text != partner[t.text] {
				p.report(f, t.line, RuleSyntax, "%s has no partner", t.text)
				return false
			}
			o := open[len(open)-1]
			open = open[:len(open)-1]
			f.match[o], f.match[i] = i, o
		}
	}
	if len(open) > 0 {
		t := f.tokens[open[len(open)-1]]
		p.report(f, t.line, RuleSyntax, "%s has no partner", t.text)
		return false
	}
	return true
}
