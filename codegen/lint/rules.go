package lint

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// checkText checks the characters, including comments and strings: anything but plain
// ASCII comes from a name. A backslash at the end of a line would join the next line to a
// comment.
func (p *project) checkText(f *source) {
	for n, line := range strings.Split(f.text, "\n") {
		for i := 0; i < len(line); i++ {
			if c := line[i]; (c < 0x20 && c != '\t' && c != '\r') || c > 0x7e {
				p.report(f, n+1, RuleText, "byte 0x%02x is not printable ASCII", c)
				break
			}
		}
		if i := strings.Index(line, "//"); i >= 0 && strings.HasSuffix(strings.TrimRight(line, " \t\r"), "\\") {
			p.report(f, n+1, RuleText, "a comment ends in a backslash, which joins the next line to it")
		}
		if strings.Contains(line, "??/") {
			p.report(f, n+1, RuleText, "??/ is a trigraph of the backslash")
		}
	}
}

// The headers that AMD's tools offer and the C++ library headers that modules need.
var knownHeaders = strings.Fields(`ap_int.h ap_fixed.h ap_axi_sdata.h hls_stream.h cstdint cstddef type_traits utility`)

func (p *project) checkInclude(f *source, line int, what string) {
	if strings.HasPrefix(what, "<") {
		name := strings.TrimSuffix(strings.TrimPrefix(what, "<"), ">")
		if !slices.Contains(knownHeaders, name) {
			p.report(f, line, RuleInclude, "<%s> is no header for synthesis", name)
		}
		return
	}
	name := strings.Trim(what, `"`)
	if path.IsAbs(name) || strings.Contains(name, `\`) || strings.Contains(name, ":") {
		p.report(f, line, RuleInclude, "%s is not a relative path", what)
		return
	}
	near := path.Join(path.Dir(f.name), name)
	for _, at := range []string{near, path.Join("include", name), path.Join("src", name)} {
		if _, ok := p.files[at]; ok {
			return
		}
	}
	p.report(f, line, RuleInclude, "%s is no file of the project", what)
}

var (
	jumps     = strings.Fields(`break continue goto`)
	nonblock  = strings.Fields(`empty full read_nb write_nb size capacity`)
	hlsBanned = strings.Fields(`task vector stream_of_blocks split merge thread_local read_lock write_lock`)
	allocs    = strings.Fields(`new delete malloc calloc realloc free alloca`)
	stdUsed   = strings.Fields(`int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t conditional conditional_t enable_if enable_if_t is_same
		is_same_v integral_constant true_type false_type numeric_limits`)
)

// checkTokens applies the rules that do not depend on structure.
func (p *project) checkTokens(f *source) {
	at := func(i int) token {
		if i < 0 || i >= len(f.tokens) {
			return token{}
		}
		return f.tokens[i]
	}
	for i, t := range f.tokens {
		if t.kind != identToken {
			continue
		}
		member := at(i-1).is(".") || at(i-1).is("->")
		switch {
		case slices.Contains(jumps, t.text):
			p.report(f, t.line, RuleJump, "%s", t.text)
		case member && at(i+1).is("(") && slices.Contains(nonblock, t.text):
			p.report(f, t.line, RuleBlocking, ".%s() makes the order of transfers depend on time", t.text)
		case slices.Contains(allocs, t.text) && !member:
			p.report(f, t.line, RuleAllocation, "%s: nothing can be allocated in hardware", t.text)
		case at(i-1).is("::") && at(i-2).is("hls") && slices.Contains(hlsBanned, t.text):
			p.report(f, t.line, RuleLibrary, "hls::%s is not used: other tool versions, other semantics", t.text)
		case at(i-1).is("::") && at(i-2).is("std") && !slices.Contains(stdUsed, t.text):
			p.report(f, t.line, RuleStd, "std::%s is not for synthesis", t.text)
		case slices.Contains([]string{"ap_uint", "ap_int", "ap_axiu", "ap_axis"}, t.text) && at(i+1).is("<"):
			if w, ok := p.number(at(i + 2)); ok && w > maxWide && (at(i+3).is(">") || at(i+3).is(",")) {
				p.report(f, t.line, RuleWide, "%s<%d> is wider than %d bits", t.text, w, maxWide)
			}
		}
	}
}

// number is the value of a literal or of a constant with a literal value.
func (p *project) number(t token) (int, bool) {
	if t.kind == numberToken {
		v, err := strconv.ParseInt(strings.ReplaceAll(strings.TrimRight(t.text, "uUlL"), "'", ""), 0, 64)
		return int(v), err == nil
	}
	v, ok := p.values[t.text]
	return v, ok && t.kind == identToken
}

// collectConstants finds every constexpr name of the project.
func (p *project) collectConstants() {
	for _, f := range p.sources {
		for i := 0; i < len(f.tokens); i++ {
			if !f.tokens[i].is("constexpr") {
				if f.tokens[i].is("enum") { // enumerators are constants
					for i < len(f.tokens) && !f.tokens[i].is("{") && !f.tokens[i].is(";") {
						i++
					}
					if i < len(f.tokens) && f.tokens[i].is("{") {
						for k := i + 1; k < f.match[i]; k++ {
							if f.tokens[k].kind == identToken {
								p.consts[f.tokens[k].text] = true
							}
						}
					}
				}
				continue
			}
			// constexpr T A = 1, B = 2; or a function, which counts as a constant too.
			for k := i + 1; k < len(f.tokens) && !f.tokens[k].is(";") && !f.tokens[k].is("{"); k++ {
				t := f.tokens[k]
				if t.is("(") || t.is("[") {
					k = f.match[k]
					continue
				}
				if t.kind != identToken || k+1 >= len(f.tokens) {
					continue
				}
				switch next := f.tokens[k+1]; {
				case next.is("="):
					p.consts[t.text] = true
					if v, ok := p.number(at(f, k+2)); ok && (at(f, k+3).is(";") || at(f, k+3).is(",")) {
						p.values[t.text] = v
					}
				case next.is("[") || next.is("("):
					p.consts[t.text] = true
				}
			}
		}
	}
}

func at(f *source, i int) token {
	if i < 0 || i >= len(f.tokens) {
		return token{}
	}
	return f.tokens[i]
}

// constantName reports whether an identifier names a compile-time constant: constexpr, or in
// capitals like template parameters and macros.
func (p *project) constantName(name string) bool {
	return p.consts[name] || name == strings.ToUpper(name) || name == "true" || name == "false"
}

// loop is a loop statement.
type loop struct {
	line       int
	kind       string // for, while, do
	header     [2]int // tokens between the parentheses
	body       [2]int
	pipelined  bool
	flushable  bool
	unrolled   bool
	containing *loop
}

// loops finds the loops of a function, outermost first.
func (p *project) loops(fn *function) []*loop {
	var out []*loop
	var walk func(i, end int, outer *loop)
	walk = func(i, end int, outer *loop) {
		for ; i < end; i++ {
			t := fn.file.tokens[i]
			if t.is("do") {
				p.report(fn.file, t.line, RuleLoopBound, "do loops are not used")
				continue
			}
			if !(t.is("for") || t.is("while")) || i+1 >= end || !fn.file.tokens[i+1].is("(") {
				continue
			}
			close := fn.file.match[i+1]
			l := &loop{line: t.line, kind: t.text, header: [2]int{i + 2, close}, containing: outer}
			// Pragmas are at the head of the body, with or without braces.
			b := close + 1
			var pragmas []string
			for b < end && fn.file.tokens[b].kind == pragmaToken {
				pragmas = append(pragmas, fn.file.tokens[b].text)
				b++
			}
			if b < end && fn.file.tokens[b].is("{") {
				l.body = [2]int{b + 1, fn.file.match[b]}
				for k := b + 1; k < l.body[1] && fn.file.tokens[k].kind == pragmaToken; k++ {
					pragmas = append(pragmas, fn.file.tokens[k].text)
				}
			} else {
				e := b
				for e < end && !fn.file.tokens[e].is(";") {
					if m := fn.file.match[e]; m > e {
						e = m
					}
					e++
				}
				l.body = [2]int{b, min(e, end)}
			}
			for _, s := range pragmas {
				if isPragma(s, "PIPELINE") {
					l.pipelined = true
					flat := strings.ToLower(strings.Join(strings.Fields(s), ""))
					l.flushable = strings.Contains(flat, "style=flp")
				}
				l.unrolled = l.unrolled || isPragma(s, "UNROLL")
			}
			out = append(out, l)
			walk(l.body[0], l.body[1], l)
			i = l.body[1]
		}
	}
	walk(fn.begin, fn.end, nil)
	return out
}

// checkFunction applies the rules on loops and transfers.
func (p *project) checkFunction(fn *function) {
	f := fn.file
	all := p.loops(fn)
	for _, l := range all {
		if why := p.unbounded(fn, l); why != "" {
			p.report(f, l.line, RuleLoopBound, "%s", why)
		}
		if reads := p.readsIn(fn, l, all); reads != "" && !l.flushable {
			what := "is not pipelined"
			if l.pipelined {
				what = "is pipelined without style=flp"
			}
			p.report(f, l.line, RuleFlushable, "the loop reads stream %s and %s: it stalls with data inside", reads, what)
		}
		if l.containing == nil {
			p.checkInside(fn, l)
		}
	}
	for _, name := range sortedNames(fn.reads) {
		if lines := fn.reads[name]; len(lines) > 1 && (fn.isStream(name) || strings.HasPrefix(name, "s_")) {
			p.report(f, lines[1], RuleReadSite, "stream %s is read at %d places of %s", name, len(lines), fn.name)
		}
	}
	for _, name := range sortedNames(fn.writes) {
		if lines := fn.writes[name]; len(lines) > 1 && (fn.isStream(name) || strings.HasPrefix(name, "s_")) {
			p.report(f, lines[1], RuleWriteSite, "stream %s is written at %d places of %s", name, len(lines), fn.name)
		}
	}
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// readsIn names a stream that is read in the loop itself, not in an inner loop, which is
// checked separately.
func (p *project) readsIn(fn *function, l *loop, all []*loop) string {
	f := fn.file
	for i := l.body[0]; i < l.body[1]; i++ {
		inner := false
		for _, m := range all {
			if m.containing == l && !m.unrolled && i >= m.body[0] && i < m.body[1] {
				i, inner = m.body[1]-1, true
				break
			}
		}
		if inner {
			continue
		}
		t := f.tokens[i]
		if t.kind != identToken || !fn.isStream(t.text) {
			continue
		}
		if at(f, i+1).is(".") && at(f, i+2).is("read") || at(f, i+1).is(">") && at(f, i+2).is(">") {
			return t.text
		}
	}
	return ""
}

// checkInside checks the code in an outermost loop.
func (p *project) checkInside(fn *function, l *loop) {
	f := fn.file
	for i := l.body[0]; i < l.body[1]; i++ {
		t := f.tokens[i]
		switch {
		case t.is("return"):
			p.report(f, t.line, RuleJump, "return from inside a loop")
		case t.is("/") || t.is("%") || t.is("/=") || t.is("%="):
			if !p.constantOperand(fn, i+1) {
				p.report(f, t.line, RuleDivision, "%s by a variable inside a loop costs a divider", t.text)
			}
		case (t.is("ap_uint") || t.is("ap_int")) && at(f, i+1).is("<"):
			// A local of the loop, made there by packing.
			if w, ok := p.number(at(f, i+2)); ok && w > 64 && w <= maxWide && at(f, i+3).is(">") && at(f, i+4).kind == identToken {
				p.report(f, t.line, RuleWide, "an integer of %d bits is packed inside a loop", w)
			}
		}
	}
}

// constantOperand reports whether the operand at token i is a constant: a literal, a
// constant name with its qualifiers, or brackets around constants.
func (p *project) constantOperand(fn *function, i int) bool {
	f := fn.file
	t := at(f, i)
	switch {
	case t.kind == numberToken:
		return true
	case t.is("("):
		return p.constantTokens(fn, i+1, f.match[i])
	case t.kind == identToken:
		// Follow a::b<...>::c to its last name.
		for {
			j := i + 1
			if at(f, j).is("<") {
				if c := closeAngle(f, j, fn.end); c > j {
					j = c + 1
				}
			}
			if !at(f, j).is("::") {
				break
			}
			i = j + 1
		}
		if n := at(f, i+1); n.is(".") || n.is("->") || n.is("[") {
			return false
		}
		return p.constantName(f.tokens[i].text)
	}
	return false
}

// constantTokens reports whether all identifiers of a range are constants.
func (p *project) constantTokens(fn *function, i, end int) bool {
	f := fn.file
	for ; i < end; i++ {
		t := f.tokens[i]
		if t.kind == identToken && !at(f, i+1).is("::") && !at(f, i+1).is("<") && !p.constantName(t.text) && !isType(t.text) {
			return false
		}
	}
	return true
}

func isType(s string) bool {
	switch s {
	case "int", "unsigned", "long", "short", "char", "bool", "static_cast", "sizeof":
		return true
	}
	return false
}

// bounded reports whether the tokens depend only on constants and on integers that are
// passed to the function by value and never changed.
func (p *project) bounded(fn *function, i, end int, except string) bool {
	f := fn.file
	for ; i < end; i++ {
		t := f.tokens[i]
		if t.kind != identToken || t.text == except || at(f, i+1).is("::") || isType(t.text) || p.constantName(t.text) {
			continue
		}
		if at(f, i-1).is("::") {
			return false // a qualified name that is not a constant
		}
		if q, ok := fn.param(t.text); ok {
			if q.value && !assigned(fn, q.name, fn.begin, fn.end) {
				continue
			}
			return false
		}
		known := false
		for _, v := range fn.locals {
			if v.name == t.text && v.isConst && !assigned(fn, v.name, fn.begin, fn.end) {
				known = p.boundedInit(fn, v)
			}
		}
		if !known {
			return false
		}
	}
	return true
}

func (p *project) boundedInit(fn *function, v variable) bool {
	for k, t := range v.init {
		if t.kind != identToken || k+1 < len(v.init) && v.init[k+1].is("::") || isType(t.text) || p.constantName(t.text) {
			continue
		}
		if q, ok := fn.param(t.text); !ok || !q.value || assigned(fn, q.name, fn.begin, fn.end) {
			return false
		}
	}
	return len(v.init) > 0
}

// assigned reports whether a plain variable is changed between tokens i and end. Its
// declaration, preceded by a type, does not count.
func assigned(fn *function, name string, i, end int) bool {
	f := fn.file
	for ; i < end; i++ {
		t := f.tokens[i]
		if t.kind != identToken || t.text != name || at(f, i-1).is(".") || at(f, i-1).is("::") {
			continue
		}
		next := at(f, i+1)
		if at(f, i-1).kind == identToken && !at(f, i-1).is("return") && !at(f, i-1).is("else") {
			continue
		}
		switch next.text {
		case "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "++", "--":
			if next.kind == punctToken {
				return true
			}
		}
		if prev := at(f, i-1); prev.is("++") || prev.is("--") {
			return true
		}
	}
	return false
}

// unbounded is the reason why a loop might not end, or "".
func (p *project) unbounded(fn *function, l *loop) string {
	f := fn.file
	i, end := l.header[0], l.header[1]
	if l.kind == "while" {
		if !l.pipelined {
			return "a while loop that is not pipelined"
		}
		// while (!done), or while (counter < limit).
		var flag string
		switch n := end - i; {
		case n == 2 && f.tokens[i].is("!") && f.tokens[i+1].kind == identToken:
			flag = f.tokens[i+1].text
		case n >= 3 && f.tokens[i].kind == identToken && (f.tokens[i+1].is("<") || f.tokens[i+1].is("!=")):
			flag = f.tokens[i].text
			if !p.bounded(fn, i+2, end, flag) {
				return "the limit of the while loop is no constant and no parameter"
			}
		default:
			return "a while loop is `while (!done)` or `while (counter < limit)`"
		}
		if !assigned(fn, flag, l.body[0], l.body[1]) {
			return "nothing in the while loop changes " + flag
		}
		return ""
	}
	semi := make([]int, 0, 2)
	for k := i; k < end; k++ {
		if m := f.match[k]; m > k {
			k = m
		} else if f.tokens[k].is(";") {
			semi = append(semi, k)
		}
	}
	if len(semi) != 2 {
		return "a for loop without start, condition and step"
	}
	name := ""
	for k := i; k < semi[0]; k++ {
		if f.tokens[k].is("=") && k > i && f.tokens[k-1].kind == identToken {
			name = f.tokens[k-1].text
			if !p.boundedStart(fn, l, k+1, semi[0]) {
				return "the start of the for loop is no constant and no parameter"
			}
			break
		}
	}
	if name == "" || f.tokens[i].kind != identToken || f.tokens[i].text == name {
		return "a for loop declares its variable"
	}
	uses := false
	for k := semi[0] + 1; k < semi[1]; k++ {
		uses = uses || f.tokens[k].kind == identToken && f.tokens[k].text == name
	}
	if !uses {
		return "the condition of the for loop does not test " + name
	}
	if !p.boundedStart(fn, l, semi[0]+1, semi[1], name) {
		return "the limit of the for loop is no constant and no parameter: it may depend on data"
	}
	if !assigned(fn, name, semi[1]+1, end) {
		return "the step of the for loop does not change " + name
	}
	if !p.boundedStart(fn, l, semi[1]+1, end, name) {
		return "the step of the for loop is no constant"
	}
	if assigned(fn, name, l.body[0], l.body[1]) {
		return "the body of the for loop changes " + name
	}
	return ""
}

// boundedStart is bounded with the variables of enclosing for loops allowed as well.
func (p *project) boundedStart(fn *function, l *loop, i, end int, also ...string) bool {
	f := fn.file
	names := append([]string{}, also...)
	for o := l.containing; o != nil; o = o.containing {
		if o.kind != "for" {
			continue
		}
		for k := o.header[0]; k < o.header[1]; k++ {
			if f.tokens[k].is("=") && f.tokens[k-1].kind == identToken {
				names = append(names, f.tokens[k-1].text)
				break
			}
		}
	}
	for k := i; k < end; k++ {
		t := f.tokens[k]
		if t.kind == identToken && !slices.Contains(names, t.text) && !p.bounded(fn, k, k+1, "") {
			return false
		}
	}
	return true
}

// checkRecursion follows the calls.
func (p *project) checkRecursion() {
	byName := make(map[string][]*function)
	for _, f := range p.funcs {
		byName[f.name] = append(byName[f.name], f)
	}
	var visit func(f *function)
	visit = func(f *function) {
		f.visiting = 1
		for _, c := range f.calls {
			if c.method && (c.name == "read" || c.name == "write") {
				continue // a stream's method; in wide_stream too, which reads and writes its parts
			}
			for _, g := range byName[c.name] {
				if !c.mayCall(f, g) {
					continue
				}
				switch g.visiting {
				case 0:
					visit(g)
				case 1:
					p.report(f.file, c.line, RuleRecursion, "%s calls %s, which is still running", f.full(), g.full())
				}
			}
		}
		f.visiting = 2
	}
	for _, f := range p.funcs {
		if f.visiting == 0 {
			visit(f)
		}
	}
}

// checkStatics requires that state belongs to one instance: global variables are shared
// by all, and a function with static variables may be used in one place only (a template:
// in one place for each list of arguments).
func (p *project) checkStatics() {
	for _, v := range p.globals {
		if !v.isConst {
			p.report(v.file, v.line, RuleStatic, "%s is a global variable: every process would share it", v.name)
		}
	}
	for _, f := range p.funcs {
		var state *variable
		for i := range f.locals {
			if v := &f.locals[i]; v.isStatic && !v.isConst {
				state = v
				break
			}
		}
		if state == nil {
			continue
		}
		uses := make(map[string]int)
		for _, g := range p.funcs {
			for _, c := range g.calls {
				if c.name == f.name && c.mayCall(g, f) {
					uses[c.tag]++
					if uses[c.tag] == 2 {
						p.report(g.file, c.line, RuleStatic, "%s holds static %s and is used at two places: both would share it", f.name, state.name)
					}
				}
			}
		}
	}
}
