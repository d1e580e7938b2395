package utilisation

import (
	"slices"
	"sort"
	"strings"

	"hass/internal/design"
)

// Counts are the resources of a netlist.
type Counts struct {
	LUT    int // LUT1 to LUT6, inverters, and LUTRAM
	FF     int
	DSP    int
	BRAM18 int
	URAM   int
	LUTRAM int // LUTs as memory or shift register
	Other  int // cells of none of these resources, such as CARRY4
}

// lutsOf is the number of LUTs that a memory cell occupies on the device.
var lutsOf = map[string]int{
	"RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8,
	"RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "RAM256X1D": 8,
	"RAM32X1S": 1, "RAM64X1S": 1, "RAM128X1S": 2, "RAM256X1S": 4, "RAM32X2S": 2, "RAM32X4S": 4, "RAM64X2S": 2, "RAM512X1S": 8,
	"SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
}

// CountCells counts cells by type. An inverter is a LUT, because the device has no other.
func CountCells(cells map[string]int) Counts {
	var c Counts
	for name, n := range cells {
		switch {
		case lutsOf[name] > 0:
			c.LUTRAM += n * lutsOf[name]
			c.LUT += n * lutsOf[name]
		case len(name) == 4 && strings.HasPrefix(name, "LUT"), name == "INV":
			c.LUT += n
		case strings.HasPrefix(name, "FD"), strings.HasPrefix(name, "LD"):
			c.FF += n
		case strings.HasPrefix(name, "DSP48"):
			c.DSP += n
		case strings.HasPrefix(name, "RAMB18"):
			c.BRAM18 += n
		case strings.HasPrefix(name, "RAMB36"):
			c.BRAM18 += 2 * n
		case strings.HasPrefix(name, "URAM288"):
			c.URAM += n
		default:
			c.Other += n
		}
	}
	return c
}

// CountsOf are the counts of resources.
func CountsOf(r design.Resources) Counts {
	return Counts{LUT: r.LUT, FF: r.FF, DSP: r.DSP, BRAM18: r.BRAM18, URAM: r.URAM, LUTRAM: r.LUTRAM}
}

// Plus is c plus times times o.
func (c Counts) Plus(o Counts, times int) Counts {
	c.LUT += times * o.LUT
	c.FF += times * o.FF
	c.DSP += times * o.DSP
	c.BRAM18 += times * o.BRAM18
	c.URAM += times * o.URAM
	c.LUTRAM += times * o.LUTRAM
	c.Other += times * o.Other
	return c
}

// Quantiles are the median and the 90th percentile.
func Quantiles(v []float64) (median, p90 float64) {
	if len(v) == 0 {
		return 0, 0
	}
	v = slices.Clone(v)
	sort.Float64s(v)
	return v[len(v)/2], v[min(len(v)-1, len(v)*9/10)]
}
