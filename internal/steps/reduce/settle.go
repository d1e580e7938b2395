package reduce

import (
	"fmt"
	"math"
	"slices"

	"hass/internal/intnet"
)

// settle makes an edited network consistent. It drops layers and tensors that no output needs, infers shapes from the
// input and the layers' parameters, and computes the parameters that depend on shapes and binary points. Kernels and pads
// are cut to the size of the maps. Finally it calls Net.Validate to check the result.
func settle(n *intnet.Net) error {
	n.Host, n.Results, n.Tail = nil, nil, nil // they belong to the model's outputs
	prune(n)
	if len(n.Layers) == 0 {
		return fmt.Errorf("no layer is left")
	}
	stale := slices.Clone(n.Tensors)
	for i := range n.Layers {
		if err := settleLayer(n, &n.Layers[i], stale); err != nil {
			return fmt.Errorf("layer %s: %w", n.Layers[i].ID, err)
		}
	}
	if err := n.Validate(); err != nil {
		return err
	}
	for i := range n.Layers {
		if l := &n.Layers[i]; l.Conv != nil {
			if got, want := len(l.Conv.Weights), n.WeightCount(l); got != want {
				return fmt.Errorf("layer %s: %d weights for a shape of %d", l.ID, got, want)
			}
			l.Conv.AccBits = l.Conv.BoundBits(n.Tensors[l.In[0]].Format)
			settleThresholds(l.Conv)
		}
	}
	if err := n.Validate(); err != nil { // accumulators have a limit
		return err
	}
	return n.ValidateWeights()
}

// prune drops layers and tensors that no output needs and renumbers the tensors.
func prune(n *intnet.Net) {
	need := make([]bool, len(n.Tensors))
	for _, o := range n.Outputs {
		need[o] = true
	}
	var layers []intnet.Layer
	for i := len(n.Layers) - 1; i >= 0; i-- {
		l := n.Layers[i]
		if !need[l.Out] || l.Out == n.Input {
			continue
		}
		for _, t := range l.In {
			need[t] = true
		}
		layers = append(layers, l)
	}
	slices.Reverse(layers)
	made := make([]bool, len(n.Tensors))
	made[n.Input] = true
	for _, l := range layers {
		made[l.Out] = true
	}
	number := make([]int, len(n.Tensors))
	var tensors []intnet.Tensor
	for t := range n.Tensors {
		number[t] = len(tensors)
		if need[t] && made[t] || t == n.Input {
			tensors = append(tensors, n.Tensors[t])
		}
	}
	for i := range layers {
		l := &layers[i]
		for p := range l.In {
			l.In[p] = number[l.In[p]]
		}
		l.Out = number[l.Out]
	}
	for k := range n.Outputs {
		n.Outputs[k] = number[n.Outputs[k]]
	}
	n.Layers, n.Tensors, n.Input = layers, tensors, number[n.Input]
}

