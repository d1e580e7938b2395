package recurrence

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Loop is a loop of a function.
type Loop struct {
	Function     string // mangled
	Instructions int
	Carried      int     // number of loop-carried values
	NS           float64 // recurrence, nanoseconds per iteration
	Path         []string
}

// The calls that stand for transfers.
const (
	readCall  = "@hls_rd"
	writeCall = "@hls_wr"
)

// byWidth are delays of operations by their greatest width in bits.
type byWidth []struct {
	bits int
	ns   float64
}

func (d byWidth) of(bits int) float64 {
	for _, e := range d {
		if bits <= e.bits {
			return e.ns
		}
	}
	return d[len(d)-1].ns
}

var (
	compareNS = byWidth{{1, 0.287}, {6, 0.446}, {10, 0.58}, {17, 0.676}, {33, 0.849}, {64, 1.06}}
	addNS     = byWidth{{10, 0.75}, {17, 0.785}, {33, 0.88}, {64, 1.02}}
	selectNS  = byWidth{{1, 0.287}, {64, 0.42}}
)

const (
	logicNS    = 0.287
	multiplyNS = 3.42
	shiftNS    = 1.54 // by a variable number of places
	readNS     = 1.64
	writeNS    = 1.84
	memoryNS   = 1.24
	builtinNS  = 0.9 // a compare and a select
)

// instruction is a line of IR.
type instruction struct {
	result, op, text string
	operands         []string
	bits             int
	block            *block
	targets          []string // of a branch
	incoming         []incoming
}

// incoming is a value of a phi and the block from which it comes.
type incoming struct{ value, from string }

// block is a basic block.
type block struct {
	name  string
	code  []*instruction
	succ  []*block
	preds []*block
}

// condition is the value on which the block's branch depends, or "".
func (b *block) condition() string {
	last := b.code[len(b.code)-1]
	if len(last.targets) > 1 && len(last.operands) > 0 {
		return last.operands[0]
	}
	return ""
}

var (
	defineLine = regexp.MustCompile(`^define .*?@([\w.$]+)\(`)
	labelLine  = regexp.MustCompile(`^([\w.$-]+|"[^"]+"):`)
	resultPart = regexp.MustCompile(`^(%[\w.$-]+) = (.*)$`)
	valueName  = regexp.MustCompile(`%[\w.$-]+`)
	targetName = regexp.MustCompile(`label %([\w.$-]+)`)
	phiPair    = regexp.MustCompile(`\[ ([^,\]]+), %([\w.$-]+) \]`)
	intType    = regexp.MustCompile(`\bi(\d+)\b`)
	constShift = regexp.MustCompile(`, \d+$`)
)

// Loops estimates every loop of every function of a file of IR. A nested loop is an error, because it should have been
// unrolled.
func Loops(ir string) ([]Loop, error) {
	var loops []Loop
	name := ""
	var body []string
	for line := range strings.Lines(ir) {
		line = strings.TrimRight(line, "\n")
		switch {
		case name == "":
			if m := defineLine.FindStringSubmatch(line); m != nil {
				name, body = m[1], nil
			}
		case line == "}":
			found, err := function(name, body)
			if err != nil {
				return nil, err
			}
			loops = append(loops, found...)
			name = ""
		default:
			body = append(body, line)
		}
	}
	return loops, nil
}

// parse gives the blocks of a function, the entry first.
func parse(body []string) []*block {
	blocks := []*block{{name: "entry"}}
	byName := map[string]*block{}
	joined := ""
	for _, line := range body {
		if m := labelLine.FindStringSubmatch(line); m != nil {
			b := &block{name: strings.Trim(m[1], `"`)}
			if len(blocks) == 1 && len(blocks[0].code) == 0 {
				blocks = nil
			}
			blocks = append(blocks, b)
			continue
		}
		if at := strings.Index(line, " ; "); at >= 0 {
			line = line[:at]
		}
		if at := strings.Index(line, ", !"); at >= 0 {
			line = line[:at]
		}
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' {
			continue
		}
		// A switch spans several lines.
		joined += line
		if strings.HasPrefix(joined, "switch ") && !strings.HasSuffix(joined, "]") {
			joined += " "
			continue
		}
		b := blocks[len(blocks)-1]
		b.code = append(b.code, newInstruction(joined, b))
		joined = ""
	}
	for _, b := range blocks {
		byName[b.name] = b
	}
	for _, b := range blocks {
		if len(b.code) == 0 {
			continue
		}
		for _, t := range b.code[len(b.code)-1].targets {
			if s := byName[t]; s != nil && !slices.Contains(b.succ, s) {
				b.succ = append(b.succ, s)
				s.preds = append(s.preds, b)
			}
		}
	}
	return blocks
}

