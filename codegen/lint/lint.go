package lint

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// The rules.
const (
	RuleProducer   = "one-producer"  // a stream of the dataflow region is written by exactly one process
	RuleConsumer   = "one-consumer"  // a stream of the dataflow region is read by exactly one process
	RuleDataflow   = "dataflow-form" // the dataflow region is streams and process calls only; its declared ends are true
	RuleLoopBound  = "loop-bound"    // loops are bounded by constants or parameters, or are pipelined and run until done
	RuleFlushable  = "flushable"     // a loop that reads a stream is pipelined with style=flp
	RuleJump       = "jump"          // no break, continue, goto, and no return from inside a loop
	RuleBlocking   = "blocking"      // streams are read and written blocking: no empty, full, read_nb, ...
	RuleLibrary    = "library"       // no hls::task, hls::vector and the like
	RuleWide       = "wide-int"      // no arbitrary precision integer above 1024 bits, none above 64 made inside a loop
	RuleReadSite   = "read-site"     // at most one read of a stream in a function
	RuleWriteSite  = "write-site"    // at most one write of a stream in a function
	RuleRecursion  = "recursion"     // no function reaches itself
	RuleAllocation = "allocation"    // no new, delete, malloc
	RuleStd        = "std"           // of the C++ library only fixed-width integers and compile-time traits
	RuleIdentifier = "identifier"    // identifiers are plain ASCII words, and come from the tables given
	RuleText       = "text"          // the text is plain ASCII: nothing of a model's names in comments or strings
	RuleStatic     = "static-state"  // static variables belong to one instance
	RuleDivision   = "division"      // no / or % by a variable inside a loop
	RuleInclude    = "include"       // includes name known headers or files of the project, never absolute paths
	RuleSize       = "size"          // tokens, ports, partitioned arrays, reshaped words and processes are within the tool's limits
	RulePartition  = "partition"     // an array that a function keeps, alone or in a struct, has a pragma for its hardware
	RuleSyntax     = "syntax"        // the text cannot be read: brackets do not pair, ...
)

// Rules lists all rules.
var Rules = []string{
	RuleProducer, RuleConsumer, RuleDataflow, RuleLoopBound, RuleFlushable, RuleJump, RuleBlocking, RuleLibrary, RuleWide, RuleReadSite,
	RuleWriteSite, RuleRecursion, RuleAllocation, RuleStd, RuleIdentifier, RuleText, RuleStatic, RuleDivision, RuleInclude, RuleSize, RulePartition, RuleSyntax,
}

// maxWide is the widest integer that AP types offer without a macro, in bits.
const maxWide = 1024

// Finding is one violated rule.
type Finding struct {
	File string
	Line int // from 1
	Rule string
	Msg  string
}

// String prints the finding as file:line: rule: message.
func (f Finding) String() string { return fmt.Sprintf("%s:%d: %s: %s", f.File, f.Line, f.Rule, f.Msg) }

// Options gives Check the names of a design.
type Options struct {
	// IDs are the identifiers that package ident made for layers and tensors. If given, every
	// identifier of a file under src must be a keyword, be used in a header of the project,
	// be one of Known, or be an ID, alone or with a suffix _... or a prefix s_.
	IDs []string
	// Known are further identifiers that generated files may use.
	Known []string
	// ModelNames are the untrusted names. A name that is more than a plain word of letters, digits
	// and underscores must not appear in a synthesizable file, whether in code, comment or string.
	ModelNames []string
}

// Lint checks files (path to text) with the rules that do not depend on the design.
// Findings are sorted by file, line and rule.
func Lint(files map[string]string) []Finding { return Check(files, Options{}) }

// Check is Lint with the names of a design.
func Check(files map[string]string, opts Options) []Finding {
	p := &project{files: files, opts: opts, consts: make(map[string]bool), values: make(map[string]int)}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if synthesizable(name) {
			p.load(name, files[name])
		}
	}
	p.collectConstants()
	for _, f := range p.sources {
		p.checkTokens(f)
	}
	p.checkNames()
	p.checkSizes()
	p.summarise()
	for _, f := range p.funcs {
		p.checkFunction(f)
		p.checkArrays(f)
	}
	p.checkRecursion()
	p.checkStatics()
	for _, f := range p.funcs {
		p.checkRegion(f)
	}
	slices.SortFunc(p.found, func(a, b Finding) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if c := strings.Compare(a.Rule, b.Rule); c != 0 {
			return c
		}
		return strings.Compare(a.Msg, b.Msg)
	})
	return slices.Compact(p.found)
}

// synthesizable reports whether the C++ file of that path is read by Vitis HLS.
func synthesizable(name string) bool {
	switch path.Ext(name) {
	case ".cpp", ".hpp", ".h", ".cc", ".hh":
	default:
		return false
	}
	parts := strings.Split(path.Dir(name), "/")
	if slices.Contains(parts, "host") {
		return slices.Contains(parts, "kernels")
	}
	return !slices.Contains(parts, "tb") && !slices.Contains(parts, "sim")
}

// source is one file as tokens.
type source struct {
	name   string
	text   string
	tokens []token
	match  []int // index of the closing bracket for an opening one, else -1
}

// project is the input of the rules.
type project struct {
	files   map[string]string
	opts    Options
	sources []*source
	funcs   []*function
	globals []variable
	consts  map[string]bool // names of constexpr variables
	values  map[string]int  // of those with a literal value
	found   []Finding
}

func (p *project) report(f *source, line int, rule, format string, args ...any) {
	p.found = append(p.found, Finding{f.name, line, rule, fmt.Sprintf(format, args...)})
}

func (p *project) load(name, text string) {
	f := &source{name: name, text: text}
	p.sources = append(p.sources, f)
	p.checkText(f)
	var ok bool
	if f.tokens, ok = p.tokenize(f); !ok {
		return
	}
	if !p.pair(f) {
		f.tokens, f.match = nil, nil
		return
	}
	p.parseScope(f, 0, len(f.tokens), scope{})
}
