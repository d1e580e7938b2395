package design

import (
	"fmt"
	"math"
)

// The resources of a device, as indices of a Vec.
const (
	DSP          = iota
	LUT          // all LUTs; LUTs used as memory are among them
	FF           // flip-flops
	BRAM18       // 18 Kb halves
	URAM         // 288 Kb blocks
	LUTRAM       // LUTs that are memory: a separate budget inside LUT
	NumResources // number of resources
)

// ResourceNames are the names of the resources, by index.
var ResourceNames = [NumResources]string{DSP: "DSP", LUT: "LUT", FF: "FF", BRAM18: "BRAM18", URAM: "URAM", LUTRAM: "LUTRAM"}

// Vec is Resources as an array.
type Vec [NumResources]int

// Vec is r as an array.
func (r Resources) Vec() Vec {
	return Vec{DSP: r.DSP, LUT: r.LUT, FF: r.FF, BRAM18: r.BRAM18, URAM: r.URAM, LUTRAM: r.LUTRAM}
}

// Resources is v by names.
func (v Vec) Resources() Resources {
	return Resources{DSP: v[DSP], LUT: v[LUT], FF: v[FF], BRAM18: v[BRAM18], URAM: v[URAM], LUTRAM: v[LUTRAM]}
}

// Add is v + o.
func (v Vec) Add(o Vec) Vec {
	for i := range v {
		v[i] += o[i]
	}
	return v
}

// Sub is v - o.
func (v Vec) Sub(o Vec) Vec {
	for i := range v {
		v[i] -= o[i]
	}
	return v
}

// Within reports whether v <= o in every component.
func (v Vec) Within(o Vec) bool {
	for i := range v {
		if v[i] > o[i] {
			return false
		}
	}
	return true
}

// Times is n copies of r.
func (r Resources) Times(n int) Resources {
	v := r.Vec()
	for i := range v {
		v[i] *= n
	}
	return v.Resources()
}

// DefaultShares is the usable share of each resource where nothing else is asked for. 0.7 of the LUTs is AMD's guideline for timing closure
// (UG949; FINN's src/finn/util/platforms.py states its table: LUT 0.7, FF 0.5, block RAM, UltraRAM and DSP 0.8). The other shares lie between
// that guideline and WholeShares: the engines' DSPs and memories stand in columns, whose wires the LUTs' share leaves free. Nobody has routed
// a design that fills them.
func DefaultShares() Shares {
	return Shares{DSP: 0.9, LUT: 0.7, FF: 0.7, BRAM18: 0.85, URAM: 0.85}
}

// WholeShares is the most that a design may use of a device: all DSPs and memories, and 0.8 of the LUTs and flip-flops, since nothing places
// with all of them.
func WholeShares() Shares {
	return Shares{DSP: 1, LUT: 0.8, FF: 0.8, BRAM18: 1, URAM: 1}
}

// Scaled is a share of the shares.
func (s Shares) Scaled(share float64) Shares {
	for _, v := range []*float64{&s.DSP, &s.LUT, &s.FF, &s.BRAM18, &s.URAM} {
		*v *= share
	}
	return s
}

// Validate refuses shares outside 0..1.
func (s Shares) Validate() error {
	for i, v := range s.List() {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return fmt.Errorf("usable share of %s is %v; want 0..1", ResourceNames[i], v)
		}
	}
	return nil
}

// List is in the order of Vec; LUTRAM follows LUT.
func (s Shares) List() [NumResources]float64 {
	return [NumResources]float64{DSP: s.DSP, LUT: s.LUT, FF: s.FF, BRAM18: s.BRAM18, URAM: s.URAM, LUTRAM: s.LUT}
}

// Budget is the usable part of a device's resources, rounded down.
func (s Shares) Budget(r Resources) Resources {
	v, sh := r.Vec(), s.List()
	for i := range v {
		// The small term keeps 0.8 * 280 at 224 despite the representation of
		// 0.8.
		v[i] = int(float64(v[i])*sh[i] + 1e-6)
	}
	return v.Resources()
}

// Shortfall lists each exceeded resource.
func Shortfall(total, budget Resources) []string {
	t, b := total.Vec(), budget.Vec()
	var lines []string
	for i := range t {
		if t[i] > b[i] {
			lines = append(lines, fmt.Sprintf("%s: needs %d, budget %d, short by %d", ResourceNames[i], t[i], b[i], t[i]-b[i]))
		}
	}
	return lines
}
