package search

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/judge"
	"hass/internal/metrics"
	"hass/internal/quant"
	"hass/internal/repair"
	"hass/internal/settings"
	"hass/internal/workers"
	"hass/optimizer"
	"hass/sparsity"
)

// Options configure New.
type Options struct {
	Bits     int              // default width of weights and activations; 16
	Scales   quant.Scales     // the steps to choose from
	Widths   *settings.Widths // per-layer widths, or nil
	Platform design.Platform
	Shares   design.Shares     // usable shares of the resources; the zero value is the default
	Engine   design.EngineRule // engine rule; "" is auto
	Target   limits.Target     // target whose limits the hardware keeps; "" is limits.Both
	// Calibration, if not nil, scales the cost model.
	Calibration *design.Calibration
	Pixels      int // per beat of the widest streams; 0 is the best number for the unpruned network
	// Clock is the requested clock of designs in MHz; 0 gives each trial the clock with the most images per second.
	Clock  float64
	Images int    // calibration images used, the first of the set; 0 is all
	Seed   uint64 // of the order of images; samplers have their own
	// Repair is the way in which every pruned layer of a trial compensates for its zeros; "" and repair.None are none. The images of
	// the repair do not judge trials (see fitted).
	Repair repair.Method

	NoSharing bool // evaluate every layer of every trial
	NoHalving bool // evaluate all images of every trial, and rate its hardware even if its accuracy is hopeless

	Workers  int                   // goroutines; all cores if <= 0
	Progress func(done, total int) // of the preparation, by images; or nil
}

// Limits of a variable: the threshold at the end of its range reads this share of the non-zero weights or
// activations as 0.
const (
	mostWeights     = 0.7
	mostActivations = 0.6
)

// sampleImages is the number of images whose zeros the rating of a trial uses, and samplePairs the approximate
// number of pairs of a convolution in the estimate.
const (
	sampleImages = 8
	samplePairs  = 1 << 16
	manyWeights  = 10_000_000
)

// Problem is a calibrated network with the data that all trials share. Its methods must not be called concurrently.
type Problem struct {
	Net   *intnet.Net // unpruned
	Spec  *quant.Spec // formats; its thresholds are 0
	Convs []int       // layers that have thresholds, in the order of the variables
	MaxW  []float64   // by convolution: the weight threshold at the end of the range
	MaxA  []float64   // likewise for activations
	Base  *Outcome    // the unpruned network
	// Far is the value at which all variables together reach the largest useful distance from the unpruned network
	// (farDivergence). Samplers without knowledge of single layers search up to it: beyond it almost every proposal is
	// useless.
	Far    float64
	Rating *optimizer.Rating // of the unpruned network

	opt    Options
	pruner *quant.Pruner
	mender *repair.Singles // nil without repair
	fits   int             // images that it has seen
	images [][]int32       // in the order of evaluation
	labels []int           // labels of the images; the unpruned network's answers if the set has none
	truth  bool            // labels are the set's

	exec *intnet.Exec // unpruned
	logp [][]float32  // by image: logarithm of the unpruned network's probabilities

	weights [][]float32 // by convolution: magnitudes of the non-zero weights, ascending
	acts    [][]float32 // by convolution: of the non-zero activations of the sample, ascending, thinned

	cuts   []cut
	slots  []*slot
	convs  map[convKey]*intnet.Conv
	cached int // weights in convs
	cache  *sparsity.Cache
	memo   *optimizer.Memo
}

type convKey struct {
	layer int
	tau   settings.Tau // without the activations' threshold where the weights do not depend on it
}

// Judgeable returns nil if trials of a model can be judged, that is, if all its outputs come from one vector of class scores
// per image; otherwise an error with an alternative.
func Judgeable(g *graph.Graph) error {
	outs, err := judge.Outputs(g)
	if err != nil {
		return err
	}
	vectors := 0
	for i := range outs {
		if outs[i].Kind == judge.ClassVector && outs[i].Ranked() == outs[0].Ranked() {
			vectors++
		}
	}
	if vectors == len(outs) {
		return nil
	}
	const how = "a trial is judged by top-1 and by the divergence of class probabilities, which need one vector of class scores per image"
	if len(outs) == 1 {
		return fmt.Errorf("no search: %s, but output %q is %v; choose thresholds by hand (--thresholds) and judge them by signal to noise (eval --profile)",
			how, outs[0].Name, []int(outs[0].Shape))
	}
	return fmt.Errorf("no search: %s, but the model has %d outputs; export it with the class scores alone, or choose thresholds by hand (--thresholds) and judge them by signal to noise of every output (eval --profile)",
		how, len(outs))
}

