package delay_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/fit"
)

// TestEveryModule: every module of the area sweep has a delay, and every kind of delays has a module.
func TestEveryModule(t *testing.T) {
	testenv.Long(t)
	points, err := fit.Points()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, p := range points {
		s, err := delay.PathsOf(p.Module)
		if err != nil {
			t.Error(err)
			continue
		}
		seen[delay.Kinds()[s.Kind]] = true
		if ns, err := delay.Of(p.Module); err != nil || math.IsNaN(ns) || ns < delay.Floor || ns > 40 {
			t.Errorf("%s: %v ns, %v", p.Key(), ns, err)
		}
	}
	for _, k := range delay.Kinds() {
		if !seen[k] {
			t.Errorf("no module of the sweep is of the kind %s", k)
		}
	}
}

// TestEveryProcess: every kind of process in random networks has a delay.
func TestEveryProcess(t *testing.T) {
	testenv.Long(t)
	seen := map[hw.ProcessKind]bool{}
	for seed := range int64(400) {
		n := network(t, seed)
		if err := delay.Modules(n, func(name string, m hw.Module) error {
			_, err := delay.Of(m)
			return err
		}); err != nil {
			t.Error(err)
		}
		for i := range n.Processes {
			seen[n.Processes[i].Kind] = true
		}
	}
	for _, k := range hw.ProcessKinds() {
		if !seen[k] {
			t.Errorf("no random network has a process of kind %s", k)
		}
	}
}

// TestModules: the modules are the network's, except for a window's pace.
func TestModules(t *testing.T) {
	for seed := range int64(20) {
		n := network(t, seed)
		var names []string
		if err := delay.Modules(n, func(name string, m hw.Module) error {
			names = append(names, name)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, in := range n.Instances() {
			switch in.Module.(type) {
			case hw.ChainHeadParams, hw.ChainEndParams: // no module of a design is as fast
			default:
				want = append(want, in.Name)
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("seed %d: %v, want %v", seed, names, want)
		}
	}
}

func network(t *testing.T, seed int64) *hw.Network {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	n, err := hw.Expand(c.Net, c.Layers, c.Depths)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestUnknown: a module that nobody knows is an error, not a guess.
func TestUnknown(t *testing.T) {
	if _, err := delay.Of(nameless{}); err == nil || !strings.Contains(err.Error(), "hass_nameless") {
		t.Error(err)
	}
}

type nameless struct{}

func (nameless) ModuleName() string { return "hass_nameless" }

// TestQuick: an optimizer asks for many thousand delays, so computing one allocates nothing.
func TestQuick(t *testing.T) {
	var m hw.Module = hw.EngineParams{Kind: hw.BankedLane, M: 9, N: 3, Gang: 4, Px: 1, Beats: 4, XBits: 8, WBits: 8, Acc: 24, Depth: 64, Memory: memory.LUTRAM,
		Skipping: &hw.Skipping{Flags: memory.LUTRAM}}
	if _, err := delay.Of(m); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := delay.Of(m); err != nil {
			t.Error(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNetwork(t *testing.T) {
	n := network(t, 3)
	zybo, err := design.LoadPlatform("zybo")
	if err != nil {
		t.Fatal(err)
	}
	zybo.ClockMHz = 1000
	empty, err := delay.Network(n, zybo, design.Resources{})
	if err != nil {
		t.Fatal(err)
	}
	full, err := delay.Network(n, zybo, zybo.Resources)
	if err != nil {
		t.Fatal(err)
	}
	if !(full.MHz < empty.MHz && full.Derate < empty.Derate && empty.Derate <= 1 && full.ModuleMHz == empty.ModuleMHz) {
		t.Errorf("%+v empty, %+v full", empty, full)
	}
	if empty.Kind != design.ClockRouted || !(empty.Low < empty.MHz && empty.MHz < empty.High) {
		t.Errorf("%+v", empty)
	}
	if !slices.ContainsFunc(n.Instances(), func(i hw.Instance) bool { return i.Name == empty.Slowest }) {
		t.Errorf("%q is no instance", empty.Slowest)
	}
	plus := zybo
	plus.Family = design.FamilyUSPlus
	scaled, err := delay.Network(n, plus, design.Resources{})
	if err != nil {
		t.Fatal(err)
	}
	if scaled.Kind != design.ClockScaled || math.Abs(scaled.MHz/empty.MHz-1.6) > 0.01 || scaled.Low > scaled.MHz*0.7 || scaled.High < scaled.MHz*1.3 {
		t.Errorf("%+v on UltraScale+, %+v on 7 series", scaled, empty)
	}
	plus.ClockMHz = 100
	if scaled, err = delay.Network(n, plus, design.Resources{}); err != nil || scaled.MHz != 100 || scaled.High != 100 {
		t.Errorf("%+v, %v: above the platform's clock", scaled, err)
	}
	plus.Family = "other"
	if _, err := delay.Network(n, plus, design.Resources{}); err == nil || !strings.Contains(err.Error(), "other") {
		t.Error(err)
	}
}

func TestFill(t *testing.T) {
	all := design.Resources{DSP: 80, LUT: 1000, FF: 1, BRAM18: 10}
	for _, c := range []struct {
		used design.Resources
		want float64
	}{
		{design.Resources{}, 0}, {design.Resources{DSP: 40, LUT: 100}, 0.5}, {design.Resources{BRAM18: 9, LUT: 100}, 0.9}, {design.Resources{FF: 7, URAM: 3}, 0},
	} {
		if got := delay.Fill(c.used, all); got != c.want {
			t.Errorf("%+v: %v, want %v", c.used, got, c.want)
		}
	}
}
