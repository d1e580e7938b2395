package optimizer

import (
	"math"
	"math/rand"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/optimizer/target"
)

// slow is a platform whose clock every design reaches.
func slow() design.Platform {
	return design.Platform{Name: "slow", Family: design.FamilyUSPlus, ClockMHz: 20, Resources: design.Resources{DSP: 1 << 20, LUT: 1 << 24, FF: 1 << 24, BRAM18: 1 << 20, URAM: 1 << 20, LUTRAM: 1 << 23}}
}

// leastOf is the quantity that a rule names and the sum of the shares, of a total.
func leastOf(rule target.Rule, v, budget design.Vec) (first, rest float64) {
	var shares [design.NumResources]float64
	for r := range v {
		shares[r] = float64(v[r]) / float64(budget[r])
	}
	switch rule {
	case target.Even:
		for _, s := range shares {
			first = max(first, s)
		}
	case target.DSP:
		first = shares[design.DSP]
	case target.LUT:
		first = shares[design.LUT]
	case target.BRAM:
		first = shares[design.BRAM18]
	}
	for r := range design.LUTRAM {
		rest += shares[r]
	}
	return first, rest
}

// leastAmong compares all totals within a budget. It gives, for the least of them, the quantity that the rule compares first, and the rest;
// +Inf if none is within the budget.
func leastAmong(rule target.Rule, totals []design.Vec, budget design.Vec) (first, rest float64) {
	first, rest = math.Inf(1), math.Inf(1)
	for _, v := range totals {
		if !v.Within(budget) {
			continue
		}
		if f, s := leastOf(rule, v, budget); f < first || f == first && s < rest {
			first, rest = f, s
		}
	}
	return first, rest
}

// TestAskedBruteForce proves the least hardware for a rate equal to that of trying every design, under random budgets, rates and rules;
// with a latency asked for as well it is near.
func TestAskedBruteForce(t *testing.T) {
	for name, net := range small() {
		type candidate struct {
			cycles, latency float64
			total           design.Vec
		}
		var all []candidate
		everyDesign(t, net, meanEst{net, 0.4}, design.FamilyUSPlus, func(_ []hw.Layer, c, l float64, v design.Vec) { all = append(all, candidate{c, l, v}) })
		p := testProblem(t, net, bigBudget)
		rng := rand.New(rand.NewSource(3))
		reached, quick, optimal := 0, 0, 0
		for trial := range 24 {
			some := func() candidate { return all[rng.Intn(len(all))] }
			budget, fast, other := some().total, some(), some()
			for r := range budget {
				budget[r] = max(1, (budget[r]+fast.total[r]+other.total[r])/2+rng.Intn(3))
			}
			rule := target.Rules()[trial%len(target.Rules())]
			in := &Input{Net: net, Platform: slow(), Shares: design.WholeShares(), Target: limits.Both, Least: rule, Effort: 1 << 40}
			in.Asked.ImagesPerSecond = in.Platform.ClockMHz * 1e6 / min(fast.cycles, other.cycles)
			late := trial%3 == 2
			if late {
				in.Asked.LatencyUS = max(fast.latency, other.latency) / in.Platform.ClockMHz
			}
			want := demand{min(fast.cycles, other.cycles), math.Inf(1)}
			if late {
				want.latency = max(fast.latency, other.latency)
			}
			var meet []design.Vec
			for _, c := range all {
				if c.cycles <= want.cycles && c.latency <= want.latency {
					meet = append(meet, c.total)
				}
			}
			first, rest := leastAmong(rule, meet, budget)
			p.setBudget(budget)
			got, err := p.wanted(t.Context(), in, 1, false)
			if err != nil {
				t.Fatal(err)
			}
			if math.IsInf(first, 1) != (got.x == nil) {
				t.Errorf("%s, %s, budget %v, %+v: found %v; brute force %v", name, rule, budget, want, got.x != nil, !math.IsInf(first, 1))
			}
			if got.x == nil {
				continue
			}
			reached++
			total, ok := p.total(got.x)
			if !ok || !total.Within(budget) || p.cycles(got.x) > want.cycles*(1+1e-9) || p.latencyOf(got.x) > want.latency*(1+1e-9) {
				t.Errorf("%s, %s: %v cycles, latency %v, %v of %v; asked for %+v", name, rule, p.cycles(got.x), p.latencyOf(got.x), total, budget, want)
			}
			f, s := leastOf(rule, total, budget)
			same := math.Abs(f-first) <= 1e-9*first && math.Abs(s-rest) <= 1e-6*rest
			if late {
				if quick++; same {
					optimal++
				}
				if f > first*1.25 {
					t.Errorf("%s, %s, budget %v, %+v: %v, %v; brute force %v, %v", name, rule, budget, want, f, s, first, rest)
				}
				continue
			}
			if !same {
				t.Errorf("%s, %s, budget %v, %+v: %v, %v; brute force %v, %v", name, rule, budget, want, f, s, first, rest)
			}
		}
		t.Logf("%s: %d designs, %d of 24 questions have an answer; of %d with a latency %d are the least", name, len(all), reached, quick, optimal)
		if reached < 5 {
			t.Errorf("%s: only %d questions have an answer", name, reached)
		}
	}
}

