package quant

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
)

// text builds the text form of a graph with random constants.
type text struct {
	b     strings.Builder
	r     *rand.Rand
	nodes []string
}

func newText(seed uint64, input string) *text {
	x := &text{r: rand.New(rand.NewPCG(seed, 7))}
	fmt.Fprintf(&x.b, "graph \"test\" {\n  input \"x\" f32 %s\n", input)
	return x
}

func (x *text) weights(name string, scale float64, shape ...int) {
	fmt.Fprintf(&x.b, "  const %q f32 %s {", name, graph.Shape(shape))
	for range graph.Shape(shape).Elems() {
		fmt.Fprintf(&x.b, "%g ", float32(scale*x.r.NormFloat64()))
	}
	x.b.WriteString("}\n")
}

func (x *text) node(format string, args ...any) {
	x.nodes = append(x.nodes, fmt.Sprintf(format, args...))
}

func (x *text) conv(name, in, out, shape string, f, c, k, groups, pad int) {
	x.weights(name+".w", 1.5/math.Sqrt(float64(c/groups*k*k)), f, c/groups, k, k)
	x.weights(name+".b", 0.2, f)
	x.node("conv %q (%q, %q, %q) -> (%q %s) kernel=[%d,%d] stride=[1,1] dilation=[1,1] pads=[%d,%d,%d,%d] groups=%d",
		name, in, name+".w", name+".b", out, shape, k, k, pad, pad, pad, pad, groups)
}

func (x *text) graph(t testing.TB, outputs ...string) *graph.Graph {
	t.Helper()
	for _, n := range x.nodes {
		fmt.Fprintf(&x.b, "  %s\n", n)
	}
	for _, o := range outputs {
		fmt.Fprintf(&x.b, "  output %q\n", o)
	}
	x.b.WriteString("}\n")
	g, err := graph.Parse(x.b.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, x.b.String())
	}
	if err := graph.Verify(g); err != nil {
		t.Fatalf("%v\n%s", err, x.b.String())
	}
	return g
}

