package host_test

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/codegen"
	"hass/codegen/project"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

// card compiles the host program of a SystemVerilog project with its kernel in Verilator behind a fake XRT.
func card(t *testing.T, d *design.Design, out string) string {
	t.Helper()
	p, err := project.New(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	var ports bytes.Buffer
	memory := func(bits int) int { return min(max(bits, 32), 512) }
	fmt.Fprintf(&ports, "READER(m_axi_weights, 32)\nREADER(m_axi_input, %d)\n", memory(p.Input.AXIBits))
	for _, o := range p.Outputs {
		fmt.Fprintf(&ports, "WRITER(m_axi_%s, %d)\n", o.Name, memory(o.AXIBits))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ports.inc"), ports.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	fakes, err := filepath.Abs("testdata/fakes")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--cc", "--exe", "--build", "-j", "2", "-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0", "--top-module", "hass_kernel", "--x-initial", "unique", "--x-assign", "unique", "-Wno-fatal", "-Wno-lint", "-Wno-style",
		"--Mdir", dir, "-CFLAGS", "-I" + dir + " -I" + fakes + " -I" + filepath.Join(out, "host"), "-o", "card",
		filepath.Join(out, "host", "xrt_host.cpp"), filepath.Join(fakes, "fake_kernel.cpp"), filepath.Join(out, "board", "hass_kernel.v")}
	for _, glob := range []string{"rtl/*.sv", "board/*.sv"} {
		names, err := filepath.Glob(filepath.Join(out, filepath.FromSlash(glob)))
		if err != nil || len(names) == 0 {
			t.Fatal(glob, err)
		}
		args = append(args, names...)
	}
	if msg, err := exec.Command("verilator", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	return filepath.Join(dir, "card")
}

// runCard runs the host program with a kernel.xml.
func runCard(t *testing.T, exe, out, kernel string, env []string, args ...string) (string, error) {
	t.Helper()
	xclbin := filepath.Join(t.TempDir(), "hass.xclbin")
	if err := os.WriteFile(xclbin, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, append([]string{xclbin, filepath.Join(out, "data")}, args...)...)
	cmd.Env = append(append(os.Environ(), "HASS_FAKE_KERNEL="+kernel, "HASS_FAKE_STATUS=1"), env...)
	msg, err := cmd.CombinedOutput()
	return string(msg), err
}

// convolution is the project of a network of one layer for a U250, with three golden images and streams of 8 bits: the least
// that has weights.
func convolution(t *testing.T) (*design.Design, string) {
	t.Helper()
	f := fixed.Format{Bits: 8, Frac: 4}
	b := hwtest.NewBuilder(rand.New(rand.NewSource(5)), 3, 5, 2, f)
	b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(1, 1, 0), OutC: 2, Groups: 1, Out: f, WeightBits: 8, Density: 1, Shift: 7})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := hwtest.PlainHW(net)
	depths, err := hwtest.LiveDepths(b.Rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var images [][]int32
	for range 3 {
		images = append(images, hwtest.Image(b.Rng, net.Tensors[net.Input]))
	}
	d := designtest.New(t, dir, net, layers, depths, images)
	projecttest.Board(d, "U250", "xcu250-figd2104-2L-e")
	out := filepath.Join(dir, "rtl")
	if _, err := codegen.Generate(t.Context(), d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
		t.Fatal(err)
	}
	return d, out
}

// TestKernel runs the SystemVerilog's kernel in Verilator as XRT would, through the project's own host program: every output
// word equals the reference's, also when memory is late at random, and a wrong offset of kernel.xml is found.
func TestKernel(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: Verilator compiles for half a minute (-short)")
	}
	testenv.Tools(t, "verilator g++ make", "verilator", "g++", "make")
	d, out := convolution(t)
	exe := card(t, d, out)
	kernel := filepath.Join(out, "board", "kernel.xml")
	for _, env := range [][]string{nil, {"HASS_FAKE_STALL=1"}, {"HASS_FAKE_STALL=2"}} {
		msg, err := runCard(t, exe, out, kernel, env, "7")
		if err != nil || !strings.Contains(msg, "output0: 21 images, 0 wrong words") || !strings.Contains(msg, "status 20 images 21 done 21") {
			t.Errorf("%v: %v\n%s", env, err, msg)
		}
	}
	text := string(projecttest.Read(t, kernel))
	for _, tt := range []struct{ from, to, want string }{
		{`offset="0x02c"`, `offset="0x028"`, "of no buffer"},
		{`offset="0x018"`, `offset="0x01c"`, "wrong words"},
		{`offset="0x038"`, `offset="0x03c"`, "of no buffer"},
		{`offset="0x010"`, `offset="0x018"`, "wrong words"},
	} {
		edited := filepath.Join(t.TempDir(), "kernel.xml")
		if !strings.Contains(text, tt.from) {
			t.Fatalf("kernel.xml has no %s", tt.from)
		}
		if err := os.WriteFile(edited, []byte(strings.Replace(text, tt.from, tt.to, 1)), 0o666); err != nil {
			t.Fatal(err)
		}
		if msg, err := runCard(t, exe, out, edited, []string{"HASS_FAKE_CYCLES=100000"}, "1"); err == nil || !strings.Contains(msg, tt.want) {
			t.Errorf("%s for %s: %v\n%s", tt.to, tt.from, err, msg)
		}
	}
}

