package hwsim_test

import (
	"context"
	"fmt"
	"log"
	"math/rand"

	"hass/hwsim"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
)

// A network of processes is simulated image after image: outputs come from the tokens that moved, cycles from when they
// did.
func ExampleRun() {
	rng := rand.New(rand.NewSource(1))
	f := fixed.Format{Bits: 8, Signed: true}
	b := hwtest.NewBuilder(rng, 4, 4, 2, f)
	b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Out: f, WeightBits: 8, Density: 0.5, Shift: 8})
	net, err := b.Done()
	if err != nil {
		log.Fatal(err)
	}
	n, err := hw.Expand(net, []hw.Layer{{
		InPx: 1, InCh: 2, OutPx: 1, OutCh: 4, // beats of the streams
		MTap: 3, MCh: 2, LinePixels: 12, // the window: 3 taps of 2 channels a beat
		Engine: hw.Banked, N: 2, Gang: 4, GangDepth: 6, WeightMem: memory.LUTRAM,
	}}, map[string]int{"l0_conv_beats0": 8})
	if err != nil {
		log.Fatal(err)
	}
	var images [][]int32
	for range 4 {
		images = append(images, hwtest.Image(rng, net.Tensors[net.Input]))
	}
	r, err := hwsim.Run(context.Background(), n, images, hwsim.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d images, %.0f cycles per image\n", len(r.Outputs), r.CyclesPerImage)
	// Output:
	// 4 images, 94 cycles per image
}