// everything is a graph with each operator and each way of fusing.
func everything(t testing.TB, seed uint64) *graph.Graph {
	x := newText(seed, "[1,3,9,8]")
	x.conv("c1", "x", "c1.y", "[1,8,9,8]", 8, 3, 3, 1, 1)
	x.node(`relu "r1" ("c1.y") -> ("r1.y" [1,8,9,8])`) // fused
	x.conv("c2", "r1.y", "c2.y", "[1,8,9,8]", 8, 8, 3, 8, 1)
	x.node(`clip "r2" ("c2.y") -> ("r2.y" [1,8,9,8]) alpha=0 beta=0.75`)
	x.node(`threshold "t3" ("r2.y") -> ("t3.y" [1,8,9,8]) alpha=0.2`) // only c3 sees it
	x.conv("c3", "t3.y", "c3.y", "[1,8,9,8]", 8, 8, 1, 2, 0)
	x.node(`add "a" ("c3.y", "r1.y") -> ("a.y" [1,8,9,8])`)
	x.node(`relu "r3" ("a.y") -> ("r3.y" [1,8,9,8])`) // a.y has two readers, so the activation is a separate layer
	x.node(`add "a2" ("a.y", "r3.y") -> ("a2.y" [1,8,9,8])`)
	x.node(`maxpool "mp" ("a2.y") -> ("mp.y" [1,8,5,4]) kernel=[2,2] stride=[2,2] dilation=[1,1] pads=[0,0,0,0] ceil`)
	x.node(`relu "r4" ("mp.y") -> ("r4.y" [1,8,5,4])`)
	x.node(`avgpool "ap" ("r4.y") -> ("ap.y" [1,8,5,4]) kernel=[3,3] stride=[1,1] dilation=[1,1] pads=[1,1,1,1]`)
	x.node(`avgpool "cp" ("ap.y") -> ("cp.y" [1,8,5,4]) kernel=[3,3] stride=[1,1] dilation=[1,1] pads=[1,1,1,1] countpad`)
	x.node(`globalmax "gm" ("cp.y") -> ("gm.y" [1,8,1,1])`)
	x.node(`globalavg "ga" ("cp.y") -> ("ga.y" [1,8,1,1])`)
	x.node(`reshape "fl" ("cp.y") -> ("fl.y" [1,160,1,1]) to=[1,160,1,1]`)
	x.conv("fc", "fl.y", "fc.y", "[1,6,1,1]", 6, 160, 1, 1, 0) // after a flatten
	x.node(`reshape "sq" ("fc.y") -> ("sq.y" [1,6]) to=[1,6]`)
	x.node(`relu "r5" ("sq.y") -> ("r5.y" [1,6])`) // fused through the reshape
	x.node(`reshape "un" ("r5.y") -> ("un.y" [1,6,1,1]) to=[1,6,1,1]`)
	x.conv("fc2", "un.y", "fc2.y", "[1,4,1,1]", 4, 6, 1, 1, 0)
	x.node(`reshape "sq2" ("fc2.y") -> ("sq2.y" [1,4]) to=[1,4]`)
	x.node(`softmax "sm" ("sq2.y") -> ("sm.y" [1,4]) axis=1`)
	// Squeeze and excite, both orders of the operands.
	x.conv("se1", "ga.y", "se1.y", "[1,4,1,1]", 4, 8, 1, 1, 0)
	x.node(`silu "si" ("se1.y") -> ("si.y" [1,4,1,1])`)
	x.conv("se2", "si.y", "se2.y", "[1,8,1,1]", 8, 4, 1, 1, 0)
	x.node(`hardsigmoid "hg" ("se2.y") -> ("hg.y" [1,8,1,1]) alpha=0.16666667 beta=0.5`)
	x.node(`mul "gate" ("hg.y", "cp.y") -> ("gate.y" [1,8,5,4])`)
	x.node(`add "shift" ("gate.y", "se2.y") -> ("shift.y" [1,8,5,4])`)
	x.node(`hardswish "hs" ("shift.y") -> ("hs.y" [1,8,5,4])`)
	x.node(`sigmoid "sg" ("shift.y") -> ("sg.y" [1,8,5,4])`)
	x.node(`mul "own" ("hs.y", "sg.y") -> ("own.y" [1,8,5,4])`)
	x.node(`tanh "th" ("own.y") -> ("th.y" [1,8,5,4])`)
	x.node(`leakyrelu "lr" ("own.y") -> ("lr.y" [1,8,5,4]) alpha=0.1`)
	x.weights("slopes", 0.5, 8, 1, 1)
	x.node(`prelu "pr" ("own.y", "slopes") -> ("pr.y" [1,8,5,4])`)
	x.node(`concat "cat" ("th.y", "lr.y", "pr.y") -> ("cat.y" [1,24,5,4]) axis=1`)
	x.node(`slice "part" ("cat.y") -> ("part.y" [1,12,3,2]) start=[0,4,0,1] step=[1,1,2,2] to=[1,12,3,2]`)
	x.weights("up.w", 0.2, 12, 2, 3, 3)
	x.weights("up.b", 0.2, 4)
	x.node(`convtranspose "up" ("part.y", "up.w", "up.b") -> ("up.y" [1,4,6,4]) kernel=[3,3] stride=[2,2] dilation=[1,1] pads=[1,1,1,1] groups=2 outpad_h=1 outpad_w=1`)
	x.node(`resize "near" ("up.y") -> ("near.y" [1,4,12,8]) mode=nearest coord=asymmetric round=floor cubic=0 scales=[1,1,2,2] to=[1,4,12,8]`)
	x.node(`resize "lin" ("up.y") -> ("lin.y" [1,4,9,8]) mode=linear coord=half_pixel round=none cubic=0 scales=[1,1,1.5,2] to=[1,4,9,8]`)
	x.conv("last", "near.y", "last.y", "[1,2,12,8]", 2, 4, 1, 2, 0)
	return x.graph(t, "sm.y", "gm.y", "last.y", "lin.y")
}

func images(seed uint64, n, elems int, scale, offset float64) [][]float32 {
	r := rand.New(rand.NewPCG(seed, 9))
	all := make([][]float32, n)
	for i := range all {
		all[i] = make([]float32, elems)
		for j := range all[i] {
			all[i][j] = float32(offset + scale*r.Float64())
		}
	}
	return all
}

