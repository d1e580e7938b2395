package host_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/codegen/host"
	"hass/codegen/project"
	"hass/internal/design"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
	"hass/internal/test/testenv"
)

func goldenFile(t *testing.T, name string, got []byte) {
	t.Helper()
	projecttest.Golden(t, filepath.Join("testdata", "scripts", name), got)
}

// TestConfigurations compares the generated constants and configurations of the three kinds of
// parts with golden files.
func TestConfigurations(t *testing.T) {
	for _, tt := range []struct{ name, part string }{
		{"ZedBoard", "xc7z020clg484-1"}, {"ZCU104", "xczu7ev-ffvc1156-2-e"}, {"U50", "xcu50-fsvh2104-2-e"},
	} {
		_, out, _ := projecttest.Small(t, t.TempDir(), tt.name, tt.part, 2)
		var all bytes.Buffer
		for _, f := range []string{"hls_config.cfg", "hls_config_vivado.cfg", "design.tcl", "link.cfg", "design.sh", "host/design.hpp", "host/design.json", "host/kernels/mm2s.cpp", "host/kernels/s2mm.cpp"} {
			fmt.Fprintf(&all, "==> %s\n%s", f, projecttest.Read(t, out, f))
		}
		goldenFile(t, strings.ToLower(tt.name)+".txt", all.Bytes())
	}
}

// TestSourceLists checks that every source that a tool must have is named once, and exists.
func TestSourceLists(t *testing.T) {
	_, out, _ := projecttest.Small(t, t.TempDir(), "ZCU104", "xczu7ev-ffvc1156-2-e", 2)
	for key, folder := range map[string]string{"syn.file": "src", "tb.file": "tb"} {
		var want []string
		names, _ := filepath.Glob(filepath.Join(out, folder, "*.cpp"))
		for _, n := range names {
			want = append(want, folder+"/"+filepath.Base(n))
		}
		var got []string
		for _, line := range strings.Split(string(projecttest.Read(t, out, "hls_config.cfg")), "\n") {
			if f, ok := strings.CutPrefix(line, key+"="); ok && f != "data" {
				got = append(got, f)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-in the folder +in hls_config.cfg):\n%s", key, diff)
		}
	}
}

// tcl runs scripts in one folder, one after the other, with the recording stand-ins. It gives the records and the error
// output of the script that failed.
func tcl(t *testing.T, out, script string, env []string, args ...string) (record, stderr string, ok bool) {
	t.Helper()
	return tclIn(t, t.TempDir(), out, script, env, args...)
}

