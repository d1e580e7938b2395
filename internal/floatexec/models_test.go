package floatexec_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/floatexec"
	"hass/internal/metrics"
	"hass/internal/npy"
	"hass/internal/test/testenv"
)

func load(t testing.TB, dir, model, set string) (*floatexec.Exec, *dataset.Set) {
	t.Helper()
	g, err := frontend.Load(filepath.Join(dir, model))
	if err != nil {
		t.Fatal(err)
	}
	e, err := floatexec.New(g)
	if err != nil {
		t.Fatal(err)
	}
	s, err := dataset.Open(filepath.Join(dir, filepath.Dir(model), set))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(e.Inputs()[0].Shape); err != nil {
		t.Fatal(err)
	}
	return e, s
}

// TestReferenceOutputs compares with ONNX Runtime's recorded outputs of the
// first test images, by max|y-ref| / max|ref| per image.
func TestReferenceOutputs(t *testing.T) {
	dir := testenv.Data(t)
	for _, c := range []struct{ model, reference string }{
		{"mnist_lenet/model.onnx", "model_reference_output.npy"},
		{"mnist_lenet/model_upstream.onnx", "model_reference_output.npy"},
		{"cifar10_resnet8/model.onnx", "model_reference_output.npy"},
		{"cifar10_resnet8/model_jpeg_ft.onnx", "model_jpeg_ft_reference_output.npy"},
	} {
		t.Run(c.model, func(t *testing.T) {
			e, s := load(t, dir, c.model, "test.toml")
			ref, err := npy.Read(filepath.Join(dir, filepath.Dir(c.model), c.reference))
			if err != nil {
				t.Fatal(err)
			}
			n, classes := ref.Shape[0], ref.Shape[1]
			worst := 0.0
			err = e.RunMany(t.Context(), n, 0, s.Float, func(i int, outs [][]float32) error {
				worst = max(worst, relativeError(outs[0], ref.F32[i*classes:][:classes]))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if !(worst <= 1e-4) {
				t.Errorf("error %.2g of the reference outputs, limit 1e-4", worst)
			}
			t.Logf("worst error of %d images: %.2g", n, worst)
		})
	}
}

func relativeError(got, want []float32) float64 {
	if len(got) != len(want) {
		return math.Inf(1)
	}
	var diff, size float64
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if d != d {
			return math.Inf(1)
		}
		diff = max(diff, d)
		size = max(size, math.Abs(float64(want[i])))
	}
	return diff / size
}

// TestAccuracy counts right answers over whole test sets. The expected figures are
// ONNX Runtime's on the same images.
func TestAccuracy(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE") != "1" {
		t.Skip("skipped: whole test sets take a minute; set HASS_ACCEPTANCE=1 to run them")
	}
	dir := testenv.Data(t)
	for _, c := range []struct {
		model string
		right int // of 2,000
	}{
		{"mnist_lenet/model.onnx", 1971},
		{"mnist_lenet/model_upstream.onnx", 1971},
		{"cifar10_resnet8/model.onnx", 1496},
		{"cifar10_resnet8/model_jpeg_ft.onnx", 1684},
	} {
		t.Run(c.model, func(t *testing.T) {
			e, s := load(t, dir, c.model, "test.toml")
			var acc metrics.Accuracy
			err := e.RunMany(t.Context(), s.Len(), 0, s.Float, func(i int, outs [][]float32) error {
				acc.Add(metrics.Rank(outs[0], s.Label(i)))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if acc.Images != 2000 || acc.Right1 != c.right {
				t.Errorf("%d of %d right, want %d", acc.Right1, acc.Images, c.right)
			}
		})
	}
}

// BenchmarkModel is one image at a time of each trained network, on one thread.
func BenchmarkModel(b *testing.B) {
	for _, model := range []string{
		"mnist_lenet/model.onnx", "cifar10_resnet8/model_jpeg_ft.onnx",
		"mobilenet_v3_small/model.onnx.gz", "mobilenet_v2/model.onnx.gz", "resnet50_pruned/model.onnx.gz",
	} {
		b.Run(filepath.Dir(model), func(b *testing.B) { benchmarkModel(b, model) })
	}
}

func benchmarkModel(b *testing.B, model string) {
	e, s := load(b, testenv.Data(b), model, "test.toml")
	x := make([]float32, s.C*s.H*s.W)
	if err := s.Float(0, x); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := e.Run([][]float32{x}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// TestLargeReferenceOutputs is TestReferenceOutputs for the 224x224 models, whose
// input pixels are recorded too, so that no JPEG decoder plays a part.
func TestLargeReferenceOutputs(t *testing.T) {
	dir := testenv.Data(t)
	for _, c := range []struct {
		folder string
		long   bool
	}{{"mobilenet_v2", false}, {"mobilenet_v3_small", false}, {"resnet50_pruned", true}} {
		t.Run(c.folder, func(t *testing.T) {
			if c.long && os.Getenv("HASS_ACCEPTANCE") != "1" {
				t.Skip("skipped: takes 10 seconds; set HASS_ACCEPTANCE=1 to run it")
			}
			e, s := load(t, dir, c.folder+"/model.onnx.gz", "test.toml")
			in, err := npy.Read(filepath.Join(dir, c.folder, "reference_input_u8.npy"))
			if err != nil {
				t.Fatal(err)
			}
			ref, err := npy.Read(filepath.Join(dir, c.folder, "reference_output.npy"))
			if err != nil {
				t.Fatal(err)
			}
			n, classes, px := ref.Shape[0], ref.Shape[1], s.H*s.W
			worst := 0.0
			err = e.RunMany(t.Context(), n, 0, func(i int, x []float32) error {
				for p := range px {
					for ch := range s.C {
						x[ch*px+p] = s.Preproc.Value(in.U8[(i*px+p)*s.C+ch], ch)
					}
				}
				return nil
			}, func(i int, outs [][]float32) error {
				err := relativeError(outs[0], ref.F32[i*classes:][:classes])
				if worst = max(worst, err); !(err <= 1e-4) {
					t.Errorf("image %d: error %.2g of the reference output, limit 1e-4", i, err)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("worst error of %d images: %.2g", n, worst)
		})
	}
}
