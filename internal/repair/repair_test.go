package repair

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/calib"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/metrics"
	"hass/internal/settings"
)

// builder makes small networks with random weights.
type builder struct {
	g *graph.Graph
	r *rand.Rand
}

func newBuilder(channels, size int) *builder {
	in := graph.Shape{1, channels, size, size}
	return &builder{&graph.Graph{Name: "test", Inputs: []graph.Value{{Name: "x", Type: graph.Float, Shape: in}},
		Consts: map[string]*graph.Tensor{}, Shapes: map[string]graph.Shape{"x": in}}, rand.New(rand.NewPCG(1, 2))}
}

func (b *builder) constant(name string, mean, deviation float64, dims ...int) string {
	t := &graph.Tensor{Type: graph.Float, Shape: dims, F: make([]float32, graph.Shape(dims).Elems())}
	for i := range t.F {
		t.F[i] = float32(mean + deviation*b.r.NormFloat64())
	}
	b.g.Consts[name] = t
	return name
}

// node appends an operator whose output has the node's name.
func (b *builder) node(name string, op graph.Op, in ...string) string {
	n := &graph.Node{Name: name, Op: op, Inputs: in, Outputs: []string{name}}
	s, err := b.g.InferNode(n)
	if err != nil {
		panic(err)
	}
	b.g.Nodes, b.g.Shapes[name] = append(b.g.Nodes, n), s[0]
	return name
}

// conv appends a convolution of a square kernel that keeps the size of its map.
func (b *builder) conv(name, in string, filters, kernel, groups int) string {
	c := b.g.Shapes[in][1] / groups
	p := kernel / 2
	op := graph.Conv{Window: graph.Window{Kernel: [2]int{kernel, kernel}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{p, p, p, p}}, Groups: groups}
	return b.node(name, op, in, b.constant(name+".w", 0.02, 1/math.Sqrt(float64(c*kernel*kernel)), filters, c, kernel, kernel), b.constant(name+".b", 0, 0.1, filters))
}

func (b *builder) relu(in string) string {
	return b.node(in+".relu", graph.Activation{Fn: "relu"}, in)
}

func (b *builder) done(outputs ...string) *graph.Graph {
	b.g.Outputs = outputs
	if err := graph.Verify(b.g); err != nil {
		panic(err)
	}
	return b.g
}

// block is a network with a layer of every role.
func block() *graph.Graph {
	b := newBuilder(3, 8)
	b.relu(b.conv("first", "x", 8, 3, 1))
	b.relu(b.conv("expand", "first.relu", 16, 1, 1))
	b.relu(b.conv("depth", "expand.relu", 16, 3, 16))
	b.node("pool", graph.GlobalPool{}, "depth.relu")
	b.relu(b.conv("squeeze", "pool", 4, 1, 1))
	b.conv("excite", "squeeze.relu", 16, 1, 1)
	b.node("gate", graph.Activation{Fn: "hardsigmoid", Alpha: 0.2, Beta: 0.5}, "excite")
	b.node("gated", graph.Eltwise{Fn: "mul"}, "depth.relu", "gate")
	b.conv("project", "gated", 8, 1, 1)
	b.relu(b.node("sum", graph.Eltwise{Fn: "add"}, "first.relu", "project"))
	b.relu(b.conv("wide", "sum.relu", 12, 3, 2))
	b.node("pool2", graph.GlobalPool{}, "wide.relu")
	b.relu(b.conv("hidden", "pool2", 10, 1, 1))
	b.conv("head", "hidden.relu", 5, 1, 1)
	return b.done("head")
}

// images are n random ones.
func images(n int, g *graph.Graph) calib.Images {
	return calib.Images{N: n, Load: func(i int) ([]float32, error) {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		x := make([]float32, g.Inputs[0].Shape.Elems())
		level := r.Float64()
		for k := range x {
			x[k] = float32(level + r.NormFloat64()*0.5)
		}
		return x, nil
	}}
}

