package quant

import (
	"math"
	"testing"

	"hass/internal/calib"
	"hass/internal/fixed"
)

func TestFormats(t *testing.T) {
	pixels := make([]float32, 256)
	unit := make([]float32, 256)
	even := []float32{0, 2, 128, 254}
	for i := range pixels {
		pixels[i], unit[i] = float32(i), float32(i)/255
	}
	inf := math.Inf(1)
	stats := func(v ...float32) *calib.Stats {
		r := calib.NewRanges()
		r.Observe("v", v)
		return r.Of("v")
	}
	for _, tt := range []struct {
		name string
		got  fixed.Format
		want string
	}{
		{"raw pixels, 8 bits", inputFormat(stats(pixels...), 8, Options{}), "u8.0"},
		{"raw pixels, 16 bits", inputFormat(stats(pixels...), 16, Options{}), "u16.0"},
		{"even pixels", inputFormat(stats(even...), 8, Options{}), "u8.0"},
		{"dark pixels of a known range", inputFormat(stats(1, 2), 16, Options{InputMax: 1 << 17}), "u16.-2"},
		{"raw pixels, 6 bits", inputFormat(stats(pixels...), 6, Options{}), "u6.-2"},
		{"pixels of 255ths, 8 bits", inputFormat(stats(unit...), 8, Options{}), "u8.8"},
		{"pixels of 255ths, 16 bits", inputFormat(stats(unit...), 16, Options{}), "u16.15"},
		{"never negative in calibration", inputFormat(stats(unit...), 16, Options{InputMin: -1, InputMax: 1}), "s16.14"},
		{"halves", inputFormat(stats(-1.5, 3), 8, Options{}), "s8.1"},
		{"headroom", valueFormat(stats(-1, 0.9), 16, false, -inf, inf, false), "s16.14"},
		{"headroom tips over", valueFormat(stats(-1, 1.7), 16, false, -inf, inf, false), "s16.13"},
		{"a clip limits headroom", valueFormat(stats(0, 1.9), 16, true, 0, 1.99, false), "u16.15"},
		{"unsigned", valueFormat(stats(0, 1.5), 16, true, 0, inf, false), "u16.15"},
		{"large", valueFormat(stats(-1e6, 1), 16, false, -inf, inf, false), "s16.-6"},
		{"never excited", valueFormat(stats(0), 16, true, 0, inf, false), "u16.15"},
		{"never excited, 8 bits", valueFormat(stats(0), 8, false, -inf, inf, false), "s8.6"},
	} {
		if tt.got.String() != tt.want {
			t.Errorf("%s: %v, want %s", tt.name, tt.got, tt.want)
		}
	}
	// One outlier among many is clipped at 4 bits.
	many := []float32{20}
	for range 100000 {
		many = append(many, 0.43, 0.97, 1.41, 1.87)
	}
	s := stats(many...)
	if f := valueFormat(s, 4, true, 0, inf, false); f.Frac != 3 {
		t.Errorf("outlier: %v, want u4.3", f)
	}
}
