package edits

import (
	"bytes"
	"encoding/json"
	"path"
	"reflect"
	"slices"

	strict "github.com/go-json-experiment/json"
)

// Neutral reports whether the edited text of a file has the meaning of the generated one for all
// tools that read it. The file's name selects the rules; for an unknown kind of file no edit is
// neutral. READMEs are for people: any edit of them is neutral.
func Neutral(name string, generated, edited []byte) bool {
	if bytes.Equal(generated, edited) {
		return true
	}
	var reduce func(text string) ([]string, bool)
	switch ext := path.Ext(name); {
	case ext == ".md":
		return true
	case ext == ".json":
		return sameJSON(generated, edited)
	case slices.Contains([]string{".cpp", ".hpp", ".h", ".dtsi", ".bif"}, ext): // device trees and bootgen's lists have the comments of C++
		reduce = func(text string) ([]string, bool) { return code(text, cpp) }
	case ext == ".sv" || ext == ".svh" || ext == ".v" || ext == ".vlt":
		reduce = func(text string) ([]string, bool) { return code(text, verilog) }
	case ext == ".tcl" || ext == ".xdc":
		reduce = func(text string) ([]string, bool) { return script(text, tcl) }
	case ext == ".sh":
		reduce = func(text string) ([]string, bool) { return script(text, shell) }
	case ext == ".py":
		reduce = func(text string) ([]string, bool) { return script(text, python) }
	case ext == ".cfg" || path.Base(name) == "Makefile":
		reduce = func(text string) ([]string, bool) { return script(text, plain) }
	default:
		return false
	}
	a, ok := reduce(string(generated))
	if !ok {
		return false
	}
	b, ok := reduce(string(edited))
	return ok && slices.Equal(a, b)
}

// sameJSON reports whether two texts hold the same value; a duplicate name makes a text invalid.
func sameJSON(a, b []byte) bool {
	decode := func(text []byte) (v any, ok bool) {
		if strict.Unmarshal(text, new(any)) != nil {
			return nil, false
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // keeps whole numbers of more than 53 bits exact
		return v, d.Decode(&v) == nil
	}
	x, ok := decode(a)
	if !ok {
		return false
	}
	y, ok := decode(b)
	return ok && reflect.DeepEqual(x, y)
}
