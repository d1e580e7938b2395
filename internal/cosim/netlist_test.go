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

// netlistDesign is a small network with an engine of each kind that skips zeros, a sum, a pool and memories of LUT
// RAM.
func netlistDesign(t *testing.T, dir string) *optimizer.Design {
	t.Helper()
	f := fixed.Format{Bits: 8, Frac: 3, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 4, 4, 2, f)
	banked := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 2, Out: f, WeightBits: 8, Density: 0.6, Shift: 8})
	sum := b.Add(banked, 0, f)
	pool := b.Pool(sum, hwtest.Square(2, 2, 0), true, false, f)
	b.Conv(pool, hwtest.ConvSpec{Window: hwtest.Square(2, 1, 0), OutC: 2, Out: f, WeightBits: 8, Density: 0.8, Shift: 7})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := hwtest.PlainHW(net)
	for i, kind := range map[int]hw.EngineKind{0: hw.Banked, 3: hw.Crossbar} {
		l := &layers[i]
		l.Engine, l.MTap, l.N, l.WeightMem = kind, 3, 1, optimizer.MemLUTRAM
		if kind == hw.Crossbar {
			l.MTap, l.N = 4, 2
		}
		l.LinePixels = hw.WindowOf(net, net.Layers[i], *l).FullLinePixels()
	}
	depths, err := hwtest.LiveDepths(b.Rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 3 {
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