func TestRoles(t *testing.T) {
	want := map[string]Role{"first": First, "expand": Inner, "depth": Depthwise, "squeeze": Gate, "excite": Gate, "project": Inner, "wide": Inner, "hidden": Inner, "head": Last}
	if d := cmp.Diff(want, roles(block())); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	one := newBuilder(2, 4)
	one.conv("only", "x", 3, 1, 1)
	if d := cmp.Diff(map[string]Role{"only": First}, roles(one.done("only"))); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		w     []float32
		share float64
		want  []float32
	}{
		{[]float32{3, -1, 2, -4}, 0.5, []float32{3, 0, 0, -4}},
		{[]float32{1, -1, 1, -1}, 0.5, []float32{0, 0, 1, -1}},
		{[]float32{0, 0, 0, 5}, 0.5, []float32{0, 0, 0, 5}},
		{[]float32{0, 2, 1, 5}, 0.5, []float32{0, 2, 0, 5}},
		{[]float32{1, 2, 3}, 0.1, []float32{1, 2, 3}},
	} {
		w := slices.Clone(c.w)
		if cutShare(w, c.share); !slices.Equal(w, c.want) {
			t.Errorf("%g of %v: %v, want %v", c.share, c.w, w, c.want)
		}
	}
	w := []float32{0.5, -0.5, 0.25, -0.75}
	if cutBelow(w, 0.5); !slices.Equal(w, []float32{0.5, -0.5, 0, -0.75}) {
		t.Errorf("below 0.5: %v", w)
	}
}

