package loops

import (
	"math"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
)

// TestTable: every module has a figure, and none keeps its loop from 200 MHz.
func TestTable(t *testing.T) {
	var keys []string
	for _, k := range hw.ProcessKinds() {
		if k != hw.Engine {
			keys = append(keys, Key(k, ""))
		}
	}
	for _, k := range hw.LaneEngines() {
		keys = append(keys, Key(hw.Engine, k))
	}
	for _, k := range keys {
		ns, err := Of(k)
		if err != nil {
			t.Error(err)
			continue
		}
		if ns <= 0 || ns > design.LoopBudget(200) {
			t.Errorf("%s: %v ns", k, ns)
		}
	}
	if n := len(BuiltIn().NS); n != len(keys) {
		t.Errorf("%d figures of %d modules", n, len(keys))
	}
	if _, err := Of("nothing"); err == nil {
		t.Error("a module of no kind has a figure")
	}
	if mhz := MHz(design.LoopBudget(123)); math.Abs(mhz-123) > 1e-9 {
		t.Errorf("%v MHz", mhz)
	}
}
