package quant

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/test/exact"
)

// keptGraph writes random graphs as quantised models have them: every value that an operator computes
// goes through a quantiser whose scale is a power of two, directly or behind operators that commute
// with it.
type keptGraph struct {
	*text
	rng     *rand.Rand
	n       int // nodes so far
	offGrid bool
	// scaled: the scales are any numbers, of weights per output channel or per tensor, and there are zero points.
	scaled bool
}

// scale is a scale near 2^-frac.
func (k *keptGraph) scale(frac int) float32 {
	s := math.Ldexp(1, -frac)
	if k.scaled && k.rng.IntN(4) > 0 {
		s *= 0.7 + 0.7*k.rng.Float64()
	}
	return float32(s)
}

// value is a value of the graph: its name, shape and step.
type value struct {
	name    string
	c, h, w int
	frac    int // its values are multiples of 2^-frac
}

func (v value) shape() string { return fmt.Sprintf("[1,%d,%d,%d]", v.c, v.h, v.w) }

func (k *keptGraph) op(to value, format string, in ...value) value {
	k.n++
	to.name = fmt.Sprintf("v%d", k.n)
	args := ""
	for i, v := range in {
		if i > 0 {
			args += ", "
		}
		args += fmt.Sprintf("%q", v.name)
	}
	k.node(format, fmt.Sprintf("n%d", k.n), args, to.name, to.shape())
	return to
}

// quantise is a quantiser of 3 to 8 bits whose step is coarser than v's by a few places.
func (k *keptGraph) quantise(v value) value {
	frac := v.frac - k.rng.IntN(4)
	bits, rest := 3+k.rng.IntN(6), ""
	if k.rng.IntN(3) > 0 {
		rest = " signed"
	}
	if k.rng.IntN(4) == 0 {
		rest += " narrow"
	}
	k.n++
	zero := 0
	if least, most := graph.Range(bits, strings.Contains(rest, "signed"), strings.Contains(rest, "narrow")); k.scaled && k.rng.IntN(2) == 0 {
		zero = int(least) + k.rng.IntN(int(most-least)/2+1)
	}
	fmt.Fprintf(&k.b, "  const \"s%d\" f32 [] {%v}\n  const \"z%d\" f32 [] {%d}\n", k.n, k.scale(frac), k.n, zero)
	to := v
	to.name, to.frac = fmt.Sprintf("v%d", k.n), frac
	k.node(`quantize "n%d" (%q, "s%d", "z%d") -> (%q %s) bits=%d%s`, k.n, v.name, k.n, k.n, to.name, to.shape(), bits, rest)
	return to
}

// sign is a bipolar quantiser.
func (k *keptGraph) sign(v value) value {
	k.n++
	fmt.Fprintf(&k.b, "  const \"s%d\" f32 [] {%v}\n  const \"z%d\" f32 [] {0}\n", k.n, k.scale(v.frac), k.n)
	to := v
	to.name = fmt.Sprintf("v%d", k.n)
	k.node(`quantize "n%d" (%q, "s%d", "z%d") -> (%q %s) bits=1 bipolar`, k.n, v.name, k.n, k.n, to.name, to.shape())
	return to
}

// count is a multithreshold of 1 to 7 thresholds.
func (k *keptGraph) count(v value) value {
	k.n++
	rows, n := 1, 1+k.rng.IntN(7)
	if k.rng.IntN(2) == 0 {
		rows = v.c
	}
	fmt.Fprintf(&k.b, "  const \"t%d\" f32 [%d,%d] {", k.n, rows, n)
	for range rows {
		at := -k.rng.Float64()
		for range n {
			fmt.Fprintf(&k.b, "%v ", float32(at))
			at += k.rng.Float64() * float64(k.rng.IntN(2))
		}
	}
	fmt.Fprintf(&k.b, "}\n")
	to := v
	to.name = fmt.Sprintf("v%d", k.n)
	step := k.scale(v.frac)
	bias := -2 * float64(step)
	if n < 4 && k.rng.IntN(2) == 0 { // levels between the multiples of the step, as -1 and 1 of bipolar numbers are
		bias = -float64(n) / 2 * float64(step)
	}
	k.node(`multithreshold "n%d" (%q, "t%d") -> (%q %s) scale=%v bias=%v`, k.n, v.name, k.n, to.name, to.shape(), float64(step), bias)
	return to
}

