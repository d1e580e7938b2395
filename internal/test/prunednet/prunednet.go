// Package prunednet reads the integer weights of the pruned ResNet-50 of the shared data, layer by layer, for tests that need
// real zeros but no network.
//
// It takes a test. Only tests import it. Without the data the test is skipped.
package prunednet

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hass/frontend/onnx"
	"hass/internal/schedule"
	"hass/internal/test/testenv"
)

// Layer is a layer of the pruned ResNet-50.
type Layer struct {
	Name     string
	Weights  schedule.Weights // words in the order (tap, channel)
	Channels int              // of its input
	Kernel   int              // rows and columns of the kernel
	Stride   int
	Out      int // rows and columns of its output
}

// Pixels is the number of pixels of the output.
func (l *Layer) Pixels() int { return l.Out * l.Out }

// sides are the rows and columns of the outputs of a stage.
var sides = map[string]int{"conv1": 112, "layer1": 56, "layer2": 28, "layer3": 14, "layer4": 7, "fc": 1}

// strideOf is 2 for the first layer, and for the layers that begin a stage on both branches; otherwise 1.
func strideOf(name string) int {
	stage, rest, _ := strings.Cut(name, ".")
	first := strings.HasPrefix(rest, "0.conv1") || strings.HasPrefix(rest, "0.downsample")
	if name == "conv1.weight" || first && stage != "layer1" {
		return 2
	}
	return 1
}

// Layers reads all 54 layers.
func Layers(t testing.TB) []Layer {
	t.Helper()
	dir := filepath.Join(testenv.Data(t), "resnet50_pruned")
	f, err := os.Open(filepath.Join(dir, "weight_format.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnx.Open(filepath.Join(dir, "model.onnx.gz"))
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string]*onnx.Tensor{}
	for _, x := range m.Graph.Initializers {
		tensors[x.Name] = x
	}
	var list []Layer
	for _, row := range table[1:] {
		x := tensors[row[0]]
		frac, err := strconv.Atoi(row[1])
		if x == nil || err != nil {
			t.Fatalf("%v: %v", row, err)
		}
		values, err := x.Floats()
		if err != nil {
			t.Fatal(err)
		}
		filters, channels, taps := int(x.Dims[0]), int(x.Dims[1]), 1
		for _, d := range x.Dims[2:] {
			taps *= int(d)
		}
		stage, _, _ := strings.Cut(row[0], ".")
		l := Layer{Name: row[0], Weights: schedule.Weights{Filters: filters, Words: taps * channels, W: make([]int16, len(values))},
			Channels: channels, Kernel: int(math.Sqrt(float64(taps))), Stride: strideOf(row[0]), Out: sides[stage]}
		for i, v := range values {
			f, c, tap := i/taps/channels, i/taps%channels, i%taps
			l.Weights.W[(f*taps+tap)*channels+c] = int16(math.RoundToEven(math.Ldexp(float64(v), frac)))
		}
		if l.Out == 0 {
			t.Fatalf("no stage of %s", row[0])
		}
		list = append(list, l)
	}
	if len(list) != 54 {
		t.Fatalf("%d layers", len(list))
	}
	return list
}
