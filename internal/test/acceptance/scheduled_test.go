package acceptance

import (
	"context"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/hwsim"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/schedule"
	"hass/internal/steps/cosim"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/prunednet"
)

// scheduledLayers are layers of the pruned ResNet-50 and their hardware: rows of whole maps, as a design for U250 of about 54,000
// cycles an image would have them.
var scheduledLayers = []struct {
	name          string
	banks, chains int
	px            int
}{
	{"layer3.1.conv2.weight", 8, 3, 14}, // 3x3
	{"layer3.3.conv3.weight", 1, 8, 14}, // 1x1
	{"layer4.0.conv2.weight", 12, 5, 7}, // 3x3
	{"layer4.0.conv1.weight", 7, 2, 7},  // 1x1, stride 2
	{"layer2.0.conv2.weight", 9, 2, 28}, // 3x3
	{"conv1.weight", 3, 6, 56},          // 7x7, stride 2
}

// TestScheduled runs layers of the pruned ResNet-50 on scheduled engines, alone, on images of full range: the simulator's values are the
// integer network's, its cycles an image the windows times the iterations of a phase. With HASS_SCHEDULED_RTL the RTL in
// Verilator is bit-exact and takes the simulator's cycles, with and without stalls: minutes a layer.
func TestScheduled(t *testing.T) {
	layers := prunednet.Layers(t)
	for _, s := range scheduledLayers {
		t.Run(s.name, func(t *testing.T) {
			i := slices.IndexFunc(layers, func(l prunednet.Layer) bool { return l.Name == s.name })
			l := &layers[i]
			rng := rand.New(rand.NewSource(1))
			net := scheduledNet(t, rng, l)
			bank, err := schedule.Assign(&l.Weights, s.banks)
			if err != nil {
				t.Fatal(err)
			}
			hl := hw.Layer{InPx: s.px * l.Stride, InCh: 1, OutPx: s.px, OutCh: 1, MTap: 1, MCh: 1, Engine: hw.ScheduledEngine, N: s.banks, Gang: 1, GangDepth: 12, WeightMem: memory.BRAM,
				Scheduled: hw.Scheduled{Chains: s.chains, Field: 18, Places: hw.PlacesOf(bank)}}
			hl.LinePixels = hw.WindowOf(net, net.Layers[0], hl).FullLinePixels()
			images := [][]int32{hwtest.Image(rng, net.Tensors[0]), hwtest.Image(rng, net.Tensors[0]), hwtest.Image(rng, net.Tensors[0])}
			dir := t.TempDir()
			d := designtest.New(t, dir, net, []hw.Layer{hl}, nil, images)
			n, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			m, plan := n.ScheduledModule(0), n.Plans[0]
			r, err := hwsim.Run(context.Background(), n, images, hwsim.Options{})
			if err != nil {
				t.Fatal(err)
			}
			x, err := intnet.New(net)
			if err != nil {
				t.Fatal(err)
			}
			for k := range images {
				want, err := x.Run(images[k])
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(want[0], r.Outputs[k][0]) {
					t.Errorf("image %d: the simulator's values are not the integer network's", k)
				}
			}
			t.Logf("%d banks, %d chains, %d rows of %d words in %d windows: %d cycles an image, simulated %v, the first after %d; %.1f %% of the places of the rows hold a weight, %d rows split",
				s.banks, s.chains, m.Rows, m.Beats, m.Windows, m.CyclesPerImage(), r.PerImage, r.Latency, 100*plan.Efficiency(), plan.Split)
			for _, c := range r.PerImage {
				if c != int64(m.CyclesPerImage()) {
					t.Errorf("%d cycles an image, %d windows of %d iterations", c, m.Windows, m.Iterations)
				}
			}
			if os.Getenv("HASS_SCHEDULED_RTL") == "" {
				return
			}
			out := filepath.Join(dir, "rtl")
			if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
				t.Fatal(err)
			}
			for _, stall := range []int{0, 30} {
				v, err := verify.RTL(context.Background(), out, verify.Options{Stall: stall, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				if !v.OK() {
					t.Fatalf("stall %d: %s", stall, v.Problem())
				}
				if stall > 0 {
					continue
				}
				differences, err := cosim.Compare(context.Background(), n, images, v)
				if err != nil || len(differences) > 0 {
					t.Errorf("%v %q", err, differences)
				}
			}
		})
	}
}

// scheduledNet is a network of the layer alone: activations of 8 bits without sign, a ReLU behind it.
func scheduledNet(t *testing.T, rng *rand.Rand, l *prunednet.Layer) *intnet.Net {
	t.Helper()
	f := fixed.Format{Bits: 8}
	pad, bits := (l.Kernel-1)/2, 8
	if slices.Max(l.Weights.W) > 127 { // a power of two that 8 bits do not hold
		bits = 9
	}
	b := hwtest.NewBuilder(rng, l.Out*l.Stride, l.Out*l.Stride, l.Channels, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(l.Kernel, l.Stride, pad), OutC: l.Weights.Filters, Out: f, WeightBits: bits, Density: 1, Shift: 9})
	c := b.Net.Layers[0].Conv
	if len(c.Weights) != len(l.Weights.W) {
		t.Fatalf("%d weights, not %d", len(c.Weights), len(l.Weights.W))
	}
	c.Weights = l.Weights.W
	c.AccBits = c.BoundBits(f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	return net
}
