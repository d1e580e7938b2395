package edits

import (
	"bytes"
	"encoding/json"
	"path"
	"reflect"
	"slices"

	strict "github.com/go-json-experiment/json"
)

// Neutral tells whether the edited text of a file means what the generated one does, to all tools
// that read it. The file's name decides how it is read; of a kind that is not known no
// edit is neutral. READMEs are for people: any edit of theirs is.
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
	case ext == ".cpp" || ext == ".hpp" || ext == ".h":
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

// sameJSON tells whether two texts hold one value; a name twice is no value.
func sameJSON(a, b []byte) bool {
	decode := func(text []byte) (v any, ok bool) {
		if strict.Unmarshal(text, new(any)) != nil {
			return nil, false
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber() // whole numbers of more than 53 bits stay what they are
		return v, d.Decode(&v) == nil
	}
	x, ok := decode(a)
	if !ok {
		return false
	}
	y, ok := decode(b)
	return ok && reflect.DeepEqual(x, y)
}
