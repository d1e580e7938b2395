package optimizer

import (
	"errors"
	"math"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/optimizer/cost/delay"
	"hass/optimizer/derive"
)

// slowed is a platform with another clock.
func slowed(name string, mhz float64) func(in *Input) {
	return func(in *Input) {
		p, err := design.LoadPlatform(name)
		if err != nil {
			panic(err)
		}
		p.ClockMHz = mhz
		in.Platform = p
	}
}

// modulesMHz is the clock that the slowest module of a design is good for alone, times the design's derate.
func modulesMHz(t *testing.T, d *design.Design) float64 {
	t.Helper()
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	mhz := math.Inf(1)
	err = delay.Modules(n, func(name string, m hw.Module) error {
		ns, err := delay.Of(m)
		mhz = min(mhz, 1000/ns*d.Clock.Derate)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return mhz
}

// TestClockAsked: a requested clock that is faster than the best one gives a legal design in which every module meets it. The design
// needs at least as many cycles, and its rates are at that clock.
func TestClockAsked(t *testing.T) {
	net := residualNet()
	free := optimize(t, net, "zedboard", nil)
	if free.Clock.Kind != design.ClockRouted || free.Clock.Asked != 0 || free.Clock.MHz > free.Clock.Limit {
		t.Fatalf("%+v", free.Clock)
	}
	for _, asked := range []float64{free.Clock.MHz - 20, free.Clock.MHz - 3, free.Clock.MHz + 2.5} {
		d, err := Optimize(t.Context(), Input{Net: net, Est: meanEst{net, 0.4}, Platform: platformOf(t, "zedboard"), Shares: design.WholeShares(), Clock: asked})
		if slow := (*ClockError)(nil); asked > free.Clock.MHz && errors.As(err, &slow) {
			t.Logf("%v", err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if d.Clock.MHz != asked || d.Clock.Asked != asked || !d.Fits {
			t.Errorf("%v MHz asked for: %+v", asked, d.Clock)
		}
		if mhz := modulesMHz(t, d); mhz < asked*0.999 { // derate is rounded
			t.Errorf("%v MHz asked for: the modules are good for %v", asked, mhz)
		}
		if want := asked * 1e6 / d.Predicted.CyclesPerImage; math.Abs(d.Predicted.ImagesPerSecond-want) > 1e-6*want {
			t.Errorf("%v images/s, want %v", d.Predicted.ImagesPerSecond, want)
		}
	}
}

func platformOf(t *testing.T, name string) design.Platform {
	t.Helper()
	p, err := design.LoadPlatform(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestClockTooFast: a clock that no hardware of a layer reaches is refused with the layer, its fastest choice and the clock of that.
func TestClockTooFast(t *testing.T) {
	net := residualNet()
	for _, tt := range []struct {
		target limits.Target
		mhz    float64
		words  []string
	}{
		{limits.RTL, 600, []string{"layer ", "no choice of hardware reaches 600 MHz; its fastest, a ", "reaches ", " MHz (routed)"}},
		{limits.Both, 600, []string{"layer ", "600 MHz", " MHz (routed)"}},
		{limits.HLS, 400, []string{"layer ", "no choice of hardware reaches 400 MHz", "MHz (asked of the scheduler, not placed)"}},
	} {
		in := Input{Net: net, Est: meanEst{net, 0.4}, Target: tt.target, Clock: tt.mhz}
		slowed("zedboard", 1000)(&in)
		_, err := Optimize(t.Context(), in)
		slow := (*ClockError)(nil)
		if !errors.As(err, &slow) || slow.Layer == "" || slow.Asked != tt.mhz || slow.MHz >= tt.mhz {
			t.Errorf("%s: %v", tt.target, err)
			continue
		}
		for _, w := range tt.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is not in %v", tt.target, w, err)
			}
		}
	}
	in := Input{Net: net, Est: meanEst{net, 0.4}, Platform: platformOf(t, "zedboard"), Shares: design.WholeShares(), Clock: 201}
	if _, err := Optimize(t.Context(), in); err == nil || !strings.Contains(err.Error(), "that of platform ZedBoard is 200 MHz") {
		t.Errorf("above the platform's clock: %v", err)
	}
	in.Clock = math.NaN()
	if _, err := Optimize(t.Context(), in); err == nil {
		t.Error("a clock that is no number")
	}
}

// TestClockKinds: the kind of a clock follows from target and family.
func TestClockKinds(t *testing.T) {
	net := residualNet()
	for _, tt := range []struct {
		platform string
		target   limits.Target
		limit    float64
		kind     design.ClockKind
		capped   bool // at the platform's own clock
	}{
		{"zedboard", limits.RTL, 200, design.ClockRouted, false},
		{"zedboard", limits.RTL, 40, design.ClockRouted, true},
		{"zcu104", limits.Both, 300, design.ClockScaled, false},
		{"zcu104", limits.Both, 50, design.ClockScaled, true},
		{"zcu104", limits.HLS, 200, design.ClockScheduled, true},
		{"zcu104", limits.HLS, 300, design.ClockScheduled, false}, // the loops of windows are slower
	} {
		d := optimize(t, net, tt.platform, func(in *Input) {
			slowed(tt.platform, tt.limit)(in)
			in.Target = tt.target
		})
		c := &d.Clock
		if c.Kind != tt.kind || (c.MHz == tt.limit) != tt.capped || c.MHz > tt.limit || c.Limit != tt.limit {
			t.Errorf("%s, %s, %v MHz: %+v", tt.platform, tt.target, tt.limit, *c)
		}
		if err := c.Check(); err != nil {
			t.Error(err)
		}
		if hls, rtl := c.Loop != "", c.Slowest != ""; hls != tt.target.Includes(limits.HLS) || rtl != tt.target.Includes(limits.RTL) {
			t.Errorf("%s: %+v", tt.target, *c)
		}
		if c.Loop != "" && c.LoopNs > design.LoopBudget(c.MHz) {
			t.Errorf("%s: a loop of %v ns at %v MHz", tt.target, c.LoopNs, c.MHz)
		}
		if !strings.Contains(strings.Join(d.Explain, "\n"), "clock: "+c.String()) {
			t.Errorf("no word of the clock in %q", d.Explain)
		}
		if math.Abs(d.Predicted.ImagesPerSecond*d.Predicted.CyclesPerImage-c.MHz*1e6) > 1 {
			t.Errorf("%v images/s of %v cycles at %v MHz", d.Predicted.ImagesPerSecond, d.Predicted.CyclesPerImage, c.MHz)
		}
	}
}

// TestClockReported: a timing report's factor scales the clock, and the kind of clock is then "reported"; a report of another family is
// refused.
func TestClockReported(t *testing.T) {
	net := residualNet()
	plain := optimize(t, net, "zedboard", func(in *Input) { in.Target = limits.RTL })
	scale := &design.ClockScale{Family: design.Family7, Part: "xc7z020", Factor: 1.2, MHz: 120, ModelMHz: 100, PeriodNs: 10, SlackNs: 10 - 1000.0/120}
	in := func(in *Input) {
		in.Target = limits.RTL
		in.Calibration = &design.Calibration{Tool: "Vivado", Date: "2026-11-28", Clock: scale}
	}
	d := optimize(t, net, "zedboard", in)
	if d.Clock.Kind != design.ClockReported || d.Clock.MHz < plain.Clock.MHz*1.15 {
		t.Errorf("%+v, without a report %+v", d.Clock, plain.Clock)
	}
	p := platformOf(t, "zcu104")
	bad := Input{Net: net, Est: meanEst{net, 0.4}, Platform: p, Shares: design.WholeShares()}
	in(&bad)
	if _, err := Optimize(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "is of a part of family 7series") {
		t.Errorf("another family: %v", err)
	}
}

// TestClockTraded: with a free choice no clock that could be asked for gives more images per second.
func TestClockTraded(t *testing.T) {
	net := residualNet()
	onSmall := onPart(design.Resources{DSP: 60, LUT: 30000, LUTRAM: 12000, FF: 60000, BRAM18: 120})
	ask := func(mhz float64) *design.Design {
		in := Input{Net: net, Est: meanEst{net, 0.4}, Clock: mhz}
		slowed("zedboard", 1000)(&in)
		onSmall(&in)
		d, err := Optimize(t.Context(), in)
		if slow := (*ClockError)(nil); errors.As(err, &slow) {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	free := ask(0)
	for _, f := range []float64{0.8, 0.95, 1.08, 1.2, 1.4} {
		d := ask(math.Round(free.Clock.MHz * f))
		if d == nil || !d.Fits {
			continue
		}
		t.Logf("%v: %.0f images/s; asked %v: %.0f", &free.Clock, free.Predicted.ImagesPerSecond, d.Clock.MHz, d.Predicted.ImagesPerSecond)
		if d.Predicted.ImagesPerSecond > 1.05*free.Predicted.ImagesPerSecond {
			t.Errorf("at %v MHz there are %.0f images/s, at the clock that was chosen, %v, %.0f", d.Clock.MHz, d.Predicted.ImagesPerSecond, &free.Clock, free.Predicted.ImagesPerSecond)
		}
	}
}

// TestClockOfFree: the clock that the free optimizer reports can be asked for, and a MHz less, with as many images per second up to 2 %.
func TestClockOfFree(t *testing.T) {
	for _, tt := range []struct {
		name, platform string
		net            *intnet.Net
		on             func(in *Input)
	}{
		{"residual", "zedboard", residualNet(), func(*Input) {}},
		{"residual in C++", "zedboard", residualNet(), func(in *Input) { slowed("zedboard", 1000)(in); in.Target = limits.HLS }},
		{"residual, a small part", "zedboard", residualNet(), func(in *Input) {
			slowed("zedboard", 1000)(in)
			onPart(design.Resources{DSP: 60, LUT: 30000, LUTRAM: 12000, FF: 60000, BRAM18: 120})(in)
		}},
		{"LeNet", "zedboard", lenet(), func(*Input) {}},
		{"ResNet-8", "zedboard", resnet8(), func(*Input) {}},
		{"ResNet-8", "zcu104", resnet8(), func(in *Input) { in.Pixels = 2 }},
	} {
		t.Run(tt.name+", "+tt.platform, func(t *testing.T) {
			in := Input{Net: tt.net, Est: meanEst{tt.net, 0.4}, Platform: platformOf(t, tt.platform), Shares: design.WholeShares()}
			tt.on(&in)
			free, err := Optimize(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, less := range []float64{0, 1} {
				in.Clock = free.Clock.MHz - less
				d, err := Optimize(t.Context(), in)
				if err != nil {
					t.Errorf("%v MHz asked for, %v is free: %v", in.Clock, &free.Clock, err)
					continue
				}
				t.Logf("%v: %.0f images/s, %v: %.0f images/s", &free.Clock, free.Predicted.ImagesPerSecond, &d.Clock, d.Predicted.ImagesPerSecond)
				if least := free.Predicted.ImagesPerSecond * 0.98; d.Fits != free.Fits || d.Clock.MHz != in.Clock || d.Predicted.ImagesPerSecond < least {
					t.Errorf("%v MHz asked for: %v with %.0f images/s, free %.0f", in.Clock, &d.Clock, d.Predicted.ImagesPerSecond, free.Predicted.ImagesPerSecond)
				}
			}
		})
	}
}

// TestPathOrder: paths compare in both parts.
func TestPathOrder(t *testing.T) {
	a, b := derive.Path{RTL: 4, HLS: 2}, derive.Path{RTL: 3, HLS: 3}
	if w := a.With(b); w != (derive.Path{RTL: 4, HLS: 3}) || !a.Within(w) || a.Within(b) || b.Within(a) || !w.Within(derive.AnyPath) {
		t.Errorf("%+v", w)
	}
}
