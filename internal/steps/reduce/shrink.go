package reduce

import (
	"fmt"
	"slices"

	"hass/internal/intnet"
)

// shrinkMap tries fewer rows and columns of the input: half of them, from one end and then the other, and then one
// less.
func shrinkMap(c *Case, _ string) (list []attempt) {
	in := c.Net.Tensors[c.Net.Input]
	for d, size := range []int{in.H, in.W} {
		what := []string{"rows", "columns"}[d]
		for _, keep := range fewer(size) {
			for _, from := range []int{0, size - keep} {
				list = append(list, changed(c, fmt.Sprintf("%s %d to %d of the input", what, from, from+keep-1), func(e *edit) error {
					first, to := [2]int{}, [2]int{in.H, in.W}
					first[d], to[d] = from, from+keep
					for i, x := range e.images {
						e.images[i] = crop(x, in, first, to)
					}
					t := &e.net.Tensors[e.net.Input]
					t.H, t.W = to[0]-first[0], to[1]-first[1]
					return nil
				}))
			}
		}
	}
	return list
}

// fewer are the counts to try instead of n, the smallest first.
func fewer(n int) (list []int) {
	for _, k := range []int{1, n / 4, n / 2, n - 1} {
		if k >= 1 && k < n && !slices.Contains(list, k) {
			list = append(list, k)
		}
	}
	return list
}

// crop is the part of an image of tensor t from row and column first to before row and column to.
func crop(x []int32, t intnet.Tensor, first, to [2]int) (part []int32) {
	for y := first[0]; y < to[0]; y++ {
		part = append(part, x[(y*t.W+first[1])*t.C:(y*t.W+to[1])*t.C]...)
	}
	return part
}

// shrinkChannels tries fewer channels of every tensor whose channels can be removed: the input and the outputs of
// convolutions, with all tensors that must have the same channels.
func shrinkChannels(c *Case, _ string) (list []attempt) {
	class := channelClasses(c.Net)
	for t := range c.Net.Tensors {
		if class[t] != t {
			continue
		}
		all := c.Net.Tensors[t].C
		unit := groupUnit(c.Net, class, t)
		if unit < 1 || all%unit != 0 {
			continue
		}
		blocks := all / unit
		for _, keep := range fewer(blocks) {
			for _, from := range []int{0, blocks - keep} {
				first, to := from*unit, (from+keep)*unit
				list = append(list, changed(c, fmt.Sprintf("channels %d to %d of %s", first, to-1, c.Net.Tensors[t].ID), func(e *edit) error {
					return keepChannels(e, class, t, first, to)
				}))
			}
		}
	}
	return list
}

// channelClasses gives for each tensor the first tensor that must have the same channels.
func channelClasses(n *intnet.Net) []int {
	class := make([]int, len(n.Tensors))
	for t := range class {
		class[t] = t
	}
	find := func(t int) int {
		for class[t] != t {
			t = class[t]
		}
		return t
	}
	join := func(a, b int) {
		a, b = find(a), find(b)
		class[max(a, b)] = min(a, b)
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		switch l.Kind {
		case intnet.KindConv:
			if n.Depthwise(l) {
				join(l.In[0], l.Out)
			}
		case intnet.KindConcat:
		case intnet.KindSlice:
			if l.Slice.Start[2] == 0 && n.Tensors[l.In[0]].C == n.Tensors[l.Out].C {
				join(l.In[0], l.Out)
			}
		case intnet.KindAdd, intnet.KindMul, intnet.KindPool, intnet.KindGlobalPool, intnet.KindRequant, intnet.KindActivation, intnet.KindResize, intnet.KindZeroInsert:
			for _, t := range l.In {
				join(t, l.Out)
			}
		default:
			if l.Kind.Moves() {
				break // keepChannels removes no channels from its inputs
			}
			panic("reduce: no channels for kind " + string(l.Kind)) // the network was valid
		}
	}
	for t := range class {
		class[t] = find(t)
	}
	return class
}

