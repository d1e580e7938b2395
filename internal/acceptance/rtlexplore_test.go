package acceptance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hass/frontend"
	"hass/internal/dataset"
	"hass/internal/hw"
	"hass/internal/quant"
	"hass/optimizer"
	"hass/sparsity"
	"hass/hwsim"
)

func TestExplore(t *testing.T) {
	spec := os.Getenv("EXPLORE")
	if spec == "" {
		t.Skip()
	}
	ctx := context.Background()
	for _, f := range strings.Fields(spec) { // model:bits:platform:share:engine:pixels
		var p []string = strings.Split(f, ":")
		var bits, pixels int
		var share float64
		fmt.Sscan(p[1], &bits)
		fmt.Sscan(p[3], &share)
		fmt.Sscan(p[5], &pixels)
		m := map[string]string{"lenet": "/work/shared/data/mnist_lenet/model.onnx", "demo": "/work/main/examples/demo/model.onnx", "resnet8": "/work/shared/data/cifar10_resnet8/model_jpeg_ft.onnx"}[p[0]]
		g, err := frontend.Load(m)
		if err != nil {
			t.Fatal(err)
		}
		set, err := dataset.Open(filepath.Join(filepath.Dir(m), "calib.toml"))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ms, err := sparsity.Measure(ctx, g, set.Limit(40), sparsity.Options{Bits: bits, GoldenImages: 20})
		if err != nil {
			t.Fatal(err)
		}
		net, err := quant.Lower(g, &ms.Profile.Spec)
		if err != nil {
			t.Fatal(err)
		}
		est, err := sparsity.NewEstimator(net, ms.Bitmaps, sparsity.EstimatorOptions{Pairs: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		pf, _ := optimizer.LoadPlatform(p[2])
		s := optimizer.DefaultShares()
		sh := optimizer.Shares{DSP: s.DSP * share, LUT: s.LUT * share, FF: s.FF * share, BRAM18: s.BRAM18 * share, URAM: s.URAM * share}
		d, err := optimizer.Optimize(ctx, optimizer.Input{Net: net, Est: est, Platform: pf, Engine: p[4], Pixels: pixels, Shares: sh})
		if err != nil {
			t.Log(f, err)
			continue
		}
		lanes := 0
		kinds := ""
		for i, l := range d.Layers {
			if l.Engine != "" {
				k := "c"
				if net.Depthwise(&net.Layers[i]) {
					k = "dw"
				}
				lanes += l.OutPx * l.OutCh
				kinds += fmt.Sprintf(" %s:%.1s%dx%d->%d", k, string(l.Engine), l.OutPx*l.OutCh, hw.EngineLanes(net, net.Layers[i], l), l.N)
			}
		}
		n, err := d.Network()
		if err != nil {
			t.Fatal(err)
		}
		in := net.Tensors[net.Input]
		el := in.H * in.W * in.C
		var imgs [][]int32
		for i := range 2 {
			imgs = append(imgs, ms.Golden.I32[i*el:(i+1)*el])
		}
		st := time.Now()
		r, err := hwsim.Run(ctx, n, imgs, hwsim.Options{Finite: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s fits %v DSP %d LUT %d lanes %d cycles %.0f total2 %d processes %d streams %d (%.1fs, sim %.2fs)%s", f, d.Fits, d.Total.DSP, d.Total.LUT, lanes, d.Predicted.CyclesPerImage, r.Total, len(n.Processes), len(n.Streams), time.Since(start).Seconds(), time.Since(st).Seconds(), kinds)
	}
}
