package lint

import (
	"strings"
)

// direction is the use of a stream parameter by a function.
type direction struct{ reads, writes bool }

// summarise determines which stream parameters each function reads and writes, including
// the calls it makes. The result is kept in the functions' reads and writes, by parameter
// name; overloads are distinguished by their parameters.
func (p *project) summarise() {
	byName := make(map[string][]*function)
	for _, f := range p.funcs {
		byName[f.name] = append(byName[f.name], f)
	}
	for changed := true; changed; {
		changed = false
		for _, f := range p.funcs {
			for _, c := range f.calls {
				if c.method {
					continue
				}
				for i, a := range c.args {
					if a == "" || !f.isStream(a) {
						continue
					}
					d := p.useOf(f, byName[c.name], c, i)
					if d.reads && !f.does(a).reads {
						passed(f.reads, a)
						changed = true
					}
					if d.writes && !f.does(a).writes {
						passed(f.writes, a)
						changed = true
					}
				}
			}
		}
	}
}

// passed records that a callee reads or writes a parameter. sites is a function's reads or writes; it gets no line, because
// the access is in the callee.
func passed(sites map[string][]int, name string) {
	if sites[name] == nil {
		sites[name] = []int{}
	}
}

func (f *function) does(name string) direction {
	_, r := f.reads[name]
	_, w := f.writes[name]
	return direction{r, w}
}

// useOf is the use of argument i by a call.
func (p *project) useOf(from *function, candidates []*function, c call, i int) direction {
	var d direction
	for _, g := range candidates {
		if len(g.params) == 0 || !c.mayCall(from, g) {
			continue
		}
		q := g.params[min(i, len(g.params)-1)]
		u := g.does(q.name)
		d.reads = d.reads || u.reads
		d.writes = d.writes || u.writes
	}
	return d
}

// link is a stream of a dataflow region.
type link struct {
	name           string
	line           int
	writer, reader string // as HASS_STREAM declares them, or ""
	by             []string
	readers        []string
	writers        []string
}

// checkRegion checks a dataflow region: each stream has one writing and one reading
// process, and the region contains only streams and processes.
func (p *project) checkRegion(fn *function) {
	if !fn.dataflow {
		return
	}
	f := fn.file
	byName := make(map[string][]*function)
	for _, g := range p.funcs {
		byName[g.name] = append(byName[g.name], g)
	}
	var links []*link
	find := func(name string) *link {
		for _, l := range links {
			if l.name == name {
				return l
			}
		}
		return nil
	}
	// The streams: declared by macro, or as plain locals. A port of the
	// top has only one end in the region.
	for i := fn.begin; i < fn.end; i++ {
		t := f.tokens[i]
		if (t.is("HASS_STREAM") || t.is("HASS_SKIP_STREAM") || t.is("HASS_WIDE_STREAM")) && at(f, i+1).is("(") {
			args := splitArgs(f, i+2, f.match[i+1])
			if len(args) != 6 {
				p.report(f, t.line, RuleDataflow, "%s takes type, name, depth, writer, reader and memory", t.text)
				continue
			}
			text := func(k int) string { return textOf(f.tokens[args[k][0]:args[k][1]]) }
			if d, ok := p.number(at(f, args[2][0])); !ok || d < 1 {
				p.report(f, t.line, RuleDataflow, "stream %s has depth %s", text(1), text(2))
			}
			if find("s_"+text(1)) != nil {
				p.report(f, t.line, RuleProducer, "stream %s is declared twice", text(1))
				continue
			}
			links = append(links, &link{name: "s_" + text(1), line: t.line, writer: text(3), reader: text(4)})
			i = f.match[i+1]
			continue
		}
		if t.is("hls") && at(f, i+1).is("::") && at(f, i+2).is("stream") && at(f, i+3).is("<") {
			c := closeAngle(f, i+3, fn.end)
			if n := at(f, c+1); n.kind == identToken {
				links = append(links, &link{name: n.text, line: n.line})
				i = c + 1
			}
		}
	}
	// The processes.
	names := make(map[string]bool)
	for i := fn.begin; i < fn.end; i++ {
		t := f.tokens[i]
		if t.is("for") || t.is("while") || t.is("if") || t.is("do") || t.is("switch") {
			p.report(f, t.line, RuleDataflow, "%s in a dataflow region", t.text)
		}
	}
	for k := range fn.calls {
		c := &fn.calls[k]
		if c.method {
			for _, l := range links {
				if at(f, c.begin-2).text == l.name {
					p.report(f, c.line, RuleDataflow, "stream %s is used in the region itself, not in a process", l.name)
				}
			}
			continue
		}
		process := c.name
		if name, ok := processOf(f, c.begin); ok {
			process = name
			if names[name] {
				p.report(f, c.line, RuleDataflow, "process %s is started twice", name)
			}
			names[name] = true
		}
		// A process whose call names a stream is an end of it, even if the
		// argument is wrapped.
		for i, a := range c.args {
			l := find(a)
			if l == nil {
				continue
			}
			l.by = append(l.by, process)
			d := p.useOf(fn, byName[c.name], *c, i)
			if d.reads && d.writes {
				p.report(f, c.line, RuleDataflow, "process %s both reads and writes stream %s", process, l.name)
			}
			if d.reads {
				l.readers = append(l.readers, process)
			}
			if d.writes {
				l.writers = append(l.writers, process)
			}
		}
	}
	for _, l := range links {
		p.checkLink(fn, l)
	}
}

func (p *project) checkLink(fn *function, l *link) {
	f := fn.file
	list := func(names []string) string {
		if len(names) == 0 {
			return "no process"
		}
		return strings.Join(names, " and ")
	}
	if len(l.writers) != 1 {
		p.report(f, l.line, RuleProducer, "stream %s is written by %s", l.name, list(l.writers))
	} else if l.writer != "" && l.writers[0] != l.writer {
		p.report(f, l.line, RuleDataflow, "stream %s is declared to be written by %s, but %s writes it", l.name, l.writer, l.writers[0])
	}
	if len(l.readers) != 1 {
		p.report(f, l.line, RuleConsumer, "stream %s is read by %s", l.name, list(l.readers))
	} else if l.reader != "" && l.readers[0] != l.reader {
		p.report(f, l.line, RuleDataflow, "stream %s is declared to be read by %s, but %s reads it", l.name, l.reader, l.readers[0])
	}
}

// processOf is the NAME of the HASS_PROCESS(NAME, call(...)) around token i.
func processOf(f *source, i int) (string, bool) {
	for k := i; k >= 2; k-- {
		t := f.tokens[k]
		if t.is(";") || t.is("{") || t.is("}") {
			return "", false
		}
		if t.is("HASS_PROCESS") && at(f, k+1).is("(") && f.match[k+1] > i {
			return at(f, k+2).text, true
		}
	}
	return "", false
}
