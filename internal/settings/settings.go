// Package settings reads the settings that users give layer by layer: files of widths and of pruning thresholds. Names are compared
// with a model's layers once a graph is known.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"unicode"

	"github.com/BurntSushi/toml"

	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/spell"
	"hass/internal/userfile"
)

// maxFile bounds a widths or thresholds file in bytes.
const maxFile = 4 << 20

// Widths are per-layer widths in bits, the content of a widths file. 0 means not
// given. A nil *Widths gives nothing.
type Widths struct {
	Default int                    // of all layers that are not listed
	Weights int                    // of the weights of all layers that are not listed
	Input   int                    // of the input tensor
	Layers  map[string]LayerWidths // by layer name
}

// LayerWidths are the widths of one layer; 0 means the default.
type LayerWidths struct {
	Weights     int // of a Conv's weights
	Activations int // of the layer's output
}

// LoadWidths reads a widths file. See docs/formats.md.
func LoadWidths(path string) (*Widths, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	w, err := ParseWidths(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return w, nil
}

// ParseWidths reads the text of a widths file. Layer names are checked later,
// against a graph.
func ParseWidths(data []byte) (*Widths, error) {
	var f struct {
		Default struct{ Bits, Weights *int }
		Input   struct{ Bits *int }
		Layer   map[string]struct{ Weights, Activations *int }
	}
	if err := decode(data, &f); err != nil {
		return nil, err
	}
	w := &Widths{Layers: make(map[string]LayerWidths)}
	var errs []error
	bits := func(where string, v *int) int {
		if v == nil {
			return 0
		}
		if *v < 2 || *v > fixed.MaxBits {
			errs = append(errs, fmt.Errorf("%s = %d: widths lie in 2..%d", where, *v, fixed.MaxBits))
		}
		return *v
	}
	w.Default = bits("[default] bits", f.Default.Bits)
	w.Weights = bits("[default] weights", f.Default.Weights)
	w.Input = bits("[input] bits", f.Input.Bits)
	for _, name := range slices.Sorted(maps.Keys(f.Layer)) {
		l := f.Layer[name]
		w.Layers[name] = LayerWidths{
			Weights:     bits(fmt.Sprintf("[layer.%q] weights", name), l.Weights),
			Activations: bits(fmt.Sprintf("[layer.%q] activations", name), l.Activations),
		}
	}
	return w, errors.Join(errs...)
}

// Tau are the pruning thresholds of one convolution, in the units of the float
// model. 0 prunes nothing.
type Tau struct {
	W float64 // weights with |w| < W become 0
	A float64 // inputs with |a| < A are read as 0
}

// Check refuses thresholds that are not finite numbers of at least 0.
func (t Tau) Check() error {
	for _, v := range []float64{t.W, t.A} {
		if !(v >= 0) || math.IsInf(v, 0) {
			return fmt.Errorf("threshold %g: must be a number of at least 0", v)
		}
	}
	return nil
}

// Thresholds are the content of a thresholds file. A nil *Thresholds prunes
// nothing.
type Thresholds struct {
	Default Tau
	Layers  map[string]LayerTau // by the name of a Conv
}

// LayerTau are thresholds of one Conv; nil means the default.
type LayerTau struct{ W, A *float64 }

// LoadThresholds reads a thresholds file. See docs/formats.md.
func LoadThresholds(path string) (*Thresholds, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	t, err := ParseThresholds(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// ParseThresholds reads the text of a thresholds file. Layer names are checked
// later, against a graph.
func ParseThresholds(data []byte) (*Thresholds, error) {
	type table struct {
		W *float64 `toml:"tau_w"`
		A *float64 `toml:"tau_a"`
	}
	var f struct {
		Default table
		Layer   map[string]table
	}
	if err := decode(data, &f); err != nil {
		return nil, err
	}
	var errs []error
	check := func(where string, v *float64) float64 {
		if v == nil {
			return 0
		}
		if err := (Tau{W: *v}).Check(); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", where, err))
		}
		return *v
	}
	t := &Thresholds{Layers: make(map[string]LayerTau)}
	t.Default = Tau{check("[default] tau_w", f.Default.W), check("[default] tau_a", f.Default.A)}
	for _, name := range slices.Sorted(maps.Keys(f.Layer)) {
		l := f.Layer[name]
		check(fmt.Sprintf("[layer.%q] tau_w", name), l.W)
		check(fmt.Sprintf("[layer.%q] tau_a", name), l.A)
		t.Layers[name] = LayerTau(l)
	}
	return t, errors.Join(errs...)
}

// Encode gives t as the text of a thresholds file, with layers in the order of their names. comment is its first
// line.
func (t *Thresholds) Encode(comment string) ([]byte, error) {
	type table struct {
		W *float64 `toml:"tau_w,omitempty"`
		A *float64 `toml:"tau_a,omitempty"`
	}
	f := struct {
		Default table            `toml:"default"`
		Layer   map[string]table `toml:"layer"`
	}{table{&t.Default.W, &t.Default.A}, map[string]table{}}
	for name, l := range t.Layers {
		f.Layer[name] = table(l)
	}
	var b bytes.Buffer
	// The comment must stay on one line, whatever its text contains.
	fmt.Fprintf(&b, "# %s\n", strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, comment))
	enc := toml.NewEncoder(&b)
	enc.Indent = ""
	if err := enc.Encode(f); err != nil {
		return nil, fmt.Errorf("thresholds: %w", err)
	}
	return b.Bytes(), nil
}

// Resolve gives the thresholds of every Conv of g, by node name. Other names in
// the file are errors.
func (t *Thresholds) Resolve(g *graph.Graph) (map[string]Tau, error) {
	var convs []string
	for _, n := range g.Nodes {
		if graph.Convolves(n.Op) {
			convs = append(convs, n.Name)
		}
	}
	return t.ForConvs(convs)
}

// ForConvs gives the thresholds of the convolutions with the given names. Other names in the file are errors.
func (t *Thresholds) ForConvs(convs []string) (map[string]Tau, error) {
	if t == nil {
		t = &Thresholds{}
	}
	taus := make(map[string]Tau)
	var errs []error
	for _, name := range convs {
		tau := t.Default
		if l := t.Layers[name]; l.W != nil {
			tau.W = *l.W
		}
		if l := t.Layers[name]; l.A != nil {
			tau.A = *l.A
		}
		if err := tau.Check(); err != nil {
			errs = append(errs, fmt.Errorf("layer %q: %w", name, err))
		}
		taus[name] = tau
	}
	for _, name := range slices.Sorted(maps.Keys(t.Layers)) {
		errs = append(errs, Unknown("convolution", name, convs))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("thresholds: %w", err)
	}
	return taus, nil
}

// Apply gives a float graph that computes with the thresholds: weights below
// tau_w are 0, and a threshold node precedes each Conv with a tau_a. g itself and
// its constants are not changed. Lowering the result gives the same integer
// network as lowering g with the thresholds.
func (t *Thresholds) Apply(g *graph.Graph) (*graph.Graph, error) {
	taus, err := t.Resolve(g)
	if err != nil {
		return nil, err
	}
	out := *g
	out.Consts, out.Shapes, out.Nodes = maps.Clone(g.Consts), maps.Clone(g.Shapes), nil
	taken := make(map[string]bool)
	for _, n := range g.Nodes {
		taken[n.Name] = true
	}
	fresh := func(name string, used func(string) bool) string {
		for used(name) {
			name += "_"
		}
		return name
	}
	usedValue := func(s string) bool {
		_, isConst := out.Consts[s]
		_, isValue := out.Shapes[s]
		return isConst || isValue
	}
	for _, n := range g.Nodes {
		tau, isConv := taus[n.Name]
		if !graph.Convolves(n.Op) || !isConv || tau == (Tau{}) {
			out.Nodes = append(out.Nodes, n)
			continue
		}
		c := *n
		c.Inputs = slices.Clone(n.Inputs)
		if w := g.Consts[n.Inputs[1]]; tau.W > 0 && w != nil && w.Type == graph.Float {
			pruned := &graph.Tensor{Type: w.Type, Shape: w.Shape, F: slices.Clone(w.F)}
			for i, v := range pruned.F {
				if math.Abs(float64(v)) < tau.W {
					pruned.F[i] = 0
				}
			}
			c.Inputs[1] = fresh(n.Inputs[1]+"/pruned", usedValue)
			out.Consts[c.Inputs[1]] = pruned
		}
		if tau.A > 0 {
			c.Inputs[0] = fresh(n.Inputs[0]+"/threshold", usedValue)
			shape, ok := g.ShapeOf(n.Inputs[0])
			if !ok {
				return nil, fmt.Errorf("node %q: input %q has no shape", n.Name, n.Inputs[0])
			}
			out.Shapes[c.Inputs[0]] = shape
			name := fresh(n.Name+"/threshold", func(s string) bool { return taken[s] })
			taken[name] = true
			out.Nodes = append(out.Nodes, &graph.Node{Name: name, Op: graph.Activation{Fn: graph.ActThreshold, Alpha: tau.A},
				Inputs: []string{n.Inputs[0]}, Outputs: []string{c.Inputs[0]}})
		}
		out.Nodes = append(out.Nodes, &c)
	}
	return &out, nil
}

func readFile(path string) ([]byte, error) {
	data, err := userfile.Read(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("layer settings: %w", err)
	}
	return data, nil
}

// decode reads TOML strictly: a key without a field in v is an error.
func decode(data []byte, v any) error {
	md, err := userfile.DecodeTOML(data, v)
	if err != nil {
		return err
	}
	var errs []error
	for _, k := range md.Undecoded() {
		errs = append(errs, fmt.Errorf("unknown key %q", k.String()))
	}
	return errors.Join(errs...)
}

// Unknown is the error for an unknown name, with the nearest known name; nil if
// the name is known.
func Unknown(what, name string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	if near := spell.Nearest(name, known); near != "" {
		return fmt.Errorf("the model has no %s %q; did you mean %q?", what, name, near)
	}
	list := slices.Clone(known)
	sort.Strings(list)
	if len(list) > 8 {
		list = append(list[:8], "...")
	}
	return fmt.Errorf("the model has no %s %q; it has %q", what, name, list)
}