func tclIn(t *testing.T, dir, out, script string, env []string, args ...string) (record, stderr string, ok bool) {
	t.Helper()
	testenv.Tools(t, "tcl", "tclsh")
	tools, err := filepath.Abs("testdata/fakes/tools.tcl")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("tclsh", append([]string{tools, filepath.Join(dir, "record"), out, filepath.Join(out, script)}, args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var b bytes.Buffer
	cmd.Stderr = &b
	err = cmd.Run()
	if script == "vivado/bd.tcl" && err == nil && !slices.Contains(args, "stop=bd") {
		for _, f := range []string{"hass.bit", "hass.hwh", "hass.xsa"} {
			if _, err := os.Stat(filepath.Join(dir, "vivado_out", f)); err != nil {
				t.Error(err)
			}
		}
	}
	return string(projecttest.Read(t, dir, "record")), b.String(), err == nil
}

func TestRunHLS(t *testing.T) {
	_, out, _ := projecttest.Small(t, t.TempDir(), "ZCU104", "xczu7ev-ffvc1156-2-e", 2)
	record, msg, ok := tcl(t, out, "run_hls.tcl", nil, "-f", "run_hls.tcl", "-tclargs", "flow=vivado", "steps=csim,csynth,cosim,export")
	if !ok {
		t.Fatal(msg)
	}
	goldenFile(t, "run_hls_all.txt", []byte(record))
	record, msg, ok = tcl(t, out, "run_hls.tcl", []string{"HASS_FLOW=vitis", "HASS_STEPS=export"})
	if !ok {
		t.Fatal(msg)
	}
	goldenFile(t, "run_hls_vitis.txt", []byte(record))
	for _, tt := range []struct{ arg, want string }{
		{"flow=quartus", "it is vivado or vitis"}, {"steps=csim,exec", `unknown step "exec"`}, {"help", `unknown argument "help"`},
		{"steps=[exit 7]", `unknown step "[exit 7]"`},
	} {
		record, msg, ok := tcl(t, out, "run_hls.tcl", nil, "-tclargs", tt.arg)
		if ok || !strings.Contains(msg, tt.want) || strings.Contains(record, "open_project") {
			t.Errorf("%s: ok %v, message %q", tt.arg, ok, msg)
		}
	}
}

// zynqs are boards with a processing system, one for each kind of part and more.
var zynqs = []struct{ name, part string }{
	{"ZedBoard", "xc7z020clg484-1"}, {"Pynq-Z2", "xc7z020clg400-1"}, {"Zybo", "xc7z010clg400-1"}, {"ZCU104", "xczu7ev-ffvc1156-2-e"}, {"KV260", "xck26-sfvc784-2LV-c"},
}

// smallStreams are the streams of SmallNet's IP as Vitis HLS names them.
const smallStreams = "HASS_FAKE_STREAMS=input_r 128 output0 64"

func TestBlockDesign(t *testing.T) {
	component := func(t *testing.T, out string) {
		ip := filepath.Join(out, "w_vivado", "hls", "impl", "ip")
		if err := os.MkdirAll(ip, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(ip, "component.xml"), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range zynqs {
		t.Run(tt.name, func(t *testing.T) {
			_, out, _ := projecttest.Small(t, t.TempDir(), tt.name, tt.part, 2)
			if _, msg, ok := tcl(t, out, "vivado/bd.tcl", nil); ok || !strings.Contains(msg, "0 packaged IPs found") {
				t.Errorf("without an IP: ok %v, %q", ok, msg)
			}
			component(t, out)
			record, msg, ok := tcl(t, out, "vivado/bd.tcl", []string{smallStreams}, "jobs=2")
			if !ok {
				t.Fatal(msg)
			}
			goldenFile(t, "bd_"+strings.ToLower(tt.name)+".txt", []byte(record))

			// A board that Vivado does not know; another name of the stream; no bitstream.
			record, msg, ok = tcl(t, out, "vivado/bd.tcl", []string{"HASS_FAKE_BOARDS=none", "HASS_FAKE_STREAMS=input 128 output0 64"}, "stop=bd")
			if !ok || strings.Contains(record, "board_part") || strings.Contains(record, "launch_runs") || !strings.Contains(record, "accelerator/input}") && !strings.Contains(record, "accelerator/input\n") {
				t.Errorf("unknown board: ok %v, %s\n%s", ok, msg, record)
			}
			if _, msg, ok := tcl(t, out, "vivado/bd.tcl", []string{"HASS_FAKE_WNS=-0.5", smallStreams}); ok || !strings.Contains(msg, "not met by 0.5 ns") {
				t.Errorf("missed clock: ok %v, %q", ok, msg)
			}
			if _, msg, ok := tcl(t, out, "vivado/bd.tcl", []string{"HASS_FAKE_WNS=-0.5", smallStreams}, "timing=ignore"); !ok {
				t.Errorf("ignored timing: %s", msg)
			}
			if _, msg, ok := tcl(t, out, "vivado/bd.tcl", []string{"HASS_FAKE_STREAMS=in 128 output0 64"}); ok || !strings.Contains(msg, "no stream input") {
				t.Errorf("IP of another design: ok %v, %q", ok, msg)
			}
			if _, msg, ok := tcl(t, out, "vivado/bd.tcl", nil, "speed=fast"); ok || !strings.Contains(msg, "unknown argument") {
				t.Errorf("unknown argument: ok %v, %q", ok, msg)
			}
		})
	}
	t.Run("Alveo", func(t *testing.T) {
		_, out, _ := projecttest.Small(t, t.TempDir(), "U50", "xcu50-fsvh2104-2-e", 2)
		component(t, out)
		if _, msg, ok := tcl(t, out, "vivado/bd.tcl", nil); ok || !strings.Contains(msg, "no processing system") {
			t.Errorf("ok %v, %q", ok, msg)
		}
	})
	t.Run("many outputs", func(t *testing.T) {
		c := randomWithOutputs(t, 3)
		dir := t.TempDir()
		d := designtest.New(t, dir, c.Net, c.Layers, c.Depths, c.Images(2))
		projecttest.Board(d, "ZedBoard", "xc7z020clg484-1")
		out := projecttest.Generate(t, d, dir, "project")
		component(t, out)
		p, err := project.New(d, nil)
		if err != nil {
			t.Fatal(err)
		}
		streams := fmt.Sprintf("input_r %d", p.Input.AXIBits)
		for _, o := range p.Outputs {
			streams += fmt.Sprintf(" %s %d", o.Name, o.AXIBits)
		}
		if _, msg, ok := tcl(t, out, "vivado/bd.tcl", []string{"HASS_FAKE_STREAMS=" + streams}); !ok {
			t.Error(msg)
		}
	})
}

// randomWithOutputs is the first random case with at least n outputs.
func randomWithOutputs(t testing.TB, n int) *hwtest.Case {
	t.Helper()
	for seed := range int64(1000) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Net.Outputs) >= n {
			return c
		}
	}
	t.Fatalf("no random case has %d outputs", n)
	return nil
}

// TestBuildAlveo runs the build script with a v++ that writes down its arguments.
func TestBuildAlveo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a folder with blanks")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, out, _ := projecttest.Small(t, dir, "U50", "xcu50-fsvh2104-2-e", 2)
	bin := t.TempDir()
	fake := "#!/bin/sh\n{ echo v++; for a in \"$@\"; do echo \"  $a\"; done; } >>\"$HASS_RECORD\"\n"
	if err := os.WriteFile(filepath.Join(bin, "v++"), []byte(fake), 0o777); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		cmd := exec.Command("sh", append([]string{filepath.Join(out, "host", "build_alveo.sh")}, args...)...)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HASS_RECORD="+filepath.Join(bin, "record"))
		msg, err := cmd.CombinedOutput()
		return string(msg), err
	}
	if msg, err := run("xilinx_u50_gen3x16_xdma_5_202210_1", "hw_emu"); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	goldenFile(t, "build_alveo.txt", bytes.ReplaceAll(projecttest.Read(t, bin, "record"), []byte(out), []byte("ROOT")))
	if _, err := exec.LookPath("make"); err == nil {
		msg, err := exec.Command("make", "-n", "-C", filepath.Join(out, "host"), "xrt_host", "XILINX_XRT=/xrt").CombinedOutput()
		if want := "-std=c++17 -Wall -Wextra -O2 -I/xrt/include -o xrt_host xrt_host.cpp -L/xrt/lib -lxrt_coreutil -pthread"; err != nil || !strings.Contains(string(msg), want) {
			t.Errorf("make xrt_host: %v\n%s", err, msg)
		}
	}
	if msg, err := run(); err == nil || !strings.Contains(msg, "usage") {
		t.Errorf("without a platform: %v, %s", err, msg)
	}
	if msg, err := run("p", "fast"); err == nil || !strings.Contains(msg, "target fast") {
		t.Errorf("unknown target: %v, %s", err, msg)
	}
}

