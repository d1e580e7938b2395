// Package projecttest has the fixtures for tests of generated projects: designs that cover most of the emitted text, their
// projects, golden files and edits.
//
// It takes a folder of the test. Only tests import it; tests of codegen must be external to do so.
package projecttest

import (
	"bytes"
	"context"
	"flag"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/codegen"
	"hass/hwsim"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/test/designtest"
	"hass/internal/test/hwtest"
	"hass/internal/test/testenv"
)

var update = flag.Bool("update", false, "rewrite golden files")

// NeedCompiler skips the test without g++ and make.
func NeedCompiler(t testing.TB) {
	t.Helper()
	testenv.Tools(t, "g++ make", "g++", "make")
}

// Generate writes the project of the design into a fresh folder of dir, the folder of its side files.
func Generate(t testing.TB, d *design.Design, dir, name string) string {
	t.Helper()
	out := filepath.Join(dir, name)
	if _, err := codegen.Generate(context.Background(), d, dir, out, codegen.Options{}); err != nil {
		t.Fatal(err)
	}
	return out
}

// Residual is conv, conv and an add with the first conv's input, with px pixels per beat. It has a banked and a crossbar
// engine, an 8-bit layer with a shift per channel, and a dense last layer. Skip FIFOs have their minimum depth.
func Residual(t testing.TB, dir string, px int) *design.Design {
	t.Helper()
	r := rand.New(rand.NewSource(int64(px)))
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
			if s.Depth, err = live.Minimum(n, i, s.Depth); err != nil {
				t.Fatal(err)
			}
		}
		depths[s.Name] = s.Depth
	}
	var images [][]int32
	for range 3 {
		images = append(images, hwtest.Image(r, net.Tensors[net.Input]))
	}
	return designtest.New(t, dir, net, layers, depths, images)
}

