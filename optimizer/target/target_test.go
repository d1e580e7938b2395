package target

import (
	"context"
	"fmt"
	"math"
	"math/rand"
	"testing"

	"hass/internal/design"
)

var budget = design.Vec{100, 1000, 2000, 50, 10, 500}

func TestLess(t *testing.T) {
	for _, tt := range []struct {
		rule Rule
		a, b design.Vec
		less bool
	}{
		{Even, design.Vec{50, 0, 0, 0, 0, 0}, design.Vec{0, 510, 0, 0, 0, 0}, true},
		{Even, design.Vec{50, 0, 0, 0, 0, 260}, design.Vec{51, 0, 0, 0, 0, 0}, false},
		{Even, design.Vec{50, 400, 0, 0, 0, 0}, design.Vec{50, 500, 0, 0, 0, 0}, true},
		{Even, design.Vec{50, 500, 0, 0, 0, 0}, design.Vec{50, 500, 0, 0, 0, 0}, false},
		{DSP, design.Vec{1, 1000, 0, 50, 0, 0}, design.Vec{2, 0, 0, 0, 0, 0}, true},
		{DSP, design.Vec{1, 10, 0, 0, 0, 0}, design.Vec{1, 11, 0, 0, 0, 0}, true},
		{DSP, design.Vec{1, 10, 0, 1, 0, 0}, design.Vec{1, 11, 0, 0, 0, 0}, false},
		{LUT, design.Vec{90, 10, 0, 0, 0, 0}, design.Vec{1, 11, 0, 0, 0, 0}, true},
		{BRAM, design.Vec{90, 10, 0, 4, 0, 0}, design.Vec{1, 10, 0, 5, 0, 0}, true},
		{BRAM, design.Vec{90, 10, 0, 5, 0, 0}, design.Vec{1, 10, 0, 5, 0, 0}, false},
	} {
		if got := tt.rule.Less(tt.a, tt.b, budget); got != tt.less {
			t.Errorf("%s: %v less than %v: %v", tt.rule, tt.a, tt.b, got)
		}
	}
}

// TestWithin: a choice is within the budget that the rule leaves if and only if the other choice takes no less of the rule's quantity.
func TestWithin(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	draw := func() (v design.Vec) {
		for r := range v {
			v[r] = rng.Intn(budget[r] + 1)
		}
		return v
	}
	for range 2000 {
		rule, a, b := Rules()[rng.Intn(len(Rules()))], draw(), draw()
		x, y := rule.measure(a, budget), rule.measure(b, budget)
		if got, want := a.Within(rule.Within(b, budget)), x[0] <= y[0]; got != want {
			t.Fatalf("%s: %v is within what %v takes: %v", rule, a, b, got)
		}
		if rule == Even && a.Within(below(budget, y[0])) != (x[0] < y[0]) {
			t.Fatalf("%v is below the largest share of %v: %v of %v", a, b, x[0], y[0])
		}
	}
}

// TestLeast finds the choice of a list that no other choice undercuts, even if the weighted sum is minimised badly.
func TestLeast(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for trial := range 200 {
		list := make([]design.Vec, 1+rng.Intn(40))
		for i := range list {
			for r := range list[i] {
				list[i][r] = rng.Intn(budget[r]*5/4 + 1)
			}
		}
		lazy := trial%2 == 1 // Minimum gives its start value and no bound
		within := func(b design.Vec) (found []int) {
			for i, v := range list {
				if v.Within(b) {
					found = append(found, i)
				}
			}
			return found
		}
		p := &Problem[int]{
			Budget: budget,
			Fits: func(_ context.Context, b design.Vec) (int, design.Vec, bool, error) {
				fit := within(b)
				if len(fit) == 0 {
					return 0, design.Vec{}, false, nil
				}
				i := fit[rng.Intn(len(fit))]
				return i, list[i], true, nil
			},
			Minimum: func(_ context.Context, b design.Vec, price Weights, start int) (int, design.Vec, float64, error) {
				if !list[start].Within(b) {
					t.Fatal("the beginning is not within the budget")
				}
				if lazy {
					return start, list[start], 0, nil
				}
				best, value := start, math.Inf(1)
				for _, i := range within(b) {
					sum := 0.0
					for r, s := range shares(list[i], budget) {
						sum += price[r] * s
					}
					if sum < value {
						best, value = i, sum
					}
				}
				return best, list[best], value, nil
			},
		}
		for _, rule := range Rules() {
			got, found, err := p.Least(t.Context(), rule, budget)
			if err != nil {
				t.Fatal(err)
			}
			if fit := within(budget); found != (len(fit) > 0) {
				t.Fatalf("found %v of %v", found, fit)
			}
			for _, i := range within(budget) {
				a, b := rule.measure(list[i], budget), rule.measure(got.Total, budget)
				if a[0] < b[0] || !lazy && rule.Less(list[i], got.Total, budget) {
					t.Fatalf("%s, lazy %v: %v; %v is less", rule, lazy, got.Total, list[i])
				}
			}
		}
	}
}

// TestErrors: the error of a question is returned.
func TestErrors(t *testing.T) {
	stop := fmt.Errorf("stop")
	for asked := range 12 {
		for _, rule := range Rules() {
			n := 0
			again := func() error {
				if n++; n > asked {
					return stop
				}
				return nil
			}
			p := &Problem[int]{Budget: budget,
				Fits: func(context.Context, design.Vec) (int, design.Vec, bool, error) { return 0, budget, true, again() },
				Minimum: func(context.Context, design.Vec, Weights, int) (int, design.Vec, float64, error) {
					return 0, budget, 0, again()
				},
			}
			if _, _, err := p.Least(t.Context(), rule, budget); (err != nil) != (n > asked) {
				t.Errorf("%s: error %v after %d questions of %d", rule, err, n, asked)
			}
		}
	}
}
