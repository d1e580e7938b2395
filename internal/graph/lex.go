package graph

import (
	"fmt"
	"strconv"
	"strings"
)

// lexer splits the text into words, quoted strings and punctuation.
type lexer struct {
	src  string
	pos  int
	line int
}

type token struct {
	kind byte   // 'w' word, 's' string, 'e' end of text, else the punctuation itself ('>' is "->")
	text string // word, or the string unquoted
}

func (t token) String() string {
	switch t.kind {
	case 'e':
		return "end of text"
	case 's':
		return strconv.Quote(t.text)
	case '>':
		return "->"
	case 'w':
		return t.text
	}
	return string(rune(t.kind))
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '+' || c == '-'
}

func (l *lexer) next() (token, error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		if l.src[l.pos] == '\n' {
			l.line++
		}
		l.pos++
	}
	if l.pos == len(l.src) {
		return token{kind: 'e'}, nil
	}
	rest := l.src[l.pos:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "->"):
		l.pos += 2
		return token{kind: '>'}, nil
	case c == '"':
		q, err := strconv.QuotedPrefix(rest)
		if err != nil {
			return token{}, fmt.Errorf("bad quoted string")
		}
		l.pos += len(q)
		s, err := strconv.Unquote(q)
		if err != nil {
			return token{}, fmt.Errorf("bad quoted string %s", q)
		}
		return token{'s', s}, nil
	case isWord(c):
		n := 1
		for n < len(rest) && isWord(rest[n]) && !strings.HasPrefix(rest[n:], "->") {
			n++
		}
		l.pos += n
		return token{'w', rest[:n]}, nil
	case strings.IndexByte("{}()[],=", c) >= 0:
		l.pos++
		return token{kind: c}, nil
	default:
		return token{}, fmt.Errorf("unexpected character %q", c)
	}
}
