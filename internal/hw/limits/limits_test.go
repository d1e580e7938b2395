package limits_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/hw/limits"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
)

// TestLimitsOfBoth: a design for both targets suits each of them, and keeps every limit of each.
func TestLimitsOfBoth(t *testing.T) {
	both := limits.Both.Limits()
	for k, row := range limits.LimitTable() {
		if row.HLS == 0 && row.RTL == 0 || row.Name == "" || row.Unit == "" || row.Why == "" {
			t.Errorf("limit %d: %+v limits nothing or has no words", k, row)
		}
		for _, target := range []limits.Target{limits.HLS, limits.RTL} {
			most := row.Of(target)
			if most == 0 {
				continue
			}
			if both[k] == 0 || both[k] > most {
				t.Errorf("%s: %d for both, %d for %s", row.Name, both[k], most, target)
			}
			l := target.Limits()
			if !l.Allow(limits.Limit(k), most) || l.Allow(limits.Limit(k), most+1) {
				t.Errorf("%s: %s allows another number than %d", row.Name, target, most)
			}
		}
	}
	for _, bad := range []string{"", "HLS", "verilog"} {
		if target, err := limits.ParseTarget(bad); err == nil {
			t.Errorf("target %q is taken as %s", bad, target)
		}
	}
	if limits.HLS.Includes(limits.RTL) || limits.RTL.Includes(limits.HLS) || !limits.Both.Includes(limits.HLS) || !limits.Both.Includes(limits.RTL) {
		t.Error("what a design is for")
	}
}

// TestDemand: for random designs with every kind of layer, the optimizer's limits for the hardware of a layer equal the
// limits for the design's processes.
func TestDemand(t *testing.T) {
	for seed := range int64(300) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		n, err := c.Network()
		if err != nil {
			t.Fatal(err)
		}
		var layers limits.Demand
		for i, hl := range c.Layers {
			d := limits.LayerDemand(c.Net, i, hl)
			for k := range d {
				layers[k] = max(layers[k], d[k])
			}
			if in := limits.InputDemand; hl.MTap > 0 {
				for k, need := range in(c.Net, i, hl) {
					if need > d[k] {
						t.Errorf("seed %d, layer %d: the line buffer needs %d of limit %d, the layer %d", seed, i, need, k, d[k])
					}
				}
			}
		}
		for k, need := range limits.Of(n) {
			switch limits.Limit(k) {
			case limits.PortBits, limits.ProcessFIFOs, limits.ProcessCount, limits.FIFOCount:
				continue // of ports, forks and the whole
			}
			if need != layers[k] {
				t.Errorf("seed %d: limit %d: the processes need %d, the layers %d", seed, k, need, layers[k])
			}
		}
	}
}

// TestBreach: the limit, the place and the figures are named.
func TestBreach(t *testing.T) {
	b := limits.Breach{Target: limits.HLS, Limit: limits.TokenBits, Where: "FIFO conv1_acc0 of layer conv1", Need: 4752}
	want := "FIFO conv1_acc0 of layer conv1: 4,752 bits a token; hls takes at most 4,096 (Vitis HLS refuses wider structs in streams)"
	if got := b.Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !b.AllowedBy(limits.RTL) || b.AllowedBy(limits.Both) {
		t.Error("who allows it")
	}
}

// TestLimitsDocument: docs/hardware.md has the table.
func TestLimitsDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "hardware.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range limits.LimitTable() {
		of := func(target limits.Target) string {
			if r.Of(target) == 0 {
				return "-"
			}
			s := r.String(target) // name of figure unit
			return strings.Fields(s[len(r.Name)+len(" of "):])[0]
		}
		line := fmt.Sprintf("| %s, %s | %s | %s | %s |", r.Name, r.Unit, of(limits.HLS), of(limits.RTL), r.Why)
		if !strings.Contains(string(text), line) {
			t.Errorf("docs/hardware.md lacks the line\n%s", line)
		}
	}
}
