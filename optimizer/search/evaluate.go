package search

import (
	"context"
	"fmt"
	"math"

	"hass/internal/intnet"
	"hass/internal/metrics"
	"hass/internal/workers"
	"hass/optimizer"
	"hass/optimizer/ask"
	"hass/optimizer/target"
	"hass/sparsity"
)

// Judge decides after each round of images whether a trial is stopped: it returns the reason, or "" to go on. o holds the
// results so far; rated reports whether they include the hardware.
type Judge func(o *Outcome, rated bool) string

const unrated, ratedNow = false, true // of a Judge

// rounds are the shares of the images after which a trial is judged.
var rounds = []float64{0.125, 0.25, 0.5, 1}

// leastRound is the least number of images on which a trial is judged.
const leastRound = 16

// Evaluate runs a trial. judge may be nil. The images are evaluated in rounds; the hardware is rated after the first.
func (p *Problem) Evaluate(ctx context.Context, x []float64, judge Judge) (*Outcome, error) {
	net, err := p.Prune(x)
	if err != nil {
		return nil, err
	}
	run, err := p.start(net)
	if err != nil {
		return nil, err
	}
	n := len(p.images)
	o := &Outcome{}
	rated := false
	for _, share := range rounds {
		upTo := min(n, max(int(math.Ceil(share*float64(n))), leastRound, p.sample()))
		if p.opt.NoHalving || judge == nil {
			upTo = n
		}
		if upTo == o.Images {
			continue
		}
		if err := run.images(ctx, upTo); err != nil {
			return nil, err
		}
		run.summarise(o)
		if judge != nil && !rated && !p.opt.NoHalving {
			if o.Stopped = judge(o, unrated); o.Stopped != "" {
				return o, nil
			}
		}
		if !rated {
			if err := run.rate(ctx, o); err != nil {
				return nil, err
			}
			rated = true
		}
		if judge != nil && upTo < n {
			if o.Stopped = judge(o, ratedNow); o.Stopped != "" {
				return o, nil
			}
		}
		if upTo == n {
			break
		}
	}
	if !p.opt.NoSharing {
		p.keep(run.slot, run.from)
	}
	return o, nil
}

// evaluation is a running trial.
type evaluation struct {
	p       *Problem
	net     *intnet.Net
	from    *slot // with equal first layers, or nil
	shared  int   // number of cuts within the equal layers
	slot    *slot // of this trial
	keep    int   // number of images that it stores
	execs   []*intnet.Exec
	counter *sparsity.PairCounter

	seen       int
	divergence []float32
	regret     []float64
	loss       []float64
	right      []bool
	zeros      []*sparsity.ImageZeros
}

func (p *Problem) start(net *intnet.Net) (*evaluation, error) {
	e := &evaluation{p: p, net: net, counter: sparsity.NewPairCounter(net)}
	parent := p.exec
	if !p.opt.NoSharing {
		if e.from, e.shared = p.nearest(net); e.from != nil {
			parent = e.from.exec
		}
	}
	x, err := parent.Replace(net)
	if err != nil {
		return nil, err
	}
	for range workers.Count(len(p.images), p.opt.Workers) {
		e.execs = append(e.execs, x.Clone())
	}
	e.slot = &slot{net: net, exec: x, state: make([][][]int16, len(p.images))}
	bytes := 1
	for _, c := range p.cuts {
		bytes += 2 * c.elems
	}
	if e.keep = min(len(p.images), slotBytes/bytes); p.opt.NoSharing {
		e.keep = 0
	}
	return e, nil
}