// python gives an interpreter that has numpy.
func python(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: runs python3 (-short)")
	}
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			return name
		}
	}
	t.Skip("skipped: no python3 with numpy (Debian: apt-get install python3-numpy)")
	return ""
}

// TestPYNQ runs the driver with a fake pynq: it must send the golden AXI words, and its results must equal those of
// the integer network.
func TestPYNQ(t *testing.T) {
	py := python(t)
	const images = 3
	type project struct {
		name string
		d    *design.Design
		out  string
		u8   []uint8
	}
	var list []project
	d, out, u8 := projecttest.Small(t, t.TempDir(), "ZedBoard", "xc7z020clg484-1", images)
	list = append(list, project{"small", d, out, u8})
	for seed := range int64(6) {
		c, err := hwtest.New(seed)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		d := designtest.New(t, dir, c.Net, c.Layers, c.Depths, c.Images(2))
		projecttest.Board(d, "ZedBoard", "xc7z020clg484-1")
		u8, q := projecttest.Pixels(t, d, images)
		e := designtest.New(t, dir, c.Net, c.Layers, c.Depths, q)
		d.Golden = e.Golden
		list = append(list, project{fmt.Sprintf("seed %d", seed), d, projecttest.Generate(t, d, dir, "project"), u8})
	}
	fakes, err := filepath.Abs("testdata/fakes")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		t.Run(p.name, func(t *testing.T) {
			dir := t.TempDir()
			in := p.d.Net.Tensors[p.d.Net.Input]
			var buf bytes.Buffer
			if err := npy.Write(&buf, &npy.Array{DType: "uint8", Shape: []int{images, in.H, in.W, in.C}, U8: p.u8}); err != nil {
				t.Fatal(err)
			}
			for name, data := range map[string][]byte{"images.npy": buf.Bytes(), "hass.bit": nil} {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			sent := filepath.Join(dir, "sent.bin")
			run := func(env string, args ...string) (string, error) {
				cmd := exec.Command(py, append([]string{filepath.Join(p.out, "host", "pynq_driver.py"), "--bit", filepath.Join(dir, "hass.bit")}, args...)...)
				cmd.Env = append(os.Environ(), "PYTHONPATH="+fakes, "PYTHONDONTWRITEBYTECODE=1", "HASS_FAKE_PROJECT="+p.out, "HASS_FAKE_SENT="+sent, env)
				msg, err := cmd.CombinedOutput()
				return string(msg), err
			}
			msg, err := run("X=", "--images", filepath.Join(dir, "images.npy"), "--output", filepath.Join(dir, "y"))
			if err != nil {
				t.Fatalf("%v\n%s", err, msg)
			}
			if !bytes.Equal(projecttest.Read(t, sent), projecttest.Read(t, p.out, "data", "golden_input.bin")) {
				t.Errorf("the words sent are not the golden words")
			}
			checkResults(t, p.d, filepath.Join(dir, "y"), p.out)

			if p.name != "small" {
				return
			}
			if msg, err := run("X=", "--selftest"); err != nil || !strings.Contains(msg, "3 images, 0 wrong words") {
				t.Errorf("self test: %v\n%s", err, msg)
			}
			if msg, err := run("HASS_FAKE_WRONG=1", "--selftest"); err == nil || !strings.Contains(msg, "image 1, word 0 differs") {
				t.Errorf("self test of a wrong board: %v\n%s", err, msg)
			}
			if err := os.Remove(filepath.Join(dir, "hass.bit")); err != nil {
				t.Fatal(err)
			}
			if msg, err := run("X=", "--selftest"); err == nil || !strings.Contains(msg, "no bitstream") {
				t.Errorf("without a bitstream: %v\n%s", err, msg)
			}
			if msg, err := run("X=", "--selftest", "--loaded"); err != nil || !strings.Contains(msg, "3 images, 0 wrong words") {
				t.Errorf("a design that is in the FPGA already: %v\n%s", err, msg)
			}
			if msg, err := run("X="); err == nil || !strings.Contains(msg, "nothing to do") {
				t.Errorf("without a task: %v\n%s", err, msg)
			}
		})
	}
}

