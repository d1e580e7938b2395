package design

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlatformText: an embedded file is the text of its platform, which a user's file reads back to equal bytes.
func TestPlatformText(t *testing.T) {
	list, err := Platforms()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		file := "platforms/" + strings.ToLower(p.Name) + ".toml"
		want, err := platformFiles.ReadFile(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(string(want), string(p.TOML())); diff != "" {
			t.Errorf("%s is not what \"hass platforms %s\" prints (-file +printed):\n%s", file, p.Name, diff)
		}
		path := filepath.Join(t.TempDir(), "mine.toml")
		if err := os.WriteFile(path, p.TOML(), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := LoadPlatform(path)
		if err != nil {
			t.Errorf("%s printed is not read: %v", p.Name, err)
			continue
		}
		if diff := cmp.Diff(p, again); diff != "" || !bytes.Equal(p.TOML(), again.TOML()) {
			t.Errorf("%s read back (-was +read):\n%s", p.Name, diff)
		}
	}
}

// TestPlatformSources: every figure of an embedded platform names its source.
func TestPlatformSources(t *testing.T) {
	list, err := Platforms()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if p.Source == "" || p.About == "" {
			t.Errorf("%s: source %q, about %q", p.Name, p.Source, p.About)
		}
		if alveo := strings.HasPrefix(p.Part, "xcu"); alveo != (p.SLRs != nil) {
			t.Errorf("%s: %d regions", p.Name, len(p.SLRs))
		}
	}
}

const shellPlatform = ourPlatform + `
[[slr]]
name = "SLR0"
wires = 100
source = "x"
DSP = 160
LUT = 40560
LUTRAM = 20000
FF = 81120
BRAM18 = 232
URAM = 0

[[slr]]
name = "SLR1"
source = "x"
DSP = 200
LUT = 30000
LUTRAM = 11046
FF = 60000
BRAM18 = 200
URAM = 0

[[reserved]]
what = "shell"
slr = "SLR1"
source = "x"
DSP = 10
LUT = 1000
FF = 2000
BRAM18 = 20
URAM = 0

[port]
bits = 64
efficiency_in = 1
efficiency_out = 0.5
source = "x"

[memory]
name = "DDR"
banks = 2
gb_per_s = 0.001
efficiency = 0.5
source = "x"

[host]
gb_per_s = 0.002
efficiency_in = 0.25
efficiency_out = 0.5
source = "x"
`

