package margin

import (
	"testing"

	"hass/internal/design"
	"hass/internal/hw/limits"
)

// TestShares: the default shares leave every target its margin, and a larger share is for SystemVerilog alone.
func TestShares(t *testing.T) {
	for _, c := range []struct {
		share  string
		target limits.Target
		want   string
	}{
		{"1", limits.HLS, ""},
		{"1", limits.Both, ""},
		{"LUT=0.8,FF=0.8,DSP=1", limits.Both, ""},
		{"LUT=1,FF=1", limits.RTL, ""},
		{"LUT=0.81", limits.HLS, "LUT=0.81: a C++ project may take 1.25 times its estimate of LUT, so a design for it fills at most LUT=0.8; --target rtl may have all"},
		{"FF=0.9", limits.Both, "FF=0.9: a C++ project may take 1.25 times its estimate of FF, so a design for it fills at most FF=0.8; --target rtl may have all"},
		{"2", limits.RTL, "2: want a share above 0 and up to 1"},
	} {
		b, err := design.ParseBudgetShare(c.share)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		s, err := Shares(b, c.target)
		if err != nil {
			got = err.Error()
		} else if s.Validate() != nil {
			t.Errorf("%s: %v", c.share, s)
		}
		if got != c.want {
			t.Errorf("%s for %s: %q, want %q", c.share, c.target, got, c.want)
		}
	}
}

// TestSources: every margin says where its figure is from, and is no less than the estimate.
func TestSources(t *testing.T) {
	for r := range design.NumResources {
		for _, target := range []limits.Target{limits.HLS, limits.RTL, limits.Both} {
			if m := Of(target, r); m.Times < 1 || m.Source == "" || target == limits.RTL && m.Times != 1 {
				t.Errorf("%s of %s: %+v", design.ResourceNames[r], target, m)
			}
		}
	}
}