// moments are mean and deviation of every channel of values of g.
func moments(t *testing.T, g *graph.Graph, im calib.Images, names map[string]string) map[string][][2]float64 {
	t.Helper()
	x, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string][]pair{}
	for i := range im.N {
		img, err := im.Load(i)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.Run([][]float32{img}, func(name string, v []float32) {
			layer, ok := names[name]
			if !ok {
				return
			}
			list := pairs(v, v, g.Shapes[name][1])
			if sums[layer] == nil {
				sums[layer] = make([]pair, len(list))
			}
			for c := range list {
				sums[layer][c].add(list[c])
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	m := map[string][][2]float64{}
	for name, list := range sums {
		for _, p := range list {
			v, _ := p.variances()
			m[name] = append(m[name], [2]float64{p.y / p.n, math.Sqrt(v)})
		}
	}
	return m
}

// TestMatch: after a match every repaired layer has the means and the deviations of the unpruned network, and the output is
// nearer to it than without.
func TestMatch(t *testing.T) {
	g := block()
	im := images(40, g)
	out, r, err := Prune(t.Context(), g, Options{Share: 0.4, Repair: Match, Images: im})
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, n := range g.Nodes {
		if graph.Convolves(n.Op) {
			names[n.Outputs[0]] = n.Name
		}
	}
	was, now := moments(t, g, im, names), moments(t, out, im, names)
	matched := 0
	for _, l := range r.Layers {
		for c, m := range was[l.Name] {
			n := now[l.Name][c]
			// A channel that the cut has made constant cannot be scaled.
			if l.Repair == Match && (math.Abs(m[0]-n[0]) > 1e-4 || n[1] > 0 && math.Abs(m[1]-n[1]) > 1e-4*m[1] && m[1] > 1e-3) {
				t.Errorf("layer %s channel %d: mean and deviation %v, want %v", l.Name, c, n, m)
			}
		}
		if l.Repair == Match {
			if matched++; !(*l.ErrorAfter < *l.ErrorBefore) {
				t.Errorf("layer %s: error %g, before %g", l.Name, *l.ErrorAfter, *l.ErrorBefore)
			}
		}
	}
	if matched < 5 {
		t.Errorf("%d layers were matched: %+v", matched, r.Layers)
	}
	cut, c, err := Prune(t.Context(), g, Options{Share: 0.4, Repair: None, Images: im})
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range c.Layers {
		if l.Repair != None || l.Zeros != r.Layers[i].Zeros {
			t.Errorf("without repair: %+v", l)
		}
		if l.ErrorBefore != nil && *l.ErrorBefore != *l.ErrorAfter {
			t.Errorf("without repair: error %g, then %g", *l.ErrorBefore, *l.ErrorAfter)
		}
	}
	if a, b := far(t, g, out, im), far(t, g, cut, im); !(a < b) {
		t.Errorf("the output is %g away, without repair %g", a, b)
	}
	// Without a repair, the remaining weights are the model's own.
	for i, n := range cut.Nodes {
		if !graph.Convolves(n.Op) {
			continue
		}
		old, w := g.Consts[g.Nodes[i].Inputs[1]].F, cut.Consts[n.Inputs[1]].F
		for k, v := range w {
			if v != 0 && v != old[k] {
				t.Fatalf("node %s: weight %d is %g, was %g", n.Name, k, v, old[k])
			}
		}
	}
}

// far is the mean squared distance of the outputs of two networks.
func far(t *testing.T, g, other *graph.Graph, im calib.Images) float64 {
	t.Helper()
	a, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	b, err := floatexec.New(other)
	if err != nil {
		t.Fatal(err)
	}
	d := 0.0
	for i := range im.N {
		x, err := im.Load(i)
		if err != nil {
			t.Fatal(err)
		}
		y, err := a.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		z, err := b.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range y[0] {
			d += float64(v-z[0][k]) * float64(v-z[0][k])
		}
	}
	return d / float64(im.N)
}

// zerosOfNodes are the places of zeros in the weights of every convolution.
func zerosOfNodes(g *graph.Graph) map[string][]int {
	m := map[string][]int{}
	for _, n := range g.Nodes {
		if graph.Convolves(n.Op) {
			for i, v := range g.Consts[n.Inputs[1]].F {
				if v == 0 {
					m[n.Name] = append(m[n.Name], i)
				}
			}
		}
	}
	return m
}

// TestZeros: every layer keeps its zeros and has the requested ones, and the report counts them; spared layers only keep their zeros.
func TestZeros(t *testing.T) {
	for _, method := range Methods() {
		t.Run(string(method), func(t *testing.T) {
			g := block()
			for _, name := range []string{"first.w", "expand.w", "project.w", "wide.w"} {
				w := g.Consts[name].F
				for i := 0; i < len(w); i += 5 {
					w[i] = 0
				}
			}
			before := zerosOfNodes(g)
			out, r, err := Prune(t.Context(), g, Options{Share: 0.5, Prune: []Role{Depthwise}, Repair: method, Images: images(60, g)})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(before, zerosOfNodes(g)); d != "" {
				t.Errorf("the graph itself was changed:\n%s", d)
			}
			after := zerosOfNodes(out)
			for _, l := range r.Layers {
				old, now := before[l.Name], after[l.Name]
				want := len(old)
				if l.Role == Inner || l.Role == Depthwise {
					want = zerosOf(0.5, l.Weights)
				}
				if l.OldZeros != len(old) || l.Zeros != len(now) || len(now) != want {
					t.Errorf("layer %s (%s): %d of %d weights are 0, reported %d, want %d; before %d, reported %d", l.Name, l.Role, len(now), l.Weights, l.Zeros, want, len(old), l.OldZeros)
				}
				for _, i := range old {
					if !slices.Contains(now, i) {
						t.Errorf("layer %s: weight %d was 0", l.Name, i)
					}
				}
			}
		})
	}
}

// TestMemory: neither the memory for values between passes nor the number of workers changes the result.
func TestMemory(t *testing.T) {
	g := block()
	var first *graph.Graph
	for _, c := range []struct{ limit, workers int }{{1 << 30, 1}, {1 << 30, 4}, {0, 2}, {40 * 8 * 8 * 8 * 4 * 3, 2}} {
		for _, method := range Methods() {
			im := images(40, g)
			im.Workers = c.workers
			out, _, err := prune(t.Context(), g, Options{Share: 0.4, Repair: method, Images: im}, c.limit)
			if err != nil {
				t.Fatal(err)
			}
			if method != Methods()[len(Methods())-1] {
				continue
			}
			if first == nil {
				first = out
			}
			if d := cmp.Diff(first, out); d != "" {
				t.Errorf("%d bytes, %d workers: (-first +this)\n%s", c.limit, c.workers, d)
			}
		}
	}
}

// TestLeftAlone: layers that nothing can be fitted to keep their weights, and it is said why.
func TestLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name, want string
		n          int
		value      func(i, k int) float32
	}{
		{"NaN", "NaN", 20, func(i, k int) float32 {
			if i == 7 && k == 3 {
				return float32(math.NaN())
			}
			return float32(k % 7)
		}},
		{"constant", "constant", 20, func(i, k int) float32 { return 0 }},
		{"few images", "fewer than 3 times", 2, func(i, k int) float32 { return float32((i*31+k*17)%11) / 11 }},
	} {
		for _, method := range Methods() {
			if method == None {
				continue
			}
			t.Run(c.name+"/"+string(method), func(t *testing.T) {
				b := newBuilder(2, 2)
				b.conv("a", "x", 4, 1, 1)
				b.conv("b", "a", 6, 1, 1)
				b.node("pool", graph.GlobalPool{}, "b")
				b.conv("c", "pool", 3, 1, 1)
				g := b.done("c")
				im := calib.Images{N: c.n, Load: func(i int) ([]float32, error) {
					x := make([]float32, 8)
					for k := range x {
						x[k] = c.value(i, k)
					}
					return x, nil
				}}
				out, r, err := Prune(t.Context(), g, Options{Share: 0.5, Repair: method, Images: im})
				if err != nil {
					t.Fatal(err)
				}
				l := r.Layers[len(r.Layers)-1]
				if !strings.Contains(l.Note, c.want) || l.Repair != None {
					t.Errorf("%+v, want a note with %q", l, c.want)
				}
				if d := cmp.Diff(g.Consts["c.w"], out.Consts["c.w"]); d != "" {
					t.Errorf("its weights changed (-was +is):\n%s", d)
				}
				for name, k := range out.Consts {
					for _, v := range k.F {
						if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
							t.Fatalf("constant %s holds %g", name, v)
						}
					}
				}
			})
		}
	}
}

