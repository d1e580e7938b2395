package hls_test

import (
	"bytes"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hass/codegen/project"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/memory"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/projecttest"
)

// wideDesign has window beats and accumulators of more bits than one C++ stream takes before every module that reads them: a fork
// to two gangs, a fork that deals to banks, a join, a depthwise engine, a pool.
func wideDesign(t testing.TB, dir string) *design.Design {
	t.Helper()
	rng := rand.New(rand.NewSource(11))
	f := fixed.Format{Bits: 16, Frac: 8, Signed: true}
	b := hwtest.NewBuilder(rng, 4, 20, 11, f)
	conv := func(outC, groups int, density float64) {
		b.Conv(b.Last(), hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: outC, Groups: groups, Out: f, WeightBits: 16, Density: density, Shift: 16})
	}
	conv(10, 1, 0.7)
	conv(10, 1, 0.4)
	conv(30, 1, 1)
	conv(30, 30, 1)
	b.Pool(b.Last(), hwtest.Square(3, 1, 1), hwtest.Maximum, false, f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := []hw.Layer{
		{InPx: 8, InCh: 1, OutPx: 8, OutCh: 10, MTap: 3, MCh: 11, Engine: hw.Banked, N: 3, Gang: 5, GangDepth: 5, WeightMem: memory.BRAM},
		{InPx: 8, InCh: 10, OutPx: 9, OutCh: 5, MTap: 3, MCh: 10, Engine: hw.Elastic, N: 2, Gang: 5, GangDepth: 5, WeightMem: memory.LUTRAM},
		{InPx: 9, InCh: 5, OutPx: 4, OutCh: 30, MTap: 3, MCh: 5, Engine: hw.Dense, N: 15, Gang: 30, GangDepth: 5, WeightMem: memory.LUTRAM},
		{InPx: 4, InCh: 30, OutPx: 2, OutCh: 15, MTap: 9, MCh: 15, Engine: hw.Dense, N: 9, Gang: 15, GangDepth: 5, WeightMem: memory.LUTRAM},
		{InPx: 2, InCh: 15, OutPx: 2, OutCh: 15, MTap: 9, MCh: 15},
	}
	for i := range layers {
		layers[i].LinePixels = hw.WindowOf(net, net.Layers[i], layers[i]).FullLinePixels()
	}
	depths, err := hwtest.LiveDepths(rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	images := [][]int32{hwtest.Image(rng, net.Tensors[net.Input]), hwtest.Image(rng, net.Tensors[net.Input])}
	d := designtest.New(t, dir, net, layers, depths, images)
	projecttest.Board(d, "U250", "xcu250-figd2104-2L-e")
	return d
}

// TestWideStreams: tokens that are too wide for one stream are split into parts, and the C++ is correct with our headers and with a
// vendor's.
func TestWideStreams(t *testing.T) {
	r := newRunner(t, "-O0")
	t.Parallel()
	dir := t.TempDir()
	d := wideDesign(t, dir)
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	wide := map[hw.ProcessKind]bool{}
	for _, s := range n.Streams {
		if s.Width() > 4096 {
			wide[n.Processes[s.To].Kind] = true
			if s.Parts() < 2 {
				t.Errorf("FIFO %s of %d bits is in one part", s.Name, s.Width())
			}
		} else if s.Parts() != 1 {
			t.Errorf("FIFO %s of %d bits is in %d parts", s.Name, s.Width(), s.Parts())
		}
	}
	for _, kind := range []hw.ProcessKind{hw.Fork, hw.Engine, hw.Join, hw.Pool} {
		if !wide[kind] {
			t.Errorf("no wide stream into a %s", kind)
		}
	}
	out := projecttest.Generate(t, d, dir, "project")
	top, err := os.ReadFile(filepath.Join(out, "src", project.TopName+".cpp"))
	if err != nil || !strings.Contains(string(top), "HASS_WIDE_STREAM(design::s16_8x33, ") {
		t.Errorf("%v\n%s", err, top)
	}
	if res, code := r.csim(t, out); code != 0 || !res.OK() {
		t.Errorf("exit code %d: %s", code, res.Problem())
	}
	vendorCsim(t, out)
}

// wideProgram passes tokens through a wide stream as synthesis sees it: two parts of three lanes and one of one, or one each.
const wideProgram = `#define __SYNTHESIS__
#include <cstdio>
#include "hass/wide.hpp"
template <int PX, int N, int PARTS> int pass() {
  using token = hass::wide_beat<ap_int<9>, PX, N, PARTS>;
  hass::wide_stream<token> s;
  int wrong = 0;
  for (int k = 0; k < 5; ++k) {
    token x;
    for (int i = 0; i < token::LANES; ++i) x.v[i] = 37 * k - 50 + i;
    s.write(x);
  }
  for (int k = 0; k < 5; ++k) {
    const token y = s.read();
    for (int i = 0; i < token::LANES; ++i) wrong += y.v[i].to_int() != 37 * k - 50 + i;
  }
  for (auto& part : s.parts) wrong += part.empty() ? 0 : 1;
  return wrong;
}
int main() {
  const int wrong = pass<1, 7, 3>() + pass<2, 3, 6>() + pass<5, 5, 2>() + pass<4, 4, 1>();
  std::printf("%d wrong\n", wrong);
  return wrong != 0;
}
`

// TestWideStreamInSynthesis runs the branch of wide.hpp that csim does not: several streams.
func TestWideStreamInSynthesis(t *testing.T) {
	projecttest.NeedCompiler(t)
	t.Parallel()
	dir := t.TempDir()
	out := projecttest.Generate(t, wideDesign(t, dir), dir, "project")
	vendor := vendorHeaders(t, out)
	source, bin := filepath.Join(dir, "wide.cpp"), filepath.Join(dir, "wide")
	if err := os.WriteFile(source, []byte(wideProgram), 0o666); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("g++", "-std=c++14", "-pedantic-errors", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-Werror", "-I"+vendor, "-I"+filepath.Join(out, "include"), source, "-o", bin).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if text, err := exec.Command(bin).CombinedOutput(); err != nil || !bytes.Contains(text, []byte("0 wrong")) {
		t.Errorf("%v\n%s", err, text)
	}
	// The top as synthesis reads it.
	text, err = exec.Command("g++", "-std=c++14", "-pedantic-errors", "-fsyntax-only", "-D__SYNTHESIS__", "-Wall", "-Wno-unknown-pragmas", "-Werror", "-I"+vendor,
		"-I"+filepath.Join(out, "include"), filepath.Join(out, "src", project.TopName+".cpp")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}
