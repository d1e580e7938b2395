package optimizer

import (
	"math/rand"
	"path/filepath"
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/npy"
	"hass/internal/test/hwtest"
	"hass/optimizer/derive"
	"hass/optimizer/fifo"
	"hass/optimizer/pixels"
	"hass/optimizer/scheduled"
)

// The networks of this file have one of each kind of layer.

func same(b *hwtest.Builder, in, out, k, stride, groups int) int {
	return b.Conv(in, hwtest.ConvSpec{Window: hwtest.Square(k, stride, k/2), OutC: out, Out: eight, WeightBits: 8, Density: 0.6, Shift: 8, Groups: groups})
}

var eight = fixed.Format{Bits: 8, Frac: 4, Signed: true}

// gated is MobileNetV3's block: expand, depthwise, squeeze-excite, project, residual.
func gated(b *hwtest.Builder, in, wide, squeeze int) int {
	c := b.Net.Tensors[in].C
	x := b.Activation(same(b, in, wide, 1, 1, 1), intnet.ActHardSwish, eight)
	x = same(b, x, wide, 3, 1, wide)
	g := same(b, b.GlobalPool(x, hwtest.Mean, eight), squeeze, 1, 1, 1)
	g = b.Activation(same(b, g, wide, 1, 1, 1), intnet.ActAffine, eight)
	x = b.Mul(x, g, eight)
	return b.Add(same(b, x, c, 1, 1, 1), in, eight)
}

func kinds() map[string]func(b *hwtest.Builder) {
	nets := map[string]func(b *hwtest.Builder){
		"squeeze-excite": func(b *hwtest.Builder) { same(b, gated(b, gated(b, 0, 16, 4), 24, 6), 8, 1, 1, 1) },
		"depthwise":      func(b *hwtest.Builder) { same(b, same(b, 0, 8, 3, 2, 8), 12, 1, 1, 1) },
		"grouped":        func(b *hwtest.Builder) { same(b, same(b, 0, 16, 3, 1, 4), 8, 3, 1, 2) },
		"concat": func(b *hwtest.Builder) {
			same(b, b.Concat(same(b, 0, 4, 1, 1, 1), same(b, same(b, 0, 6, 3, 1, 1), 6, 3, 1, 1), 0), 4, 1, 1, 1)
		},
		"slice": func(b *hwtest.Builder) {
			x := b.Slice(0, intnet.Slice{Start: [3]int{2, 1, 4}, Step: [2]int{2, 1}}, 4, 7, 4)
			same(b, x, 4, 3, 1, 1)
		},
		"rows": func(b *hwtest.Builder) {
			x := b.Slice(same(b, 0, 8, 3, 1, 1), intnet.Slice{Start: [3]int{3, 0, 0}, Step: [2]int{1, 1}}, 5, 10, 8)
			same(b, x, 4, 3, 2, 1)
		},
		"row split": func(b *hwtest.Builder) {
			l := b.Slice(0, intnet.Slice{Step: [2]int{1, 1}}, 4, 10, 8)
			r := b.Slice(0, intnet.Slice{Start: [3]int{8, 0, 0}, Step: [2]int{1, 1}}, 4, 10, 8)
			b.Add(l, same(b, r, 8, 3, 1, 1), eight)
		},
		"channel split": func(b *hwtest.Builder) {
			l := b.Slice(0, intnet.Slice{Step: [2]int{1, 1}}, 12, 10, 4)
			r := b.Slice(0, intnet.Slice{Start: [3]int{0, 0, 4}, Step: [2]int{1, 1}}, 12, 10, 4)
			b.Concat(l, same(b, r, 4, 3, 1, 4))
		},
		"resize": func(b *hwtest.Builder) {
			x := same(b, same(b, 0, 8, 3, 2, 1), 8, 3, 1, 1)
			same(b, b.Add(b.Resize(x, 12, 10, true, eight), 0, eight), 4, 3, 1, 1)
		},
		"zero insertion": func(b *hwtest.Builder) { same(b, b.ZeroInsert(0, [2]int{2, 2}, [2]int{1, 1}), 4, 3, 1, 1) },
		"map pooled": func(b *hwtest.Builder) {
			p := b.Resize(same(b, b.GlobalPool(0, hwtest.Mean, eight), 4, 1, 1, 1), 12, 10, false, eight)
			same(b, b.Concat(same(b, 0, 8, 3, 1, 1), p), 4, 1, 1, 1)
		},
	}
	step := func(s float64, bits int, signed bool) fixed.Format {
		f := fixed.OfStep(s)
		f.Bits, f.Signed = bits, signed
		return f
	}
	tenth, third := step(0.1, 8, true), step(1.0/3, 8, true)
	conv := func(b *hwtest.Builder, in, out int, f fixed.Format, form hwtest.Form) int {
		return b.Conv(in, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: out, Out: f, WeightBits: 8, Density: 0.6, Shift: 8, Form: form})
	}
	nets["multipliers and factors"] = func(b *hwtest.Builder) {
		b.Forms = rand.New(rand.NewSource(1))
		x, y := conv(b, 0, 8, tenth, hwtest.ByMul), conv(b, 0, 8, third, hwtest.ByMuls)
		x = b.Mul(b.Add(x, y, third), b.GlobalPool(x, hwtest.Mean, tenth), tenth)
		conv(b, x, 4, eight, hwtest.ByMuls)
	}
	nets["thresholds"] = func(b *hwtest.Builder) {
		b.Forms = rand.New(rand.NewSource(1))
		x := conv(b, 0, 8, step(0.3, 4, false), hwtest.ByThresholds)
		conv(b, x, 8, fixed.Format{Bits: 2, Signed: true}, hwtest.ByThresholds)
	}
	for _, fn := range []intnet.ActFn{intnet.ActAffine, intnet.ActHardSwish, intnet.ActLeaky, intnet.ActCurve} {
		nets["activation "+string(fn)] = func(b *hwtest.Builder) { same(b, b.Activation(0, fn, eight), 8, 3, 1, 1) }
	}
	return nets
}

