package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"hass/internal/npy"
)

// labels are those of all images: class has one class number per image, or elements has one label for each
// element of an output; neither if there are none.
type labels struct {
	class    []int
	elements *npy.Array // (N, ...), integers or floats
}

// LabelKind is the kind of a set's labels.
type LabelKind int

// The kinds of labels.
const (
	NoLabels      LabelKind = iota
	ClassLabels             // one class number per image
	ElementLabels           // an array per image, of class numbers or of values
)

// Labels is the kind of labels that the data-set file names.
func (s *Set) Labels() LabelKind {
	switch {
	case s.labels.class != nil:
		return ClassLabels
	case s.labels.elements != nil:
		return ElementLabels
	}
	return NoLabels
}

// Label is the class of image i, from 0; -1 if the set has no ClassLabels.
func (s *Set) Label(i int) int {
	if s.labels.class == nil || i < 0 || i >= s.n {
		return -1
	}
	return s.labels.class[i]
}

// LabelShape is the shape of an image's ElementLabels, and whether they are integers and so may be class numbers.
func (s *Set) LabelShape() (shape []int, integers bool) {
	a := s.labels.elements
	if a == nil {
		return nil, false
	}
	return a.Shape[1:], a.DType != "float32" && a.DType != "float64"
}

// Elements are the ElementLabels of image i, in the order of LabelShape.
func (s *Set) Elements(i int) ([]float64, error) {
	a := s.labels.elements
	if a == nil || i < 0 || i >= s.n {
		return nil, fmt.Errorf("data set %s: no element labels of image %d", s.Path, i)
	}
	n := a.Len() / a.Shape[0]
	v := make([]float64, n)
	for k := range v {
		switch at := i*n + k; a.DType {
		case "uint8":
			v[k] = float64(a.U8[at])
		case "int16":
			v[k] = float64(a.I16[at])
		case "int32":
			v[k] = float64(a.I32[at])
		case "int64":
			v[k] = float64(a.I64[at])
		case "float32":
			v[k] = float64(a.F32[at])
		case "float64":
			v[k] = a.F64[at]
		default:
			return nil, fmt.Errorf("data set %s: labels are %s", s.Path, a.DType)
		}
	}
	return v, nil
}

// openLabels gives the labels of the images of src, in its order.
func openLabels(p string, src source, classes []string) (labels, error) {
	n, _, _ := src.size()
	var l labels
	var err error
	switch ext := strings.ToLower(filepath.Ext(p)); ext {
	case ".npy":
		l, err = npyLabels(p, n)
	case ".csv":
		l.class, err = csvLabels(p, src)
	default:
		err = fmt.Errorf("ends in %q; labels are a .npy or .csv file", ext)
	}
	if err != nil {
		return labels{}, err
	}
	for i, c := range l.class {
		if c < 0 {
			return labels{}, fmt.Errorf("label %d of image %d is negative", c, i)
		}
		if classes != nil && c >= len(classes) {
			return labels{}, fmt.Errorf("label %d of image %d has no name: \"classes\" names %d", c, i, len(classes))
		}
	}
	return l, nil
}

func npyLabels(p string, n int) (labels, error) {
	a, err := npy.Read(p)
	if err != nil {
		return labels{}, errors.Unwrap(err) // Open names the file
	}
	if len(a.Shape) < 1 || a.Shape[0] != n {
		return labels{}, fmt.Errorf("has shape %v, but there are %d images; labels are one class per image, (%d,), or as many as an output has elements, (%d, ...)", a.Shape, n, n, n)
	}
	floats := a.DType == "float32" || a.DType == "float64"
	if len(a.Shape) > 1 && (floats || a.Len() > n) {
		for i, v := range a.F32 {
			if !finite(float64(v)) {
				return labels{}, fmt.Errorf("element %d is %g", i, v)
			}
		}
		for i, v := range a.F64 {
			if !finite(v) {
				return labels{}, fmt.Errorf("element %d is %g", i, v)
			}
		}
		return labels{elements: a}, nil
	}
	v, err := a.Ints()
	if err != nil {
		return labels{}, err
	}
	class := make([]int, n)
	for i, x := range v {
		if x > 1<<31-1 {
			return labels{}, fmt.Errorf("label %d of image %d is not a class number", x, i)
		}
		class[i] = int(x)
	}
	return labels{class: class}, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// csvLabels joins a CSV of file and label to the images by file name. A name
// without a folder matches the last part of an image's name. Every image needs a
// row; rows for other images are allowed, so that one CSV can serve several
// subsets.
func csvLabels(p string, src source) ([]int, error) {
	text, err := readText(p, maxLabels)
	if err != nil {
		return nil, err
	}
	n, _, _ := src.size()
	if src.name(0) == "" {
		return csvColumn(text, n)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.FieldsPerRecord = 2
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil || strings.TrimSpace(head[0]) != "file" || strings.TrimSpace(head[1]) != "label" {
		return nil, errors.New(`line 1: the header must be "file,label"`)
	}
	byName := map[string]int{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		label, err := strconv.ParseInt(strings.TrimSpace(row[1]), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("line %d: label %q is not a class number", line, row[1])
		}
		name := path.Clean(strings.TrimSpace(row[0]))
		if old, ok := byName[name]; ok && old != int(label) {
			return nil, fmt.Errorf("line %d: %q has two labels, %d and %d", line, name, old, label)
		}
		byName[name] = int(label)
	}

	bases := map[string]int{} // images by the last part of their name
	for i := range n {
		bases[path.Base(src.name(i))]++
	}
	labels := make([]int, n)
	for i := range n {
		name := src.name(i)
		label, ok := byName[name]
		if base := path.Base(name); !ok && base != name {
			if label, ok = byName[base]; ok && bases[base] > 1 {
				return nil, fmt.Errorf("%q fits %d images in different folders; write their whole names", base, bases[base])
			}
		}
		if !ok {
			return nil, fmt.Errorf("no row for image %q", name)
		}
		labels[i] = label
	}
	return labels, nil
}

// csvColumn reads one label per line under the header "label", in the order of the inputs, which have no names.
func csvColumn(text []byte, n int) ([]int, error) {
	lines := strings.Split(strings.TrimRight(strings.ReplaceAll(strings.TrimPrefix(string(text), "\ufeff"), "\r\n", "\n"), "\n"), "\n")
	if strings.TrimSpace(lines[0]) != "label" {
		return nil, errors.New(`line 1: the header must be "label": a CSV of file and label is joined by file name, and these images have none`)
	}
	if len(lines)-1 != n {
		return nil, fmt.Errorf("has %d labels for %d images", len(lines)-1, n)
	}
	labels := make([]int, n)
	for i, line := range lines[1:] {
		label, err := strconv.ParseInt(strings.TrimSpace(line), 10, 32)
		if err != nil {
			return nil, fmt.Errorf("line %d: label %.40q is not a class number", i+2, line)
		}
		labels[i] = int(label)
	}
	return labels, nil
}
