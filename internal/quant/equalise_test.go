package quant

import (
	"context"
	"math"
	"strings"
	"testing"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/settings"
)

// spread is a network whose channels differ by far: behind a ReLU, a depthwise convolution, a hard swish, a pool, a sum and a concat.
func spread(t testing.TB, seed uint64, ratio float64) *graph.Graph {
	x := newText(seed, "[1,3,8,8]")
	x.conv("c1", "x", "c1.y", "[1,8,8,8]", 8, 3, 3, 1, 1)
	x.node(`relu "r1" ("c1.y") -> ("r1.y" [1,8,8,8])`)
	x.conv("dw", "r1.y", "dw.y", "[1,8,8,8]", 8, 8, 3, 8, 1)
	x.node(`hardswish "hs" ("dw.y") -> ("hs.y" [1,8,8,8])`)
	x.node(`globalavg "ga" ("hs.y") -> ("ga.y" [1,8,1,1])`)
	x.conv("se", "ga.y", "se.y", "[1,8,1,1]", 8, 8, 1, 1, 0)
	x.node(`sigmoid "sg" ("se.y") -> ("sg.y" [1,8,1,1])`)
	x.node(`mul "gate" ("hs.y", "sg.y") -> ("gate.y" [1,8,8,8])`)
	x.conv("c2", "gate.y", "c2.y", "[1,8,8,8]", 8, 8, 1, 1, 0)
	x.node(`add "a" ("c2.y", "r1.y") -> ("a.y" [1,8,8,8])`)
	x.node(`maxpool "mp" ("a.y") -> ("mp.y" [1,8,4,4]) kernel=[2,2] stride=[2,2] dilation=[1,1] pads=[0,0,0,0]`)
	x.conv("b", "mp.y", "b.y", "[1,4,4,4]", 4, 8, 1, 1, 0)
	x.node(`clip "r6" ("b.y") -> ("r6.y" [1,4,4,4]) alpha=0 beta=6`)
	x.node(`concat "cat" ("mp.y", "r6.y") -> ("cat.y" [1,12,4,4]) axis=1`)
	x.node(`slice "part" ("cat.y") -> ("part.y" [1,10,4,4]) start=[0,1,0,0] step=[1,1,1,1] to=[1,10,4,4]`)
	x.conv("last", "part.y", "last.y", "[1,5,4,4]", 5, 10, 1, 1, 0)
	g := x.graph(t, "last.y")
	// Half of the channels are small, and the layers that read them compensate for it.
	for i := range g.Consts["c1.w"].F {
		if i/27%2 == 1 {
			g.Consts["c1.w"].F[i] /= float32(ratio)
		}
	}
	for o := range 8 {
		if o%2 == 1 {
			g.Consts["c1.b"].F[o] /= float32(ratio)
			g.Consts["c2.b"].F[o] /= float32(ratio)
			for k := range 9 {
				g.Consts["dw.w"].F[o*9+k] *= float32(ratio)
			}
			for i := range 8 {
				g.Consts["c2.w"].F[o*8+i] /= float32(ratio)
			}
			for i := range 4 {
				g.Consts["b.w"].F[i*8+o] *= float32(ratio)
			}
			for i := range 5 {
				g.Consts["last.w"].F[i*10+o-1] *= float32(ratio)
			}
		}
	}
	return g
}

// relative is the root of the error's share of the float outputs' energy, over images.
func relative(t testing.TB, g *graph.Graph, net *intnet.Net, imgs [][]float32) float64 {
	t.Helper()
	f, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	x, err := intnet.New(net)
	if err != nil {
		t.Fatal(err)
	}
	signal, noise := 0.0, 0.0
	for _, img := range imgs {
		want, err := f.Run([][]float32{img}, nil)
		if err != nil {
			t.Fatal(err)
		}
		q, err := net.QuantizeInput(img)
		if err != nil {
			t.Fatal(err)
		}
		out, err := x.Run(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hosttail.Results(net, out)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want[0] {
			d := float64(v) - float64(got[0].Data[i])
			signal += float64(v) * float64(v)
			noise += d * d
		}
	}
	return math.Sqrt(noise / signal)
}

func fit(t testing.TB, g *graph.Graph, imgs [][]float32, opt Options) (*Spec, *intnet.Net) {
	t.Helper()
	s, err := Fit(context.Background(), g, calib.Images{N: len(imgs), Load: func(i int) ([]float32, error) { return imgs[i], nil }}, opt)
	if err != nil {
		t.Fatal(err)
	}
	net, err := Lower(g, s)
	if err != nil {
		t.Fatal(err)
	}
	return s, net
}

func TestEqualise(t *testing.T) {
	imgs, others := images(1, 12, 3*8*8, 2, -1), images(2, 12, 3*8*8, 2, -1)
	for _, tt := range []struct {
		name   string
		ratio  float64
		opt    Options
		least  int     // power of a small channel behind the first convolution
		better float64 // by which the error falls
	}{
		{"16 bits, channels that keep their range", 4, Options{Bits: 16}, 0, 1},
		{"16 bits", 1 << 14, Options{Bits: 16}, 6, 100},
		{"8 bits", 1 << 8, Options{Bits: 8, Scales: FreeScales}, 2, 5},
		{"8 bits, powers of two", 1 << 8, Options{Bits: 8, Scales: PowersOfTwo}, 2, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := spread(t, 3, tt.ratio)
			s, net := fit(t, g, imgs, tt.opt)
			if k := s.Equal.Of("r1.y", 1); k < tt.least || tt.least == 0 && k != 0 {
				t.Errorf("power %d of a channel that is small by %g; want %d at least (%v)", k, tt.ratio, tt.least, s.Equal)
			}
			plain := tt.opt
			plain.Pruned = true
			_, was := fit(t, g, imgs, plain)
			e, before := relative(t, g, net, others), relative(t, g, was, others)
			t.Logf("error %.3g, without %.3g", e, before)
			if e*tt.better > before {
				t.Errorf("error %g, without equalised channels %g: want less by %g", e, before, tt.better)
			}
		})
	}
}

