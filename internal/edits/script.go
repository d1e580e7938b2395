package edits

import (
	"regexp"
	"strings"
)

// dialect selects the rules for a language whose comments start with #.
type dialect int

const (
	plain dialect = iota // Makefiles, configuration files: no strings that span lines
	shell
	python
	tcl
)

// command matches comments that interpreters obey.
var command = regexp.MustCompile(`^#!|coding[:=]`)

// script gives the lines of a text without blank lines and lines that are comments only. Lines keep
// their spaces, which are significant in most of these languages. It returns false if the text
// cannot be read with certainty. In Tcl comments count outside of braces only, where a
// # is never data.
func script(text string, d dialect) (lines []string, ok bool) {
	if d == shell && strings.Contains(text, "<<") {
		return nil, false // a text within the text
	}
	open := opener{dialect: d}
	continued := false
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimLeft(line, " \t")
		comment := strings.HasPrefix(trimmed, "#") && !command.MatchString(trimmed)
		switch d {
		case plain:
			comment = comment && trimmed == line // a recipe's line goes to the shell
		case tcl:
			comment = comment && !strings.ContainsAny(line, "{}[]\"")
		}
		ends := strings.HasSuffix(strings.TrimRight(line, " \t\r"), "\\")
		if !continued && !open.inside() && (comment && !ends || strings.Trim(line, " \t\r") == "") {
			continue
		}
		lines = append(lines, line)
		continued = ends
		open.line(line)
	}
	return lines, open.depth >= 0
}

// opener follows the strings and braces that span lines.
type opener struct {
	dialect dialect
	delim   string // of the string that is open, or ""
	depth   int    // braces of Tcl, definitions of make
}

func (o *opener) inside() bool { return o.delim != "" || o.depth > 0 }

func (o *opener) line(line string) {
	if o.dialect == plain {
		switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word {
		case "define":
			o.depth++
		case "endef":
			o.depth--
		}
		return
	}
	delims := map[dialect][]string{shell: {`"`, `'`}, python: {`"""`, `'''`, `"`, `'`}, tcl: {`"`}}[o.dialect]
	for i := 0; i < len(line); {
		rest := line[i:]
		if rest[0] == '\\' && !(o.dialect == shell && o.delim == "'") {
			i += 2
			continue
		}
		if o.delim != "" {
			if strings.HasPrefix(rest, o.delim) {
				i += len(o.delim)
				o.delim = ""
			} else {
				i++
			}
			continue
		}
		switch {
		case o.dialect == python && rest[0] == '#', o.dialect == shell && rest[0] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return
		case o.dialect == tcl && rest[0] == '{':
			o.depth++
		case o.dialect == tcl && rest[0] == '}':
			o.depth--
		}
		i++
		for _, d := range delims {
			if strings.HasPrefix(rest, d) {
				o.delim = d
				i += len(d) - 1
				break
			}
		}
	}
}
