package lint

import (
	"regexp"
	"strconv"
	"strings"
)

// The limits of Vitis HLS. The figures are repeated here independently of the limits by which the hardware is chosen
// (hass/internal/hw/limits), and the sizes are read from the emitted text alone, so that each checks the other.
const (
	vitisPort      = 1024  // bits of an AXI4-Stream word
	vitisToken     = 4096  // bits of a struct in a stream
	vitisRow       = 65536 // bits of a word of a reshaped array
	vitisPartition = 1024  // elements of a completely partitioned array
	vitisProcesses = 1024  // of a dataflow region
)

var (
	tokenType   = regexp.MustCompile(`using (\w+) = hass::(?:beat|wide_beat)<ap_u?int<(\d+)>, (\d+), (\d+)(, \d+)?>;`)
	streamUse   = regexp.MustCompile(`(?:hls::stream<|HASS_STREAM\(design::|HASS_SKIP_STREAM\(design::)(\w+)|(?:hass::wide_stream<|HASS_WIDE_STREAM\(design::)(\w+)`)
	portType    = regexp.MustCompile(`using \w+ = ap_axiu<(\d+),`)
	configText  = regexp.MustCompile(`(?s)struct (\w+) \{\n(.*?)\n\};`)
	configField = regexp.MustCompile(`static constexpr (?:int|bool|std::int64_t|hass::engine_kind) (\w+) = ([\w:-]+);`)
	configType  = regexp.MustCompile(`using (\w+) = ([^;]+);`)
	moduleCall  = regexp.MustCompile(`hass::(\w+)<(\w+)(?:, [^>]*)?>\(`)
	intType     = regexp.MustCompile(`^ap_u?int<(\d+)>$`)
	arrayPragma = regexp.MustCompile(`HLS ARRAY_(PARTITION|RESHAPE) variable = ([\w.]+)`)
)

// measured are the arrays whose size checkSizes knows, by file of the library; arrays of a layer's own file have no folder.
var measured = map[string]string{
	"window.hpp": "gather bank", "engine.hpp": "rank row acc left take sums d.x d.w", "pool.hpp": "acc taps", "globalpool.hpp": "acc pixels",
	"combine.hpp": "gate", "weights.hpp": "row", "scheduled.hpp": "row sum x w last", "resize.hpp": "bank", "concat.hpp": "row.v", "join.hpp": "sum", "": "memory nonzero bias scales thresholds table weights addresses lasts words places ports",
}

// beat is a token type.
type beat struct{ bits, px, per, parts int }

func (b beat) lanes() int { return b.px * b.per }
func (b beat) width() int { return b.lanes() * b.bits }

