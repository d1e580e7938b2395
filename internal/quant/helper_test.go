package quant

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

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
	x.node(`relu "r3" ("a.y") -> ("r3.y" [1,8,9,8])`) // a.y has two readers: a layer of its own
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
	return x.graph(t, "sm.y", "gm.y", "ga.y")
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

func collect(t testing.TB, g *graph.Graph, imgs [][]float32, workers int) *Ranges {
	t.Helper()
	r, err := Collect(context.Background(), g, len(imgs), workers, func(i int) ([]float32, error) { return imgs[i], nil }, nil)
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
		case intnet.KindAdd:
			op = graph.Eltwise{Fn: "add"}
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
