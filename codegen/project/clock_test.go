package project

import (
	"math"
	"math/rand"
	"testing"
)

// TestClockSetting compares the setting with all that the clock manager has, and checks that the clock is never too fast.
func TestClockSetting(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	clocks := []int64{5_000_000, 62_500_000, 100_000_000, 141_300_000, 166_666_667, 200_000_000, 250_000_000}
	for range 20 {
		clocks = append(clocks, 5_000_000+rng.Int63n(395_000_000))
	}
	for _, family := range []string{Zynq, ZynqMP} {
		l := mmcmLimitsOf(family)
		for _, hz := range clocks {
			best := 0.0
			for d := 1; d <= 10; d++ {
				for m := minMult8; m <= maxMult8; m++ {
					vco := PSClockHz * float64(m) / 8 / float64(d)
					if vco < float64(l.vcoLow) || vco > float64(l.vcoHigh) {
						continue
					}
					for o := minOut8; o <= maxOut8; o++ {
						if o > 8 && o < 16 {
							continue
						}
						if f := vco * 8 / float64(o); f <= float64(hz)*(1+1e-12) {
							best = max(best, f)
							break // slower from here on
						}
					}
				}
			}
			s, err := clockSettingFor(family, hz)
			if best == 0 {
				if err == nil {
					t.Errorf("%s, %d Hz: %+v, but there is no clock", family, hz, s)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s, %d Hz: %v", family, hz, err)
				continue
			}
			got := PSClockHz * float64(s.Mult8) / float64(s.Divide) / float64(s.Out8)
			if math.Abs(got-best) > 1 || got > float64(hz)*(1+1e-12) {
				t.Errorf("%s, %d Hz: %+v makes %.1f, the best is %.1f", family, hz, s, got, best)
			}
			if got < 0.995*float64(hz) {
				t.Errorf("%s, %d Hz: %+v makes %.1f, more than half a percent less", family, hz, s, got)
			}
		}
	}
	if s, err := clockSettingFor(ZynqMP, 1_000_000); err == nil {
		t.Errorf("1 MHz: %+v", s)
	}
}
