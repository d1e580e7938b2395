package repair

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"hass/internal/calib"
	"hass/internal/gradient"
	"hass/internal/graph"
	"hass/internal/settings"
)

// Method is the way in which the remaining weights compensate for the zeros.
type Method string

// The methods.
const (
	None  Method = "none"  // they do not
	Match Method = "match" // every output channel gets the mean and the deviation that it has in the unpruned network
	// Refit chooses the zeros and the other weights so that the layer's sums are nearest to those of the unpruned network, and matches.
	Refit Method = "refit"
)

// Methods lists all methods.
func Methods() []Method { return []Method{None, Match, Refit} }

// Options configure Prune.
type Options struct {
	// Share of zeros among the weights of every pruned layer, those of least magnitude unless a refit chooses others; existing
	// zeros count. It is 0 with Thresholds.
	Share float64
	// Prune are the roles of the layers to prune besides the inner ones.
	Prune []Role
	// Thresholds prune weights and inputs of the layers that they name, whatever their role; nil with a share. A refit takes the
	// number of weights below a threshold.
	Thresholds *settings.Thresholds
	Repair     Method
	Images     calib.Images
	// Allocate spreads the share over layers so that it costs least: the share then applies to the multiplications of all of them
	// together.
	Allocate bool
	// Store, if not nil, keeps the parts that are finished; parts that it already has are not made again. The result is the same.
	Store Store
	// Work, if not nil, is called once, before the first image is run, with the number of calls of Images.Step to expect; there are
	// fewer if an allocation leaves layers unchanged.
	Work func(images int)
}

// Report is the result of Prune.
type Report struct {
	Images int     `json:"images"`
	Layers []Layer `json:"layers"`         // convolutions, in the order of the graph
	Note   string  `json:"note,omitempty"` // deviations from the usual procedure
}

// Layer is the result for one convolution.
type Layer struct {
	Name     string `json:"name"`
	Role     Role   `json:"role"`
	Weights  int    `json:"weights"`
	OldZeros int    `json:"old_zeros"` // of the weights, before
	Zeros    int    `json:"zeros"`     // of the weights, now
	// ErrorBefore and ErrorAfter are the mean squared distance of the layer's sums from those of the unpruned network, divided by
	// their variance, on the calibration images: pruned without repair, and repaired, each with the layer's inputs in the
	// repaired network. They are nil if nothing changed or the sums are constant.
	ErrorBefore *float64 `json:"error_before,omitempty"`
	ErrorAfter  *float64 `json:"error_after,omitempty"`
	Repair      Method   `json:"repair"`         // the method that was used
	Note        string   `json:"note,omitempty"` // why less was done than asked
}

// Warnings are sentences about the layers for which less was done than asked, one for each reason.
func (r *Report) Warnings() (list []string) {
	var notes []string
	layers := map[string][]string{}
	for _, l := range r.Layers {
		if l.Note == "" {
			continue
		}
		if layers[l.Note] == nil {
			notes = append(notes, l.Note)
		}
		layers[l.Note] = append(layers[l.Note], l.Name)
	}
	for _, note := range notes {
		names := layers[note]
		text := fmt.Sprintf("layer %.60q", names[0])
		if len(names) > 1 {
			text += fmt.Sprintf(" and %d more", len(names)-1)
		}
		list = append(list, text+": "+note)
	}
	return list
}

// Quantiser is the name of a node of g that quantises or whose weights lie on a grid, or "". New weights would leave that grid.
func Quantiser(g *graph.Graph) string {
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Quantize); ok {
			return n.Name
		}
		for _, in := range n.Inputs {
			if c := g.Consts[in]; c != nil && c.Grid != nil {
				return n.Name
			}
		}
	}
	return ""
}

// Zeros gives the numbers of zeros and of weights in all layers.
func (r *Report) Zeros() (zeros, weights int) {
	for i := range r.Layers {
		zeros += r.Layers[i].Zeros
		weights += r.Layers[i].Weights
	}
	return zeros, weights
}

// Prune gives a graph with zeros among its weights whose outputs are near those of g. g, which has one input and float
// weights on no grid, is not changed. Names of nodes and values stay.
func Prune(ctx context.Context, g *graph.Graph, o Options) (*graph.Graph, *Report, error) {
	return prune(ctx, g, o, maxHeld)
}

