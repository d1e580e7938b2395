package design

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/intnet"
)

// TestRegions: regions that hold the layers within their budgets are taken, and every other list is refused.
func TestRegions(t *testing.T) {
	region := func(layers, used, cut int) Region {
		return Region{Name: "r", Layers: layers, Budget: Resources{DSP: 50}, Used: Resources{DSP: used}, Wires: 10, Cut: cut}
	}
	for _, tt := range []struct {
		name   string
		change func(r []Region) []Region
		want   string // in the error
	}{
		{"two regions", func(r []Region) []Region { return r }, ""},
		{"none", func(r []Region) []Region { return nil }, ""},
		{"one", func(r []Region) []Region { return r[:1] }, "regions: 1 of them"},
		{"too many", func(r []Region) []Region { return make([]Region, maxRegions+1) }, "regions: 65 of them"},
		{"a layer too few", func(r []Region) []Region { r[0].Layers = 0; return r }, "they hold 2 layers of 3"},
		{"a layer too many", func(r []Region) []Region { r[1].Layers = 3; return r }, "regions[1]: 3 layers"},
		{"less than no layer", func(r []Region) []Region { r[0].Layers = -1; return r }, "regions[0]: -1 layers"},
		{"a full region", func(r []Region) []Region { r[1].Used.DSP = 51; return r }, "regions[1]: used"},
		{"less than nothing", func(r []Region) []Region { r[0].Used.LUT = -1; return r }, "regions[0]: used"},
		{"more than the device", func(r []Region) []Region { r[0].Budget.DSP = 101; return r }, "regions[0]: used"},
		{"more than the device together", func(r []Region) []Region { r[0].Budget.DSP = 60; return r }, "their budgets together"},
		{"too many wires", func(r []Region) []Region { r[0].Cut = 11; return r }, "regions[0]: cut 11 of 10"},
		{"wires behind the last region", func(r []Region) []Region { r[1].Wires = 5; return r }, "regions[1]: cut 0 of 5"},
	} {
		d := &Design{Net: &intnet.Net{Layers: make([]intnet.Layer, 3)}, Device: Resources{DSP: 100}}
		list := []Region{region(1, 50, 7), region(2, 20, 0)}
		list[1].Wires = 0
		d.Regions = tt.change(list)
		err := d.checkRegions()
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if tt.name != "two regions" {
			continue
		}
		if diff := cmp.Diff([]int{0, 1, 1}, d.RegionOf()); diff != "" || d.Spread() != 2 {
			t.Errorf("regions of the layers (-want +got), spread over %d:\n%s", d.Spread(), diff)
		}
	}
}
