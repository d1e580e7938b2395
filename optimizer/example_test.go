package optimizer_test

import (
	"context"
	"fmt"
	"log"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/design"
	"hass/internal/hw"
	"hass/internal/quant"
	"hass/optimizer"
	"hass/sparsity"
)

// From a model to its hardware: zeros and formats are measured on images, then each layer's hardware is chosen.
func ExampleOptimize() {
	ctx := context.Background()
	g, err := frontend.Load("../examples/demo/model.onnx")
	if err != nil {
		log.Fatal(err)
	}
	set, err := dataset.Open("../examples/demo/calib.toml")
	if err != nil {
		log.Fatal(err)
	}
	m, err := sparsity.Measure(ctx, g, set.Limit(20), sparsity.Options{Bits: 8, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	net, err := quant.Lower(g, &m.Profile.Spec)
	if err != nil {
		log.Fatal(err)
	}
	est, err := sparsity.NewEstimator(net, m.Bitmaps, sparsity.EstimatorOptions{Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	platform, err := design.LoadPlatform("zedboard")
	if err != nil {
		log.Fatal(err)
	}
	d, err := optimizer.Optimize(ctx, optimizer.Input{
		Net: net, Est: est, Platform: platform, Engine: design.OnlyEngine(hw.Dense), Pixels: 1,
		Preproc: design.Preproc{Divisor: m.Profile.Divisor, Mean: m.Profile.Mean, Std: m.Profile.Std},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("fits:", d.Fits, "layers:", len(d.Layers), "binding:", d.Predicted.BindingResource)
	// Output:
	// fits: true layers: 11 binding: DSP
}
