package optimizer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/fixed"
	"hass/internal/hw"
	"hass/internal/hw/live"
	"hass/internal/intnet"
	"hass/internal/memory"
	"hass/internal/npy"
	"hass/optimizer/derive"
)

var update = flag.Bool("update", false, "rewrite golden files")

// withWeights fills a network with small random weights.
func withWeights(net *intnet.Net) *intnet.Net {
	rng := rand.New(rand.NewSource(11))
	for i := range net.Layers {
		l := &net.Layers[i]
		if l.Conv == nil {
			continue
		}
		l.Conv.Weights = make([]int16, net.WeightCount(l))
		for k := range l.Conv.Weights {
			l.Conv.Weights[k] = int16(rng.Intn(256) - 128)
		}
		l.Conv.Bias = make([]int64, l.Conv.OutC)
		l.Conv.AccBits = max(l.Conv.BoundBits(net.Tensors[l.In[0]].Format), 1)
	}
	return net
}

func residualNet() *intnet.Net {
	b := newBuild(12, 10, 4)
	x := b.conv(0, 8, 3, 1, true)
	x = b.Add(b.conv(b.conv(x, 8, 3, 1, true), 8, 3, 1, true), x)
	y := b.Add(b.conv(b.conv(x, 16, 3, 2, true), 16, 3, 1, true), b.conv(x, 16, 1, 2, false))
	return withWeights(b.done(b.conv(b.globalAvg(y), 10, 1, 1, false)))
}

