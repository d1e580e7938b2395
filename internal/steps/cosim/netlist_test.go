package cosim

import (
	"context"
	"math/big"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hass/codegen/verify"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
)

// netlistDesign is a small network with an engine of each kind that skips zeros, a sum and memories of LUT RAM.
func netlistDesign(t *testing.T, dir string) *design.Design {
	t.Helper()
	f := fixed.Format{Bits: 6, Frac: 2, Signed: true}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 3, 3, 2, f)
	banked := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 1, Out: f, WeightBits: 6, Density: 0.7, Shift: 6})
	crossbar := b.Conv(0, hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 1, Out: f, WeightBits: 6, Density: 1, Shift: 4})
	b.Add(banked, crossbar, f)
	for i := range 2 {
		// No constant outputs.
		l := &b.Net.Layers[i]
		l.Lo = f.Min()
		l.Conv.Bias[0] = 21
		l.Conv.AccBits = l.Conv.BoundBits(f)
	}
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := hwtest.PlainHW(net)
	for i, l := range []hw.Layer{
		{Engine: hw.Banked, MTap: 3, MCh: 1, N: 1},
		{Engine: hw.Crossbar, MTap: 1, MCh: 2, N: 1},
	} {
		l.InPx, l.InCh, l.OutPx, l.OutCh, l.Gang, l.GangDepth, l.WeightMem = 1, 1, 1, 1, 1, 2, memory.LUTRAM
		l.LinePixels = hw.WindowOf(net, net.Layers[i], l).FullLinePixels()
		layers[i] = l
	}
	depths, err := hwtest.LiveDepths(b.Rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 2 {
		image := make([]int32, 3*3*2)
		for i := range image {
			if b.Rng.Intn(3) > 0 {
				image[i] = int32(b.Rng.Intn(64) - 32)
			}
		}
		images = append(images, image)
	}
	return designtest.New(t, dir, net, layers, depths, images)
}

// invertLUT inverts the first LUT that reads which pairs of a beat are useful.
func invertLUT(netlist string) string {
	lut := regexp.MustCompile(`LUT[2-6] #\(\s*\.INIT\((\d+)'h([0-9a-f]+)\)\s*\) \w+ \([^;]*ahead\.useful`)
	m := lut.FindStringSubmatchIndex(netlist)
	if m == nil {
		return netlist
	}
	bits, _ := strconv.Atoi(netlist[m[2]:m[3]])
	init, _ := new(big.Int).SetString(netlist[m[4]:m[5]], 16)
	all := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bits)), big.NewInt(1))
	return netlist[:m[4]] + init.Xor(init, all).Text(16) + netlist[m[5]:]
}

// swapBits exchanges the outputs of two flip-flops of a FIFO's head.
func swapBits(netlist string) string {
	return strings.NewReplacer(`.Q(\s_t1__fifo.head [0])`, `.Q(\s_t1__fifo.head [2])`, `.Q(\s_t1__fifo.head [2])`, `.Q(\s_t1__fifo.head [0])`).Replace(netlist)
}

// TestNetlist synthesises a network for xc7 and simulates the cells: outputs are bit-exact and every image takes the
// simulator's cycles. A netlist with a wrong cell or a wrong connection is found.
func TestNetlist(t *testing.T) {
	need(t, "yosys", "iverilog", "vvp", "make")
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	d := netlistDesign(t, dir)
	out := generate(t, d, dir)
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	run := func() *verify.RTLResult {
		r, err := verify.RTL(ctx, out, verify.Options{Netlist: true, Timeout: 2000})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	r := run()
	if !r.OK() {
		t.Fatal(r.Problem())
	}
	for i, c := range r.Calls {
		want, err := Expect(ctx, n, images, c.Order)
		if err != nil {
			t.Fatal(err)
		}
		want.Processes, want.FIFOs = nil, nil // the netlist does not count them
		if diffs := c.Compare(*want); len(diffs) > 0 {
			t.Errorf("call %d: differences from the simulator:\n%s", i, strings.Join(diffs, "\n"))
		}
	}

	name := filepath.Join(out, "build", "netlist.v")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(string) string{"an inverted LUT": invertLUT, "two swapped nets": swapBits} {
		mutant := change(string(data))
		if mutant == string(data) {
			t.Fatalf("%s: the netlist has no such cell", what)
		}
		if err := os.WriteFile(name, []byte(mutant), 0o666); err != nil {
			t.Fatal(err)
		}
		if r := run(); r.OK() {
			t.Errorf("%s: not found", what)
		} else {
			t.Logf("%s: %s", what, r.Problem())
		}
	}
}
