package lint

import (
	"slices"
	"strings"
)

// scope is the place of a declaration.
type scope struct {
	class     string // innermost class, "" at namespace level
	space     string // innermost namespace
	templated bool   // inside a template
}

// param is a function's parameter.
type param struct {
	name   string
	stream bool // hls::stream<...>&, or a pack
	pack   bool // the last parameter takes all further arguments
	value  bool // an integer by value
}

// function is a definition.
type function struct {
	file       *source
	name       string
	class      string
	space      string
	templated  bool
	constant   bool // constexpr
	line       int
	params     []param
	begin, end int // body tokens, braces left out
	locals     []variable
	calls      []call
	reads      map[string][]int // stream variable -> lines of .read
	writes     map[string][]int
	dataflow   bool
	visiting   int // for the detection of recursion: 0 new, 1 open, 2 done
}

// full is the name with its class.
func (f *function) full() string {
	if f.class != "" {
		return f.class + "::" + f.name
	}
	return f.name
}

// variable is a declaration that the rules use.
type variable struct {
	file      *source
	name      string
	line      int
	isStatic  bool
	isConst   bool
	isArray   bool    // with an explicit size
	init      []token // tokens of the initialiser
	templated bool
	in        *function
}

// parseScope reads declarations from token i to end.
func (p *project) parseScope(f *source, i, end int, sc scope) {
	templated := sc.templated
	for i < end {
		t := f.tokens[i]
		switch {
		case t.kind == pragmaToken || t.is(";"):
			i++
		case t.is("template") && i+1 < end && f.tokens[i+1].is("<"):
			i = closeAngle(f, i+1, end) + 1
			templated = true
			continue // keeps templated for the declaration
		case t.is("namespace"):
			j := i + 1
			for j < end && !f.tokens[j].is("{") && !f.tokens[j].is(";") {
				j++
			}
			if j < end && f.tokens[j].is("{") {
				inner := sc
				if f.tokens[j-1].kind == identToken && j-1 > i {
					inner.space = f.tokens[j-1].text
				}
				p.parseScope(f, j+1, f.match[j], inner)
				j = f.match[j]
			}
			i = j + 1
		case t.is("extern") && i+2 < end && f.tokens[i+1].kind == stringToken && f.tokens[i+2].is("{"):
			p.parseScope(f, i+3, f.match[i+2], sc)
			i = f.match[i+2] + 1
		case (t.is("public") || t.is("private") || t.is("protected")) && i+1 < end && f.tokens[i+1].is(":"):
			i += 2
		case t.is("struct") || t.is("class") || t.is("union"):
			// A definition, unless a parenthesis shows that a function returns it.
			j := i + 1
			for j < end && !f.tokens[j].is("{") && !f.tokens[j].is(";") && !f.tokens[j].is("(") {
				j++
			}
			if j < end && f.tokens[j].is("{") {
				name := ""
				for k := i + 1; k < j; k++ {
					if f.tokens[k].kind == identToken && !f.tokens[k].is("final") {
						name = f.tokens[k].text
						break
					}
				}
				p.parseScope(f, j+1, f.match[j], scope{class: name, space: sc.space, templated: templated})
				j = f.match[j]
				for j < end && !f.tokens[j].is(";") {
					j++
				}
				i = j + 1
				break
			}
			if j < end && f.tokens[j].is("(") {
				i = p.parseDeclaration(f, i, end, sc, templated)
				break
			}
			i = j + 1
		case t.is("enum") || t.is("using") || t.is("typedef") || t.is("static_assert") || t.is("friend"):
			for i < end && !f.tokens[i].is(";") {
				if f.tokens[i].is("{") {
					i = f.match[i]
				}
				i++
			}
			i++
		default:
			i = p.parseDeclaration(f, i, end, sc, templated)
		}
		templated = sc.templated
	}
}

// parseDeclaration reads one function or variable and returns the token after it.
func (p *project) parseDeclaration(f *source, i, end int, sc scope, templated bool) int {
	start, paren := i, -1
	equals := false
	for ; i < end; i++ {
		t := f.tokens[i]
		switch {
		case t.is("("):
			if paren < 0 && !equals && i > start && (f.tokens[i-1].kind == identToken) {
				paren = i
			}
			i = f.match[i]
		case t.is("["):
			i = f.match[i]
		case t.is("<") && !equals && paren < 0:
			if c := closeAngle(f, i, end); c > i {
				i = c
			}
		case t.is("="):
			equals = true
		case t.is(";"):
			if paren < 0 {
				p.declare(f, start, i, nil, templated, sc.class)
			}
			return i + 1
		case t.is("{"):
			if paren < 0 || equals {
				i = f.match[i]
				continue
			}
			p.define(f, start, paren, i, sc, templated)
			return f.match[i] + 1
		}
	}
	return end
}

