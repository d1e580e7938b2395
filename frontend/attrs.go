package frontend

import (
	"fmt"
	"maps"
	"slices"

	"hass/internal/graph"
)

// attrs reads the attributes of one ONNX node and remembers which were read:
// done refuses the node if one was left, because an attribute that nobody reads
// would change the meaning silently.
type attrs struct {
	op   graph.Foreign
	read map[string]bool
	bad  error // first attribute of the wrong kind
}

func newAttrs(op graph.Foreign) *attrs { return &attrs{op: op, read: map[string]bool{}} }

func (a *attrs) get(name, kind string) (graph.Attr, bool) {
	a.read[name] = true
	v, ok := a.op.Attrs[name]
	if ok && v.Kind != kind {
		if a.bad == nil {
			a.bad = fmt.Errorf("attribute %q has the wrong type (%q, want %q)", name, v.Kind, kind)
		}
		return v, false
	}
	return v, ok
}

func (a *attrs) has(name string) bool {
	_, ok := a.op.Attrs[name]
	return ok
}

func (a *attrs) int(name string, def int64) int64 {
	if v, ok := a.get(name, "i"); ok {
		return v.I
	}
	return def
}

func (a *attrs) float(name string, def float32) float32 {
	if v, ok := a.get(name, "f"); ok {
		return v.F
	}
	return def
}

func (a *attrs) str(name, def string) string {
	if v, ok := a.get(name, "s"); ok {
		return v.S
	}
	return def
}

// ints is nil if the attribute is absent.
func (a *attrs) ints(name string) []int64 {
	if v, ok := a.get(name, "is"); ok {
		if v.Ints == nil {
			return []int64{}
		}
		return v.Ints
	}
	return nil
}

// ignore marks attributes without meaning for inference.
func (a *attrs) ignore(names ...string) {
	for _, n := range names {
		a.read[n] = true
	}
}

// done is nil if all attributes were understood.
func (a *attrs) done() error {
	if a.bad != nil {
		return a.bad
	}
	for _, name := range slices.Sorted(maps.Keys(a.op.Attrs)) {
		if !a.read[name] {
			return refuse("", "attribute %q is not supported", name)
		}
	}
	return nil
}

// axis normalises a possibly negative axis of a tensor of the given rank.
func axis(v int64, rank int) (int, error) {
	if v < int64(-rank) || v >= int64(rank) {
		return 0, fmt.Errorf("axis %d is outside a tensor of rank %d", v, rank)
	}
	if v < 0 {
		v += int64(rank)
	}
	return int(v), nil
}