func kindNet(t *testing.T, make func(b *hwtest.Builder)) *intnet.Net {
	t.Helper()
	b := hwtest.NewBuilder(rand.New(rand.NewSource(5)), 12, 10, 8, eight)
	make(b)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range net.Outputs {
		out := net.Tensors[o]
		net.Results = append(net.Results, intnet.Result{Name: out.Name, Shape: []int{1, out.C, out.H, out.W}, Tensor: o})
	}
	return net
}

// TestKinds checks that a network with each kind of layer gets a design that is live.
func TestKinds(t *testing.T) {
	for name, make := range kinds() {
		t.Run(name, func(t *testing.T) {
			net := kindNet(t, make)
			for _, c := range []struct {
				platform string
				pixels   int
			}{{"zybo", 1}, {"u250", 1}, {"u250", 2}, {"u250", 8}, {"zcu104", pixels.Rows}} {
				platform := c.platform
				d := optimize(t, net, platform, func(in *Input) { in.Pixels, in.Menu = c.pixels, scheduled.NewMenu(net, in.Platform.Family) })
				if !d.Fits {
					t.Errorf("%s: does not fit: %v", platform, d.Shortfall)
				}
				if err := d.Check(); err != nil {
					t.Error(err)
				}
				n, err := d.Network()
				if err != nil {
					t.Fatal(err)
				}
				if _, err := live.Prove(n); err != nil {
					t.Error(err)
				}
				for _, f := range d.FIFOs {
					if f.Depth < f.Minimum {
						t.Errorf("FIFO %+v", f)
					}
				}
			}
		})
	}
}

