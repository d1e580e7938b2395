package hwsim

import (
	"context"
	"fmt"
	"math/rand"
	"testing"

	"hass/internal/hw"
	"hass/internal/hwtest"
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
