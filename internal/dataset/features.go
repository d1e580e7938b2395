package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"hass/internal/npy"
)

// features are inputs as numbers: each input is an array of float32 in the model's own order, not an image of bytes.
type features struct {
	n     int
	shape []int // of one input
	data  []float32
}

// openFloats takes an array (N, ...) of float32.
func openFloats(a *npy.Array) (*features, error) {
	if len(a.Shape) < 2 || len(a.Shape) > maxFeatureRank {
		return nil, fmt.Errorf("has shape %v; float32 inputs are (N, features), (N, channels, length), or as the model has its input", a.Shape)
	}
	return newFeatures(a.Shape[0], a.Shape[1:], a.F32)
}

// maxFeatureRank bounds the axes of an array of inputs.
const maxFeatureRank = 6

func newFeatures(n int, shape []int, data []float32) (*features, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("has shape %v: no numbers", append([]int{n}, shape...))
	}
	for i, v := range data {
		if !finite(float64(v)) {
			per := len(data) / n
			return nil, fmt.Errorf("number %d of input %d is %g", i%per, i/per, v)
		}
	}
	return &features{n: n, shape: shape, data: data}, nil
}

// maxCSV bounds a CSV of features in bytes.
const maxCSV = 1 << 30

// openCSV reads one input per line, one feature per column. The first line may name the columns. All lines must have the same
// number of columns.
func openCSV(p string) (*features, error) {
	text, err := readText(p, maxCSV)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.TrimLeadingSpace, r.ReuseRecord = true, true
	var data []float32
	n, columns := 0, 0
	for first := true; ; first = false {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		columns = len(row)
		for i, cell := range row {
			v, err := strconv.ParseFloat(strings.TrimSpace(cell), 32)
			if err == nil {
				data = append(data, float32(v))
				continue
			}
			if first && i == 0 { // the columns' names
				n--
				break
			}
			line, _ := r.FieldPos(i)
			return nil, fmt.Errorf("line %d: column %d is %.40q, no number", line, i+1, cell)
		}
		n++
	}
	if n < 1 {
		return nil, errors.New("holds no line of numbers")
	}
	return newFeatures(n, []int{columns}, data)
}

func (s *features) size() (n, h, w int) {
	h, w = 1, 1
	switch len(s.shape) {
	case 2:
		w = s.shape[1]
	case 3:
		h, w = s.shape[1], s.shape[2]
	}
	return s.n, h, w
}

func (s *features) name(int) string { return "" }

func (s *features) image(int, int) ([]uint8, error) {
	return nil, errors.New("the set holds float32 numbers, not images of bytes")
}

// of are the numbers of input i.
func (s *features) of(i int) []float32 {
	per := len(s.data) / s.n
	return s.data[i*per : (i+1)*per]
}

// fit reports whether the inputs have the shape of a model's input, [1, ...], or that shape with the channels last. Axes of size 1 are
// ignored: a vector fits a map of one pixel.
func (s *features) fit(shape []int) (last, ok bool) {
	have, want := long(s.shape), long(shape)
	if slices.Equal(have, want) {
		return false, true
	}
	if len(shape) > 2 && shape[0] == 1 {
		if slices.Equal(have, long(append(slices.Clone(shape[2:]), shape[1]))) {
			return true, true
		}
	}
	return false, false
}

// long are the axes of size above 1.
func long(shape []int) []int {
	return slices.DeleteFunc(slices.Clone(shape), func(n int) bool { return n == 1 })
}
