package sparsity

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"hass/internal/artifact"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/fidelity"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/workers"
)

// DefaultGoldenImages is the default number of golden images; a smaller set gives all of its images.
const DefaultGoldenImages = 8

// Options configure Measure. The zero value of a field takes its default.
type Options struct {
	Bits       int                  // default width of weights and activations; 16
	Widths     *settings.Widths     // per-layer widths, or nil
	Thresholds *settings.Thresholds // per-layer thresholds, or nil
	Scales     quant.Scales         // the steps to choose from
	Quantisers quant.Quantisers     // treatment of the graph's own quantisers, recorded in the profile

	SampleImages int   // images whose bitmaps are kept; 8
	GoldenImages int   // quantised images kept for test vectors; 8
	Seed         int64 // of all sampling

	Model     string // base name of the model file, recorded
	ModelHash string // SHA-256 of the model file in hex, recorded

	Workers  int                   // goroutines; all cores if <= 0
	Progress func(done, total int) // called after every image of every pass, or nil
}

// Measurement is a Profile with the contents of its side files.
type Measurement struct {
	Profile *Profile // its side files are recorded by Write
	Bitmaps *Bitmaps
	Golden  *npy.Array // int32, N x H x W x C
}

// Measure fixes the binary points of g on the images of a data set, runs the
// integer network over all of them, and counts the zeros of every convolution.
//
// The images kept as bitmaps are spread over the whole range of difficulty: the set is
// sorted by the number of pairs in all convolutions and divided into equal parts, one
// for each image wanted; the seed chooses one image from each part. Golden images are
// the first of the set.
func Measure(ctx context.Context, g *graph.Graph, set *dataset.Set, opt Options) (*Measurement, error) {
	opt.Bits = cmp.Or(opt.Bits, 16)
	opt.SampleImages, opt.GoldenImages = cmp.Or(opt.SampleImages, 8), cmp.Or(opt.GoldenImages, DefaultGoldenImages)
	if opt.SampleImages < 1 || opt.GoldenImages < 1 {
		return nil, fmt.Errorf("at least one sample image and one golden image are needed")
	}
	if len(g.Inputs) != 1 {
		return nil, fmt.Errorf("the model has %d inputs; profiling needs a model with one image input", len(g.Inputs))
	}
	if err := set.Check(g.Inputs[0].Shape); err != nil {
		return nil, err
	}
	if err := quant.Buildable(g); err != nil {
		return nil, err
	}
	n := set.Len()
	if n < 1 {
		return nil, fmt.Errorf("data set %s holds no image", set.Path)
	}
	samples := min(opt.SampleImages, n)
	p := progress{report: opt.Progress, total: n + 2*samples}

	load := func(i int) ([]float32, error) {
		x := make([]float32, set.C*set.H*set.W)
		return x, set.Float(i, x)
	}
	lo, hi := InputRange(set)
	spec, err := quant.Fit(ctx, g, calib.Images{N: n, Workers: opt.Workers, Load: load, Pass: func() { p.total += n }, Step: p.step},
		quant.Options{Bits: opt.Bits, Widths: opt.Widths, Thresholds: opt.Thresholds, Scales: opt.Scales, Quantisers: opt.Quantisers, InputMin: lo, InputMax: hi})
	if err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	pruner, err := quant.NewPruner(g, spec)
	if err != nil {
		return nil, err
	}
	net := pruner.Net()
	x, err := intnet.New(net)
	if err != nil {
		return nil, err
	}
	image := func(i int) ([]int32, error) {
		f, err := load(i)
		if err != nil {
			return nil, err
		}
		q, err := net.QuantizeInput(f)
		if err != nil {
			return nil, fmt.Errorf("data set %s: %s: %w", set.Path, set.Name(i), err)
		}
		return q, nil
	}

	pre, err := set.PreprocOf(net.Tensors[net.Input].C)
	if err != nil {
		return nil, err
	}
	m := &Measurement{Profile: &Profile{
		Model: opt.Model, Bits: widthsOf(spec), Images: n, Seed: opt.Seed, Spec: *spec,
		Divisor: pre.Divisor, Mean: pre.Mean, Std: pre.Std,
	}}
	z, err := countZeros(ctx, x, n, opt.Workers, image, &p)
	if err != nil {
		return nil, err
	}
	m.Profile.Layers = z.layers
	m.Profile.Sample = spread(z.imagePairs, samples, opt.Seed)
	if m.Bitmaps, err = sampleBitmaps(ctx, x, m.Profile.Sample, opt.Workers, image, &p); err != nil {
		return nil, err
	}
	report, err := fidelity.Measure(ctx, g, spec, pruner, samples, opt.Workers, func(i int) ([]float32, error) { return load(m.Profile.Sample[i]) }, p.step)
	if err != nil {
		return nil, fmt.Errorf("comparison with the float network: %w", err)
	}
	m.Profile.Fidelity = *report
	m.Bitmaps.Population = n
	for i := range m.Bitmaps.Layers {
		m.Bitmaps.Layers[i].Pairs = z.layerPairs[i]
	}
	if m.Golden, err = goldenImages(net, min(opt.GoldenImages, n), image); err != nil {
		return nil, err
	}
	data, err := set.Hash()
	if err != nil {
		return nil, err
	}
	inputs := map[string]string{"dataset": data}
	if opt.ModelHash != "" {
		inputs["model"] = opt.ModelHash
	}
	m.Profile.Header = artifact.NewHeader(ProfileSchema, ProfileVersion, inputs)
	return m, nil
}

