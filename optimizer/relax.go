package optimizer

import (
	"context"
	"math"

	"hass/internal/design"
	"hass/optimizer/simplex"
)

// slack is the tolerance of comparisons between floating-point bounds; feasibility itself is judged on integers.
const slack = 1e-9

// view is the problem restricted to options of at most a given number of cycles.
type view struct {
	*problem
	opts  [][][]int                    // by layer and class: numbers of the options that are not dominated in cost
	price [design.NumResources]float64 // objective: weight of each share
	// cycleWeight is the objective's weight of each layer's cycles (latency), or nil.
	cycleWeight []float64
}

const byCost, byCostAndCycles = false, true // keepCycles of restrict

// restrict keeps the options of at most limit cycles. If cycles are part of the
// objective (keepCycles), faster options do not dominate slower ones.
func (p *problem) restrict(limit float64, keepCycles bool) *view {
	v := &view{problem: p, opts: make([][][]int, len(p.layers))}
	for i, ls := range p.layers {
		v.opts[i] = make([][]int, len(ls.classes))
		for c, cl := range ls.classes {
			var kept []int
			for k := range cl.opts {
				o := &cl.opts[k]
				if o.cycles > limit {
					break
				}
				if !o.cost.Within(p.budget) || !o.path.Within(p.limit) {
					continue
				}
				if keepCycles {
					kept = append(kept, k)
					continue
				}
				// A later option is slower; it may dominate earlier ones.
				n := 0
				dominated := false
				for _, j := range kept {
					if cl.opts[j].cost.Within(o.cost) {
						dominated = true
						break
					}
				}
				if dominated {
					continue
				}
				for _, j := range kept {
					if !o.cost.Within(cl.opts[j].cost) {
						kept[n] = j
						n++
					}
				}
				kept = append(kept[:n], k)
			}
			v.opts[i][c] = kept
		}
	}
	return v
}

// tables gives the cheapest completion from every state at given prices of the resources.
type tables struct {
	price [design.NumResources]float64
	cycle []float64   // weight of a layer's cycles, or nil
	best  [][]int     // by layer and class: the cheapest option, -1 if there is none
	value [][]float64 // its price
	togo  [][]float64 // by layer and state; +Inf if there is no completion
}

func dot(a, b *[design.NumResources]float64) float64 {
	return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] + a[3]*b[3] + a[4]*b[4] + a[5]*b[5]
}

// table computes the completions; it is exact dynamic programming over the states.
func (v *view) table(price [design.NumResources]float64, cycle []float64) *tables {
	n := len(v.layers)
	t := &tables{price: price, cycle: cycle, best: make([][]int, n), value: make([][]float64, n), togo: make([][]float64, n+1)}
	t.togo[n] = []float64{0}
	for i := n - 1; i >= 0; i-- {
		classes := v.layers[i].classes
		t.best[i], t.value[i] = make([]int, len(classes)), make([]float64, len(classes))
		for c := range classes {
			t.best[i][c], t.value[i][c] = -1, math.Inf(1)
			for _, k := range v.opts[i][c] {
				if x := t.option(i, &classes[c].opts[k]); x < t.value[i][c] {
					t.best[i][c], t.value[i][c] = k, x
				}
			}
		}
		t.togo[i] = make([]float64, v.states[i])
		for s := range t.togo[i] {
			best := math.Inf(1)
			for k := range v.arcs[i][s] {
				a := &v.arcs[i][s][k]
				if t.best[i][a.class] >= 0 {
					best = min(best, t.value[i][a.class]+dot(&price, &a.share)+t.togo[i+1][a.next])
				}
			}
			t.togo[i][s] = best
		}
	}
	return t
}

// option is the price of one option.
func (t *tables) option(layer int, o *option) float64 {
	x := dot(&t.price, &o.share)
	if t.cycle != nil {
		x += t.cycle[layer] * o.cycles
	}
	return x
}

// solution follows the tables to the cheapest choice; nil if there is none.
func (v *view) solution(t *tables) []pick {
	if math.IsInf(t.togo[0][0], 1) {
		return nil
	}
	x, s := make([]pick, len(v.layers)), 0
	for i := range x {
		best, at := math.Inf(1), -1
		for k := range v.arcs[i][s] {
			a := &v.arcs[i][s][k]
			if t.best[i][a.class] < 0 {
				continue
			}
			if y := t.value[i][a.class] + dot(&t.price, &a.share) + t.togo[i+1][a.next]; y < best {
				best, at = y, k
			}
		}
		a := &v.arcs[i][s][at]
		x[i] = pick{a.class, t.best[i][a.class]}
		s = a.next
	}
	return x
}

// objective is the value of a choice in the view's objective.
func (v *view) objective(x []pick, total design.Vec) float64 {
	sh := v.share(total)
	f := dot(&v.price, &sh)
	if v.cycleWeight != nil {
		for i, k := range x {
			f += v.cycleWeight[i] * v.layers[i].classes[k.class].opts[k.opt].cycles
		}
	}
	return f
}

