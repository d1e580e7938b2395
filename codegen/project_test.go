package codegen

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/test/hwtest"
)

// residual is conv, conv, add with the first conv's input, a banked and a crossbar engine,
// an 8-bit layer with a shift per channel, and a dense last layer, at px pixels per
// beat. Skip FIFOs are at their token minimum.
func residual(t testing.TB, dir string, px int) *design.Design {
	t.Helper()
	r := rng(int64(px))
	f := fixed.Format{Bits: 16, Frac: 8, Signed: true}
	u := fixed.Format{Bits: 8, Frac: 3}
	b := hwtest.NewBuilder(r, 6, 7, 4, f)
	x := b.Last()
	same := hwtest.Square(3, 1, 1)
	spec := hwtest.ConvSpec{Window: same, OutC: 4, Out: f, WeightBits: 16, Density: 0.6, Shift: 17, TauA: 300}
	y := b.Conv(b.Conv(x, spec), spec)
	z := b.Add(y, x, u)
	asym := intnet.Window{Kernel: [2]int{3, 3}, Stride: [2]int{2, 1}, Dilation: [2]int{1, 1}, Pads: [4]int{0, 2, 1, 0}}
	b.Conv(z, hwtest.ConvSpec{Window: asym, OutC: 6, Out: u, WeightBits: 8, PerChannel: true, Density: 0.8, Shift: 10})
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	conv := hw.Layer{InPx: px, InCh: 2, OutPx: px, OutCh: 2, MTap: 3, MCh: 2, Engine: hw.Banked, N: 2, Gang: 1, GangDepth: 3, WeightMem: memory.BRAM}
	layers := []hw.Layer{conv, conv, {InPx: px, InCh: 4, OutPx: px, OutCh: 4}, conv}
	layers[1].Engine, layers[1].N, layers[1].WeightMem = hw.Crossbar, 4, memory.LUTRAM
	layers[3] = hw.Layer{InPx: px, InCh: 4, OutPx: px, OutCh: 3, MTap: 9, MCh: 1, Engine: hw.Dense, N: 9, Gang: 3, GangDepth: 2, WeightMem: memory.URAM}
	for i, l := range net.Layers {
		if l.Kind == intnet.KindConv {
			layers[i].LinePixels = hw.WindowOf(net, l, layers[i]).FullLinePixels()
		}
	}
	n, err := hw.Expand(net, layers, nil)
	if err != nil {
		t.Fatal(err)
	}
	depths := make(map[string]int)
	for i := range n.Streams {
		if s := &n.Streams[i]; s.Join >= 0 {
			s.Depth = 2 * s.Tokens
		}
	}
	for i := range n.Streams {
		s := &n.Streams[i]
		if s.Join >= 0 {
			if s.Depth, err = n.TokenMinimum(i, s.Depth); err != nil {
				t.Fatal(err)
			}
		}
		depths[s.Name] = s.Depth
	}
	var images [][]int32
	for range 3 {
		images = append(images, hwtest.Image(r, net.Tensors[net.Input]))
	}
	return newDesign(t, dir, net, layers, depths, images)
}

// edit replaces text in a generated file; the text must be there.
func edit(t testing.TB, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(from)) {
		t.Fatalf("%s does not contain %q", file, from)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(data, []byte(from), []byte(to)), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestResidual runs one and two pixels per beat on an odd width, and the same projects with
// a skip FIFO one token below its minimum: csim reports the very deadlock of the token model.
func TestResidual(t *testing.T) {
	r := newRunner(t, "-O0")
	for _, px := range []int{1, 2} {
		t.Run(fmt.Sprintf("px%d", px), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := residual(t, dir, px)
			images, err := d.GoldenImages(dir)
			if err != nil {
				t.Fatal(err)
			}
			res, code := r.csim(t, generate(t, d, dir, "good"))
			if code != 0 || !res.OK() {
				t.Fatalf("exit code %d: %s", code, res.Problem())
			}
			compareWithSim(t, d, images, res)

			n, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			skips := 0
			for i, s := range n.Streams {
				if s.Join < 0 {
					continue
				}
				n.Streams[i].Depth--
				_, dead := n.RunTokens(len(images))
				n.Streams[i].Depth++
				if s.Depth == 1 || dead == nil || dead.Enlarge != s.Name {
					continue // not the skip connection
				}
				skips++
				for k := range d.FIFOs {
					if d.FIFOs[k].Name == s.Name {
						d.FIFOs[k].Depth--
					}
				}
				res, code := r.csim(t, generate(t, d, dir, "shallow"))
				if code != 3 || res.Deadlock != dead.Error() {
					t.Errorf("one below the minimum: exit code %d\n got %s\nwant %s", code, res.Deadlock, dead)
				}
				t.Logf("minimum %d: %s", s.Depth, res.Deadlock)
				break
			}
			if skips != 1 {
				t.Errorf("no skip FIFO was tested")
			}
		})
	}
}

