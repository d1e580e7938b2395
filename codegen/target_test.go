package codegen_test

import (
	"context"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/memory"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
)

// TestTargetOfDesign: a project is only generated for the targets of the design; the error names the limit that the design breaks.
func TestTargetOfDesign(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	f := fixed.Format{Bits: 16, Frac: 8, Signed: true}
	b := hwtest.NewBuilder(rng, 6, 32, 8, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 64, Groups: 1, Out: f, WeightBits: 16, Density: 0.5, Shift: 7})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	// 64 output lanes want 64 x 24 weights at once, 2 want 48.
	design := func(pixels, lanes int) (hw.Layer, map[string]int) {
		l := hw.Layer{InPx: pixels, InCh: 2, OutPx: pixels, OutCh: lanes, MTap: 3, MCh: 8, Engine: hw.Dense, N: 24, Gang: lanes, GangDepth: 4, WeightMem: memory.BRAM}
		l.LinePixels = hw.WindowOf(net, net.Layers[0], l).FullLinePixels()
		depths, err := hwtest.LiveDepths(rng, net, []hw.Layer{l})
		if err != nil {
			t.Fatal(err)
		}
		return l, depths
	}
	images := [][]int32{hwtest.Image(rng, net.Tensors[net.Input]), hwtest.Image(rng, net.Tensors[net.Input])}
	for _, tt := range []struct {
		name          string
		pixels, lanes int
		made          limits.Target
		ask           codegen.Target
		want          string // words of the error, or the file that tells the target
	}{
		{"both", 2, 2, limits.Both, "", "src/hass_top.cpp"},
		{"both as RTL", 2, 2, limits.Both, codegen.RTL, "rtl/hass_top.sv"},
		{"RTL", 1, 64, limits.RTL, "", "rtl/hass_top.sv"},
		{"RTL as C++", 1, 64, limits.RTL, codegen.HLS, "the design is for target rtl and breaks a limit of hls: process l0_conv_engine0 of layer l0_conv"},
		{"RTL as C++, limit", 1, 64, limits.RTL, codegen.HLS, "1,536 elements; hls takes at most 1,024"},
		{"RTL as C++ that keeps all limits", 2, 2, limits.RTL, codegen.HLS, "it was made without the limits of hls (stream of 4,096 bits a token;"},
		{"C++ as RTL", 2, 2, limits.HLS, codegen.RTL, "the design is for target hls"},
		{"a broken limit", 1, 64, limits.Both, "", "1,536 elements; hls takes at most 1,024"},
		{"a broken port", 16, 8, limits.RTL, "", "port output0, beats of 16px*8ch: 2,048 bits; rtl takes at most 1,024"},
		{"nothing", 2, 2, "", "", "the design is for no target"},
	} {
		dir := t.TempDir()
		l, depths := design(tt.pixels, tt.lanes)
		d := designtest.New(t, dir, net, []hw.Layer{l}, depths, images)
		projecttest.Board(d, "ZCU104", "xczu7ev-ffvc1156-2-e")
		d.Target = tt.made
		out := filepath.Join(dir, "project")
		_, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: tt.ask})
		if _, statErr := os.Stat(filepath.Join(out, tt.want)); err == nil && statErr == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}
