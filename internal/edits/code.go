package edits

import (
	"regexp"
	"strings"
)

// language selects the rules for a language of the C family.
type language int

const (
	cpp language = iota
	verilog
)

// obeyed matches comments that tools interpret.
var obeyed = regexp.MustCompile(`(?i)\b(verilator|synthesis|synopsys|synth|pragma|translate|cadence|mentor|xilinx|vivado|vitis|amd|lint|coverage|fall.?through|nolint|ambit|quartus|altera|intel|lattice|yosys|icarus|iverilog)`)

// code gives the lines of a source text without comments, blank lines, indentation and repeated
// spaces. Comments that tools interpret stay. It returns false if the text cannot be read with
// certainty.
func code(text string, lang language) (lines []string, ok bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	if lang == cpp && strings.Contains(text, "??") || lang == verilog && strings.Contains(text, "`\"") {
		return nil, false // trigraphs; quotes within macros
	}
	var line strings.Builder
	space, continued := false, false
	put := func(s string) {
		if space && line.Len() > 0 {
			line.WriteByte(' ')
		}
		space = false
		line.WriteString(s)
	}
	end := func() {
		if text := line.String(); text != "" || continued { // an empty line ends a macro
			lines = append(lines, text)
			continued = strings.HasSuffix(text, "\\")
		}
		line.Reset()
		space = false
	}
	for i := 0; i < len(text); {
		c, rest := text[i], text[i:]
		switch {
		case c == '\n':
			end()
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			space = true
			i++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				n = len(rest)
			}
			comment := strings.TrimRight(rest[:n], " \t\r\f\v")
			if strings.HasSuffix(comment, "\\") {
				return nil, false // the next line belongs to the comment, or to a macro
			}
			if obeyed.MatchString(comment) {
				put(comment)
			}
			i += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return nil, false
			}
			comment := rest[:n+4]
			if strings.Contains(comment, "\\\n") {
				return nil, false
			}
			if obeyed.MatchString(comment) {
				put(comment)
			} else {
				space = true
			}
			i += n + 4
		case c == '"' || c == '\'' && lang == cpp && !separator(text, i):
			if c == '"' && lang == cpp && i > 0 && text[i-1] == 'R' {
				return nil, false // perhaps a raw string
			}
			n := 1
			for ; n < len(rest) && rest[n] != c; n++ {
				if rest[n] == '\\' {
					n++
				} else if rest[n] == '\n' {
					return nil, false
				}
			}
			if n >= len(rest) {
				return nil, false
			}
			put(rest[:n+1])
			i += n + 1
		case c == '\\' && lang == verilog && i+1 < len(text) && text[i+1] != '\n':
			// An escaped identifier extends to the next space.
			n := strings.IndexAny(rest, " \t\n\r\f\v")
			if n < 0 {
				return nil, false
			}
			put(rest[:n])
			space = true
			i += n
		default:
			put(rest[:1])
			i++
		}
	}
	end()
	return lines, true
}

// separator reports whether the quote at text[i] is within a number.
func separator(text string, i int) bool {
	at := i
	for at > 0 && (text[at-1] == '\'' || text[at-1] == '_' || text[at-1] == '.' || isAlnum(text[at-1])) {
		at--
	}
	return at < i && text[at] >= '0' && text[at] <= '9'
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
