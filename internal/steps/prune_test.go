package steps_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/repair"
	"hass/internal/steps"
)

// TestPruned: the model that a pruning writes has the zeros of the network that was made, and gives its results bit for bit.
func TestPruned(t *testing.T) {
	const images = 30
	demo := func(name string) string { return filepath.Join("..", "..", "examples", "demo", name) }
	out := filepath.Join(t.TempDir(), "pruned.onnx")
	o := steps.PruneOptions{Model: demo("model.onnx"), Data: demo("calib.toml"), Images: images, Share: 0.4, Repair: repair.Match, Output: out}
	r, err := steps.Prune(t.Context(), o, steps.Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := steps.LoadFloat(o.Model, steps.Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(o.Data)
	if err != nil {
		t.Fatal(err)
	}
	load := func(i int) ([]float32, error) {
		x := make([]float32, set.C*set.H*set.W)
		return x, set.Float(i, x)
	}
	made, report, err := repair.Prune(t.Context(), g, repair.Options{Share: o.Share, Repair: o.Repair, Images: calib.Images{N: images, Load: load}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(report, r.Report); d != "" {
		t.Errorf("report (-made +told):\n%s", d)
	}
	read, err := steps.Load(out, steps.Reporter{})
	if err != nil {
		t.Fatal(err)
	}
	zeros, at := 0, 0
	for _, n := range read.Nodes {
		if !graph.Convolves(n.Op) {
			continue
		}
		l := r.Layers[at]
		if at++; n.Name != l.Name {
			t.Errorf("layer %q is %q in the file", l.Name, n.Name)
		}
		own := 0
		for _, v := range read.Consts[n.Inputs[1]].F {
			if v == 0 {
				own++
			}
		}
		if zeros += own; own != l.Zeros {
			t.Errorf("layer %q has %d zeros in the file, %d reported", l.Name, own, l.Zeros)
		}
	}
	if all, _ := r.Zeros(); zeros != all || zeros == 0 {
		t.Errorf("%d zeros in the file, %d reported", zeros, all)
	}
	a, err := floatexec.New(made)
	if err != nil {
		t.Fatal(err)
	}
	b, err := floatexec.New(read)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		x, err := load(i)
		if err != nil {
			t.Fatal(err)
		}
		y, err := a.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		z, err := b.Run([][]float32{x}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(y, z); d != "" {
			t.Fatalf("image %d (-made +read):\n%s", i, d)
		}
	}
}