// New calibrates a network on a set and evaluates it unpruned.
func New(ctx context.Context, g *graph.Graph, set *dataset.Set, opt Options) (*Problem, error) {
	opt.Bits = cmp.Or(opt.Bits, 16)
	if opt.Shares == (design.Shares{}) {
		opt.Shares = design.DefaultShares()
	}
	if err := Judgeable(g); err != nil {
		return nil, err
	}
	if len(g.Inputs) != 1 {
		return nil, fmt.Errorf("the model has %d inputs; a search needs a model with one image input", len(g.Inputs))
	}
	if err := set.Check(g.Inputs[0].Shape); err != nil {
		return nil, err
	}
	if set.Labels() == dataset.ElementLabels {
		return nil, fmt.Errorf("data set %s: a search needs one class label per image, or no labels", set.Path)
	}
	n := set.Len()
	if opt.Images > 0 {
		n = min(n, opt.Images)
	}
	order, judged, err := split(n, opt.Seed, opt.Repair)
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", set.Path, err)
	}
	done, total := 0, n
	step := func() {
		if done++; opt.Progress != nil {
			opt.Progress(done, total)
		}
	}
	load := func(i int) ([]float32, error) {
		x := make([]float32, set.C*set.H*set.W)
		return x, set.Float(i, x)
	}
	lo, hi := sparsity.InputRange(set)
	images := calib.Images{N: n, Workers: opt.Workers, Load: load, Pass: func() { total += n }, Step: step}
	// Thresholds on the inputs of convolutions are the same for all channels, so channels are not equalised.
	spec, err := quant.Fit(ctx, g, images, quant.Options{Bits: opt.Bits, Widths: opt.Widths, Scales: opt.Scales, Pruned: true, InputMin: lo, InputMax: hi})
	if err != nil {
		return nil, fmt.Errorf("calibration: %w", err)
	}
	p := &Problem{Spec: spec, opt: opt, fits: n - len(judged), convs: map[convKey]*intnet.Conv{}, cache: sparsity.NewCache(), memo: optimizer.NewMemo()}
	if p.pruner, err = quant.NewPruner(g, spec); err != nil {
		return nil, err
	}
	p.Net = p.pruner.Net()
	for i := range p.Net.Layers {
		if p.Net.Layers[i].Kind == intnet.KindConv {
			p.Convs = append(p.Convs, i)
		}
	}
	if len(p.Convs) == 0 {
		return nil, errors.New("the model has no convolution to prune")
	}
	if p.fits > 0 {
		images = calib.Images{N: p.fits, Workers: opt.Workers, Load: func(k int) ([]float32, error) { return load(order[k]) }}
		if p.mender, err = repair.NewSingles(ctx, g, images, opt.Repair); err != nil {
			return nil, err
		}
	}
	p.images, p.truth = make([][]int32, len(judged)), set.Labels() == dataset.ClassLabels
	for k, i := range judged {
		f, err := load(i)
		if err != nil {
			return nil, err
		}
		if p.images[k], err = p.Net.QuantizeInput(f); err != nil {
			return nil, fmt.Errorf("data set %s: %s: %w", set.Path, set.Name(i), err)
		}
	}
	if p.exec, err = intnet.New(p.Net); err != nil {
		return nil, err
	}
	p.cuts = findCuts(p.Net)
	if err := p.baseline(ctx, step); err != nil {
		return nil, err
	}
	for k, i := range judged {
		if !p.truth {
			break
		}
		l, classes := set.Label(i), len(p.logp[0])
		if l < 0 || l >= classes {
			return nil, fmt.Errorf("%s: image %d has label %d, but the model has %d classes", set.Path, i, l, classes)
		}
		p.labels[k] = l
	}
	for _, i := range p.Convs {
		p.convs[convKey{layer: i}] = p.Net.Layers[i].Conv
	}
	if p.Base, err = p.Evaluate(ctx, make([]float64, p.Dims()), nil); err != nil {
		return nil, err
	}
	if p.Base.Stopped != "" {
		return nil, fmt.Errorf("the unpruned network was stopped: %s", p.Base.Stopped)
	}
	if !p.Base.Fits {
		return nil, fmt.Errorf("the unpruned network does not fit %s; choose a larger platform or fewer bits", opt.Platform.Name)
	}
	return p, p.findFar(ctx)
}

