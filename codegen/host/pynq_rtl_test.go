package host_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen/project"
	"hass/internal/npy"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

// TestPYNQOnRTL runs the PYNQ driver against the SystemVerilog's IP in Verilator: golden images, other images, counters, and faults that
// occur on boards.
func TestPYNQOnRTL(t *testing.T) {
	py := python(t)
	testenv.Tools(t, "verilator g++ make", "verilator", "g++", "make")
	dir := t.TempDir()
	d, out := projecttest.SmallRTL(t, dir, "ZedBoard", "xc7z020clg484-1", 3)
	p, err := project.New(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	build := t.TempDir()
	var streams bytes.Buffer
	fmt.Fprintf(&streams, "SENDER(weights, 32)\nSENDER(input, %d)\n", p.Input.AXIBits)
	for _, o := range p.Outputs {
		fmt.Fprintf(&streams, "RECEIVER(%s, %d)\n", o.Name, o.AXIBits)
	}
	if err := os.WriteFile(filepath.Join(build, "streams.inc"), streams.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	fakes, err := filepath.Abs("testdata/fakes")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--cc", "--exe", "--build", "-j", "2", "-MAKEFLAGS", "OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0", "--top-module", "hass_ip", "--x-initial", "unique", "--x-assign", "unique",
		"-Wno-fatal", "-Wno-lint", "-Wno-style", "--Mdir", build, "-CFLAGS", "-I" + build, "-o", "board",
		filepath.Join(fakes, "fake_board.cpp"), filepath.Join(out, "board", "hass_ip.v")}
	names, err := filepath.Glob(filepath.Join(out, "rtl", "*.sv"))
	if err != nil || len(names) == 0 {
		t.Fatal(err)
	}
	if msg, err := exec.Command("verilator", append(args, names...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	in := d.Net.Tensors[d.Net.Input]
	u8, _ := projecttest.Pixels(t, d, 3)
	var images bytes.Buffer
	if err := npy.Write(&images, &npy.Array{DType: "uint8", Shape: []int{3, in.H, in.W, in.C}, U8: u8}); err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	if err := os.WriteFile(filepath.Join(work, "images.npy"), images.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	run := func(data, env string, args ...string) (string, error) {
		cmd := exec.Command(py, append([]string{filepath.Join(out, "host", "pynq_driver.py"), "--bit", "hass.bit", "--data", data}, args...)...)
		cmd.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join(fakes, "board"), "PYTHONDONTWRITEBYTECODE=1", "HASS_FAKE_BOARD="+filepath.Join(build, "board"), env)
		msg, err := cmd.CombinedOutput()
		return string(msg), err
	}
	data := filepath.Join(out, "data")
	counters := filepath.Join(work, "counters.json")
	for _, n := range []int{1, 7, 20} {
		msg, err := run(data, "X=", "--selftest", "--throughput", fmt.Sprint(n), "--counters", counters)
		if err != nil || !strings.Contains(msg, "3 images, 0 wrong words") || !strings.Contains(msg, fmt.Sprintf("%d images in ", n)) || !strings.Contains(msg, "at 200 MHz") {
			t.Errorf("%d images: %v\n%s", n, err, msg)
		}
		var c struct {
			Images    int
			Cycles    int
			Processes []struct{ Name string }
			FIFOs     []struct {
				Name string
				Most int
			}
		}
		if err := json.Unmarshal(projecttest.Read(t, counters), &c); err != nil {
			t.Fatal(err)
		}
		if c.Images != n || c.Cycles < n*p.Input.Words || len(c.Processes) != len(p.HW.Processes) || len(c.FIFOs) != len(p.HW.Streams) {
			t.Errorf("%d images: counters of %d images, %d cycles, %d processes, %d FIFOs", n, c.Images, c.Cycles, len(c.Processes), len(c.FIFOs))
		}
		for i, f := range c.FIFOs {
			if s := p.HW.Streams[i]; f.Name != s.Name || f.Most < 1 || f.Most > s.Depth {
				t.Errorf("FIFO %s held %d; its name is %s and its depth %d", f.Name, f.Most, s.Name, s.Depth)
			}
		}
	}
	if msg, err := run(data, "X=", "--images", filepath.Join(work, "images.npy"), "--output", filepath.Join(work, "y")); err != nil {
		t.Errorf("%v\n%s", err, msg)
	} else {
		checkResults(t, d, filepath.Join(work, "y"), out)
	}
	// A weight file of another design, of the same length, and one with another end; a short DMA.
	wrong := filepath.Join(work, "wrong")
	if err := os.CopyFS(wrong, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	weights := projecttest.Read(t, data, "weights.bin")
	edit := func(change func(b []byte)) {
		b := bytes.Clone(weights)
		change(b)
		if err := os.WriteFile(filepath.Join(wrong, "weights.bin"), b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	edit(func(b []byte) {
		for i := range b[:len(b)-4] {
			b[i] ^= 0x15
		}
	})
	if msg, err := run(wrong, "X=", "--selftest"); err == nil || !strings.Contains(msg, "differs from the reference") {
		t.Errorf("wrong weights: %v\n%s", err, msg)
	}
	edit(func(b []byte) { b[len(b)-1] ^= 1 })
	if msg, err := run(wrong, "X=", "--selftest"); err == nil || !strings.Contains(msg, "they are of another design") {
		t.Errorf("another end of the weights: %v\n%s", err, msg)
	}
	if msg, err := run(data, fmt.Sprintf("HASS_FAKE_SHORT=%d", p.Input.AXIBytes()), "--selftest"); err == nil || !strings.Contains(msg, "the transfer of output0 does not end") {
		t.Errorf("a short DMA: %v\n%s", err, msg)
	}
}
