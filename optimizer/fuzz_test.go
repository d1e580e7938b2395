package optimizer

import (
	"bytes"
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/optimizer/derive"
)

// FuzzReadDesign reads random designs with good side files: an accepted design expands, prints, and is
// written again unchanged.
func FuzzReadDesign(f *testing.F) {
	d := optimize(f, residualNet(), "zybo", nil)
	dir := f.TempDir()
	path := filepath.Join(dir, "d.json")
	if err := design.Write(context.Background(), d, path, golden(d.Net)); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, edit := range []string{`"h": 8|"h": 1000000000`, `"depth": |"depth": -`, `"shift": |"shift": 9`, `"n": |"n": 0`, `"layers": [|"layers": [null, `,
		`"fits": true|"fits": false`, `"DSP": |"DSP": 1`, `"clock_mhz": |"clock_mhz": -`, `d.weights.bin|/etc/passwd`, `"net": {|"net": null, "x": {`, `"engine": "dense"|"engine": "magic"`,
		`"bits": 16|"bits": 64`, `"c": |"c": 0`, `"lo": |"lo": 99`} {
		from, to, _ := strings.Cut(edit, "|")
		f.Add(bytes.Replace(text, []byte(from), []byte(to), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "fuzz.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := derive.ReadDesign(path)
		if err != nil {
			return
		}
		if _, err := d.Network(); err != nil {
			t.Fatalf("it was accepted and has no hardware: %v", err)
		}
		if _, err := d.GoldenImages(dir); err != nil {
			t.Fatalf("it was accepted and its golden images cannot be read: %v", err)
		}
		var b bytes.Buffer
		if err := d.Report(&b); err != nil {
			t.Error(err)
		}
		written, err := d.Text()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if err := os.WriteFile(path, written, 0o600); err != nil {
			t.Fatal(err)
		}
		if d, err = derive.ReadDesign(path); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if again, err := d.Text(); err != nil || !bytes.Equal(written, again) {
			t.Errorf("it changes from reading to reading (%v)", err)
		}
	})
}

// FuzzParsePlatform: for every accepted platform a design can be made.
func FuzzParsePlatform(f *testing.F) {
	f.Add([]byte("name = \"Mine\"\npart = \"xc7z010clg400-1\"\nfamily = \"7series\"\nclock_mhz = 100\n[resources]\nDSP = 80\nLUT = 17600\nLUTRAM = 6000\nFF = 35200\nBRAM18 = 120\nURAM = 0\n"))
	f.Add([]byte("[device]\nname = \"z\"\npart = \"xczu7ev-ffvc1156-2-e\"\nboard = \"b\"\n[resources]\nDSP = 1\nLUT = 2\nFF = 3\nBRAM = 4\nURAM = 5\n[system]\nboard_frequency = 200.0\nreconfiguration_time = 0.1\n"))
	f.Add([]byte("name = \"\"\nclock_mhz = nan\n[resources]\nDSP = -1\nLUT = 9223372036854775807\nFF = 1.5\n"))
	f.Add([]byte("a = [[[[[[[[1]]]]]]]]\n[resources\n"))
	f.Add([]byte("name = \"x\"\nname = \"y\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := design.ParsePlatform(data)
		if err != nil {
			if !strings.Contains(err.Error(), "not TOML") && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
			return
		}
		r := p.Resources
		if p.Name == "" || p.Part == "" || !(p.ClockMHz > 0) || math.IsInf(p.ClockMHz, 0) || min(r.DSP, r.LUT, r.FF, r.BRAM18, r.URAM, r.LUTRAM) < 0 || r.LUTRAM > r.LUT {
			t.Errorf("accepted: %+v", p)
		}
	})
}