// farDivergence is the divergence in nats that determines Far; farImages and farSteps bound the cost of finding it.
const (
	farDivergence = 0.7
	farImages     = 16
	farSteps      = 7
)

// findFar halves the range of all variables at once.
func (p *Problem) findFar(ctx context.Context) error {
	lo, hi := 0.0, 1.0
	x := make([]float64, p.Dims())
	for range farSteps {
		mid := (lo + hi) / 2
		for i := range x {
			x[i] = mid
		}
		net, err := p.Prune(x)
		if err != nil {
			return err
		}
		e, err := p.exec.Replace(net)
		if err != nil {
			return err
		}
		sum, n := 0.0, min(farImages, len(p.images))
		err = intnet.RunMany(ctx, e, n, p.opt.Workers,
			func(i int) ([]int32, error) { return p.images[i], nil },
			func(_ *intnet.Exec, out [][]int32) ([]float32, error) {
				return metrics.LogSoftmax(p.Net.Dequantize(p.Net.Outputs[0], out[0])), nil
			},
			func(i int, logp []float32) error {
				sum += metrics.Divergence(p.logp[i], logp) / float64(n)
				return nil
			})
		if err != nil {
			return err
		}
		if sum > farDivergence {
			hi = mid
		} else {
			lo = mid
		}
	}
	p.Far = hi
	return nil
}

// baseline runs the unpruned network on all images, and takes the magnitudes of activations from the sample.
func (p *Problem) baseline(ctx context.Context, step func()) error {
	n := len(p.images)
	p.logp, p.labels = make([][]float32, n), make([]int, n)
	type result struct {
		logp   []float32
		answer int
		acts   [][]float32
	}
	p.acts = make([][]float32, len(p.Convs))
	err := intnet.RunMany(ctx, p.exec, n, p.opt.Workers,
		func(i int) ([]int32, error) { return p.images[i], nil },
		func(x *intnet.Exec, out [][]int32) (result, error) {
			return result{logp: metrics.LogSoftmax(p.Net.Dequantize(p.Net.Outputs[0], out[0])), answer: metrics.Argmax(out[0])}, nil
		},
		func(i int, r result) error {
			p.logp[i], p.labels[i] = r.logp, r.answer
			step()
			return nil
		})
	if err != nil {
		return err
	}
	err = intnet.RunMany(ctx, p.exec, p.sample(), p.opt.Workers,
		func(i int) ([]int32, error) { return p.images[i], nil },
		func(x *intnet.Exec, _ [][]int32) (r result, err error) {
			for _, i := range p.Convs {
				t := p.Net.Layers[i].In[0]
				r.acts = append(r.acts, magnitudes(x.Tensor(t), p.Net.Tensors[t].Format))
			}
			return r, nil
		},
		func(_ int, r result) error {
			for k, a := range r.acts {
				p.acts[k] = append(p.acts[k], a...)
			}
			return nil
		})
	if err != nil {
		return err
	}
	for k, i := range p.Convs {
		slices.Sort(p.acts[k])
		var w []float32
		for _, v := range p.pruner.Weights(i) {
			if v != 0 {
				w = append(w, float32(math.Abs(float64(v))))
			}
		}
		slices.Sort(w)
		p.weights = append(p.weights, w)
		p.MaxW = append(p.MaxW, quantile(w, mostWeights))
		p.MaxA = append(p.MaxA, quantile(p.acts[k], mostActivations))
	}
	return nil
}

