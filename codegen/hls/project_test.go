package hls_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen"
	"hass/codegen/verify"
	"hass/internal/hw/live"
	"hass/internal/test/designtest"
	"hass/internal/test/projecttest"
)

// TestResidual runs one and two pixels per beat on an odd width, and the same projects with
// a skip FIFO one token below its minimum: csim reports the very deadlock of the token model.
func TestResidual(t *testing.T) {
	r := newRunner(t, "-O0")
	for _, px := range []int{1, 2} {
		t.Run(fmt.Sprintf("px%d", px), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := projecttest.Residual(t, dir, px)
			images, err := d.GoldenImages(dir)
			if err != nil {
				t.Fatal(err)
			}
			res, code := r.csim(t, projecttest.Generate(t, d, dir, "good"))
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
				_, dead := live.Run(n, len(images))
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
				res, code := r.csim(t, projecttest.Generate(t, d, dir, "shallow"))
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
	d := projecttest.Residual(t, dir, 1)
	images, err := d.GoldenImages(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "project")
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{Images: 1}); err != nil {
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
		{name: "sparse engine drops a lane", file: "engine.hpp", from: "d.w[g * M + i].to_uint()) << i;", to: "d.w[g * M + i].to_uint() & (i != M - 1)) << i;", want: "l0_conv_join"},
		{name: "dense engine drops a lane", file: "engine.hpp", from: "sum += x.v[S::first(p, g) + i * S::STRIDE].to_int() * row[g", to: "if (i != E::M - 1) sum += x.v[S::first(p, g) + i * S::STRIDE].to_int() * row[g", want: "l3_conv_join"},
		{name: "crossbar drops a lane in the selector", file: "engine.hpp", from: "value |= (take >> i & 1) != 0 ?", to: "value |= (take >> i & 1) != 0 && (KIND == BANKED || i != 0) ?", want: "l1_conv_join"},
		{name: "crossbar takes one lane fewer", file: "engine.hpp", from: "SHARE = E::KIND == BANKED ? 1 : E::N;", to: "SHARE = E::KIND == BANKED ? 1 : E::N - 1;", cost: true},
		{name: "beat ends early", file: "engine.hpp", from: "pairs > (t + 1) * SHARE", to: "pairs > (t + 1) * SHARE + 1", want: "pairs are left when a beat ends"},
		{name: "requantise rounds down", file: "arith.hpp", from: "(halves + carry) >> 1", to: "halves >> 1", want: "join"},
		{name: "threshold ignored", file: "window.hpp", from: "n < L::TAU && -n < L::TAU ? element(0) : v", to: "v", want: "l0_conv_join"},
		{name: "no saturation", file: "arith.hpp", from: "return v < lo ? lo : v > hi ? hi : v;", to: "return v + 0 * (lo + hi);", want: "process"},
		{name: "TLAST one early", file: "sink.hpp", from: "word.last = left == 1;", to: "word.last = left == 2;", want: "TLAST"},
		{name: "padding not zero", file: "window.hpp", from: "beat.v[lane] = L::PAD;", to: "beat.v[lane] = 1;", want: "l0_conv_join"},
		{name: "accumulator not cleared", file: "engine.hpp", from: "first ? typename E::acc(0) : acc[l]", to: "first && false ? typename E::acc(0) : acc[l]", want: "accumulator overflow in process"},
		{name: "row end in the line buffer", file: "window.hpp", from: "x = row_out ? -L::PL : x + S::STEP_X;", to: "x = row_out ? 0 : x + S::STEP_X;", want: "l0_conv_join"},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := projecttest.Residual(t, dir, 1)
			out := projecttest.Generate(t, d, dir, "project")
			projecttest.Edit(t, filepath.Join(out, lib, m.file), m.from, m.to)
			res, code := r.csim(t, out)
			if m.cost {
				if code != 0 || !res.OK() {
					t.Fatalf("exit code %d: %s", code, res.Problem())
				}
				images, err := d.GoldenImages(dir)
				if err != nil {
					t.Fatal(err)
				}
				sub := &verify.CSimResult{CSimReport: verify.CSimReport{Engines: res.Engines}}
				if diffs := sub.CompareEngines(projecttest.SimCosts(t, d, images)); len(diffs) == 0 {
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

// TestVendorHeaders runs the sources in the same way as with AMD's headers: unbounded streams, processes
// one after the other.
func TestVendorHeaders(t *testing.T) {
	projecttest.NeedCompiler(t)
	t.Parallel()
	dir := t.TempDir()
	d := projecttest.Residual(t, dir, 2)
	vendorCsim(t, projecttest.Generate(t, d, dir, "project"))
}

// vendorHeaders makes a folder next to a project with headers like AMD's.
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
	data, err := os.ReadFile(filepath.Join(out, verify.ReportName))
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
	if res, code := r.csim(t, projecttest.Generate(t, designtest.Random(t, dir, seed, 2), dir, "project")); code != 0 || !res.OK() {
		t.Errorf("seed %d: exit code %d: %s", seed, code, res.Problem())
	}
	dir = t.TempDir()
	if res, code := r.csim(t, projecttest.Generate(t, projecttest.Residual(t, dir, 2), dir, "project")); code != 0 || !res.OK() {
		t.Errorf("residual: exit code %d: %s", code, res.Problem())
	}
}
