// Package designtest makes designs with their side files from networks and hardware that a
// test has made, as the optimizer would have written them but without costs.
//
// It takes a folder of the test; it is imported by tests only.
package designtest

import (
	"bytes"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"hass/internal/artifact"
	"hass/internal/hw"
	"hass/internal/hwtest"
	"hass/internal/intnet"
	"hass/internal/npy"
	"hass/optimizer"
)

// New makes a design whose weights and golden images are side files in dir. depths are the FIFO depths by name
// that differ from the default.
func New(t testing.TB, dir string, net *intnet.Net, layers []hw.Layer, depths map[string]int, images [][]int32) *optimizer.Design {
	t.Helper()
	d := &optimizer.Design{
		Header: artifact.NewHeader(optimizer.DesignSchema, optimizer.DesignVersion, nil),
		Model:  "test.onnx", Net: net, Layers: layers,
	}
	names := make([]string, 0, len(depths))
	for n := range depths {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		d.FIFOs = append(d.FIFOs, optimizer.FIFO{Name: n, Depth: depths[n]})
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

// Random is the random case of a seed as a design with so many golden images.
func Random(t testing.TB, dir string, seed int64, images int) *optimizer.Design {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	return New(t, dir, c.Net, c.Layers, c.Depths, c.Images(images))
}
