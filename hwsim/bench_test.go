package hwsim

import (
	"context"
	"fmt"
	"math/rand"
	"testing"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
)

// BenchmarkResNet8 simulates one image per operation at three sizes of design.
func BenchmarkResNet8(b *testing.B) {
	for _, d := range []struct {
		kind               hw.EngineKind
		mch, n, pout, gang int
	}{
		{hw.Banked, 1, 3, 8, 1},
		{hw.Banked, 1, 3, 8, 4},
		{hw.Crossbar, 2, 4, 16, 4},
		{hw.Dense, 4, 36, 16, 16},
	} {
		b.Run(fmt.Sprintf("%s_%dx%d_p%d_g%d", d.kind, 9*d.mch, d.n, d.pout, d.gang), func(b *testing.B) {
			rng := rand.New(rand.NewSource(1))
			net, err := hwtest.ResNet8(rng, 16, 0.8)
			if err != nil {
				b.Fatal(err)
			}
			layers, depths, err := hwtest.UniformHW(net, d.kind, d.mch, d.n, d.pout, d.gang)
			if err != nil {
				b.Fatal(err)
			}
			n, err := hw.Expand(net, layers, depths)
			if err != nil {
				b.Fatal(err)
			}
			images := make([][]int32, b.N)
			for i := range images {
				images[i] = hwtest.Image(rng, net.Tensors[net.Input])
			}
			b.ResetTimer()
			r, err := Run(context.Background(), n, images, Options{})
			if err != nil {
				b.Fatal(err)
			}
			var beats, pairs, macs int64
			for _, k := range r.Skips {
				beats += k.Beats
				pairs += k.Pairs
				macs += k.MACs
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(beats), "ns/beat")
			b.ReportMetric(float64(beats)/float64(b.N), "beats/image")
			b.ReportMetric(float64(pairs)/float64(macs), "pairs/MAC")
			b.ReportMetric(r.CyclesPerImage, "cycles/image")
		})
	}
}

// BenchmarkConvs simulates one image of three convolutions of 56x56x64 per operation, dense and
// banked, with weights of 8 and 16 bits.
func BenchmarkConvs(b *testing.B) {
	for _, d := range []struct {
		kind                      hw.EngineKind
		bits, tap, ch, n, p, gang int
	}{
		{hw.Dense, 8, 3, 16, 48, 16, 16},
		{hw.Banked, 8, 3, 8, 6, 16, 2},
		{hw.Banked, 16, 9, 4, 9, 16, 4},
		{hw.Crossbar, 16, 1, 16, 3, 16, 2},
	} {
		b.Run(fmt.Sprintf("%s_%dbit_%dx%d_g%d", d.kind, d.bits, d.tap, d.ch, d.p/d.gang), func(b *testing.B) {
			rng := rand.New(rand.NewSource(1))
			f := fixed.Format{Bits: d.bits, Signed: true}
			nb := hwtest.NewBuilder(rng, 56, 56, 64, f)
			for range 3 {
				nb.Conv(nb.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 64, Out: f, WeightBits: d.bits, Density: 0.4, Shift: d.bits + 4})
			}
			net, err := nb.Done()
			if err != nil {
				b.Fatal(err)
			}
			layers := hwtest.PlainHW(net)
			for i := range layers {
				layers[i] = hw.Layer{InPx: 1, InCh: d.p, OutPx: 1, OutCh: d.p, MTap: d.tap, MCh: d.ch, LinePixels: layers[i].LinePixels,
					Engine: d.kind, N: d.n, Gang: d.gang, GangDepth: 16, WeightMem: memory.BRAM}
				layers[i].LinePixels = hw.WindowOf(net, net.Layers[i], layers[i]).FullLinePixels()
			}
			n, err := hw.Expand(net, layers, nil)
			if err != nil {
				b.Fatal(err)
			}
			images := make([][]int32, b.N)
			for i := range images {
				images[i] = hwtest.Image(rng, net.Tensors[net.Input])
			}
			b.ResetTimer()
			r, err := Run(context.Background(), n, images, Options{})
			if err != nil {
				b.Fatal(err)
			}
			var macs int64
			for _, k := range r.Skips {
				macs += k.MACs
			}
			b.ReportMetric(float64(macs)/float64(b.Elapsed().Nanoseconds()), "MAC/ns")
			b.ReportMetric(r.CyclesPerImage, "cycles/image")
		})
	}
}
