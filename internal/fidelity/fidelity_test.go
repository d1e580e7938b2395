package fidelity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/calib"
	"hass/internal/fixed"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/quant"
	"hass/internal/settings"
)

// net builds the text form of a graph.
type net struct {
	b     strings.Builder
	nodes []string
}

// onImages starts a graph over [1,c,size,size].
func onImages(c, size int) *net {
	n := new(net)
	fmt.Fprintf(&n.b, "graph \"test\" {\n  input \"x\" f32 [1,%d,%d,%d]\n", c, size, size)
	return n
}

// conv is a 1x1 convolution with the given weights [f][c] and biases.
func (n *net) conv(name, in string, size int, w [][]float32, bias ...float32) *net {
	fmt.Fprintf(&n.b, "  const %q f32 [%d,%d,1,1] {", name+".w", len(w), len(w[0]))
	for _, row := range w {
		for _, v := range row {
			fmt.Fprintf(&n.b, "%g ", v)
		}
	}
	n.b.WriteString("}\n")
	inputs := fmt.Sprintf("%q, %q", in, name+".w")
	if bias != nil {
		fmt.Fprintf(&n.b, "  const %q f32 [%d] {%s}\n", name+".b", len(bias), strings.Trim(fmt.Sprint(bias), "[]"))
		inputs += fmt.Sprintf(", %q", name+".b")
	}
	return n.node("conv %q (%s) -> (%q [1,%d,%d,%d]) kernel=[1,1] stride=[1,1] dilation=[1,1] pads=[0,0,0,0] groups=1", name, inputs, name+".y", len(w), size, size)
}

// constant is a single number.
func (n *net) constant(name string, v float32) *net {
	fmt.Fprintf(&n.b, "  const %q f32 [] {%g}\n", name, v)
	return n
}

func (n *net) node(format string, args ...any) *net {
	n.nodes = append(n.nodes, fmt.Sprintf(format, args...))
	return n
}