// TestKernelWidths runs kernels whose streams are narrower and wider than memory, ends of images inside of a beat, and two outputs.
func TestKernelWidths(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: Verilator compiles for half a minute (-short)")
	}
	testenv.Tools(t, "verilator g++ make", "verilator", "g++", "make")
	run := func(name string, want []int, make func(dir string) *design.Design) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := make(dir)
			projecttest.Board(d, "U50", "xcu50-fsvh2104-2-e")
			out := filepath.Join(dir, "rtl")
			if _, err := codegen.Generate(t.Context(), d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
				t.Fatal(err)
			}
			p, err := project.New(d, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for _, port := range p.Ports() {
				got = append(got, port.AXIBits)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("bits of the ports (-want +got):\n%s", diff)
			}
			exe := card(t, d, out)
			msg, err := runCard(t, exe, out, filepath.Join(out, "board", "kernel.xml"), []string{"HASS_FAKE_STALL=3"}, "5")
			for _, o := range p.Outputs {
				if err != nil || !strings.Contains(msg, fmt.Sprintf("%s: 10 images, 0 wrong words", o.Name)) {
					t.Errorf("%v\n%s", err, msg)
				}
			}
		})
	}
	for _, tt := range []struct {
		seed int64
		want []int
	}{
		{4, []int{8, 16, 8}},
	} {
		run(fmt.Sprintf("seed %d", tt.seed), tt.want, func(dir string) *design.Design {
			c, err := hwtest.New(tt.seed)
			if err != nil {
				t.Fatal(err)
			}
			return designtest.New(t, dir, c.Net, c.Layers, c.Depths, c.Images(2))
		})
	}
	run("wide", []int{1024, 1024}, func(dir string) *design.Design {
		f := fixed.Format{Bits: 16, Frac: 8, Signed: true}
		b := hwtest.NewBuilder(rand.New(rand.NewSource(1)), 3, 5, 64, f)
		x := b.Last()
		b.Add(x, x, f)
		net, err := b.Done()
		if err != nil {
			t.Fatal(err)
		}
		layers := []hw.Layer{{InPx: 1, InCh: 64, OutPx: 1, OutCh: 64}}
		depths, err := hwtest.LiveDepths(b.Rng, net, layers)
		if err != nil {
			t.Fatal(err)
		}
		in := net.Tensors[net.Input]
		return designtest.New(t, dir, net, layers, depths, [][]int32{hwtest.Image(b.Rng, in), hwtest.Image(b.Rng, in)})
	})
}
