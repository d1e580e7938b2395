package artifact

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
)

// Difference is one place where two values of a type differ.
type Difference struct {
	Path string // as in JSON, with an element's own name: fifos[3] (conv1).depth
	A, B string // the two values, shortened
}

// Diff lists the differences of a and b, two values of one type, in the order of their JSON and at most
// limit of them. Fields that JSON leaves out are skipped. Floats within a relative tolerance are equal.
func Diff(a, b any, tolerance float64, limit int) []Difference {
	d := differ{tolerance: tolerance, limit: limit}
	d.value("", reflect.ValueOf(a), reflect.ValueOf(b))
	return d.list
}

// differ is a walk of Diff.
type differ struct {
	tolerance float64
	limit     int
	list      []Difference
}

func (d *differ) add(path, a, b string) {
	if len(d.list) < d.limit {
		d.list = append(d.list, Difference{path, a, b})
	}
}

// shorten prints a value in one line of at most about 60 characters.
func shorten(v any) string {
	s := fmt.Sprint(v)
	if reflect.TypeOf(v).Kind() == reflect.String {
		s = fmt.Sprintf("%+q", s)
	}
	if len(s) > 60 {
		s = s[:57] + "..."
	}
	return s
}

func (d *differ) value(path string, a, b reflect.Value) {
	if len(d.list) >= d.limit {
		return
	}
	switch a.Kind() {
	case reflect.Pointer:
		switch {
		case a.IsNil() && b.IsNil():
		case a.IsNil():
			d.add(path, "none", "some")
		case b.IsNil():
			d.add(path, "some", "none")
		default:
			d.value(path, a.Elem(), b.Elem())
		}
	case reflect.Struct:
		d.fields(path, a, b)
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			d.add(path, fmt.Sprintf("%d elements", a.Len()), fmt.Sprintf("%d elements", b.Len()))
		}
		for i := range min(a.Len(), b.Len()) {
			at := fmt.Sprintf("%s[%d]", path, i)
			if name := nameOf(a.Index(i)); name != "" {
				at += fmt.Sprintf(" (%s)", name)
			}
			d.value(at, a.Index(i), b.Index(i))
		}
	case reflect.Map:
		keys := map[string]bool{}
		for _, m := range []reflect.Value{a, b} {
			for _, k := range m.MapKeys() {
				keys[k.String()] = true
			}
		}
		for _, k := range slices.Sorted(maps.Keys(keys)) {
			at := fmt.Sprintf("%s[%s]", path, shorten(k))
			key := reflect.ValueOf(k).Convert(a.Type().Key())
			x, y := a.MapIndex(key), b.MapIndex(key)
			switch {
			case !x.IsValid():
				d.add(at, "none", "some")
			case !y.IsValid():
				d.add(at, "some", "none")
			default:
				d.value(at, x, y)
			}
		}
	case reflect.Float32, reflect.Float64:
		x, y := a.Float(), b.Float()
		if x != y && !(math.Abs(x-y) <= d.tolerance*max(math.Abs(x), math.Abs(y))) {
			d.add(path, shorten(x), shorten(y))
		}
	default:
		if !a.Equal(b) {
			d.add(path, shorten(a.Interface()), shorten(b.Interface()))
		}
	}
}

// fields compares structs; embedded ones count as part of the struct, as in JSON.
func (d *differ) fields(path string, a, b reflect.Value) {
	for f := range a.Type().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
			continue
		case f.Anonymous && name == "":
			d.value(path, a.FieldByIndex(f.Index), b.FieldByIndex(f.Index))
			continue
		case name == "":
			name = f.Name
		}
		if path != "" {
			name = path + "." + name
		}
		d.value(name, a.FieldByIndex(f.Index), b.FieldByIndex(f.Index))
	}
}

// nameOf is the identifier of a list's element, or "".
func nameOf(v reflect.Value) string {
	if v.Kind() != reflect.Struct {
		return ""
	}
	for _, want := range []string{"id", "name", "layer", "path"} {
		for f := range v.Type().Fields() {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == want && f.Type.Kind() == reflect.String {
				s := v.FieldByIndex(f.Index).String()
				if q := fmt.Sprintf("%+q", s); q != `"`+s+`"` || len(s) > 60 {
					return shorten(s)
				}
				return s
			}
		}
	}
	return ""
}