// TestEqualExact: powers change no value of the network's arithmetic in real numbers, whatever they are.
func TestEqualExact(t *testing.T) {
	g := spread(t, 3, 1)
	imgs := images(1, 4, 3*8*8, 2, -1)
	p, err := plan(g)
	if err != nil {
		t.Fatal(err)
	}
	c := p.cells()
	e := make(calib.Powers)
	for _, l := range p.layers {
		list := make([]int, l.dims.c)
		for k := range list {
			if root := c.find(c.first[l.out] + k); !c.blocked[root] && !c.capped[root] {
				list[k] = root % 4
			}
		}
		e[l.out] = list
	}
	for _, value := range []string{"r1.y", "hs.y", "gate.y", "ga.y", "a.y", "cat.y", "part.y"} {
		if e.Of(value, 1) == 0 && e.Of(value, 2) == 0 && e.Of(value, 3) == 0 {
			t.Errorf("value %q is not equalised", value)
		}
	}
	r, err := calib.Collect(context.Background(), g, calib.Images{N: len(imgs), Load: func(i int) ([]float32, error) { return imgs[i], nil }}, e)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Calibrate(g, r, Options{Bits: 16})
	if err != nil {
		t.Fatal(err)
	}
	net, err := Lower(g, s)
	if err != nil {
		t.Fatal(err)
	}
	if d := relative(t, g, net, imgs); d > 2e-3 {
		t.Errorf("error %g", d)
	}
}

func TestEqualRefused(t *testing.T) {
	g := spread(t, 3, 1)
	imgs := images(1, 4, 3*8*8, 2, -1)
	good, _ := fit(t, g, imgs, Options{Bits: 8, Scales: FreeScales})
	all := func(n, k int) []int {
		list := make([]int, n)
		for i := range list {
			list[i] = k
		}
		return list
	}
	for _, tt := range []struct {
		name, want string
		change     func(s *Spec)
	}{
		{"an output", `power 1 of channel 0 of value "last.y"`, func(s *Spec) { s.Equal = calib.Powers{"last.y": all(5, 1)} }},
		{"one side of a sum", `of value`, func(s *Spec) { s.Equal = calib.Powers{"r1.y": all(8, 1)} }},
		{"a moved clamp", `of value`, func(s *Spec) { s.Equal = calib.Powers{"r6.y": all(4, -1), "cat.y": append(all(8, 0), all(4, -1)...)} }},
		{"number of channels", `has 3 powers`, func(s *Spec) { s.Equal = calib.Powers{"hs.y": all(3, 0)} }},
		{"unknown value", `"nowhere"`, func(s *Spec) { s.Equal = calib.Powers{"nowhere": all(3, 0)} }},
		{"threshold", `tau_a`, func(s *Spec) {
			s.Equal = calib.Powers{"hs.y": all(8, 1), "gate.y": all(8, 1), "ga.y": all(8, 1)}
			c := s.Convs["c2"]
			c.TauA = 0.1
			s.Convs["c2"] = c
		}},
		{"steps", "steps of weights", func(s *Spec) {
			c := s.Convs["c2"]
			c.WeightStep = c.WeightStep[:2]
			s.Convs["c2"] = c
		}},
		{"step of 0", "step 0 of weights", func(s *Spec) {
			c := s.Convs["c2"]
			c.WeightStep = make([]float64, 8)
			s.Convs["c2"] = c
		}},
		{"corrections", "corrections", func(s *Spec) {
			c := s.Convs["c2"]
			c.BiasAdd = c.BiasAdd[:1]
			s.Convs["c2"] = c
		}},
	} {
		s := *good
		s.Convs = make(map[string]ConvSpec)
		for name, c := range good.Convs {
			s.Convs[name] = c
		}
		tt.change(&s)
		if _, err := Lower(g, &s); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want an error with %q", tt.name, err, tt.want)
		}
	}
}

