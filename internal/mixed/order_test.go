package mixed

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOrder: the first steps of the order cost the least of all choices that save as much, for three layers with random costs.
func TestOrder(t *testing.T) {
	candidates := []int{8, 6, 5, 4}
	r := rand.New(rand.NewPCG(3, 1))
	for range 200 {
		var menus []menu
		var costs [][]float64 // by layer and candidate, never falling
		for range 3 {
			d := []float64{r.Float64() * 0.1, r.Float64() * 0.3, r.Float64()}
			menus = append(menus, newMenu(candidates, 1+math.Floor(100*r.Float64()), d))
			list := []float64{0}
			for k, v := range d {
				list = append(list, max(v, list[k]))
			}
			costs = append(costs, list)
		}
		sum := func(at []int) (cost, saves float64) {
			for i, k := range at {
				cost, saves = cost+costs[i][k], saves+menus[i].work*float64(candidates[0]-candidates[k])
			}
			return cost, saves
		}
		at, before := []int{0, 0, 0}, 0.0
		for _, m := range order(menus) {
			if m.price < before || m.candidate <= at[m.layer] {
				t.Fatalf("step to candidate %d at price %g stands behind candidate %d at %g", m.candidate, m.price, at[m.layer], before)
			}
			before, at[m.layer] = m.price, m.candidate
			mine, saved := sum(at)
			for a := range candidates {
				for b := range candidates {
					for c := range candidates {
						if cost, saves := sum([]int{a, b, c}); saves >= saved && cost < mine-1e-12 {
							t.Fatalf("%v saves %g and costs %g; %v saves %g and costs %g", at, saved, mine, []int{a, b, c}, saves, cost)
						}
					}
				}
			}
		}
		if want := []int{3, 3, 3}; !slices.Equal(at, want) {
			t.Fatalf("all steps end at candidates %v, want %v", at, want)
		}
	}
}

// TestMenu: steps that are best at no price are left out, and a narrower width costs no less than a wider one.
func TestMenu(t *testing.T) {
	for _, c := range []struct {
		name        string
		divergences []float64
		want        []int // candidates stepped to
	}{
		{"every width", []float64{0.1, 1}, []int{1, 2}},
		{"6 costs nearly what 4 does", []float64{0.9, 1}, []int{2}},
		{"4 costs less than 6", []float64{1, 0.5}, []int{2}},
		{"on a line", []float64{0.5, 1}, []int{2}},
		{"for nothing", []float64{0, 0}, []int{2}},
	} {
		var got []int
		for _, s := range newMenu([]int{8, 6, 4}, 10, c.divergences).steps {
			got = append(got, s.candidate)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: steps to candidates %v, want %v", c.name, got, c.want)
		}
	}
}