// settleLayer computes the output's shape and the parameters that depend on shapes and binary points. stale are the
// tensors before the edit.
func settleLayer(n *intnet.Net, l *intnet.Layer, stale []intnet.Tensor) error {
	in, out := &n.Tensors[l.In[0]], &n.Tensors[l.Out]
	size := func(d int) int { return [2]int{in.H, in.W}[d] }
	keepFormat := func() {
		if out.Format != in.Format {
			out.Format = in.Format
			l.Lo, l.Hi = out.Format.Min(), out.Format.Max()
		}
	}
	switch l.Kind {
	case intnet.KindConv:
		c := l.Conv
		k := c.Kernel
		if err := settleWindow(&c.Window, size); err != nil {
			return err
		}
		if k != c.Kernel {
			c.Weights = cropKernel(c, k, in.C/c.Groups)
		}
		if c.Scaled() {
			settleSteps(c, in, out)
		} else {
			for i, s := range c.Shift {
				c.WeightFrac[i] = s - in.Format.Frac + out.Format.Frac
			}
		}
		out.H, out.W, out.C = outSize(c.Window, 0, in.H), outSize(c.Window, 1, in.W), c.OutC
	case intnet.KindPool, intnet.KindGlobalPool:
		out.H, out.W, out.C = 1, 1, in.C
		if l.Kind == intnet.KindPool {
			if err := settleWindow(&l.Pool.Window, size); err != nil {
				return err
			}
			out.H, out.W = outSize(l.Pool.Window, 0, in.H), outSize(l.Pool.Window, 1, in.W)
		}
		if l.Pool.Max {
			keepFormat()
			break
		}
		if in.Format.Scale != out.Format.Scale {
			l.Pool.Drop, l.Pool.FormatShift = 0, 0 // the scale stays
			break
		}
		scale, drop, err := l.Pool.Average(in, out, l.Rounding)
		if err != nil {
			return err
		}
		l.Pool.Scale, l.Pool.Drop, l.Pool.FormatShift = scale, drop, in.Format.Frac-out.Format.Frac
	case intnet.KindAdd, intnet.KindMul:
		b := &n.Tensors[l.In[1]]
		out.H, out.W, out.C = in.H, in.W, in.C
		if intnet.SameScales(l.Kind, in.Format, b.Format, out.Format) {
			l.Factors, l.Shift = intnet.FactorsOf(l.Kind, in.Format, b.Format, out.Format)
		}
	case intnet.KindRequant:
		out.H, out.W, out.C = in.H, in.W, in.C
		l.Shift = in.Format.Frac - out.Format.Frac
	case intnet.KindActivation:
		out.H, out.W, out.C = in.H, in.W, in.C
	case intnet.KindConcat:
		keepFormat()
		out.H, out.W, out.C = in.H, in.W, 0
		for _, t := range l.In {
			out.C += n.Tensors[t].C
		}
	case intnet.KindSlice:
		keepFormat()
		s := l.Slice
		for d, o := range []*int{&out.H, &out.W, &out.C} {
			whole, step := [3]int{in.H, in.W, in.C}[d], 1
			if d < 2 {
				step = s.Step[d]
			}
			s.Start[d] = min(s.Start[d], whole-1)
			*o = min(*o, (whole-1-s.Start[d])/step+1)
		}
	case intnet.KindResize:
		for d, s := range []*intnet.Samples{&l.Resize.Rows, &l.Resize.Cols} {
			keep := 0
			for keep < len(s.From) && s.Last(keep) < size(d) {
				keep++
			}
			if keep == 0 {
				return fmt.Errorf("nothing is left to sample")
			}
			s.From = s.From[:keep]
			if s.Weight != nil {
				s.Weight = s.Weight[:keep]
			}
		}
		out.H, out.W, out.C = len(l.Resize.Rows.From), len(l.Resize.Cols.From), in.C
		l.Resize.FormatShift = in.Format.Frac - out.Format.Frac
	case intnet.KindZeroInsert:
		keepFormat()
		before, after := stale[l.In[0]], stale[l.Out]
		extra := [2]int{after.H - (before.H-1)*l.Insert.Stride[0] - 1, after.W - (before.W-1)*l.Insert.Stride[1] - 1}
		for d := range extra {
			extra[d] = min(max(0, extra[d]), l.Insert.Stride[d]-1)
		}
		out.H, out.W, out.C = (in.H-1)*l.Insert.Stride[0]+1+extra[0], (in.W-1)*l.Insert.Stride[1]+1+extra[1], in.C
	default:
		if before := stale[l.In[0]]; !l.Kind.Moves() || in.H != before.H || in.W != before.W || in.C != before.C {
			return fmt.Errorf("the shape of a %s follows no other input", l.Kind)
		}
		keepFormat()
	}
	return nil
}

// settleSteps gives a convolution's weights the steps that its multipliers imply. Thresholds imply no steps.
func settleSteps(c *intnet.Conv, in, out *intnet.Tensor) {
	if c.Mul == nil {
		return
	}
	c.WeightStep = make([]float64, len(c.Mul))
	for o, m := range c.Mul {
		c.WeightStep[o] = math.Ldexp(float64(m), -c.Shift[0]) * out.Format.Step() / in.Format.Step()
	}
}

// settleThresholds clamps thresholds beyond the accumulator's range to its ends.
func settleThresholds(c *intnet.Conv) {
	limit := int64(1) << (c.AccBits + c.BiasFrac - 1)
	for _, list := range c.Thresholds {
		for k, t := range list {
			list[k] = min(max(t, -limit), limit-1)
		}
	}
}

// settleWindow cuts kernel and pads to a map of size(0) x size(1).
func settleWindow(w *intnet.Window, size func(d int) int) error {
	for d := range 2 {
		if w.Stride[d] < 1 || w.Dilation[d] < 1 || w.Kernel[d] < 1 {
			return fmt.Errorf("window %+v", *w)
		}
		whole := w.Kernel[d]
		for w.Kernel[d] > 1 && extent(*w, d) > size(d)+w.Pads[d]+w.Pads[d+2] {
			w.Kernel[d]--
		}
		for _, side := range []int{d, d + 2} {
			if w.Kernel[d] < whole { // otherwise windows might lie entirely in the padding
				w.Pads[side] = min(w.Pads[side], extent(*w, d)-1)
			}
		}
		if w.Kernel[d] == 1 {
			w.Dilation[d] = 1
		}
	}
	return nil
}

func extent(w intnet.Window, d int) int { return (w.Kernel[d]-1)*w.Dilation[d] + 1 }

func outSize(w intnet.Window, d, size int) int {
	return (size+w.Pads[d]+w.Pads[d+2]-extent(w, d))/w.Stride[d] + 1
}

// cropKernel returns the weights of the first taps of a kernel whose size was old.
func cropKernel(c *intnet.Conv, old [2]int, per int) []int16 {
	weights := make([]int16, 0, c.OutC*c.Kernel[0]*c.Kernel[1]*per)
	for o := range c.OutC {
		for y := range c.Kernel[0] {
			at := ((o*old[0] + y) * old[1]) * per
			weights = append(weights, c.Weights[at:at+c.Kernel[1]*per]...)
		}
	}
	return weights
}
