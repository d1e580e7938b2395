package design

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// ClockKind is the origin of a design's clock.
type ClockKind string

// The kinds of clocks.
const (
	// ClockRouted is a clock from a model fitted to place and route on the part's own family.
	ClockRouted ClockKind = "routed"
	// ClockScaled is a clock from that model, scaled to a family on which nothing was placed.
	ClockScaled ClockKind = "scaled"
	// ClockReported is a clock from that model, scaled by the timing report of the user's own tool.
	ClockReported ClockKind = "reported"
	// ClockScheduled is the clock that the HLS scheduler is asked for. It is not placed.
	ClockScheduled ClockKind = "scheduled"
)

// clockKinds has the words for each kind in reports.
var clockKinds = map[ClockKind]string{
	ClockRouted:    "routed",
	ClockScaled:    "scaled from xc7, not placed",
	ClockReported:  "reported",
	ClockScheduled: "asked of the scheduler, not placed",
}

// ClockKinds are all kinds, sorted.
func ClockKinds() []ClockKind {
	var list []ClockKind
	for k := range clockKinds {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

// Words is the text for the kind in reports; "" for an unknown kind.
func (k ClockKind) Words() string { return clockKinds[k] }

// Clock is the clock of a design, which every rate, script and driver uses.
type Clock struct {
	MHz  float64   `json:"mhz"`
	Kind ClockKind `json:"kind"`
	// Low and High are the range in which the result of the user's tools is expected; both are 0 if no range is
	// known (ClockScheduled). MHz is below Low if a lower clock was requested than the modules can reach.
	Low  float64 `json:"low_mhz,omitempty"`
	High float64 `json:"high_mhz,omitempty"`
	// Limit is the platform's own clock, which the design's clock never exceeds.
	Limit float64 `json:"limit_mhz"`
	// Asked is the requested clock (--clock); 0 if there is none.
	Asked float64 `json:"asked_mhz,omitempty"`
	// Slowest is the process of the network with the longest path, ModuleMHz the clock of its module alone, and Derate
	// the factor on it for the rest of the part. They describe the RTL: a design for HLS alone has none.
	Slowest   string  `json:"slowest,omitempty"`
	ModuleMHz float64 `json:"module_mhz,omitempty"`
	Derate    float64 `json:"derate,omitempty"`
	// Loop is the process whose HLS loop has the longest recurrence, LoopNs its estimate. A design for RTL alone
	// has none.
	Loop   string  `json:"loop,omitempty"`
	LoopNs float64 `json:"loop_ns,omitempty"`
}

// Uncertainty is the share of the period that Vitis HLS reserves before placement: its default clock uncertainty, which scripts
// set explicitly.
const Uncertainty = 0.27

// LoopBudget is the time in ns that the recurrence of an HLS loop may take at a clock in MHz.
func LoopBudget(mhz float64) float64 { return 1000 / mhz * (1 - Uncertainty) }

// maxMHz bounds a clock; no real one is near it.
const maxMHz = 10000

// Check refuses impossible clocks.
func (c *Clock) Check() error {
	positive := func(v float64) bool { return v > 0 && v <= maxMHz }
	ranged := c.Low != 0 || c.High != 0
	switch {
	case !positive(c.MHz):
		return fmt.Errorf("mhz %v is not a clock", c.MHz)
	case c.Kind.Words() == "":
		return fmt.Errorf("kind %.40q; want one of %v", string(c.Kind), ClockKinds())
	case !positive(c.Limit):
		return fmt.Errorf("limit_mhz %v is not a clock", c.Limit)
	case c.MHz > c.Limit:
		return fmt.Errorf("mhz %v is above limit_mhz %v", c.MHz, c.Limit)
	case c.Asked != 0 && !positive(c.Asked):
		return fmt.Errorf("asked_mhz %v is not a clock", c.Asked)
	case ranged == (c.Kind == ClockScheduled):
		return fmt.Errorf("low_mhz %v and high_mhz %v of kind %s", c.Low, c.High, c.Kind)
	case ranged && !(positive(c.Low) && positive(c.High) && c.Low <= c.High && c.MHz <= c.High):
		return fmt.Errorf("low_mhz %v, high_mhz %v around %v", c.Low, c.High, c.MHz)
	case !finite(c.ModuleMHz) || !finite(c.Derate) || !finite(c.LoopNs):
		return fmt.Errorf("module_mhz %v, derate %v, loop_ns %v; want numbers of at least 0", c.ModuleMHz, c.Derate, c.LoopNs)
	}
	return nil
}

// finite reports whether v is a finite number of at least 0.
func finite(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }

// ImagesPerSecond is the rate of a design that takes cyclesPerImage cycles per image.
func (c *Clock) ImagesPerSecond(cyclesPerImage float64) float64 { return c.MHz * 1e6 / cyclesPerImage }

// String is the clock with its kind and its range, as in every report.
func (c *Clock) String() string {
	s := plainFloat(c.MHz) + " MHz ("
	if c.Asked > 0 {
		s += "asked for; "
	}
	s += c.Kind.Words()
	if c.High > 0 {
		s += fmt.Sprintf(", %s to %s", plainFloat(c.Low), plainFloat(c.High))
	}
	return s + ")"
}

// plainFloat prints a number without an exponent.
func plainFloat(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
