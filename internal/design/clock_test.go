package design

import (
	"math"
	"strings"
	"testing"
)

func TestClockString(t *testing.T) {
	for _, c := range []struct {
		clock Clock
		want  string
	}{
		{Clock{MHz: 142, Kind: ClockRouted, Low: 128, High: 150}, "142 MHz (routed, 128 to 150)"},
		{Clock{MHz: 250, Kind: ClockScaled, Low: 210, High: 250}, "250 MHz (scaled from xc7, not placed, 210 to 250)"},
		{Clock{MHz: 133.25, Kind: ClockReported, Low: 120, High: 150, Asked: 133.25}, "133.25 MHz (asked for; reported, 120 to 150)"},
		{Clock{MHz: 200, Kind: ClockScheduled}, "200 MHz (asked of the scheduler, not placed)"},
	} {
		if got := c.clock.String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestClockCheck(t *testing.T) {
	good := Clock{MHz: 142, Kind: ClockRouted, Low: 128, High: 150, Limit: 200, Slowest: "conv1.engine0", ModuleMHz: 150, Derate: 0.95}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		want   string
		change func(c *Clock)
	}{
		{"mhz 0", func(c *Clock) { c.MHz = 0 }},
		{"mhz NaN", func(c *Clock) { c.MHz = math.NaN() }},
		{"mhz 142 is above limit_mhz 100", func(c *Clock) { c.Limit = 100 }},
		{"limit_mhz -1", func(c *Clock) { c.Limit = -1 }},
		{"kind \"guessed\"", func(c *Clock) { c.Kind = "guessed" }},
		{"asked_mhz +Inf", func(c *Clock) { c.Asked = math.Inf(1) }},
		{"low_mhz 0 and high_mhz 0 of kind routed", func(c *Clock) { c.Low, c.High = 0, 0 }},
		{"low_mhz 128 and high_mhz 150 of kind scheduled", func(c *Clock) { c.Kind = ClockScheduled }},
		{"low_mhz 151, high_mhz 150", func(c *Clock) { c.Low = 151 }},
		{"low_mhz 128, high_mhz 130 around 142", func(c *Clock) { c.High = 130 }},
		{"derate NaN", func(c *Clock) { c.Derate = math.NaN() }},
	} {
		bad := good
		c.change(&bad)
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	if got := good.ImagesPerSecond(142); got != 1e6 {
		t.Errorf("%v images/s", got)
	}
}