// conv has weights of 4 bits on a grid and often biases that are not on one.
func (k *keptGraph) conv(v value) value {
	f, frac := 1+k.rng.IntN(5), 1+k.rng.IntN(3)
	k.n++
	scales := []float32{k.scale(frac)}
	zeros := []int{0}
	if k.scaled && k.rng.IntN(2) == 0 {
		for len(scales) < f {
			scales, zeros = append(scales, k.scale(frac)), append(zeros, k.rng.IntN(7)-3)
		}
	}
	fmt.Fprintf(&k.b, "  const \"w%d\" f32 [%d,%d,3,3] {", k.n, f, v.c)
	for o := range f {
		at := min(o, len(scales)-1)
		for range v.c * 9 {
			fmt.Fprintf(&k.b, "%v ", float32(k.rng.IntN(16)-8-zeros[at])*scales[at])
		}
	}
	fmt.Fprintf(&k.b, "} grid=4 signed axis=0 scale=%s zero=%s\n  const \"b%d\" f32 [%d] {", list(scales), list(zeros), k.n, f)
	for o := range f {
		unit := scales[min(o, len(scales)-1)]
		b := float64(k.rng.IntN(65)-32) * math.Ldexp(float64(unit), -v.frac)
		if k.offGrid && k.rng.IntN(2) == 0 {
			b += k.rng.Float64() * math.Ldexp(float64(unit), -v.frac)
		}
		fmt.Fprintf(&k.b, "%g ", float32(b))
	}
	fmt.Fprintf(&k.b, "}\n")
	to := value{fmt.Sprintf("v%d", k.n), f, v.h, v.w, v.frac + frac}
	k.node(`conv "n%d" (%q, "w%d", "b%d") -> (%q %s) kernel=[3,3] stride=[1,1] dilation=[1,1] pads=[1,1,1,1] groups=1`, k.n, v.name, k.n, k.n, to.name, to.shape())
	return to
}

// list is a list of numbers in the graph's text.
func list[T any](v []T) string { return strings.ReplaceAll(fmt.Sprint(v), " ", ",") }

