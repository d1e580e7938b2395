package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxJSON bounds a JSON artefact in bytes. The largest real designs, with a table for every
// value of a 16-bit tensor in each of about a hundred layers, have about 50 MB.
const maxJSON = 256 << 20

// DecodeStrict reads one JSON value into v, a pointer, in exactly the form in which hass
// writes it. These are errors, reported with line and JSON pointer: a duplicate name in an
// object, a name in another case, a field that v does not have, a missing field (except fields
// of v with omitempty), null for a number, text, struct or fixed-size array, an array of
// another length than v's, text that is not UTF-8, more than 10,000 levels, and anything after
// the value.
func DecodeStrict(data []byte, v any) error {
	if err := json.Unmarshal(data, v, json.RejectUnknownMembers(true)); err != nil {
		return strictError(data, err)
	}
	d := jsontext.NewDecoder(bytes.NewBuffer(data))
	return strictError(data, complete(d, reflect.TypeOf(v).Elem()))
}

// unmarshaler is implemented by types that read themselves.
var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// complete walks a value that fits the type t and reports null and missing fields.
func complete(d *jsontext.Decoder, t reflect.Type) error {
	for t.Kind() == reflect.Pointer {
		if d.PeekKind() == 'n' {
			return d.SkipValue()
		}
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return d.SkipValue() // it has checked itself
	}
	fail := func(format string, args ...any) error {
		return &json.SemanticError{ByteOffset: d.InputOffset(), JSONPointer: d.StackPointer(), Err: fmt.Errorf(format, args...)}
	}
	nullable := t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Interface
	if d.PeekKind() == 'n' && !nullable {
		if err := d.SkipValue(); err != nil {
			return err
		}
		return fail("is null")
	}
	if t.Kind() == reflect.Interface || d.PeekKind() != '{' && d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil { // { or [
		return err
	}
	fields := map[string]field{}
	if t.Kind() == reflect.Struct {
		listFields(t, fields)
	}
	seen := make(map[string]bool, len(fields))
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		var elem reflect.Type
		switch t.Kind() {
		case reflect.Slice, reflect.Array:
			elem = t.Elem()
		default:
			name, err := d.ReadToken()
			if err != nil {
				return err
			}
			if t.Kind() == reflect.Map {
				elem = t.Elem()
			} else {
				seen[name.String()] = true
				elem = fields[name.String()].t
			}
		}
		if err := complete(d, elem); err != nil {
			return err
		}
	}
	for name, f := range fields {
		if !seen[name] && !f.optional {
			return fail("field %q is missing", name)
		}
	}
	_, err := d.ReadToken()
	return err
}

// field is a field of a struct under its JSON name.
type field struct {
	t        reflect.Type
	optional bool
}

// listFields lists the fields of a struct, including those of embedded structs.
func listFields(t reflect.Type, fields map[string]field) {
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			e := f.Type
			if e.Kind() == reflect.Pointer {
				e = e.Elem()
			}
			listFields(e, fields)
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			fields[name] = field{f.Type, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")}
		}
	}
}

// strictError rephrases an error of the JSON library, with its line.
func strictError(data []byte, err error) error {
	var syn *jsontext.SyntacticError
	var sem *json.SemanticError
	where := func(off int64, at jsontext.Pointer, format string, args ...any) error {
		off = min(max(off, 0), int64(len(data)))
		// A message may contain text of the file: it is kept short and in one line.
		path := string(at)
		if len(path) > 200 {
			path = path[:200] + "..."
		}
		prefix := fmt.Sprintf("line %d", 1+bytes.Count(data[:off], []byte{'\n'}))
		if path != "" {
			prefix += fmt.Sprintf(", %+q", path)
		}
		return fmt.Errorf("%s: %s", prefix, fmt.Sprintf(format, args...))
	}
	switch {
	case err == nil:
		return nil
	case errors.As(err, &sem):
		switch {
		case errors.Is(sem.Err, json.ErrUnknownName):
			name := sem.JSONPointer.LastToken()
			return where(sem.ByteOffset, sem.JSONPointer.Parent(), "unknown field %.60q", name)
		case sem.GoType != nil && sem.JSONKind != 0:
			reason := ""
			if sem.Err != nil {
				reason = ": " + sem.Err.Error()
			}
			if errors.Is(sem.Err, strconv.ErrRange) {
				return where(sem.ByteOffset, sem.JSONPointer, "the number is out of range")
			}
			return where(sem.ByteOffset, sem.JSONPointer, "a %s where %s is wanted%s", kindNames[sem.JSONKind], describe(sem.GoType), reason)
		case sem.Err != nil:
			return where(sem.ByteOffset, sem.JSONPointer, "%v", sem.Err)
		}
		return where(sem.ByteOffset, sem.JSONPointer, "%v", err)
	case errors.As(err, &syn):
		if errors.Is(syn.Err, jsontext.ErrDuplicateName) {
			return where(syn.ByteOffset, syn.JSONPointer.Parent(), "field %.60q is there twice", syn.JSONPointer.LastToken())
		}
		if errors.Is(syn.Err, io.ErrUnexpectedEOF) {
			return where(syn.ByteOffset, syn.JSONPointer, "unexpected end of JSON input")
		}
		return where(syn.ByteOffset, syn.JSONPointer, "%v", syn.Err)
	case errors.Is(err, io.EOF):
		return errors.New("unexpected end of JSON input")
	}
	return err
}

// kindNames are the words of JSON for the first byte of a value.
var kindNames = map[jsontext.Kind]string{'n': "null", 't': "boolean", 'f': "boolean", '"': "string", '0': "number", '{': "object", '}': "object", '[': "list", ']': "list"}

// describe names the JSON value that a type requires.
func describe(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.Array:
		return fmt.Sprintf("a list of %d", t.Len())
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}
