package fidelity

import (
	"context"
	"path/filepath"
	"testing"

	"hass/frontend"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/quant"
	"hass/internal/test/testenv"
)

// measureModel measures a model file on the first images of a set.
func measureModel(t *testing.T, model, data string, bits int) *Report {
	t.Helper()
	g, err := frontend.Load(model)
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	set = set.Limit(32)
	image := func(i int) ([]float32, error) {
		x := make([]float32, set.C*set.H*set.W)
		return x, set.Float(i, x)
	}
	ranges, err := calib.Collect(context.Background(), g, calib.Images{N: set.Len(), Load: image}, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := quant.Calibrate(g, ranges, quant.Options{Bits: bits})
	if err != nil {
		t.Fatal(err)
	}
	pruner, err := quant.NewPruner(g, spec)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Measure(context.Background(), g, spec, pruner, 8, 0, image, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSoundNetworks: trained networks at 16 bits lose nothing, and keep the signal that their width allows.
func TestSoundNetworks(t *testing.T) {
	check := func(t *testing.T, model, data string) {
		r := measureModel(t, model, data, 16)
		for i := range r.Losses {
			t.Errorf("warns of %s", r.Losses[i].String())
		}
		for _, l := range r.Layers {
			if l.SNR != nil && *l.SNR < 50 {
				t.Errorf("layer %s: %.2f dB at 16 bits", l.Name, *l.SNR)
			}
		}
		for _, o := range r.Outputs {
			if o.Agreement == nil || *o.Agreement != 1 {
				t.Errorf("%s", o.String())
			}
		}
	}
	t.Run("demo", func(t *testing.T) {
		demo := filepath.Join(testenv.Root(t), "examples", "demo")
		check(t, filepath.Join(demo, "model.onnx"), filepath.Join(demo, "calib.toml"))
	})
	for _, name := range []string{"cifar10_resnet8", "mnist_lenet"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(testenv.Data(t), name)
			check(t, filepath.Join(dir, "model.onnx"), filepath.Join(dir, "calib.toml"))
		})
	}
}
