package optimizer

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/test/testenv"
)

// onPart is a device with the given amount of each resource, all usable.
func onPart(r design.Resources) func(*Input) {
	return func(in *Input) {
		in.Platform.Resources = r
		in.Shares = design.Shares{DSP: 1, LUT: 1, FF: 1, BRAM18: 1, URAM: 1}
	}
}

// said is a pattern's matches in the explanation, by resource.
func said(d *design.Design, pattern string) map[string][]float64 {
	found := map[string][]float64{}
	for _, line := range d.Explain {
		m := regexp.MustCompile(pattern).FindStringSubmatch(line)
		if m == nil {
			continue
		}
		numbers := []float64{}
		for _, s := range m[2:] {
			v, err := strconv.ParseFloat(s, 64)
			if err != nil {
				panic(err)
			}
			numbers = append(numbers, v)
		}
		found[m[1]] = numbers
	}
	return found
}

// more is a part with more of one resource; as on real ones, LUTRAM grows with the LUTs.
func more(r design.Resources, name string, n float64) design.Resources {
	v := r.Vec()
	for i, s := range design.ResourceNames {
		if s == name {
			v = raised(v, i, int(n))
		}
	}
	return v.Resources()
}

// TestExplain runs the optimizer again with the resources that the explanation calls missing, and with twice the resources that it calls
// irrelevant.
func TestExplain(t *testing.T) {
	testenv.Long(t)
	wide := func() *intnet.Net {
		b := newBuild(16, 16, 8)
		return withWeights(b.done(b.conv(b.conv(b.conv(0, 32, 3, 1, true), 32, 3, 1, true), 16, 1, 1, false)))
	}
	small := func() *intnet.Net {
		b := newBuild(12, 10, 4)
		return withWeights(b.done(b.conv(0, 8, 3, 1, true)))
	}
	big := design.Resources{DSP: 100000, LUT: 4000000, LUTRAM: 2000000, FF: 8000000, BRAM18: 10000, URAM: 0}
	with := func(change func(r *design.Resources)) design.Resources {
		r := big
		change(&r)
		return r
	}
	for _, tt := range []struct {
		name    string
		net     *intnet.Net
		part    design.Resources
		pixels  int
		binding string
		text    string // of the explaining line
	}{
		{"360 DSP", wide(), with(func(r *design.Resources) { r.DSP = 360 }), 1, "DSP", "binding resource: DSP: twice as much of it gives"},
		{"45 DSP", residualNet(), with(func(r *design.Resources) { r.DSP = 45 }), 1, "DSP", "binding resource: DSP"},
		{"LUT", wide(), with(func(r *design.Resources) { r.LUT, r.LUTRAM = 18000, 8000 }), 1, "LUT", "binding resource: LUT"},
		{"BRAM", wide(), with(func(r *design.Resources) { r.BRAM18, r.LUTRAM = 20, 1800 }), 1, "BRAM18", "binding resource: BRAM18"},
		{"lanes", residualNet(), big, 1, "none", "no resource binds: no hardware choice of conv1, with up to 64 lanes of an engine, takes fewer than"},
		{"one pixel", small(), big, 1, "none", "no resource binds: conv0 reads or writes a map of 12 x 10 pixels, 1 a beat and a beat a cycle, in no fewer than 120 cycles"},
		{"four pixels", residualNet(), big, 4, "none", "no resource binds: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ask := func(r design.Resources) *design.Design {
				return optimize(t, tt.net, "zcu104", func(in *Input) {
					onPart(r)(in)
					in.Pixels = tt.pixels
					in.Target = limits.HLS // a part and its utilisation change the clock of the RTL, but the explanation assumes the same clock
				})
			}
			d := ask(tt.part)
			if !d.Fits {
				t.Fatalf("does not fit: %v", d.Shortfall)
			}
			text := strings.Join(d.Explain, "\n")
			t.Log(text)
			if d.Predicted.BindingResource != tt.binding || !strings.Contains(text, tt.text) {
				t.Errorf("binding resource %q, want %q and %q in:\n%s", d.Predicted.BindingResource, tt.binding, tt.text, text)
			}
			gain := func(r design.Resources) float64 {
				return 100 * (ask(r).Predicted.ImagesPerSecond/d.Predicted.ImagesPerSecond - 1)
			}
			near := func(what string, r design.Resources, want, off float64) {
				t.Helper()
				if got := gain(r); math.Abs(got-want) > off {
					t.Errorf("%s: %+.2f %% images per second, the explanation says %+.2f", what, got, want)
				}
			}
			// Rates are printed with one place.
			for name, v := range said(d, `^(\w+): (\d+) more \(.* %\): \+([0-9.]+) % images`) {
				near(name+" raised", more(tt.part, name, v[0]), v[1], 0.06)
				less := v[0] - 1
				if name == "LUT" { // LUTRAM comes with it, and the two together have no least
					less = math.Floor(0.9 * v[0])
				}
				if got := gain(more(tt.part, name, less)); got >= v[1]-0.06 {
					t.Errorf("%s: %v more are enough for %+.2f %%, the explanation says %v", name, less, got, v[0])
				}
			}
			for name := range said(d, `^(\w+): not even twice as much makes a faster design`) {
				own, ok := resourceOf(tt.part, name)
				if !ok {
					t.Fatalf("resource %q", name)
				}
				if got := gain(more(tt.part, name, own)); got >= 100*stepGain {
					t.Errorf("twice the %s: %+.2f %%, the explanation says nothing", name, got)
				}
			}
			for name, v := range said(d, `^binding resource: (\w+): twice as much of it gives \+([0-9.]+) %`) {
				own, _ := resourceOf(tt.part, name)
				near("twice the "+name, more(tt.part, name, own), v[0], 0.6)
			}
			for name, v := range said(d, `^(\w+): .*; 10 % more: \+([0-9.]+) %`) {
				own, _ := resourceOf(tt.part, name)
				near("a tenth more "+name, more(tt.part, name, math.Floor(own*tenth+0.5)), v[0], 0.06)
			}
			if tt.binding == "none" {
				v := tt.part.Vec()
				for r := range v {
					v[r] *= 50
				}
				if got := gain(v.Resources()); got != 0 {
					t.Errorf("fifty times everything: %+.2f %%, the explanation says that no resource binds", got)
				}
			}
		})
	}
}

func resourceOf(r design.Resources, name string) (float64, bool) {
	for i, s := range design.ResourceNames {
		if s == name {
			return float64(r.Vec()[i]), true
		}
	}
	return 0, false
}