// sample is the number of images, from the first, that the rating uses. It is half of sampleImages for networks with
// many weights, where the pixels of few images are enough.
func (p *Problem) sample() int {
	weights := 0
	for i := range p.Net.Layers {
		weights += p.Net.WeightCount(&p.Net.Layers[i])
	}
	if weights > manyWeights {
		return min(sampleImages/2, len(p.images))
	}
	return min(sampleImages, len(p.images))
}

// magnitudesKept bounds the activations of one image and layer that are looked at.
const magnitudesKept = 1 << 14

// magnitudes are the non-zero elements of a tensor, sampled at a fixed step.
func magnitudes(x []int32, f fixed.Format) []float32 {
	var m []float32
	step := max(1, len(x)/magnitudesKept) | 1 // odd, so that it does not run in step with the channels
	for i := 0; i < len(x); i += step {
		if v := x[i]; v != 0 {
			m = append(m, float32(math.Abs(fixed.Dequantize(int64(v), f))))
		}
	}
	return m
}

// quantile is the value of ascending v that the share q of them lies below; 0 of none.
func quantile(v []float32, q float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return float64(v[min(int(q*float64(len(v))), len(v)-1)])
}

// below is the share of ascending v below x.
func below(v []float32, x float64) float64 {
	if len(v) == 0 {
		return 0
	}
	i, _ := slices.BinarySearch(v, float32(x))
	return float64(i) / float64(len(v))
}

// Dims is the number of variables: a weight threshold for every convolution, then an activation threshold for
// every one. Each lies in [0,1], 1 being the end of its range.
func (p *Problem) Dims() int { return 2 * len(p.Convs) }

// Pixels is the number of pixels per beat of the widest streams.
func (p *Problem) Pixels() int { return p.opt.Pixels }

// Truth is the meaning of right answers, see Config.
func (p *Problem) Truth() string {
	if p.truth {
		return ""
	}
	return TruthUnpruned
}

// Groups gives the kind of every variable: 0 a weight threshold, 1 an activation threshold.
func (p *Problem) Groups() []int {
	g := make([]int, p.Dims())
	for i := len(p.Convs); i < len(g); i++ {
		g[i] = 1
	}
	return g
}

// Tau is the thresholds of convolution k (an index into Convs) at a point.
func (p *Problem) Tau(x []float64, k int) settings.Tau {
	return settings.Tau{W: x[k] * p.MaxW[k], A: x[len(p.Convs)+k] * p.MaxA[k]}
}

// convsKept bounds the number of weights of pruned layers that are kept.
const convsKept = 1 << 28

// Prune is the network at a point, repaired. Layers that were pruned alike before are shared.
func (p *Problem) Prune(x []float64) (*intnet.Net, error) { return p.prune(x, p.mender != nil) }

// prune is Prune with or without repair.
func (p *Problem) prune(x []float64, repaired bool) (*intnet.Net, error) {
	if len(x) != p.Dims() {
		return nil, fmt.Errorf("a point of %d variables; the network has %d", len(x), p.Dims())
	}
	net := *p.Net
	net.Layers = slices.Clone(p.Net.Layers)
	if p.cached > convsKept {
		clear(p.convs)
		p.cached = 0
	}
	made := make([]*intnet.Conv, len(p.Convs))
	keyOf := func(k int) convKey {
		key := convKey{p.Convs[k], p.Tau(x, k)}
		if !repaired {
			key.tau.A = 0
		}
		return key
	}
	err := workers.Ordered(context.Background(), len(p.Convs), p.opt.Workers, func(_, k int) (*intnet.Conv, error) {
		key := keyOf(k)
		if c := p.convs[key]; c != nil && repaired == (p.mender != nil) {
			return c, nil
		}
		if !repaired {
			return p.pruner.Conv(key.layer, key.tau)
		}
		return p.mended(key.layer, key.tau)
	}, func(k int, c *intnet.Conv) error { made[k] = c; return nil })
	if err != nil {
		return nil, err
	}
	for k, i := range p.Convs {
		if key := keyOf(k); p.convs[key] == nil && repaired == (p.mender != nil) {
			p.convs[key] = made[k]
			p.cached += len(made[k].Weights)
		}
		c := *made[k]
		c.TauA = p.pruner.TauA(i, p.Tau(x, k).A)
		net.Layers[i].Conv = &c
	}
	return &net, nil
}
