package search

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/metrics"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/test/testenv"
	"hass/optimizer"
	"hass/optimizer/search/study"
	"hass/sparsity"
)

// demo loads the project's own model and some of its images.
func demo(t testing.TB, images int) (*graph.Graph, *dataset.Set) {
	t.Helper()
	dir := filepath.Join(testenv.Root(t), "examples", "demo")
	g, err := frontend.Load(filepath.Join(dir, "model.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(filepath.Join(dir, "calib.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return g, set.Limit(images)
}

func newProblem(t testing.TB, change func(*Options)) *Problem {
	t.Helper()
	g, set := demo(t, 48)
	platform, err := design.LoadPlatform("zcu104")
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{Platform: platform, Shares: design.WholeShares(), Seed: 1}
	if change != nil {
		change(&opt)
	}
	p, err := New(t.Context(), g, set, opt)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// problem is one for tests that change nothing but its memory of trials, which must make no difference.
func problem(t testing.TB) *Problem {
	t.Helper()
	once.Do(func() { common = newProblem(t, nil) })
	if common == nil {
		t.Fatal("no problem")
	}
	return common
}

var (
	once   sync.Once
	common *Problem
)

func evaluate(t *testing.T, p *Problem, x []float64, judge Judge) *Outcome {
	t.Helper()
	o, err := p.Evaluate(t.Context(), x, judge)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// points are random ones of which many share their first variables with an earlier one.
func points(p *Problem, n int) [][]float64 {
	rng := rand.New(rand.NewPCG(3, 4))
	layers := len(p.Convs)
	var list [][]float64
	for range n {
		x := make([]float64, p.Dims())
		from := 0
		if len(list) > 0 {
			copy(x, list[rng.IntN(len(list))])
			from = rng.IntN(layers)
		}
		only := len(list) % 3 // every third changes activation thresholds alone
		for k := from; k < layers; k++ {
			if x[layers+k] = 0.3 * rng.Float64(); only != 2 {
				x[k] = 0.3 * rng.Float64()
			}
		}
		list = append(list, x)
	}
	return list
}

// TestSharingIsExact: trials that share work, in any order, give the same results as trials that share nothing. Rounds of
// images do not change a trial that is not stopped.
func TestSharingIsExact(t *testing.T) {
	testenv.Long(t)
	shared := newProblem(t, nil)
	alone := newProblem(t, func(o *Options) { o.NoSharing, o.NoHalving, o.Workers = true, true, 1 })
	if d := cmp.Diff(alone.Base, shared.Base); d != "" {
		t.Fatal(d)
	}
	reused := 0
	for i, x := range points(shared, 12) {
		net, err := shared.Prune(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, cuts := shared.nearest(net); cuts > 0 {
			reused++
		}
		goOn := func(*Outcome, bool) string { return "" }
		if d := cmp.Diff(evaluate(t, alone, x, goOn), evaluate(t, shared, x, goOn)); d != "" {
			t.Fatalf("point %d: %s", i, d)
		}
	}
	if reused < 4 {
		t.Errorf("only %d of 12 points shared work", reused)
	}
}

// TestPruneIsLower: the network of a point equals the network lowered with its thresholds file.
func TestPruneIsLower(t *testing.T) {
	testenv.Long(t)
	p := problem(t)
	g, _ := demo(t, 2)
	for _, x := range points(p, 3) {
		text, err := thresholds(p, x).Encode("test")
		if err != nil {
			t.Fatal(err)
		}
		th, err := settings.ParseThresholds(text)
		if err != nil {
			t.Fatal(err)
		}
		taus, err := th.Resolve(g)
		if err != nil {
			t.Fatal(err)
		}
		spec := *p.Spec
		spec.Convs = map[string]quant.ConvSpec{}
		for name, c := range p.Spec.Convs {
			c.TauW, c.TauA = taus[name].W, taus[name].A
			spec.Convs[name] = c
		}
		want, err := quant.Lower(g, &spec)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Prune(x)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
	if _, err := p.Prune([]float64{1}); err == nil {
		t.Error("a point of one variable was taken")
	}
}

// TestEvaluate: the figures of a trial against an evaluation by hand.
func TestEvaluate(t *testing.T) {
	p := problem(t)
	x := points(p, 2)[1]
	o := evaluate(t, p, x, nil)
	net, err := p.Prune(x)
	if err != nil {
		t.Fatal(err)
	}
	e, err := intnet.New(net)
	if err != nil {
		t.Fatal(err)
	}
	right, div, loss := 0, 0.0, 0.0
	for i, img := range p.images {
		out, err := e.Run(img)
		if err != nil {
			t.Fatal(err)
		}
		q := metrics.LogSoftmax(net.Dequantize(net.Outputs[0], out[0]))
		if _, err := p.exec.Run(img); err != nil {
			t.Fatal(err)
		}
		b := metrics.LogSoftmax(p.Net.Dequantize(p.Net.Outputs[0], p.exec.Tensor(p.Net.Outputs[0])))
		for c := range q {
			div += math.Exp(float64(b[c])) * float64(b[c]-q[c])
		}
		loss -= float64(q[p.labels[i]])
		best := 0
		for c := range q {
			if out[0][c] > out[0][best] {
				best = c
			}
		}
		if best == p.labels[i] {
			right++
		}
	}
	n := float64(len(p.images))
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"top-1", o.Top1, float64(right) / n}, {"divergence", o.Divergence, div / n}, {"loss", o.Loss, loss / n}} {
		if math.Abs(c.got-c.want) > 1e-5 {
			t.Errorf("%s %v, by hand %v", c.what, c.got, c.want)
		}
	}
	if o.Divergence <= 0 || o.Sparsity <= p.Base.Sparsity || !o.Fits || o.ImagesPerSecond <= 0 || o.Images != len(p.images) {
		t.Errorf("outcome %+v", o)
	}
	if d := o.Drop(p.Base).Mean; math.Abs(d-(p.Base.Top1-o.Top1)) > 1e-9 {
		t.Errorf("drop %v of top-1 %v and %v", d, p.Base.Top1, o.Top1)
	}
	if p.Base.Divergence != 0 || p.Base.Drop(p.Base) != (metrics.Interval{}) {
		t.Errorf("the unpruned network differs from itself: %+v", p.Base)
	}
	// The rating is computed from the sample's bitmaps.
	b := sparsity.NewBitmaps(net, p.sample(), func(i, tensor int) []int32 {
		if _, err := e.Run(p.images[i]); err != nil {
			t.Fatal(err)
		}
		return slices.Clone(e.Tensor(tensor))
	})
	if want := 1 - b.PairDensity(net); math.Abs(o.Sparsity-want) > 1e-12 {
		t.Errorf("sparsity %v, by hand %v", o.Sparsity, want)
	}
}

// TestInterval: paired differences, against the textbook.
func TestInterval(t *testing.T) {
	a := &Outcome{Images: 10, Right: rightBits([]bool{true, true, false, true, false, true, true, true, false, true})}
	b := &Outcome{Images: 10, Right: rightBits([]bool{true, true, true, true, true, true, false, true, false, true})}
	// Differences b-a: 0 0 1 0 1 0 -1 0 0 0: mean 0.1, variance (3 - 10*0.01)/9.
	want := metrics.Interval{Mean: 0.1, Half: 1.96 * math.Sqrt((3-0.1)/9/10)}
	if got := a.Drop(b); math.Abs(got.Mean-want.Mean) > 1e-12 || math.Abs(got.Half-want.Half) > 1e-12 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := metrics.MeanOf(nil); got != (metrics.Interval{}) {
		t.Errorf("of nothing: %+v", got)
	}
	short := &Outcome{Images: 4, Right: rightBits([]bool{false, true, true, true})}
	if got := short.Drop(b).Mean; got != 0.25 {
		t.Errorf("over the images that both have seen: %v", got)
	}
}

// TestProbe: a curve's values equal those of trials with only that threshold.
func TestProbe(t *testing.T) {
	testenv.Long(t)
	p := problem(t)
	wanted := make([]bool, p.Dims())
	for i := range wanted {
		wanted[i] = i%3 != 1
	}
	c, err := p.Probe(t.Context(), len(p.images), wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0.0
	for v := range wanted {
		if !wanted[v] {
			if c.Divergence[v] != nil || !math.IsInf(c.at(v, 0.5), 1) || c.at(v, 0) != 0 {
				t.Errorf("variable %d was not wanted: %v", v, c.Divergence[v])
			}
			continue
		}
		for j, u := range c.Levels {
			x := make([]float64, p.Dims())
			x[v] = u
			if got, want := c.Divergence[v][j], evaluate(t, p, x, nil).Divergence; math.Abs(got-want) > 1e-6*max(1, want) {
				t.Errorf("variable %d at %v: %v probed, %v evaluated", v, u, got, want)
			}
			seen += c.Divergence[v][j]
		}
		last := 0.0
		for u := 0.05; u <= 1; u += 0.05 {
			d := c.at(v, u)
			if d < last || math.IsNaN(d) {
				t.Errorf("variable %d: curve falls from %v to %v at %v", v, last, d, u)
			}
			last = d
		}
	}
	if seen == 0 || c.Cost <= 1 || c.Cost > float64(p.Dims()*len(c.Levels)) {
		t.Errorf("divergences add up to %v, cost %v", seen, c.Cost)
	}
}

// TestFar: at Far all variables together reach the divergence, a little below they do not.
func TestFar(t *testing.T) {
	p := problem(t)
	at := func(u float64) float64 {
		x := make([]float64, p.Dims())
		for i := range x {
			x[i] = u
		}
		d := 0.0
		for _, v := range evaluate(t, p, x, nil).Divergences[:farImages] {
			d += float64(v) / farImages
		}
		return d
	}
	if p.Far <= 0 || p.Far > 1 || at(p.Far) < farDivergence || at(p.Far*0.9) > farDivergence {
		t.Errorf("far %v: divergence %v, and %v below", p.Far, at(p.Far), at(p.Far*0.9))
	}
}

// TestAllocator: proposals are valid points, are reproducible, are new, and meet their budgets.
func TestAllocator(t *testing.T) {
	testenv.Long(t)
	// A part that is small enough for rates to depend on zeros.
	p := newProblem(t, func(o *Options) {
		r := &o.Platform.Resources
		r.LUT, r.FF, r.DSP = r.LUT/3, r.FF/3, r.DSP/3
	})
	menu, err := p.newMenu(t.Context(), p.extremes())
	if err != nil {
		t.Fatal(err)
	}
	wanted := p.worth(menu)
	curves, err := p.Probe(t.Context(), 16, wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	if menu, err = p.newMenu(t.Context(), p.choicesBy(curves)); err != nil {
		t.Fatal(err)
	}
	a := NewAllocator(p, menu, curves, 0.01, 1)
	again := NewAllocator(p, menu, curves, 0.01, 1)
	var past []Past
	near := 0
	best := p.Base
	for n := 1; n <= 12; n++ {
		x, m := a.Propose(n, past)
		y, k := again.Propose(n, past)
		if d := cmp.Diff([]any{x, m}, []any{y, k}); d != "" {
			t.Fatalf("proposal %d: %s", n, d)
		}
		for v, u := range x {
			if u < 0 || u > 1 || u > 0 && !wanted[v] {
				t.Fatalf("proposal %d: variable %d at %v", n, v, u)
			}
		}
		for _, q := range past {
			if slices.Equal(q.X, x) {
				t.Errorf("proposal %d is that of trial %d", n, q.Number)
			}
		}
		o := evaluate(t, p, x, nil)
		if r := o.Divergence / m.Budget; r > 1./3 && r < 3 {
			near++
		}
		if o.Efficiency()*o.ImagesPerSecond > best.Efficiency()*best.ImagesPerSecond && o.Divergence < 0.2 {
			best = o
		}
		past = append(past, Past{n, x, m, o})
	}
	if near < 8 {
		t.Errorf("only %d of 12 trials came near their budget", near)
	}
	if best == p.Base {
		t.Error("no trial is better than the unpruned network")
	}
}

// TestForetell: where nothing before a layer is pruned, its zeros are foretold exactly.
func TestForetell(t *testing.T) {
	p := problem(t)
	n := len(p.Convs)
	for _, k := range []int{0, n / 2, n - 1} {
		x := make([]float64, p.Dims())
		x[k], x[n+k] = 0.5, 0.7
		net, err := p.Prune(x)
		if err != nil {
			t.Fatal(err)
		}
		told, err := p.foretell(t.Context(), net)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.start(net)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.images(t.Context(), p.sample()); err != nil {
			t.Fatal(err)
		}
		met, err := sparsity.NewEstimator(net, e.counter.Bitmaps(e.zeros), p.estimatorOptions())
		if err != nil {
			t.Fatal(err)
		}
		base, err := p.foretell(t.Context(), p.Net)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range p.Convs[:k+1] {
			if told.Pairs(i) != met.Pairs(i) {
				t.Errorf("convolution %d pruned: %v pairs foretold of layer %d, %v met", k, told.Pairs(i), i, met.Pairs(i))
			}
		}
		if i := p.Convs[k]; told.Pairs(i) >= base.Pairs(i) {
			t.Errorf("convolution %d pruned: %v pairs, unpruned %v", k, told.Pairs(i), base.Pairs(i))
		}
	}
}

// TestEase: an allocation that leaves budget unused is brought to where no layer can take less divergence, within the budget.
func TestEase(t *testing.T) {
	a := &Allocator{p: &Problem{Convs: []int{0, 1}}, menu: &optimizer.Menu{}}
	choices := make([][]choice, 2)
	for k := range 2 {
		var layer [][]optimizer.MenuItem
		for l, d := range menuLevels {
			choices[k] = append(choices[k], choice{divergence: float64((k+1)*l) / 100})
			fast := optimizer.MenuItem{Cycles: 100}
			fast.Shares[0] = d * 0.6
			slow := optimizer.MenuItem{Cycles: 200}
			layer = append(layer, []optimizer.MenuItem{fast, slow}) // the slow one is beyond the limit
		}
		a.menu.Layers = append(a.menu.Layers, layer)
	}
	var budgets [design.NumResources]float64
	for r := range budgets {
		budgets[r] = 1
	}
	last := len(menuLevels) - 1
	start := allocation{levels: []int{last, last}, fits: true}
	for k := range 2 {
		it := &a.menu.Layers[k][last][0]
		start.items = append(start.items, it)
		start.total[0] += it.Shares[0]
		start.divergence += choices[k][last].divergence
	}
	al := a.ease(choices, start, 100, budgets)
	sum, divergence := 0.0, 0.0
	for k, l := range al.levels {
		sum += al.items[k].Shares[0]
		divergence += choices[k][l].divergence
		if al.items[k].Cycles > 100 {
			t.Errorf("layer %d: %v cycles", k, al.items[k].Cycles)
		}
	}
	if math.Abs(al.total[0]-sum) > 1e-9 || sum > 1 || math.Abs(al.divergence-divergence) > 1e-9 {
		t.Errorf("takes %v, told %v; divergence %v, told %v", sum, al.total[0], divergence, al.divergence)
	}
	// The more expensive layer is not pruned first; the other one then keeps the rest of the budget: 0.4 of 0.6, a density of 0.63.
	if al.levels[1] != 0 || menuLevels[al.levels[0]] != 0.63 {
		t.Errorf("levels %v", al.levels)
	}
}

// TestLessons: one curve of six hides a cliff behind 0.5, and all are too low by a fifth. Trials that fell must come to blame that
// variable alone, and the scale must be that of the others.
func TestLessons(t *testing.T) {
	const cliff, height = 4, 0.8
	curves := &Curves{Levels: []float64{0.15, 0.4, 0.9}}
	for range 6 {
		curves.Divergence = append(curves.Divergence, []float64{0.0001, 0.001, 0.01})
	}
	curves.Divergence[cliff] = []float64{0.0001, 0.01, height}
	a := &Allocator{p: &Problem{Convs: make([]int, 3)}, curves: curves}
	rng := rand.New(rand.NewPCG(1, 1))
	var past []Past
	for n := range 30 {
		x := make([]float64, 6)
		for v := range x {
			x[v] = float64(1+rng.IntN(gridSteps)) / gridSteps
		}
		if x[cliff] > 0.9 {
			x[cliff] = 0.9
		}
		d := 1.2 * a.plain(x)
		if x[cliff] > 0.5 {
			d += 1.2 * (height - curves.at(cliff, x[cliff]))
		}
		past = append(past, Past{Number: n + 1, X: x, Outcome: &Outcome{Divergence: d}})
	}
	l := a.learn(past)
	for v, e := range l.extra {
		switch {
		case v == cliff && (e < height/2 || l.safe[v] > 0.5 || l.safe[v] < 0.3):
			t.Errorf("cliff: %.3f beyond %.2f, want about %.1f beyond 0.5", e, l.safe[v], height)
		case v != cliff && e != 0:
			t.Errorf("variable %d is blamed for %.3f", v, e)
		}
	}
	if math.Abs(math.Log(l.scale/1.2)) > 0.3 {
		t.Errorf("scale %.3f, want about 1.2", l.scale)
	}
	if got, want := a.at(l, cliff, 1, 1), curves.at(cliff, 1)+l.extra[cliff]/l.scale; got != want {
		t.Errorf("expected %v beyond the cliff, want %v", got, want)
	}
	if got, want := a.at(l, cliff, l.safe[cliff], 1), curves.at(cliff, l.safe[cliff]); got != want {
		t.Errorf("expected %v before the cliff, want %v", got, want)
	}
}

// TestTarget: the target divergence follows the lost right answers and the regret. As long as there is neither, it rises to the
// divergences of trials.
func TestTarget(t *testing.T) {
	const images = 100
	base := &Outcome{Images: images, Top1: 1, Right: rightBits(slices.Repeat([]bool{true}, images))}
	a := &Allocator{p: &Problem{Base: base}, loss: 0.01}
	lost := func(divergence float64, n int, regret float64) Past {
		right := slices.Repeat([]bool{true}, images)
		for i := range n {
			right[i] = false
		}
		return Past{Outcome: &Outcome{Images: images, Divergence: divergence, Regret: regret, Right: rightBits(right)}}
	}
	for _, tt := range []struct {
		name     string
		past     []Past
		low, top float64
	}{
		{"nothing known", nil, 0.02, 0.02},
		{"too few", []Past{lost(0.1, 1, 0.1), lost(0.1, 1, 0.1)}, 0.02, 0.02},
		{"on a line", []Past{lost(0.1, 2, 0.02), lost(0.1, 2, 0.02), lost(0.2, 4, 0.04), lost(0.05, 1, 0.01)}, 0.05, 0.05},
		{"no regret", []Past{lost(0.1, 2, 0), lost(0.1, 2, 0), lost(0.2, 4, 0), lost(0.05, 1, 0)}, 0.05, 0.05},
		{"nothing lost", []Past{lost(0.01, 0, 0), lost(0.08, 0, 0), lost(0.03, 0, 0), lost(0.02, 0, 0)}, 0.08, 0.08},
		// With no loss on a hundred images, the true loss may still be a point, so regret has most of the weight.
		{"regret alone", []Past{lost(0.02, 0, 0.01), lost(0.02, 0, 0.01), lost(0.02, 0, 0.01), lost(0.02, 0, 0.01)}, 0.02, 0.03},
		{"between both", []Past{lost(0.1, 8, 0.02), lost(0.1, 8, 0.02), lost(0.1, 8, 0.02), lost(0.1, 8, 0.02)}, 0.025, 0.05},
		{"larger ones lose less each", []Past{lost(0.02, 1, 0.01), lost(0.02, 1, 0.01), lost(0.04, 2, 0.02), lost(0.02, 1, 0.01), lost(0.4, 4, 0.04)}, 0.02, 0.02},
		{"nothing lost of almost nothing", []Past{lost(0.001, 0, 0), lost(0.002, 0, 0), lost(0.001, 0, 0), lost(0.002, 0, 0)}, 0.02, 0.02},
		{"a cliff says nothing", []Past{lost(0.01, 0, 0), lost(0.03, 0, 0), lost(0.03, 0, 0), lost(0.02, 0, 0), lost(0.9, 20, 0.2)}, 0.03, 0.03},
	} {
		if got := a.target(tt.past); got < tt.low*(1-1e-9) || got > tt.top*(1+1e-9) {
			t.Errorf("%s: %v, want %v to %v", tt.name, got, tt.low, tt.top)
		}
	}
}

func TestObjective(t *testing.T) {
	o := DefaultObjective()
	base := &Outcome{Top1: 0.8, ImagesPerSecond: 100, CyclesPerImage: 1000, Fits: true}
	base.Resources.DSP = 50
	better := *base
	better.ImagesPerSecond, better.CyclesPerImage = 200, 500
	worse := *base
	worse.Top1 = 0.7
	if !(o.Value(&better, base) < o.Value(base, base) && o.Value(base, base) < o.Value(&worse, base)) {
		t.Error("values are out of order")
	}
	blind := o
	blind.Blind = true
	if blind.Value(&better, base) != blind.Value(base, base) {
		t.Error("a blind objective sees the rate")
	}
	if got := o.Objectives(&better, base); !slices.Equal(got, []float64{0, 0.5, 1}) {
		t.Errorf("objectives %v", got)
	}
	hopeless := Outcome{Stopped: stoppedHopeless, Divergence: 2}
	if s := o.trial(3, nil, &hopeless, base); !s.Infeasible || s.Value != 2 || len(s.Objectives) != 3 {
		t.Errorf("hopeless trial %+v", s)
	}
}

func TestLoadObjective(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"accuracy = 3\nloss = 0.02\nblind = true", ""},
		{"acuracy = 3", `unknown key "acuracy"`},
		{"dsp = -1", "dsp = -1"},
		{"loss = 1.5", "loss = 1.5"},
		{"hopeless = 0", "hopeless = 0"},
		{"throughput = nan", "throughput = NaN"},
		{"accuracy = ", "line 1"},
	} {
		path := filepath.Join(t.TempDir(), "goal.toml")
		write(t, path, c.text)
		o, err := LoadObjective(path)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.text, err)
		case c.want == "" && (o.Accuracy != 3 || o.Loss != 0.02 || !o.Blind || o.DSP != DefaultObjective().DSP):
			t.Errorf("%q: %+v", c.text, o)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path)):
			t.Errorf("%q: error %v, want %q and the file", c.text, err, c.want)
		}
	}
}

