package quant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/settings"
	"hass/internal/test/testenv"
)

// TestEverything takes a graph with every operator from float to integers at
// several widths: each layer obeys rung 1, on calibration-like and on adversarial
// inputs, and at 16 bits the network agrees with the float executor.
func TestEverything(t *testing.T) {
	clamped := 0
	for seed := range uint64(4) {
		g := everything(t, seed)
		fx, err := floatexec.New(g)
		if err != nil {
			t.Fatal(err)
		}
		calib := images(seed, 20, 3*9*8, 2, -1)
		for _, bits := range []int{16, 12, 8, 4, 2} {
			_, net := lower(t, g, calib, Options{Bits: bits})
			x := newExec(t, net)
			x.Checked = true
			imgs := images(seed+100, 3, 3*9*8, 2, -1)
			imgs = append(imgs, images(seed+200, 2, 3*9*8, 40, -20)...) // saturates
			for n, img := range imgs {
				q, err := net.QuantizeInput(img)
				if err != nil {
					t.Fatal(err)
				}
				outs, err := x.Run(q)
				if err != nil {
					t.Fatal(err)
				}
				clamped += checkLayers(t, x)
				if bits != 16 || n >= 3 {
					continue
				}
				got, err := hosttail.Results(net, outs)
				if err != nil {
					t.Fatal(err)
				}
				want, err := fx.Run([][]float32{img}, nil)
				if err != nil {
					t.Fatal(err)
				}
				for o := range want {
					if !got[o].Shape.Equal(fx.OutputShape(o)) {
						t.Fatalf("output %d has shape %v, want %v", o, got[o].Shape, fx.OutputShape(o))
					}
					for j := range want[o] {
						if d := math.Abs(float64(got[o].Data[j] - want[o][j])); d > 0.02 {
							t.Fatalf("seed %d output %d element %d: integer %g, float %g", seed, o, j, got[o].Data[j], want[o][j])
						}
					}
				}
			}
		}
	}
	if clamped == 0 {
		t.Error("no element was ever clamped")
	}
}

