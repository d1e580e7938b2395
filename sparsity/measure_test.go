package sparsity

import (
	"bytes"
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
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/test/testenv"
)

// smallModel is conv -> relu -> conv over 6x6 RGB images with seeded weights.
func smallModel(t testing.TB) *graph.Graph {
	t.Helper()
	rng := rand.New(rand.NewPCG(11, 12))
	weights := func(shape ...int) *graph.Tensor {
		w := &graph.Tensor{Type: graph.Float, Shape: shape}
		for range w.Shape.Elems() {
			w.F = append(w.F, float32(rng.NormFloat64()))
		}
		return w
	}
	conv := graph.Conv{Window: graph.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{1, 1, 1, 1}}, Groups: 1}
	g := &graph.Graph{
		Name:    "small",
		Inputs:  []graph.Value{{Name: "x", Type: graph.Float, Shape: graph.Shape{1, 3, 6, 6}}},
		Outputs: []string{"y"},
		Nodes: []*graph.Node{
			{Name: "c1", Op: conv, Inputs: []string{"x", "w1"}, Outputs: []string{"a"}},
			{Name: "r1", Op: graph.Activation{Fn: "relu"}, Inputs: []string{"a"}, Outputs: []string{"b"}},
			{Name: "c2", Op: conv, Inputs: []string{"b", "w2"}, Outputs: []string{"y"}},
		},
		Consts: map[string]*graph.Tensor{"w1": weights(8, 3, 3, 3), "w2": weights(4, 8, 3, 3)},
		Shapes: map[string]graph.Shape{"x": {1, 3, 6, 6}, "a": {1, 8, 6, 6}, "b": {1, 8, 6, 6}, "y": {1, 4, 6, 6}},
	}
	if err := graph.Verify(g); err != nil {
		t.Fatal(err)
	}
	return g
}

// smallSet writes n seeded images and opens them.
func smallSet(t testing.TB, n int) *dataset.Set {
	t.Helper()
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(13, 14))
	a := &npy.Array{DType: "uint8", Shape: []int{n, 6, 6, 3}}
	for range a.Len() {
		a.U8 = append(a.U8, uint8(rng.IntN(256)))
	}
	var b bytes.Buffer
	if err := npy.Write(&b, a); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"images.npy": b.String(),
		"set.toml": "images = \"images.npy\"\n[input]\ndivisor = 255.0\nmean = [0.5, 0.5, 0.5]\nstd = [0.25, 0.25, 0.25]\n"}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := dataset.Open(filepath.Join(dir, "set.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func measureSmall(t testing.TB, opt Options) *Measurement {
	t.Helper()
	m, err := Measure(context.Background(), smallModel(t), smallSet(t, 20), opt)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestMeasureIsDeterministic wants the same bytes of all three files twice, for any
// number of workers and in any folder.
func TestMeasureIsDeterministic(t *testing.T) {
	tau := 0.3
	opt := Options{Bits: 8, Seed: 5, SampleImages: 3, Model: "small.onnx", ModelHash: strings.Repeat("0", 64), Thresholds: &settings.Thresholds{Layers: map[string]settings.LayerTau{"c2": {W: &tau, A: &tau}}}}
	var want map[string]string
	for _, workers := range []int{1, 4, 4, 0} {
		opt.Workers = workers
		dir := t.TempDir()
		if err := Write(context.Background(), measureSmall(t, opt), filepath.Join(dir, "p.json")); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			got[e.Name()] = string(data)
		}
		for _, name := range []string{"p.json", "p.bitmaps.bin", "p.golden.npy"} {
			if got[name] == "" {
				t.Fatalf("no file %s among %d", name, len(got))
			}
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-1 worker +these):\n%s", workers, diff)
		}
	}
	if strings.Contains(want["p.json"], "/") {
		t.Error("the profile holds a path")
	}
	first := measureSmall(t, opt).Profile.Sample
	opt.Seed = 6
	if second := measureSmall(t, opt).Profile.Sample; len(first) != 3 || cmp.Equal(first, second) {
		t.Errorf("samples %v and %v of seeds 5 and 6", first, second)
	}
}