func optimize(t testing.TB, net *intnet.Net, platform string, change func(*Input)) *design.Design {
	t.Helper()
	in := inputOf(t, net, platform)
	if change != nil {
		change(&in)
	}
	d, err := Optimize(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// inputOf is the input of Optimize for a network.
func inputOf(t testing.TB, net *intnet.Net, platform string) Input {
	t.Helper()
	p, err := design.LoadPlatform(platform)
	if err != nil {
		t.Fatal(err)
	}
	c := net.Tensors[net.Input].C
	ones := slices.Repeat([]float64{1}, c)
	return Input{Net: net, Est: meanEst{net, 0.4}, Platform: p, Shares: design.WholeShares(), Model: "model.onnx", Bits: "16",
		Preproc: design.Preproc{Divisor: 255, Mean: make([]float64, c), Std: ones}, Inputs: map[string]string{"model": strings.Repeat("0", 64)}}
}

func TestOptimize(t *testing.T) {
	for _, tt := range []struct {
		name, platform string
		net            *intnet.Net
		change         func(*Input)
		fits           bool
	}{
		{"residual zybo", "zybo", residualNet(), nil, true},
		{"residual zybo dense", "zybo", residualNet(), func(in *Input) { in.Engine = design.OnlyEngine(hw.Dense) }, true},
		{"residual zybo crossbar", "zybo", residualNet(), func(in *Input) { in.Engine = design.OnlyEngine(hw.Crossbar) }, true},
		{"residual zybo banked", "zybo", residualNet(), func(in *Input) { in.Engine = design.OnlyEngine(hw.Banked) }, true},
		{"residual zybo latency", "zybo", residualNet(), func(in *Input) { in.Objective = design.Latency }, true},
		{"lenet zc706", "zc706", lenet(), nil, true},
		{"lenet zedboard", "zedboard", lenet(), nil, false},
		{"exact estimator", "zybo", residualNet(), func(in *Input) { in.Est = bitmapEst{in.Net, 0.3} }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := optimize(t, tt.net, tt.platform, tt.change)
			if d.Fits != tt.fits || d.Fits != d.Total.Vec().Within(d.Budget.Vec()) || d.Fits != (len(d.Shortfall) == 0) {
				t.Errorf("fits %v, total %+v, budget %+v, shortfall %v", d.Fits, d.Total, d.Budget, d.Shortfall)
			}
			if err := d.Check(); err != nil {
				t.Error(err)
			}
			var sum design.Resources
			for _, c := range d.Costs {
				sum = sum.Vec().Add(c.Resources.Vec()).Resources()
			}
			if sum != d.Total {
				t.Errorf("costs add up to %+v, total %+v", sum, d.Total)
			}
			n, err := d.Network()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := live.Prove(n); err != nil {
				t.Error(err)
			}
			for _, l := range d.Layers {
				if rule := d.EngineRule; l.Engine != "" && !rule.Allows(l.Engine) {
					t.Errorf("engine %s under the rule %s", l.Engine, rule)
				}
			}
			p := d.Predicted
			if p.Gap < 0 || p.Bound < p.ImagesPerSecond || p.LatencyCycles < p.CyclesPerImage || p.Bottleneck == "" || p.BindingResource == "" {
				t.Errorf("prediction %+v", p)
			}
			t.Logf("%.0f images/s, gap %.4f, binding %s, latency %.0f", p.ImagesPerSecond, p.Gap, p.BindingResource, p.LatencyCycles)
		})
	}
}

// TestShortfall checks the error of a network whose weights exceed the memory.
func TestShortfall(t *testing.T) {
	d := optimize(t, lenet(), "zedboard", nil)
	if len(d.Shortfall) != 1 || !strings.HasPrefix(d.Shortfall[0], "BRAM18: needs ") || !strings.Contains(d.Shortfall[0], "budget 280, short by ") {
		t.Errorf("shortfall %q", d.Shortfall)
	}
	if d.Predicted.BindingResource != "BRAM18" {
		t.Errorf("binding resource %q", d.Predicted.BindingResource)
	}
	// Nothing at all fits a budget of nothing.
	d = optimize(t, residualNet(), "zybo", func(in *Input) { in.Shares = design.Shares{DSP: 0.001, LUT: 0.001, FF: 0.001, BRAM18: 0.001} })
	if d.Fits || len(d.Shortfall) < 2 {
		t.Errorf("fits %v, shortfall %q", d.Fits, d.Shortfall)
	}
}

// TestLatencyObjective checks that the latency objective is at least as good at latency,
// and throughput at throughput.
func TestLatencyObjective(t *testing.T) {
	fast := optimize(t, residualNet(), "zybo", nil)
	quick := optimize(t, residualNet(), "zybo", func(in *Input) { in.Objective = design.Latency })
	if quick.Predicted.LatencyCycles > fast.Predicted.LatencyCycles || quick.Predicted.CyclesPerImage < fast.Predicted.CyclesPerImage*0.999 {
		t.Errorf("throughput design: %+v\nlatency design: %+v", fast.Predicted, quick.Predicted)
	}
}

// TestSparseBeatsDense checks that, with few useful pairs and few DSPs, sparse engines are chosen
// and are faster.
func TestSparseBeatsDense(t *testing.T) {
	few := func(engine design.EngineRule) *design.Design {
		return optimize(t, residualNet(), "zcu104", func(in *Input) {
			in.Est, in.Engine = meanEst{in.Net, 0.25}, engine
			in.Shares = design.WholeShares()
			in.Shares.DSP = 0.03
		})
	}
	auto, dense := few(design.EngineAuto), few(design.OnlyEngine(hw.Dense))
	if auto.Predicted.ImagesPerSecond < 1.5*dense.Predicted.ImagesPerSecond {
		t.Errorf("sparse %.0f images/s, dense %.0f", auto.Predicted.ImagesPerSecond, dense.Predicted.ImagesPerSecond)
	}
}

func TestSkipMinima(t *testing.T) {
	d := optimize(t, residualNet(), "zybo", nil)
	n, err := d.Network()
	if err != nil {
		t.Fatal(err)
	}
	skips := 0
	for i, f := range d.FIFOs {
		if f.Minimum == 0 {
			continue
		}
		skips++
		if f.Depth < f.Minimum || n.Streams[i].Join < 0 {
			t.Errorf("FIFO %+v", f)
		}
		n.Streams[i].Depth = f.Minimum
		if _, err := live.Prove(n); err != nil {
			t.Errorf("FIFO %s at its minimum %d: %v", f.Name, f.Minimum, err)
		}
		n.Streams[i].Depth = f.Minimum - 1
		_, err := live.Prove(n)
		if err == nil || !strings.Contains(err.Error(), "enlarge FIFO "+f.Name) {
			t.Errorf("FIFO %s below its minimum %d: %v", f.Name, f.Minimum, err)
		}
		n.Streams[i].Depth = f.Depth
	}
	if skips != 2 {
		t.Errorf("%d FIFOs have a token minimum, want 2: %+v", skips, d.FIFOs)
	}
}

func TestDeterminism(t *testing.T) {
	var texts [2][]byte
	for i := range texts {
		var b bytes.Buffer
		if err := artifact.Encode(&b, optimize(t, residualNet(), "zybo", nil)); err != nil {
			t.Fatal(err)
		}
		texts[i] = b.Bytes()
	}
	if !bytes.Equal(texts[0], texts[1]) {
		t.Error("two runs gave different designs")
	}
}

func TestReportGolden(t *testing.T) {
	for name, d := range map[string]*design.Design{
		"residual": optimize(t, residualNet(), "zybo", nil),
		"short":    optimize(t, lenet(), "zedboard", nil),
	} {
		var b bytes.Buffer
		if err := d.Report(&b); err != nil {
			t.Fatal(err)
		}
		c, r, p, err := d.JSONReports()
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range [][]byte{c, r, p} {
			if !json.Valid(j) {
				t.Errorf("not JSON: %s", j)
			}
			b.Write(j)
		}
		path := filepath.Join("testdata", name+".report.txt")
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got; -update rewrites):\n%s", path, diff)
		}
	}
}

func golden(net *intnet.Net) *npy.Array {
	in := net.Tensors[net.Input]
	a := &npy.Array{DType: "int32", Shape: []int{2, in.H, in.W, in.C}}
	for i := range 2 * in.H * in.W * in.C {
		a.I32 = append(a.I32, int32(i%100))
	}
	return a
}