// TestAskedClock: if clocks differ, the least hardware for a rate equals the result of trying every design at its own clock, or is
// slightly more.
func TestAskedClock(t *testing.T) {
	platform, err := design.LoadPlatform("zybo")
	if err != nil {
		t.Fatal(err)
	}
	nets := small()
	for _, name := range []string{"one", "chain", "gate", "concat"} {
		net := nets[name]
		in := &Input{Net: net, Platform: platform, Shares: design.WholeShares(), Target: limits.Both, Effort: 1 << 40}
		type candidate struct {
			rate  float64
			total design.Vec
		}
		var all []candidate
		everyDesign(t, net, meanEst{net, 0.4}, design.FamilyUSPlus, func(layers []hw.Layer, c, _ float64, v design.Vec) {
			n, err := hw.Expand(net, layers, nil)
			if err != nil {
				t.Fatal(err)
			}
			e, err := in.clocking().Of(n, v.Resources())
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, candidate{e.ImagesPerSecond(c), v})
		})
		p := testProblem(t, net, bigBudget)
		rng := rand.New(rand.NewSource(5))
		same, answers, worst := 0, 0, 0.0
		for trial := range 24 {
			rule := target.Rules()[trial%len(target.Rules())]
			in.Least, in.Asked.ImagesPerSecond = rule, all[rng.Intn(len(all))].rate*0.999
			budget := platform.Resources.Vec()
			budget[design.URAM] = 1
			var meet []design.Vec
			for _, c := range all {
				if c.rate >= in.Asked.ImagesPerSecond {
					meet = append(meet, c.total)
				}
			}
			first, rest := leastAmong(rule, meet, budget)
			p.setBudget(budget)
			got, err := p.wanted(t.Context(), in, 1, false)
			if err != nil {
				t.Fatal(err)
			}
			if math.IsInf(first, 1) {
				continue
			}
			answers++
			if got.x == nil {
				t.Errorf("%s, %s, %v images/s: nothing; brute force %v", name, rule, in.Asked.ImagesPerSecond, first)
				continue
			}
			e, err := p.estimate(in.clocking(), got.x)
			if err != nil {
				t.Fatal(err)
			}
			if rate := e.ImagesPerSecond(p.cycles(got.x)); rate < in.Asked.ImagesPerSecond*(1-1e-9) {
				t.Errorf("%s, %s: %v images/s, asked for %v", name, rule, rate, in.Asked.ImagesPerSecond)
			}
			total, _ := p.total(got.x)
			f, s := leastOf(rule, total, budget)
			if math.Abs(f-first) <= 1e-9*first && math.Abs(s-rest) <= 1e-6*rest {
				same++
			}
			if f > first {
				worst = max(worst, f/first-1)
			}
		}
		t.Logf("%s: %d designs, %d of %d answers are the least, the worst takes %.1f %% more", name, len(all), same, answers, 100*worst)
		if same < answers*9/10 || worst > 0.1 || answers < 12 {
			t.Errorf("%s: %d of %d answers are the least, the worst takes %.1f %% more", name, same, answers, 100*worst)
		}
	}
}
