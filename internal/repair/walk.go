package repair

import (
	"context"
	"fmt"
	"slices"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/workers"
)

// maxHeld bounds the values that are held between two passes, in bytes. If the values of all images need more, passes start further ahead.
const maxHeld = 1 << 30

// values are the values of one image, by name.
type values map[string][]float32

// walk runs all images through a graph, node by node. Nodes that are not done yet, and their constants, may change between
// two passes.
type walk struct {
	g      *graph.Graph
	images calib.Images
	limit  int      // bytes to hold
	at     int      // number of nodes that are done
	held   []values // by image: values that the other nodes read; nil at the start, when images are loaded
}

// pass runs every image through the nodes below `to` and gives look the values named want. If the values that nodes from hold on read
// fit into memory, later passes start there; hold is at most `to`. done is called in the order of the images.
func pass[R any](ctx context.Context, w *walk, hold, to int, want []string, look func(i int, v values) (R, error), done func(R) error) error {
	outputs := slices.Clone(want)
	var keep []string
	if hold > w.at || w.held == nil {
		keep = w.live(hold)
		elems := 0
		for _, name := range keep {
			elems += w.g.Shapes[name].Elems()
		}
		if elems*4 > w.limit/w.images.N {
			keep = nil
		}
		outputs = append(outputs, keep...)
	}
	slices.Sort(outputs)
	p, err := w.piece(to, slices.Compact(outputs))
	if err != nil {
		return err
	}
	next := make([]values, w.images.N)
	type result struct {
		r R
		v values
	}
	err = workers.Ordered(ctx, w.images.N, w.images.Workers, func(_, i int) (res result, err error) {
		start, err := w.start(i)
		if err != nil {
			return res, err
		}
		v, err := p.run(start)
		if err != nil {
			return res, fmt.Errorf("calibration image %d: %w", i, err)
		}
		if res.r, err = look(i, v); err != nil {
			return res, fmt.Errorf("calibration image %d: %w", i, err)
		}
		res.v = v
		for name := range v {
			if !slices.Contains(keep, name) {
				delete(v, name)
			}
		}
		return res, nil
	}, func(i int, res result) error {
		next[i] = res.v
		if w.images.Step != nil {
			w.images.Step()
		}
		return done(res.r)
	})
	if err == nil && keep != nil {
		w.at, w.held = hold, next
	}
	return err
}

// start gives the values of image i with which a pass begins.
func (w *walk) start(i int) (values, error) {
	if w.held != nil {
		return w.held[i], nil
	}
	x, err := w.images.Load(i)
	if err != nil {
		return nil, err
	}
	return values{w.g.Inputs[0].Name: x}, nil
}

// live are the values made before node `to` that it or later nodes read, sorted.
func (w *walk) live(to int) []string {
	made := map[string]bool{w.g.Inputs[0].Name: true}
	for _, n := range w.g.Nodes[:to] {
		made[n.Outputs[0]] = true
	}
	var list []string
	for _, n := range w.g.Nodes[to:] {
		for _, in := range n.Inputs {
			if made[in] {
				list = append(list, in)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// piece is a part of a graph, ready to run.
type piece struct {
	exec    *floatexec.Exec // nil if there is nothing to compute
	through []string        // values that are passed on unchanged
}

// piece is the part of the nodes below `to` that computes the outputs from the values with which a pass begins.
func (w *walk) piece(to int, outputs []string) (*piece, error) {
	g := w.g
	need, made := map[string]bool{}, map[string]bool{}
	for _, out := range outputs {
		need[out] = true
	}
	part := &graph.Graph{Name: g.Name, Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{}}
	for _, n := range slices.Backward(g.Nodes[w.at:to]) {
		if !need[n.Outputs[0]] {
			continue
		}
		part.Nodes, made[n.Outputs[0]] = append(part.Nodes, n), true
		for _, in := range n.Inputs {
			if in != "" {
				need[in] = true
			}
		}
	}
	slices.Reverse(part.Nodes)
	p := &piece{}
	for _, out := range outputs {
		if made[out] {
			part.Outputs = append(part.Outputs, out)
		} else {
			p.through = append(p.through, out)
		}
	}
	if len(part.Nodes) == 0 {
		return p, nil
	}
	read := map[string]bool{}
	for _, n := range part.Nodes {
		part.Shapes[n.Outputs[0]] = g.Shapes[n.Outputs[0]]
		for _, in := range n.Inputs {
			if in == "" || read[in] {
				continue
			}
			read[in] = true
			if c := g.Consts[in]; c != nil {
				part.Consts[in] = c
			} else if !made[in] {
				part.Shapes[in] = g.Shapes[in]
				part.Inputs = append(part.Inputs, graph.Value{Name: in, Type: graph.Float, Shape: g.Shapes[in]})
			}
		}
	}
	var err error
	p.exec, err = floatexec.New(part)
	return p, err
}

// run computes the outputs from the values with which a pass begins.
func (p *piece) run(start values) (values, error) {
	v := values{}
	for _, name := range p.through {
		v[name] = start[name]
	}
	if p.exec == nil {
		return v, nil
	}
	var in [][]float32
	for _, i := range p.exec.Inputs() {
		in = append(in, start[i.Name])
	}
	outs, err := p.exec.Run(in, nil)
	if err != nil {
		return nil, err
	}
	for k, name := range p.exec.Outputs() {
		v[name] = outs[k]
	}
	return v, nil
}
