package quant

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"hass/internal/curve"
	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/settings"
)

// CheckWidths reports names in a widths file that are not layers of g, and widths that
// do not apply to a layer.
func CheckWidths(w *settings.Widths, g *graph.Graph) error {
	p, err := plan(g)
	if err != nil {
		return err
	}
	_, err = resolveWidths(w, p, fixed.MaxBits)
	return err
}

// layerWidths are widths resolved for each layer of a network.
type layerWidths struct {
	input                int
	weights, activations []int
}

// resolveWidths gives every layer its widths from a file, and default widths to layers that the file does not name.
func resolveWidths(w *settings.Widths, p *network, bits int) (layerWidths, error) {
	if w == nil {
		w = &settings.Widths{}
	}
	if w.Default != 0 {
		bits = w.Default
	}
	pick := func(v int) int {
		if v != 0 {
			return v
		}
		return bits
	}
	r := layerWidths{input: pick(w.Input)}
	known := make([]string, len(p.layers))
	var errs []error
	for i, l := range p.layers {
		known[i] = l.node.Name
		lw := w.Layers[l.node.Name]
		if lw.Weights != 0 && l.kind != intnet.KindConv {
			errs = append(errs, fmt.Errorf("layer %q is a %s: it has no weights to give a width to", l.node.Name, l.kind))
		}
		if lw.Activations != 0 && p.source(l.out) != l.out {
			errs = append(errs, fmt.Errorf("layer %q is a %s that keeps its input's format: set the layer before it", l.node.Name, l.kind))
		}
		if lw.Weights == 0 && l.kind == intnet.KindConv {
			if lw.Weights = w.Weights; l.grid != nil {
				lw.Weights = max(l.grid.bits, 2)
			}
		}
		r.weights = append(r.weights, pick(lw.Weights))
		if (l.wide || p.ends(l)) && lw.Activations == 0 {
			lw.Activations = fixed.MaxBits
			if !p.ends(l) && !slices.ContainsFunc(p.readers(l), func(o *layer) bool { return pick(w.Layers[o.node.Name].Activations) > errorBits }) {
				lw.Activations = curve.TableBits // of the table of a function that gives few bits
			}
		}
		r.activations = append(r.activations, pick(lw.Activations))
	}
	for _, name := range slices.Sorted(maps.Keys(w.Layers)) {
		errs = append(errs, settings.Unknown("layer", name, known))
	}
	if err := errors.Join(errs...); err != nil {
		return r, fmt.Errorf("widths: %w", err)
	}
	return r, nil
}

// ends tells whether a layer is a convolution whose sums leave the network and have no other reader. Wide sums then make no multiplier
// wider.
func (p *network) ends(l *layer) bool {
	return l.kind == intnet.KindConv && p.isResult(l.out) && len(p.readers(l)) == 0
}

// readers are the layers that read a layer's result.
func (p *network) readers(l *layer) (list []*layer) {
	for _, o := range p.layers {
		if slices.Contains(o.in, l.out) {
			list = append(list, o)
		}
	}
	return list
}

// tausOf gives the thresholds of every convolution of p, by name.
func tausOf(t *settings.Thresholds, p *network) (map[string]settings.Tau, error) {
	var convs []string
	for _, l := range p.layers {
		if l.kind == intnet.KindConv {
			convs = append(convs, l.node.Name)
		}
	}
	return t.ForConvs(convs)
}

// domain is the interval outside of which the functions that read a layer are constant; false if something else reads it.
func (p *network) domain(l *layer) (lo, hi float64, ok bool) {
	for _, o := range p.readers(l) {
		if o.kind != intnet.KindActivation {
			return 0, 0, false
		}
		a, b := floatexec.Domain(o.act)
		lo, hi, ok = min(lo, a), max(hi, b), true
	}
	return lo, hi, ok && !p.isResult(l.out)
}