// define records a function.
func (p *project) define(f *source, start, paren, brace int, sc scope, templated bool) {
	fn := &function{
		file: f, name: f.tokens[paren-1].text, class: sc.class, space: sc.space, templated: templated, line: f.tokens[paren-1].line,
		begin: brace + 1, end: f.match[brace], reads: make(map[string][]int), writes: make(map[string][]int),
	}
	for k := start; k < paren; k++ {
		fn.constant = fn.constant || f.tokens[k].is("constexpr")
	}
	for _, a := range splitArgs(f, paren+1, f.match[paren]) {
		fn.params = append(fn.params, parseParam(f, a[0], a[1]))
	}
	p.parseBody(fn)
	p.funcs = append(p.funcs, fn)
}

func parseParam(f *source, i, end int) param {
	var q param
	ref := false
	for k := i; k < end; k++ {
		t := f.tokens[k]
		if t.is("<") {
			if c := closeAngle(f, k, end); c > k {
				k = c
				continue
			}
		}
		switch {
		case t.is("="):
			end = k
		case t.is("stream") && k >= 2 && f.tokens[k-1].is("::") && f.tokens[k-2].is("hls"):
			q.stream = true
		case t.is("wide_stream") || t.kind == identToken && strings.HasSuffix(t.text, "_fifo"): // the library's types, and variables named after either
			q.stream = true
		case t.is("..."):
			q.pack = true
		case t.is("&") || t.is("*"):
			ref = true
		case t.is("["):
			k = f.match[k]
		case t.kind == identToken:
			q.name = t.text // the last one
		}
	}
	q.stream = q.stream || q.pack
	q.value = !ref && !q.stream
	return q
}

// declare records a variable of namespace level (in == nil) or of a function. Members of a class are not recorded.
func (p *project) declare(f *source, i, end int, in *function, templated bool, class string) {
	v := variable{file: f, in: in, templated: templated, line: f.tokens[i].line}
	name := -1
	for k := i; k < end; k++ {
		t := f.tokens[k]
		switch {
		case t.is("static"):
			v.isStatic = true
		case t.is("const") || t.is("constexpr"):
			v.isConst = true
			if t.is("constexpr") {
				v.isStatic = false
			}
		case t.is("<"):
			if c := closeAngle(f, k, end); c > k {
				k = c
			}
			continue
		case t.is("=") || t.is("{"):
			v.init = f.tokens[k:end]
			end = k
		case t.is("[") || t.is("("):
			v.isArray = v.isArray || t.is("[") && f.match[k] > k+1
			k = f.match[k]
		case t.kind == identToken:
			name = k
		}
	}
	if name < 0 {
		return
	}
	v.name = f.tokens[name].text
	first := f.tokens[i]
	if in == nil {
		if class == "" && !first.is("extern") && !first.is("operator") {
			p.globals = append(p.globals, v)
		}
		return
	}
	in.locals = append(in.locals, v)
}

// closeAngle is the token that closes the < at i as a template list, or i if it is a
// comparison.
func closeAngle(f *source, i, end int) int {
	depth := 0
	for k := i; k < end; k++ {
		t := f.tokens[k]
		switch {
		case t.is("<"):
			depth++
		case t.is(">"):
			depth--
			if depth == 0 {
				return k
			}
		case t.is("(") || t.is("["):
			k = f.match[k]
		case t.is(";") || t.is("{") || t.is("}") || t.is(")") || t.is("&&") || t.is("||") || t.is("++"):
			return i
		}
	}
	return i
}

// splitArgs cuts the tokens of an argument list at its commas.
func splitArgs(f *source, i, end int) [][2]int {
	var out [][2]int
	start := i
	for ; i < end; i++ {
		t := f.tokens[i]
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			i = f.match[i]
		case t.is("<"):
			if c := closeAngle(f, i, end); c > i {
				i = c
			}
		case t.is(","):
			out = append(out, [2]int{start, i})
			start = i + 1
		}
	}
	if start < end {
		out = append(out, [2]int{start, end})
	}
	return out
}

// call is a call of a named function.
type call struct {
	name   string
	tag    string // text of the template arguments
	space  string // the qualifier before a ::, or ""
	method bool   // x.name(...)
	line   int
	args   []string // each argument that is one identifier, else ""
	begin  int
}

var notCalls = strings.Fields(`if for while switch return sizeof alignof static_assert decltype static_cast reinterpret_cast const_cast
	dynamic_cast noexcept defined operator catch constexpr HASS_STREAM HASS_SKIP_STREAM HASS_WIDE_STREAM HASS_PROCESS HASS_RUN`)

