// Package vcdtest reads value change dumps strictly, for tests.
//
// It takes a dump by any writer and gives the changes of the signals that a test chooses. What IEEE 1364 does not allow is an error: an
// identifier that is not declared, a value wider than its signal, time that goes back.
package vcdtest

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Change is a value of a signal from a time on, in the dump's unit. A value has no leading zeros; x stands for any with unknown bits.
type Change struct {
	Time  int64
	Value string
}

// Dump is what was read: by the path of a signal, its scopes and name with dots between, its width and its changes. A value that is
// written again is no change.
type Dump struct {
	Timescale string
	End       int64 // the last time
	Width     map[string]int
	Changes   map[string][]Change

	signals map[string]*signal // by identifier
	scopes  []string           // that are open
}

// signal is the paths that have one identifier.
type signal struct {
	width int
	paths []string
}

// Read reads a dump and keeps the signals whose path keep accepts. Scopes up to and including top are not part of a path; signals
// outside it are not kept.
func Read(r io.Reader, top string, keep func(path string) bool) (*Dump, error) {
	d := &Dump{Width: map[string]int{}, Changes: map[string][]Change{}}
	b := bufio.NewScanner(r)
	b.Buffer(nil, 1<<26)
	d.signals = map[string]*signal{}
	var section []string
	definitions, line := true, 0
	now := int64(-1)
	for b.Scan() {
		line++
		text := strings.TrimSpace(b.Text())
		fail := func(format string, args ...any) error {
			return fmt.Errorf("line %d, %.80q: %s", line, text, fmt.Sprintf(format, args...))
		}
		words := strings.Fields(text)
		switch {
		case text == "":
		case definitions:
			section = append(section, words...)
			if words[len(words)-1] != "$end" {
				continue
			}
			if err := d.define(section, top, keep); err != nil {
				return nil, fail("%v", err)
			}
			definitions = section[0] != "$enddefinitions"
			section = section[:0]
		case text == "$dumpvars" || text == "$end":
		case text[0] == '#':
			t, err := strconv.ParseInt(text[1:], 10, 64)
			if err != nil || t < now {
				return nil, fail("time after %d", now)
			}
			now, d.End = t, t
		default:
			value, id := text[:1], text[1:]
			if value == "b" {
				if len(words) != 2 {
					return nil, fail("not a value and an identifier")
				}
				value, id = words[0][1:], words[1]
			}
			s := d.signals[id]
			switch {
			case s == nil:
				return nil, fail("identifier %q is not declared", id)
			case value == "" || len(value) > s.width:
				return nil, fail("a value of %d bits for a signal of %d", len(value), s.width)
			case now < 0:
				return nil, fail("a value before the first time")
			case strings.Trim(value, "01xz") != "":
				return nil, fail("not a value")
			}
			if strings.ContainsAny(value, "xz") {
				value = "x"
			} else if value = strings.TrimLeft(value, "0"); value == "" {
				value = "0"
			}
			for _, path := range s.paths {
				list := d.Changes[path]
				if n := len(list); n > 0 && list[n-1].Value == value {
					continue
				}
				d.Changes[path] = append(list, Change{now, value})
			}
		}
	}
	if err := b.Err(); err != nil {
		return nil, err
	}
	if definitions {
		return nil, fmt.Errorf("no $enddefinitions")
	}
	return d, nil
}

// define takes a section of the declarations, $end included.
func (d *Dump) define(words []string, top string, keep func(path string) bool) error {
	switch kind, words := words[0], words[1:len(words)-1]; kind {
	case "$scope":
		if len(words) != 2 {
			return fmt.Errorf("a scope of %d words", len(words))
		}
		d.scopes = append(d.scopes, words[1])
	case "$upscope":
		if len(d.scopes) == 0 {
			return fmt.Errorf("no scope is open")
		}
		d.scopes = d.scopes[:len(d.scopes)-1]
	case "$timescale":
		d.Timescale = strings.Join(words, "")
	case "$var":
		return d.variable(words, top, keep)
	case "$enddefinitions":
		if len(d.scopes) > 0 {
			return fmt.Errorf("scope %s is open", d.scopes[len(d.scopes)-1])
		}
	case "$version", "$date", "$comment":
	default:
		return fmt.Errorf("unknown section")
	}
	return nil
}

// variable takes a declaration: type, width, identifier, name and perhaps a range.
func (d *Dump) variable(words []string, top string, keep func(path string) bool) error {
	if len(words) < 4 {
		return fmt.Errorf("not a declaration")
	}
	width, err := strconv.Atoi(words[1])
	if err != nil || width < 1 {
		return fmt.Errorf("width %q", words[1])
	}
	s := d.signals[words[2]]
	if s == nil {
		s = &signal{width: width}
		d.signals[words[2]] = s
	}
	if s.width != width {
		return fmt.Errorf("the identifier has width %d too", s.width)
	}
	path, ok := strings.CutPrefix(strings.Join(append(d.scopes[:len(d.scopes):len(d.scopes)], words[3]), "."), top+".")
	if !ok || !keep(path) {
		return nil
	}
	if _, twice := d.Width[path]; twice {
		return fmt.Errorf("%s is declared twice", path)
	}
	s.paths = append(s.paths, path)
	d.Width[path] = width
	return nil
}
