package hw_test

import (
	"fmt"
	"log"
	"math/rand"

	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
)

// A network with hardware chosen for each layer expands to processes and FIFOs.
func ExampleExpand() {
	f := fixed.Format{Bits: 8, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 4, 4, 2, f)
	b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Out: f, WeightBits: 8, Density: 1, Shift: 8})
	net, err := b.Done()
	if err != nil {
		log.Fatal(err)
	}
	layers := []hw.Layer{{
		InPx: 1, InCh: 2, OutPx: 1, OutCh: 4, // beats of the streams
		MTap: 3, MCh: 2, LinePixels: 12, // the window: 3 taps of 2 channels a beat
		Engine: hw.Banked, N: 3, Gang: 4, GangDepth: 6, WeightMem: memory.LUTRAM,
	}}
	n, err := hw.Expand(net, layers, map[string]int{"l0_conv_beats0": 8})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range n.Processes {
		fmt.Println(p.Name, "latency", p.Latency)
	}
	for _, s := range n.Streams {
		fmt.Println(s.Name, s.Beat, "depth", s.Depth, "tokens per image", s.Tokens)
	}
	// Output:
	// input_source latency 3
	// l0_conv_window latency 13
	// l0_conv_engine0 latency 12
	// l0_conv_join latency 6
	// output0_sink latency 2
	// x 1px*2ch depth 5 tokens per image 16
	// l0_conv_beats0 1px*6ch depth 8 tokens per image 48
	// l0_conv_acc0 1px*4ch depth 14 tokens per image 16
	// t1 1px*4ch depth 8 tokens per image 16
}
