package cosim

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen/verify"
	"hass/hwsim"
	"hass/hwsim/vcd"
	"hass/internal/design"
	"hass/internal/test/designtest"
	"hass/internal/test/vcdtest"
)

// TestVCD compares the dump of the simulator with that of Icarus Verilog for a small network. TestVerilator does it with Verilator's for a
// larger one.
func TestVCD(t *testing.T) {
	need(t, "iverilog", "vvp", "make")
	t.Setenv("SIM_ARGS", "+trace=build/sim.vcd")
	dir := t.TempDir()
	d := designtest.Random(t, dir, 12, 2)
	out := generate(t, d, dir)
	simulate(t, d, dir, out, verify.Options{Icarus: true})
	compareVCD(t, d, dir, out, "hass_tb.dut")
}

// compareVCD compares every signal of every stream of a call for the golden images with the dump of the RTL's simulation in the project out:
// change for change, from the call's first cycle to its last output word.
func compareVCD(t *testing.T, d *design.Design, dir, out, top string) {
	t.Helper()
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(out, "build", "sim.vcd"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	streams, err := vcd.Streams(n, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec := vcd.New(n, streams)
	if _, err := hwsim.Run(context.Background(), n, images, hwsim.Options{Finite: true, Observe: rec.Observer()}); err != nil {
		t.Fatal(err)
	}
	var ours bytes.Buffer
	if err := rec.Write(&ours, rec.All(), 1e6); err != nil { // a cycle is a picosecond
		t.Fatal(err)
	}
	got, err := vcdtest.Read(&ours, "hass_tb.dut", func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	want, err := vcdtest.Read(f, top, func(path string) bool {
		_, ok := got.Width[path]
		return ok || path == "s_axis_input_tready"
	})
	if err != nil {
		t.Fatal(err)
	}
	// The testbench's clock has a period of ten units. The first call begins as the source takes words.
	const period = 10
	start := int64(-1)
	for _, c := range want.Changes["s_axis_input_tready"] {
		if c.Value == "1" {
			start = c.Time
			break
		}
	}
	if start < 0 {
		t.Fatal("the RTL took no word")
	}
	end := rec.All().To
	changes, differ := 0, 0
	if len(want.Width) != len(got.Width)+1 {
		t.Errorf("%d of %d signals are not in the RTL", len(got.Width)+1-len(want.Width), len(got.Width))
	}
	for path := range got.Width {
		ours, theirs := got.Changes[path], within(want.Changes[path], start, period, end)
		if strings.HasSuffix(path, "out") || strings.HasSuffix(path, ".in") { // undefined before the first token
			ours = after(ours, "x")
			if len(ours) > 0 {
				theirs = from(theirs, ours[0].Time)
			}
		}
		changes += len(ours)
		for i := range max(len(ours), len(theirs)) {
			if i >= len(ours) || i >= len(theirs) || ours[i] != theirs[i] {
				if differ++; differ < 10 {
					t.Errorf("%s: change %d is %v, in the RTL %v", path, i, ours[i:min(len(ours), i+3)], theirs[i:min(len(theirs), i+3)])
				}
				break
			}
		}
	}
	if changes == 0 {
		t.Error("no signal changed")
	}
	t.Logf("%d signals of %d streams of %d processes: %d changes in %d cycles, %d signals differ", len(got.Width), len(streams), len(n.Processes), changes, end, differ)
}

// within are the changes from cycle 0 to end, in cycles, of changes in a dump; the first is the value that holds at 0.
func within(list []vcdtest.Change, start, period, end int64) []vcdtest.Change {
	var in []vcdtest.Change
	for _, c := range list {
		c.Time = (c.Time - start) / period
		switch {
		case c.Time <= 0:
			in = []vcdtest.Change{{Time: 0, Value: c.Value}}
		case c.Time < end:
			in = append(in, c)
		}
	}
	return in
}

// after leaves out the first value if it is v.
func after(list []vcdtest.Change, v string) []vcdtest.Change {
	if len(list) > 0 && list[0].Value == v {
		return list[1:]
	}
	return list
}

// from are the changes from a cycle on, beginning with the value that holds then.
func from(list []vcdtest.Change, cycle int64) []vcdtest.Change {
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Time <= cycle {
			return append([]vcdtest.Change{{Time: cycle, Value: list[i].Value}}, list[i+1:]...)
		}
	}
	return list
}
