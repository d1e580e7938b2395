package folding_test

import (
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/test/hwtest"
	"hass/optimizer"
	"hass/optimizer/ask"
	"hass/optimizer/folding"
	"hass/optimizer/pixels"
)

// even is an estimator of engines whose beats all have the same share of pairs.
type even struct{ net *intnet.Net }

func (e even) Conv(layer int, l hw.Layer) (cycles, ci float64, err error) {
	nl := e.net.Layers[layer]
	beats, lanes := float64(hw.WindowOf(e.net, nl, l).OutBeats()), float64(hw.EngineLanes(e.net, nl, l))
	if !l.Engine.Skips() {
		return beats, 0, nil
	}
	return beats * max(1, 0.6*lanes/float64(l.N)), 0, nil
}

var values = fixed.Format{Bits: 8, Frac: 4, Signed: true}

// network is a residual block behind a pool.
func network(t *testing.T) *intnet.Net {
	t.Helper()
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 12, 12, 4, values)
	conv := func(x, c int) int {
		return b.Conv(x, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: c, Out: values, WeightBits: 8, Density: 0.5, Shift: 9})
	}
	x := b.Pool(conv(b.Last(), 12), hwtest.Square(2, 2, 0), true, false, values)
	b.Add(conv(x, 12), x, values)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func input(t *testing.T, net *intnet.Net) optimizer.Input {
	t.Helper()
	p, err := design.LoadPlatform("zedboard")
	if err != nil {
		t.Fatal(err)
	}
	return optimizer.Input{Net: net, Est: even{net}, Platform: p, Shares: design.WholeShares(), Pixels: 1}
}

// pinned is an input with the pins of a text.
func pinned(t *testing.T, in optimizer.Input, text string) (optimizer.Input, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.toml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := folding.Read(path)
	if err == nil {
		in.Pins, err = f.For(in.Net)
	}
	return in, err
}

// TestRoundTrip: the folding file of a design gives its hardware again, and two designs of it are equal.
func TestRoundTrip(t *testing.T) {
	nets := map[string]*intnet.Net{"block": network(t)}
	random, err := hwtest.New(4)
	if err != nil {
		t.Fatal(err)
	}
	nets["random"] = random.Net
	for name, net := range nets {
		t.Run(name, func(t *testing.T) {
			in := input(t, net)
			in.Pixels = 2
			first, err := optimizer.Draft(t.Context(), in)
			if err != nil || !first.Fits {
				t.Fatal(err)
			}
			text := string(folding.Of(first))
			in.Pixels = 0 // follows from the file
			again, err := pinned(t, in, text)
			if err != nil {
				t.Fatal(err)
			}
			if again.Pixels, err = ask.Pixels(t.Context(), again); err != nil {
				t.Fatal(err)
			}
			second, err := optimizer.Draft(t.Context(), again)
			if err != nil {
				t.Fatal(err)
			}
			same := func(what string, a, b any) {
				if d := cmp.Diff(a, b); d != "" {
					t.Errorf("%s: %s", what, d)
				}
			}
			same("layers", first.Layers, second.Layers)
			same("FIFOs", first.FIFOs, second.FIFOs)
			same("costs", first.Costs, second.Costs)
			same("total", first.Total, second.Total)
			same("clock", first.Clock, second.Clock)
			same("cycles", first.Predicted.CyclesPerImage, second.Predicted.CyclesPerImage)
			same("folding file", text, string(folding.Of(second)))
		})
	}
}

