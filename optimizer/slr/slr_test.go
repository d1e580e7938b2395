package slr

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hass/internal/design"
)

// brute is the least largest share of all assignments, none if there is no assignment.
func brute(p *Problem) float64 {
	best := float64(none)
	var try func(r, start int, so float64)
	try = func(r, start int, so float64) {
		if r == len(p.Regions) {
			if start == len(p.Layers) {
				best = min(best, so)
			}
			return
		}
		for end := start; end <= len(p.Layers); end++ {
			var used design.Vec
			for _, v := range p.Layers[start:end] {
				used = used.Add(v)
			}
			try(r+1, end, max(so, share(used, p.Regions[r].Budget), p.crossing(r, end)))
		}
	}
	try(0, 0, 0)
	return best
}

// check recounts a plan.
func check(t *testing.T, p *Problem, plan *Plan) {
	t.Helper()
	start, most := 0, 0.0
	for r, end := range plan.Ends {
		var used design.Vec
		for _, v := range p.Layers[start:end] {
			used = used.Add(v)
		}
		if !used.Within(p.Regions[r].Budget) {
			t.Errorf("region %d: %v is more than %v", r, used, p.Regions[r].Budget)
		}
		if inside := end > 0 && end < len(p.Layers) && r < len(p.Regions)-1; inside && p.Wires[end] > p.Regions[r].Wires {
			t.Errorf("boundary %d: %d wires, %d are there", r, p.Wires[end], p.Regions[r].Wires)
		}
		most = max(most, share(used, p.Regions[r].Budget), p.crossing(r, end))
		start = end
	}
	if start != len(p.Layers) || !slices.IsSorted(plan.Ends) || most != plan.Largest {
		t.Errorf("ends %v of %d layers, largest share %v, recounted %v", plan.Ends, len(p.Layers), plan.Largest, most)
	}
}

// TestBruteForce: plans are as good as the best of all assignments of small forced cases, and exist where one exists.
func TestBruteForce(t *testing.T) {
	planned, refused := 0, 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 7))
		p := &Problem{}
		for range 1 + rng.IntN(8) {
			p.Layers = append(p.Layers, design.Vec{design.DSP: rng.IntN(10), design.LUT: 50 + rng.IntN(100), design.BRAM18: rng.IntN(6)})
			p.Wires = append(p.Wires, rng.IntN(100))
		}
		for range 1 + rng.IntN(4) {
			p.Regions = append(p.Regions, Region{"r", design.Vec{design.DSP: 12 + rng.IntN(12), design.LUT: 250 + rng.IntN(200), design.BRAM18: 8 + rng.IntN(6)}, 60 + rng.IntN(40)})
		}
		want, plan := brute(p), p.Solve()
		switch {
		case plan == nil && want < none, plan != nil && math.Abs(plan.Largest-want) > 1e-12:
			t.Errorf("seed %d: plan %+v, the best of all assignments has %v", seed, plan, want)
		case plan == nil:
			refused++
		default:
			planned++
			check(t, p, plan)
		}
	}
	if planned < 50 || refused < 50 {
		t.Errorf("%d problems have a plan, %d have none: the test wants many of both", planned, refused)
	}
}

// TestForced: cases whose only plan is known.
func TestForced(t *testing.T) {
	dsp := func(n int) design.Vec { return design.Vec{design.DSP: n} }
	p := &Problem{
		Names: []string{"a", "b", "c", "d"}, Layers: []design.Vec{dsp(4), dsp(4), dsp(5), dsp(1)}, Wires: []int{0, 10, 10, 10},
		Regions: []Region{{"SLR0", dsp(8), 20}, {"SLR1", dsp(6), 0}},
	}
	plan := p.Solve()
	if plan == nil || !slices.Equal(plan.Ends, []int{2, 4}) {
		t.Fatalf("plan %+v", plan)
	}
	lines := p.Lines(plan)
	if len(lines) != 2 || lines[0] != "region SLR0: a to b: DSP 8 of 8; 10 of 20 wires to SLR1" || lines[1] != "region SLR1: c to d: DSP 6 of 6" {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
	p.Wires[2] = 21
	if plan := p.Solve(); plan != nil {
		t.Errorf("21 wires over 20: %+v", plan)
	}
	p.Wires[2], p.Layers[3] = 10, dsp(2)
	if plan := p.Solve(); plan != nil {
		t.Errorf("more DSPs than there are behind the cut: %+v", plan)
	}
	// A region between two may stay empty; the wires pass through it.
	p = &Problem{Layers: []design.Vec{dsp(4), dsp(4)}, Wires: []int{0, 10}, Regions: []Region{{"SLR0", dsp(4), 20}, {"SLR1", dsp(3), 9}, {"SLR2", dsp(4), 0}}}
	if plan := p.Solve(); plan != nil {
		t.Errorf("10 wires through a boundary of 9: %+v", plan)
	}
	p.Regions[1].Wires = 10
	if plan := p.Solve(); plan == nil || !slices.Equal(plan.Ends, []int{1, 1, 2}) {
		t.Errorf("an empty region between two: %+v", plan)
	}
}
