package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"hass/internal/npy"
)

// openLabels gives one label per image of src, in its order.
func openLabels(p string, src source, classes []string) ([]int, error) {
	n, _, _ := src.size()
	var labels []int
	var err error
	switch ext := strings.ToLower(filepath.Ext(p)); ext {
	case ".npy":
		labels, err = npyLabels(p, n)
	case ".csv":
		labels, err = csvLabels(p, src)
	default:
		err = fmt.Errorf("ends in %q; labels are a .npy or .csv file", ext)
	}
	if err != nil {
		return nil, err
	}
	for i, l := range labels {
		if l < 0 {
			return nil, fmt.Errorf("label %d of image %d is negative", l, i)
		}
		if classes != nil && l >= len(classes) {
			return nil, fmt.Errorf("label %d of image %d has no name: \"classes\" names %d", l, i, len(classes))
		}
	}
	return labels, nil
}

func npyLabels(p string, n int) ([]int, error) {
	a, err := npy.Read(p)
	if err != nil {
		return nil, errors.Unwrap(err) // Open names the file
	}
	v, err := a.Ints()
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 1 || len(v) != n {
		return nil, fmt.Errorf("has shape %v, but there are %d images; labels are (%d,)", a.Shape, n, n)
	}
	labels := make([]int, n)
	for i, x := range v {
		if x > 1<<31-1 {
			return nil, fmt.Errorf("label %d of image %d is not a class number", x, i)
		}
		labels[i] = int(x)
	}
	return labels, nil
}

// csvLabels joins a CSV of file and label to the images by file name. A name
// without a folder matches the last part of an image's name. Every image needs a
// row; rows of other images are allowed, so that one CSV serves several subsets.
func csvLabels(p string, src source) ([]int, error) {
	text, err := readText(p, maxLabels)
	if err != nil {
		return nil, err
	}
	n, _, _ := src.size()
	if src.name(0) == "" {
		return nil, errors.New("a CSV is joined by file name, but the images of a .npy file have none; store the labels as .npy")
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
