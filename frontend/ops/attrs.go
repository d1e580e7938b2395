package ops

import (
	"fmt"
	"maps"
	"slices"

	"hass/internal/graph"
)

// Attrs reads the attributes of one ONNX node and remembers which were read.
// Done refuses the node if an attribute was not read, because ignoring an
// attribute would silently change the meaning.
type Attrs struct {
	Op   graph.Foreign
	read map[string]bool
	Bad  error // first attribute of the wrong kind
}

// NewAttrs returns Attrs of which none has been read.
func NewAttrs(op graph.Foreign) *Attrs { return &Attrs{Op: op, read: map[string]bool{}} }

// Get returns an attribute of the given kind of graph.Attr; false if it is
// absent.
func (a *Attrs) Get(name, kind string) (graph.Attr, bool) {
	a.read[name] = true
	v, ok := a.Op.Attrs[name]
	if ok && v.Kind != kind {
		if a.Bad == nil {
			a.Bad = fmt.Errorf("attribute %q has the wrong type (%q, want %q)", name, v.Kind, kind)
		}
		return v, false
	}
	return v, ok
}

// Has reports whether the attribute is there.
func (a *Attrs) Has(name string) bool {
	_, ok := a.Op.Attrs[name]
	return ok
}

// Int is the integer of an attribute, def if it is absent.
func (a *Attrs) Int(name string, def int64) int64 {
	if v, ok := a.Get(name, "i"); ok {
		return v.I
	}
	return def
}

// Float is the number of an attribute, def if it is absent.
func (a *Attrs) Float(name string, def float32) float32 {
	if v, ok := a.Get(name, "f"); ok {
		return v.F
	}
	return def
}

// Str is the string of an attribute, def if it is absent.
func (a *Attrs) Str(name, def string) string {
	if v, ok := a.Get(name, "s"); ok {
		return v.S
	}
	return def
}

// Ints is the list of integers of an attribute, nil if it is absent.
func (a *Attrs) Ints(name string) []int64 {
	if v, ok := a.Get(name, "is"); ok {
		if v.Ints == nil {
			return []int64{}
		}
		return v.Ints
	}
	return nil
}

// Ignore marks attributes without meaning for inference.
func (a *Attrs) Ignore(names ...string) {
	for _, n := range names {
		a.read[n] = true
	}
}

// Done returns nil if all attributes were read.
func (a *Attrs) Done() error {
	if a.Bad != nil {
		return a.Bad
	}
	for _, name := range slices.Sorted(maps.Keys(a.Op.Attrs)) {
		if !a.read[name] {
			return Refuse("", "attribute %q is not supported", name)
		}
	}
	return nil
}

// Axis normalises a possibly negative axis of a tensor of the given rank.
func Axis(v int64, rank int) (int, error) {
	if v < int64(-rank) || v >= int64(rank) {
		return 0, fmt.Errorf("axis %d is outside a tensor of rank %d", v, rank)
	}
	if v < 0 {
		v += int64(rank)
	}
	return int(v), nil
}