func newInstruction(text string, b *block) *instruction {
	in := &instruction{text: text, block: b}
	rest := text
	if m := resultPart.FindStringSubmatch(text); m != nil {
		in.result, rest = m[1], m[2]
	}
	rest = strings.TrimPrefix(rest, "tail ")
	in.op, _, _ = strings.Cut(rest, " ")
	for _, t := range targetName.FindAllStringSubmatch(rest, -1) {
		in.targets = append(in.targets, t[1])
	}
	in.bits = 64
	types := rest
	if in.op == "select" { // the type of the selected values
		_, types, _ = strings.Cut(rest, ",")
	}
	if m := intType.FindStringSubmatch(types); m != nil {
		in.bits, _ = strconv.Atoi(m[1])
	}
	if in.op == "phi" {
		for _, p := range phiPair.FindAllStringSubmatch(rest, -1) {
			in.incoming = append(in.incoming, incoming{strings.TrimSpace(p[1]), p[2]})
		}
		return in
	}
	in.operands = valueName.FindAllString(targetName.ReplaceAllString(rest, ""), -1)
	return in
}

// delay is the delay of an instruction in nanoseconds.
func (in *instruction) delay() float64 {
	switch in.op {
	case "and", "or", "xor":
		return logicNS
	case "icmp":
		return compareNS.of(in.bits)
	case "add", "sub":
		return addNS.of(in.bits)
	case "mul":
		return multiplyNS
	case "select", "phi":
		return selectNS.of(in.bits)
	case "shl", "lshr", "ashr":
		if constShift.MatchString(in.text) {
			return 0
		}
		return shiftNS
	case "load":
		return memoryNS
	case "call":
		switch {
		case strings.Contains(in.text, readCall):
			return readNS
		case strings.Contains(in.text, writeCall):
			return writeNS
		}
		return builtinNS
	}
	return 0 // wiring
}

// function estimates the loops of a function.
func function(name string, body []string) ([]Loop, error) {
	blocks := parse(body)
	var loops []Loop
	back := backEdges(blocks)
	for _, header := range blocks {
		latches := back[header]
		if latches == nil {
			continue
		}
		inside := natural(header, latches)
		for other := range back {
			if other != header && inside[other] {
				return nil, fmt.Errorf("function %s: the loop at %s holds another", name, header.name)
			}
		}
		loops = append(loops, newBody(header, latches, inside).estimate(name))
	}
	return loops, nil
}

// backEdges gives the loops' headers with the blocks that jump back to them.
func backEdges(blocks []*block) map[*block][]*block {
	back := map[*block][]*block{}
	const active, ended = 1, 2
	state := map[*block]int{}
	type frame struct {
		b    *block
		next int
	}
	stack := []frame{{blocks[0], 0}}
	state[blocks[0]] = active
	for len(stack) > 0 {
		f := &stack[len(stack)-1]
		if f.next == len(f.b.succ) {
			state[f.b] = ended
			stack = stack[:len(stack)-1]
			continue
		}
		s := f.b.succ[f.next]
		f.next++
		switch state[s] {
		case active:
			back[s] = append(back[s], f.b)
		case 0:
			state[s] = active
			stack = append(stack, frame{s, 0})
		}
	}
	return back
}

// natural is the set of a loop's blocks.
func natural(header *block, latches []*block) map[*block]bool {
	inside := map[*block]bool{header: true}
	work := slices.Clone(latches)
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if !inside[b] {
			inside[b] = true
			work = append(work, b.preds...)
		}
	}
	return inside
}

// loopBody is a loop without its back edges.
type loopBody struct {
	header     *block
	latches    []*block
	inside     map[*block]bool
	order      []*block // topological
	at         map[*block]int
	dominator  map[*block]*block
	conditions map[*block][]string // under which a block is reached
}

func newBody(header *block, latches []*block, inside map[*block]bool) *loopBody {
	l := &loopBody{header: header, latches: latches, inside: inside, at: map[*block]int{}, dominator: map[*block]*block{}, conditions: map[*block][]string{}}
	waits := map[*block]int{}
	for b := range inside {
		for _, p := range b.preds {
			if b != header && inside[p] {
				waits[b]++
			}
		}
	}
	work := []*block{header}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		l.at[b] = len(l.order)
		l.order = append(l.order, b)
		for _, s := range b.succ {
			if inside[s] && s != header {
				if waits[s]--; waits[s] == 0 {
					work = append(work, s)
				}
			}
		}
	}
	for _, b := range l.order[1:] {
		for _, p := range b.preds {
			if !inside[p] {
				continue
			}
			d := l.dominator[b]
			if d == nil {
				l.dominator[b] = p
				continue
			}
			for d != p {
				if l.at[d] > l.at[p] {
					d = l.dominator[d]
				} else {
					p = l.dominator[p]
				}
			}
			l.dominator[b] = d
		}
		// If all paths from the dominator lead here, the block is reached whenever the dominator is.
		d := l.dominator[b]
		l.conditions[b] = slices.Clone(l.conditions[d])
		if !l.always(d, b) {
			l.conditions[b] = append(l.conditions[b], l.choices(d, b)...)
		}
	}
	return l
}

