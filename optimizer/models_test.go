package optimizer_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hass/frontend"
	"hass/hwsim"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/intnet"
	"hass/internal/quant"
	"hass/internal/test/testenv"
	"hass/optimizer"
	"hass/sparsity"
)

// TestModels optimises the trained networks with measured zeros. It takes minutes:
// HASS_ACCEPTANCE=1 turns it on.
func TestModels(t *testing.T) {
	if os.Getenv("HASS_ACCEPTANCE") != "1" {
		t.Skip("skipped: takes minutes; set HASS_ACCEPTANCE=1 to run it")
	}
	dir := testenv.Data(t)
	ctx := context.Background()
	type measured struct {
		net *intnet.Net
		est *sparsity.Estimator
		m   *sparsity.Measurement
	}
	measure := func(folder, model string, bits int) measured {
		g, err := frontend.Load(filepath.Join(dir, folder, model))
		if err != nil {
			t.Fatal(err)
		}
		set, err := dataset.Open(filepath.Join(dir, folder, "calib.toml"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := sparsity.Measure(ctx, g, set.Limit(100), sparsity.Options{Bits: bits})
		if err != nil {
			t.Fatal(err)
		}
		net, err := quant.Lower(g, &m.Profile.Spec)
		if err != nil {
			t.Fatal(err)
		}
		est, err := sparsity.NewEstimator(net, m.Bitmaps, sparsity.EstimatorOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return measured{net, est, m}
	}
	resnet := measure("cifar10_resnet8", "model_jpeg_ft.onnx", 16)
	lenet16, lenet8 := measure("mnist_lenet", "model.onnx", 16), measure("mnist_lenet", "model.onnx", 8)
	tenth := func(share float64) design.Shares {
		s := design.WholeShares()
		return design.Shares{DSP: s.DSP * share, LUT: s.LUT * share, FF: s.FF * share, BRAM18: s.BRAM18 * share, URAM: s.URAM * share}
	}
	for _, tt := range []struct {
		name, platform string
		engine         design.EngineRule
		m              measured
		shares         design.Shares
		fits           bool
	}{
		{"ResNet-8", "zcu104", "auto", resnet, design.WholeShares(), true},
		{"ResNet-8", "zedboard", "auto", resnet, design.WholeShares(), true},
		{"ResNet-8", "u250", "auto", resnet, design.WholeShares(), true},
		{"ResNet-8, a tenth", "zcu104", "auto", resnet, tenth(0.1), true},
		{"ResNet-8, a tenth, dense", "zcu104", "dense", resnet, tenth(0.1), true},
		{"ResNet-8, dense", "zcu104", "dense", resnet, design.WholeShares(), true},
		{"LeNet 16", "zc706", "auto", lenet16, design.WholeShares(), true},
		{"LeNet 16", "u250", "auto", lenet16, design.WholeShares(), true},
		{"LeNet 8", "zedboard", "auto", lenet8, design.WholeShares(), true},
		{"LeNet 16", "zedboard", "auto", lenet16, design.WholeShares(), false},
	} {
		p, err := design.LoadPlatform(tt.platform)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		d, err := optimizer.Optimize(ctx, optimizer.Input{Net: tt.m.net, Est: tt.m.est, Platform: p, Engine: tt.engine, Shares: tt.shares,
			Log: func(s string) { t.Logf("%v %s", time.Since(start).Round(time.Millisecond), s) }})
		if err != nil {
			t.Fatalf("%s on %s: %v", tt.name, tt.platform, err)
		}
		pr := d.Predicted
		t.Logf("%s on %s, %s: %.0f images/s (%.0f +- %.0f cycles), gap %.2f %%, total %+v, bottleneck %s, binding %s, %v",
			tt.name, tt.platform, tt.engine, pr.ImagesPerSecond, pr.CyclesPerImage, pr.CyclesCI, 100*pr.Gap, d.Total, pr.Bottleneck, pr.BindingResource, time.Since(start).Round(time.Millisecond))
		if testing.Verbose() {
			if err := d.Report(os.Stdout); err != nil {
				t.Fatal(err)
			}
		}
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		g := tt.m.m.Golden
		var images [][]int32
		for per := len(g.I32) / g.Shape[0]; len(images) < g.Shape[0]; {
			images = append(images, g.I32[len(images)*per:(len(images)+1)*per])
		}
		sim, err := hwsim.Run(ctx, n, images, hwsim.Options{})
		if err != nil {
			t.Fatalf("%s on %s: %v", tt.name, tt.platform, err)
		}
		alone, err := hwsim.Latency(ctx, n, images[0])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("simulated %.1f cycles per image, predicted %.1f +- %.1f (%+.2f %%); latency %d, estimated %.0f",
			sim.CyclesPerImage, pr.CyclesPerImage, pr.CyclesCI, 100*(sim.CyclesPerImage/pr.CyclesPerImage-1), alone, pr.LatencyCycles)
		// Few images differ from the mean of many, and each waits for its own slowest layer.
		if sim.CyclesPerImage > 1.05*pr.CyclesPerImage {
			t.Errorf("%s on %s: FIFOs do not let the network run at its rate", tt.name, tt.platform)
		}
		if d.Fits != tt.fits {
			t.Errorf("%s on %s: fits %v, %v", tt.name, tt.platform, d.Fits, d.Shortfall)
		}
	}
}
