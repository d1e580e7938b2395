package intnet

import (
	"context"
	"fmt"

	"hass/internal/fixed"
	"hass/internal/workers"
)

// Exec evaluates a Net: the reference arithmetic of the project, exact on every
// code path. An Exec holds one image's tensors and must be used by one
// goroutine at a time; use Clone for more goroutines.
type Exec struct {
	// Checked makes Run verify every partial sum of every convolution against
	// AccBits, in the order (kh, kw, c) from the bias on, by the plain definition;
	// it is many times slower. Without it only complete accumulators are verified.
	Checked bool

	net     *Net
	convs   []*convPlan // by layer; nil for other kinds
	acts    []*actPlan  // by layer; nil for other kinds
	tensors [][]int32   // by tensor number, NHWC; the input is the caller's slice
	scratch scratch
	outputs [][]int32
}

// New checks the whole network, weights included, and prepares an executor.
// The network must not change while the executor or its clones are in use.
func New(net *Net) (*Exec, error) {
	if err := net.Validate(); err != nil {
		return nil, err
	}
	if err := net.ValidateWeights(); err != nil {
		return nil, err
	}
	x := &Exec{net: net, convs: make([]*convPlan, len(net.Layers)), acts: make([]*actPlan, len(net.Layers))}
	for i := range net.Layers {
		switch l := &net.Layers[i]; l.Kind {
		case KindConv:
			x.convs[i] = newConvPlan(l, &net.Tensors[l.In[0]], &net.Tensors[l.Out])
		case KindActivation:
			x.acts[i] = newActPlan(l, &net.Tensors[l.In[0]])
		}
	}
	x.alloc()
	return x, nil
}

// Clone is an executor of the same network with its own buffers, for another
// goroutine.
func (x *Exec) Clone() *Exec {
	c := &Exec{Checked: x.Checked, net: x.net, convs: x.convs, acts: x.acts}
	c.alloc()
	return c
}

func (x *Exec) alloc() {
	x.tensors = make([][]int32, len(x.net.Tensors))
	for i, t := range x.net.Tensors {
		if i != x.net.Input {
			x.tensors[i] = make([]int32, t.H*t.W*t.C)
		}
	}
	x.outputs = make([][]int32, len(x.net.Outputs))
	x.scratch = newScratch(x.convs)
}

// Net is the network that x evaluates.
func (x *Exec) Net() *Net { return x.net }

// Run evaluates one image: input is NHWC, each element inside the input tensor's
// format (otherwise it is an error). The outputs, in the order of Net.Outputs,
// are the executor's own memory and valid until the next Run.
func (x *Exec) Run(input []int32) ([][]int32, error) {
	t := &x.net.Tensors[x.net.Input]
	if len(input) != t.H*t.W*t.C {
		return nil, fmt.Errorf("input has %d elements; tensor %q is %dx%dx%d (HWC)", len(input), t.Name, t.H, t.W, t.C)
	}
	lo, hi := int32(t.Format.Min()), int32(t.Format.Max())
	for i, v := range input {
		if v < lo || v > hi {
			return nil, fmt.Errorf("input element %d is %d, outside format %v", i, v, t.Format)
		}
	}
	return x.RunFrom(0, input)
}

// Tensor is the value of tensor number i (NHWC) in the last Run. It is valid
// until the next Run and must not be changed (but see RunFrom).
func (x *Exec) Tensor(i int) []int32 { return x.tensors[i] }

func (x *Exec) layer(i int) error {
	l := &x.net.Layers[i]
	in, out := x.tensors[l.In[0]], x.tensors[l.Out]
	switch l.Kind {
	case KindConv:
		return x.conv(l, x.convs[i], in, out)
	case KindPool:
		x.pool(l, &x.net.Tensors[l.In[0]], &x.net.Tensors[l.Out], in, out)
	case KindGlobalPool:
		x.globalPool(l, &x.net.Tensors[l.In[0]], in, out)
	case KindAdd, KindMul:
		x.combine(l)
	case KindActivation:
		x.activate(l, x.acts[i], in, out)
	case KindConcat:
		x.concat(l, out)
	case KindResize:
		resize(l, &x.net.Tensors[l.In[0]], &x.net.Tensors[l.Out], in, out)
	case KindRequant:
		for j := range out {
			out[j] = int32(fixed.Requant(int64(in[j]), l.Shift, l.Rounding, l.Lo, l.Hi))
		}
	default: // Validate has refused any other
		l.Moves.of(l.Kind).move(&x.net.Tensors[l.In[0]], &x.net.Tensors[l.Out], in, out)
	}
	return nil
}

