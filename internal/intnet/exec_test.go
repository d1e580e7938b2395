package intnet

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
)

func s(bits, frac int) fixed.Format { return fixed.Format{Bits: bits, Frac: frac, Signed: true} }
func u(bits, frac int) fixed.Format { return fixed.Format{Bits: bits, Frac: frac} }

// zoo is a network with every kind of layer, geometry and format combination.
func zoo(seed uint64) *builder {
	b := newBuilder(seed, 11, 9, 4, u(8, 0))
	a := b.conv(0, Window{Kernel: [2]int{3, 2}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 0, 1, 1}}, 1, 8, 16, []int{12}, s(16, -4), 0)
	p := b.conv(a, square(3, 1, 2, 2), 2, 8, 8, []int{5, 6, 7, 8, 9, 10, 11, 12}, s(12, -7), 300)
	q := b.conv(p, square(3, 1, 1, 1), 8, 8, 5, []int{3}, u(9, -8), 0) // depthwise
	m := b.conv(q, square(1, 1, 1, 0), 4, 8, 2, []int{0}, s(16, 2), 3)
	sum := b.add(Layer{Kind: KindAdd, In: []int{m, a}, Factors: [2]int64{1, 1 << 6}, Shift: 2 + 3}, 11, 9, 8, s(16, -3))
	relu := b.add(Layer{Kind: KindRequant, In: []int{sum}, Shift: -2, Lo: 0, Hi: 6000}, 11, 9, 8, s(16, -1))
	mp := b.add(Layer{Kind: KindPool, In: []int{relu}, Pool: &Pool{Max: true, Window: Window{[2]int{3, 2}, [2]int{2, 2}, [2]int{1, 1}, [4]int{1, 0, 0, 1}}}}, 5, 5, 8, s(16, -1))
	ap := b.add(Layer{Kind: KindPool, In: []int{mp}, Pool: &Pool{Window: square(3, 2, 1, 1), Scale: 18 + 4, FormatShift: 2}}, 3, 3, 8, u(12, -3))
	cp := b.add(Layer{Kind: KindPool, In: []int{ap}, Pool: &Pool{Window: square(2, 1, 2, 1), CountPad: true, Scale: 18 + 2, FormatShift: -1}}, 3, 3, 8, u(16, -2))
	wide := b.conv(cp, Window{[2]int{2, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{}}, 1, 5, 16, []int{15}, s(16, -3), 0) // rows are contiguous
	fc := b.conv(cp, Window{[2]int{3, 3}, [2]int{1, 1}, [2]int{1, 1}, [4]int{}}, 1, 10, 8, []int{7}, s(8, -6), 0)
	gp := b.add(Layer{Kind: KindGlobalPool, In: []int{wide}, Pool: &Pool{Scale: 18 + 1, FormatShift: 0}}, 1, 1, 5, s(16, -3))
	gm := b.add(Layer{Kind: KindGlobalPool, In: []int{cp}, Pool: &Pool{Max: true}}, 1, 1, 8, u(16, -2))
	b.net.Outputs = []int{fc, gp, gm}
	return b
}