// random is a graph of about the given number of quantised operators.
func (k *keptGraph) random(operators int) {
	r := k.rng
	in := value{"x", 2, 6, 8, 4}
	made := []value{k.quantise(in)}
	for range operators {
		v := made[len(made)-1]
		if r.IntN(4) == 0 {
			v = made[r.IntN(len(made))]
		}
		if r.IntN(12) == 0 {
			if r.IntN(2) == 0 {
				v = k.conv(v)
			}
			made = append(made, k.sign(v))
			continue
		}
		if r.IntN(12) == 0 {
			if r.IntN(2) == 0 {
				v = k.conv(v)
			}
			made = append(made, k.count(v))
			continue
		}
		switch r.IntN(9) {
		case 0, 1:
			v = k.conv(v)
		case 2:
			w := k.conv(v)
			u := k.conv(v)
			to := u
			to.c, to.frac = w.c+u.c, max(w.frac, u.frac)
			v = k.op(to, `concat %q (%s) -> (%q %s) axis=1`, w, u)
		case 3:
			other := made[r.IntN(len(made))]
			if other.c != v.c || other.h != v.h || other.w != v.w {
				continue
			}
			to := v
			to.frac = max(v.frac, other.frac)
			v = k.op(to, `add %q (%s) -> (%q %s)`, v, other)
		case 4:
			if v.h < 2 || v.w < 2 {
				continue
			}
			to := v
			to.h, to.w = v.h, v.w-1
			v = k.op(to, `avgpool %q (%s) -> (%q %s) kernel=[3,2] stride=[1,1] dilation=[1,1] pads=[1,0,1,0]`, v)
			v.frac++
		case 5:
			v = k.op(value{"", v.c, 1, 1, v.frac}, `globalavg %q (%s) -> (%q %s)`, v)
		case 6:
			if v.h*v.w > 200 {
				continue
			}
			to := v
			coord := []string{"half_pixel", "asymmetric"}[r.IntN(2)]
			scale := []float64{2, 2, 1.5, 3}[r.IntN(4)]
			to.h, to.w = int(float64(v.h)*scale), int(float64(v.w)*scale)
			if k.scaled { // thirds are not exact before a quantiser of another scale, and Warnings reports that
				scale = 2
			}
			if scale == 2 {
				to.frac += 2
			}
			v = k.op(to, fmt.Sprintf(`resize %%q (%%s) -> (%%q %%s) mode=linear coord=%s round=none cubic=0 scales=[1,1,%g,%g] to=[1,%d,%d,%d]`, coord, scale, scale, to.c, to.h, to.w), v)
		case 7:
			if v.h < 2 || v.w < 2 {
				continue
			}
			to := k.conv(v)
			from := to
			to.h, to.w = v.h/2, v.w/2
			v = k.op(to, `maxpool %q (%s) -> (%q %s) kernel=[2,2] stride=[2,2] dilation=[1,1] pads=[0,0,0,0]`, from)
		case 8:
			switch r.IntN(4) {
			case 0:
				v = k.op(v, fmt.Sprintf(`leakyrelu %%q (%%s) -> (%%q %%s) alpha=%v`, float64(float32(r.Float64()))), v)
			case 1:
				v = k.op(v, fmt.Sprintf(`hardsigmoid %%q (%%s) -> (%%q %%s) alpha=%v beta=%v`, float64(float32(r.Float64()/4)), float64(float32(r.Float64()))), v)
			case 2:
				v = k.op(v, `hardswish %q (%s) -> (%q %s)`, v)
			case 3:
				k.weights(fmt.Sprintf("slopes%d", k.n+1), 0.5, v.c, 1, 1)
				v = k.op(v, `prelu %q (%s) -> (%q %s)`, v, value{name: fmt.Sprintf("slopes%d", k.n+1)})
			}
			v.frac += 2
		}
		if r.IntN(3) == 0 {
			v = k.op(v, fmt.Sprintf(`clip %%q (%%s) -> (%%q %%s) alpha=%g beta=%g`, -r.Float64(), 3*r.Float64()), v)
		} else if r.IntN(3) == 0 {
			v = k.op(v, `relu %q (%s) -> (%q %s)`, v)
		}
		made = append(made, k.quantise(v))
	}
}