// TestOneImage runs a project with one golden image, twice.
func TestOneImage(t *testing.T) {
	r := newRunner(t, "-O0")
	t.Parallel()
	dir := t.TempDir()
	d := residual(t, dir, 1)
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "project")
	if _, err := Generate(context.Background(), d, dir, out, Options{Images: 1}); err != nil {
		t.Fatal(err)
	}
	res, code := r.csim(t, out)
	if code != 0 || !res.OK() || res.Images != 1 {
		t.Fatalf("exit code %d, %d images: %s", code, res.Images, res.Problem())
	}
	compareWithSim(t, d, images[:1], res)
}

// TestMutants breaks the generated library in one place each; verification must notice.
func TestMutants(t *testing.T) {
	r := newRunner(t, "-O0")
	r.flags = append(r.flags, "-Wno-unused", "-Wno-type-limits")
	const lib = "include/hass/"
	for _, m := range []struct {
		name, file, from, to string
		cost                 bool   // outputs stay equal, the cycles do not
		want                 string // in the first mismatch
	}{
		{name: "sparse engine drops a lane", file: "engine.hpp", from: "row[g * M + i].to_int() != 0;", to: "row[g * M + i].to_int() != 0 && i != M - 1;", want: "l0_conv_join"},
		{name: "dense engine drops a lane", file: "engine.hpp", from: "sum += x.v[x0 + i * XSTEP].to_int() * row[g * M + i].to_int();", to: "if (i != M - 1) sum += x.v[x0 + i * XSTEP].to_int() * row[g * M + i].to_int();", want: "l3_conv_join"},
		{name: "crossbar drops a lane in the selector", file: "engine.hpp", from: "sum += take[n] != 0 ? product : 0;", to: "sum += take[n] != 0 && (KIND == BANKED || i != 0) ? product : 0;", want: "l1_conv_join"},
		{name: "crossbar takes one lane fewer", file: "engine.hpp", from: "      taken |= here;", to: "      if (n == N - 1) take[n] = 0;\n      taken |= take[n];", cost: true},
		{name: "requantise rounds down", file: "arith.hpp", from: "(halves + carry) >> 1", to: "halves >> 1", want: "join"},
		{name: "threshold ignored", file: "window.hpp", from: "n < L::TAU && -n < L::TAU ? element(0) : v", to: "v", want: "l0_conv_join"},
		{name: "no saturation", file: "arith.hpp", from: "return v < lo ? lo : v > hi ? hi : v;", to: "return v + 0 * (lo + hi);", want: "process"},
		{name: "TLAST one early", file: "sink.hpp", from: "word.last = left == 1;", to: "word.last = left == 2;", want: "TLAST"},
		{name: "padding not zero", file: "window.hpp", from: "beat.v[lane] = L::PAD;", to: "beat.v[lane] = 1;", want: "l0_conv_join"},
		{name: "accumulator not cleared", file: "engine.hpp", from: "          acc[l] = 0;\n        }", to: "        }", want: "accumulator overflow in process"},
		{name: "row end in the line buffer", file: "window.hpp", from: "out_group = 0;\n          x = -L::PL;", to: "out_group = 0;\n          x = 0;", want: "l0_conv_join"},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := residual(t, dir, 1)
			out := generate(t, d, dir, "project")
			edit(t, filepath.Join(out, lib, m.file), m.from, m.to)
			res, code := r.csim(t, out)
			if m.cost {
				if code != 0 || !res.OK() {
					t.Fatalf("exit code %d: %s", code, res.Problem())
				}
				images, err := d.GoldenImages(dir)
				if err != nil {
					t.Fatal(err)
				}
				sub := &VerifyResult{Engines: res.Engines}
				if diffs := sub.CompareEngines(simCosts(t, d, images)); len(diffs) == 0 {
					t.Errorf("the engines' cycles are as the simulator's")
				} else {
					t.Log(diffs[0])
				}
				return
			}
			if code == 0 || res.OK() {
				t.Fatalf("exit code %d, %s: the mutant passes", code, res.Problem())
			}
			if !strings.Contains(res.Problem(), m.want) {
				t.Errorf("%q does not name %s", res.Problem(), m.want)
			}
			t.Log(res.Problem())
		})
	}
}

