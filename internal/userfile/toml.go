package userfile

import (
	"errors"
	"fmt"

	"github.com/BurntSushi/toml"
)

// MaxTOML bounds a TOML file in bytes. Settings of every layer of the largest networks take some
// hundred thousand.
const MaxTOML = 1 << 20

// maxDepth bounds how deep values, tables and dotted keys of a TOML text are nested. Ours have
// three levels. The decoder takes time that grows with the square of the depth and worse.
const maxDepth = 32

// DecodeTOML decodes a TOML text into v. Syntax errors begin with their line.
func DecodeTOML(text []byte, v any) (toml.MetaData, error) {
	if err := checkDepth(text); err != nil {
		return toml.MetaData{}, err
	}
	md, err := toml.Decode(string(text), v)
	var p toml.ParseError
	if errors.As(err, &p) {
		key := ""
		if p.LastKey != "" {
			key = fmt.Sprintf(" (key %.60s)", p.LastKey)
		}
		err = fmt.Errorf("line %d%s: %s", p.Position.Line, key, p.Message)
	}
	return md, err
}

// checkDepth bounds open brackets and the parts of dotted keys, together. It need not know
// whether the text is TOML: the decoder says that.
func checkDepth(text []byte) error {
	line, depth, dots := 1, 0, 0
	var outer []int // dots of the keys whose values are open
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\n':
			line++
			dots = 0
		case '#':
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case '"', '\'':
			end := stringEnd(text[i:])
			for _, b := range text[i : i+end] {
				if b == '\n' {
					line++
				}
			}
			i += end - 1
		case '.':
			dots++
		case ',':
			dots = 0
		case '[', '{':
			outer = append(outer, dots)
			depth += dots + 1
			dots = 0
		case ']', '}':
			if n := len(outer); n > 0 {
				depth -= outer[n-1] + 1
				outer = outer[:n-1]
			}
			dots = 0
		}
		if depth+dots > maxDepth {
			return fmt.Errorf("line %d: nested more than %d levels deep", line, maxDepth)
		}
	}
	return nil
}

// stringEnd is the length of the string that text begins with, quotes included; one that does
// not end ends with the line, or with the text if it may have several lines.
func stringEnd(text []byte) int {
	quote := text[0]
	if len(text) >= 3 && text[1] == quote && text[2] == quote {
		for i := 3; i < len(text); i++ {
			switch {
			case text[i] == '\\' && quote == '"':
				i++
			case text[i] == quote && i+2 < len(text) && text[i+1] == quote && text[i+2] == quote:
				return i + 3
			}
		}
		return len(text)
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\n':
			return i
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return len(text)
}