// pool reduces channelwise windows. Validate has checked that every window
// overlaps the map.
func (x *Exec) pool(l *Layer, ti, to *Tensor, in, out []int32) {
	p, c := l.Pool, ti.C
	sums := make([]int64, c)
	for oy := range to.H {
		for ox := range to.W {
			n := 0
			for kh := range p.Kernel[0] {
				iy := oy*p.Stride[0] - p.Pads[0] + kh*p.Dilation[0]
				if iy < 0 || iy >= ti.H {
					continue
				}
				for kw := range p.Kernel[1] {
					ix := ox*p.Stride[1] - p.Pads[1] + kw*p.Dilation[1]
					if ix < 0 || ix >= ti.W {
						continue
					}
					reduce(sums, in[(iy*ti.W+ix)*c:][:c], p.Max, n == 0)
					n++
				}
			}
			if p.CountPad {
				n = p.Kernel[0] * p.Kernel[1]
			}
			x.finish(l, sums, n, out[(oy*to.W+ox)*c:][:c])
		}
	}
}

func (x *Exec) globalPool(l *Layer, ti *Tensor, in, out []int32) {
	sums := make([]int64, ti.C)
	for i := range ti.H * ti.W {
		reduce(sums, in[i*ti.C:][:ti.C], l.Pool.Max, i == 0)
	}
	x.finish(l, sums, ti.H*ti.W, out)
}

// reduce adds one pixel to the per-channel maxima or sums.
func reduce(acc []int64, px []int32, takeMax, first bool) {
	acc = acc[:len(px)]
	switch {
	case first:
		for i, v := range px {
			acc[i] = int64(v)
		}
	case takeMax:
		for i, v := range px {
			acc[i] = max(acc[i], int64(v))
		}
	default:
		for i, v := range px {
			acc[i] += int64(v)
		}
	}
}

// finish turns per-channel maxima or sums over n elements into outputs.
func (x *Exec) finish(l *Layer, acc []int64, n int, out []int32) {
	p := l.Pool
	if p.Max {
		for i := range out {
			out[i] = int32(min(max(acc[i], l.Lo), l.Hi))
		}
		return
	}
	mul, shift := p.MulOf(n, x.net.Tensors[l.In[0]].Format, x.net.Tensors[l.Out].Format), p.Scale-p.Drop+p.FormatShift
	for i := range out {
		out[i] = int32(fixed.Requant(fixed.RoundOff(acc[i]*mul, p.Drop), shift, l.Rounding, l.Lo, l.Hi))
	}
}

// RunMany evaluates n images on up to workers goroutines (all cores if workers
// <= 0). For each i, in a worker: input(i) gives the image (NHWC, not used after
// the image is done), x is run, and read copies the results it needs from x and
// its outputs. Then done receives the results one by one in the order of i,
// whatever the number of workers. The error is that of the lowest i that failed,
// or ctx's.
func RunMany[R any](ctx context.Context, x *Exec, n, numWorkers int, input func(i int) ([]int32, error), read func(x *Exec, outputs [][]int32) (R, error), done func(i int, r R) error) error {
	execs := make([]*Exec, workers.Count(n, numWorkers))
	for w := range execs {
		execs[w] = x.Clone()
	}
	return workers.Ordered(ctx, n, numWorkers, func(w, i int) (R, error) {
		var none R
		img, err := input(i)
		if err != nil {
			return none, err
		}
		outs, err := execs[w].Run(img)
		if err != nil {
			return none, fmt.Errorf("image %d: %w", i, err)
		}
		return read(execs[w], outs)
	}, done)
}
