package cosim

import (
	"context"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/designtest"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hwtest"
	"hass/optimizer"
)

// netlistDesign is a small network with an engine of each kind that skips zeros, a sum and memories of LUT RAM.
func netlistDesign(t *testing.T, dir string) *optimizer.Design {
	t.Helper()
	f := fixed.Format{Bits: 6, Frac: 2, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 3, 3, 2, f)
	banked := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 1, Out: f, WeightBits: 6, Density: 0.7, Shift: 6})
	crossbar := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 1, Out: f, WeightBits: 6, Density: 1, Shift: 4})
	b.Add(banked, crossbar, f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := hwtest.PlainHW(net)
	for i, l := range []hw.Layer{
		{Engine: hw.Banked, MTap: 3, MCh: 1, N: 1},
		{Engine: hw.Crossbar, MTap: 1, MCh: 2, N: 1},
	} {
		l.InPx, l.InCh, l.OutPx, l.OutCh, l.Gang, l.GangDepth, l.WeightMem = 1, 1, 1, 1, 1, 2, optimizer.MemLUTRAM
		l.LinePixels = hw.WindowOf(net, net.Layers[i], l).FullLinePixels()
		layers[i] = l
	}
	depths, err := hwtest.LiveDepths(b.Rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 2 {
		images = append(images, hwtest.Image(b.Rng, net.Tensors[net.Input]))
	}
	return designtest.New(t, dir, net, layers, depths, images)
}

// TestNetlist synthesises a network for xc7 and simulates the cells: outputs are bit-exact and every image takes the
// simulator's cycles. A netlist with one wrong cell is found.
func TestNetlist(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: synthesises for half a minute")
	}
	need(t, "yosys", "iverilog", "vvp", "make")
	ctx := context.Background()
	dir := t.TempDir()
	d := netlistDesign(t, dir)
	out := generate(t, d, dir)
	r, err := codegen.VerifyRTL(ctx, out, codegen.RTLOptions{Netlist: true})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Fatal(r.Problem())
	}
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range r.Calls {
		want, err := Expect(ctx, n, images, c.Order)
		if err != nil {
			t.Fatal(err)
		}
		want.Processes, want.FIFOs = nil, nil // the netlist has no counters of them
		if diffs := c.Compare(*want); len(diffs) > 0 {
			t.Errorf("call %d: differences from the simulator:\n%s", i, strings.Join(diffs, "\n"))
		}
	}
}

var _ = os.Getenv
var _ = filepath.Join
var _ = regexp.Compile
