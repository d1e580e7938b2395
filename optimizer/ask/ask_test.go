package ask

import (
	"errors"
	"math/rand"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
	"hass/optimizer"
	"hass/optimizer/target"
)

// even is an estimator of engines whose beats all have the same share of pairs.
type even struct{ net *intnet.Net }

func (e even) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	nl := e.net.Layers[layer]
	beats, lanes := float64(hw.WindowOf(e.net, nl, l).OutBeats()), hw.EngineLanes(e.net, nl, l)
	if !l.Engine.Skips() {
		return beats * float64(hw.BeatCost(l.Engine, lanes, l.N, 0)), 0, nil
	}
	return beats * max(1, min(0.6*float64(lanes)/float64(l.N), float64((lanes+l.N-1)/l.N))), 0, nil
}

var values = fixed.Format{Bits: 8, Frac: 4, Signed: true}

// chain is a chain of 3x3 convolutions with the given numbers of channels on maps of side x side.
func chain(t *testing.T, side, in int, channels ...int) *intnet.Net {
	t.Helper()
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), side, side, in, values)
	x := b.Last()
	for _, c := range channels {
		x = b.Conv(x, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: c, Out: values, WeightBits: 8, Density: 0.5, Shift: 9})
	}
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func inputOf(t *testing.T, net *intnet.Net, platform string) optimizer.Input {
	t.Helper()
	p, err := design.LoadPlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	return optimizer.Input{Net: net, Est: even{net}, Platform: p, Shares: design.WholeShares()}
}

// TestPixels: the best rate has the most pixels per beat if only these limit it, few on a device that cannot use them, and only as many as a
// limit of the target allows; the least hardware for a low rate has one.
func TestPixels(t *testing.T) {
	testenv.Long(t)
	small := chain(t, 32, 2, 4, 4)
	for _, tt := range []struct {
		name, platform string
		net            *intnet.Net
		change         func(*optimizer.Input)
		want           int
	}{
		{"both", "u250", small, func(*optimizer.Input) {}, optimizer.MaxPixels},
		{"rtl", "u250", small, func(in *optimizer.Input) { in.Target = limits.RTL }, optimizer.MaxPixels},
		{"small device", "zybo", chain(t, 32, 16, 32, 32, 32), func(*optimizer.Input) {}, 1},
		{"low rate", "u250", small, func(in *optimizer.Input) { in.Asked.ImagesPerSecond = 30 }, 1},
		{"rate of more than one pixel a beat", "u250", small, func(in *optimizer.Input) { in.Asked.ImagesPerSecond = 400e3 }, 2},
	} {
		in := inputOf(t, tt.net, tt.platform)
		tt.change(&in)
		if got, err := Pixels(t.Context(), in); err != nil || got != tt.want {
			t.Errorf("%s: %d pixels (%v), want %d", tt.name, got, err, tt.want)
		}
	}
	// A stride of 100 at 16 pixels a beat needs 1,501 banks; fewer pixels do.
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 2, 2000, 1, values)
	w := hwtest.Square(1, 1, 0)
	w.Stride = [2]int{1, 100}
	b.Conv(b.Last(), hwtest.ConvSpec{Window: w, OutC: 1, Out: values, WeightBits: 8, Density: 1, Shift: 9})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	in := inputOf(t, net, "u250")
	if d, err := Optimize(t.Context(), in, in); err != nil || !d.Fits {
		t.Errorf("stride 100: %v", err)
	}
}

// TestOptimize: a design has the requested rate, with less hardware than the fastest one; each rule gives at most as much of its own resource
// as the other rules. If the budget does not suffice, the error tells the best possible rate.
func TestOptimize(t *testing.T) {
	testenv.Long(t)
	in := inputOf(t, chain(t, 16, 3, 8, 16, 8), "zybo")
	best, err := Optimize(t.Context(), in, in)
	if err != nil {
		t.Fatal(err)
	}
	designs := map[target.Rule]*design.Design{}
	in.Asked.ImagesPerSecond = best.Predicted.ImagesPerSecond / 3
	for _, rule := range target.Rules() {
		in.Least = rule
		d, err := Optimize(t.Context(), in, in)
		if err != nil {
			t.Fatal(err)
		}
		if designs[rule] = d; !d.Fits || d.Asked == nil || !d.Asked.Met(&d.Predicted, &d.Clock) || !rule.Less(d.Total.Vec(), best.Total.Vec(), d.Budget.Vec()) {
			t.Errorf("%s: %v images/s, asked %+v; %+v, the fastest takes %+v", rule, d.Predicted.ImagesPerSecond, d.Asked, d.Total, best.Total)
		}
		again, err := Optimize(t.Context(), in, in)
		if err != nil || again.Total != d.Total {
			t.Errorf("%s: asked again, %+v after %+v (%v)", rule, again.Total, d.Total, err)
		}
	}
	for _, rule := range target.Rules() {
		for other, d := range designs {
			// Sizing of FIFOs adds resources that the search does not know.
			a, b := designs[rule].Total.Vec(), d.Total.Vec()
			for r := range a {
				b[r] += b[r]/50 + 1
			}
			if within := rule.Within(b, d.Budget.Vec()); !a.Within(within) {
				t.Errorf("least by %s: %v; by %s: %v", rule, a, other, d.Total)
			}
		}
	}
	in.Least = target.Even
	in.Asked.LatencyUS = 0.7 * designs[target.Even].Predicted.LatencyCycles / designs[target.Even].Clock.MHz
	if d, err := Optimize(t.Context(), in, in); err != nil || !d.Asked.Met(&d.Predicted, &d.Clock) {
		t.Errorf("with a latency: %v", err)
	}
	for _, tt := range []struct {
		asked design.Asked
		text  string
	}{
		{design.Asked{ImagesPerSecond: 2 * best.Predicted.ImagesPerSecond}, "the best rate is"},
		{design.Asked{LatencyUS: 0.01}, "the least latency is about"},
		{design.Asked{ImagesPerSecond: 10, LatencyUS: 0.01}, "the least latency is about"},
	} {
		in.Asked = tt.asked
		_, err := Optimize(t.Context(), in, in)
		var none *UnreachableError
		if !errors.As(err, &none) {
			t.Errorf("%+v: error %v", tt.asked, err)
			continue
		}
		if s := none.Error(); !strings.Contains(s, tt.text) || !strings.Contains(s, "bind") || none.Best == nil {
			t.Errorf("%+v: error %q", tt.asked, s)
		}
	}
	// A budget that nothing fits.
	in.Asked, in.Shares = design.Asked{ImagesPerSecond: 10}, design.Shares{DSP: 0.001, LUT: 0.001, FF: 0.001, BRAM18: 0.001}
	if d, err := Optimize(t.Context(), in, in); err != nil || d.Fits {
		t.Errorf("a thousandth of the device: %v", err)
	}
}
