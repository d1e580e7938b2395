package cost

import (
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
)

func TestMultiplierDSP(t *testing.T) {
	for _, tt := range []struct {
		a, b   int
		family string
		want   int
	}{
		{16, 16, design.Family7, 1}, {17, 16, design.Family7, 1}, {8, 8, design.Family7, 1}, {4, 4, design.Family7, 0}, {5, 4, design.Family7, 1},
		{18, 25, design.Family7, 1}, {22, 20, design.Family7, 2}, {26, 18, design.Family7, 2}, {26, 18, design.FamilyUSPlus, 1}, {28, 28, design.FamilyUSPlus, 4},
	} {
		if got := multiplierDSP(tt.a, tt.b, tt.family); got != tt.want {
			t.Errorf("%d x %d on %s: %d DSPs, want %d", tt.a, tt.b, tt.family, got, tt.want)
		}
	}
}

// TestCurve: a small table is in LUTs, a large one in blocks, one for two lanes; straight segments take a multiplier a lane.
func TestCurve(t *testing.T) {
	eight := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	curve := func(step, entries, width int) design.Vec {
		a := &intnet.Act{Fn: intnet.ActCurve, Step: step, Table: make([]int64, entries)}
		a.Table[0] = 1<<(width-1) - 1
		map8 := intnet.Tensor{H: 8, W: 8, C: 4, Format: eight}
		l := intnet.Layer{Kind: intnet.KindActivation, In: []int{0}, Out: 1, Act: a, Lo: -128, Hi: 127, Rounding: fixed.HalfUp}
		s := hw.ActivationOf(&intnet.Net{Tensors: []intnet.Tensor{map8, map8}}, &l, hw.Layer{InPx: 1, InCh: 4, OutPx: 1, OutCh: 4})
		v := activationArea(&s, design.FamilyUSPlus)
		return v.rule
	}
	if v := curve(0, 257, 8); v[0] != 0 || v[3] != 0 {
		t.Errorf("a small table: %v", v)
	}
	if v := curve(0, 65537, 16); v[0] != 0 || v[3] == 0 || v[3]%2 != 0 {
		t.Errorf("a large table, one for two lanes: %v", v)
	}
	if v := curve(8, 257, 18); v[0] != 4 {
		t.Errorf("straight segments: %v", v)
	}
}
