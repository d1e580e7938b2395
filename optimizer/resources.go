package optimizer

import (
	"fmt"
	"math"
)

// nres is the number of budgets. LUTRAM is a budget of its own inside LUT.
const nres = 6

// resourceNames in the order of vec.
var resourceNames = [nres]string{"DSP", "LUT", "FF", "BRAM18", "URAM", "LUTRAM"}

// vec is Resources as an array: DSP, LUT, FF, BRAM18, URAM, LUTRAM.
type vec [nres]int

func (r Resources) vec() vec { return vec{r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM, r.LUTRAM} }

func (v vec) resources() Resources {
	return Resources{DSP: v[0], LUT: v[1], FF: v[2], BRAM18: v[3], URAM: v[4], LUTRAM: v[5]}
}

func (v vec) add(o vec) vec {
	for i := range v {
		v[i] += o[i]
	}
	return v
}

func (v vec) sub(o vec) vec {
	for i := range v {
		v[i] -= o[i]
	}
	return v
}

// within reports v <= o in every component.
func (v vec) within(o vec) bool {
	for i := range v {
		if v[i] > o[i] {
			return false
		}
	}
	return true
}

// Add is the sum of two resource counts.
func (r Resources) Add(o Resources) Resources { return r.vec().add(o.vec()).resources() }

// Times is n copies of r.
func (r Resources) Times(n int) Resources {
	v := r.vec()
	for i := range v {
		v[i] *= n
	}
	return v.resources()
}

// DefaultShares is the usable share of each resource: LUTs and flip-flops beyond
// 0.8 rarely place and route at speed; DSPs and memories can all be used.
func DefaultShares() Shares {
	return Shares{DSP: 1, LUT: 0.8, FF: 0.8, BRAM18: 1, URAM: 1}
}

// Validate refuses shares outside 0..1.
func (s Shares) Validate() error {
	for i, v := range s.list() {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return fmt.Errorf("usable share of %s is %v; want 0..1", resourceNames[i], v)
		}
	}
	return nil
}

// list is in the order of vec; LUTRAM follows LUT.
func (s Shares) list() [nres]float64 {
	return [nres]float64{s.DSP, s.LUT, s.FF, s.BRAM18, s.URAM, s.LUT}
}

// Budget is the usable part of a device's resources, rounded down.
func (s Shares) Budget(r Resources) Resources {
	v, sh := r.vec(), s.list()
	for i := range v {
		// The small term keeps 0.8 * 280 at 224 whatever the representation of 0.8.
		v[i] = int(float64(v[i])*sh[i] + 1e-6)
	}
	return v.resources()
}

// shortfall lists each exceeded resource.
func shortfall(total, budget Resources) []string {
	t, b := total.vec(), budget.vec()
	var lines []string
	for i := range t {
		if t[i] > b[i] {
			lines = append(lines, fmt.Sprintf("%s: needs %d, budget %d, short by %d", resourceNames[i], t[i], b[i], t[i]-b[i]))
		}
	}
	return lines
}
