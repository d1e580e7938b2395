package optimizer

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/testenv"
	"hass/optimizer/target"
)

// TestRate: a rating is close to the design that Optimize makes, with and without a rough model of the engines. Neither a memory of
// earlier results nor a wrong guess of the rate changes it.
func TestRate(t *testing.T) {
	testenv.Long(t)
	p, err := design.LoadPlatform("zedboard")
	if err != nil {
		t.Fatal(err)
	}
	memo := NewMemo()
	for _, effort := range []int{exactEffort, 0} {
		for _, density := range []float64{0.7, 0.2} {
			net := resnet8()
			in := Input{Net: net, Est: meanEst{net, density}, Platform: p, Shares: design.WholeShares()}
			d, err := Optimize(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			r, err := rateWith(t.Context(), in, effort)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("effort %d, density %v: %.0f cycles at %v rated, %.0f at %v designed", effort, density, r.CyclesPerImage, &r.Clock, d.Predicted.CyclesPerImage, &d.Clock)
			far := 1.05
			if effort == 0 {
				far = 1.1 // a rough model leaves few choices, and fewer of each clock
			}
			if ratio := d.Predicted.ImagesPerSecond / r.ImagesPerSecond; !r.Fits || ratio > far || ratio < 0.95 {
				t.Errorf("effort %d, density %v: %v images/s rated, %v designed", effort, density, r.ImagesPerSecond, d.Predicted.ImagesPerSecond)
			}
			if want := r.Clock.MHz * 1e6 / r.CyclesPerImage; r.ImagesPerSecond != want {
				t.Errorf("effort %d, density %v: %v images/s, %v at its clock", effort, density, r.ImagesPerSecond, want)
			}
			if len(r.Layers) != len(net.Layers) || r.Bound < r.ImagesPerSecond*(1-1e-9) {
				t.Errorf("effort %d, density %v: %d layers, bound %v of %v", effort, density, len(r.Layers), r.Bound, r.ImagesPerSecond)
			}
			for range 2 {
				in.Memo = memo
				again, err := rateWith(t.Context(), in, effort)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(r, again); diff != "" {
					t.Errorf("effort %d, density %v, from memory: %s", effort, density, diff)
				}
			}
			for _, near := range []float64{r.CyclesPerImage, r.CyclesPerImage / 50, r.CyclesPerImage * 50} {
				in.Near = near
				again, err := rateWith(t.Context(), in, effort)
				if err != nil {
					t.Fatal(err)
				}
				// A hint that is wrong by 50 leaves the search less to start from, and the clock is chosen on the rough model.
				const most = 1.08
				if ratio := r.ImagesPerSecond / again.ImagesPerSecond; ratio > most || ratio < 1/most {
					t.Errorf("effort %d, density %v: %v images/s where %v cycles are expected, else %v", effort, density, again.ImagesPerSecond, near, r.ImagesPerSecond)
				}
			}
			// A memory serves questions of any pixels and widths.
			in.Near = 0
			for _, pixels := range []int{1, 4} {
				for _, coarse := range []bool{false, true} {
					in.Pixels, in.Coarse, in.Memo = pixels, coarse, nil
					alone, err := rateWith(t.Context(), in, effort)
					if err != nil {
						t.Fatal(err)
					}
					in.Memo = memo
					with, err := rateWith(t.Context(), in, effort)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(alone, with); diff != "" {
						t.Errorf("effort %d, density %v, %d pixels, coarse %v, from memory: %s", effort, density, pixels, coarse, diff)
					}
				}
			}
			in.Pixels, in.Coarse, in.Memo = 0, true, nil
			coarse, err := rateWith(t.Context(), in, effort)
			if err != nil {
				t.Fatal(err)
			}
			if ratio := r.ImagesPerSecond / coarse.ImagesPerSecond; ratio > 1.25 {
				t.Errorf("effort %d, density %v: %v images/s with few widths, %v with all", effort, density, coarse.ImagesPerSecond, r.ImagesPerSecond)
			}
		}
	}
	// Nothing fits.
	net := resnet8()
	r, err := Rate(t.Context(), Input{Net: net, Est: meanEst{net, 0.5}, Platform: p, Shares: design.Shares{DSP: 0.01, LUT: 0.01, FF: 0.01, BRAM18: 0.01, URAM: 0.01}})
	if err != nil || r.Fits {
		t.Errorf("a hundredth of the device: %+v, %v", r, err)
	}
}

// TestLeast: among designs of the best rate, the one with the fewest DSPs has at most as many as the one with the least of all resources.
func TestLeast(t *testing.T) {
	testenv.Long(t)
	p, err := design.LoadPlatform("zcu104")
	if err != nil {
		t.Fatal(err)
	}
	net := resnet8()
	rate := func(least target.Rule) *Rating {
		r, err := Rate(t.Context(), Input{Net: net, Est: meanEst{net, 0.3}, Platform: p, Shares: design.WholeShares(), Least: least})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	even, dsp := rate(target.Even), rate(target.DSP)
	if even.CyclesPerImage != dsp.CyclesPerImage || dsp.Resources.DSP > even.Resources.DSP {
		t.Errorf("even: %v cycles, %v; fewest DSPs: %v cycles, %v", even.CyclesPerImage, even.Resources, dsp.CyclesPerImage, dsp.Resources)
	}
	if _, err := Rate(t.Context(), Input{Net: net, Est: meanEst{net, 0.3}, Platform: p, Shares: design.WholeShares(), Least: "most"}); err == nil {
		t.Error("an unknown rule was taken")
	}
}

// TestMenu: with a rough model and without, items are in order, every layer has some as fast as the design, and zeros make no layer dearer.
func TestMenu(t *testing.T) {
	testenv.Long(t)
	p, err := design.LoadPlatform("zedboard")
	if err != nil {
		t.Fatal(err)
	}
	net := resnet8()
	in := Input{Net: net, Est: meanEst{net, 0.5}, Platform: p, Shares: design.WholeShares()}
	r, err := Rate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	levels := []float64{1, 0.5, 0.2}
	for _, effort := range []int{exactEffort, 0} {
		m, err := menuWith(t.Context(), in, r, len(levels), func(k int) (*intnet.Net, CycleEstimator, error) { return net, meanEst{net, 0.5 * levels[k]}, nil }, effort)
		if err != nil {
			t.Fatal(err)
		}
		if m.Floor <= 0 || m.Floor > r.CyclesPerImage*MenuStep {
			t.Errorf("floor %v, design %v", m.Floor, r.CyclesPerImage)
		}
		cheaper := 0
		for i := range net.Layers {
			if net.Layers[i].Conv == nil {
				if m.Layers[i] != nil {
					t.Errorf("layer %d is no convolution", i)
				}
				continue
			}
			if len(m.Layers[i]) != len(levels) {
				t.Fatalf("layer %d: %d levels", i, len(m.Layers[i]))
			}
			last := -1.0
			for l, items := range m.Layers[i] {
				least, cycles := -1.0, 0.0
				for _, it := range items {
					if it.Cycles < cycles {
						t.Fatalf("layer %d: cycles fall", i)
					}
					cycles = it.Cycles
					sum := it.Shares[0] + it.Shares[1] + it.Shares[3]
					if it.Cycles <= r.CyclesPerImage*MenuStep && (least < 0 || sum < least) {
						least = sum
					}
				}
				if least < 0 {
					t.Fatalf("layer %d, level %v: nothing as fast as the design", i, levels[l])
				}
				if last >= 0 && least > last*1.05+0.001 {
					t.Errorf("layer %d: at least %v at density %v, %v at the one before", i, least, levels[l], last)
				}
				if last >= 0 && least < 0.98*last {
					cheaper++
				}
				last = least
			}
		}
		if cheaper == 0 {
			t.Error("zeros make no layer cheaper")
		}
	}
}

// hopeless gives engines of many multipliers far more cycles than the rough model thinks.
type hopeless struct{ meanEst }

func (e hopeless) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	cycles, ci, err = e.meanEst.Conv(layer, l)
	if l.Engine != hw.Dense && l.N*l.OutCh > 8 {
		cycles *= 40
	}
	return cycles, ci, err
}

// TestHopefulModel: where nothing fits with the engines that the rough model leaves, slower ones are looked at.
func TestHopefulModel(t *testing.T) {
	p, err := design.LoadPlatform("zedboard")
	if err != nil {
		t.Fatal(err)
	}
	net := resnet8()
	for _, rule := range []design.EngineRule{design.OnlyEngine(hw.Banked), design.OnlyEngine(hw.Elastic), design.EngineAuto} {
		r, err := Rate(t.Context(), Input{Net: net, Est: hopeless{meanEst{net, 0.2}}, Platform: p, Shares: design.WholeShares(), Engine: rule})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %.0f cycles", rule, r.CyclesPerImage)
		if !r.Fits {
			t.Errorf("%s: does not fit", rule)
		}
	}
}
