// Package designtest makes designs with their side files from the networks and hardware of a
// test, in the form that the optimizer writes, but without costs.
//
// It takes a folder of the test. Only tests import it.
package designtest

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/limits"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/npy"
	"hass/internal/schedule"
	"hass/internal/test/hwtest"
)

// New makes a design whose weights and golden images are side files in dir. depths are the FIFO depths by name
// that differ from the default.
func New(t testing.TB, dir string, net *intnet.Net, layers []hw.Layer, depths map[string]int, images [][]int32) *design.Design {
	t.Helper()
	d := &design.Design{
		Header: artifact.NewHeader(design.Schema, design.Version, nil),
		Model:  "test.onnx", Target: limits.Both, Net: net, Layers: layers,
	}
	names := make([]string, 0, len(depths))
	for n := range depths {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		d.FIFOs = append(d.FIFOs, design.FIFO{Name: n, Depth: depths[n]})
	}
	in := net.Tensors[net.Input]
	a := &npy.Array{DType: "int32", Shape: []int{len(images), in.H, in.W, in.C}}
	for _, img := range images {
		a.I32 = append(a.I32, img...)
	}
	write := func(name string, data []byte) artifact.SideFile {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := artifact.NewSideFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var buf bytes.Buffer
	if err := npy.Write(&buf, a); err != nil {
		t.Fatal(err)
	}
	d.Golden = write("golden.npy", buf.Bytes())
	buf.Reset()
	if err := intnet.WriteWeights(&buf, net); err != nil {
		t.Fatal(err)
	}
	d.Weights = write("weights.bin", buf.Bytes())
	return d
}

// Random is the random case of a seed as a design with n golden images.
func Random(t testing.TB, dir string, seed int64, images int) *design.Design {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	return New(t, dir, c.Net, c.Layers, c.Depths, c.Images(images))
}

// Elastic is a small design of elastic engines: several gangs, a depthwise convolution with two pixels per beat, groups.
func Elastic(t testing.TB, dir string) *design.Design {
	t.Helper()
	return elastic(t, dir, nil, [3]hwtest.Form{})
}

// ElasticThresholds is Elastic with thresholds and multipliers.
func ElasticThresholds(t testing.TB, dir string) *design.Design {
	t.Helper()
	return elastic(t, dir, rand.New(rand.NewSource(4)), [3]hwtest.Form{hwtest.ByThresholds, hwtest.ByMuls, hwtest.ByThresholds})
}

func elastic(t testing.TB, dir string, forms *rand.Rand, form [3]hwtest.Form) *design.Design {
	t.Helper()
	rng := rand.New(rand.NewSource(4))
	f := fixed.Format{Bits: 8, Frac: 4, Signed: true}
	b := hwtest.NewBuilder(rng, 5, 4, 2, f)
	b.Forms = forms
	conv := func(w intnet.Window, outC, groups int) {
		s := hwtest.ConvSpec{Window: w, OutC: outC, Groups: groups, Out: f, WeightBits: 8, Density: 0.7, Shift: 7, Form: form[len(b.Net.Layers)]}
		if s.Form == hwtest.ByThresholds {
			s.Out.Bits, s.Shift = 4, 10
		}
		b.Conv(b.Last(), s)
	}
	conv(hwtest.Square(3, 1, 1), 4, 1)
	conv(hwtest.Square(3, 1, 1), 4, 4)
	conv(hwtest.Square(2, 2, 0), 4, 2)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := []hw.Layer{
		{InPx: 1, InCh: 2, OutPx: 2, OutCh: 4, MTap: 3, MCh: 2, N: 3, Gang: 2, GangDepth: 3, WeightMem: memory.LUTRAM},
		{InPx: 2, InCh: 2, OutPx: 2, OutCh: 2, MTap: 9, MCh: 2, N: 3, Gang: 2, GangDepth: 2, WeightMem: memory.BRAM},
		{InPx: 2, InCh: 2, OutPx: 1, OutCh: 1, MTap: 2, MCh: 2, N: 2, Gang: 1, GangDepth: 5, WeightMem: memory.URAM},
	}
	for i := range layers {
		layers[i].Engine = hw.Elastic
		layers[i].LinePixels = hw.WindowOf(net, net.Layers[i], layers[i]).FullLinePixels()
	}
	depths, err := hwtest.LiveDepths(rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 3 {
		images = append(images, hwtest.Image(rng, net.Tensors[net.Input]))
	}
	return New(t, dir, net, layers, depths, images)
}

// Packed is a small design of packed engines. Some have two pixels per DSP slice: in one cascade and in several, with odd numbers of pixels, in
// a wide gang, signed and unsigned, depthwise. Some have two pixels and two output lanes per slice, with 4 bits and odd numbers of both. Some
// have values that are too wide to share a slice.
func Packed(t testing.TB, dir string) *design.Design {
	t.Helper()
	rng := rand.New(rand.NewSource(11))
	signed, unsigned := fixed.Format{Bits: 8, Frac: 4, Signed: true}, fixed.Format{Bits: 8, Frac: 4}
	four, wide := fixed.Format{Bits: 4, Frac: 2}, fixed.Format{Bits: 16, Frac: 6, Signed: true}
	b := hwtest.NewBuilder(rng, 3, 5, 2, signed)
	conv := func(w intnet.Window, outC, groups, bits, shift int, out fixed.Format) {
		b.Conv(b.Last(), hwtest.ConvSpec{Window: w, OutC: outC, Groups: groups, Out: out, WeightBits: bits, Density: 0.9, Shift: shift})
	}
	conv(hwtest.Square(3, 1, 1), 6, 1, 8, 8, unsigned)
	conv(hwtest.Square(3, 1, 1), 6, 6, 8, 8, signed)
	conv(hwtest.Square(1, 1, 0), 6, 1, 8, 9, four)
	conv(hwtest.Square(1, 1, 0), 6, 1, 4, -4, wide)
	conv(hwtest.Square(1, 1, 0), 4, 1, 16, 9, wide)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	layers := []hw.Layer{
		{InPx: 5, InCh: 2, OutPx: 5, OutCh: 6, MTap: 3, MCh: 2, Gang: 6, GangDepth: 3, WeightMem: memory.LUTRAM},
		{InPx: 5, InCh: 6, OutPx: 3, OutCh: 2, MTap: 9, MCh: 2, Gang: 2, GangDepth: 2, WeightMem: memory.BRAM},
		{InPx: 3, InCh: 2, OutPx: 3, OutCh: 2, MTap: 1, MCh: 6, Gang: 2, GangDepth: 8, WeightMem: memory.LUTRAM},
		{InPx: 3, InCh: 2, OutPx: 3, OutCh: 3, MTap: 1, MCh: 6, Gang: 3, GangDepth: 8, WeightMem: memory.LUTRAM},
		{InPx: 3, InCh: 3, OutPx: 2, OutCh: 2, MTap: 1, MCh: 3, Gang: 1, GangDepth: 5, WeightMem: memory.LUTRAM},
	}
	for i, slice := range []int{27, 25, 27, 25, 27} {
		hl := &layers[i]
		hl.Engine, hl.N = hw.Packed, hw.EngineLanes(net, net.Layers[i], *hl)
		hl.Packing = hw.PackingOf(net, &net.Layers[i], hl.N, slice)
		hl.LinePixels = hw.WindowOf(net, net.Layers[i], *hl).FullLinePixels()
	}
	depths, err := hwtest.LiveDepths(rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 3 {
		images = append(images, hwtest.Image(rng, net.Tensors[net.Input]))
	}
	return New(t, dir, net, layers, depths, images)
}

// Scheduled is a small design of scheduled engines: a packed field over several chains; stride 2 with signed activations and an odd number of
// pixels; one chain of one bank without a field; beats of whole rows and, behind the last layers, narrower ones; filters without weights, and
// a layer with only such filters, which is added to another one; and pixels that share multipliers, behind several chains and behind
// one. The output depends on the result of every layer.
func Scheduled(t testing.TB, dir string) *design.Design {
	t.Helper()
	rng := rand.New(rand.NewSource(9))
	unsigned, signed := fixed.Format{Bits: 8, Frac: 4}, fixed.Format{Bits: 8, Frac: 4, Signed: true}
	b := hwtest.NewBuilder(rng, 6, 6, 3, unsigned)
	forms := rand.New(rand.NewSource(9))
	conv := func(in int, w intnet.Window, outC int, density float64, out fixed.Format, form hwtest.Form) int {
		if b.Forms = nil; form != hwtest.ByShift {
			b.Forms = forms
		}
		return b.Conv(in, hwtest.ConvSpec{Window: w, OutC: outC, Out: out, WeightBits: 8, Density: density, Shift: 7, Form: form})
	}
	x := conv(conv(0, hwtest.Square(3, 1, 1), 7, 0.4, signed, hwtest.ByMuls), hwtest.Square(3, 2, 1), 5, 0.3, unsigned, hwtest.ByShift)
	b.Add(conv(x, hwtest.Square(1, 1, 0), 4, 0, signed, hwtest.ByShift), conv(x, hwtest.Square(1, 1, 0), 4, 0.8, signed, hwtest.ByMul), signed)
	net, err := b.Done()
	if err != nil {
		t.Fatal(err)
	}
	clear(net.Layers[0].Conv.Weights[:27]) // a filter without weights
	for _, i := range []int{0, 3} {        // with large biases all values would be clamped
		clear(net.Layers[i].Conv.Bias)
	}
	layers := hwtest.PlainHW(net)
	for i, s := range []struct{ inPx, outPx, banks, chains, field int }{{6, 6, 5, 3, 18}, {6, 3, 4, 2, 16}, {3, 2, 2, 3, 0}, {3, 2, 1, 1, 0}} {
		hl := &layers[i]
		hl.InPx, hl.OutPx, hl.N = s.inPx, s.outPx, s.banks
		bank, err := schedule.Assign(hw.ScheduleWeights(net.Layers[i].Conv), s.banks)
		if err != nil {
			t.Fatal(err)
		}
		hl.Engine, hl.MTap = hw.ScheduledEngine, 1
		hl.Scheduled = hw.Scheduled{Chains: s.chains, Field: s.field, Places: hw.PlacesOf(bank)}
	}
	for i := range layers[:4] {
		layers[i].LinePixels = hw.WindowOf(net, net.Layers[i], layers[i]).FullLinePixels()
		layers[i].Turns = hw.TurnsOf(net, &net.Layers[i], layers[i], 3)
	}
	layers[4] = hw.Layer{InPx: 2, InCh: 1, OutPx: 2, OutCh: 1}
	depths, err := hwtest.LiveDepths(rng, net, layers)
	if err != nil {
		t.Fatal(err)
	}
	var images [][]int32
	for range 3 {
		images = append(images, hwtest.Image(rng, net.Tensors[net.Input]))
	}
	return New(t, dir, net, layers, depths, images)
}