// groupUnit is the number of channels that must be removed together because a grouped convolution reads them; 0 if
// a grouped convolution produces them.
func groupUnit(n *intnet.Net, class []int, t int) int {
	unit := 1
	for i := range n.Layers {
		l := &n.Layers[i]
		if l.Kind != intnet.KindConv || l.Conv.Groups == 1 || n.Depthwise(l) {
			continue
		}
		if class[l.Out] == t {
			return 0
		}
		if class[l.In[0]] == t {
			per := n.Tensors[l.In[0]].C / l.Conv.Groups
			unit = unit / gcd(unit, per) * per
		}
	}
	return unit
}

// keepChannels keeps the channels from first to before to in the tensors of a class. The readers are adjusted.
func keepChannels(e *edit, class []int, t, first, to int) error {
	n := e.net
	kept := make([][]bool, len(n.Tensors))
	whole := func(c int) []bool { return slices.Repeat([]bool{true}, c) }
	ofClass := func(x int) []bool {
		mask := whole(n.Tensors[x].C)
		if class[x] == t {
			for k := range mask {
				mask[k] = k >= first && k < to
			}
		}
		return mask
	}
	kept[n.Input] = ofClass(n.Input)
	in := n.Tensors[n.Input]
	for i, x := range e.images {
		var y []int32
		for k, v := range x {
			if kept[n.Input][k%in.C] {
				y = append(y, v)
			}
		}
		e.images[i] = y
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		read := kept[l.In[0]]
		switch l.Kind {
		case intnet.KindConv:
			mask, err := keepOfConv(n, l, read, ofClass(l.Out))
			if err != nil {
				return fmt.Errorf("layer %s: %w", l.ID, err)
			}
			kept[l.Out] = mask
			continue
		case intnet.KindConcat:
			for _, x := range l.In {
				kept[l.Out] = append(kept[l.Out], kept[x]...)
			}
			continue
		case intnet.KindSlice:
			s := l.Slice
			mask := slices.Clone(read[s.Start[2] : s.Start[2]+n.Tensors[l.Out].C])
			left := countTrue(mask)
			if left == 0 {
				return fmt.Errorf("layer %s: nothing is left to slice", l.ID)
			}
			s.Start[2] = countTrue(read[:s.Start[2]])
			kept[l.Out] = mask
			n.Tensors[l.Out].C = left // settle cannot derive it from anything else
			continue
		case intnet.KindActivation:
			if l.Act.Fn == intnet.ActLeaky && len(l.Act.Mul) > 1 {
				l.Act.Mul = pick(l.Act.Mul, read, 1)
			}
		case intnet.KindZeroInsert:
		default:
			if l.Kind.Moves() {
				if countTrue(read) < len(read) {
					return fmt.Errorf("layer %s: which channels a %s makes of fewer is not known here", l.ID, l.Kind)
				}
				kept[l.Out] = whole(n.Tensors[l.Out].C)
				continue
			}
		}
		for _, x := range l.In[1:] {
			if !slices.Equal(kept[x], read) {
				return fmt.Errorf("layer %s: its inputs would have different channels", l.ID)
			}
		}
		kept[l.Out] = read
	}
	// settle derives all other channel counts.
	n.Tensors[n.Input].C = countTrue(kept[n.Input])
	return nil
}

// keepOfConv removes channels from a convolution's input and output and returns the mask of the remaining output
// channels.
func keepOfConv(n *intnet.Net, l *intnet.Layer, read, made []bool) ([]bool, error) {
	c := l.Conv
	taps := c.Kernel[0] * c.Kernel[1]
	per := len(read) / c.Groups
	switch {
	case n.Depthwise(l):
		made = read
		c.Groups = countTrue(read)
	case c.Groups > 1:
		// Groups are kept or removed as a whole.
		made = nil
		groups := 0
		for g := range c.Groups {
			k := countTrue(read[g*per : (g+1)*per])
			if k != 0 && k != per {
				return nil, fmt.Errorf("a part of a group")
			}
			made = append(made, slices.Repeat([]bool{k > 0}, c.OutC/c.Groups)...)
			if k > 0 {
				groups++
			}
		}
		c.Groups = groups
	default:
		var taken []int16
		for at := 0; at < len(c.Weights); at += per {
			taken = append(taken, pick(c.Weights[at:at+per], read, 1)...)
		}
		c.Weights, per = taken, countTrue(read)
	}
	c.Weights = pick(c.Weights, made, taps*per)
	c.Bias = pick(c.Bias, made, 1)
	if len(c.Shift) > 1 {
		c.Shift, c.WeightFrac = pick(c.Shift, made, 1), pick(c.WeightFrac, made, 1)
	}
	if len(c.WeightStep) > 1 {
		c.WeightStep = pick(c.WeightStep, made, 1)
	}
	if len(c.Mul) > 1 {
		c.Mul = pick(c.Mul, made, 1)
	}
	if c.Thresholds != nil {
		c.Thresholds = pick(c.Thresholds, made, 1)
	}
	c.OutC = countTrue(made)
	return made, nil
}