// parseBody finds the declarations, calls, reads and writes of a function.
func (p *project) parseBody(fn *function) {
	f := fn.file
	atStart := true // of a statement
	for i := fn.begin; i < fn.end; i++ {
		t := f.tokens[i]
		if t.kind == pragmaToken {
			if isPragma(t.text, "DATAFLOW") {
				fn.dataflow = true
			}
			atStart = true
			continue
		}
		if atStart && t.kind == identToken {
			if n := declarationEnd(f, i, fn.end); n > 0 {
				p.declare(f, i, n, fn, fn.templated, fn.class)
			}
		}
		atStart = t.is(";") || t.is("{") || t.is("}") || t.is(")") || t.is("else")
		if t.kind != identToken {
			continue
		}
		if t.is("HASS_PROCESS") {
			fn.dataflow = true
		}
		member := i > fn.begin && (f.tokens[i-1].is(".") || f.tokens[i-1].is("->"))
		next := i + 1
		tag := ""
		if next < fn.end && f.tokens[next].is("<") {
			if c := closeAngle(f, next, fn.end); c > next && c+1 < fn.end && f.tokens[c+1].is("(") {
				tag = textOf(f.tokens[next+1 : c])
				next = c + 1
			}
		}
		if next >= fn.end || !f.tokens[next].is("(") || slices.Contains(notCalls, t.text) {
			continue
		}
		if member && i >= 2 && f.tokens[i-2].kind == identToken {
			obj := f.tokens[i-2].text
			plain := i < 3 || !f.tokens[i-3].is(".") && !f.tokens[i-3].is("->")
			if plain && t.is("read") {
				fn.reads[obj] = append(fn.reads[obj], t.line)
			}
			if plain && t.is("write") {
				fn.writes[obj] = append(fn.writes[obj], t.line)
			}
		}
		c := call{name: t.text, tag: tag, method: member, line: t.line, begin: i}
		if i >= fn.begin+2 && f.tokens[i-1].is("::") {
			c.space = f.tokens[i-2].text
		}
		for _, a := range splitArgs(f, next+1, f.match[next]) {
			arg := ""
			if n := a[1] - a[0]; f.tokens[a[0]].kind == identToken && (n == 1 || n == 2 && f.tokens[a[0]+1].is("...")) {
				arg = f.tokens[a[0]].text
			}
			c.args = append(c.args, arg)
		}
		fn.calls = append(fn.calls, c)
	}
	// The stream operators: in >> x, out << x.
	for i := fn.begin; i+2 < fn.end; i++ {
		a, b, c := f.tokens[i], f.tokens[i+1], f.tokens[i+2]
		if a.kind != identToken || !fn.isStream(a.text) {
			continue
		}
		if b.is(">") && c.is(">") {
			fn.reads[a.text] = append(fn.reads[a.text], a.line)
		}
		if b.is("<") && c.is("<") {
			fn.writes[a.text] = append(fn.writes[a.text], a.line)
		}
	}
}

func (fn *function) isStream(name string) bool {
	for _, q := range fn.params {
		if q.name == name {
			return q.stream
		}
	}
	return false
}

func (fn *function) param(name string) (param, bool) {
	for _, q := range fn.params {
		if q.name == name {
			return q, true
		}
	}
	return param{}, false
}

// declarationEnd recognises `[static] [const] type name [= ...];` at token i and gives the
// index of its semicolon, or 0.
func declarationEnd(f *source, i, end int) int {
	switch f.tokens[i].text {
	case "return", "if", "for", "while", "do", "else", "switch", "case", "using", "typedef", "goto", "break", "continue", "delete", "throw":
		return 0
	}
	names := 0
	for k := i; k < end; k++ {
		t := f.tokens[k]
		switch {
		case t.kind == identToken:
			if k > i && f.tokens[k-1].kind == identToken || k > i && (f.tokens[k-1].is(">") || f.tokens[k-1].is("&") || f.tokens[k-1].is("*")) {
				names++
			}
		case t.is("::") || t.is("&") || t.is("*") || t.is(">"):
		case t.is("<"):
			c := closeAngle(f, k, end)
			if c == k {
				return 0
			}
			k = c - 1
		case t.is(";") || t.is("=") || t.is("[") || t.is("{") || t.is("(") || t.is(","):
			if names == 0 {
				return 0
			}
			for ; k < end; k++ {
				u := f.tokens[k]
				if u.is("(") || u.is("[") || u.is("{") {
					k = f.match[k]
				} else if u.is(";") {
					return k
				}
			}
			return 0
		default:
			return 0
		}
	}
	return 0
}

func textOf(tokens []token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// isPragma reports whether the text of a pragma is HLS what ....
func isPragma(text, what string) bool {
	w := strings.Fields(text)
	return len(w) >= 2 && strings.EqualFold(w[0], "HLS") && strings.EqualFold(w[1], what)
}

// mayCall reports whether a call may be a call of g: by its qualifier, by being a method
// or not, and by the number of arguments.
func (c call) mayCall(from, g *function) bool {
	if c.method != (g.class != "") && (g.class == "" || g.class != from.class && g.class != c.space) {
		return false
	}
	if c.space != "" && c.space != g.space && c.space != g.class {
		return false
	}
	n := len(g.params)
	return n == len(c.args) || n > 0 && g.params[n-1].pack && len(c.args) >= n-1
}