// checkSizes measures the emitted text: tokens, ports, partitioned arrays, reshaped rows, processes.
func (p *project) checkSizes() {
	beats := make(map[string]beat)
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	for _, f := range p.sources {
		for _, m := range tokenType.FindAllStringSubmatchIndex(f.text, -1) {
			at := func(k int) string { return f.text[m[2*k]:m[2*k+1]] }
			b := beat{num(at(2)), num(at(3)), num(at(4)), 0}
			if m[10] >= 0 {
				b.parts = num(strings.TrimPrefix(at(5), ", "))
			}
			beats[at(1)] = b
			p.atMost(f, m[0], vitisPartition, b.lanes(), "lanes of a token "+at(1))
		}
		for _, m := range portType.FindAllStringSubmatchIndex(f.text, -1) {
			p.atMost(f, m[0], vitisPort, num(f.text[m[2]:m[3]]), "bits of a port")
		}
		for _, m := range arrayPragma.FindAllStringSubmatchIndex(f.text, -1) {
			file := ""
			if strings.HasPrefix(f.name, "include/") {
				file = f.name[strings.LastIndex(f.name, "/")+1:]
			}
			if name := f.text[m[4]:m[5]]; !strings.HasSuffix(name, ".v") && !containsWord(measured[file], name) { // the lanes of a token are measured at its type
				p.report(f, lineOf(f.text, m[0]), RuleSize, "nothing is known of the size of %s", name)
			}
		}
		p.atMost(f, 0, vitisProcesses, strings.Count(f.text, "\n  HASS_PROCESS("), "processes")
	}
	for _, f := range p.sources {
		for _, m := range streamUse.FindAllStringSubmatchIndex(f.text, -1) {
			if m[2] >= 0 {
				p.atMost(f, m[0], vitisToken, beats[f.text[m[2]:m[3]]].width(), "bits in a token of a stream")
			} else if b, ok := beats[f.text[m[4]:m[5]]]; ok {
				parts := max(1, b.parts)
				p.atMost(f, m[0], vitisToken, (b.lanes()+parts-1)/parts*b.bits, "bits in a part of a token of a stream")
			}
		}
		configs := make(map[string]map[string]string)
		for _, m := range configText.FindAllStringSubmatch(f.text, -1) {
			c := make(map[string]string)
			for _, v := range configField.FindAllStringSubmatch(m[2], -1) {
				c[v[1]] = v[2]
			}
			for _, v := range configType.FindAllStringSubmatch(m[2], -1) {
				c[v[1]] = v[2]
			}
			configs[m[1]] = c
		}
		for _, m := range moduleCall.FindAllStringSubmatchIndex(f.text, -1) {
			module, c := f.text[m[2]:m[3]], configs[f.text[m[4]:m[5]]]
			if c == nil {
				continue // a token type
			}
			n := func(name string) int { return num(c[name]) }
			part := func(n int, what string) { p.atMost(f, m[0], vitisPartition, n, "elements of "+what) }
			row := func(n int, what string) { p.atMost(f, m[0], vitisRow, n, "bits in a word of "+what) }
			switch module {
			case "window":
				bits := 0
				if v := intType.FindStringSubmatch(c["element"]); v != nil {
					bits = num(v[1])
				}
				part(n("ROW_BANKS")*n("COL_BANKS")*n("M_CH"), "bank")
				part(n("IN_PX")*n("LANES"), "gather")
				row(n("LANES")*bits, "memory")
			case "engine":
				part(n("ROW"), "row")
				part(n("PX")*n("GANG"), "acc")
				if c["KIND"] == "hass::BANKED" {
					part(n("PX")*n("GANG")*n("N"), "left")
				}
				row(n("ROW")*n("WEIGHT_BITS"), "memory")
			case "scheduled":
				part(n("CHAINS")*n("BANKS"), "words")
				part(n("CHAINS")*n("PX"), "sum")
				part(n("BANKS")*n("PX"), "x")
				row(n("CHAINS")*n("BANKS")*n("WEIGHT_BITS"), "weights")
				row(n("PX")*n("IN_BITS"), "words")
			case "join":
				part(n("OUT_CH"), "bias")
				part(n("PX")*n("OUT_CH"), "sum")
			case "join_levels":
				part(n("OUT_CH")*n("LEVELS"), "thresholds")
			case "pool":
				part(beats[c["out_beat"]].lanes(), "acc")
			case "globalpool":
				part(beats[c["out_beat"]].per, "acc")
			case "activation":
				part(n("COLUMNS"), "table")
			case "resize":
				part(4*beats[c["in_beat"]].per, "bank")
				row(beats[c["in_beat"]].width(), "memory")
			case "concat":
				part(beats[c["beat"]].px*n("SPAN"), "row")
			case "add", "mul":
				row(beats[c["in1_beat"]].width(), "gate")
			}
		}
	}
}

func containsWord(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if w == word {
			return true
		}
	}
	return false
}

func lineOf(text string, at int) int { return 1 + strings.Count(text[:at], "\n") }

func (p *project) atMost(f *source, at, most, n int, what string) {
	if n > most {
		p.report(f, lineOf(f.text, at), RuleSize, "%d %s, more than %d", n, what, most)
	}
}