// start readies a runner for a study in a file.
func start(t *testing.T, p *Problem, path, sampler string, batch, evals int) *Runner {
	t.Helper()
	db, err := study.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &Runner{Problem: p, DB: db, Name: "s", Resume: true, Worker: "w", Lease: 2 * time.Second, Config: Config{
		Model: "demo", Sampler: sampler, SamplerSeed: 5, Batch: batch, Objective: DefaultObjective(), Halving: true, Evals: evals}}
}

// stored has the data of a study's trials, except times.
func stored(t *testing.T, r *Runner) []string {
	t.Helper()
	s, err := r.DB.Load(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	done, err := s.Done(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, d := range done {
		list = append(list, string(d.Point)+string(d.Result))
	}
	return list
}

// TestStudyRepeats: equal seeds and one worker give equal studies, also if the search was cut off in between; and in
// batches also if there are several workers.
func TestStudyRepeats(t *testing.T) {
	testenv.Long(t)
	p := problem(t)
	for _, c := range []struct {
		sampler string
		batch   int
	}{{Allocate, 0}, {"tpe", 0}, {Allocate, 4}} {
		dir := t.TempDir()
		const evals = 11
		whole := start(t, p, filepath.Join(dir, "whole.db"), c.sampler, c.batch, evals)
		if err := whole.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := stored(t, whole)
		if n := len(want); n < 6 || n > evals {
			t.Fatalf("%s: %d trials", c.sampler, n)
		}

		cut := start(t, p, filepath.Join(dir, "cut.db"), c.sampler, c.batch, evals)
		for stop := 3; ; stop += 4 {
			ctx, cancel := context.WithCancel(t.Context())
			cut.Report = func(s Progress) {
				if s.Done >= stop {
					cancel()
				}
			}
			err := cut.Run(ctx)
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, stored(t, cut)); d != "" {
			t.Errorf("%s, batches of %d, cut off and resumed: %s", c.sampler, c.batch, d)
		}
		if c.batch == 0 {
			continue
		}
		var group sync.WaitGroup
		var last *Runner
		for range 3 {
			r := start(t, newProblem(t, nil), filepath.Join(dir, "many.db"), c.sampler, c.batch, evals)
			last = r
			group.Go(func() {
				if err := r.Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if d := cmp.Diff(want, stored(t, last)); d != "" {
			t.Errorf("%s, batches of %d, three workers: %s", c.sampler, c.batch, d)
		}
	}
}

// TestStudyIsOneThing: a study is not mixed with another, and not continued by accident.
func TestStudyIsOneThing(t *testing.T) {
	testenv.Long(t)
	p := problem(t)
	path := filepath.Join(t.TempDir(), "s.db")
	if err := start(t, p, path, "random", 0, 3).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := start(t, p, path, "tpe", 0, 3)
	if err := other.Run(t.Context()); err == nil || !strings.Contains(err.Error(), `sampler = "random", not "tpe"`) {
		t.Errorf("another sampler: %v", err)
	}
	same := start(t, p, path, "random", 0, 5)
	same.Resume = false
	if err := same.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "--resume") {
		t.Errorf("without resume: %v", err)
	}
	same.Resume = true
	if err := same.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(stored(t, same)); n != 5 {
		t.Errorf("extended to %d trials, want 5", n)
	}
}

// TestJudge: trials are stopped for the stated reasons and no others.
func TestJudge(t *testing.T) {
	r := &Runner{Config: Config{Sampler: Allocate, Objective: DefaultObjective()}}
	outcome := func(d float32, cycles float64, dsp int) *Outcome {
		o := &Outcome{Images: 20, Fits: true, CyclesPerImage: cycles}
		if cycles > 0 {
			o.ImagesPerSecond = 1e8 / cycles
		}
		o.Resources.DSP = dsp
		for i := range o.Images {
			o.Divergences = append(o.Divergences, d+0.001*float32(i%3))
		}
		return o
	}
	past := []Trial{{Outcome: outcome(0.1, 100, 50)}}
	for _, c := range []struct {
		name  string
		o     *Outcome
		rated bool
		want  string
	}{
		{"far off", outcome(5, 0, 0), false, stoppedHopeless},
		{"near", outcome(0.2, 0, 0), false, ""},
		{"worse in all", outcome(0.2, 120, 60), true, stoppedDominated},
		{"equal hardware, worse", outcome(0.2, 100, 50), true, stoppedDominated},
		{"faster", outcome(0.2, 90, 60), true, ""},
		{"fewer DSPs", outcome(0.2, 120, 40), true, ""},
		{"closer", outcome(0.05, 120, 60), true, ""},
		{"no difference", outcome(0.1, 120, 60), true, ""},
	} {
		if got := r.judge(past)(c.o, c.rated); got != c.want {
			t.Errorf("%s: stopped %q, want %q", c.name, got, c.want)
		}
	}
	// A weighted sum has no front: nothing is dominated.
	r.Config.Sampler = "tpe"
	if got := r.judge(past)(outcome(0.2, 120, 60), true); got != "" {
		t.Errorf("a sampler of a sum: stopped %q", got)
	}
}

// TestStopped: the record of a stopped trial covers the images that it has run.
func TestStopped(t *testing.T) {
	p := problem(t)
	x := points(p, 2)[1]
	all := evaluate(t, p, x, nil)
	calls := 0
	o := evaluate(t, p, x, func(o *Outcome, rated bool) string {
		if calls++; rated {
			return stoppedDominated
		}
		return ""
	})
	if calls != 2 || o.Images != leastRound || o.Stopped != stoppedDominated || o.CyclesPerImage != all.CyclesPerImage {
		t.Errorf("%d calls, outcome %+v", calls, o)
	}
	if !slices.Equal(o.Divergences, all.Divergences[:o.Images]) {
		t.Error("other divergences than those of the first images")
	}
	o = evaluate(t, p, x, func(*Outcome, bool) string { return stoppedHopeless })
	if o.Images != leastRound || o.Fits || o.CyclesPerImage != 0 {
		t.Errorf("hopeless: %+v", o)
	}
}

// TestResult: front, best, thresholds and the measurement on other images.
func TestResult(t *testing.T) {
	testenv.Long(t)
	p := problem(t)
	r := start(t, p, filepath.Join(t.TempDir(), "s.db"), Allocate, 0, 16)
	if err := r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := r.DB.Load(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	res, err := Read(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range res.Front {
		a, err := res.Trial(n)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range res.Trials {
			x, y := a.Outcome, b.Outcome
			if y.Stopped == "" && y.Divergence < x.Divergence && y.CyclesPerImage < x.CyclesPerImage && y.Resources.DSP < x.Resources.DSP {
				t.Errorf("trial %d of the front is beaten by %d", n, b.Number)
			}
		}
	}
	if len(res.Front) < 2 || res.Best < 0 || res.Test != nil || res.Unpruned == nil || res.Probes <= 0 {
		t.Errorf("front %v, best %d", res.Front, res.Best)
	}
	best, err := res.Trial(res.Best)
	if err != nil {
		t.Fatal(err)
	}
	if best.Outcome.Drop(res.Unpruned).Mean > 0.01 {
		t.Errorf("the best loses %+v", best.Outcome.Drop(res.Unpruned))
	}
	th, err := res.Thresholds(res.Best)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(thresholds(p, best.X), th); d != "" {
		t.Error(d)
	}
	if _, err := res.Thresholds(999); err == nil {
		t.Error("thresholds of a trial that is not there")
	}
	// On the calibration images again: the same figures.
	_, set := demo(t, 48)
	first, err := ReadFirst(t.Context(), s, 2)
	if err != nil || len(first.Trials) != 2 || first.Test != nil {
		t.Fatalf("the first two trials: %+v, %v", first, err)
	}
	if err := p.MeasureFront(t.Context(), s, first, set, "again", 100, nil); err != nil {
		t.Fatal(err)
	}
	if res, err = Read(t.Context(), s); err != nil || res.Test != nil {
		t.Fatalf("a front of the first two trials is taken for that of all: %v", err)
	}
	if err := p.MeasureFront(t.Context(), s, res, set, "again", 100, nil); err != nil {
		t.Fatal(err)
	}
	m := res.Test
	if m.Top1 != p.Base.Top1 || len(m.Trials) == 0 {
		t.Errorf("unpruned %v, was %v; %d trials", m.Top1, p.Base.Top1, len(m.Trials))
	}
	for _, x := range m.Trials {
		a, err := res.Trial(x.Number)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(x.Top1-a.Outcome.Top1) > 1e-9 || math.Abs(x.Drop.Mean-a.Outcome.Drop(res.Unpruned).Mean) > 1e-9 {
			t.Errorf("trial %d: %+v, in the study %v", x.Number, x, a.Outcome.Top1)
		}
	}
	if res, err = Read(t.Context(), s); err != nil || res.Test == nil {
		t.Fatalf("the measurement is not in the study: %v", err)
	}
	var text, table strings.Builder
	if err := res.PrintAll(&text); err != nil {
		t.Fatal(err)
	}
	if err := res.CSV(&table); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(table.String(), "\n"); n != len(res.Trials)+1 {
		t.Errorf("CSV of %d lines for %d trials", n, len(res.Trials))
	}
	for _, want := range []string{"sampler allocate", "test points lost", "* "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

// TestDamagedStudy: data that do not belong to a study are an error that names them.
func TestDamagedStudy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	db, err := study.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	config, err := json.Marshal(Config{Model: "demo"})
	if err != nil {
		t.Fatal(err)
	}
	for name, point := range map[string]string{"short": `{"x":[0.5]}`, "text": `{"x":"all"}`} {
		s, err := db.Create(t.Context(), name, config, 1)
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.Claim(t.Context(), "w", 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.SetPoint(t.Context(), json.RawMessage(point)); err != nil {
			t.Fatal(err)
		}
		if err := l.Finish(t.Context(), json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), s); err == nil || !strings.Contains(err.Error(), "trial 0") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCurve: a curve follows powers between and below the probed values. If there is a step between two probed values, all points between them
// have the value behind the step.
func TestCurve(t *testing.T) {
	c := &Curves{Levels: []float64{0.1, 0.2, 0.4, 0.8}, Divergence: [][]float64{{0.001, 0.008, 0.8, 0.8}}}
	for _, p := range []struct{ u, want float64 }{
		{0, 0},
		{0.05, 0.001 / 8},
		{0.1, 0.001},
		{0.2 / math.Sqrt2, 0.008 / math.Pow(2, 1.5)},
		{0.2, 0.008},
		{0.3, 0.008 * math.Pow(1.5, math.Log2(100))}, // 6.6th power
		{0.6, 0.8},
	} {
		if got := c.at(0, p.u); math.Abs(got-p.want) > 1e-12+1e-9*p.want {
			t.Errorf("at %v: %v, want %v", p.u, got, p.want)
		}
	}
	c.Divergence[0][1] = 0.002 // to 0.8 is more than the eighth power
	for _, p := range []struct{ u, want float64 }{{0.2, 0.002}, {0.2001, 0.8}, {0.4, 0.8}} {
		if got := c.at(0, p.u); math.Abs(got-p.want) > 1e-12 {
			t.Errorf("step: at %v: %v, want %v", p.u, got, p.want)
		}
	}
}

// TestScout: with few runs it finds the best trial within the loss, whatever single trials do.
func TestScout(t *testing.T) {
	type trial struct{ cycles, divergence, calibration, test float64 }
	for _, c := range []struct {
		name   string
		trials []trial // the best hardware first
		runs   []int
		found  int
	}{
		{"in order", []trial{{1, 0.4, 0.04, 0.04}, {2, 0.2, 0.02, 0.02}, {3, 0.1, 0.01, 0.01}, {4, 0.05, 0, 0}}, []int{2, 1, 0, 3}, 2},
		{"calibration images see nothing", []trial{{1, 0.4, 0, 0.04}, {2, 0.2, 0, 0.02}, {3, 0.1, 0, 0.01}, {4, 0.05, 0, 0}}, []int{0, 2, 1, 3}, 2},
		{"an unlucky trial", []trial{{1, 0.3, 0.01, 0}, {2, 0.2, 0.01, 0.015}, {3, 0.1, 0.01, -0.01}, {4, 0.05, 0, 0}}, []int{1, 2, 0, 3}, 0},
		{"none", []trial{{1, 0.2, 0.02, 0.04}, {2, 0.1, 0.02, 0.02}}, []int{1, 0}, 2},
		{"no divergence", []trial{{1, 0, 0, 0}, {2, 0, 0, 0}}, []int{0, 1}, 0},
	} {
		r := &Result{Config: &Config{Objective: DefaultObjective()}, Unpruned: &Outcome{Images: 100, Right: rightBits(answers(100, 100))}}
		var list []*Trial
		for _, x := range c.trials {
			list = append(list, &Trial{Outcome: &Outcome{Images: 100, CyclesPerImage: x.cycles, Divergence: x.divergence,
				Right: rightBits(answers(100, 100-int(math.Round(100*x.calibration))))}})
		}
		s := newScout(list, r)
		var runs []int
		for range list {
			k := s.next()
			s.saw(k, c.trials[k].test)
			runs = append(runs, k)
		}
		if d := cmp.Diff(c.runs, runs); d != "" || s.found != c.found {
			t.Errorf("%s: found %d, want %d; runs:\n%s", c.name, s.found, c.found, d)
		}
	}
}

// TestCandidates: trials are run on the test images in the order in which the best is chosen, rate before DSPs.
func TestCandidates(t *testing.T) {
	trial := func(number int, cycles float64, dsp, right int) Trial {
		return Trial{Number: number, Outcome: &Outcome{Images: 100, Fits: true, CyclesPerImage: cycles, ImagesPerSecond: 1 / cycles,
			Resources: design.Resources{DSP: dsp}, Right: rightBits(answers(100, right))}}
	}
	r := &Result{Config: &Config{Objective: DefaultObjective()}, Unpruned: trial(0, 110, 100, 90).Outcome,
		Trials: []Trial{trial(0, 110, 100, 90), trial(1, 110, 10, 90), trial(2, 100, 1000, 90), trial(3, 100, 900, 90), trial(4, 50, 1000, 50)}}
	for i := range r.Trials {
		r.Front = append(r.Front, i)
	}
	var order []int
	for _, x := range r.candidates() {
		order = append(order, x.Number)
	}
	if d := cmp.Diff([]int{3, 2, 1, 0}, order); d != "" {
		t.Error(d)
	}
	if best := r.best(); best != 3 {
		t.Errorf("the best is %d", best)
	}
}

// answers are n answers, of which the first `right` ones are right.
func answers(n, right int) []bool {
	a := make([]bool, n)
	for i := range right {
		a[i] = true
	}
	return a
}

// thresholds is a point as a thresholds file holds it.
func thresholds(p *Problem, x []float64) *settings.Thresholds {
	t := &settings.Thresholds{Layers: map[string]settings.LayerTau{}}
	for k, i := range p.Convs {
		tau := p.Tau(x, k)
		t.Layers[p.Net.Layers[i].Name] = settings.LayerTau{W: &tau.W, A: &tau.A}
	}
	return t
}