// prune holds up to limit bytes of values between two passes.
func prune(ctx context.Context, g *graph.Graph, o Options, limit int) (*graph.Graph, *Report, error) {
	t, err := newTwin(g, o, nil)
	if err != nil {
		return nil, nil, err
	}
	r := &Report{Images: o.Images.N}
	var net *gradient.Net
	if o.Repair == Refit || o.Allocate {
		if net, err = gradient.New(g); err != nil && o.Allocate {
			return nil, nil, fmt.Errorf("an allocation needs gradients: %w", err)
		} else if err != nil {
			r.Note = fmt.Sprintf("zeros are chosen as if all channels of a layer counted alike, because gradients cannot be had: %v", err)
		}
	}
	if o.Work != nil {
		o.Work(t.work(net, o))
	}
	var rows map[string][]float64
	if o.Repair == Refit && net != nil {
		all, err := kept(o.Store, keyRows, func() (map[string]packed, error) { return rowWeights(ctx, net, o.Images) })
		if err != nil {
			return nil, nil, err
		}
		rows = map[string][]float64{}
		for name, v := range all {
			rows[name] = v
		}
	}
	if o.Allocate {
		shares, err := kept(o.Store, keyShares, func() (map[string]float64, error) { return allocate(ctx, g, net, rows, o) })
		if err != nil {
			return nil, nil, err
		}
		if t, err = newTwin(g, o, shares); err != nil {
			return nil, nil, err
		}
	}
	for _, l := range t.layers {
		l.rows = rows[l.node.Name]
	}
	w := &walk{g: t.g, images: o.Images, limit: limit}
	for _, l := range t.layers {
		if l.changed {
			f, err := kept(o.Store, keyLayer+l.node.Name, func() (finished, error) {
				err := l.repair(ctx, t, w, o)
				return l.finished(), err
			})
			if err != nil {
				return nil, nil, err
			}
			if err := l.finish(t, f); err != nil {
				return nil, nil, err
			}
		}
		r.Layers = append(r.Layers, l.report)
	}
	out, err := t.result()
	return out, r, err
}

// twin holds the original and the repaired network as one graph: values that are equal in both appear once.
type twin struct {
	g      *graph.Graph
	pruned *graph.Graph // the graph to repair, still with the original weights
	layers []*layer     // the convolutions of pruned, in its order
}

// layer is a convolution to be repaired.
type layer struct {
	node    *graph.Node // in the pruned graph
	number  int         // among the layers, from 1
	changed bool        // its weights or its inputs differ from the original network
	at      int         // of a changed layer: its first node in the twin, the original layer; the repaired layer follows
	was     string      // output of the layer in the original network
	now     string      // output of the repaired layer
	weights *graph.Tensor
	bias    *graph.Tensor
	only    string    // output with weights that are cut and not repaired
	rows    []float64 // weight of every output channel when a refit chooses zeros; nil if all are equal
	fresh   [2]string // names of weights and bias in the twin
	inputs  int       // number of inputs that one output sums over
	samples int       // outputs of one channel, over all images
	cut     bool      // weights are cut
	report  Layer
}

// work is the largest number of image runs; there are fewer if an allocation leaves layers unchanged.
func (t *twin) work(net *gradient.Net, o Options) int {
	passes, pruned := 0, 0
	has := func(key string) bool { return o.Store != nil && o.Store.Has(key) }
	if o.Repair == Refit && net != nil && !has(keyRows) {
		passes++
	}
	for _, l := range t.layers {
		if has(keyLayer + l.node.Name) {
			continue
		}
		if l.changed {
			passes++
		}
		if ok, _ := l.refits(o); ok {
			passes++
		}
		if o.prunes(l.report.Role) {
			pruned++
		}
	}
	if o.Allocate && !has(keyShares) {
		return passes*o.Images.N + halves(pruned, o.Images)
	}
	return passes * o.Images.N
}