// pick takes the blocks of v, each of size values, whose mask is set.
func pick[T any](v []T, mask []bool, size int) (taken []T) {
	for i, keep := range mask {
		if keep {
			taken = append(taken, v[i*size:(i+1)*size]...)
		}
	}
	return taken
}

func countTrue(mask []bool) (n int) {
	for _, m := range mask {
		if m {
			n++
		}
	}
	return n
}

// plainWindows tries smaller kernels, no stride, no dilation and no padding.
func plainWindows(c *Case, _ string) (list []attempt) {
	for i := range c.Net.Layers {
		id := c.Net.Layers[i].ID
		w := windowOf(&c.Net.Layers[i])
		if w == nil {
			continue
		}
		try := func(what string, change func(w *intnet.Window)) {
			list = append(list, changed(c, what+" of "+id, func(e *edit) error {
				l := &e.net.Layers[i]
				old := l.Conv
				w := windowOf(l)
				k := w.Kernel
				change(w)
				if old != nil && k != w.Kernel {
					old.Weights = cropKernel(old, k, e.net.Tensors[l.In[0]].C/old.Groups)
				}
				return nil
			}))
		}
		for d, axis := range []string{"rows", "columns"} {
			for _, k := range fewer(w.Kernel[d]) {
				try(fmt.Sprintf("%d kernel %s", k, axis), func(w *intnet.Window) { w.Kernel[d] = k })
			}
			if w.Stride[d] > 1 {
				try("no stride of "+axis, func(w *intnet.Window) { w.Stride[d] = 1 })
			}
			if w.Dilation[d] > 1 {
				try("no dilation of "+axis, func(w *intnet.Window) { w.Dilation[d] = 1 })
			}
			for _, side := range []int{d, d + 2} {
				if w.Pads[side] > 0 {
					try(fmt.Sprintf("no padding of %s, side %d", axis, side/2), func(w *intnet.Window) { w.Pads[side] = 0 })
				}
			}
		}
	}
	return list
}

// windowOf is the layer's window, nil if it has none.
func windowOf(l *intnet.Layer) *intnet.Window {
	switch {
	case l.Conv != nil:
		return &l.Conv.Window
	case l.Kind == intnet.KindPool:
		return &l.Pool.Window
	}
	return nil
}

// smallMoves tries smaller outputs of slices and resizes.
func smallMoves(c *Case, _ string) (list []attempt) {
	for i := range c.Net.Layers {
		l := &c.Net.Layers[i]
		out := c.Net.Tensors[l.Out]
		if l.Kind != intnet.KindSlice && l.Kind != intnet.KindResize {
			continue
		}
		for d, size := range []int{out.H, out.W} {
			for _, keep := range fewer(size) {
				list = append(list, changed(c, fmt.Sprintf("%d %s of %s", keep, []string{"rows", "columns"}[d], out.ID), func(e *edit) error {
					l, t := &e.net.Layers[i], &e.net.Tensors[e.net.Layers[i].Out]
					if l.Kind == intnet.KindSlice {
						*[]*int{&t.H, &t.W}[d] = keep
						return nil
					}
					s := []*intnet.Samples{&l.Resize.Rows, &l.Resize.Cols}[d]
					s.From = s.From[:keep]
					if s.Weight != nil {
						s.Weight = s.Weight[:keep]
					}
					return nil
				}))
			}
		}
	}
	return list
}
