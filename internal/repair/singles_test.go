package repair

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/settings"
)

// TestSingles: a layer that is repaired alone has the mean and the deviation of its sums back on its samples, keeps its zeros where the
// threshold put them (a match), or as many (a refit), and depends on no other layer's thresholds.
func TestSingles(t *testing.T) {
	g := block()
	im := images(16, g)
	for _, m := range []Method{Match, Refit} {
		all, err := NewSingles(t.Context(), g, im, m)
		if err != nil {
			t.Fatal(err)
		}
		for name, l := range all.layers {
			sizes := magnitudesOf(l.weights.F)
			tau := settings.Tau{W: sizes[len(sizes)*2/5], A: 0.05}
			w, add, ok, err := all.Repair(t.Context(), name, tau)
			if err != nil || !ok {
				t.Fatalf("%s, %s: not repaired: %v", name, m, err)
			}
			zeros := len(sizes) * 2 / 5
			off := 0 // by which a refit may differ
			if l.problems != nil {
				off = max(1, len(w)/refitSteps)
			}
			if n := countZeros(w); n < zeros-off || n > zeros+off {
				t.Errorf("%s, %s: %d zeros of %d, want about %d", name, m, n, len(w), zeros)
			}
			now, err := l.sums(t.Context(), w, tau.A)
			if err != nil {
				t.Fatal(err)
			}
			for c, z := range now {
				y := l.y[c]
				scale := math.Sqrt(z.variance / y.variance)
				if d := math.Abs(z.mean + float64(add[c]) - y.mean); d > 1e-4 {
					t.Errorf("%s, %s, channel %d: mean off by %g", name, m, c, d)
				}
				if y.variance > l.still && math.Abs(scale-1) > 1e-3 && !bounded(l, w, c) {
					t.Errorf("%s, %s, channel %d: deviation %g of the unpruned one", name, m, c, scale)
				}
			}
		}
		if _, _, ok, _ := all.Repair(t.Context(), "expand", settings.Tau{}); ok {
			t.Errorf("%s: a layer without thresholds was repaired", m)
		}
		if _, _, ok, _ := all.Repair(t.Context(), "nothing", settings.Tau{W: 1}); ok {
			t.Errorf("%s: a layer that is not there was repaired", m)
		}
	}
	if _, err := NewSingles(t.Context(), g, im, None); err == nil {
		t.Error("a repair that repairs nothing was made")
	}
}

// bounded tells whether a channel's scale is at its bound.
func bounded(l *single, w []float32, c int) bool {
	for i, v := range w[c*l.s.inputs:][:l.s.inputs] {
		if old := l.weights.F[c*l.s.inputs+i]; v != 0 && l.problems == nil {
			r := float64(v / old)
			return math.Abs(r-mostScale) < 1e-3 || math.Abs(r-1/float64(mostScale)) < 1e-3
		}
	}
	return true // a refit changes all weights; TestSinglesApply looks at its outcome
}

func magnitudesOf(w []float32) []float64 {
	var list []float64
	for _, v := range w {
		list = append(list, math.Abs(float64(v)))
	}
	slices.Sort(list)
	return list
}

// TestSinglesApply: the graph has the weights of Repair, twice the same, and its outputs are nearer to the unpruned network's than those
// of the cut network.
func TestSinglesApply(t *testing.T) {
	g := block()
	im := images(16, g)
	th := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for _, name := range []string{"expand", "project", "wide"} {
		w := magnitudesOf(g.Consts[name+".w"].F)
		th.Layers[name] = settings.LayerTau{W: &w[len(w)/2]}
	}
	taus, err := th.Resolve(g)
	if err != nil {
		t.Fatal(err)
	}
	cut, err := th.Apply(g)
	if err != nil {
		t.Fatal(err)
	}
	far := distance(t, g, cut)
	for _, m := range []Method{Match, Refit} {
		all, err := NewSingles(t.Context(), g, im, m)
		if err != nil {
			t.Fatal(err)
		}
		a, err := all.Apply(t.Context(), g, taus)
		if err != nil {
			t.Fatal(err)
		}
		again, err := NewSingles(t.Context(), g, im, m)
		if err != nil {
			t.Fatal(err)
		}
		b, err := again.Apply(t.Context(), g, taus)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(weightsOf(a), weightsOf(b)); d != "" {
			t.Errorf("%s: the second time (-first +second)\n%s", m, d)
		}
		if near := distance(t, g, a); near > 0.7*far {
			t.Errorf("%s: distance %g from the unpruned network, cut %g", m, near, far)
		}
	}
}

// distance is the mean squared distance of the outputs of two networks on images that no fit saw.
func distance(t *testing.T, a, b *graph.Graph) float64 {
	t.Helper()
	sum := 0.0
	im := images(48, a)
	x, err := floatexec.New(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := floatexec.New(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := 16; i < 48; i++ {
		in, _ := im.Load(i)
		u, err := x.Run([][]float32{in}, nil)
		if err != nil {
			t.Fatal(err)
		}
		v, err := y.Run([][]float32{in}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k := range u[0] {
			d := float64(u[0][k] - v[0][k])
			sum += d * d
		}
	}
	return sum
}