// TestMeasureCounts recounts zeros and bitmaps from the executor's tensors.
func TestMeasureCounts(t *testing.T) {
	tau := 0.4
	m := measureSmall(t, Options{SampleImages: 4, GoldenImages: 3, Thresholds: &settings.Thresholds{Default: settings.Tau{W: 0.2, A: tau}}})
	set := smallSet(t, 20)
	net, err := quant.Lower(smallModel(t), &m.Profile.Spec)
	if err != nil {
		t.Fatal(err)
	}
	x, err := intnet.New(net)
	if err != nil {
		t.Fatal(err)
	}
	if m.Profile.Images != 20 || len(m.Profile.Sample) != 4 || m.Bitmaps.Images != 4 || m.Bitmaps.Population != 20 || len(m.Profile.Layers) != 2 {
		t.Fatalf("%d images, sample %v, bitmaps of %d of %d, %d layers", m.Profile.Images, m.Profile.Sample, m.Bitmaps.Images, m.Bitmaps.Population, len(m.Profile.Layers))
	}
	acts, pairs := make([]int, 2), make([]int, 2)
	img := make([]float32, 3*6*6)
	for i := range 20 {
		if err := set.Float(i, img); err != nil {
			t.Fatal(err)
		}
		q, err := net.QuantizeInput(img)
		if err != nil {
			t.Fatal(err)
		}
		if i < 3 && !slices.Equal(m.Golden.I32[i*len(q):][:len(q)], q) {
			t.Errorf("golden image %d is not quantised image %d", i, i)
		}
		if _, err := x.Run(q); err != nil {
			t.Fatal(err)
		}
		for k := range 2 {
			a, p := bruteCount(net, k, x.Tensor(net.Layers[k].In[0]))
			acts[k], pairs[k] = acts[k]+a, pairs[k]+p
			if at := slices.Index(m.Profile.Sample, i); at >= 0 {
				b := m.Bitmaps.Layers[k]
				for j, v := range x.Tensor(net.Layers[k].In[0]) {
					want := v != 0 && int64(max(v, -v)) >= net.Layers[k].Conv.TauA
					if got := b.Acts.Run(at*b.imageCount()+j, 1) == 1; got != want {
						t.Fatalf("layer %d image %d element %d: bit %v, value %d", k, i, j, got, v)
					}
				}
			}
		}
	}
	for k, l := range m.Profile.Layers {
		conv := net.Layers[k].Conv
		if conv.TauA == 0 {
			t.Errorf("layer %d has no threshold", k)
		}
		w := 0
		for i, v := range conv.Weights {
			if v != 0 {
				w++
			}
			if got := m.Bitmaps.Layers[k].Weights.Run(i, 1) == 1; got != (v != 0) {
				t.Fatalf("layer %d weight %d: bit %v, value %d", k, i, got, v)
			}
		}
		c := net.Tensors[net.Layers[k].In[0]].C
		near(t, l.Name+" weights", l.WeightDensity, float64(w)/float64(len(conv.Weights)))
		near(t, l.Name+" activations", l.ActivationDensity, float64(acts[k])/float64(20*36*c))
		near(t, l.Name+" pairs", l.PairDensity, float64(pairs[k])/float64(20*l.MACs))
		near(t, l.Name+" pairs per output", mean(l.PairDensityPerOut), l.PairDensity)
		near(t, l.Name+" weights per output", mean(l.WeightDensityPerOut), l.WeightDensity)
		near(t, l.Name+" activations per input", mean(l.ActivationDensityPerIn), l.ActivationDensity)
		if m.Bitmaps.Layers[k].Pairs != int64(pairs[k]) {
			t.Errorf("layer %d: %d pairs recorded, counted %d", k, m.Bitmaps.Layers[k].Pairs, pairs[k])
		}
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func mean(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s / float64(len(v))
}

// bruteCount counts the non-zero activations and pairs of conv layer k by definition.
func bruteCount(net *intnet.Net, k int, x []int32) (acts, pairs int) {
	l := &net.Layers[k]
	in, out, c := net.Tensors[l.In[0]], net.Tensors[l.Out], l.Conv
	on := func(v int32) bool { return v != 0 && int64(max(v, -v)) >= c.TauA }
	for _, v := range x {
		if on(v) {
			acts++
		}
	}
	gc := in.C / c.Groups
	for o := range c.OutC {
		for oy := range out.H {
			for ox := range out.W {
				for kh := range c.Kernel[0] {
					for kw := range c.Kernel[1] {
						iy, ix := oy*c.Stride[0]-c.Pads[0]+kh*c.Dilation[0], ox*c.Stride[1]-c.Pads[1]+kw*c.Dilation[1]
						if iy < 0 || iy >= in.H || ix < 0 || ix >= in.W {
							continue
						}
						for ch := range gc {
							w := c.Weights[((o*c.Kernel[0]+kh)*c.Kernel[1]+kw)*gc+ch]
							if w != 0 && on(x[(iy*in.W+ix)*in.C+o/(c.OutC/c.Groups)*gc+ch]) {
								pairs++
							}
						}
					}
				}
			}
		}
	}
	return acts, pairs
}

// TestCounter compares the counter with the definition on awkward geometry.
func TestCounter(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for i, d := range []convDims{
		same3x3(5, 6, 4, 6),
		{7, 9, 6, 4, intnet.Window{Kernel: [2]int{3, 2}, Stride: [2]int{2, 3}, Dilation: [2]int{2, 1}, Pads: [4]int{1, 0, 3, 1}}, 3, 0},
		{1, 1, 5, 3, intnet.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}, 0, 0},
	} {
		for _, groups := range []int{1, 2} {
			if d.c%groups != 0 || d.outC%groups != 0 {
				continue
			}
			c := newConvCase(rng, d, 3)
			conv := c.net.Layers[0].Conv
			conv.Groups, conv.Weights = groups, conv.Weights[:len(conv.Weights)/groups]
			count := newCounter(c.net, &c.net.Layers[0])
			acts, pairs := 0, 0
			for _, x := range c.images {
				a, p := bruteCount(c.net, 0, x)
				acts, pairs = acts+a, pairs+p
				if got := count.add(x); got != int64(p) {
					t.Errorf("case %d, %d groups: %d pairs, want %d", i, groups, got, p)
				}
			}
			l, total := count.layer()
			if total != int64(pairs) {
				t.Errorf("case %d, %d groups: %d pairs in all, want %d", i, groups, total, pairs)
			}
			near(t, "activations", l.ActivationDensity, float64(acts)/float64(3*d.h*d.w*d.c))
			near(t, "pairs", l.PairDensity, float64(pairs)/float64(3*l.MACs))
		}
	}
}

func TestCurve(t *testing.T) {
	// 64 elements: 32 zeros, then 1..32 once each.
	values, counts := []float64{0}, []int64{32}
	for v := 1; v <= 32; v++ {
		values, counts = append(values, float64(v)), append(counts, 1)
	}
	tau, density := curve(values, counts)
	if tau[0] != 0 || density[0] != 0.5 || len(tau) != 16 {
		t.Fatalf("curve starts at %v, %v and has %d points", tau[0], density[0], len(tau))
	}
	for i := range tau {
		left := 0
		for v := 1; v <= 32; v++ {
			if float64(v) >= tau[i] {
				left++
			}
		}
		near(t, fmt.Sprintf("density at %v", tau[i]), density[i], float64(left)/64)
	}
	if tau, density = curve([]float64{0}, []int64{7}); len(tau) != 1 || density[0] != 0 {
		t.Errorf("all zeros: %v, %v", tau, density)
	}
	if tau, density = curve([]float64{2}, []int64{7}); len(tau) != 1 || density[0] != 1 {
		t.Errorf("one value: %v, %v", tau, density)
	}
}

func TestSpread(t *testing.T) {
	pairs := make([]int64, 100)
	for i := range pairs {
		pairs[i] = int64(i * 37 % 100)
	}
	got := spread(pairs, 10, 3)
	part := map[int64]bool{}
	for i, p := range got {
		part[pairs[p]/10] = true
		if i > 0 && p <= got[i-1] {
			t.Errorf("not ascending: %v", got)
		}
	}
	if len(part) != 10 {
		t.Errorf("%v: from %d parts, want 10", got, len(part))
	}
	if cmp.Equal(got, spread(pairs, 10, 4)) {
		t.Error("the seed has no effect")
	}
}

func TestMeasureRefuses(t *testing.T) {
	g, set := smallModel(t), smallSet(t, 4)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Measure(ctx, g, set, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Measure(context.Background(), g, set, Options{Bits: 40}); err == nil {
		t.Error("40 bits were accepted")
	}
	if _, err := Measure(context.Background(), g, set, Options{SampleImages: -1}); err == nil {
		t.Error("-1 sample images were accepted")
	}
	small := *g
	small.Inputs = []graph.Value{{Name: "x", Type: graph.Float, Shape: graph.Shape{1, 3, 5, 6}}}
	if _, err := Measure(context.Background(), &small, set, Options{}); err == nil || !strings.Contains(err.Error(), "set.toml") {
		t.Errorf("images of the wrong size: %v", err)
	}
}

func TestProgress(t *testing.T) {
	var seen []int
	m := measureSmall(t, Options{Workers: 3, SampleImages: 100, Progress: func(done, total int) {
		if total != 80 {
			t.Errorf("total %d, want 80", total)
		}
		seen = append(seen, done)
	}})
	if len(seen) != 80 || !slices.IsSorted(seen) || seen[79] != 80 {
		t.Errorf("progress %v", seen)
	}
	if len(m.Profile.Sample) != 20 {
		t.Errorf("100 sample images of 20 gave %v", m.Profile.Sample)
	}
}

// TestResNet8 measures the real network. The pair density of the float network is
// known: 0.506, and 0.95 in the first layer, 0.23 in the last 3x3 one.
func TestResNet8(t *testing.T) {
	images, tolerance := 12, 0.02
	if os.Getenv("HASS_ACCEPTANCE") == "1" {
		images, tolerance = 0, 0.002
	} else if testing.Short() {
		t.Skip("skipped: real network (-short)")
	}
	dir := filepath.Join(testenv.Data(t), "cifar10_resnet8")
	g, err := frontend.Load(filepath.Join(dir, "model_jpeg_ft.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(filepath.Join(dir, "calib.toml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Measure(context.Background(), g, set.Limit(images), Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := m.Profile
	total := p.Totals()
	if math.Abs(total.PairDensity-0.506) > tolerance || total.MACs != 12501632 {
		t.Errorf("pair density %.4f of %d MACs, want 0.506 of 12501632", total.PairDensity, total.MACs)
	}
	for i, want := range map[int]float64{0: 0.95, 7: 0.23} {
		if got := p.Layers[i].PairDensity; math.Abs(got-want) > 0.02 {
			t.Errorf("layer %s: pair density %.4f, want %.2f", p.Layers[i].Name, got, want)
		}
	}
	path := filepath.Join(t.TempDir(), "profile.json")
	if err := Write(context.Background(), m, path); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Size() > 1<<20 {
		t.Errorf("profile.json: %v bytes (%v)", st.Size(), err)
	}
	var b strings.Builder
	if err := Table(&b, p); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
}