// newTwin cuts weights and builds the graph of both networks. shares of layers, by name, override the share of the options.
func newTwin(g *graph.Graph, o Options, shares map[string]float64) (*twin, error) {
	if len(g.Inputs) != 1 {
		return nil, fmt.Errorf("the network has %d inputs; pruning takes networks with one", len(g.Inputs))
	}
	if !slices.Contains(Methods(), o.Repair) {
		return nil, fmt.Errorf("repair %q: want one of %v", o.Repair, Methods())
	}
	if o.Allocate && (o.Repair == None || o.Thresholds != nil) {
		return nil, errors.New("an allocation needs a share and a repair")
	}
	if o.Images.N < 1 {
		return nil, errors.New("pruning needs at least one calibration image")
	}
	taus, err := o.Thresholds.Resolve(g)
	if err != nil {
		return nil, err
	}
	inputsOnly := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for name, tau := range taus {
		inputsOnly.Layers[name] = settings.LayerTau{A: &tau.A}
	}
	pruned, err := inputsOnly.Apply(g)
	if err != nil {
		return nil, err
	}
	t := &twin{pruned: pruned, g: &graph.Graph{Name: g.Name, Inputs: g.Inputs, Consts: maps.Clone(g.Consts), Shapes: maps.Clone(g.Shapes)}}
	names, nodes := graph.NewNames(), graph.NewNames()
	for _, m := range []map[string]graph.Shape{g.Shapes, pruned.Shapes} {
		for name := range m {
			names.Reserve(name)
		}
	}
	for name := range g.Consts {
		names.Reserve(name)
	}
	own := map[string]*graph.Node{}
	for _, n := range g.Nodes {
		own[n.Name] = n
	}
	for _, n := range pruned.Nodes {
		nodes.Reserve(n.Name)
	}
	role := roles(g)
	became := map[string]string{} // by value of the original network: its name in the repaired one, if different
	for _, n := range pruned.Nodes {
		old := own[n.Name]
		if old != nil {
			t.g.Nodes = append(t.g.Nodes, old)
		}
		second := &graph.Node{Name: nodes.Take(n.Name), Op: n.Op}
		changed := old == nil
		for _, in := range n.Inputs {
			if other, ok := became[in]; ok {
				in, changed = other, true
			}
			second.Inputs = append(second.Inputs, in)
		}
		var l *layer
		if graph.Convolves(n.Op) {
			if l, err = newLayer(g, n, role[n.Name], taus[n.Name], shares, o); err != nil {
				return nil, err
			}
			changed = changed || l.cut
			t.layers = append(t.layers, l)
		}
		if !changed {
			continue
		}
		out := n.Outputs[0]
		name := out
		if old != nil {
			name = names.Take(out)
			became[out] = name
		}
		second.Outputs = []string{name}
		t.g.Shapes[name] = pruned.Shapes[out]
		t.g.Nodes = append(t.g.Nodes, second)
		if l != nil {
			l.changed, l.at, l.was, l.now, l.number = true, len(t.g.Nodes)-2, out, name, len(t.layers)
			l.fresh = [2]string{names.Take(n.Inputs[1]), names.Take(n.Name + "/bias")}
			second.Inputs = []string{second.Inputs[0], l.fresh[0], l.fresh[1]}
			l.set(t)
			// The layer with weights that are cut and not repaired. `set` only changes the second node.
			third := &graph.Node{Name: nodes.Take(n.Name), Op: n.Op, Outputs: []string{names.Take(out)},
				Inputs: []string{second.Inputs[0], names.Take(n.Inputs[1]), names.Take(n.Name + "/bias")}}
			l.only = third.Outputs[0]
			t.g.Shapes[l.only] = t.g.Shapes[name]
			t.g.Consts[third.Inputs[1]] = &graph.Tensor{Type: graph.Float, Shape: l.weights.Shape, F: slices.Clone(l.weights.F)}
			t.g.Consts[third.Inputs[2]] = &graph.Tensor{Type: graph.Float, Shape: l.bias.Shape, F: slices.Clone(l.bias.F)}
			t.g.Nodes = append(t.g.Nodes, third)
		}
	}
	t.g.Outputs = g.Outputs
	return t, nil
}