// TestShared: a constant that two layers read becomes two; names of others stay.
func TestShared(t *testing.T) {
	b := newBuilder(4, 4)
	b.conv("a", "x", 4, 1, 1)
	b.conv("b", "a", 4, 1, 1)
	b.conv("c", "b", 4, 1, 1)
	b.conv("d", "c", 4, 1, 1)
	b.g.Nodes[2].Inputs[1] = "b.w"
	b.g.Nodes[2].Inputs = b.g.Nodes[2].Inputs[:2]
	delete(b.g.Consts, "c.w")
	delete(b.g.Consts, "c.b")
	g := b.done("d")
	out, r, err := Prune(t.Context(), g, Options{Share: 0.5, Repair: Match, Images: images(30, g)})
	if err != nil {
		t.Fatal(err)
	}
	var inputs [][]string
	for _, n := range out.Nodes {
		inputs = append(inputs, n.Inputs)
	}
	if d := cmp.Diff([][]string{{"x", "a.w", "a.b"}, {"a", "b.w~2", "b.b"}, {"b", "b.w", "c/bias"}, {"c", "d.w", "d.b"}}, inputs); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
	if r.Layers[1].Zeros != 8 || r.Layers[2].Zeros != 8 {
		t.Errorf("%+v", r.Layers)
	}
}