// vendorStream is an hls_stream.h that behaves as AMD's in csim: unbounded, named by a
// std::string, not copyable.
const vendorStream = `#pragma once
#include <deque>
#include <iostream>
#include <string>
namespace hls {
template <typename T> class stream {
  std::string name_;
  std::deque<T> data_;
  stream(const stream&);
  stream& operator=(const stream&);
 public:
  stream() {}
  stream(const std::string name) : name_(name) {}
  virtual ~stream() { if (!data_.empty()) std::cout << "WARNING: " << name_ << " contains leftover data" << std::endl; }
  bool empty() { return data_.empty(); }
  T read() {
    if (data_.empty()) { std::cout << "WARNING: " << name_ << " is read while empty" << std::endl; return T(); }
    T v = data_.front();
    data_.pop_front();
    return v;
  }
  void write(const T& v) { data_.push_back(v); }
  size_t size() { return data_.size(); }
};
}
`

// TestVendorHeaders runs the sources as they run with AMD's headers: unbounded streams, the
// processes one after the other.
func TestVendorHeaders(t *testing.T) {
	needCompiler(t)
	t.Parallel()
	dir := t.TempDir()
	d := residual(t, dir, 2)
	vendorCsim(t, generate(t, d, dir, "project"))
}

// vendorHeaders is a folder beside a project with headers as AMD's.
func vendorHeaders(t *testing.T, out string) string {
	t.Helper()
	vendor := filepath.Join(filepath.Dir(out), "vendor")
	if err := os.Mkdir(vendor, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ap_int.h", "ap_axi_sdata.h"} {
		data, err := os.ReadFile(filepath.Join(out, "sim", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(vendor, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(vendor, "hls_stream.h"), []byte(vendorStream), 0o666); err != nil {
		t.Fatal(err)
	}
	return vendor
}

// vendorCsim runs a project with headers as AMD's.
func vendorCsim(t *testing.T, out string) {
	t.Helper()
	cmd := exec.Command("make", "-j2", "csim", "CXXFLAGS=-O0 -Werror", "AMD_HEADERS="+vendorHeaders(t, out))
	cmd.Dir = out
	text, err := cmd.CombinedOutput()
	if err != nil || bytes.Contains(text, []byte("WARNING")) {
		t.Fatalf("%v\n%s", err, text)
	}
	data, err := os.ReadFile(filepath.Join(out, ReportName))
	if err != nil || !bytes.Contains(data, []byte(`"bounded": false`)) {
		t.Errorf("%v\n%s", err, data)
	}
}

// TestSanitizers runs a project under the address and undefined behaviour sanitizers.
func TestSanitizers(t *testing.T) {
	r := newRunner(t, "-O0", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
	t.Parallel()
	const seed = 3
	dir := t.TempDir()
	if res, code := r.csim(t, generate(t, randomDesign(t, dir, seed, 2), dir, "project")); code != 0 || !res.OK() {
		t.Errorf("seed %d: exit code %d: %s", seed, code, res.Problem())
	}
	dir = t.TempDir()
	if res, code := r.csim(t, generate(t, residual(t, dir, 2), dir, "project")); code != 0 || !res.OK() {
		t.Errorf("residual: exit code %d: %s", code, res.Problem())
	}
}

// tree reads a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestGenerate checks that generation is deterministic, reads weights from the side file,
// and lets no name of the model through.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	d := residual(t, dir, 2)
	a := tree(t, generate(t, d, dir, "a"))
	const evil = "x\"); system(\"$(rm -rf /)\n#include </etc/passwd> é"
	d.Model, d.Net.Name = evil, evil
	for i := range d.Net.Tensors {
		d.Net.Tensors[i].Name = evil
	}
	for i := range d.Net.Layers {
		d.Net.Layers[i].Name = evil
		if c := d.Net.Layers[i].Conv; c != nil {
			c.Weights, c.Bias = nil, nil
		}
	}
	b := tree(t, generate(t, d, dir, "b"))
	for name, text := range a {
		// These may hold the model's name, quoted, or a hash of it.
		if b[name] != text && !slices.Contains([]string{"README.md", recordName, artifact.ManifestName}, name) {
			t.Errorf("%s differs", name)
		}
		if strings.Contains(b[name], evil) {
			t.Errorf("%s holds a name of the model as it is", name)
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d files, then %d", len(a), len(b))
	}
	for _, name := range []string{"Makefile", "src/hass_top.cpp", "src/layer_l0_conv.cpp", "include/hass/engine.hpp", "sim/ap_int.h", "tb/tb.cpp", "data/weights.bin", "data/golden_input.bin", "data/golden_output0.bin"} {
		if a[name] == "" {
			t.Errorf("no %s", name)
		}
	}
}

// TestBadDesigns checks that Generate refuses what it cannot emit and leaves nothing behind.
func TestBadDesigns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(d *design.Design, dir string)
		want   string
	}{
		{"weight memory", func(d *design.Design, _ string) { d.Layers[0].WeightMem = memory.None }, "weight_mem"},
		{"changed golden file", func(d *design.Design, dir string) {
			os.WriteFile(filepath.Join(dir, "golden.npy"), []byte("x"), 0o666)
		}, "golden.npy"},
		{"missing weights", func(d *design.Design, dir string) {
			d.Net.Layers[0].Conv.Weights = nil
			os.Remove(filepath.Join(dir, "weights.bin"))
		}, "weights.bin"},
		{"no network", func(d *design.Design, _ string) { d.Net = nil }, "no integer network"},
		{"bad identifier", func(d *design.Design, _ string) { d.Net.Layers[0].ID = "a b" }, "identifier"},
		{"too wide a port", func(d *design.Design, _ string) { d.Net.Tensors[0].C = 1000 }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			d := residual(t, dir, 1)
			tt.change(d, dir)
			_, err := Generate(context.Background(), d, dir, filepath.Join(dir, "out"), Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
				t.Error("a folder was left behind")
			}
		})
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Generate(ctx, residual(t, dir, 1), dir, filepath.Join(dir, "out"), Options{}); err == nil {
		t.Error("a cancelled context generates")
	}
}

// TestVerify runs make csim on a network of the size of ResNet-8, moves the folder and
// runs it again, and checks what is said when the compiler is missing or fails.
func TestVerify(t *testing.T) {
	needCompiler(t)
	r := rng(1)
	net, err := hwtest.ResNet8(r, 16, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	layers, depths, err := hwtest.UniformHW(net, hw.Banked, 1, 3, 8, 2)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 2 {
		images = append(images, hwtest.Image(r, net.Tensors[net.Input]))
	}
	dir := t.TempDir()
	d := newDesign(t, dir, net, layers, depths, images)
	out := generate(t, d, dir, "project")
	start := time.Now()
	res, err := Verify(context.Background(), out)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("make csim: %v", time.Since(start))
	if !res.OK() || res.Images != 2 || res.Problem() != "" {
		t.Fatalf("%+v", res)
	}
	for _, diff := range res.CompareEngines(simCosts(t, d, images)) {
		t.Error(diff)
	}
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	used := make(map[string]StreamUse)
	for _, s := range res.Streams {
		used[s.Name] = s
	}
	for _, s := range n.Streams {
		if u := used[s.Name]; u.Depth != s.Depth || u.MaxOccupancy < 1 || u.MaxOccupancy > s.Depth {
			t.Errorf("FIFO %s of depth %d: csim reports %+v", s.Name, s.Depth, u)
		}
	}

	moved := filepath.Join(dir, "moved")
	if err := os.Rename(out, moved); err != nil {
		t.Fatal(err)
	}
	edit(t, filepath.Join(moved, "include", "hass", "arith.hpp"), "(halves + carry) >> 1", "halves >> 1")
	start = time.Now()
	res, err = Verify(context.Background(), moved)
	if err != nil || res.OK() || !strings.Contains(res.FirstMismatch, "process l0_conv_join, tensor ") {
		t.Errorf("a mutant in a moved folder: %v, %+v", err, res)
	}
	t.Logf("again, rounding down: %v: %s", time.Since(start), res.Problem())

	edit(t, filepath.Join(moved, "src", "ports.cpp"), "namespace design {", "namespace design { syntax error")
	if _, err := Verify(context.Background(), moved); err == nil || !strings.Contains(err.Error(), "ports.cpp") {
		t.Errorf("a project that does not compile: %v", err)
	}
	t.Setenv("CXX", "no-such-compiler -x")
	if _, err := Verify(context.Background(), moved); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "no-such-compiler") {
		t.Errorf("no compiler: %v", err)
	}
}