// TestRows: in a network whose beats are whole rows, convolutions with one group have scheduled engines if the rule demands them, and
// other convolutions have dense ones. If the rule leaves the choice open, the design is at least as fast as with either alone. The designs
// are read again, including all fields that follow from the weights.
func TestRows(t *testing.T) {
	b := hwtest.NewBuilder(rand.New(rand.NewSource(5)), 12, 12, 8, eight)
	x := same(b, same(b, 0, 16, 3, 1, 1), 16, 3, 2, 16)
	x = b.Add(same(b, x, 24, 1, 1, 1), same(b, same(b, x, 12, 1, 1, 1), 24, 3, 1, 1), eight)
	same(b, b.GlobalPool(x, hwtest.Mean, eight), 10, 1, 1, 1)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	out := net.Tensors[net.Outputs[0]]
	net.Results = []intnet.Result{{Name: out.Name, Shape: []int{1, out.C, 1, 1}, Tensor: net.Outputs[0]}}
	cycles := map[design.EngineRule]float64{}
	for _, rule := range []design.EngineRule{design.OnlyEngine(hw.ScheduledEngine), design.OnlyEngine(hw.Dense), design.EngineAuto} {
		d := optimize(t, net, "zcu104", func(in *Input) {
			in.Bits, in.Engine, in.Pixels, in.Menu = "8", rule, pixels.Rows, scheduled.NewMenu(net, in.Platform.Family)
		})
		if !d.Fits {
			t.Errorf("%s: does not fit: %v", rule, d.Shortfall)
		}
		path := filepath.Join(t.TempDir(), "design.json")
		golden := &npy.Array{DType: "int32", Shape: []int{2, 12, 12, 8}, I32: make([]int32, 2*12*12*8)}
		if err := design.Write(t.Context(), d, path, golden); err != nil {
			t.Fatal(err)
		}
		if _, err := derive.ReadDesign(path); err != nil {
			t.Error(err)
		}
		for i, l := range net.Layers {
			if l.Kind != intnet.KindConv || rule == design.EngineAuto {
				continue
			}
			want := hw.EngineKind(rule)
			if net.Depthwise(&net.Layers[i]) {
				want = hw.Dense
			}
			if d.Layers[i].Engine != want {
				t.Errorf("rule %s: layer %s has a %s engine", rule, l.ID, d.Layers[i].Engine)
			}
		}
		cycles[rule] = d.Predicted.CyclesPerImage
	}
	if auto := cycles[design.EngineAuto]; auto > cycles[design.OnlyEngine(hw.Dense)] || auto > cycles[design.OnlyEngine(hw.ScheduledEngine)] {
		t.Errorf("cycles %v", cycles)
	}
	if _, err := Optimize(t.Context(), Input{Net: net, Est: meanEst{net, 0.5}, Platform: design.Platform{ClockMHz: 200}, Engine: design.OnlyEngine(hw.ScheduledEngine)}); err == nil {
		t.Error("scheduled engines without a menu")
	}
}

// TestGateFIFOs checks that the FIFOs around a squeeze-excite block hold the maps that must wait, and
// not many more.
func TestGateFIFOs(t *testing.T) {
	net := kindNet(t, kinds()["squeeze-excite"])
	d := optimize(t, net, "u250", nil)
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	gates := 0
	for i, s := range n.Streams {
		if s.Join < 0 || net.Layers[s.Join].Kind != intnet.KindMul {
			continue
		}
		if b := net.Tensors[s.Tensor]; b.H == 1 {
			continue
		}
		gates++
		f := d.FIFOs[i]
		if pixels := s.Tokens / (net.Tensors[s.Tensor].H * net.Tensors[s.Tensor].W); f.Minimum < s.Tokens-4*pixels || f.Depth < s.Tokens || f.Depth > 2*s.Tokens+100 {
			t.Errorf("FIFO %+v; the map has %d tokens", f, s.Tokens)
		}
	}
	if gates != 2 {
		t.Errorf("%d gates", gates)
	}
	// Minima, which are measured between fork and join, hold in the whole network.
	for i, f := range d.FIFOs {
		if f.Minimum == 0 {
			continue
		}
		n.Streams[i].Depth = f.Minimum
		if _, err := live.Prove(n); err != nil {
			t.Errorf("FIFO %s at its minimum %d: %v", f.Name, f.Minimum, err)
		}
		n.Streams[i].Depth = f.Minimum - 1
		if _, err := live.Prove(n); err == nil {
			t.Errorf("FIFO %s below its minimum %d is live", f.Name, f.Minimum)
		}
		n.Streams[i].Depth = f.Depth
	}
	// The layers of the gate's branch finish early.
	for i, l := range net.Layers {
		if out := net.Tensors[l.Out]; l.Kind == intnet.KindConv && out.H == 1 && d.Costs[i].Cycles > d.Predicted.CyclesPerImage/fifo.HurryWindow {
			t.Errorf("layer %s takes %v of %v cycles", l.ID, d.Costs[i].Cycles, d.Predicted.CyclesPerImage)
		}
	}
}