// TestStructure checks the layer or fusion of each node of the graph.
func TestStructure(t *testing.T) {
	g := everything(t, 1)
	spec, net := lower(t, g, images(1, 5, 3*9*8, 2, -1), Options{Bits: 16})
	var got []string
	for _, l := range net.Layers {
		out := net.Tensors[l.Out]
		got = append(got, strings.Join([]string{l.ID, string(l.Kind), out.Name}, " "))
	}
	want := []string{
		"c1 conv r1.y", "c2 conv r2.y", "c3 conv c3.y", "a add a.y", "r3 requant r3.y", "a2 add a2.y",
		"mp pool r4.y", "ap pool ap.y", "cp pool cp.y", "gm globalpool gm.y", "ga globalpool ga.y", "fc conv r5.y", "fc2 conv fc2.y",
		"se1 conv se1.y", "si activation si.y", "se2 conv se2.y", "hg activation hg.y", "gate mul gate.y", "shift add shift.y", "hs activation hs.y",
		"sg activation sg.y", "own mul own.y", "th activation th.y", "lr activation lr.y", "pr activation pr.y",
		"cat_requant0 requant cat/requant0", "cat concat cat.y", "part slice part.y",
		"up_zeros zeroinsert up.y/zeros", "up conv up.y", "near resize near.y", "lin resize lin.y", "last conv last.y",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	byName := make(map[string]*intnet.Layer)
	for i := range net.Layers {
		byName[net.Layers[i].Name] = &net.Layers[i]
	}
	if hs := byName["hs"]; net.Tensors[hs.In[0]].Format.Bits != 16 || hs.Act.MaxError > 0.6 {
		t.Errorf("hardswish reads %v with a stated error of %g", net.Tensors[hs.In[0]].Format, hs.Act.MaxError)
	}
	if l := byName["c2"]; l.Lo != 0 || l.Hi != fixed.Quantize(0.75, net.Tensors[l.Out].Format, fixed.HalfUp) || l.Hi < 0x8000 {
		t.Errorf("c2 clamps to [%d, %d] in %v: want the clip's limits, in the top half of the format", l.Lo, l.Hi, net.Tensors[l.Out].Format)
	}
	c3 := byName["c3"].Conv
	f := net.Tensors[byName["c3"].In[0]].Format
	if math.Ldexp(float64(c3.TauA), -f.Frac) < 0.2 || math.Ldexp(float64(c3.TauA-1), -f.Frac) >= 0.2 {
		t.Errorf("threshold 0.2 became %d at %v", c3.TauA, f)
	}
	if byName["mp"].Lo != 0 || net.Tensors[byName["mp"].Out].Format != net.Tensors[byName["mp"].In[0]].Format {
		t.Error("max pool: clamp or format")
	}
	if byName["mp"].Pool.Pads != [4]int{0, 0, 1, 0} {
		t.Errorf("ceil mode became pads %v", byName["mp"].Pool.Pads)
	}
	if byName["fc"].Conv.Kernel != [2]int{5, 4} {
		t.Errorf("flatten and dense became kernel %v", byName["fc"].Conv.Kernel)
	}
	for _, v := range []string{"r1.y", "r2.y", "r3.y", "ap.y", "r5.y"} {
		if v != "ap.y" && spec.Values[v].Signed {
			t.Errorf("%s is signed", v)
		}
	}
	if !spec.Values["x"].Signed || !spec.Values["a.y"].Signed || !spec.Values["c3.y"].Signed {
		t.Error("a value that may be negative is unsigned")
	}
	wantResults := []intnet.Result{
		{Name: "sm.y", Shape: []int{1, 4}, Tensor: byName["fc2"].Out, Host: []int{0}},
		{Name: "gm.y", Shape: []int{1, 8, 1, 1}, Tensor: byName["gm"].Out},
		{Name: "last.y", Shape: []int{1, 2, 12, 8}, Tensor: byName["last"].Out},
		{Name: "lin.y", Shape: []int{1, 4, 9, 8}, Tensor: byName["lin"].Out},
	}
	if d := cmp.Diff(wantResults, net.Results); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]intnet.HostOp{{Name: "sm", Op: "softmax", Shape: []int{1, 4}, Axis: 1, Input: byName["fc2"].Out}}, net.Host); d != "" {
		t.Error(d)
	}
}

// TestDeterminism: the Spec and the Net do not depend on the number of workers,
// and survive JSON.
func TestDeterminism(t *testing.T) {
	g := everything(t, 2)
	imgs := images(3, 17, 3*9*8, 2, -1)
	var first []byte
	for _, w := range []int{1, 2, 7} {
		spec, err := Calibrate(g, collect(t, g, imgs, w), Options{Bits: 8})
		if err != nil {
			t.Fatal(err)
		}
		js, err := json.Marshal(spec)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = js
		}
		if !bytes.Equal(js, first) {
			t.Fatalf("%d workers give another spec", w)
		}
		back := new(Spec)
		if err := json.Unmarshal(js, back); err != nil {
			t.Fatal(err)
		}
		a, err := Lower(g, spec)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Lower(g, back)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(a, b); d != "" {
			t.Fatal(d)
		}
	}
}

