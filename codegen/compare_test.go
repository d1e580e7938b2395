package codegen_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

// project is the folder of a generated project and its design.
func compared(t *testing.T, target codegen.Target) (d *design.Design, dir, out string) {
	t.Helper()
	dir = t.TempDir()
	d = projecttest.Residual(t, dir, 2)
	out = filepath.Join(dir, "project")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Target: target}); err != nil {
		t.Fatal(err)
	}
	return d, dir, out
}

// TestCompare changes one thing of a project or of a design and looks for its name.
func TestCompare(t *testing.T) {
	testenv.Long(t)
	check := func(what string, d *design.Design, dir, out, want string, edited ...string) {
		t.Helper()
		c, err := codegen.Compare(context.Background(), d, dir, out)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			return
		}
		if got := c.Problem(); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
		if strings.Join(c.Edited, " ") != strings.Join(edited, " ") {
			t.Errorf("%s: edited %v, want %v", what, c.Edited, edited)
		}
	}
	for _, target := range []codegen.Target{codegen.HLS, codegen.RTL} {
		d, dir, out := compared(t, target)
		check("nothing", d, dir, out, "")

		// The project.
		for _, tt := range []struct{ target, file, from, to, want string }{
			{"hls", "src/hass_top.cpp", "l0_conv_beats, 10,", "l0_conv_beats, 48,", "HASS_STREAM(design::s16_2x6, l0_conv_beats, 48"},
			{"hls", "src/layer_l0_conv.cpp", "TAU = 300", "TAU = 299", "(l0_conv_window_config): \"static constexpr int TAU = 299;\""},
			{"hls", "Makefile", "-O2", "-O3", "Makefile line 14"},
			{"rtl", "rtl/hass_top.sv", ".DEPTH(5)", ".DEPTH(40)", "(s_x__fifo): \".DEPTH(40),\""},
			{"rtl", "rtl/hass_fifo.sv", "endmodule", "", "rtl/hass_fifo.sv line"},
			{"", "manifest.json", `"golden_images": 3`, `"golden_images": 2`, "IMAGES"},
			{"", "manifest.json", `"golden_images": 3`, `"golden_images": 4`, "golden_images is 4; the design has 3"},
			{"", "manifest.json", `"path": "reports/design.json"`, `"path": "reports/zesign.json"`, "does not list reports/design.json"},
			{"", "reports/design.json", `"tau_a": 300`, `"tau_a": 301`, "net.layers[0] (l0_conv).conv.tau_a is 301 in the project's design, 300 in this one"},
			{"", "README.md", "\n", "\n\n", ""},
		} {
			name := filepath.Join(out, filepath.FromSlash(tt.file))
			old, err := os.ReadFile(name)
			if err != nil || tt.target != "" && tt.target != string(target) {
				continue
			}
			if tt.want != "" || tt.file == "README.md" {
				projecttest.Edit(t, name, tt.from, tt.to)
			}
			if tt.file == "README.md" {
				check(tt.file, d, dir, out, "", "README.md")
			} else {
				check(tt.file, d, dir, out, tt.want)
			}
			if err := os.WriteFile(name, old, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range []string{"data/weights.bin", "data/golden_input.bin", "data/golden_output0.bin", "data/golden_tensors.bin"} {
			name := filepath.Join(out, filepath.FromSlash(file))
			old, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for at := range len(old) {
				if at%61 != 0 { // a prime: each kind of place comes up
					continue
				}
				data := bytes.Clone(old)
				data[at] ^= 1 << (at % 8)
				if err := os.WriteFile(name, data, 0o666); err != nil {
					t.Fatal(err)
				}
				check(file, d, dir, out, file+": ")
			}
			if err := os.WriteFile(name, old[:len(old)-1], 0o666); err != nil {
				t.Fatal(err)
			}
			check(file, d, dir, out, "bytes in the project")
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
			check(file, d, dir, out, file+" is missing")
			if err := os.WriteFile(name, old, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"include/ap_int.h", "include/sub/vector", "src/mine.cpp", "rtl/mine.sv", "tb/mine.hpp", "sim/ap_int.h.orig"} {
			file := filepath.Join(out, filepath.FromSlash(name))
			_, had := os.Stat(filepath.Dir(file))
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
			check("foreign "+name, d, dir, out, strconv.Quote(name)+" is no file of the design")
			if os.Remove(file); had != nil {
				os.Remove(filepath.Dir(file))
			}
		}
		for _, name := range []string{"notes.txt", "src/mine.cpp~", "src/.mine.cpp.swp", "GNUmakefile", "vivado_out/impl.dcp"} {
			name = filepath.Join(out, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		check("foreign files", d, dir, out, "")

		// The design.
		d.FIFOs[0].Depth++
		check("a depth", d, dir, out, "fifos[0] ("+d.FIFOs[0].Name+").depth is")
		d.FIFOs[0].Depth--
		w := d.Net.Layers[0].Conv.Weights
		for i, v := range w {
			if v > 0 {
				w[i]--
				check("a weight", d, dir, out, "data/weights.bin: layer l0_conv, weight [")
				w[i]++
				break
			}
		}
		d.Net.Layers[0].Conv.Bias[1] ^= 4
		check("a bias", d, dir, out, "layer l0_conv, bias of output channel 1")
		d.Net.Layers[0].Conv.Bias[1] ^= 4
		d.Model += "x"
		check("a name", d, dir, out, `model is "test.onnx" in the project's design, "test.onnxx" in this one`)
	}
}

// TestCompareNothing checks folders that cannot be compared.
func TestCompareNothing(t *testing.T) {
	d, dir, out := compared(t, codegen.HLS)
	if _, err := codegen.Compare(context.Background(), d, dir, t.TempDir()); err == nil || !strings.Contains(err.Error(), "has no manifest.json") {
		t.Errorf("an empty folder: %v", err)
	}
	projecttest.Edit(t, filepath.Join(out, artifact.ManifestName), `"target": "hls"`, `"target": "vhdl"`)
	if _, err := codegen.Compare(context.Background(), d, dir, out); err == nil || !strings.Contains(err.Error(), `target "vhdl"`) {
		t.Errorf("another target: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := codegen.Compare(ctx, d, dir, out); err == nil {
		t.Error("a cancelled context is no error")
	}
}