// checkResults compares the driver's arrays with the network's outputs.
func checkResults(t *testing.T, d *design.Design, prefix, out string) {
	t.Helper()
	x, err := intnet.New(d.Net)
	if err != nil {
		t.Fatal(err)
	}
	images, err := d.GoldenImages(filepath.Dir(out))
	if err != nil {
		t.Fatal(err)
	}
	var want [][]float32
	for _, img := range images {
		outputs, err := x.Run(img)
		if err != nil {
			t.Fatal(err)
		}
		for k, o := range d.Net.Outputs {
			f := d.Net.Dequantize(o, outputs[k])
			if len(d.Net.Results) > 0 { // smallNet: softmax over the channels
				softmax(f, d.Net.Tensors[d.Net.Outputs[k]].C)
			}
			if k == len(want) {
				want = append(want, nil)
			}
			want[k] = append(want[k], f...)
		}
	}
	for k := range want {
		a, err := npy.Read(fmt.Sprintf("%s%d.npy", prefix, k))
		if err != nil {
			t.Fatal(err)
		}
		if len(a.F32) != len(want[k]) {
			t.Fatalf("output %d: %s of shape %v, want %d numbers", k, a.DType, a.Shape, len(want[k]))
		}
		for i, v := range a.F32 {
			if math.Abs(float64(v-want[k][i])) > 1e-6*math.Abs(float64(want[k][i])) {
				t.Fatalf("output %d, element %d: %g, want %g", k, i, v, want[k][i])
			}
		}
	}
}

func softmax(f []float32, channels int) {
	n := len(f) / channels
	for p := range n {
		var sum float64
		for c := range channels {
			sum += math.Exp(float64(f[c*n+p]))
		}
		for c := range channels {
			f[c*n+p] = float32(math.Exp(float64(f[c*n+p])) / sum)
		}
	}
}

