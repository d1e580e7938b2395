// Package margin keeps a C++ project within its device although nobody counts it: the estimates of resources are of the SystemVerilog.
//
// It takes the shares of a device that the user gives a design and the design's target, and gives the usable shares, or an error where a
// share leaves no room for what the project of the target may take beyond its estimate. It knows no device and no design.
package margin

import (
	"fmt"

	"hass/internal/design"
	"hass/internal/hw/limits"
)

// Margin is what a project of a target may take of a resource.
type Margin struct {
	Times  float64 // the estimate
	Source string  // of the figure
}

// hls are the margins of C++ projects, by resource; resources without one have the estimate.
var hls = map[int]Margin{
	design.LUT: {1.25, "an assumption, not measured: no HLS tool has counted these projects. FINN's matrix unit in both languages (arXiv:2201.11409) has fewer LUTs in HLS where it is large, by up to 15 %, and more where it is small"},
	design.FF:  {1.25, "an assumption, not measured: no HLS tool has counted these projects. FINN's matrix unit (arXiv:2201.11409) has more flip-flops in HLS at every size"},
}

// Of is the margin of a resource for projects of a target. SystemVerilog has the estimate itself, whose error reports print.
func Of(t limits.Target, resource int) Margin {
	if m, ok := hls[resource]; ok && t.Includes(limits.HLS) {
		return m
	}
	return Margin{Times: 1, Source: "the estimate is of the SystemVerilog"}
}

// slack is the relative error of a share in decimal notation.
const slack = 1e-9

// Shares are the usable shares that b stands for. It is an error if the project of the target, with its margin, would not fit the device
// when the design fills a share.
func Shares(b design.BudgetShare, t limits.Target) (design.Shares, error) {
	s, err := b.Shares()
	if err != nil {
		return s, err
	}
	for r, share := range s.List() {
		m := Of(t, r)
		if share*m.Times > 1+slack && r != design.LUTRAM { // LUTRAM has the share of LUT
			name := design.ResourceNames[r]
			return s, fmt.Errorf("%s=%g: a C++ project may take %g times its estimate of %s, so a design for it fills at most %s=%g; --target rtl may have all", name, share, m.Times, name, name, 1/m.Times)
		}
	}
	return s, nil
}