// TestReference is rung 1 of the verification ladder on adversarial data: every
// integer output is the float64 result rounded, and it counts that ties,
// saturation and both ends of a clamp really occurred.
func TestReference(t *testing.T) {
	var ties, even, low, high, inside int
	for seed := range uint64(6) {
		b := zoo(seed)
		x, err := New(&b.net)
		if err != nil {
			t.Fatal(err)
		}
		checked := x.Clone()
		checked.Checked = true
		for range 4 {
			img := b.input()
			if _, err := x.Run(img); err != nil {
				t.Fatal(err)
			}
			if _, err := checked.Run(img); err != nil {
				t.Fatal(err)
			}
			for i := range b.net.Layers {
				l := &b.net.Layers[i]
				var in [][]int32
				for _, n := range l.In {
					in = append(in, x.Tensor(n))
				}
				bound := 0.5
				if l.Pool != nil && !l.Pool.Max {
					ti := b.net.Tensors[l.In[0]].Format
					bound += math.Ldexp(1, ti.Bits-19-l.Pool.FormatShift)
				}
				for j, v := range reference(&b.net, l, in) {
					got := x.Tensor(l.Out)[j]
					want := min(max(v, float64(l.Lo)), float64(l.Hi))
					if d := math.Abs(float64(got) - want); d > bound {
						t.Fatalf("seed %d layer %d (%s) element %d: %d is off by %g from %g", seed, i, l.Kind, j, got, d, want)
					}
					if c := checked.Tensor(l.Out)[j]; c != got {
						t.Fatalf("seed %d layer %d element %d: checked run gives %d, fast %d", seed, i, j, c, got)
					}
					_, frac := math.Modf(v)
					switch {
					case v < float64(l.Lo):
						low++
					case v > float64(l.Hi):
						high++
					case math.Abs(frac) == 0.5:
						ties++
						rounded := math.Floor(v) + 1
						if l.Rounding == fixed.HalfEven {
							rounded = math.RoundToEven(v)
							even++
						}
						if float64(got) != min(rounded, float64(l.Hi)) {
							t.Fatalf("layer %d: tie %g became %d, want %g (%v)", i, v, got, rounded, l.Rounding)
						}
					default:
						inside++
					}
				}
			}
		}
	}
	if ties == even || even == 0 || low == 0 || high == 0 || inside == 0 {
		t.Errorf("coverage: %d ties, %d of them to even, %d below, %d above, %d inside; none may be 0, nor all even", ties, even, low, high, inside)
	}
}

func TestRunErrors(t *testing.T) {
	b := zoo(1)
	x, err := New(&b.net)
	if err != nil {
		t.Fatal(err)
	}
	img := b.input()
	if _, err := x.Run(img[1:]); err == nil {
		t.Error("short input passed")
	}
	img[7] = 256
	if _, err := x.Run(img); err == nil || !strings.Contains(err.Error(), "element 7 is 256") {
		t.Errorf("out-of-range input: %v", err)
	}
}

// TestAccumulatorAssertion lowers an accumulator below its bound behind
// Validate's back: the executor must notice, in both modes.
func TestAccumulatorAssertion(t *testing.T) {
	for _, checkedMode := range []bool{false, true} {
		b := newBuilder(1, 1, 1, 2, u(8, 0))
		f := b.conv(0, square(1, 1, 1, 0), 1, 1, 8, []int{0}, s(16, 0), 0)
		b.net.Outputs = []int{f}
		c := b.net.Layers[0].Conv
		c.Weights, c.Bias = []int16{100, -100}, []int64{0}
		x, err := New(&b.net)
		if err != nil {
			t.Fatal(err)
		}
		x.convs[0].limit = 1 << 14
		x.Checked = checkedMode
		if _, err := x.Run([]int32{255, 0}); err == nil || !strings.Contains(err.Error(), "exceeds") {
			t.Errorf("checked=%v: overflow not noticed: %v", checkedMode, err)
		}
		// The sum is 0 but its first partial sum is 25500.
		if _, err := x.Run([]int32{255, 255}); (err != nil) != checkedMode {
			t.Errorf("checked=%v: partial sum: %v", checkedMode, err)
		}
	}
}