// always reports whether every path from a to the end of the iteration passes b.
func (l *loopBody) always(a, b *block) bool {
	seen := map[*block]bool{}
	work := []*block{a}
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if x == b || seen[x] {
			continue
		}
		seen[x] = true
		ends := true
		for _, s := range x.succ {
			if s == l.header {
				return false
			}
			if l.inside[s] {
				ends = false
				work = append(work, s)
			}
		}
		if ends {
			return false
		}
	}
	return true
}

// choices are the conditions of the branches on the paths from a to b.
func (l *loopBody) choices(a, b *block) (list []string) {
	seen := map[*block]bool{}
	work := slices.Clone(b.preds)
	for len(work) > 0 {
		x := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[x] || !l.inside[x] {
			continue
		}
		seen[x] = true
		if c := x.condition(); c != "" {
			list = append(list, c)
		}
		if x != a {
			work = append(work, x.preds...)
		}
	}
	return list
}

// needs are the values on which an instruction depends.
func (l *loopBody) needs(in *instruction) []string {
	switch in.op {
	case "phi":
		var list []string
		for _, v := range in.incoming {
			list = append(list, v.value)
		}
		return append(list, l.choices(l.dominator[in.block], in.block)...)
	case "call", "load":
		return append(slices.Clone(in.operands), l.conditions[in.block]...)
	}
	return in.operands
}

// estimate finds the largest mean of a cycle (Karp).
func (l *loopBody) estimate(name string) Loop {
	type carried struct {
		in   *instruction
		next []string
	}
	var values []carried
	var code []*instruction
	out := Loop{Function: name}
	for _, b := range l.order {
		out.Instructions += len(b.code)
		for _, in := range b.code {
			if in.op != "phi" || b != l.header {
				code = append(code, in)
				continue
			}
			c := carried{in: in}
			for _, v := range in.incoming {
				if slices.ContainsFunc(l.latches, func(b *block) bool { return b.name == v.from }) {
					c.next = append(c.next, v.value)
				}
			}
			values = append(values, c)
		}
	}
	n := len(values)
	out.Carried = n
	needs := make([][]string, len(code))
	for k, in := range code {
		needs[k] = l.needs(in)
	}
	none := math.Inf(-1)
	edge := make([][]float64, n)
	type step struct {
		in   *instruction
		from string
	}
	via := make([]map[string]step, n)
	for i := range values {
		time := map[string]float64{values[i].in.result: 0}
		via[i] = map[string]step{}
		for k, in := range code {
			if in.result == "" {
				continue
			}
			best, from := none, ""
			for _, v := range needs[k] {
				if t, ok := time[v]; ok && t > best {
					best, from = t, v
				}
			}
			if best > none {
				time[in.result] = best + in.delay()
				via[i][in.result] = step{in, from}
			}
		}
		edge[i] = make([]float64, n)
		for j := range values {
			edge[i][j] = none
			for _, v := range values[j].next {
				if t, ok := time[v]; ok {
					edge[i][j] = max(edge[i][j], t)
				}
			}
		}
	}
	walk := make([][]float64, n+1)
	walk[0] = make([]float64, n)
	for k := 1; k <= n; k++ {
		walk[k] = make([]float64, n)
		for j := range n {
			walk[k][j] = none
			for i := range n {
				walk[k][j] = max(walk[k][j], walk[k-1][i]+edge[i][j])
			}
		}
	}
	for j := range n {
		if walk[n][j] == none {
			continue
		}
		mean := math.Inf(1)
		for k := range n {
			mean = min(mean, (walk[n][j]-walk[k][j])/float64(n-k))
		}
		out.NS = max(out.NS, mean)
	}
	// The path from a value to itself that gives the recurrence, if there is one.
	for i := range values {
		if math.Abs(edge[i][i]-out.NS) < 1e-9 && out.Path == nil {
			v := values[i].next[0]
			for v != values[i].in.result {
				s, ok := via[i][v]
				if !ok {
					break
				}
				if s.in.delay() > 0 {
					out.Path = append(out.Path, fmt.Sprintf("%.2f %s", s.in.delay(), s.in.text))
				}
				v = s.from
			}
			slices.Reverse(out.Path)
		}
	}
	return out
}
