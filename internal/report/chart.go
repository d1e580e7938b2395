package report

import (
	"fmt"
	"math"
	"strings"
)

// chart is a drawing with two axes. It is as wide as the page or scrolls, and says in words what it shows.
type chart struct {
	ID, Title string
	Text      string // what it shows, for those who do not see it
	XTitle    string
	YTitle    string
	XTicks    []chartTick
	YTicks    []chartTick
	Lines     []chartLine // below the dots
	Dots      []chartDot
	Labels    []label
}

// The size of charts, and the box between the axes.
const (
	chartWidth, chartHeight = 760, 380
	chartLeft, chartRight   = 66, 740
	chartTop, chartBottom   = 14, 326
	chartTicks              = 6 // parts of an axis, at most
)

// chartTick is a mark of an axis with its text.
type chartTick struct {
	At   float64
	Text string
}

// chartLine is a line through points.
type chartLine struct {
	Path, Class, Title string
}

// chartDot is a point; Whisker is the line of its interval, or "".
type chartDot struct {
	X, Y, R      float64
	Class, Title string
	Whisker      string
}

// chartBox is where the axes of a chart and their texts are.
type chartBox struct{ Width, Height, Left, Right, Top, Bottom, XText, YText, XTitle, YTitle int }

// Box is that of the chart.
func (c *chart) Box() chartBox {
	return chartBox{chartWidth, chartHeight, chartLeft, chartRight, chartTop, chartBottom, chartBottom + 18, chartLeft - 7, chartHeight - 14, chartTop + 12}
}

// axis turns figures into coordinates.
type axis struct {
	low, high float64 // the figures at both ends
	from, to  float64 // the coordinates there
	powers    bool    // a scale of powers of ten
}

// at is the coordinate of a figure; beyond the ends it is an end.
func (a axis) at(v float64) float64 {
	low, high := a.low, a.high
	if a.powers {
		low, high, v = math.Log10(low), math.Log10(high), math.Log10(max(v, a.low))
	}
	share := min(max((v-low)/(high-low), 0), 1)
	return round2(a.from + share*(a.to-a.from))
}

// linear is an axis over figures from low to high whose ends are ticks, with the ticks.
func linear(low, high, from, to float64) (axis, []chartTick) {
	if !(high > low) {
		low, high = low-0.5, low+0.5
	}
	least := (high - low) / chartTicks
	size := math.Pow(10, math.Floor(math.Log10(least)))
	step := 10 * size
	for _, m := range []float64{5, 2, 1} {
		if m*size >= least {
			step = m * size
		}
	}
	digits := int(max(0, -math.Floor(math.Log10(step)+1e-9)))
	first, last := int(math.Floor(low/step)), int(math.Ceil(high/step))
	a := axis{low: float64(first) * step, high: float64(last) * step, from: from, to: to}
	var ticks []chartTick
	for i := first; i <= last; i++ {
		v := float64(i) * step
		ticks = append(ticks, chartTick{a.at(v), decimals(v, digits)})
	}
	return a, ticks
}

// powers is an axis over figures above 0 whose ends are powers of ten, with a tick at each of them or at every second, third, ...
func powers(low, high, from, to float64) (axis, []chartTick) {
	first, last := int(math.Floor(math.Log10(low)+1e-9)), int(math.Ceil(math.Log10(high)-1e-9))
	last = max(last, first+1)
	a := axis{low: math.Pow(10, float64(first)), high: math.Pow(10, float64(last)), from: from, to: to, powers: true}
	var ticks []chartTick
	for k := first; k <= last; k += 1 + (last-first)/chartTicks {
		v := math.Pow(10, float64(k))
		text := decimals(v, max(0, -k))
		if k < -3 || k > 4 {
			text = "1e" + decimals(float64(k), 0)
		}
		ticks = append(ticks, chartTick{a.at(v), text})
	}
	return a, ticks
}

// path is a line through points.
func path(points [][2]float64) string {
	var b strings.Builder
	for i, p := range points {
		fmt.Fprintf(&b, "%c%s %s", "ML"[min(i, 1)], coordinate(p[0]), coordinate(p[1]))
	}
	return b.String()
}