// TestRunMany: results and their order are the same for any number of workers, and
// the error is that of the lowest failing image.
func TestRunMany(t *testing.T) {
	b := zoo(2)
	x, err := New(&b.net)
	if err != nil {
		t.Fatal(err)
	}
	imgs := make([][]int32, 23)
	for i := range imgs {
		imgs[i] = b.input()
	}
	run := func(workers int) (all [][]int32) {
		err := RunMany(context.Background(), x, len(imgs), workers,
			func(i int) ([]int32, error) { return imgs[i], nil },
			func(x *Exec, outs [][]int32) ([]int32, error) { return slices.Concat(outs...), nil },
			func(i int, r []int32) error {
				if i != len(all) {
					t.Fatalf("result %d came as number %d", i, len(all))
				}
				all = append(all, r)
				return nil
			})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	one := run(1)
	for _, w := range []int{2, 5, 100} {
		if d := cmp.Diff(one, run(w)); d != "" {
			t.Errorf("%d workers differ: %s", w, d)
		}
	}
	err = RunMany(context.Background(), x, 20, 3,
		func(i int) ([]int32, error) {
			if i >= 4 {
				return nil, fmt.Errorf("no image %d", i)
			}
			return imgs[i], nil
		},
		func(x *Exec, outs [][]int32) (int, error) { return 0, nil }, nil)
	if err == nil || err.Error() != "no image 4" {
		t.Errorf("error of the lowest image: %v", err)
	}
}

func TestValues(t *testing.T) {
	b := newBuilder(1, 2, 2, 3, s(8, 4))
	out := b.add(Layer{Kind: KindRequant, In: []int{0}, Lo: -128, Hi: 127}, 2, 2, 3, s(8, 4))
	b.net.Outputs = []int{out}
	x, err := New(&b.net)
	if err != nil {
		t.Fatal(err)
	}
	img := []float32{0, 0.5, 1, 1.5, -1, -2, -3, -4, 7.96875, 100, -100, 0.03125}
	q, err := b.net.QuantizeInput(img)
	if err != nil {
		t.Fatal(err)
	}
	// NCHW to NHWC; ties up, saturated.
	if d := cmp.Diff([]int32{0, -16, 127, 8, -32, 127, 16, -48, -128, 24, -64, 1}, q); d != "" {
		t.Error(d)
	}
	outs, err := x.Run(q)
	if err != nil {
		t.Fatal(err)
	}
	y := []float32{0, 0.5, 1, 1.5, -1, -2, -3, -4, 7.9375, 7.9375, -8, 0.0625}
	if d := cmp.Diff(y, b.net.Dequantize(b.net.Outputs[0], outs[0])); d != "" {
		t.Error(d)
	}
	for _, bad := range [][]float32{img[1:], append(slices.Clone(img[1:]), float32(math.NaN())), append(slices.Clone(img[1:]), float32(math.Inf(-1)))} {
		if _, err := b.net.QuantizeInput(bad); err == nil {
			t.Errorf("QuantizeInput(%v) passed", bad)
		}
	}
}

// BenchmarkResNet8 has the convolutions of ResNet-8 for CIFAR-10: 12.5 MMAC.
func BenchmarkResNet8(b *testing.B) {
	n := newBuilder(1, 32, 32, 3, u(8, 0))
	f := s(16, -8)
	v := n.conv(0, square(3, 1, 1, 1), 1, 16, 16, []int{12}, f, 0)
	for _, st := range []struct{ c, s int }{{16, 1}, {32, 2}, {64, 2}} {
		win := square(3, st.s, 1, 1)
		a := n.conv(v, win, 1, st.c, 16, []int{14}, f, 0)
		a = n.conv(a, square(3, 1, 1, 1), 1, st.c, 16, []int{14}, f, 0)
		skip := v
		if st.s == 2 {
			skip = n.conv(v, square(1, 2, 1, 0), 1, st.c, 16, []int{14}, f, 0)
		}
		t := n.net.Tensors[a]
		v = n.add(Layer{Kind: KindAdd, In: []int{a, skip}, Factors: [2]int64{1, 1}}, t.H, t.W, t.C, f)
	}
	n.net.Outputs = []int{v}
	x, err := New(&n.net)
	if err != nil {
		b.Fatal(err)
	}
	img := n.input()
	for b.Loop() {
		if _, err := x.Run(img); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(12.5*float64(b.N)/b.Elapsed().Seconds()/1000, "GMAC/s")
}
