package optimizer

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/test/testenv"
	"hass/optimizer/derive"
)

// TestClassCounts: a classifier with any number of classes gets a design for both targets. Its output takes no more beats than the port
// needs with a divisor of the number of classes.
func TestClassCounts(t *testing.T) {
	for _, tt := range []struct {
		classes, bits int
		most          int // channels a beat: the largest divisor that fits the port
	}{
		{67, 16, 1}, {97, 16, 1}, {101, 16, 1}, {127, 16, 1}, {127, 8, 127}, {365, 16, 5}, {1000, 16, 50}, {1000, 8, 125}, {1000, 4, 250}, {64, 16, 64}, {2, 16, 2},
	} {
		b := newBuild(2, 2, 3)
		b.net.Tensors[b.net.Input].Format.Bits = tt.bits
		x := b.conv(b.net.Input, tt.classes, 2, 1, false)
		f := &b.net.Tensors[x].Format
		f.Bits = tt.bits
		b.net.Layers[0].Lo, b.net.Layers[0].Hi = f.Min(), f.Max()
		net := withWeights(b.done(x))
		d := optimize(t, net, "u250", nil)
		if d.Target != limits.Both {
			t.Errorf("the design is for %q", d.Target)
		}
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		if b := limits.Check(n, limits.Both); b != nil {
			t.Errorf("%d classes: %v", tt.classes, b)
		}
		if got := d.Layers[0].OutCh; got > tt.most || got*tt.bits > 1024 {
			t.Errorf("%d classes of %d bits: %d a beat, at most %d fit", tt.classes, tt.bits, got, tt.most)
		}
		// Nothing but the port holds it up.
		if got := d.Predicted.CyclesPerImage; got > float64(max(4, tt.classes/tt.most)) {
			t.Errorf("%d classes of %d bits: %v cycles", tt.classes, tt.bits, got)
		}
	}
}

// TestTooManyThresholds: a convolution of more levels than a join compares with is refused with a sentence.
func TestTooManyThresholds(t *testing.T) {
	net := kindNet(t, kinds()["thresholds"])
	l := &net.Layers[0]
	net.Tensors[l.Out].Format.Bits = 5
	l.Lo, l.Hi = 0, 16
	for o := range l.Conv.Thresholds {
		l.Conv.Thresholds[o] = make([]int64, 16)
	}
	_, err := Optimize(t.Context(), inputOf(t, net, "u250"))
	want := "nearest is one with a join: 16 thresholds a channel; hls takes at most 15 (each has a comparator of its own; a multiplier serves more levels)"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want one with\n%s", err, want)
	}
}

// TestTargets: designs keep the limits of their target, and that for RTL, whose limits are wider, is not slower.
func TestTargets(t *testing.T) {
	testenv.Long(t)
	b := newBuild(16, 16, 8)
	x := b.conv(b.net.Input, 96, 1, 1, false)
	x = b.depthwise(x, 3)
	deep := withWeights(b.done(b.conv(b.globalAvg(b.conv(x, 96, 1, 1, false)), 10, 1, 1, false)))
	// A dense layer whose weights and accumulators are too many for one gang.
	b = newBuild(1, 1, 64)
	wide := withWeights(b.done(b.conv(b.conv(b.net.Input, 256, 1, 1, false), 16, 1, 1, false)))
	for name, net := range map[string]*intnet.Net{"deep": deep, "wide": wide, "resnet8": resnet8(), "lenet": lenet()} {
		cycles := map[limits.Target]float64{}
		for _, target := range []limits.Target{limits.HLS, limits.RTL, limits.Both} {
			d := optimize(t, net, "u250", func(in *Input) { in.Target, in.Pixels = target, 4 })
			n, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			if b := limits.Check(n, target); b != nil {
				t.Errorf("%s for %s: %v", name, target, b)
			}
			cycles[target] = d.Predicted.CyclesPerImage
		}
		t.Logf("%s: %v", name, cycles)
		if cycles[limits.RTL] > cycles[limits.Both] || cycles[limits.HLS] > cycles[limits.Both] {
			t.Errorf("%s: %v cycles", name, cycles)
		}
	}
}

// TestGangsSplit: where one gang's weights are more than a partitioned array takes, there are several gangs.
func TestGangsSplit(t *testing.T) {
	b := newBuild(1, 1, 64)
	net := withWeights(b.done(b.conv(b.net.Input, 60, 1, 1, false)))
	d := optimize(t, net, "u250", nil)
	l := d.Layers[0]
	if d.Predicted.CyclesPerImage > 2 || l.Engine != hw.Dense || l.Gangs() < 2 || l.Gang*l.M() > 1024 {
		t.Errorf("%v cycles with %+v; want engines of several gangs", d.Predicted.CyclesPerImage, l)
	}
	if d := optimize(t, net, "u250", func(in *Input) { in.Target = limits.RTL }); d.Layers[0].Gangs() != 1 {
		t.Errorf("for RTL: %+v; want one gang", d.Layers[0])
	}
}