// images evaluates further images, up to n.
func (e *evaluation) images(ctx context.Context, n int) error {
	p := e.p
	type result struct {
		divergence float32
		regret     float64
		loss       float64
		right      bool
		zeros      *sparsity.ImageZeros
		state      [][]int16
	}
	first := e.seen
	out := p.Net.Outputs[0]
	return workers.Ordered(ctx, n-first, p.opt.Workers, func(w, k int) (result, error) {
		i := first + k
		x := e.execs[w]
		at, cuts := 0, 0
		if e.from != nil && e.shared > 0 && e.from.state[i] != nil {
			cuts = e.shared
			c := &p.cuts[cuts-1]
			p.unpack(x, c, e.from.state[i][cuts-1])
			at = c.layer
		}
		var r result
		if i < e.keep {
			r.state = make([][]int16, len(p.cuts))
			if cuts > 0 {
				copy(r.state, e.from.state[i][:cuts])
			}
		}
		scores, err := x.RunFrom(at, p.images[i])
		if err != nil {
			return r, fmt.Errorf("image %d: %w", i, err)
		}
		for k := cuts; k < len(r.state); k++ {
			r.state[k] = p.pack(x, &p.cuts[k])
		}
		logp := metrics.LogSoftmax(p.Net.Dequantize(out, scores[0]))
		r.divergence, r.regret = float32(metrics.Divergence(p.logp[i], logp)), metrics.Regret(p.logp[i], logp)
		r.loss, r.right = -float64(logp[p.labels[i]]), metrics.Rank(scores[0], p.labels[i]) == 0
		if i < p.sample() {
			var before *sparsity.ImageZeros
			if at > 0 {
				before = e.from.zeros[i]
			}
			r.zeros = e.counter.Image(x, at, before)
		}
		return r, nil
	}, func(k int, r result) error {
		e.divergence, e.regret = append(e.divergence, r.divergence), append(e.regret, r.regret)
		e.loss, e.right = append(e.loss, r.loss), append(e.right, r.right)
		if r.zeros != nil {
			e.zeros = append(e.zeros, r.zeros)
		}
		e.slot.state[first+k] = r.state
		e.seen++
		return nil
	})
}

// summarise puts the results so far into an outcome.
func (e *evaluation) summarise(o *Outcome) {
	n := float64(e.seen)
	o.Images, o.Divergences, o.Right = e.seen, e.divergence, rightBits(e.right)
	right, divergence, regret, loss := 0, 0.0, 0.0, 0.0
	for i, d := range e.divergence {
		divergence += float64(d)
		regret += e.regret[i]
		loss += e.loss[i]
		if e.right[i] {
			right++
		}
	}
	o.Top1, o.Divergence, o.Regret, o.Loss = float64(right)/n, divergence/n, regret/n, loss/n
}

// rate asks the optimizer to rate the zeros of the sample.
func (e *evaluation) rate(ctx context.Context, o *Outcome) error {
	p := e.p
	e.slot.zeros = e.zeros
	b := e.counter.Bitmaps(e.zeros)
	o.Sparsity = 1 - b.PairDensity(e.net)
	est, err := sparsity.NewEstimator(e.net, b, p.estimatorOptions())
	if err != nil {
		return err
	}
	if p.opt.Pixels == 0 { // the unpruned network, which is rated first
		if p.opt.Pixels, err = ask.Pixels(ctx, p.input(e.net, est)); err != nil {
			return err
		}
	}
	r, err := optimizer.Rate(ctx, p.input(e.net, est))
	if err != nil {
		return err
	}
	if p.Rating == nil {
		p.Rating = r
	}
	o.Fits = r.Fits
	o.ImagesPerSecond, o.CyclesPerImage, o.Resources = r.ImagesPerSecond, r.CyclesPerImage, r.Resources
	return nil
}

func (p *Problem) estimatorOptions() sparsity.EstimatorOptions {
	return sparsity.EstimatorOptions{Seed: int64(p.opt.Seed), Pairs: samplePairs, Cache: p.cache}
}

// input is the optimizer's input.
func (p *Problem) input(net *intnet.Net, est optimizer.CycleEstimator) optimizer.Input {
	in := optimizer.Input{Net: net, Est: est, Platform: p.opt.Platform, Engine: p.opt.Engine, Target: p.opt.Target, Shares: p.opt.Shares, Calibration: p.opt.Calibration, Memo: p.memo, Pixels: p.opt.Pixels, Clock: p.opt.Clock, Least: target.DSP, Coarse: true}
	if p.Rating != nil {
		in.Near = p.Rating.CyclesPerImage
	}
	return in
}
