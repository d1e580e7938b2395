package sampler

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"testing"
	"time"
)

func TestExplore(t *testing.T) {
	med := func(v []float64) float64 { sort.Float64s(v); return v[len(v)/2] }
	for _, dims := range []int{10, 40, 80} {
		for _, fn := range []string{"sphere", "ellipsoid"} {
			for _, trials := range []int{100, 200} {
				for _, name := range Names() {
					var bests []float64
					t0 := time.Now()
					for seed := range uint64(11) {
						r := rand.New(rand.NewPCG(seed, 77))
						c := make([]float64, dims)
						for i := range c {
							c[i] = 0.1 + 0.8*r.Float64()
						}
						f := func(x []float64) float64 {
							s := 0.0
							for i := range x {
								w := 1.0
								if fn == "ellipsoid" {
									w = math.Pow(1e4, float64(i)/float64(dims-1))
								}
								s += w * (x[i] - c[i]) * (x[i] - c[i])
							}
							return s
						}
						s, _ := New(name, dims, 1000+seed, nil)
						var h []Trial
						best := math.Inf(1)
						for n := range trials {
							x := s.Propose(n, h)
							v := f(x)
							best = math.Min(best, v)
							h = append(h, Trial{Number: n, X: x, Value: v})
						}
						bests = append(bests, best)
					}
					fmt.Printf("%3d %-10s %d %-10s median %10.4g  %v/study\n", dims, fn, trials, name, med(bests), time.Since(t0)/11)
				}
			}
		}
	}
}