func TestReserved(t *testing.T) {
	p, err := ParsePlatform([]byte(shellPlatform))
	if err != nil {
		t.Fatal(err)
	}
	// LUTRAM is reserved as LUTs are: 1000 * 31046 / 70560, rounded up.
	if want := (Resources{DSP: 10, LUT: 1000, LUTRAM: 440, FF: 2000, BRAM18: 20}); p.Taken() != want {
		t.Errorf("reserved %+v, want %+v", p.Taken(), want)
	}
	if want := (Resources{DSP: 350, LUT: 69560, LUTRAM: 30606, FF: 139120, BRAM18: 412}); p.Free() != want {
		t.Errorf("free %+v, want %+v", p.Free(), want)
	}
	free := p.SLRFree()
	if len(free) != 2 || free[0] != p.SLRs[0].Resources || free[1].LUT != 29000 {
		t.Errorf("free by region: %+v", free)
	}
	for _, tt := range []struct{ old, new, want string }{
		{"name = \"SLR1\"", "name = \"SLR0\"", `slr 2: "SLR0" is there twice`},
		{"wires = 100\n", "", "0 wires; every region but the last"},
		{"wires = 100", "wires = -1", "key slr 1: wires: -1 is not a count"},
		{"DSP = 160", "DSP = 161", "the regions have 361 DSP together, the device has 360"},
		{"slr = \"SLR1\"", "slr = \"SLR7\"", `reserved 1: slr "SLR7"`},
		{"slr = \"SLR1\"\n", "", `reserved 1: slr ""`},
		{"LUT = 1000", "LUT = 30001", `reserved 1: "shell" takes more than is left`},
		{"FF = 2000", "FF = -2000", "key reserved 1.FF: -2000 is not a count"},
		{"what = \"shell\"\n", "", "key reserved 1: what is missing"},
		{"bits = 64", "bits = 63", "port.bits 63"},
		{"bits = 64", "bits = 1e30", "key port.bits"},
		{"efficiency_in = 1\n", "efficiency_in = 1.5\n", "port.efficiency_in 1.5"},
		{"efficiency_in = 1\n", "efficiency_in = nan\n", "key port.efficiency_in: NaN"},
		{"banks = 2", "banks = 0", "memory: 0 banks"},
		{"gb_per_s = 0.001", "gb_per_s = inf", "key memory.gb_per_s: +Inf"},
		{"gb_per_s = 0.002", "gb_per_s = -1", "host: -1 GB/s"},
		{"gb_per_s = 0.002\n", "", "key host.gb_per_s is missing"},
		{"[host]", "[hosts]", "unknown key hosts"},
	} {
		text := strings.Replace(shellPlatform, tt.old, tt.new, 1)
		if _, err := ParsePlatform([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q -> %q: error %v, want %q", tt.old, tt.new, err, tt.want)
		}
	}
}

func TestRates(t *testing.T) {
	p, err := ParsePlatform([]byte(shellPlatform))
	if err != nil {
		t.Fatal(err)
	}
	in, out := []Stream{{Words: 100, Bytes: 4}}, []Stream{{Words: 10, Bytes: 2}, {Words: 40, Bytes: 2}}
	for _, tt := range []struct {
		name  string
		links *Links
		core  float64
		want  Rates
	}{
		{"nothing known", nil, 50, Rates{BytesIn: 400, BytesOut: 100, Core: 50, Least: "core", Images: 50}},
		// The input's DMA moves 100 words, a word a cycle of 1 us; the port would move 50 of its own.
		{"port", &Links{Port: p.Links.Port}, 20000, Rates{BytesIn: 400, BytesOut: 100, Core: 20000, Link: 10000, Least: "link", Images: 10000}},
		// 500 bytes at half of 10^6 bytes a second.
		{"memory", &Links{Memory: p.Links.Memory}, 20000, Rates{BytesIn: 400, BytesOut: 100, Core: 20000, Memory: 1000, Least: "memory", Images: 1000}},
		// 400 bytes at 0.5 * 10^6, then 100 at 10^6.
		{"all", p.Links, 20000, Rates{BytesIn: 400, BytesOut: 100, Core: 20000, Link: 10000, Memory: 1000, Host: 1 / 0.0009, Least: "memory", Images: 1000}},
		{"a slow core", p.Links, 7, Rates{BytesIn: 400, BytesOut: 100, Core: 7, Link: 10000, Memory: 1000, Host: 1 / 0.0009, Least: "core", Images: 7}},
	} {
		got := NewRates(in, out, tt.links, 1, tt.core)
		got.Link, got.Memory, got.Host = round6(got.Link), round6(got.Memory), round6(got.Host)
		tt.want.Host = round6(tt.want.Host)
		got.Images, tt.want.Images = round6(got.Images), round6(tt.want.Images)
		if diff := cmp.Diff(&tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// round6 drops rounding errors.
func round6(v float64) float64 { return float64(int64(v*1e6+0.5)) / 1e6 }

func TestBudgetShare(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Shares
	}{
		{"1", Shares{DSP: 1, LUT: 0.8, FF: 0.8, BRAM18: 1, URAM: 1}},
		{"0.5", Shares{DSP: 0.5, LUT: 0.4, FF: 0.4, BRAM18: 0.5, URAM: 0.5}},
		{"DSP=0.8, lut=0.6,BRAM=0.5", Shares{DSP: 0.8, LUT: 0.6, FF: 0.7, BRAM18: 0.5, URAM: 0.85}},
		{"URAM=0.25,FF=1", Shares{DSP: 0.9, LUT: 0.7, FF: 1, BRAM18: 0.85, URAM: 0.25}},
		{DefaultBudget.String(), Shares{DSP: 0.9, LUT: 0.7, FF: 0.7, BRAM18: 0.85, URAM: 0.85}},
	} {
		b, err := ParseBudgetShare(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		got, err := b.Shares()
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.text, got, err, tt.want)
		}
		if again, err := ParseBudgetShare(b.String()); err != nil || again != b {
			t.Errorf("%s prints as %s, which is %+v, %v", tt.text, b, again, err)
		}
	}
	for _, text := range []string{"", "x", "0", "-1", "1.5", "nan", "inf", "DSP=", "DSP=0", "DSP=2", "DSP=nan", "DSP=0.5,", "=1", "LUTRAM=0.5", "CLB=1", "DSP=0.5,DSP=0.6", "BRAM=0.5,BRAM18=0.5"} {
		b, err := ParseBudgetShare(text)
		if err == nil {
			_, err = b.Shares()
		}
		if err == nil {
			t.Errorf("%q is taken as %+v", text, b)
		}
	}
}

func TestCrowding(t *testing.T) {
	d := &Design{Part: "xc7z010clg400-1", Device: Resources{DSP: 100, LUT: 1000, FF: 2000, BRAM18: 20, LUTRAM: 400}, Total: Resources{DSP: 84, LUT: 849, FF: 100, BRAM18: 16}}
	if text := d.Crowding(); text != "" {
		t.Errorf("84 %% of the DSPs: %q", text)
	}
	d.Total.DSP, d.Reserved.BRAM18 = 85, 2
	if text := d.Crowding(); !strings.Contains(text, "85.0 % of the DSP, 90.0 % of the BRAM18 of xc7z010clg400-1") || !strings.Contains(text, "--budget-share DSP=0.8,BRAM=0.8") {
		t.Errorf("85 %% of the DSPs, and 90 %% of the blocks with the reserved ones: %q", text)
	}
}
