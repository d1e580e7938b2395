package codegen

import (
	"bytes"
	"context"
	"math/rand"
	"os"
	"os/exec"
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

// needCompiler skips the test without g++ and make.
func needCompiler(t testing.TB) {
	t.Helper()
	for _, tool := range []string{"g++", "make"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: %s is not installed; csim needs it (Debian: apt-get install g++ make)", tool)
		}
	}
}

// newDesign makes a design with its side files in dir.
func newDesign(t testing.TB, dir string, net *intnet.Net, layers []hw.Layer, depths map[string]int, images [][]int32) *optimizer.Design {
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

// randomDesign makes the random case of a seed into a design.
func randomDesign(t testing.TB, dir string, seed int64, images int) *optimizer.Design {
	t.Helper()
	c, err := hwtest.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	return newDesign(t, dir, c.Net, c.Layers, c.Depths, c.Images(images))
}

// generate writes the project of the design into a fresh folder of dir.
func generate(t testing.TB, d *optimizer.Design, dir, name string) string {
	t.Helper()
	out := filepath.Join(dir, name)
	if err := Generate(context.Background(), d, dir, out, Options{}); err != nil {
		t.Fatal(err)
	}
	return out
}

func rng(seed int64) *rand.Rand { return rand.New(rand.NewSource(seed)) }
