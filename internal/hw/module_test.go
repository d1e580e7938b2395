package hw_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/hw"
)

// every has a field of each type that a parameter may have.
type every struct {
	Count  int      `rtl:"COUNT"`
	Yes    bool     `rtl:"YES"`
	No     bool     `rtl:"NO"`
	Left   int      `rtl:"LEFT,omitempty"`
	Given  int      `rtl:"GIVEN,omitempty"`
	Pace   hw.Sized `rtl:"PACE"`
	Table  hw.Table `rtl:"TABLE"`
	inside int
}

func (every) ModuleName() string { return "hass_every" }

func TestParams(t *testing.T) {
	got := hw.Params(every{Count: 7, Yes: true, Given: 3, Pace: hw.Sized{Bits: 9, Value: -4}, Table: hw.Table{Bits: 4, Values: []int64{1, -1, 3}}, inside: 1})
	want := []hw.Param{{"COUNT", "7"}, {"YES", "1"}, {"NO", "0"}, {"GIVEN", "3"}, {"PACE", "-9'sd4"}, {"TABLE", "12'h3f1"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := hw.Params(hw.FIFOParams{Width: 8, Depth: 4, Block: true}); !cmp.Equal(got, []hw.Param{{"WIDTH", "8"}, {"DEPTH", "4"}, {"BLOCK", "1"}}) {
		t.Error(got)
	}
}