func TestUnsupported(t *testing.T) {
	x := newText(1, "[1,4,6,6]")
	x.conv("c1", "x", "c1.y", "[1,4,6,6]", 4, 4, 3, 1, 1)
	x.node(`sub "m" ("c1.y", "c1.y") -> ("m.y" [1,4,6,6])`)
	x.node(`foreign "" "Einsum" 13 "e;\n$(x)" ("m.y") -> ("e.y" [1,4,6,6])`)
	x.node(`globalavg "ga" ("e.y") -> ("ga.y" [1,4,1,1])`)
	x.node(`concat "rows" ("e.y", "e.y") -> ("rows.y" [1,4,12,6]) axis=2`)
	x.node(`slice "every" ("rows.y") -> ("every.y" [1,2,6,6]) start=[0,0,0,0] step=[1,2,1,1] to=[1,2,6,6]`)
	x.node(`resize "cub" ("every.y") -> ("cub.y" [1,2,12,12]) mode=cubic coord=asymmetric round=none cubic=-0.75 scales=[1,1,2,2] to=[1,2,12,12]`)
	x.node(`add "bc" ("ga.y", "e.y") -> ("bc.y" [1,4,6,6])`)
	x.node(`threshold "t" ("bc.y") -> ("t.y" [1,4,6,6]) alpha=0.5`)
	x.node(`relu "r" ("t.y") -> ("r.y" [1,4,6,6])`)
	x.node(`softmax "sm" ("r.y") -> ("sm.y" [1,4,6,6]) axis=1`)
	x.node(`relu "late" ("sm.y") -> ("late.y" [1,4,6,6])`)
	x.node(`reshape "rs" ("c1.y") -> ("rs.y" [1,6,4,6]) to=[1,6,4,6]`)
	x.node(`avgpool "ap" ("late.y") -> ("ap.y" [1,4,2,2]) kernel=[4,4] stride=[3,3] dilation=[1,1] pads=[0,0,0,0] countpad ceil`)
	x.node(`maxpool "mp" ("rs.y") -> ("mp.y" [1,6,2,3]) kernel=[2,2] stride=[2,2] dilation=[1,1] pads=[0,0,0,0]`)
	x.node(`sigmoid "dead" ("mp.y") -> ("dead.y" [1,6,2,3])`) // no output depends on it
	g := x.graph(t, "mp.y", "ap.y", "cub.y")
	_, err := Lower(g, &Spec{})
	var got []string
	for _, i := range Check(g) {
		got = append(got, i.Node+": "+i.Reason)
		if i.Hint == "" || !strings.Contains(err.Error(), i.Reason) {
			t.Errorf("issue %+v lacks a hint or is not in the error", i)
		}
	}
	want := []string{
		"m: the hardware has no element-wise difference",
		"e;\n$(x): no hardware operator corresponds to it",
		"rows: it joins [1,4,6,6] along axis 2; the hardware joins channels, axis 1 of [1,C,H,W]",
		"every: it takes [1,2,6,6] from [0 0 0 0] on in steps of [1 2 1 1]; the hardware takes rows and columns in positive steps and channels next to each other",
		"cub: it makes [1,2,12,12] of [1,2,6,6] by mode cubic; the hardware resizes rows and columns, nearest or linear",
		`t: its result is read by "r" (relu)`,
		`late: it follows "sm", which runs on the host at the end of the network`,
		"ap: its windows overhang the padded map, where counting padding has no fixed number of elements",
		"mp: it reads the map [1,4,6,6] reshaped to [1,6,4,6]; the hardware cannot rearrange pixels and channels",
		"test: what has no hardware cannot run on the host behind the accelerator: \"e;\\n$(x)\" (onnx.Einsum) runs neither in hardware nor on the host",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if strings.Contains(err.Error(), "\n$(x)") {
		t.Error("a node's name is printed unescaped")
	}
}

// TestTransposed compares transposed convolutions as a whole with the float executor,
// over strides, pads, output padding, dilation and groups.
func TestTransposed(t *testing.T) {
	for i, tt := range []struct{ attrs, shape string }{
		{"kernel=[2,2] stride=[2,2] dilation=[1,1] pads=[0,0,0,0] groups=1 outpad_h=0 outpad_w=0", "[1,6,10,8]"},
		{"kernel=[2,2] stride=[3,2] dilation=[1,1] pads=[0,0,0,0] groups=2 outpad_h=1 outpad_w=1", "[1,6,15,9]"},
		{"kernel=[2,2] stride=[1,1] dilation=[2,1] pads=[1,0,0,1] groups=1 outpad_h=0 outpad_w=0", "[1,6,6,4]"},
	} {
		x := newText(uint64(i), "[1,4,5,4]")
		groups := 1
		if strings.Contains(tt.attrs, "groups=2") {
			groups = 2
		}
		x.weights("w", 0.5, 4, 6/groups, 2, 2)
		x.weights("b", 0.5, 6)
		x.node(`convtranspose "up" ("x", "w", "b") -> ("y" %s) %s`, tt.shape, tt.attrs)
		g := x.graph(t, "y")
		imgs := images(3, 4, 4*5*4, 2, -1)
		_, net := lower(t, g, imgs, Options{Bits: 16})
		compareFloat(t, tt.attrs, g, net, imgs)
	}
}

// compareFloat checks that a network of one output agrees with the float executor on images.
func compareFloat(t *testing.T, what string, g *graph.Graph, net *intnet.Net, imgs [][]float32) {
	t.Helper()
	fx, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	x := newExec(t, net)
	for _, img := range imgs {
		q, err := net.QuantizeInput(img)
		if err != nil {
			t.Fatal(err)
		}
		outs, err := x.Run(q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := hosttail.Results(net, outs)
		if err != nil {
			t.Fatal(err)
		}
		want, err := fx.Run([][]float32{img}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range want[0] {
			if d := math.Abs(float64(got[0].Data[j] - v)); d > 1e-3 {
				t.Fatalf("%s: element %d is %g, want %g", what, j, got[0].Data[j], v)
			}
		}
	}
}

func TestSpecMismatch(t *testing.T) {
	testenv.Long(t)
	g := everything(t, 1)
	imgs := images(1, 3, 3*9*8, 2, -1)
	for name, change := range map[string]func(*Spec){
		"no value":      func(s *Spec) { delete(s.Values, "a.y") },
		"no conv":       func(s *Spec) { delete(s.Convs, "c2") },
		"another value": func(s *Spec) { s.Values["other"] = s.Values["a.y"] },
		"another conv":  func(s *Spec) { s.Convs["other"] = s.Convs["c2"] },
		"format":        func(s *Spec) { s.Values["a.y"] = ours(fixed.Format{Bits: 17}) },
		"frac":          func(s *Spec) { s.Values["a.y"] = ours(fixed.Format{Bits: 8, Frac: 1 << 40}) },
		"rounding":      func(s *Spec) { s.Values["a.y"] = kept(s.Values["a.y"].Format) },
		"no rounding":   func(s *Spec) { s.Values["a.y"] = ValueSpec{Format: s.Values["a.y"].Format} },
		"input":         func(s *Spec) { s.Values["x"] = kept(s.Values["x"].Format) },
		"max pool":      func(s *Spec) { s.Values["r4.y"] = ours(fixed.Format{Bits: 8}) },
		"weights":       func(s *Spec) { c := s.Convs["c1"]; c.WeightBits = 1; s.Convs["c1"] = c },
		"no fracs":      func(s *Spec) { c := s.Convs["c1"]; c.WeightFrac = nil; s.Convs["c1"] = c },
		"many fracs":    func(s *Spec) { c := s.Convs["c1"]; c.WeightFrac = make([]int, 8); s.Convs["c1"] = c },
		"frac of 2^30":  func(s *Spec) { c := s.Convs["c1"]; c.WeightFrac = []int{1 << 30}; s.Convs["c1"] = c },
		"huge frac":     func(s *Spec) { c := s.Convs["c1"]; c.WeightFrac = []int{60}; s.Convs["c1"] = c },
		"NaN threshold": func(s *Spec) { c := s.Convs["c1"]; c.TauA = math.NaN(); s.Convs["c1"] = c },
	} {
		spec, _ := lower(t, g, imgs, Options{Bits: 16})
		change(spec)
		if _, err := Lower(g, spec); err == nil {
			t.Errorf("%s: passed", name)
		}
	}
}

// TestWeights checks pruning, per-channel binary points and silent channels.
func TestWeights(t *testing.T) {
	g, err := graph.Parse(`graph "w" {
  input "x" f32 [1,1,1,1]
  const "w" f32 [5,1,1,1] {0.99 0.001 0 1e-20 -0.3}
  const "b" f32 [5] {0 0 3 1 0}
  conv "c" ("x", "w", "b") -> ("y" [1,5,1,1]) kernel=[1,1] stride=[1,1] dilation=[1,1] pads=[0,0,0,0] groups=1
  output "y"
}
`)
	if err != nil {
		t.Fatal(err)
	}
	imgs := [][]float32{{1}, {-1}, {0.5}}
	spec, net := lower(t, g, imgs, Options{Bits: 8})
	// 0.99 needs 7 fractional bits; 0.001 would like 16, 1e-20 more: both get the
	// last of eight steps. The silent channel follows them.
	if d := cmp.Diff([]int{7, 14, 14, 14, 8}, spec.Convs["c"].WeightFrac); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int16{127, 16, 0, 0, -77}, net.Layers[0].Conv.Weights); d != "" {
		t.Error(d)
	}
	w := 0.3
	_, net = lower(t, g, imgs, Options{Bits: 16, Thresholds: &settings.Thresholds{Default: settings.Tau{W: 0.0011}, Layers: map[string]settings.LayerTau{"c": {A: &w}}}})
	c := net.Layers[0].Conv
	if d := cmp.Diff([]int16{32440, 0, 0, 0, -9830}, c.Weights); d != "" {
		t.Error(d)
	}
	f := net.Tensors[0].Format
	if c.TauA != int64(math.Ceil(0.3*math.Ldexp(1, f.Frac))) {
		t.Errorf("tau_a %d at %v", c.TauA, f)
	}
}

// TestHugeBias: a bias that dwarfs weights and inputs lowers the weights' binary
// point instead of overflowing a DSP's accumulator.
func TestHugeBias(t *testing.T) {
	g, err := graph.Parse(`graph "b" {
  input "x" f32 [1,1,1,1]
  const "w" f32 [1,1,1,1] {1e-9}
  const "b" f32 [1] {1000}
  conv "c" ("x", "w", "b") -> ("y" [1,1,1,1]) kernel=[1,1] stride=[1,1] dilation=[1,1] pads=[0,0,0,0] groups=1
  output "y"
}
`)
	if err != nil {
		t.Fatal(err)
	}
	_, net := lower(t, g, [][]float32{{1}, {0.25}}, Options{Bits: 16})
	if c := net.Layers[0].Conv; c.AccBits > dspAccBits || c.AccBits < dspAccBits-1 {
		t.Errorf("accumulator of %d bits", c.AccBits)
	}
}

func TestApplyThresholds(t *testing.T) {
	g := everything(t, 1)
	before := g.String()
	a := 0.1
	th := &settings.Thresholds{Default: settings.Tau{W: 0.05}, Layers: map[string]settings.LayerTau{"c1": {A: &a}, "fc": {A: &a}}}
	pruned, err := th.Apply(g)
	if err != nil {
		t.Fatal(err)
	}
	if err := graph.Verify(pruned); err != nil {
		t.Fatal(err)
	}
	if g.String() != before {
		t.Error("Apply changed its argument")
	}
	imgs := images(1, 5, 3*9*8, 2, -1)
	// Both use the statistics of the pruned graph.
	r := collect(t, pruned, imgs, 1)
	s1, err := Calibrate(g, r, Options{Bits: 16, Thresholds: th})
	if err != nil {
		t.Fatal(err)
	}
	s2, err := Calibrate(pruned, r, Options{Bits: 16})
	if err != nil {
		t.Fatal(err)
	}
	n1, err := Lower(g, s1)
	if err != nil {
		t.Fatal(err)
	}
	n2, err := Lower(pruned, s2)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(n1, n2); d != "" {
		t.Error(d)
	}
	if n1.Layers[0].Conv.TauA == 0 {
		t.Error("no threshold")
	}
}

// TestQuantised: the formats of a quantised model are used by the input, by the layer before
// the quantiser, or by a separate layer behind a max pool. Weights on a grid have the grid's
// width.
func TestQuantised(t *testing.T) {
	build := func(scale string) *graph.Graph {
		x := newText(1, "[1,3,6,6]")
		fmt.Fprintf(&x.b, "  const \"s\" f32 [] {%s}\n  const \"z\" f32 [] {0}\n", scale)
		x.node(`quantize "q0" ("x", "s", "z") -> ("q0.y" [1,3,6,6]) bits=8 signed`)
		x.conv("c1", "q0.y", "c1.y", "[1,4,6,6]", 4, 3, 3, 1, 1)
		x.node(`relu "r1" ("c1.y") -> ("r1.y" [1,4,6,6])`)
		x.node(`quantize "q1" ("r1.y", "s", "z") -> ("q1.y" [1,4,6,6]) bits=4`)
		x.node(`maxpool "mp" ("q1.y") -> ("mp.y" [1,4,3,3]) kernel=[2,2] stride=[2,2] dilation=[1,1] pads=[0,0,0,0]`)
		x.node(`quantize "q2" ("mp.y", "s", "z") -> ("q2.y" [1,4,3,3]) bits=3 narrow`)
		x.conv("c2", "q2.y", "c2.y", "[1,2,3,3]", 2, 4, 3, 1, 1)
		g := x.graph(t, "c2.y")
		w := g.Consts["c1.w"]
		for i := range w.F {
			w.F[i] = float32(math.Round(float64(w.F[i])*8)) / 8
			w.F[i] = min(max(w.F[i], -7./8), 7./8)
		}
		w.Grid = &graph.Grid{Bits: 4, Signed: true, Scale: []float32{1. / 8}, Zero: []int64{0}}
		return g
	}
	g := build("0.0625")
	imgs := images(3, 6, 3*6*6, 2, -1)
	spec, net := lower(t, g, imgs, Options{Bits: 16})
	for name, want := range map[string]fixed.Format{
		"x": {Bits: 8, Frac: 4, Signed: true}, "q1.y": {Bits: 4, Frac: 4}, "mp.y": {Bits: 4, Frac: 4}, "q2.y": {Bits: 3, Frac: 4},
	} {
		if spec.Values[name] != kept(want) {
			t.Errorf("%s has format %v, want %v, half to even", name, spec.Values[name], want)
		}
	}
	if got := spec.Values["c2.y"].Rounding; got != fixed.HalfUp {
		t.Errorf("c2, which nothing quantises, rounds %v", got)
	}
	if c := spec.Convs["c1"]; c.WeightBits != 4 || c.WeightFrac[0] != 3 {
		t.Errorf("c1: %+v, want 4-bit weights at binary point 3", c)
	}
	if l := net.Layers[2]; l.Kind != intnet.KindRequant || l.Hi != 6 {
		t.Errorf("q2 became %s with limit %d, want a requant with limit 6", l.Kind, l.Hi)
	}
	compareFloat(t, "quantised", g, net, imgs)
	// Between equal scales that are no powers of two a shift does.
	g = build("0.06")
	_, net = lower(t, g, imgs, Options{Bits: 16})
	if c := net.Layers[0].Conv; c.Scaled() || c.Shift[0] != 3 || net.Tensors[0].Format.Step() != float64(float32(0.06)) {
		t.Errorf("between scales of 0.06 there are the multipliers %v and shifts %v, and the input has the format %v", c.Mul, c.Shift, net.Tensors[0].Format)
	}
	compareFloat(t, "scaled", g, net, imgs)
}