// TestPinned: what a file names is so in the design, whatever the optimizer would choose, and the rest is chosen.
func TestPinned(t *testing.T) {
	net := network(t)
	for _, tt := range []struct {
		text string
		of   func(d *design.Design) any
		want any
	}{
		{"[layer.l0_conv]\nengine = \"banked\"\nn = 3\nm_tap = 3\nm_ch = 4", func(d *design.Design) any {
			return [4]any{d.Layers[0].Engine, d.Layers[0].N, d.Layers[0].MTap, d.Layers[0].MCh}
		}, [4]any{hw.Banked, 3, 3, 4}},
		{"[layer.l2_conv]\nweight_mem = \"lutram\"\nout_ch = 4\ngang = 2\nengine = \"crossbar\"", func(d *design.Design) any {
			return [4]any{d.Layers[2].WeightMem.String(), d.Layers[2].OutCh, d.Layers[2].Gang, d.Layers[2].Engine}
		}, [4]any{"lutram", 4, 2, hw.Crossbar}},
		{"[layer.l1_pool]\nout_ch = 3\nin_ch = 1", func(d *design.Design) any { return [2]int{d.Layers[1].OutCh, d.Layers[1].InCh} }, [2]int{3, 1}},
		{"[layer.l3_add]\nin_px = 1", func(d *design.Design) any { return d.Layers[3].InPx }, 1},
	} {
		in, err := pinned(t, input(t, net), tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(tt.text, "_px") {
			if in.Pixels, err = ask.Pixels(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		d, err := optimizer.Draft(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := tt.of(d); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.text, got, tt.want)
		}
		if !d.Fits {
			t.Errorf("%s: does not fit", tt.text)
		}
	}
}

// TestErrors: a file that cannot be obeyed is one error with file, layer, key and the values that would do.
func TestErrors(t *testing.T) {
	net := network(t)
	deep := "x = " + strings.Repeat("[", 1000)
	for _, tt := range []struct{ text, want string }{
		{"", "it pins nothing"},
		{"layer = 3", "it pins nothing"},
		{"[layer.l0_conv", "line 1"},
		{deep, "nested"},
		{"[layers.conv0]\nn = 1", `unknown key "layers"`},
		{"[layer]\nl0_conv = 3", "layer l0_conv is no table"},
		{"[layer.l0_conv]\nn = 1\n[layer.l0_conv]\nn = 2", "line 3"},
		{"[layer.l0_conv]\nmtap = 1", "layer l0_conv: mtap is no key; did you mean m_tap?"},
		{"[layer.l0_conv]\nn = 0", "layer l0_conv: n = 0 cannot be; a whole number of 1..1048576 would do"},
		{"[layer.l0_conv]\nn = 99999999999", "layer l0_conv: n = 99999999999 cannot be"},
		{"[layer.l0_conv]\nn = 2.5", "layer l0_conv: n = 2.5 cannot be"},
		{"[layer.l0_conv]\nengine = \"fast\"", `engine = fast cannot be; "dense", "crossbar", "banked", "elastic", "packed" or "scheduled" would do`},
		{"[layer.l0_conv]\nengine = 3", "engine = 3 cannot be"},
		{"[layer.l0_conv]\nweight_mem = \"none\"", `"lutram", "bram" or "uram" would do`},
		{"[layer.\"l0_co\\nv\"]\nn = 3", `layer "l0_co\nv" is none of the network's; did you mean l0_conv?`},
		{"[layer.x]\nn = 3", "layer x is none of the network's; want l0_conv, l1_pool, l2_conv or l3_add"},
		{"[layer.l1_pool]\nengine = \"dense\"", "layer l1_pool: engine: a layer of kind pool has no such choice; its keys are in_px, out_px, m_tap, m_ch, out_ch, in_ch"},
		{"[layer.l3_add]\nm_tap = 1", "layer l3_add: m_tap: a layer of kind add"},
		{"[layer.l0_conv]\nchains = 2", `layer l0_conv: chains: only a layer with engine = "scheduled" has it`},
		{"[layer.l0_conv]\nengine = \"scheduled\"", `layer l0_conv: engine = "scheduled" cannot be had; "dense", "crossbar", "banked" or "elastic" would do`},
		{"[layer.l0_conv]\nengine = \"banked\"\nm_tap = 3\nm_ch = 4\nn = 5", `layer l0_conv: n = 5 cannot be had beside engine = "banked", m_tap = 3, m_ch = 4; 1, 2, 3, 4 or 6 would do`},
		{"[layer.l0_conv]\nm_ch = 3", "layer l0_conv: m_ch = 3 cannot be had; 1, 2 or 4 would do"},
		{"[layer.l0_conv]\nout_ch = 5", "layer l0_conv: out_ch = 5 cannot be had; 1, 2, 3, 4, 6 or 12 would do"},
		{"[layer.l0_conv]\nout_ch = 6\nengine = \"banked\"\ngang = 4", "gang = 4 cannot be had beside engine = \"banked\", out_ch = 6; 1, 3 or 6 would do"},
		{"[layer.l0_conv]\nin_ch = 3", "layer l0_conv: in_ch = 3 cannot be had; 1, 2 or 4 would do"},
		{"[layer.l0_conv]\nweight_mem = \"uram\"", `weight_mem = "uram" cannot be had; "lutram" or "bram" would do`},
		{"[layer.l1_pool]\nout_ch = 5", "layer l1_pool: out_ch = 5 cannot be had; 1, 2, 3, 4, 6 or 12 would do"},
		{"[layer.l3_add]\nout_ch = 4\nin_ch = 3", "layer l3_add: in_ch = 3 cannot be had beside out_ch = 4; 4 would do"},
		{"[layer.l0_conv]\nin_px = 3", "layer l0_conv: in_px = 3 cannot be had; 1, 2, 4 or 8 would do"},
		{"[layer.l0_conv]\nin_px = 1\n[layer.l3_add]\nin_px = 2", "in_px = 2 goes with the pixels of no other pinned layer"},
	} {
		in, err := pinned(t, input(t, net), tt.text)
		if err == nil && strings.Contains(tt.text, "_px") {
			in.Pixels, err = ask.Pixels(t.Context(), in)
		}
		if err == nil {
			_, err = optimizer.Draft(t.Context(), in)
		}
		switch {
		case err == nil:
			t.Errorf("%q: no error, want %q", tt.text, tt.want)
		case !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "f.toml: ") || strings.Contains(err.Error(), "\n"):
			t.Errorf("%q:\n%v, want\n%s", tt.text, err, tt.want)
		}
	}
}

// TestShort: a file that no design of the budget obeys gives the design, with what is short.
func TestShort(t *testing.T) {
	in, err := pinned(t, input(t, network(t)), "[layer.l2_conv]\nengine = \"dense\"\nm_tap = 9\nm_ch = 6\nout_ch = 12")
	if err != nil {
		t.Fatal(err)
	}
	in.Shares = design.WholeShares().Scaled(0.3)
	d, err := optimizer.Draft(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if d.Fits || len(d.Shortfall) == 0 || !strings.HasPrefix(d.Shortfall[0], "DSP: needs ") || d.Layers[2].MCh != 6 {
		t.Errorf("fits %v, shortfall %q, %+v", d.Fits, d.Shortfall, d.Layers[2])
	}
}

// TestNil: no pins allow everything.
func TestNil(t *testing.T) {
	var p *folding.Pins
	if !p.Whole(0, hw.Layer{}) || !p.Lanes(0, hw.Layer{}) || !p.Choice(0, hw.Layer{}) || !p.Reads(0, 1) || p.Pinned(0) || p.Refused(0) != nil || p.Again() != nil {
		t.Error("no pins refuse something")
	}
	if list, err := p.Pixels([]int{1, pixels.Rows}); err != nil || len(list) != 2 {
		t.Error(list, err)
	}
}

// FuzzFile: no text ends in a panic, and pins of any text are asked about any layer.
func FuzzFile(f *testing.F) {
	f.Add("[layer.l0_conv]\nengine = \"dense\"\nn = 3")
	f.Add("[layer.l1_pool]\nout_ch = 5\n[layer.x]")
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 4, 4, 1, values)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 2, Out: values, WeightBits: 8, Density: 1, Shift: 9})
	net, err := b.Done()
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "f.toml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		file, err := folding.Read(path)
		if err != nil {
			return
		}
		if p, err := file.For(net); err == nil {
			p.Whole(0, hw.Layer{Engine: hw.Dense})
			_ = p.Refused(0)
			_, _ = p.Pixels([]int{1, 2})
		}
	})
}