// relaxation bounds the problem by linear programming over mixtures of choices (column generation): every column is a whole
// choice, found by the tables under the duals of the last program.
type relaxation struct {
	price    [design.NumResources]float64 // the best multipliers found
	bound    float64                      // feasibility: lower bound on the largest share; otherwise on the objective
	feasible []pick                       // best integral choice within the budget found on the way
	value    float64                      // its objective
	// path is the use of each budget by the best mixture of choices, after every layer.
	path [][design.NumResources]float64
}

const columns = 80

// balance bounds the largest share of any choice from below: above 1 nothing fits. It stops at the first choice that fits.
func (v *view) balance(ctx context.Context) (relaxation, error) {
	r := relaxation{}
	fixed := v.share(v.fixed)
	price := [design.NumResources]float64{}
	for i := range price {
		price[i] = 1.0 / design.NumResources
	}
	var cols [][design.NumResources]float64
	var xs [][]pick
	for range columns {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		t := v.table(price, nil)
		x := v.solution(t)
		if x == nil {
			r.bound = math.Inf(1)
			return r, nil
		}
		if b := dot(&price, &fixed) + t.togo[0][0]; b > r.bound {
			r.bound, r.price = b, price
		}
		total, _ := v.total(x)
		if total.Within(v.budget) {
			r.feasible = x
			return r, nil
		}
		if r.bound > 1+slack {
			return r, nil
		}
		cols, xs = append(cols, v.share(total)), append(xs, x)
		// The matrix game: the weights y of the columns that minimise the largest share.
		a := make([][]float64, design.NumResources)
		b, c := make([]float64, design.NumResources), make([]float64, len(cols))
		for i := range a {
			a[i], b[i] = make([]float64, len(cols)), 1
			for j := range cols {
				a[i][j], c[j] = cols[j][i], 1
			}
		}
		y, dual, value, ok := simplex.Maximise(a, b, c)
		if !ok || value <= 0 {
			return r, nil
		}
		r.path = v.mixture(xs, y, value)
		if 1/value-r.bound < 1e-7 {
			return r, nil
		}
		sum := 0.0
		for i := range dual {
			dual[i] = max(0, dual[i])
			sum += dual[i]
		}
		for i := range price {
			price[i] = dual[i] / sum
		}
	}
	return r, nil
}

// mixture is the use of the budgets by the choices xs in the proportions y, which add up to sum, after every layer.
func (v *view) mixture(xs [][]pick, y []float64, sum float64) [][design.NumResources]float64 {
	path := make([][design.NumResources]float64, len(v.layers))
	for j, x := range xs {
		if y[j] <= 0 {
			continue
		}
		used, state := v.fixed, 0
		for i, k := range x {
			a := v.arc(i, state, k.class)
			used = used.Add(a.cost).Add(v.layers[i].classes[k.class].opts[k.opt].cost)
			state = a.next
			share := v.share(used)
			for r := range share {
				path[i][r] += share[r] * y[j] / sum
			}
		}
	}
	return path
}

// cheapest bounds the objective over the choices within the budget from below, starting from a known choice.
func (v *view) cheapest(ctx context.Context, start []pick) (relaxation, error) {
	total, _ := v.total(start)
	r := relaxation{bound: math.Inf(-1), feasible: start, value: v.objective(start, total)}
	fixed := v.share(v.fixed)
	first := v.share(total)
	base := r.value
	scale := max(base, 1e-12)
	var cols [][design.NumResources]float64
	var gain []float64
	var lambda [design.NumResources]float64
	for range columns {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		price := v.price
		for i := range price {
			price[i] += lambda[i]
		}
		t := v.table(price, v.cycleWeight)
		x := v.solution(t)
		if x == nil {
			return r, nil
		}
		b := dot(&price, &fixed) + t.togo[0][0]
		for _, l := range lambda {
			b -= l
		}
		if b > r.bound {
			r.bound, r.price = b, lambda
		}
		total, _ := v.total(x)
		f := v.objective(x, total)
		if total.Within(v.budget) && f < r.value {
			r.feasible, r.value = x, f
		}
		if r.value-r.bound < 1e-7*scale {
			return r, nil
		}
		sh := v.share(total)
		cols, gain = append(cols, sh), append(gain, (base-f)/scale)
		a, rhs := make([][]float64, design.NumResources+1), make([]float64, design.NumResources+1)
		for i := range design.NumResources {
			a[i], rhs[i] = make([]float64, len(cols)), max(0, 1-first[i])
			for j := range cols {
				a[i][j] = cols[j][i] - first[i]
			}
		}
		a[design.NumResources], rhs[design.NumResources] = make([]float64, len(cols)), 1
		for j := range cols {
			a[design.NumResources][j] = 1
		}
		_, dual, value, ok := simplex.Maximise(a, rhs, gain)
		if !ok || (base-value*scale)-r.bound < 1e-7*scale {
			return r, nil
		}
		for i := range lambda {
			lambda[i] = max(0, dual[i]) * scale
		}
	}
	return r, nil
}