// TestPointwiseCosts checks the counts of DSPs and memories by rule.
func TestPointwiseCosts(t *testing.T) {
	wide := fixed.Format{Bits: 16, Frac: 8, Signed: true}
	for _, tt := range []struct {
		name      string
		make      func(b *hwtest.Builder)
		layer, ch int
		dsp, bram int
	}{
		{"product", func(b *hwtest.Builder) { b.Mul(0, 0, eight) }, 0, 4, 4, 0},
		{"hardsigmoid", func(b *hwtest.Builder) { b.Activation(0, intnet.ActAffine, eight) }, 0, 2, 2, 0},
		{"hardswish 8 bit", func(b *hwtest.Builder) { b.Activation(0, intnet.ActHardSwish, eight) }, 0, 2, 4, 0},
		{"hardswish 16 bit", func(b *hwtest.Builder) { b.Activation(b.Requant(0, wide), intnet.ActHardSwish, wide) }, 1, 2, 6, 0},
		{"leaky", func(b *hwtest.Builder) { b.Activation(0, intnet.ActLeaky, eight) }, 0, 8, 8, 0},
		{"nearest", func(b *hwtest.Builder) { b.Resize(0, 24, 20, false, eight) }, 0, 8, 0, 0},
		{"linear", func(b *hwtest.Builder) { b.Resize(0, 24, 20, true, eight) }, 0, 1, 3, 0},
		{"concat", func(b *hwtest.Builder) { b.Concat(0, 0, 0) }, 0, 8, 0, 0},
	} {
		net := kindNet(t, tt.make)
		got := layerCost(net, tt.layer, hw.Layer{InPx: 1, InCh: tt.ch, OutPx: 1, OutCh: tt.ch}, design.FamilyUSPlus)
		if got.DSP != tt.dsp || got.BRAM18 != tt.bram || got.LUT < 5 {
			t.Errorf("%s: %+v, want %d DSPs and %d BRAM18", tt.name, got, tt.dsp, tt.bram)
		}
	}
}

// TestDepthwiseCost checks that each lane has its own taps: DSPs and weights follow MTap, not the
// width of the window beat.
func TestDepthwiseCost(t *testing.T) {
	net := kindNet(t, func(b *hwtest.Builder) { same(b, 0, 8, 3, 1, 8) })
	l := hw.Layer{InPx: 1, InCh: 8, OutPx: 1, OutCh: 8, MTap: 9, MCh: 8, Engine: hw.Dense, N: 9, Gang: 8, GangDepth: 5, WeightMem: memory.BRAM}
	l.LinePixels = hw.WindowOf(net, net.Layers[0], l).FullLinePixels()
	if _, err := hw.Expand(net, []hw.Layer{l}, nil); err != nil {
		t.Fatal(err)
	}
	if got := layerCost(net, 0, l, design.FamilyUSPlus); got.DSP != 72 || got.BRAM18 != memory.BRAMCount(8*9*8, 1) {
		t.Errorf("%+v", got)
	}
}
