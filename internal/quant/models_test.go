package quant_test // frontend imports quant

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hass/frontend"
	"hass/internal/calib"
	"hass/internal/dataset"
	"hass/internal/floatexec"
	"hass/internal/graph"
	"hass/internal/intnet"
	"hass/internal/metrics"
	"hass/internal/quant"
	"hass/internal/settings"
	"hass/internal/test/testenv"
	"hass/internal/workers"
)

// model is a trained network with its data sets.
type model struct {
	g           *graph.Graph
	calib, test *dataset.Set
}

func loadModel(t *testing.T, dir, file string) model {
	t.Helper()
	data := testenv.Data(t)
	g, err := frontend.Load(filepath.Join(data, dir, file))
	if err != nil {
		t.Fatal(err)
	}
	m := model{g: g}
	for name, set := range map[string]**dataset.Set{"calib": &m.calib, "test": &m.test} {
		if *set, err = dataset.Open(filepath.Join(data, dir, name+".toml")); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func image(s *dataset.Set, i int) ([]float32, error) {
	img := make([]float32, s.C*s.H*s.W)
	return img, s.Float(i, img)
}

// options are the options for a width, with the input's range from the data set.
func (m model) options(bits int) quant.Options {
	opt := quant.Options{Bits: bits}
	for c := range m.calib.C {
		for _, u := range []uint8{0, 255} {
			v := float64(m.calib.Preproc.Value(u, c))
			opt.InputMin, opt.InputMax = min(opt.InputMin, v), max(opt.InputMax, v)
		}
	}
	return opt
}

func (m model) ranges(t *testing.T, n int) *calib.Ranges {
	t.Helper()
	r, err := calib.Collect(context.Background(), m.g, calib.Images{N: min(n, m.calib.Len()), Load: func(i int) ([]float32, error) { return image(m.calib, i) }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (m model) integer(t *testing.T, r *calib.Ranges, opt quant.Options) *intnet.Net {
	t.Helper()
	spec, err := quant.Calibrate(m.g, r, opt)
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Lower(m.g, spec)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func accuracy(t *testing.T, set *dataset.Set, n int, net *intnet.Net) float64 {
	t.Helper()
	var acc metrics.Accuracy
	err := intnet.RunMany(context.Background(), quant.NewExec(t, net), n, 0,
		func(i int) ([]int32, error) {
			img, err := image(set, i)
			if err != nil {
				return nil, err
			}
			return net.QuantizeInput(img)
		},
		func(_ *intnet.Exec, outs [][]int32) ([]int32, error) { return append([]int32(nil), outs[0]...), nil },
		func(i int, r []int32) error {
			acc.Add(metrics.Rank(r, set.Label(i)))
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	return 100 * acc.Top1()
}

func floatAccuracy(t *testing.T, m model, n int) float64 {
	t.Helper()
	x, err := floatexec.New(m.g)
	if err != nil {
		t.Fatal(err)
	}
	var acc metrics.Accuracy
	err = workers.Ordered(context.Background(), n, 0, func(_, i int) ([]float32, error) {
		img, err := image(m.test, i)
		if err != nil {
			return nil, err
		}
		outs, err := x.Run([][]float32{img}, nil)
		if err != nil {
			return nil, err
		}
		return outs[0], nil
	}, func(i int, r []float32) error {
		acc.Add(metrics.Rank(r, m.test.Label(i)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return 100 * acc.Top1()
}

// TestAccuracy: integer accuracy on the labelled images. With HASS_ACCEPTANCE=1 it
// uses all 2,000 images and the limits that the project promises, otherwise the
// first 200 images for one file of each network, with limits a point wider.
func TestAccuracy(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: runs hundreds of images")
	}
	full := os.Getenv("HASS_ACCEPTANCE") == "1"
	for _, tt := range []struct {
		dir, file string
		float     float64
		loss      map[int]float64
		always    bool // also without HASS_ACCEPTANCE
	}{
		{"mnist_lenet", "model.onnx", 98.55, map[int]float64{16: 0.1, 8: 0.5}, true},
		{"mnist_lenet", "model_upstream.onnx", 98.55, map[int]float64{16: 0.1, 8: 0.5}, false},
		{"cifar10_resnet8", "model_jpeg_ft.onnx", 84.20, map[int]float64{16: 0.2, 8: 1.5}, true},
		{"cifar10_resnet8", "model.onnx", 74.80, map[int]float64{16: 0.2, 8: 1.5}, false},
	} {
		if !full && !tt.always {
			continue
		}
		m := loadModel(t, tt.dir, tt.file)
		n, calib, slack := m.test.Len(), m.calib.Len(), 0.0
		if !full {
			n, calib, slack = 200, 100, 1.0
		}
		ref := floatAccuracy(t, m, n)
		t.Logf("%s/%s: float %.2f %% on %d images", tt.dir, tt.file, ref, n)
		if full && math.Abs(ref-tt.float) > 1e-9 {
			t.Errorf("%s/%s: float %.2f %%, want %.2f", tt.dir, tt.file, ref, tt.float)
		}
		r := m.ranges(t, calib)
		for _, bits := range []int{16, 8} {
			net := m.integer(t, r, m.options(bits))
			start := time.Now()
			got := accuracy(t, m.test, n, net)
			t.Logf("%s/%s: integer-%d %.2f %% in %v", tt.dir, tt.file, bits, got, time.Since(start).Round(time.Millisecond))
			if got < ref-tt.loss[bits]-slack {
				t.Errorf("%s/%s: integer-%d %.2f %% is more than %.1f points below float %.2f %%", tt.dir, tt.file, bits, got, tt.loss[bits], ref)
			}
		}
	}
}

// TestModelLayers is rung 1 on real networks and images: every layer within half a
// unit of float64.
func TestModelLayers(t *testing.T) {
	for _, file := range [][2]string{{"mnist_lenet", "model.onnx"}, {"mnist_lenet", "model_upstream.onnx"}, {"cifar10_resnet8", "model_jpeg_ft.onnx"}, {"cifar10_resnet8", "model.onnx"}} {
		m := loadModel(t, file[0], file[1])
		r := m.ranges(t, 20)
		for _, bits := range []int{16, 8} {
			opt := m.options(bits)
			opt.Thresholds = &settings.Thresholds{Default: settings.Tau{W: 0.01, A: 0.02}}
			x := quant.NewExec(t, m.integer(t, r, opt))
			for i := range 2 {
				img, err := image(m.test, i)
				if err != nil {
					t.Fatal(err)
				}
				q, err := x.Net().QuantizeInput(img)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := x.Run(q); err != nil {
					t.Fatal(err)
				}
				quant.CheckLayers(t, x)
			}
		}
	}
}
