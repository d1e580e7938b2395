package schedule_test

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

// layer is a layer of the pruned ResNet-50.
type layer struct {
	name    string
	weights schedule.Weights
	pixels  int // of its output
}

// prunedResNet50 reads the integer weights of the pruned ResNet-50, words in the order (tap, channel).
func prunedResNet50(t *testing.T) []layer {
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
	pixels := map[string]int{"conv1": 112 * 112, "layer1": 56 * 56, "layer2": 28 * 28, "layer3": 14 * 14, "layer4": 7 * 7, "fc": 1}
	var list []layer
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
		l := layer{row[0], schedule.Weights{Filters: filters, Words: taps * channels, W: make([]int16, len(values))}, pixels[stage]}
		for i, v := range values {
			f, c, tap := i/taps/channels, i/taps%channels, i%taps
			l.weights.W[(f*taps+tap)*channels+c] = int16(math.RoundToEven(math.Ldexp(float64(v), frac)))
		}
		if l.pixels == 0 {
			t.Fatalf("no stage of %s", row[0])
		}
		list = append(list, l)
	}
	if len(list) != 54 {
		t.Fatalf("%d layers", len(list))
	}
	return list
}

// TestPrunedResNet50: on the pruned ResNet-50 banks are at least as full as those of a study by another program, which had its own search
// (92.2 % at 4 banks, 84.0 % at 8, by the multiplications of each layer), less half a point; 8-bit products of two pixels fit 18 bits
// without a split row.
func TestPrunedResNet50(t *testing.T) {
	testenv.Long(t)
	layers := prunedResNet50(t)
	for _, c := range []struct {
		banks int
		want  float64
	}{{4, 0.922}, {8, 0.840}} {
		var work, places float64
		split := 0
		for _, l := range layers {
			bank, err := schedule.Assign(&l.weights, c.banks)
			if err != nil {
				t.Fatal(err)
			}
			cfg := schedule.Config{Banks: c.banks, Chains: 1, Field: schedule.Field{Bits: 18, Hi: 255}}
			p, err := schedule.New(&l.weights, bank, cfg)
			if err != nil {
				t.Fatalf("%s: %v", l.name, err)
			}
			check(t, &l.weights, bank, cfg, p)
			split += p.Split
			work += float64(p.Weights * l.pixels)
			places += float64(p.Rows * c.banks * l.pixels)
		}
		t.Logf("%d banks: %.1f %% of the places hold a weight, %d rows split", c.banks, 100*work/places, split)
		if work/places < c.want-0.005 || split > 0 {
			t.Errorf("%d banks: %.1f %% of the places hold a weight, %d rows split; want %.1f and none", c.banks, 100*work/places, split, 100*c.want)
		}
	}
}
