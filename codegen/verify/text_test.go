package verify

import "testing"

// TestText: a result says what was compared, and with what stalls.
func TestText(t *testing.T) {
	r := RTLResult{RTLReport: RTLReport{Images: 2}}
	for _, step := range []struct {
		change func()
		want   string
	}{
		{func() {}, "2 images, each in two runs, equal bit for bit"},
		{func() { r.CyclesCompared = true }, "2 images, each in two runs, equal bit for bit; cycles of every image, stalls and FIFO marks equal the simulator's"},
		{func() { r.Stall, r.CyclesCompared = 20, false }, "2 images, each in two runs, equal bit for bit with 20 % random stalls"},
	} {
		step.change()
		if got := r.Text(); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
}