func TestWriteReadDesign(t *testing.T) {
	ctx := context.Background()
	d := optimize(t, residualNet(), "zybo", nil)
	dir := t.TempDir()
	path := filepath.Join(dir, "design.json")
	if err := design.Write(ctx, d, path, golden(d.Net)); err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(moved, "design.json")
	got, err := derive.ReadDesign(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(d, got); diff != "" {
		t.Errorf("design (-written +read):\n%s", diff)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// mutate reads a design changed in memory.
	mutate := func(change func(d *design.Design)) error {
		var c design.Design
		if err := artifact.Decode(text, design.Schema, design.Version, &c); err != nil {
			t.Fatal(err)
		}
		change(&c)
		var b bytes.Buffer
		if err := artifact.Encode(&b, &c); err != nil {
			t.Fatal(err)
		}
		bad := filepath.Join(moved, "bad.json")
		if err := os.WriteFile(bad, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := derive.ReadDesign(bad)
		return err
	}
	if err := mutate(func(*design.Design) {}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		want   string
		change func(d *design.Design)
	}{
		{"is a hass.profile file", func(d *design.Design) { d.Schema = "hass.profile" }},
		{"version 99", func(d *design.Design) { d.SchemaVersion = 99 }},
		{"no network", func(d *design.Design) { d.Net = nil }},
		{"hardware for", func(d *design.Design) { d.Layers = d.Layers[1:] }},
		{"line_pixels", func(d *design.Design) { d.Layers[0].LinePixels = 1 << 60 }},
		{"line_pixels", func(d *design.Design) { d.Layers[0].LinePixels = 1 }},
		{"in_px", func(d *design.Design) { d.Layers[0].InPx = 1 << 40 }},
		{"weight_mem", func(d *design.Design) { d.Layers[0].WeightMem = memory.None }},
		{"unknown engine", func(d *design.Design) { d.Layers[0].Engine = "magic" }},
		{"gang", func(d *design.Design) { d.Layers[0].Gang = 0 }},
		{"m_tap", func(d *design.Design) { d.Layers[0].MTap, d.Layers[0].N = 2, 1 }},
		{"layer conv0: n 1000", func(d *design.Design) { d.Layers[0].N = 1000 }},
		{"listed twice", func(d *design.Design) { d.FIFOs[1].Name = d.FIFOs[0].Name }},
		{"FIFOs are listed", func(d *design.Design) { d.FIFOs = d.FIFOs[1:] }},
		{"depth 0", func(d *design.Design) { d.FIFOs[0].Depth = 0 }},
		{"bits; the network has", func(d *design.Design) { d.FIFOs[0].Width++ }},
		{"clock", func(d *design.Design) { d.Clock.MHz = -1 }},
		{"part", func(d *design.Design) { d.Part = "a; exit" }},
		{"preproc", func(d *design.Design) { d.Preproc.Std = nil }},
		{"does not exist", func(d *design.Design) { d.Net.Layers[0].In[0] = 99 }},
		{"inside the artefact's folder", func(d *design.Design) { d.Weights.Path = "../design.weights.bin" }},
		{"changed", func(d *design.Design) { d.Weights.SHA256 = strings.Repeat("0", 64) }},
		{"changed", func(d *design.Design) { d.Golden.Bytes++ }},
		{"accumulator of 4 bits", func(d *design.Design) { d.Net.Layers[0].Conv.AccBits = 4 }},
	} {
		if err := mutate(tt.change); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "bad.json") {
			t.Errorf("error %v, want %q and the file's name", err, tt.want)
		}
	}
	weights := filepath.Join(moved, "design.weights.bin")
	data, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)-1] ^= 1
	if err := os.WriteFile(weights, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := derive.ReadDesign(path); err == nil || !strings.Contains(err.Error(), "design.weights.bin") {
		t.Errorf("changed weights: %v", err)
	}
}

func TestBadInput(t *testing.T) {
	net := residualNet()
	p, err := design.LoadPlatform("zybo")
	if err != nil {
		t.Fatal(err)
	}
	good := Input{Net: net, Est: meanEst{net, 0.4}, Platform: p, Shares: design.WholeShares()}
	for want, change := range map[string]func(*Input){
		"objective":    func(in *Input) { in.Objective = "speed" },
		"engine rule":  func(in *Input) { in.Engine = "sparse" },
		"usable share": func(in *Input) { in.Shares = design.Shares{LUT: 2} },
		"are needed":   func(in *Input) { in.Est = nil },
		"has no clock": func(in *Input) { in.Platform = design.Platform{} },
		"layer conv0":  func(in *Input) { in.Est = badEst{} },
		"binary points": func(in *Input) {
			c := *in.Net
			c.Tensors = slices.Clone(c.Tensors)
			c.Tensors[0].Format = fixed.Format{Bits: 8, Frac: 3}
			in.Net = &c
		},
	} {
		in := good
		change(&in)
		if _, err := Optimize(context.Background(), in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Optimize(ctx, good); err == nil {
		t.Error("a cancelled context gave a design")
	}
}

// badEst fails.
type badEst struct{}

func (badEst) Conv(int, hw.Layer) (float64, float64, error) { return 0, 0, errors.New("no bitmaps") }