// TestFreeScales: multipliers are exact for the steps of weights, sums shift, and the error is less than with powers of two.
func TestFreeScales(t *testing.T) {
	g := spread(t, 3, 1)
	imgs, others := images(1, 12, 3*8*8, 2, -1), images(2, 12, 3*8*8, 2, -1)
	s, net := fit(t, g, imgs, Options{Bits: 8, Scales: FreeScales})
	for i := range net.Layers {
		l := &net.Layers[i]
		in, out := net.Tensors[l.In[0]].Format, net.Tensors[l.Out].Format
		switch l.Kind {
		case intnet.KindConv:
			for o := range l.Conv.OutC {
				got, want := math.Ldexp(float64(l.Conv.MulFor(o)), -l.Conv.Shift[0]), in.Step()*l.Conv.StepOf(o)/out.Step()
				if math.Abs(got-want) > 1e-12*want {
					t.Errorf("%s: multiplier and shift stand for %.15g, the steps for %.15g", l.Name, got, want)
				}
			}
		case intnet.KindAdd, intnet.KindMul:
			if !intnet.SameScales(l.Kind, in, net.Tensors[l.In[1]].Format, out) {
				t.Errorf("%s: scales of %v, %v and %v differ", l.Name, in, net.Tensors[l.In[1]].Format, out)
			}
		case intnet.KindConcat, intnet.KindGlobalPool, intnet.KindRequant:
			if in.Scale != out.Scale {
				t.Errorf("%s: scales of %v and %v differ", l.Name, in, out)
			}
		}
	}
	free := false
	for _, v := range s.Values {
		free = free || v.Scale != 0
	}
	if !free {
		t.Error("no value has a free step")
	}
	for _, bits := range []int{8, 4} { // of weights
		e, before := 0.0, 0.0
		for seed := range uint64(4) {
			g := spread(t, seed, 1)
			opt := Options{Bits: 16, Widths: &settings.Widths{Weights: bits}, Scales: FreeScales}
			_, free := fit(t, g, imgs, opt)
			opt.Scales = PowersOfTwo
			_, two := fit(t, g, imgs, opt)
			e, before = e+relative(t, g, free, others), before+relative(t, g, two, others)
		}
		t.Logf("%d-bit weights: error %.4g, of powers of two %.4g", bits, e, before)
		if e > 0.8*before {
			t.Errorf("%d-bit weights: error %g, of powers of two %g", bits, e, before)
		}
	}
}

// TestCorrect: the mean error of every output channel falls.
func TestCorrect(t *testing.T) {
	x := newText(5, "[1,8,6,6]")
	x.conv("c", "x", "c.y", "[1,16,6,6]", 16, 8, 3, 1, 1)
	g := x.graph(t, "c.y")
	imgs := images(1, 40, 8*6*6, 3, 0)
	s, net := fit(t, g, imgs, Options{Bits: 4, Widths: &settings.Widths{Layers: map[string]settings.LayerWidths{"c": {Weights: 4, Activations: 16}}}, Scales: FreeScales})
	meanError := func(net *intnet.Net) (sum float64) {
		f, err := floatexec.New(g)
		if err != nil {
			t.Fatal(err)
		}
		e, err := intnet.New(net)
		if err != nil {
			t.Fatal(err)
		}
		mean := make([]float64, 16)
		for _, img := range imgs {
			want, err := f.Run([][]float32{img}, nil)
			if err != nil {
				t.Fatal(err)
			}
			q, err := net.QuantizeInput(img)
			if err != nil {
				t.Fatal(err)
			}
			out, err := e.Run(q)
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range net.Dequantize(net.Outputs[0], out[0]) {
				mean[i/36] += float64(v) - float64(want[0][i])
			}
		}
		for _, v := range mean {
			sum += math.Abs(v)
		}
		return sum
	}
	with := meanError(net)
	c := s.Convs["c"]
	c.BiasAdd = nil
	s.Convs["c"] = c
	plain, err := Lower(g, s)
	if err != nil {
		t.Fatal(err)
	}
	if without := meanError(plain); with*4 > without {
		t.Errorf("mean errors add up to %g, uncorrected to %g; want a quarter at most", with, without)
	}
}

// TestWeightStep: the error counts where inputs vary.
func TestWeightStep(t *testing.T) {
	w := []float32{1, 0.1, 0.09, -0.11, 0.1}
	even := calib.BestStep(w, 7, func(int) float64 { return 1 })
	small := calib.BestStep(w, 7, func(i int) float64 { return []float64{1e-6, 1, 1, 1, 1}[i] })
	if !(small < even) {
		t.Errorf("steps %g and %g: where the large weight's input hardly varies the step must be less", even, small)
	}
	if s := calib.BestStep(make([]float32, 3), 7, func(int) float64 { return 1 }); s != 0 {
		t.Errorf("step %g of no weights", s)
	}
}