type progress struct {
	report      func(done, total int)
	done, total int
}

func (p *progress) step() {
	if p.done++; p.report != nil {
		p.report(p.done, p.total)
	}
}

// InputRange is the range of values that preprocessing can give pixels. It is 0 and 0 for a set of numbers, whose range is
// known only from the numbers.
func InputRange(set *dataset.Set) (lo, hi float64) {
	if !set.Pixels() {
		return 0, 0
	}
	lo, hi = math.Inf(1), math.Inf(-1)
	for c := range set.Preproc.Mean {
		for _, u := range []uint8{0, 255} {
			v := float64(set.Preproc.Value(u, c))
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// widthsOf names the widths of a spec: the number of bits if all agree.
func widthsOf(s *quant.Spec) string {
	for _, f := range s.Values {
		if f.Bits != s.Bits {
			return "mixed"
		}
	}
	for _, c := range s.Convs {
		if c.WeightBits != s.Bits {
			return "mixed"
		}
	}
	return strconv.Itoa(s.Bits)
}

// zeros is the result of countZeros.
type zeros struct {
	layers     []Layer
	layerPairs []int64 // by convolution, over all images
	imagePairs []int64 // by image, over all convolutions
}

// countZeros runs all images.
func countZeros(ctx context.Context, x *intnet.Exec, n, count int, image func(int) ([]int32, error), p *progress) (*zeros, error) {
	net := x.Net()
	execs := make([]*intnet.Exec, workers.Count(n, count))
	counters := make([][]*counter, len(execs))
	for w := range execs {
		execs[w] = x.Clone()
		for i := range net.Layers {
			if l := &net.Layers[i]; l.Kind == intnet.KindConv {
				counters[w] = append(counters[w], newCounter(net, l))
			}
		}
	}
	z := &zeros{imagePairs: make([]int64, n)}
	err := workers.Ordered(ctx, n, count, func(w, i int) (int64, error) {
		q, err := image(i)
		if err != nil {
			return 0, err
		}
		if _, err := execs[w].Run(q); err != nil {
			return 0, fmt.Errorf("image %d: %w", i, err)
		}
		sum := int64(0)
		for _, c := range counters[w] {
			sum += c.add(execs[w].Tensor(c.l.In[0]))
		}
		return sum, nil
	}, func(i int, sum int64) error {
		z.imagePairs[i] = sum
		p.step()
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, c := range counters[0] {
		for _, other := range counters[1:] {
			c.merge(other[i])
		}
		l, pairs := c.layer()
		z.layers, z.layerPairs = append(z.layers, l), append(z.layerPairs, pairs)
	}
	return z, nil
}

// spread chooses n images, one from each of n equal parts of the images sorted by
// pairs, in ascending order of their numbers.
func spread(pairs []int64, n int, seed int64) []int {
	order := make([]int, len(pairs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(pairs[a], pairs[b]) })
	rng := rand.New(rand.NewPCG(uint64(seed), 0x696d61676573))
	var picked []int
	for k := range n {
		lo, hi := k*len(order)/n, (k+1)*len(order)/n
		picked = append(picked, order[lo+rng.IntN(hi-lo)])
	}
	slices.Sort(picked)
	return picked
}

// sampleBitmaps runs the chosen images again and keeps their zeros.
func sampleBitmaps(ctx context.Context, x *intnet.Exec, sample []int, count int, image func(int) ([]int32, error), p *progress) (*Bitmaps, error) {
	net := x.Net()
	b := &Bitmaps{Images: len(sample)}
	var convs []*intnet.Layer
	for i := range net.Layers {
		if l := &net.Layers[i]; l.Kind == intnet.KindConv {
			convs = append(convs, l)
			b.Layers = append(b.Layers, newLayerBits(net, l, len(sample)))
		}
	}
	err := intnet.RunMany(ctx, x, len(sample), count,
		func(i int) ([]int32, error) { return image(sample[i]) },
		func(x *intnet.Exec, _ [][]int32) ([]Bits, error) {
			var r []Bits
			for _, l := range convs {
				r = append(r, actBits(x.Tensor(l.In[0]), l.Conv.TauA))
			}
			return r, nil
		},
		func(i int, r []Bits) error {
			for k := range b.Layers {
				b.Layers[k].setImage(i, r[k])
			}
			p.step()
			return nil
		})
	return b, err
}

// goldenImages quantises the first n images.
func goldenImages(net *intnet.Net, n int, image func(int) ([]int32, error)) (*npy.Array, error) {
	t := &net.Tensors[net.Input]
	a := &npy.Array{DType: "int32", Shape: []int{n, t.H, t.W, t.C}}
	for i := range n {
		q, err := image(i)
		if err != nil {
			return nil, err
		}
		a.I32 = append(a.I32, q...)
	}
	return a, nil
}
