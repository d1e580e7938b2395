package floatexec

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"hass/internal/graph"
	"hass/internal/workers"
)

// Exec is a network ready to run: buffers planned, weights packed. It may be
// used concurrently.
type Exec struct {
	inputs  []graph.Value
	outputs []string
	outVals []int
	values  []value
	steps   []step
	buffers []int // elements of each buffer
	scratch int   // elements that the largest convolution needs besides its buffers
	pool    sync.Pool
}

// value is a named tensor; exactly one of konst, input and buffer says where its
// elements are.
type value struct {
	name   string
	shape  graph.Shape
	n      int
	konst  []float32
	input  int // index of the graph input, or -1
	buffer int // index of the buffer, or -1
}

// step is one node.
type step struct {
	node   *graph.Node
	in     []int // value indices; -1 for an absent optional input
	shapes []graph.Shape
	out    int
	conv   *convPlan // for a Conv
	alias  bool      // a Reshape: its output is its input
	act    *post     // for an Activation of one input
	fused  bool      // an activation in the memory of its input, which has no other reader
	after  posts     // the fused activations that follow
}

// Observe is called for a value as soon as it is computed: every graph input and
// every node's output, by name, in graph order. The slice is only valid during
// the call.
type Observe func(name string, v []float32)

// New plans the execution of g. An invalid graph, operators that no pass has
// lowered, and weights that are not constants are errors that list all such
// nodes.
func New(g *graph.Graph) (*Exec, error) {
	if err := graph.Verify(g); err != nil {
		return nil, err
	}
	e := &Exec{inputs: g.Inputs, outputs: g.Outputs}
	index := map[string]int{}
	add := func(v value) int {
		index[v.name] = len(e.values)
		e.values = append(e.values, v)
		return index[v.name]
	}
	var errs []error
	for i, in := range g.Inputs {
		if in.Type != graph.Float {
			errs = append(errs, fmt.Errorf("input %q has element type %s; only %s is executed", in.Name, in.Type, graph.Float))
		}
		add(value{name: in.Name, shape: in.Shape, n: in.Shape.Elems(), input: i, buffer: -1})
	}
	lookup := func(name string) (int, error) {
		if i, ok := index[name]; ok {
			return i, nil
		}
		t := g.Consts[name]
		if t == nil {
			return 0, fmt.Errorf("%q has no value", name)
		}
		if t.Type != graph.Float {
			return 0, fmt.Errorf("constant %q has element type %s; only %s is executed", name, t.Type, graph.Float)
		}
		return add(value{name: name, shape: t.Shape, n: len(t.F), konst: t.F, input: -1, buffer: -1}), nil
	}
	for _, n := range g.Nodes {
		if f, ok := n.Op.(graph.Foreign); ok {
			errs = append(errs, fmt.Errorf("node %q: operator %s cannot be executed", n.Name, f.Kind()))
			continue
		}
		if len(errs) > 0 {
			continue // its inputs may be missing; only look for further faults of this kind
		}
		s := step{node: n}
		var err error
		for _, name := range n.Inputs {
			i := -1
			var shape graph.Shape
			if name != "" {
				var lerr error
				if i, lerr = lookup(name); lerr != nil {
					err = errors.Join(err, lerr)
					continue
				}
				if shape = e.values[i].shape; shape == nil {
					shape = graph.Shape{}
				}
			}
			s.in = append(s.in, i)
			s.shapes = append(s.shapes, shape)
		}
		if err == nil {
			shape := g.Shapes[n.Outputs[0]]
			s.out = add(value{name: n.Outputs[0], shape: shape, n: shape.Elems(), input: -1, buffer: -1})
			_, s.alias = n.Op.(graph.Reshape)
			switch op := n.Op.(type) {
			case graph.Conv:
				s.conv, err = e.planConv(op, &s)
			case graph.Activation:
				if op.Fn != graph.ActPRelu {
					s.act = newPost(op)
				}
			}
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("node %q: %w", n.Name, err))
		}
		e.steps = append(e.steps, s)
	}
	if len(errs) == 0 {
		for _, name := range g.Outputs {
			i, err := lookup(name)
			if err != nil {
				errs = append(errs, fmt.Errorf("graph output: %w", err))
			}
			e.outVals = append(e.outVals, i)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	e.fuse()
	e.planBuffers()
	e.pool.New = func() any { return e.newState() }
	return e, nil
}

// Inputs are the graph's run-time inputs, in the order of Run's argument.
func (e *Exec) Inputs() []graph.Value { return e.inputs }

// Outputs are the names of Run's results, in their order.
func (e *Exec) Outputs() []string { return e.outputs }

// OutputShape is the shape of output i.
func (e *Exec) OutputShape(i int) graph.Shape { return e.values[e.outVals[i]].shape }

// Run evaluates the network for one image. in holds the graph's inputs in order;
// the result holds its outputs in order, in newly allocated memory. observe may
// be nil.
func (e *Exec) Run(in [][]float32, observe Observe) ([][]float32, error) {
	if len(in) != len(e.inputs) {
		return nil, fmt.Errorf("the network has %d inputs, given %d", len(e.inputs), len(in))
	}
	for i, v := range e.inputs {
		if len(in[i]) != v.Shape.Elems() {
			return nil, fmt.Errorf("input %q of shape %v needs %d elements, given %d", v.Name, v.Shape, v.Shape.Elems(), len(in[i]))
		}
	}
	st := e.pool.Get().(*state)
	defer e.pool.Put(st)
	data := func(i int) []float32 {
		switch v := &e.values[i]; {
		case v.konst != nil:
			return v.konst
		case v.input >= 0:
			return in[v.input]
		default:
			return st.buffers[v.buffer][:v.n]
		}
	}
	if observe != nil {
		for i, v := range e.inputs {
			observe(v.Name, in[i])
		}
	}
	var args [][]float32
	for i := range e.steps {
		s := &e.steps[i]
		out := &e.values[s.out]
		// An observer needs the values before and after a fused activation.
		after := s.after
		if observe != nil {
			after = nil
		}
		if !s.alias && !(s.fused && observe == nil) {
			if s.conv != nil {
				s.conv.run(data(s.out), data(s.in[0]), st.scratch, after)
			} else if s.act != nil {
				s.act.apply(data(s.out), data(s.in[0]), negZero)
			} else {
				args = args[:0]
				for _, v := range s.in {
					if v < 0 {
						args = append(args, nil)
					} else {
						args = append(args, data(v))
					}
				}
				if !fastInto(s.node.Op, data(s.out), out.shape, args, s.shapes, after) {
					evalInto(s.node.Op, data(s.out), out.shape, args, s.shapes)
					if len(after) > 0 {
						after.apply(data(s.out), data(s.out), negZero)
					}
				}
			}
		}
		if observe != nil {
			observe(out.name, data(s.out))
		}
	}
	outs := make([][]float32, len(e.outVals))
	for i, v := range e.outVals {
		outs[i] = append(make([]float32, 0, e.values[v].n), data(v)...)
	}
	return outs, nil
}

// RunMany evaluates n images of a network with one input, spread over workers
// goroutines (all cores if workers <= 0). load fills the input of image i and is
// called concurrently; done gets the outputs in the order of i on the calling
// goroutine, so that the result does not depend on the number of workers.
func (e *Exec) RunMany(ctx context.Context, n, count int, load func(i int, x []float32) error, done func(i int, outs [][]float32) error) error {
	if len(e.inputs) != 1 {
		return fmt.Errorf("the network has %d inputs; images need a network with one", len(e.inputs))
	}
	xs := make([][]float32, workers.Count(n, count))
	for i := range xs {
		xs[i] = make([]float32, e.inputs[0].Shape.Elems())
	}
	return workers.Ordered(ctx, n, count, func(w, i int) ([][]float32, error) {
		if err := load(i, xs[w]); err != nil {
			return nil, err
		}
		return e.Run([][]float32{xs[w]}, nil)
	}, done)
}

// state is the memory of one run.
type state struct {
	buffers [][]float32
	scratch []float32
}

func (e *Exec) newState() *state {
	st := &state{scratch: make([]float32, e.scratch)}
	for _, n := range e.buffers {
		st.buffers = append(st.buffers, make([]float32, n+slack))
	}
	return st
}

// fuse makes activations work in place, so that they are computed together with
// their input. An activation qualifies if its input is from a convolution, an
// element-wise operator or another such activation and has no other reader.
func (e *Exec) fuse() {
	readers := make([]int, len(e.values))
	producer := make([]int, len(e.values))
	for i := range producer {
		producer[i] = -1
	}
	for t, s := range e.steps {
		for _, v := range s.in {
			if v >= 0 {
				readers[v]++
			}
		}
		producer[s.out] = t
	}
	for _, v := range e.outVals {
		readers[v]++
	}
	for t := range e.steps {
		s := &e.steps[t]
		if s.act == nil || readers[s.in[0]] != 1 || producer[s.in[0]] < 0 {
			continue
		}
		from := &e.steps[producer[s.in[0]]]
		for from.fused {
			from = &e.steps[producer[from.in[0]]]
		}
		_, eltwise := from.node.Op.(graph.Eltwise)
		if from.conv != nil || eltwise {
			s.fused, from.after = true, append(from.after, s.act)
		}
	}
}

// planBuffers gives every computed value a buffer that no other live value has.
// A Reshape and a fused activation share their input's storage.
func (e *Exec) planBuffers() {
	storage := make([]int, len(e.values)) // the value whose storage a value uses
	last := make([]int, len(e.values))    // last step that reads the storage
	for i := range storage {
		storage[i], last[i] = i, -1
	}
	for t, s := range e.steps {
		if s.alias || s.fused {
			storage[s.out] = storage[s.in[0]]
		}
		for _, v := range append(s.in, s.out) {
			if v >= 0 {
				last[storage[v]] = t
			}
		}
	}
	for _, v := range e.outVals {
		last[storage[v]] = len(e.steps)
	}
	var free []int
	for t := range e.steps {
		s := &e.steps[t]
		out := &e.values[s.out]
		if s.alias || s.fused {
			src := e.values[storage[s.out]]
			out.konst, out.input, out.buffer = src.konst, src.input, src.buffer
		} else {
			out.buffer = e.takeBuffer(&free, out.n)
		}
		// The buffers read here for the last time may be written by the next step.
		freed := map[int]bool{}
		for _, v := range append(s.in, s.out) {
			if v < 0 {
				continue
			}
			if root := storage[v]; last[root] == t && e.values[root].buffer >= 0 && !freed[root] {
				freed[root] = true
				free = append(free, e.values[root].buffer)
			}
		}
	}
}

// takeBuffer takes the free buffer that fits n elements best: the smallest that
// is large enough, otherwise the largest, which is enlarged, otherwise a new
// one.
func (e *Exec) takeBuffer(free *[]int, n int) int {
	best := -1
	for i, b := range *free {
		if best < 0 {
			best = i
			continue
		}
		have, old := e.buffers[b], e.buffers[(*free)[best]]
		if (have >= n && (old < n || have < old)) || (have < n && old < n && have > old) {
			best = i
		}
	}
	if best < 0 {
		e.buffers = append(e.buffers, n)
		return len(e.buffers) - 1
	}
	b := (*free)[best]
	*free = append((*free)[:best], (*free)[best+1:]...)
	e.buffers[b] = max(e.buffers[b], n)
	return b
}
