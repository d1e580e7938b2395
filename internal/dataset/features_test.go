package dataset

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/npy"
)

func f32(t testing.TB, shape []int, v ...float32) string {
	return npyBytes(t, npy.Array{DType: "float32", Shape: shape, F32: v})
}

// TestFeatures: numbers of an array or a CSV are used unchanged, or with divisor, mean and std per channel, with channels
// first or last. A vector accepts images with the same number of values, planes first.
func TestFeatures(t *testing.T) {
	const pre = "\n[input]\ndivisor = 2.0\nmean = [1.0, 2.0]\nstd = [1.0, 4.0]\n"
	six := []float32{0, 1, 2, 3, 4, 5}
	for _, c := range []struct {
		name, toml, file, data string
		shape                  []int // of the model's input
		want                   []float32
	}{
		{"vector", "", "x.npy", f32(t, []int{2, 3}, six...), []int{1, 3}, []float32{3, 4, 5}},
		{"sequence", "", "x.npy", f32(t, []int{1, 2, 3}, six...), []int{1, 2, 3}, six},
		{"sequence, channels last", "", "x.npy", f32(t, []int{1, 3, 2}, six...), []int{1, 2, 3}, []float32{0, 2, 4, 1, 3, 5}},
		{"map", "", "x.npy", f32(t, []int{1, 2, 1, 3}, six...), []int{1, 2, 1, 3}, six},
		{"map, channels last", "", "x.npy", f32(t, []int{1, 1, 3, 2}, six...), []int{1, 2, 1, 3}, []float32{0, 2, 4, 1, 3, 5}},
		{"preprocessed", pre, "x.npy", f32(t, []int{1, 2, 3}, six...), []int{1, 2, 3}, []float32{-1, -0.5, 0, -0.125, 0, 0.125}},
		{"preprocessed, last", pre, "x.npy", f32(t, []int{1, 3, 2}, six...), []int{1, 2, 3}, []float32{-1, 0, 1, -0.375, -0.125, 0.125}},
		{"CSV", "", "x.csv", "a,b,c\n0,1,2\n3, 4,5e0\n", []int{1, 3}, []float32{3, 4, 5}},
		{"CSV without names", "", "x.csv", "0,1,2\r\n3,4,-5\r\n", []int{1, 3}, []float32{3, 4, -5}},
		{"vector as a map", "", "x.npy", f32(t, []int{1, 3}, 0, 1, 2), []int{1, 3, 1, 1}, []float32{0, 1, 2}},
		{"map of a pixel as a vector", "", "x.npy", f32(t, []int{1, 1, 1, 3}, 0, 1, 2), []int{1, 3}, []float32{0, 1, 2}},
		{"an image as a map of a pixel", pre, "x.npy", u8(t, []int{1, 1, 2, 2}, 2, 4, 6, 8), []int{1, 4, 1, 1}, []float32{0, 2, 0, 0.5}},
		{"bytes", pre, "x.npy", u8(t, []int{2, 2}, 9, 9, 2, 8), []int{1, 2}, []float32{0, 0.5}},
		{"an image as a vector", pre, "x.npy", u8(t, []int{1, 1, 2, 2}, 2, 4, 6, 8), []int{1, 4}, []float32{0, 2, 0, 0.5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := folder(t, map[string]string{"d.toml": "images = \"" + c.file + "\"" + c.toml, c.file: c.data})
			s, err := Open(filepath.Join(dir, "d.toml"))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(c.shape); err != nil {
				t.Fatal(err)
			}
			got := make([]float32, len(c.want))
			if err := s.Float(s.Len()-1, got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestFeatureErrors: the error about an array or a CSV of numbers names the place of the fault.
func TestFeatureErrors(t *testing.T) {
	nan := float32(0)
	nan /= nan
	for name, c := range map[string]struct {
		toml, file, data string
		shape            []int
		want             string
	}{
		"one axis":      {"", "x.npy", f32(t, []int{3}, 1, 2, 3), nil, "[3]"},
		"not a number":  {"", "x.npy", f32(t, []int{2, 2}, 1, 2, nan, 3), nil, "number 0 of input 1 is NaN"},
		"nothing":       {"", "x.npy", f32(t, []int{0, 2}), nil, "no numbers"},
		"CSV, word":     {"", "x.csv", "a,b\n1,x\n", nil, "line 2: column 2"},
		"CSV, ragged":   {"", "x.csv", "1,2\n3\n", nil, "wrong number of fields"},
		"CSV, empty":    {"", "x.csv", "a,b\n", nil, "no line of numbers"},
		"CSV, infinite": {"", "x.csv", "1,2\n3,Inf\n", nil, "number 1 of input 1"},
		"shape":         {"", "x.npy", f32(t, []int{1, 2}, 1, 2), []int{1, 3}, "each input has shape [2], but the model's input is [3]"},
		"means":         {"\n[input]\ndivisor = 1.0\nmean = [0.0, 0.0]\nstd = [1.0, 1.0]\n", "x.npy", f32(t, []int{1, 3}, 1, 2, 3), []int{1, 3}, "2 numbers"},
		"labels":        {"\nlabels = \"y.csv\"", "x.csv", "1,2\n", nil, "header must be \"label\""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, map[string]string{"d.toml": "images = \"" + c.file + "\"" + c.toml, c.file: c.data, "y.csv": "1\n"})
			s, err := Open(filepath.Join(dir, "d.toml"))
			if err == nil && c.shape != nil {
				err = s.Check(c.shape)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v does not contain %q", err, c.want)
			}
		})
	}
}

// TestLabelColumn: inputs without names have their labels in order.
func TestLabelColumn(t *testing.T) {
	s := open1(t, folder(t, map[string]string{"d.toml": "images = \"x.csv\"\nlabels = \"y.csv\"", "x.csv": "1,2\n3,4\n", "y.csv": "label\n7\n1\n"}))
	if s.Label(0) != 7 || s.Label(1) != 1 {
		t.Errorf("labels %d %d", s.Label(0), s.Label(1))
	}
	if _, err := s.Image(0); err == nil {
		t.Error("numbers are an image of bytes")
	}
	if p, err := s.PreprocOf(5); err != nil || len(p.Mean) != 5 || len(p.Std) != 5 {
		t.Errorf("%+v %v", p, err)
	}
}
