package quant

import (
	"fmt"
	"slices"
	"testing"

	"hass/internal/graph"
	"hass/internal/intnet"
)

// TestWarnings: every deviation of the integer network from a quantised model's own numbers has a warning.
func TestWarnings(t *testing.T) {
	resized := func(scale string, bits int, to string) *graph.Graph {
		x := newText(1, "[1,4,6,6]")
		x.b.WriteString("  const \"s\" f32 [] {0.0625}\n  const \"z\" f32 [] {0}\n")
		x.node(`quantize "q" ("x", "s", "z") -> ("q.y" [1,4,6,6]) bits=%d signed`, bits)
		x.node(`resize "up" ("q.y") -> ("up.y" %s) mode=linear coord=half_pixel round=none cubic=0 scales=[1,1,%s,%s] to=%s`, to, scale, scale, to)
		x.node(`quantize "r" ("up.y", "s", "z") -> ("r.y" %s) bits=%d signed`, to, bits)
		return x.graph(t, "r.y")
	}
	weighted := func(change func(w *graph.Tensor)) *graph.Graph {
		x := newText(1, "[1,4,6,6]")
		x.conv("c", "x", "c.y", "[1,2,6,6]", 2, 4, 3, 1, 1)
		g := x.graph(t, "c.y")
		change(g.Consts["c.w"])
		return g
	}
	onGrid := func(g graph.Grid) func(w *graph.Tensor) {
		return func(w *graph.Tensor) {
			w.Grid = &g
			per := len(w.F) / len(g.Scale)
			for i := range w.F {
				w.F[i] = float32(i%15-7) * g.Scale[i/per]
			}
		}
	}
	const rounded, requantised = `node "up" (resize): its weights are rounded to 12 binary places: next to a tie of the quantiser behind it a result may be off by %s; fewer bits, or scales that are simpler fractions, are exact`,
		`node "c" (conv): %s: they are requantised, to 16 bits unless --bits or --widths says otherwise`
	for _, tc := range []struct {
		name string
		g    *graph.Graph
		want string // "": no warning
	}{
		{"factor 2", resized("2", 8, "[1,4,12,12]"), ""},
		{"factor 1.5", resized("1.5", 8, "[1,4,9,9]"), ""},
		{"factor 0.7 of 8 bits", resized("0.7", 8, "[1,4,4,4]"), fmt.Sprintf(rounded, "one step")},
		{"factor 1.5 of 16 bits", resized("1.5", 16, "[1,4,9,9]"), fmt.Sprintf(rounded, "11 steps")},
		{"float weights", weighted(func(*graph.Tensor) {}), ""},
		{"weights on their grid", weighted(onGrid(graph.Grid{Bits: 4, Signed: true, Scale: []float32{0.125}, Zero: []int64{0}})), ""},
		{"weights of two scales", weighted(onGrid(graph.Grid{Bits: 4, Signed: true, Scale: []float32{0.125, 0.05}, Zero: []int64{0, 0}})), ""},
		{"weights with a zero point", weighted(onGrid(graph.Grid{Bits: 4, Scale: []float32{0.125}, Zero: []int64{3}})), ""},
		{"weights beside their grid", weighted(func(w *graph.Tensor) {
			onGrid(graph.Grid{Bits: 4, Signed: true, Scale: []float32{0.125}, Zero: []int64{0}})(w)
			w.F[3] = 0.33
		}), fmt.Sprintf(requantised, "weight 3, 0.33, is not one of the up to 16 bits of its scale 0.125")},
		{"scales along another axis", weighted(onGrid(graph.Grid{Bits: 4, Signed: true, Axis: 1, Scale: []float32{1, 2, 3, 4}, Zero: make([]int64, 4)})), fmt.Sprintf(requantised, "its weights have scales along axis 1, not per output channel")},
	} {
		var want []string
		if tc.want != "" {
			want = []string{tc.want}
		}
		if got := Warnings(tc.g); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", tc.name, got, want)
		}
	}
}

// TestDilationOfOneTap: a dilation along a kernel of one tap means nothing and is 1 in the integer network, which takes no other.
func TestDilationOfOneTap(t *testing.T) {
	w := intnet.Window{Kernel: [2]int{1, 3}, Stride: [2]int{2, 2}, Dilation: [2]int{4, 2}}
	if got := windowOf(w).Dilation; got != [2]int{1, 2} {
		t.Errorf("dilation %v", got)
	}
}
