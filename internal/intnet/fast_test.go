package intnet

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/fixed"
	"hass/internal/kernel"
)

// TestFastConvEqualsDefinition: on random convolutions of every geometry, with
// extreme weights and inputs, the fast path equals the definition, with and without
// assembly.
func TestFastConvEqualsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	pick := func(v ...int) int { return v[r.IntN(len(v))] }
	formats := []fixed.Format{u(16, 4), s(16, 4), u(15, 4), s(8, 0), u(8, 0), u(2, 0), s(12, 3)}
	cut, whole := 0, 0
	for i := range 150 {
		in := formats[r.IntN(len(formats))]
		c := pick(1, 2, 3, 5, 8, 15, 16, 17, 32, 40)
		groups, outC := 1, pick(1, 3, 15, 16, 17, 33, 48)
		switch r.IntN(4) {
		case 0:
			groups, outC = c, c
		case 1:
			if c%2 == 0 {
				groups, outC = 2, 2*pick(1, 5, 16, 17)
			} else {
				groups, outC = c, 2*c
			}
		}
		h, w := pick(3, 4, 7, 9), pick(3, 5, 8, 14)
		win := Window{
			Kernel: [2]int{pick(1, 2, 3), pick(1, 3)}, Stride: [2]int{pick(1, 2), pick(1, 2, 3)}, Dilation: [2]int{1, 1},
			Pads: [4]int{r.IntN(2), r.IntN(2), r.IntN(3), r.IntN(2)},
		}
		if r.IntN(3) == 0 {
			win.Dilation = [2]int{pick(1, 2), pick(1, 2)}
			for d, k := range win.Kernel {
				if k == 1 {
					win.Dilation[d] = 1
				}
			}
			win.Pads[0], win.Pads[1] = win.Pads[0]+2, win.Pads[1]+2
		}
		b := newBuilder(uint64(i), h, w, c, in)
		bits := pick(2, 8, 16)
		fracs := []int{pick(-9, 0, 9, 14)}
		out := fixed.Format{Bits: 16, Frac: pick(-10, 0, 4), Signed: r.IntN(2) == 0}
		b.net.Outputs = []int{b.conv(0, win, groups, outC, bits, fracs, out, int64(pick(0, 0, 5, 200)))}
		if r.IntN(2) == 0 { // small weights: long runs
			cv := b.net.Layers[0].Conv
			for j := range cv.Weights {
				cv.Weights[j] /= 64
			}
		}
		x, err := New(&b.net)
		if err != nil {
			t.Fatal(err)
		}
		for _, pn := range x.convs[0].panels {
			if n := max(len(pn.taps), len(pn.runs)); n > win.Kernel[0]*win.Kernel[1] {
				cut++
			} else {
				whole++
			}
		}
		checked := x.Clone()
		checked.Checked = true
		what := fmt.Sprintf("case %d: %v on %dx%dx%d %v, %d groups, %d channels out, %d bits", i, win, h, w, c, in, groups, outC, bits)
		for range 2 {
			img := b.input()
			want, err := checked.Run(img)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for _, on := range []bool{true, false} {
				before := kernel.Enable(on)
				got, err := x.Run(img)
				kernel.Enable(before)
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if diff := cmp.Diff(want[0], got[0]); diff != "" {
					t.Fatalf("%s, assembly %v (-definition +fast):\n%s", what, on, diff)
				}
			}
		}
	}
	if cut == 0 || whole == 0 {
		t.Errorf("%d panels of many runs, %d of few; none may be 0", cut, whole)
	}
}

// TestRunsStayInInt32 checks the plan against its promise, run by run.
func TestRunsStayInInt32(t *testing.T) {
	for _, in := range []fixed.Format{u(16, 0), s(16, 0), u(8, 0)} {
		b := newBuilder(3, 5, 5, 24, in)
		b.conv(0, square(3, 1, 1, 1), 1, 20, 16, []int{0}, s(16, -20), 0)
		l := &b.net.Layers[0]
		p := newConvPlan(l, &b.net.Tensors[0], &b.net.Tensors[1])
		top := max(in.Max()-p.sub, p.sub-in.Min())
		for _, pn := range p.panels {
			at := 0
			for _, run := range pn.runs {
				for f := range kernel.IntCols {
					var sum int64
					for i := range run.Pairs {
						w := pn.w[(at+i)*2*kernel.IntCols+2*f:]
						sum += top * (abs(w[0]) + abs(w[1]))
					}
					if sum > math.MaxInt32 {
						t.Fatalf("format %v: a run of %d pairs may reach %d", in, run.Pairs, sum)
					}
				}
				at += run.Pairs
			}
			if len(pn.w) != at*2*kernel.IntCols {
				t.Fatalf("runs use %d of %d weights", at*2*kernel.IntCols, len(pn.w))
			}
		}
	}
}