// TestKeptQuantisers: the integer network of a quantised model equals the model evaluated
// exactly, ties to even included, behind every operator.
func TestKeptQuantisers(t *testing.T) {
	kinds := map[intnet.Kind]int{}
	ties, graphs, judged, dropped := 0, 0, 0, 0
	forms := map[string]int{}
	for seed := range uint64(300) {
		k := &keptGraph{text: newText(seed, "[1,2,6,8]"), rng: rand.New(rand.NewPCG(seed, 3)), offGrid: true, scaled: seed%2 == 1}
		k.random(5)
		last := fmt.Sprintf("v%d", k.n)
		g := k.graph(t, last)
		if err := Buildable(g); err != nil {
			t.Fatalf("graph %d: %v", seed, err)
		}
		imgs := images(seed, 3, 2*6*8, 2, -1)
		for _, img := range imgs { // many ties at the input, too
			for i := range img {
				if k.rng.IntN(2) == 0 {
					img[i] = float32(math.Round(float64(img[i])*64)) / 64
				}
			}
		}
		spec, net := lower(t, g, imgs, Options{Bits: 16})
		if net.InputRounding != fixed.HalfEven && spec.Values["x"].Rounding == fixed.HalfEven {
			t.Fatal("the input's rounding is lost")
		}
		x := newExec(t, net)
		graphs++
		for _, l := range net.Layers {
			kinds[l.Kind]++
			if l.Conv != nil {
				forms[formOf(l.Conv)]++
			}
			if l.Resize != nil && l.Resize.Drop > 0 {
				dropped++
			}
		}
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
			values, err := exact.Values(g, img)
			if err != nil {
				t.Fatal(err)
			}
			if k.scaled && nearTies(g, values) {
				continue // float64 cannot decide on which side of a tie they are
			}
			judged++
			for i, v := range values[last].Data {
				if k.scaled { // compared in steps: the values are products of the step
					v = math.Round(v/stepOf(g, last)) * stepOf(g, last)
					if math.Abs(float64(got[0].Data[i])-v) < 1e-3*stepOf(g, last) {
						continue
					}
				}
				if float64(got[0].Data[i]) != v {
					for _, l := range net.Layers {
						t.Logf("%s %s %v %v [%d, %d]", l.Name, l.Kind, net.Tensors[l.Out].Format, l.Rounding, l.Lo, l.Hi)
					}
					t.Fatalf("graph %d: element %d is %g, exactly %g\n%s", seed, i, got[0].Data[i], v, g)
				}
			}
			ties += countTies(g, values)
		}
	}
	t.Logf("%d graphs, %d images judged, %d ties; layers: %v; convolutions: %v", graphs, judged, ties, kinds, forms)
	for _, form := range []string{"shift", "multiplier", "multipliers", "thresholds"} {
		if forms[form] == 0 {
			t.Errorf("no convolution requantises by %s", form)
		}
	}
	if judged < graphs*2 {
		t.Errorf("only %d images were judged", judged)
	}
	for _, kind := range []intnet.Kind{intnet.KindConv, intnet.KindAdd, intnet.KindConcat, intnet.KindPool, intnet.KindGlobalPool, intnet.KindResize, intnet.KindRequant, intnet.KindActivation} {
		if kinds[kind] == 0 {
			t.Errorf("no graph has a layer of kind %s", kind)
		}
	}
	if dropped == 0 {
		t.Error("no resize has weights that are rounded")
	}
	if ties < 1000 {
		t.Errorf("only %d ties were rounded", ties)
	}
}

// formOf names a convolution's requantisation.
func formOf(c *intnet.Conv) string {
	switch {
	case c.Thresholds != nil:
		return "thresholds"
	case len(c.Mul) > 1:
		return "multipliers"
	case c.Mul != nil:
		return "multiplier"
	}
	return "shift"
}

// stepOf is the scale of the quantiser that makes a value.
func stepOf(g *graph.Graph, value string) float64 {
	for _, n := range g.Nodes {
		if op, ok := n.Op.(graph.MultiThreshold); ok && n.Outputs[0] == value {
			return op.Scale / 2 // of levels between its multiples, too
		} else if n.Outputs[0] == value {
			return float64(g.Consts[n.Inputs[1]].F[0])
		}
	}
	return 0
}

// nearTies tells whether a value at a quantiser is so close to a tie that float64 may put it on the wrong side.
func nearTies(g *graph.Graph, values map[string]*floatexec.Tensor[float64]) bool {
	for _, n := range g.Nodes {
		if op, ok := n.Op.(graph.Quantize); !ok || op.Bipolar {
			continue
		}
		for _, v := range values[n.Inputs[0]].Data {
			if q := v / values[n.Inputs[1]].Data[0]; math.Abs(q-math.Floor(q)-0.5) < 1e-9 {
				return true
			}
		}
	}
	return false
}

// countTies counts the values that quantisers found half way between two steps.
func countTies(g *graph.Graph, values map[string]*floatexec.Tensor[float64]) (ties int) {
	for _, n := range g.Nodes {
		if _, ok := n.Op.(graph.Quantize); !ok {
			continue
		}
		for _, v := range values[n.Inputs[0]].Data {
			if q := v / values[n.Inputs[1]].Data[0]; q-math.Floor(q) == 0.5 {
				ties++
			}
		}
	}
	return ties
}