// TestRefusals: if no hardware keeps the limits, the error names the layer, the limit and the figures of the smallest hardware.
func TestRefusals(t *testing.T) {
	long := newBuild(20, 20, 1)
	x := long.net.Input
	for range 341 {
		x = long.conv(x, 1, 1, 1, false)
	}
	fan := newBuild(2, 2, 1)
	root := fan.conv(fan.net.Input, 1, 1, 1, false)
	sum := fan.Add(root, root)
	for range 40 {
		sum = fan.Add(sum, fan.Add(root, root))
	}
	stride := newBuild(2, 2000, 1)
	stride.layer(intnet.Layer{Kind: intnet.KindConv, In: []int{stride.net.Input}, Conv: &intnet.Conv{
		Window: intnet.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 100}, Dilation: [2]int{1, 1}},
		Groups: 1, OutC: 1, WeightBits: 16, WeightFrac: []int{12}, Shift: []int{12}, AccBits: 40,
	}}, 2, 20, 1)
	for _, tt := range []struct {
		name  string
		net   *intnet.Net
		layer string
		limit limits.Limit
		hls   bool // RTL takes it
	}{
		{"processes", withWeights(long.done(x)), "", limits.ProcessCount, true},
		{"readers", withWeights(fan.done(sum)), "tensor t1", limits.ProcessFIFOs, false},
	} {
		for _, target := range []limits.Target{limits.Both, limits.RTL} {
			p, err := design.LoadPlatform("u250")
			if err != nil {
				t.Fatal(err)
			}
			in := Input{Net: tt.net, Est: meanEst{tt.net, 0.5}, Platform: p, Shares: design.WholeShares(), Target: target, Engine: design.OnlyEngine(hw.Dense)}
			_, err = Optimize(t.Context(), in)
			if target == limits.RTL && tt.hls {
				if err != nil {
					t.Errorf("%s for RTL: %v", tt.name, err)
				}
				continue
			}
			var over *LimitError
			if !errors.As(err, &over) {
				t.Errorf("%s: error %v; want a LimitError", tt.name, err)
				continue
			}
			t.Log(err)
			if over.Layer != tt.layer || over.Breach.Limit != tt.limit || over.Breach.AllowedBy(limits.RTL) != tt.hls {
				t.Errorf("%s: %+v, breach %+v", tt.name, over, over.Breach)
			}
			if _, rateErr := Rate(t.Context(), in); !errors.As(rateErr, &over) {
				t.Errorf("%s: Rate gives %v", tt.name, rateErr)
			}
		}
	}
}

// TestFewerEngines: where a design has too many processes, its convolutions get fewer engines each, in the end one.
func TestFewerEngines(t *testing.T) {
	b := newBuild(16, 16, 16)
	net := withWeights(b.done(b.conv(b.conv(b.net.Input, 16, 3, 1, true), 16, 3, 1, true)))
	p, err := design.LoadPlatform("u250")
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Net: net, Est: meanEst{net, 0.3}, Platform: p, Shares: design.WholeShares()}
	if err := in.check(); err != nil {
		t.Fatal(err)
	}
	var most []int
	err = in.search(t.Context(), in.Shares.Budget(p.Resources).Vec(), design.Vec{}, exactEffort, func(p *problem, _ bool) error {
		engines := 0
		for _, l := range p.layers {
			for _, c := range l.classes {
				for _, o := range c.opts {
					engines = max(engines, o.hl.Engines())
				}
			}
		}
		most = append(most, engines)
		return &LimitError{Breach: &limits.Breach{Target: limits.HLS, Limit: limits.ProcessCount, Need: 2000}, engines: engines}
	})
	if over := (*LimitError)(nil); !errors.As(err, &over) {
		t.Errorf("error %v", err)
	}
	if len(most) < 3 || most[len(most)-1] != 1 {
		t.Fatalf("at most %v engines", most)
	}
	for i := range most[1:] {
		if most[i+1] > most[i]/2 {
			t.Errorf("at most %v engines; want no more than half of those before", most)
		}
	}
}

// TestReadBack: ReadDesign, which computes all derived fields again, accepts the designs of Optimize: for every kind of small network, and
// for a concat that re-packs.
func TestReadBack(t *testing.T) {
	nets := small()
	b := newBuild(6, 6, 2)
	x := b.net.Input
	nets["re-packed"] = b.done(b.conv(b.concat(b.conv(x, 4, 1, 1, false), b.conv(x, 1, 1, 1, false), b.conv(x, 80, 1, 1, false)), 7, 1, 1, false))
	b = newBuild(6, 6, 3)
	nets["concat to the port"] = b.done(b.concat(b.conv(b.net.Input, 19, 3, 1, true), b.conv(b.net.Input, 41, 1, 1, false), b.conv(b.net.Input, 127, 1, 1, false)))
	for name, net := range nets {
		for _, platform := range []string{"u250", "zybo"} {
			// If DSPs bind, layers without any take cheap hardware.
			d := optimize(t, withWeights(net), platform, func(in *Input) { in.Shares = design.WholeShares(); in.Shares.DSP *= 0.1 })
			path := filepath.Join(t.TempDir(), "design.json")
			if err := design.Write(t.Context(), d, path, golden(d.Net)); err != nil {
				t.Fatal(err)
			}
			if _, err := derive.ReadDesign(path); err != nil {
				t.Errorf("%s on %s: %v", name, platform, err)
			}
		}
	}
}