// TestXRT compiles the host with the data movers and the accelerator over a fake XRT that runs
// their C++, and lets it compare with the golden vectors.
func TestXRT(t *testing.T) {
	projecttest.NeedCompiler(t)
	d, out, _ := projecttest.Small(t, t.TempDir(), "U50", "xcu50-fsvh2104-2-e", 3)
	p, err := project.New(d, nil)
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "xrt_host")
	args := []string{"-std=c++14", "-pedantic-errors", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-O1", "-o", exe,
		"-I" + filepath.Join(out, "include"), "-I" + filepath.Join(out, "src"), "-I" + filepath.Join(out, "sim"), "-I" + filepath.Join(out, "tb"), "-Itestdata/fakes",
		fmt.Sprintf("-DINPUT_BITS=%d", p.Input.AXIBits), fmt.Sprintf("-DOUTPUT_BITS=%d", p.Outputs[0].AXIBits),
		"testdata/fakes/fake_device.cpp", filepath.Join(out, "tb", "runtime.cpp")}
	for _, glob := range []string{"src/*.cpp", "host/*.cpp", "host/kernels/*.cpp"} {
		names, _ := filepath.Glob(filepath.Join(out, filepath.FromSlash(glob)))
		args = append(args, names...)
	}
	if msg, err := exec.Command("g++", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, msg)
	}
	xclbin := filepath.Join(t.TempDir(), "hass.xclbin")
	if err := os.WriteFile(xclbin, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(out, "data")
	run := func(env string, args ...string) (string, error) {
		cmd := exec.Command(exe, args...)
		cmd.Env = append(os.Environ(), env)
		msg, err := cmd.CombinedOutput()
		return string(msg), err
	}
	msg, err := run("X=", xclbin, data, "5")
	if err != nil || !strings.Contains(msg, "output0: 15 images, 0 wrong words") || !strings.Contains(msg, "images/s") {
		t.Errorf("%v\n%s", err, msg)
	}
	if msg, err := run("HASS_FAKE_WRONG=1", xclbin, data, "5"); err == nil || !strings.Contains(msg, "15 images, 1 wrong words") {
		t.Errorf("wrong card: %v\n%s", err, msg)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "usage"}, {[]string{"none", data}, "no such xclbin"}, {[]string{xclbin, out}, "weights.bin: cannot be read"},
		{[]string{xclbin, data, "0"}, "REPEAT"}, {[]string{xclbin, data, "1", "7"}, "no such device"},
	} {
		if msg, err := run("X=", tt.args...); err == nil || !strings.Contains(msg, tt.want) {
			t.Errorf("%q: %v\n%s", tt.args, err, msg)
		}
	}
}

// TestScriptsBadDesigns checks designs that the scripts cannot be made for.
func TestScriptsBadDesigns(t *testing.T) {
	net, layers := projecttest.SmallNet(t)
	for _, tt := range []struct {
		name, want string
		edit       func(d *design.Design)
	}{
		{"part", "no AMD part number", func(d *design.Design) { d.Part = "xczu7ev; exec evil" }},
		{"part with bracket", "no AMD part number", func(d *design.Design) { d.Part = "xczu7ev]" }},
		{"part with newline", "no AMD part number", func(d *design.Design) { d.Part = "xczu7ev\n" }},
		{"clock", "a clock of 0 MHz", func(d *design.Design) { d.Clock.MHz = 0 }},
		{"clock NaN", "a clock of NaN MHz", func(d *design.Design) { d.Clock.MHz = math.NaN() }},
		{"means", "0 means", func(d *design.Design) { d.Preproc.Mean = nil }},
		{"divisor", "holds +Inf", func(d *design.Design) { d.Preproc.Divisor = math.Inf(1) }},
	} {
		d := &design.Design{Net: net, Layers: layers}
		projecttest.Board(d, "ZCU104", "xczu7ev-ffvc1156-2-e")
		tt.edit(d)
		if _, err := project.New(d, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
	for _, tt := range []struct {
		want string
		edit func(r *intnet.Result)
	}{
		{"is not an output of the integer network", func(r *intnet.Result) { r.Tensor = 0 }},
		{"shape [1 2] does not have", func(r *intnet.Result) { r.Shape = []int{1, 2} }},
		{"host operator 9 does not exist", func(r *intnet.Result) { r.Host = []int{9} }},
	} {
		net, layers := projecttest.SmallNet(t)
		tt.edit(&net.Results[0])
		d := &design.Design{Net: net, Layers: layers}
		projecttest.Board(d, "ZCU104", "xczu7ev-ffvc1156-2-e")
		p, err := project.New(d, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := host.Files(p, nil, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}
