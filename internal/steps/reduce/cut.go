package reduce

import (
	"fmt"
	"slices"

	"hass/internal/intnet"
)

// attempt is a candidate that has not been built yet.
type attempt struct {
	what string
	make func() (*Case, error)
}

// changed is an attempt that edits a copy of the case.
func changed(c *Case, what string, change func(e *edit) error) attempt {
	return attempt{what, func() (*Case, error) {
		e := c.edit()
		if err := change(e); err != nil {
			return nil, err
		}
		return e.done()
	}}
}

// part is a piece of the network with one input tensor and one output tensor.
type part struct {
	in, out int
	layers  int
}

// parts lists the proper pieces of a network, small ones first, then in the order of their outputs.
func parts(n *intnet.Net) (list []part) {
	from := make([]int, len(n.Tensors)) // the layer that produces each tensor
	for t := range from {
		from[t] = -1
	}
	for i, l := range n.Layers {
		from[l.Out] = i
	}
	for end := range n.Layers {
		out := n.Layers[end].Out
		for in := range n.Tensors {
			if in == out {
				continue
			}
			if layers, ok := between(n, from, in, out); ok && (layers < len(n.Layers) || len(n.Outputs) > 1) {
				list = append(list, part{in, out, layers})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b part) int { return a.layers - b.layers })
	return list
}

// between counts the layers that compute tensor out from tensor in; ok is false if they need
// another tensor.
func between(n *intnet.Net, from []int, in, out int) (layers int, ok bool) {
	seen := make([]bool, len(n.Tensors))
	reached := false
	todo := []int{out}
	for len(todo) > 0 {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[t] {
			continue
		}
		seen[t] = true
		if t == in {
			reached = true
			continue
		}
		if from[t] < 0 {
			return 0, false
		}
		layers++
		todo = append(todo, n.Layers[from[t]].In...)
	}
	return layers, reached
}

// cut is the attempt that keeps only part p. Its images are the reference's values of the part's
// input.
func cut(c *Case, p part) attempt {
	out := c.Net.Tensors[p.out].ID
	what := fmt.Sprintf("from %s to %s, %s", c.Net.Tensors[p.in].ID, out, count(p.layers, "layer"))
	return changed(c, what, func(e *edit) error {
		if p.in != c.Net.Input {
			values, err := c.reference()
			if err != nil {
				return err
			}
			for i := range e.images {
				e.images[i] = values[i][p.in]
			}
		}
		e.net.Input, e.net.Outputs = p.in, []int{p.out}
		// The producer of the input is not part of it.
		e.net.Layers = slices.DeleteFunc(e.net.Layers, func(l intnet.Layer) bool { return l.Out == p.in })
		return nil
	})
}

// smallParts and smallPartsMax bound the pieces that are tried one by one.
const (
	smallParts    = 3   // layers
	smallPartsMax = 160 // pieces
)

// cutSmall tries pieces of few layers; pieces that end in the tensor of the hint come first.
func cutSmall(c *Case, hint string) (list []attempt) {
	var small []part
	for _, p := range parts(c.Net) {
		if p.layers <= smallParts {
			small = append(small, p)
		}
	}
	ends := func(p part) int {
		if t := c.Net.Tensors[p.out].ID; t == hint {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(small, func(a, b part) int { return ends(a) - ends(b) })
	for _, p := range small[:min(len(small), smallPartsMax)] {
		list = append(list, cut(c, p))
	}
	return list
}

// cutEnds tries halves, quarters and so on of the layers: first without the layers behind, then
// without the layers before.
func cutEnds(c *Case, _ string) (list []attempt) {
	all := parts(c.Net)
	n := len(c.Net.Layers)
	for _, behind := range []bool{true, false} {
		for step := n / 2; step >= 1; step /= 2 {
			for _, p := range all {
				if p.layers > n-step || p.layers <= n-2*step {
					continue
				}
				if behind && p.in == c.Net.Input || !behind && slices.Contains(c.Net.Outputs, p.out) {
					list = append(list, cut(c, p))
				}
			}
		}
	}
	return list
}

// dropOutputs tries the network without each of its outputs.
func dropOutputs(c *Case, _ string) (list []attempt) {
	if len(c.Net.Outputs) == 1 {
		return nil
	}
	for k, o := range c.Net.Outputs {
		list = append(list, changed(c, "without output "+c.Net.Tensors[o].ID, func(e *edit) error {
			e.net.Outputs = slices.Delete(e.net.Outputs, k, k+1)
			return nil
		}))
	}
	return list
}

// dropLayers tries the network without each of its layers: readers of its output then read one of
// its inputs of the same shape.
func dropLayers(c *Case, _ string) (list []attempt) {
	for i, l := range c.Net.Layers {
		for _, t := range l.In {
			in, out := &c.Net.Tensors[t], &c.Net.Tensors[l.Out]
			if in.H != out.H || in.W != out.W || in.C != out.C {
				continue
			}
			list = append(list, changed(c, "without layer "+l.ID, func(e *edit) error {
				return bypass(e.net, i, t)
			}))
		}
	}
	// An operation whose operands are one tensor does not need the layers of the other operand.
	for i, l := range c.Net.Layers {
		if len(l.In) < 2 {
			continue
		}
		for port, t := range l.In {
			for other, u := range l.In {
				a, b := &c.Net.Tensors[t], &c.Net.Tensors[u]
				if t == u || a.H != b.H || a.W != b.W || a.C != b.C {
					continue
				}
				list = append(list, changed(c, fmt.Sprintf("input %d of layer %s in place of input %d", other, l.ID, port), func(e *edit) error {
					e.net.Layers[i].In[port] = u
					return nil
				}))
			}
		}
	}
	// Inputs of a concat.
	for i, l := range c.Net.Layers {
		if l.Kind != intnet.KindConcat || len(l.In) < 3 {
			continue
		}
		for port := range l.In {
			list = append(list, changed(c, fmt.Sprintf("without input %d of layer %s", port, l.ID), func(e *edit) error {
				e.net.Layers[i].In = slices.Delete(e.net.Layers[i].In, port, port+1)
				return nil
			}))
		}
	}
	return list
}

// bypass removes layer i; tensor t replaces its output.
func bypass(n *intnet.Net, i, t int) error {
	out := n.Layers[i].Out
	for k := range n.Layers {
		for p, in := range n.Layers[k].In {
			if in == out {
				n.Layers[k].In[p] = t
			}
		}
	}
	for k, o := range n.Outputs {
		if o != out {
			continue
		}
		if t == n.Input || slices.Contains(n.Outputs, t) {
			return fmt.Errorf("tensor %s cannot be this output", n.Tensors[t].ID)
		}
		n.Outputs[k] = t
	}
	n.Layers = slices.Delete(n.Layers, i, i+1)
	return nil
}

// fewerImages tries single images, then halves.
func fewerImages(c *Case, _ string) (list []attempt) {
	n := len(c.Images)
	if n == 1 {
		return nil
	}
	keep := func(what string, from, to int) {
		list = append(list, changed(c, what, func(e *edit) error {
			e.images = e.images[from:to]
			return nil
		}))
	}
	for i := range n {
		keep(fmt.Sprintf("image %d alone", i), i, i+1)
	}
	for size := n / 2; size > 1; size /= 2 {
		for from := 0; from+size <= n; from += size {
			keep(fmt.Sprintf("images %d to %d", from, from+size-1), from, from+size)
		}
	}
	if n > 2 {
		keep("all images but the last", 0, n-1)
		keep("all images but the first", 1, n)
	}
	return list
}