func (n *net) graph(t *testing.T, outputs ...string) *graph.Graph {
	t.Helper()
	for _, l := range n.nodes {
		fmt.Fprintf(&n.b, "  %s\n", l)
	}
	for _, o := range outputs {
		fmt.Fprintf(&n.b, "  output %q\n", o)
	}
	n.b.WriteString("}\n")
	g, err := graph.Parse(n.b.String())
	if err != nil {
		t.Fatalf("%v\n%s", err, n.b.String())
	}
	if err := graph.Verify(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// steps are images of multiples of 1/256 from 0 to 1.
func steps(n, elems int) [][]float32 {
	r := rand.New(rand.NewPCG(1, 2))
	all := make([][]float32, n)
	for i := range all {
		for range elems {
			all[i] = append(all[i], float32(r.IntN(257))/256)
		}
	}
	all[0][0] = 1
	return all
}

type run struct {
	spec   *quant.Spec
	pruner *quant.Pruner
	report *Report
}

func measure(t *testing.T, g *graph.Graph, images [][]float32, opt quant.Options, workers int) run {
	t.Helper()
	image := func(i int) ([]float32, error) { return images[i], nil }
	r, err := calib.Collect(context.Background(), g, calib.Images{N: len(images), Load: image}, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := quant.Calibrate(g, r, opt)
	if err != nil {
		t.Fatal(err)
	}
	pruner, err := quant.NewPruner(g, spec)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Measure(context.Background(), g, spec, pruner, len(images), workers, image, nil)
	if err != nil {
		t.Fatal(err)
	}
	return run{spec, pruner, report}
}

// one has the properties that a test expects of a loss, besides its figures.
type one struct {
	Kind     LossKind
	Layer    string
	Branch   int
	Channels []int
}

func kinds(r *Report) []one {
	list := []one{}
	for _, l := range r.Losses {
		list = append(list, one{l.Kind, l.Layer, l.Branch, l.Channels})
	}
	return list
}

var bits16 = quant.Options{Bits: 16}

// TestLosses has one smallest network for each kind of loss, and networks that lose nothing.
func TestLosses(t *testing.T) {
	outlier := steps(2, 64*64)
	for _, img := range outlier {
		for i := range img {
			img[i] = 2*img[i] - 1
		}
		img[77] = 12
	}
	tau := 0.1
	for _, c := range []struct {
		name    string
		graph   *graph.Graph
		images  [][]float32
		opt     quant.Options
		want    []one
		message string // of the first
	}{
		{
			name: "branch of a Concat",
			graph: onImages(1, 4).conv("big", "x", 4, [][]float32{{1000}}).conv("small", "x", 4, [][]float32{{0.05}}).
				node(`concat "cat" ("big.y", "small.y") -> ("cat.y" [1,2,4,4]) axis=1`).
				conv("out", "cat.y", 4, [][]float32{{0.0001, 2}}).graph(t, "out.y"),
			images: steps(3, 16), opt: bits16,
			want:    []one{{Branch, "cat", 2, nil}},
			message: `branch 2 of Concat "cat": NN % of its range is lost: its largest value 0.05 is 0.8 steps of the common binary point`,
		},
		{
			name: "branch of an Add",
			graph: onImages(1, 4).conv("big", "x", 4, [][]float32{{1000}}).conv("small", "x", 4, [][]float32{{0.05}}).
				node(`add "sum" ("small.y", "big.y") -> ("sum.y" [1,1,4,4])`).graph(t, "sum.y"),
			images: steps(3, 16), opt: bits16,
			want:    []one{{Branch, "sum", 1, nil}},
			message: `branch 1 of Add "sum": NN % of its range is lost: its largest value 0.05 is 0.8 steps of the common binary point`,
		},
		{
			name: "a clamp behind a Concat is no loss",
			graph: onImages(1, 4).conv("big", "x", 4, [][]float32{{-3}}).conv("small", "x", 4, [][]float32{{0.7}}, -0.5).
				node(`concat "cat" ("big.y", "small.y") -> ("cat.y" [1,2,4,4]) axis=1`).
				node(`clip "r" ("cat.y") -> ("r.y" [1,2,4,4]) alpha=0 beta=0.125`).graph(t, "r.y"),
			images: steps(3, 16), opt: bits16,
			want: []one{},
		},
		{
			name:   "channel of a tensor",
			graph:  onImages(1, 4).conv("c", "x", 4, [][]float32{{1}, {1. / 512}}).graph(t, "c.y"),
			images: steps(3, 16), opt: quant.Options{Bits: 8, Widths: &settings.Widths{Layers: map[string]settings.LayerWidths{"c": {Activations: 8}}}},
			want:    []one{{Channels, "c", 0, []int{1}}},
			message: `conv "c": 1 of 2 channels lose their range to one binary point; worst is channel 1: 100 % of its range is lost: its largest value 0.002 is 0.12 steps`,
		},
		{
			name:   "weights of an output channel",
			graph:  onImages(1, 4).conv("c", "x", 4, [][]float32{{1}, {1e-6}}, 0, 0.5).graph(t, "c.y"),
			images: steps(3, 16), opt: bits16,
			want:    []one{{Weights, "c", 0, []int{1}}},
			message: `weights of conv "c": 1 of 2 output channels lose their range to one binary point; worst is channel 1: all its weights round to zero: its largest weight 1e-06 is 0.016 steps`,
		},
		{
			name: "an output that is zero",
			graph: onImages(1, 4).conv("c", "x", 4, [][]float32{{1}, {1e-6}}).
				conv("d", "c.y", 4, [][]float32{{0, 100000}}).graph(t, "d.y"),
			images: steps(3, 16), opt: bits16,
			want:    []one{{ZeroOutput, "d", 0, nil}, {Channels, "c", 0, []int{1}}, {Weights, "c", 0, []int{1}}},
			message: `output "d.y" is all zero: conv "d" makes it, and its largest value in the float network is 0.1`,
		},
		{
			name:   "values beyond the end of a format",
			graph:  onImages(1, 64).conv("c", "x", 64, [][]float32{{1}}).conv("d", "c.y", 64, [][]float32{{1}}).graph(t, "d.y"),
			images: outlier, opt: quant.Options{Bits: 4, Widths: &settings.Widths{Input: 16, Layers: map[string]settings.LayerWidths{"d": {Weights: 16, Activations: 16}}}},
			want:    []one{{Saturation, "c", 0, nil}},
			message: `conv "c": NN % of its range is lost: 0.02 % of its values lie beyond the end of its format, 7 steps; its largest value 12 is 48 steps`,
		},
		{
			name: "a whole tensor",
			graph: onImages(1, 4).conv("c", "x", 4, [][]float32{{1. / (1 << 20)}}).
				node(`sigmoid "s" ("c.y") -> ("s.y" [1,1,4,4])`).graph(t, "s.y"),
			images: steps(3, 16), opt: bits16,
			want:    []one{{Tensor, "c", 0, nil}},
			message: `conv "c": NN % of its range is lost: its largest value 9.5e-07 is 1 steps of its binary point`,
		},
		{
			name: "nothing",
			graph: onImages(1, 4).conv("big", "x", 4, [][]float32{{4}}).conv("small", "x", 4, [][]float32{{0.5}}).
				node(`add "sum" ("small.y", "big.y") -> ("sum.y" [1,1,4,4])`).
				node(`concat "cat" ("small.y", "sum.y") -> ("cat.y" [1,2,4,4]) axis=1`).graph(t, "cat.y"),
			images: steps(3, 16), opt: quant.Options{Bits: 8},
			want: []one{},
		},
		{
			name: "what a quantiser of the model rounds is no loss",
			graph: onImages(1, 4).constant("scale", 4).constant("zero", 0).
				conv("big", "x", 4, [][]float32{{1000}}).conv("small", "x", 4, [][]float32{{3}}).
				node(`add "sum" ("small.y", "big.y") -> ("sum.y" [1,1,4,4])`).
				node(`quantize "q" ("sum.y", "scale", "zero") -> ("q.y" [1,1,4,4]) bits=8`).graph(t, "q.y"),
			images: steps(3, 16), opt: bits16,
			want: []one{},
		},
		{
			name:   "pruning is no loss",
			graph:  onImages(1, 4).conv("c", "x", 4, [][]float32{{1}, {1e-6}}, 0, 0.5).graph(t, "c.y"),
			images: steps(3, 16), opt: quant.Options{Bits: 16, Thresholds: &settings.Thresholds{Default: settings.Tau{W: tau, A: tau}}},
			want: []one{},
		},
		{
			name:   "zeros are no loss",
			graph:  onImages(1, 4).conv("c", "x", 4, [][]float32{{1}, {0}}).graph(t, "c.y"),
			images: steps(3, 16), opt: bits16,
			want: []one{},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := measure(t, c.graph, c.images, c.opt, 1)
			if d := cmp.Diff(c.want, kinds(r.report)); d != "" {
				t.Fatal(d)
			}
			for _, l := range r.report.Losses {
				if !(l.Lost >= lostRange && l.Lost <= 1) || !(l.Share > 0 && l.Share <= 1) || l.Peak <= 0 {
					t.Errorf("loss %+v", l)
				}
			}
			if len(c.want) > 0 {
				l := &r.report.Losses[0]
				want := strings.ReplaceAll(c.message, "NN", fmt.Sprintf("%.0f", 100*l.Lost))
				if got := l.String(); got != want {
					t.Errorf("message\n%s\nwant\n%s", got, want)
				}
			}
			if d := cmp.Diff(r.report, measure(t, c.graph, c.images, c.opt, 4).report); d != "" {
				t.Errorf("another number of workers gives another report: %s", d)
			}
		})
	}
}

// TestLostRange: the figure is the relative error of the values alone in the common format, computed here from its definition.
func TestLostRange(t *testing.T) {
	g := onImages(1, 4).conv("big", "x", 4, [][]float32{{1000}}).conv("small", "x", 4, [][]float32{{0.05}}).
		node(`concat "cat" ("big.y", "small.y") -> ("cat.y" [1,2,4,4]) axis=1`).graph(t, "cat.y")
	images := steps(3, 16)
	r := measure(t, g, images, bits16, 1)
	step := math.Ldexp(1, -r.spec.Values["cat.y"].Frac)
	signal, noise := 0.0, 0.0
	for _, img := range images {
		for _, v := range img {
			f := float64(v * 0.05)
			d := f - math.Floor(f/step+0.5)*step
			signal += f * f
			noise += d * d
		}
	}
	if want := math.Sqrt(noise / signal); math.Abs(r.report.Losses[0].Lost-want) > 1e-4 {
		t.Errorf("lost %v, want %v", r.report.Losses[0].Lost, want)
	}
}

// TestSignalToNoise compares the table with the definition, computed from both executors.
func TestSignalToNoise(t *testing.T) {
	g := onImages(1, 4).conv("exact", "x", 4, [][]float32{{1}}).conv("third", "x", 4, [][]float32{{1. / 3}, {0.7}}, 0.01, -0.3).
		node(`relu "r" ("third.y") -> ("r.y" [1,2,4,4])`).
		conv("last", "r.y", 4, [][]float32{{0.3, -0.6}}).graph(t, "last.y", "exact.y")
	images := steps(3, 16)
	for _, bits := range []int{16, 6} {
		r := measure(t, g, images, quant.Options{Bits: bits, Widths: &settings.Widths{Input: 16}}, 2)
		net := r.pruner.Net()
		exec, err := intnet.New(net)
		if err != nil {
			t.Fatal(err)
		}
		float, err := floatexec.New(g)
		if err != nil {
			t.Fatal(err)
		}
		signal, noise := map[string]float64{}, map[string]float64{}
		for _, img := range images {
			q, err := net.QuantizeInput(img)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := exec.Run(q); err != nil {
				t.Fatal(err)
			}
			values := map[string][]float32{}
			if _, err := float.Run([][]float32{img}, func(name string, v []float32) { values[name] = slices.Clone(v) }); err != nil {
				t.Fatal(err)
			}
			for _, l := range net.Layers {
				d := net.Dequantize(l.Out, exec.Tensor(l.Out))
				for i, f := range values[net.Tensors[l.Out].Name] {
					signal[l.Name] += float64(f) * float64(f)
					noise[l.Name] += (float64(f) - float64(d[i])) * (float64(f) - float64(d[i]))
				}
			}
		}
		if len(r.report.Layers) != 3 {
			t.Fatalf("%d rows, want 3", len(r.report.Layers))
		}
		for _, l := range r.report.Layers {
			if noise[l.Name] == 0 {
				if l.SNR != nil {
					t.Errorf("%s: %v dB without noise", l.Name, *l.SNR)
				}
				continue
			}
			want := 10 * math.Log10(signal[l.Name]/noise[l.Name])
			if l.SNR == nil || math.Abs(*l.SNR-want) > 0.0051 {
				t.Errorf("%d bits, %s: %v dB, want %.3f", bits, l.Name, l.SNR, want)
			}
		}
		if o := r.report.Outputs[0]; o.Name != "last.y" || o.SNR == nil || *o.SNR != *r.report.Layers[2].SNR {
			t.Errorf("output %+v", o)
		}
		if w := r.report.Noisiest(); w == nil {
			t.Error("no noisiest layer")
		}
	}
}

// TestBranchesOfConcat: a branch with a change of format has a row for its own value, in the order of the network.
func TestBranchesOfConcat(t *testing.T) {
	g := onImages(1, 4).conv("big", "x", 4, [][]float32{{1000}}).conv("small", "x", 4, [][]float32{{0.05}}).
		node(`relu "other" ("x") -> ("other.y" [1,1,4,4])`).
		node(`concat "cat" ("big.y", "small.y", "other.y") -> ("cat.y" [1,3,4,4]) axis=1`).graph(t, "cat.y")
	r := measure(t, g, steps(3, 16), bits16, 1)
	var names []string
	for _, l := range r.report.Layers {
		names = append(names, l.Name)
	}
	want := []string{"big", "small", "other", quant.BranchName("cat", 1), quant.BranchName("cat", 2), "cat"}
	if d := cmp.Diff(want, names); d != "" {
		t.Error(d)
	}
}

// TestWarnings: the worst come first, and warnings beyond a screen are only counted.
func TestWarnings(t *testing.T) {
	r := new(Report)
	for i := range 20 {
		r.Losses = append(r.Losses, Loss{Kind: Tensor, Layer: fmt.Sprint(i), Op: intnet.KindConv, Lost: 0.5})
	}
	w := r.Warnings("profile.json")
	if len(w) != shownLosses+1 || !strings.HasPrefix(w[0], `conv "0"`) || w[shownLosses] != "12 more losses of range, less than these, are in profile.json" {
		t.Errorf("%q", w)
	}
	r.Losses = r.Losses[:shownLosses]
	if w := r.Warnings("p"); len(w) != shownLosses {
		t.Errorf("%q", w)
	}
}

func TestCoarse(t *testing.T) {
	f := fixed.Format{Bits: 8, Signed: true} // 127 steps
	for _, c := range []struct {
		t    tally
		want bool
	}{
		{tally{peak: 7.9, signal: 100, alone: 1}, true},
		{tally{peak: 8, signal: 100, alone: 1}, false},   // three bits would be gained
		{tally{peak: 1, signal: 100, alone: 0.9}, false}, // less than a tenth is lost
		{tally{peak: 1, signal: 0, alone: 0}, false},
		{tally{peak: 7, signal: 100, alone: 50, beyond: 1}, false}, // saturation is another loss
	} {
		if got := coarse(&c.t, f); got != c.want {
			t.Errorf("%+v: %v", c.t, got)
		}
	}
}