// Edit replaces text in a generated file; the text must be there.
func Edit(t testing.TB, file, from, to string) {
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

// Board puts a design on a platform, with a preprocessing for its channels.
func Board(d *design.Design, name, part string) {
	d.Platform, d.Part = name, part
	d.Clock = design.Clock{
		MHz: 200, Kind: design.ClockScaled, Low: 154, High: 200, Limit: 200,
		Slowest: "c1_engine0", ModuleMHz: 260, Derate: 0.85, Loop: "c1_window", LoopNs: 3.43,
	}
	if pl, err := design.LoadPlatform(strings.ToLower(name)); err == nil {
		d.Board = pl.Board
	}
	d.Preproc.Divisor = 255
	for c := range d.Net.Tensors[d.Net.Input].C {
		d.Preproc.Mean = append(d.Preproc.Mean, 0.485-0.03*float64(c))
		d.Preproc.Std = append(d.Preproc.Std, 0.229+0.001*float64(c))
	}
}

// Pixels makes random images for the design, and their integers.
func Pixels(t testing.TB, d *design.Design, n int) (u8 []uint8, q [][]int32) {
	t.Helper()
	in := d.Net.Tensors[d.Net.Input]
	p := dataset.Preproc(d.Preproc)
	rng := rand.New(rand.NewSource(7))
	size := in.H * in.W * in.C
	for range n {
		img := make([]uint8, size)
		rng.Read(img)
		chw := make([]float32, size)
		for i, v := range img {
			chw[i%in.C*in.H*in.W+i/in.C] = p.Value(v, i%in.C)
		}
		x, err := d.Net.QuantizeInput(chw)
		if err != nil {
			t.Fatal(err)
		}
		u8, q = append(u8, img...), append(q, x)
	}
	return u8, q
}

// SmallNet is a network with a residual connection, two pixels per beat, odd widths and odd numbers of lanes.
func SmallNet(t testing.TB) (*intnet.Net, []hw.Layer) {
	t.Helper()
	b := hwtest.NewBuilder(rand.New(rand.NewSource(3)), 6, 7, 3, fixed.Format{Bits: 11, Frac: 7, Signed: true})
	f := fixed.Format{Bits: 8, Frac: 3}
	spec := hwtest.ConvSpec{Window: hwtest.Square(3, 1, 1), OutC: 4, Out: f, WeightBits: 8, Density: 0.5, Shift: 10}
	x := b.Conv(b.Last(), spec)
	y := b.Conv(x, spec)
	b.Add(x, y, f)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	out := net.Tensors[net.Outputs[0]]
	net.Host = []intnet.HostOp{{Name: "prob", Op: "softmax", Shape: []int{1, out.C, out.H, out.W}, Axis: 1, Input: net.Outputs[0]}}
	net.Results = []intnet.Result{{Name: "prob", Shape: []int{1, out.C, out.H, out.W}, Tensor: net.Outputs[0], Host: []int{0}}}
	var layers []hw.Layer
	for _, l := range net.Layers {
		in := net.Tensors[l.In[0]]
		hl := hw.Layer{InPx: 2, InCh: in.C, OutPx: 2, OutCh: 4}
		if l.Kind == intnet.KindConv {
			hl.MTap, hl.MCh = 3, in.C
			hl.Engine, hl.N, hl.Gang, hl.GangDepth, hl.WeightMem = hw.Banked, hl.M()/3, 2, 2, memory.LUTRAM
			hl.LinePixels = hw.WindowOf(net, l, hl).FullLinePixels()
		}
		layers = append(layers, hl)
	}
	return net, layers
}

// Small generates SmallNet for a board.
func Small(t testing.TB, dir, name, part string, images int) (*design.Design, string, []uint8) {
	t.Helper()
	net, layers := SmallNet(t)
	d := designtest.New(t, dir, net, layers, map[string]int{net.Tensors[1].ID + "_2": 200}, nil)
	Board(d, name, part)
	for i, l := range net.Layers {
		d.Costs = append(d.Costs, design.LayerCost{Layer: l.ID, Cycles: 100 * float64(i+1), Resources: design.Resources{DSP: 3 * i, LUT: 700 + i, FF: 900, BRAM18: i}})
	}
	d.Costs = append(d.Costs, design.LayerCost{Layer: "fifos", Resources: design.Resources{LUT: 50}})
	d.Total = design.Resources{DSP: 9, LUT: 2153, FF: 2700, BRAM18: 3}
	d.Budget = design.Resources{DSP: 220, LUT: 42560, FF: 106400, BRAM18: 280}
	d.Predicted = design.Prediction{CyclesPerImage: 300, CyclesCI: 4, LatencyCycles: 420, ImagesPerSecond: 200e6 / 300, Bottleneck: net.Layers[2].ID}
	d.Fits, d.Calibrated = name != "ZedBoard", name == "U50"
	u8, q := Pixels(t, d, images)
	e := designtest.New(t, dir, net, layers, map[string]int{net.Tensors[1].ID + "_2": 200}, q)
	d.Golden, d.Weights = e.Golden, e.Weights
	return d, Generate(t, d, dir, "project"), u8
}

// Golden compares text with a golden file, which -update rewrites.
func Golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got; -update accepts):\n%s", file, diff)
	}
}

// Read gives a file of a folder.
func Read(t testing.TB, elem ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Hostile are names that a hostile model may have.
var Hostile = []string{
	"a\"b'c", "$(touch /tmp/pwned)", "x;rm -rf ~", "line\nbreak\r\n#include <evil>", "größe/活", "]; exec evil; [", `back\slash\`,
	"*/ int evil; /*", "tick```tick", "| cell | <script>alert(1)</script>", "%PATH% !bang! {brace} [exec ls]", "//comment\\\nnext", "??/", "http://www.evil.example/", "--flag",
	"\x00nul\x1b[31m", "\xff\xfeinvalid", "\u202eright to left",
}

// SimCosts are the simulator's beats by cycles of every engine over the images.
func SimCosts(t testing.TB, d *design.Design, images [][]int32) map[string][]int64 {
	t.Helper()
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	sim, err := hwsim.Run(context.Background(), n, images, hwsim.Options{Finite: true})
	if err != nil {
		t.Fatal(err)
	}
	costs := make(map[string][]int64)
	for _, p := range sim.Processes {
		if p.Kind == hw.Engine {
			costs[p.Name] = p.Hist
		}
	}
	return costs
}