// TestTransposed: a transposed convolution's weights belong to the output channels that they add to.
func TestTransposed(t *testing.T) {
	b := newBuilder(4, 4)
	b.conv("a", "x", 4, 1, 1)
	b.node("up", graph.ConvTranspose{Window: graph.Window{Kernel: [2]int{2, 2}, Stride: [2]int{2, 2}, Dilation: [2]int{1, 1}}, Groups: 2}, "a", b.constant("up.w", 0, 1, 4, 3, 2, 2), b.constant("up.b", 0, 1, 6))
	b.conv("z", "up", 2, 1, 1)
	g := b.done("z")
	im := images(20, g)
	out, r, err := Prune(t.Context(), g, Options{Share: 0.3, Repair: Match, Images: im})
	if err != nil {
		t.Fatal(err)
	}
	if r.Layers[1].Repair != Match {
		t.Errorf("%+v", r.Layers[1])
	}
	names := map[string]string{"up": "up"}
	was, now := moments(t, g, im, names)["up"], moments(t, out, im, names)["up"]
	for c := range was {
		if math.Abs(was[c][0]-now[c][0]) > 1e-4 || math.Abs(was[c][1]-now[c][1]) > 1e-4 {
			t.Errorf("channel %d: %v, want %v", c, now[c], was[c])
		}
	}
}

// TestThresholds: weights are cut by a file's thresholds, and a layer compensates for inputs below its tau_a.
func TestThresholds(t *testing.T) {
	g := block()
	w, a := 0.1, 0.3
	th := &settings.Thresholds{Layers: map[string]settings.LayerTau{"expand": {W: &w, A: &a}, "head": {W: &w}}}
	im := images(40, g)
	out, r, err := Prune(t.Context(), g, Options{Thresholds: th, Repair: Match, Images: im})
	if err != nil {
		t.Fatal(err)
	}
	cut, err := th.Apply(g)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(zerosOfNodes(cut), zerosOfNodes(out)); d != "" {
		t.Errorf("zeros (-thresholds +pruned):\n%s", d)
	}
	if out.Nodes[2].Op != (graph.Activation{Fn: "threshold", Alpha: a}) {
		t.Errorf("no threshold before the layer: %+v", out.Nodes[2])
	}
	if r.Layers[1].Repair != Match || r.Layers[0].Repair != None || r.Layers[0].ErrorBefore != nil {
		t.Errorf("%+v", r.Layers[:2])
	}
	if x, y := far(t, g, out, im), far(t, g, cut, im); !(x < y) {
		t.Errorf("the output is %g away, without repair %g", x, y)
	}
}

// TestRefused: a model that cannot be pruned is an error that names the node.
func TestRefused(t *testing.T) {
	g := block()
	g.Consts["expand.w"].Grid = &graph.Grid{Bits: 8, Signed: true, Scale: []float32{1}, Zero: []int64{0}}
	if _, _, err := Prune(t.Context(), g, Options{Share: 0.5, Repair: Match, Images: images(2, g)}); err == nil || !strings.Contains(err.Error(), `"expand"`) {
		t.Errorf("weights on a grid: %v", err)
	}
	g = block()
	bad := images(5, g)
	wrong := errors.New("no such image")
	bad.Load = func(i int) ([]float32, error) { return nil, wrong }
	if _, _, err := Prune(t.Context(), g, Options{Share: 0.5, Repair: Match, Images: bad}); !errors.Is(err, wrong) {
		t.Errorf("an image that cannot be read: %v", err)
	}
	if _, _, err := Prune(t.Context(), g, Options{Share: 0.5, Repair: "mend", Images: images(5, g)}); err == nil || !strings.Contains(err.Error(), `"mend"`) {
		t.Errorf("an unknown repair: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	good := images(5, g)
	good.Step = cancel
	if _, _, err := Prune(ctx, g, Options{Share: 0.5, Repair: Match, Images: good}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// divergence is the mean divergence of another network's class probabilities from those of g, on images from first on.
func divergence(t *testing.T, g, other *graph.Graph, im calib.Images, first int) float64 {
	t.Helper()
	a, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	b, err := floatexec.New(other)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i := first; i < im.N; i++ {
		x, err := im.Load(i)
		if err != nil {
			t.Fatal(err)
		}
		y, err := a.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		z, err := b.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		sum += metrics.Divergence(metrics.LogSoftmax(y[0]), metrics.LogSoftmax(z[0]))
	}
	return sum / float64(im.N-first)
}