func collect(t testing.TB, g *graph.Graph, imgs [][]float32, workers int) *calib.Ranges {
	t.Helper()
	r, err := calib.Collect(context.Background(), g, calib.Images{N: len(imgs), Workers: workers, Load: func(i int) ([]float32, error) { return imgs[i], nil }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func lower(t testing.TB, g *graph.Graph, imgs [][]float32, opt Options) (*Spec, *intnet.Net) {
	t.Helper()
	spec, err := Calibrate(g, collect(t, g, imgs, 0), opt)
	if err != nil {
		t.Fatal(err)
	}
	net, err := Lower(g, spec)
	if err != nil {
		t.Fatal(err)
	}
	return spec, net
}

// checkLayers is rung 1 of the verification ladder: every integer of x's last run
// is within half a unit in the last place of the float64 result of rung 0's
// operators on the same dequantised inputs, clamped; an average within
// 2^(bits-19) input units more. It returns the number of clamped elements.
func checkLayers(t testing.TB, x *intnet.Exec) (clamped int) {
	t.Helper()
	net := x.Net()
	for i := range net.Layers {
		l := &net.Layers[i]
		var in []*floatexec.Tensor[float64]
		for _, n := range l.In {
			in = append(in, real(net, n, x.Tensor(n)))
		}
		var op graph.Op
		bound := 0.5
		out := net.Tensors[l.Out]
		switch l.Kind {
		case intnet.KindConv:
			op = graph.Conv{Window: graph.Window(l.Conv.Window), Groups: l.Conv.Groups}
			w, b := realWeights(net, l)
			in = append(in, w, b)
			tau := math.Ldexp(float64(l.Conv.TauA), -net.Tensors[l.In[0]].Format.Frac)
			for j, v := range in[0].Data {
				if math.Abs(v) < tau {
					in[0].Data[j] = 0
				}
			}
		case intnet.KindPool:
			op = graph.Pool{Window: graph.Window(l.Pool.Window), Max: l.Pool.Max, CountPad: l.Pool.CountPad}
		case intnet.KindGlobalPool:
			op = graph.GlobalPool{Max: l.Pool.Max}
		case intnet.KindAdd, intnet.KindMul:
			op = graph.Eltwise{Fn: string(l.Kind)}
		case intnet.KindActivation:
			if op = activations[l.Name]; op == nil {
				t.Fatalf("layer %q: the test does not know its function", l.Name)
			}
			if a := op.(graph.Activation); a.Fn == "prelu" {
				in = append(in, slopes(l.Act))
			}
			bound = l.Act.MaxError
			if limit := 1.0; bound > limit && net.Tensors[l.In[0]].Format.Bits == 16 && !(l.Act.Fn == intnet.ActCurve && len(l.Act.Table) > 1<<10) {
				t.Fatalf("layer %q: stated error of %g units", l.Name, bound)
			}
		case intnet.KindConcat:
			op = graph.Concat{Axis: 1}
		case intnet.KindSlice:
			s := l.Slice
			op = graph.Slice{Start: []int{0, s.Start[2], s.Start[0], s.Start[1]}, Step: []int{1, 1, s.Step[0], s.Step[1]}, To: graph.Shape{1, out.C, out.H, out.W}}
		case intnet.KindResize:
			if op = resizes[l.Name]; op == nil {
				t.Fatalf("layer %q: the test does not know its resizing", l.Name)
			}
			if l.Resize.Rows.Weight != nil {
				// Weights of 12 places, of two values each: two units of 2^-13 of the input's range an axis.
				bound += math.Ldexp(4, net.Tensors[l.In[0]].Format.Bits-13-l.Resize.FormatShift)
			}
		case intnet.KindZeroInsert:
			zeros := 0
			for _, v := range x.Tensor(l.Out) {
				if v == 0 {
					zeros++
				}
			}
			in := net.Tensors[l.In[0]]
			if least := (out.H*out.W - in.H*in.W) * out.C; zeros < least {
				t.Fatalf("layer %q: %d zeros, want at least %d", l.Name, zeros, least)
			}
			continue // the transposed convolution behind it is compared as a whole elsewhere
		case intnet.KindRequant:
			op = graph.Reshape{To: in[0].Shape}
		}
		if l.Pool != nil && !l.Pool.Max {
			bound += math.Ldexp(1, net.Tensors[l.In[0]].Format.Bits-19-l.Pool.FormatShift)
		}
		want, err := floatexec.Eval(op, in...)
		if err != nil {
			t.Fatalf("layer %q: %v", l.Name, err)
		}
		got := x.Tensor(l.Out)
		hw := out.H * out.W
		for j, v := range want.Data {
			v = math.Ldexp(v, out.Format.Frac)
			c := min(max(v, float64(l.Lo)), float64(l.Hi))
			if c != v {
				clamped++
			}
			q := got[j%hw*out.C+j/hw]
			if d := math.Abs(float64(q) - c); !(d <= bound) {
				t.Fatalf("layer %q (%s) element %d (NCHW): %d is off by %g units from %g", l.Name, l.Kind, j, q, d, v)
			}
		}
	}
	return clamped
}

// activations and resizes are the operators of the test graphs by node.
var (
	activations = map[string]graph.Op{
		"si": graph.Activation{Fn: "silu"}, "hg": graph.Activation{Fn: "hardsigmoid", Alpha: 0.16666667, Beta: 0.5}, "hs": graph.Activation{Fn: "hardswish"},
		"sg": graph.Activation{Fn: "sigmoid"}, "th": graph.Activation{Fn: "tanh"}, "lr": graph.Activation{Fn: "leakyrelu", Alpha: 0.1}, "pr": graph.Activation{Fn: "prelu"},
	}
	resizes = map[string]graph.Op{
		"near": graph.Resize{Mode: "nearest", Coord: "asymmetric", Round: "floor", Scales: []float64{1, 1, 2, 2}, To: graph.Shape{1, 4, 12, 8}},
		"lin":  graph.Resize{Mode: "linear", Coord: "half_pixel", Scales: []float64{1, 1, 1.5, 2}, To: graph.Shape{1, 4, 9, 8}},
	}
)

// slopes are a leakyrelu's, one per channel.
func slopes(a *intnet.Act) *floatexec.Tensor[float64] {
	s := &floatexec.Tensor[float64]{Shape: graph.Shape{len(a.Mul), 1, 1}}
	for _, m := range a.Mul {
		s.Data = append(s.Data, float64(m)/float64(a.Top))
	}
	return s
}

// real is a tensor as float64 in NCHW.
func real(net *intnet.Net, n int, q []int32) *floatexec.Tensor[float64] {
	d := net.Tensors[n]
	v := &floatexec.Tensor[float64]{Shape: graph.Shape{1, d.C, d.H, d.W}, Data: make([]float64, len(q))}
	hw := d.H * d.W
	for i := range q {
		v.Data[i%d.C*hw+i/d.C] = math.Ldexp(float64(q[i]), -d.Format.Frac)
	}
	return v
}

func realWeights(net *intnet.Net, l *intnet.Layer) (w, b *floatexec.Tensor[float64]) {
	c := l.Conv
	cg := net.Tensors[l.In[0]].C / c.Groups
	taps := c.Kernel[0] * c.Kernel[1]
	w = &floatexec.Tensor[float64]{Shape: graph.Shape{c.OutC, cg, c.Kernel[0], c.Kernel[1]}, Data: make([]float64, len(c.Weights))}
	b = &floatexec.Tensor[float64]{Shape: graph.Shape{c.OutC}, Data: make([]float64, c.OutC)}
	for o := range c.OutC {
		f := c.WeightFrac[min(o, len(c.WeightFrac)-1)]
		b.Data[o] = math.Ldexp(float64(c.Bias[o]), -f-net.Tensors[l.In[0]].Format.Frac)
		for tap := range taps {
			for ch := range cg {
				w.Data[(o*cg+ch)*taps+tap] = math.Ldexp(float64(c.Weights[(o*taps+tap)*cg+ch]), -f)
			}
		}
	}
	return w, b
}

func newExec(t testing.TB, net *intnet.Net) *intnet.Exec {
	t.Helper()
	x, err := intnet.New(net)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
