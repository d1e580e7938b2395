package mixed

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/graph"
	"hass/internal/hosttail"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/npy"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/test/testenv"
)

// network is a model with its images.
type network struct {
	g    *graph.Graph
	set  *dataset.Set
	plan *judge.Plan
}

func newNetwork(t *testing.T, g *graph.Graph, toml string) network {
	t.Helper()
	set, err := dataset.Open(toml)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := judge.NewPlan(g, set)
	if err != nil {
		t.Fatal(err)
	}
	return network{g, set, plan}
}

// demo is the embedded demo: a residual network of ten classes, and labelled images.
func demo(t *testing.T) network {
	t.Helper()
	dir := filepath.Join(testenv.Root(t), "examples", "demo")
	g, err := frontend.LoadBuildable(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	return newNetwork(t, g, filepath.Join(dir, "calib.toml"))
}

// gated has a hard swish, a gate, a sum, channels of unlike size, and as outputs a class vector and, if asked for, a map; its set has no
// labels.
func gated(t *testing.T, outputs ...string) network {
	t.Helper()
	var b strings.Builder
	r := rand.New(rand.NewPCG(5, 5))
	b.WriteString("graph \"gated\" {\n  input \"x\" f32 [1,3,8,8]\n")
	conv := func(name, in, shape string, f, c, k, groups int) string {
		list := func(what string, dims graph.Shape, scale float64) {
			fmt.Fprintf(&b, "  const %q f32 %s {", name+what, dims)
			for i := range dims.Elems() {
				v := scale * r.NormFloat64()
				if i/(dims.Elems()/f)%3 == 1 {
					v /= 4096
				}
				fmt.Fprintf(&b, "%g ", float32(v))
			}
			b.WriteString("}\n")
		}
		list(".w", graph.Shape{f, c / groups, k, k}, 1.5/math.Sqrt(float64(c/groups*k*k)))
		list(".b", graph.Shape{f}, 0.1)
		return fmt.Sprintf("  conv %q (%q, %q, %q) -> (%q %s) kernel=[%d,%d] stride=[1,1] dilation=[1,1] pads=[%d,%d,%d,%d] groups=%d\n",
			name, in, name+".w", name+".b", name+".y", shape, k, k, k/2, k/2, k/2, k/2, groups)
	}
	nodes := conv("c1", "x", "[1,8,8,8]", 8, 3, 3, 1) +
		`  relu "r1" ("c1.y") -> ("r1.y" [1,8,8,8])` + "\n" +
		conv("dw", "r1.y", "[1,8,8,8]", 8, 8, 3, 8) +
		`  hardswish "hs" ("dw.y") -> ("hs.y" [1,8,8,8])` + "\n" +
		`  globalavg "ga" ("hs.y") -> ("ga.y" [1,8,1,1])` + "\n" +
		conv("se", "ga.y", "[1,8,1,1]", 8, 8, 1, 1) +
		`  sigmoid "sg" ("se.y") -> ("sg.y" [1,8,1,1])` + "\n" +
		`  mul "gate" ("hs.y", "sg.y") -> ("gate.y" [1,8,8,8])` + "\n" +
		conv("c2", "gate.y", "[1,8,8,8]", 8, 8, 1, 1) +
		`  add "a" ("c2.y", "r1.y") -> ("a.y" [1,8,8,8])` + "\n" +
		`  globalavg "g2" ("a.y") -> ("g2.y" [1,8,1,1])` + "\n" +
		conv("fc", "g2.y", "[1,5,1,1]", 5, 8, 1, 1)
	if slices.Contains(outputs, "map.y") {
		nodes += conv("map", "a.y", "[1,2,8,8]", 2, 8, 3, 1)
	}
	b.WriteString(nodes)
	for _, o := range outputs {
		fmt.Fprintf(&b, "  output %q\n", o)
	}
	b.WriteString("}\n")
	g, err := graph.Parse(b.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if err := graph.Verify(g); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	dir := t.TempDir()
	a := &npy.Array{DType: "uint8", Shape: []int{12, 8, 8, 3}}
	for range a.Len() {
		a.U8 = append(a.U8, uint8(r.IntN(256)))
	}
	f, err := os.Create(filepath.Join(dir, "images.npy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := npy.Write(f, a); err != nil {
		t.Fatal(err)
	}
	toml := filepath.Join(dir, "set.toml")
	if err := os.WriteFile(toml, []byte("images = \"images.npy\"\n[input]\ndivisor = 255.0\nmean = [0.5, 0.5, 0.5]\nstd = [0.25, 0.25, 0.25]\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return newNetwork(t, g, toml)
}

func (n network) options(scales quant.Scales, loss float64, candidates ...int) Options {
	return Options{Quant: quant.Options{Bits: candidates[0], Scales: scales}, Candidates: candidates, Loss: loss}
}

// TestProbe: the divergence of a probe equals the divergence of a network that is fitted with only this layer lowered, with the same formats
// and equalised channels.
func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name       string
		n          network
		scales     quant.Scales
		candidates []int
	}{
		{"demo", demo(t), quant.FreeScales, []int{8, 3}},
		{"demo, powers of two", demo(t), quant.PowersOfTwo, []int{8, 3}},
		{"gated", gated(t, "map.y", "fc.y"), quant.FreeScales, []int{8, 5, 3}},
		{"gated, many bits", gated(t, "map.y", "fc.y"), quant.FreeScales, []int{16, 12, 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.n.set = c.n.set.Limit(12)
			opt := c.n.options(c.scales, 1e6, c.candidates...)
			_, r, err := Search(t.Context(), c.n.g, c.n.set, c.n.plan, opt)
			if err != nil {
				t.Fatal(err)
			}
			s := &searcher{g: c.n.g, set: c.n.set, plan: c.n.plan, opt: opt}
			for i := 0; i < c.n.set.Len(); i += 2 {
				s.fitted = append(s.fitted, i)
			}
			open := s.open()
			spec, net, err := s.fit(t.Context(), fineValues(s.widths(open, nil)), nil)
			if err != nil {
				t.Fatal(err)
			}
			powers := 0
			for _, list := range spec.Equal {
				powers += len(list)
			}
			if c.name == "gated, many bits" && powers == 0 {
				t.Error("no channel is equalised: the test does not see that powers stay")
			}
			equal := spec.Equal
			if equal == nil {
				equal = map[string][]int{}
			}
			for _, l := range r.Layers {
				for k, bits := range c.candidates[1:] {
					low, own, err := s.fit(t.Context(), fineValues(s.widths(open, map[string]int{l.Name: bits})), equal)
					if err != nil {
						t.Fatal(err)
					}
					if d := cmp.Diff(spec.Values, low.Values); d != "" {
						// Sums that have fewer places of their own: the probe keeps the format.
						low.Values = spec.Values
						if own, err = quant.Lower(c.n.g, low); err != nil {
							t.Fatal(err)
						}
					}
					want := s.mean(t, net, own)
					if got := l.Divergences[k]; math.Abs(got-want) > 1e-3*want {
						t.Errorf("layer %q at %d bits diverges by %g, said to by %g", l.Name, bits, want, got)
					}
				}
			}
		})
	}
}

// mean is the mean divergence of one network from another on the images of the fits, run one by one.
func (s *searcher) mean(t *testing.T, was, now *intnet.Net) float64 {
	t.Helper()
	outcome := func(net *intnet.Net, i int) *judge.Outcome {
		x, err := intnet.New(net)
		if err != nil {
			t.Fatal(err)
		}
		host, err := hosttail.New(net)
		if err != nil {
			t.Fatal(err)
		}
		_, q, err := s.quantised(net, i)
		if err != nil {
			t.Fatal(err)
		}
		values, err := x.Run(q)
		if err != nil {
			t.Fatal(err)
		}
		o, err := judge.Integer(host, net, s.plan.Outputs, values)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	sum := 0.0
	for _, i := range s.fitted {
		d, err := divergence(s.plan.Outputs, outcome(was, i), outcome(now, i))
		if err != nil {
			t.Fatal(err)
		}
		sum += d / float64(len(s.fitted))
	}
	return sum
}

// TestSearch: the loss allowed is kept and the next step would exceed it; a larger loss saves no less; workers change nothing; the user's
// widths stay.
func TestSearch(t *testing.T) {
	n := demo(t)
	n.set = n.set.Limit(80)
	var operations []float64
	for _, loss := range []float64{0.3, 1000} {
		opt := n.options(quant.FreeScales, loss, 8, 6, 4)
		w, r, err := Search(t.Context(), n.g, n.set, n.plan, opt)
		if err != nil {
			t.Fatal(err)
		}
		if r.Chosen.Measure != ByTop1 || r.Chosen.Lost > loss || (r.Next == nil) != (loss == 1000) || r.Next != nil && r.Next.Lost <= loss {
			t.Errorf("loss %g: chosen %v, next %v", loss, &r.Chosen, r.Next)
		}
		operations = append(operations, r.BitOperations)
		for _, l := range r.Layers {
			if got := w.Layers[l.Name].Weights; got != l.Bits || loss == 1000 && got != 4 {
				t.Errorf("loss %g: layer %q has %d bits and is said to have %d", loss, l.Name, got, l.Bits)
			}
		}
		if loss < 1 {
			most, last := 0, 0
			opt.Progress = func(done, total int) {
				if done <= last && done < total || done > total || most > 0 && total != most {
					t.Errorf("%d of %d done, behind %d of %d", done, total, last, most)
				}
				last, most = done, total
			}
			opt.Workers = 3
			if _, again, err := Search(t.Context(), n.g, n.set, n.plan, opt); err != nil || !cmp.Equal(r, again) {
				t.Errorf("on three workers %v:\n%s", err, cmp.Diff(r, again))
			}
			if last != most || most == 0 {
				t.Errorf("%d of %d done at the end", last, most)
			}
		}
	}
	if operations[1] != 0.5 || operations[0] <= 0.5 || operations[0] >= 1 {
		t.Errorf("%v of the bit operations are left, want some between a half and all, then half of them", operations)
	}
	const own = "/conv1b/Conv"
	n.set = n.set.Limit(20)
	opt := n.options(quant.FreeScales, 1000, 8, 4)
	opt.Quant.Widths = &settings.Widths{Input: 7, Layers: map[string]settings.LayerWidths{own: {Weights: 7}, "/conv2a/Conv": {Activations: 6}}}
	w, r, err := Search(t.Context(), n.g, n.set, n.plan, opt)
	if err != nil {
		t.Fatal(err)
	}
	if w.Input != 7 || w.Layers[own].Weights != 7 || w.Layers["/conv2a/Conv"] != (settings.LayerWidths{Weights: 4, Activations: 6}) || len(opt.Quant.Widths.Layers) != 2 {
		t.Errorf("the user's widths %+v became %+v", opt.Quant.Widths, w)
	}
	for _, l := range r.Layers {
		if l.Name == own {
			t.Errorf("layer %q has the user's width and is in the report", own)
		}
	}
}

// TestMeasures: without labels a class vector is judged by regret and a map by its noise, and the worse of them decides.
func TestMeasures(t *testing.T) {
	n := gated(t, "map.y", "fc.y")
	words, err := Judges(n.plan)
	if err != nil || !strings.Contains(words, "regret") || !strings.Contains(words, "20 dB") {
		t.Errorf("judged by %q, %v", words, err)
	}
	_, r, err := Search(t.Context(), n.g, n.set, n.plan, n.options(quant.FreeScales, 5, 8, 6, 4))
	if err != nil {
		t.Fatal(err)
	}
	if r.Widest.Measure != ByNoise || r.Widest.Output != "map.y" || r.Widest.Top1 != nil || r.Chosen.Lost > 5 {
		t.Errorf("widest %+v, chosen %+v", r.Widest, r.Chosen)
	}
	n = gated(t, "fc.y")
	if _, r, err = Search(t.Context(), n.g, n.set, n.plan, n.options(quant.FreeScales, 5, 8, 4)); err != nil {
		t.Fatal(err)
	}
	if r.Chosen.Measure != ByRegret || r.Chosen.Regret == nil || r.Chosen.Divergence == nil || r.Chosen.Top1 != nil {
		t.Errorf("chosen %+v", r.Chosen)
	}
}

// TestRefusals: if a search is not possible, the error says what to do.
func TestRefusals(t *testing.T) {
	n := demo(t)
	for _, c := range []struct {
		name, want string
		change     func(n *network, o *Options)
	}{
		{"a loss that the widest exceeds", "with all weights at 3 bits the network loses .* allow more, give values more bits", func(_ *network, o *Options) {
			o.Candidates, o.Loss = []int{3, 2}, 0
		}},
		{"one image", "takes two", func(n *network, _ *Options) { n.set = n.set.Limit(1) }},
		{"a width of all weights", "leave it out", func(_ *network, o *Options) { o.Quant.Widths = &settings.Widths{Weights: 4} }},
		{"nothing to choose", "--requantise", func(n *network, o *Options) {
			w := &settings.Widths{Layers: map[string]settings.LayerWidths{}}
			for _, node := range n.g.Nodes {
				if graph.Convolves(node.Op) {
					w.Layers[node.Name] = settings.LayerWidths{Weights: 8}
				}
			}
			o.Quant.Widths = w
		}},
	} {
		n, o := n, n.options(quant.FreeScales, 1, 8, 4)
		n.set = n.set.Limit(40)
		c.change(&n, &o)
		_, _, err := Search(t.Context(), n.g, n.set, n.plan, o)
		if err == nil || !matches(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	o := n.options(quant.FreeScales, 1, 8, 4)
	o.Progress = func(done, _ int) {
		if done == 150 { // while layers are probed or judged
			cancel()
		}
	}
	if _, _, err := Search(ctx, n.g, n.set, n.plan, o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// matches tells whether text has the parts of want between ".*" in their order.
func matches(text, want string) bool {
	for _, part := range strings.Split(want, " .* ") {
		_, rest, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = rest
	}
	return true
}
