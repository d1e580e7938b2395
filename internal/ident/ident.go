// Package ident turns names from a model, which are untrusted text, into
// identifiers that are safe in C++, SystemVerilog, Tcl, Python, shell and file
// names alike.
//
// It takes any string and gives [a-z][a-z0-9_]*, at most MaxLen characters,
// unique within one Namer and never a keyword of a language that we emit. The
// same sequence of names gives the same identifiers. It checks every
// character of a name before it uses it.
package ident

import (
	"regexp"
	"strconv"
	"strings"
)

// MaxLen is the length limit of an identifier.
const MaxLen = 40

var valid = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// Valid reports whether s is an identifier that a Namer could have made. It
// checks identifiers that are read back from files.
func Valid(s string) bool {
	return len(s) <= MaxLen && valid.MatchString(s) && !reserved[s]
}

// Namer makes unique identifiers. The zero Namer is ready to use.
type Namer struct {
	used map[string]bool
	next map[string]int // by base: the suffix to try first, so that equal names are not counted from the beginning
}

// Reserve keeps the given identifiers from being used.
func (n *Namer) Reserve(ids ...string) {
	if n.used == nil {
		n.used = make(map[string]bool)
	}
	for _, id := range ids {
		n.used[id] = true
	}
}

// Name gives an identifier that resembles name: lower case, with characters
// other than letters and digits replaced by single underscores, or fallback if
// nothing remains (fallback itself must be a valid identifier). An identifier
// that is taken gets the first free suffix _2, _3, ...
func (n *Namer) Name(name, fallback string) string {
	base := sanitize(name)
	if base == "" {
		base = fallback
	}
	if base[0] >= '0' && base[0] <= '9' {
		base = cut("n"+base, MaxLen)
	}
	id := base
	if n.used[id] || reserved[id] {
		i := max(2, n.next[base])
		for ; n.used[id] || reserved[id]; i++ {
			suffix := "_" + strconv.Itoa(i)
			id = cut(base, MaxLen-len(suffix)) + suffix
		}
		if n.next == nil {
			n.next = map[string]int{}
		}
		n.next[base] = i
	}
	n.Reserve(id)
	return id
}

// sanitize maps to lower-case ASCII, everything else to single underscores
// between words. Runs of underscores are reserved in C++, so they are
// removed.
func sanitize(s string) string {
	var b strings.Builder
	gap := false
	for i := 0; i < len(s) && b.Len() < MaxLen; i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteByte(c)
			continue
		}
		gap = true
	}
	return cut(b.String(), MaxLen)
}

// cut shortens s to n bytes without an underscore at the end.
func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.TrimRight(s, "_")
}
