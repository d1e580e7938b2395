package optimizer

import (
	"bytes"
	"fmt"
	"path/filepath"

	"hass/internal/npy"
)

// GoldenImages reads the design's golden inputs, each H x W x C integers, from the side
// file in dir, the folder of the design. There are at least two.
func (d *Design) GoldenImages(dir string) ([][]int32, error) {
	fail := func(format string, args ...any) ([][]int32, error) {
		return nil, fmt.Errorf("side file %s: %w", filepath.Join(dir, d.Golden.Path), fmt.Errorf(format, args...))
	}
	data, err := d.Golden.Read(dir)
	if err != nil {
		return nil, err
	}
	a, err := npy.Decode(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fail("%w", err)
	}
	t := d.Net.Tensors[d.Net.Input]
	if a.DType != "int32" || len(a.Shape) != 4 || a.Shape[1] != t.H || a.Shape[2] != t.W || a.Shape[3] != t.C {
		return fail("%s array of shape %v; want int32 N x %d x %d x %d", a.DType, a.Shape, t.H, t.W, t.C)
	}
	if a.Shape[0] < 2 {
		return fail("%d golden images; at least two different ones are needed", a.Shape[0])
	}
	size := t.H * t.W * t.C
	images := make([][]int32, a.Shape[0])
	for i := range images {
		images[i] = a.I32[i*size : (i+1)*size]
	}
	return images, nil
}
