package offer

import (
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/graph"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/quant"
)

// TestOffer: a design that pays for a model's scales is told of a way without them, and no other is.
func TestOffer(t *testing.T) {
	f := fixed.Format{Bits: 8, Signed: true, Scale: 1.5}
	net := &intnet.Net{Input: 0, Outputs: []int{1},
		Tensors: []intnet.Tensor{{ID: "x", C: 4, H: 4, W: 4, Format: f}, {ID: "y", C: 4, H: 4, W: 4, Format: f}},
		Layers: []intnet.Layer{{ID: "c", Kind: intnet.KindConv, In: []int{0}, Out: 1, Lo: -128, Hi: 127,
			Conv: &intnet.Conv{OutC: 4, Groups: 1, Window: intnet.Window{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}},
				WeightBits: 8, AccBits: 20, Weights: make([]int16, 16), Bias: make([]int64, 4), WeightStep: []float64{0.01}, Mul: []int64{77777}, Shift: []int{20}}}}}
	layers := []hw.Layer{{InPx: 1, InCh: 4, OutPx: 1, OutCh: 4, MTap: 1, MCh: 4, Gang: 4, LinePixels: 1, Engine: hw.Dense, N: 4, GangDepth: 4, WeightMem: memory.LUTRAM}}
	brings := &graph.Graph{Nodes: []*graph.Node{{Op: graph.Quantize{Bits: 8, Signed: true}}}}
	small := &design.Design{Net: net, Layers: layers, Family: design.Family7, Total: design.Resources{DSP: 20, LUT: 1000}}
	if text := Text(brings, quant.Kept, small, nil); !strings.Contains(text, "take 4 DSPs") || !strings.Contains(text, "--requantise") {
		t.Errorf("it says %q", text)
	}
	if net.Layers[0].Conv.Mul == nil {
		t.Error("the network was changed")
	}
	large := *small
	large.Total = design.Resources{DSP: 2000, LUT: 100000}
	for name, text := range map[string]string{
		"quantisers dropped":     Text(brings, quant.Dropped, small, nil),
		"a float model":          Text(&graph.Graph{}, quant.Kept, small, nil),
		"a large design of them": Text(brings, quant.Kept, &large, nil),
	} {
		if text != "" {
			t.Errorf("%s: it says %q", name, text)
		}
	}
}