// newLayer cuts the weights of a convolution.
func newLayer(g *graph.Graph, n *graph.Node, role Role, tau settings.Tau, shares map[string]float64, o Options) (*layer, error) {
	w := g.Consts[n.Inputs[1]]
	if w == nil || w.Type != graph.Float {
		return nil, fmt.Errorf("node %q: its weights are no constant floats", n.Name)
	}
	if w.Grid != nil {
		return nil, fmt.Errorf("node %q: its weights lie on the grid of the model's own quantisers, which new weights would leave", n.Name)
	}
	l := &layer{node: n, report: Layer{Name: n.Name, Role: role, Weights: len(w.F), Repair: None}}
	l.weights = &graph.Tensor{Type: w.Type, Shape: w.Shape, F: slices.Clone(w.F)}
	out := g.Shapes[n.Outputs[0]]
	b := &graph.Tensor{Type: graph.Float, Shape: graph.Shape{out[1]}, F: make([]float32, out[1])}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		old := g.Consts[n.Inputs[2]]
		if old == nil || old.Type != graph.Float {
			return nil, fmt.Errorf("node %q: its bias is no constant floats", n.Name)
		}
		copy(b.F, old.F)
	}
	l.bias = b
	l.samples = out.Elems() / out[1] * o.Images.N
	l.inputs = w.Shape[1] * w.Shape[2] * w.Shape[3]
	if op, ok := n.Op.(graph.ConvTranspose); ok {
		l.inputs = w.Shape[0] / op.Groups * w.Shape[2] * w.Shape[3]
	}
	l.report.OldZeros = countZeros(w.F)
	switch {
	case o.Thresholds != nil:
		cutBelow(l.weights.F, tau.W)
	case o.prunes(role):
		share, ok := shares[n.Name]
		if !ok {
			share = o.Share
		}
		cutShare(l.weights.F, share)
	}
	l.report.Zeros = countZeros(l.weights.F)
	l.cut = l.report.Zeros != l.report.OldZeros
	return l, nil
}

// set puts the layer's weights and bias into the twin.
func (l *layer) set(t *twin) {
	t.g.Consts[l.fresh[0]], t.g.Consts[l.fresh[1]] = l.weights, l.bias
}

// keep gives the layer its original weights and bias.
func (l *layer) keep(t *twin) {
	l.weights = t.pruned.Consts[l.node.Inputs[1]]
	clear(l.bias.F)
	if len(l.node.Inputs) > 2 && l.node.Inputs[2] != "" {
		copy(l.bias.F, t.pruned.Consts[l.node.Inputs[2]].F)
	}
	l.report.Zeros = l.report.OldZeros
	l.set(t)
}

// channel is the output channel that weight i belongs to.
func (l *layer) channel(i int) int {
	s := l.weights.Shape
	if op, ok := l.node.Op.(graph.ConvTranspose); ok {
		taps := s[2] * s[3]
		group := i / (s[1] * taps) / (s[0] / op.Groups)
		return group*s[1] + i/taps%s[1]
	}
	return i / (s[1] * s[2] * s[3])
}

// result is the pruned graph with the weights that were found. A constant that only the layer reads keeps its name.
func (t *twin) result() (*graph.Graph, error) {
	g := *t.pruned
	g.Consts, g.Nodes = maps.Clone(g.Consts), slices.Clone(g.Nodes)
	names := graph.NewNames()
	readers := map[string]int{}
	for _, n := range g.Nodes {
		for _, in := range n.Inputs {
			readers[in]++
		}
	}
	for _, out := range g.Outputs {
		readers[out]++
	}
	for name := range g.Consts {
		names.Reserve(name)
	}
	for name := range g.Shapes {
		names.Reserve(name)
	}
	for i, n := range g.Nodes {
		at := slices.IndexFunc(t.layers, func(l *layer) bool { return l.node == n })
		if at < 0 || !t.layers[at].changed {
			continue
		}
		l := t.layers[at]
		own := *n
		own.Inputs = []string{n.Inputs[0], n.Inputs[1]}
		if readers[n.Inputs[1]] > 1 {
			own.Inputs[1] = names.Take(n.Inputs[1])
			readers[n.Inputs[1]]--
		}
		g.Consts[own.Inputs[1]] = l.weights
		bias := ""
		if len(n.Inputs) > 2 {
			bias = n.Inputs[2]
		}
		switch {
		case bias == "" && !slices.ContainsFunc(l.bias.F, func(v float32) bool { return v != 0 }): // none is needed
		case bias == "" || readers[bias] > 1:
			own.Inputs = append(own.Inputs, names.Take(n.Name+"/bias"))
			if bias != "" {
				readers[bias]--
			}
		default:
			own.Inputs = append(own.Inputs, bias)
		}
		if len(own.Inputs) > 2 {
			g.Consts[own.Inputs[2]] = l.bias
		}
		g.Nodes[i] = &own
	}
	if err := graph.Verify(&g); err != nil {
		return nil, fmt.Errorf("pruned network: %w", err)
	}
	return &g, nil
}
