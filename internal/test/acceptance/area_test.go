package acceptance

import (
	"context"
	"math"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/test/area"
	"hass/sparsity"
)

// areaDesigns names designs of TestRTL's networks that are small enough for yosys; with a dense one and one of
// several kinds of each. All blocks are synthesised too.
var areaDesigns = map[string][]string{
	"Demo":     {"dense", "auto8"},
	"LeNet":    {"dense8", "auto8"},
	"ResNet-8": {"dense", "auto"},
}

// areaGoal is the largest relative difference of a whole network's LUTs and FFs between the cost model and yosys.
const areaGoal = 0.10

// TestArea sets the cost model against synthesis for the networks of TestRTL: the whole network flattened if it has at
// most area.FlatEngines engines, else every distinct module once. DSPs and block RAMs must be equal. As
// yosys has one thread, the designs of a network are synthesised at the same time, and so are the blocks.
func TestArea(t *testing.T) {
	r := newRTLRun(t)
	for _, n := range rtlNetworks {
		t.Run(n.name, func(t *testing.T) {
			found := 0
			for _, c := range n.designs {
				for _, name := range areaDesigns[n.name] {
					if c.name != name {
						continue
					}
					found++
					t.Run(name, func(t *testing.T) {
						d := r.measure(t, n.model, sparsity.Options{Bits: c.bits}, n.images).optimize(t, c)
						t.Parallel()
						compareArea(t, d)
					})
				}
			}
			if found != len(areaDesigns[n.name]) {
				t.Errorf("%d of the designs %v", found, areaDesigns[n.name])
			}
		})
	}
	for _, b := range rtlBlocks {
		t.Run(b.name, func(t *testing.T) {
			d, _ := r.blockDesign(t, b)
			t.Parallel()
			compareArea(t, d)
		})
	}
}

// compareArea synthesises a design and compares.
func compareArea(t *testing.T, d *design.Design) {
	t.Helper()
	c, err := area.Check(context.Background(), d, t.TempDir(), false, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := c.Report(&table); err != nil {
		t.Fatal(err)
	}
	how := "modules"
	if c.Flat {
		how = "whole"
	}
	m, a := c.Model, c.Actual
	off := func(model, actual int) float64 { return float64(model)/float64(actual) - 1 }
	lut, ff := off(m.LUT, a.LUT), off(m.FF, a.FF)
	count, kinds := lanes(d)
	t.Logf("| %s | %d, %s | %d, %d (%+.1f %%, printed +-%.0f %%) | %d, %d (%+.1f %%, printed +-%.0f %%) | %d, %d | %d, %d | %.0f |", kinds, count, how,
		m.LUT, a.LUT, 100*lut, 100*c.LUTError, m.FF, a.FF, 100*ff, 100*c.FFError, m.DSP, a.DSP, m.BRAM18, a.BRAM18, c.CPU.Seconds())
	t.Logf("columns: engines | lanes, synthesised | LUT: model, yosys | FF: model, yosys | DSP: model, yosys | BRAM18: model, yosys | CPU s\n%s", &table)
	if m.DSP != a.DSP || m.BRAM18 != a.BRAM18 || m.URAM != a.URAM {
		t.Errorf("model: %d DSP, %d BRAM18, %d URAM; yosys: %d, %d, %d", m.DSP, m.BRAM18, m.URAM, a.DSP, a.BRAM18, a.URAM)
	}
	if math.Abs(lut) > areaGoal || math.Abs(ff) > areaGoal {
		t.Errorf("LUT %+.1f %%, FF %+.1f %%: the goal is %.0f %%", 100*lut, 100*ff, 100*areaGoal)
	}
}
