package npy

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/test/testenv"
)

// file makes a format 1.0 file of a header's text and data.
func file(header string, data ...byte) []byte {
	b := append([]byte("\x93NUMPY\x01\x00"), 0, 0)
	binary.LittleEndian.PutUint16(b[8:], uint16(len(header)))
	return append(append(b, header...), data...)
}

func TestDecode(t *testing.T) {
	f32 := binary.LittleEndian.AppendUint32(nil, math.Float32bits(1.5))
	f64 := binary.LittleEndian.AppendUint64(nil, math.Float64bits(-2.5))
	v2 := append([]byte("\x93NUMPY\x02\x00"), 52, 0, 0, 0)
	v2 = append(v2, "{'descr': '|u1', 'fortran_order': False, 'shape':()}"...)
	for name, c := range map[string]struct {
		in   []byte
		want *Array
	}{
		"uint8":              {file("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }\n", 7, 9), &Array{DType: "uint8", Shape: []int{2, 1}, U8: []uint8{7, 9}}},
		"int32":              {file("{'descr': '<i4', 'fortran_order': False, 'shape': (1,), }\n", 0xff, 0xff, 0xff, 0xff), &Array{DType: "int32", Shape: []int{1}, I32: []int32{-1}}},
		"int64":              {file("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n", 1, 0, 0, 0, 0, 0, 0, 0x80), &Array{DType: "int64", Shape: []int{1}, I64: []int64{math.MinInt64 + 1}}},
		"float32, any order": {file(`{"shape":(1,),"fortran_order":False,"descr":"<f4"}`, f32...), &Array{DType: "float32", Shape: []int{1}, F32: []float32{1.5}}},
		"float64, scalar":    {file("{'descr': '<f8', 'fortran_order': False, 'shape': (), }\n", f64...), &Array{DType: "float64", Shape: []int{}, F64: []float64{-2.5}}},
		"empty":              {file("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 999999999999), }\n"), &Array{DType: "float32", Shape: []int{0, 999999999999}, F32: []float32{}}},
		"fortran, 1-D":       {file("{'descr': '|u1', 'fortran_order': True, 'shape': (1L,), }\n", 3), &Array{DType: "uint8", Shape: []int{1}, U8: []uint8{3}}},
		"format 2.0":         {append(v2, 5), &Array{DType: "uint8", Shape: []int{}, U8: []uint8{5}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(bytes.NewReader(c.in), int64(len(c.in)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	good := "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"empty":               {nil, "not a .npy file"},
		"zip":                 {[]byte("PK\x03\x04 some more bytes"), "not a .npy file"},
		"version":             {[]byte("\x93NUMPY\x09\x00\x00\x00"), "format 9.0"},
		"no header":           {[]byte("\x93NUMPY\x01\x00"), "cut short"},
		"header cut":          {file(good)[:30], "cut short"},
		"huge header":         {[]byte("\x93NUMPY\x02\x00\xff\xff\xff\xff"), "header of 4294967295"},
		"too little data":     {file(good, 1, 2, 3), "needs 4 bytes of data, but the file has 3"},
		"too much data":       {file(good, 1, 2, 3, 4, 5), "needs 4 bytes of data, but the file has 5"},
		"claims a petabyte":   {file(strings.Replace(good, "(1,)", "(1000000, 1000000000)", 1)), "needs 4000000000000000 bytes"},
		"overflows":           {file(strings.Replace(good, "(1,)", "(4294967296, 4294967296, 4)", 1)), "too large"},
		"overflows a number":  {file(strings.Replace(good, "(1,)", "(99999999999999999999,)", 1)), "bad dimension"},
		"negative":            {file(strings.Replace(good, "(1,)", "(-1,)", 1)), "bad dimension"},
		"fortran":             {file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", 0, 0, 0, 0), "ascontiguousarray"},
		"big-endian":          {file(strings.Replace(good, "<f4", ">f4", 1), 0, 0, 0, 0), "big-endian"},
		"float16":             {file(strings.Replace(good, "<f4", "<f2", 1), 0, 0), `"<f2"`},
		"object":              {file(strings.Replace(good, "<f4", "|O", 1), 0), `"|O"`},
		"structured":          {file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 0, 0, 0, 0), "structured"},
		"not a dictionary":    {file("hello"), "expected {"},
		"unfinished":          {file("{'descr': '<f4'"), "bad .npy header"},
		"key missing":         {file("{'descr': '<f4', 'shape': (1,), }"), "needs the keys"},
		"key twice":           {file("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }"), "twice"},
		"unknown key":         {file("{'dtype': '<f4'}"), `unknown key "dtype"`},
		"text after the end":  {file(good + "x"), "text after"},
		"neither True nor so": {file("{'fortran_order': 0}"), "fortran_order"},
		"many dimensions":     {file("{'shape': (" + strings.Repeat("1,", 40) + ")}"), "32 dimensions"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Decode(bytes.NewReader(c.in), int64(len(c.in)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v and error %v, want one with %q", a, err, c.want)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "no.npy")); err == nil || !strings.Contains(err.Error(), "no.npy: no such file") {
		t.Errorf("missing file: %v", err)
	}
	if _, err := Read(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("folder: %v", err)
	}
}

func TestWriteThenDecode(t *testing.T) {
	for _, a := range []*Array{
		{DType: "uint8", Shape: []int{2, 2}, U8: []uint8{0, 1, 254, 255}},
		{DType: "int32", Shape: []int{3}, I32: []int32{math.MinInt32, 0, math.MaxInt32}},
		{DType: "float32", Shape: []int{1, 1, 2}, F32: []float32{float32(math.Inf(-1)), 1e-45}},
		{DType: "float32", Shape: []int{}, F32: []float32{3}},
		{DType: "uint8", Shape: []int{0, 5}, U8: []uint8{}},
	} {
		var b bytes.Buffer
		if err := Write(&b, a); err != nil {
			t.Fatal(err)
		}
		got, err := Decode(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(a, got); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
	}
	var b bytes.Buffer
	if err := Write(&b, &Array{DType: "int16", Shape: []int{2}, I16: []int16{-2, 258}}); err != nil {
		t.Fatal(err)
	}
	// What numpy.save(numpy.array([-2, 258], 'int16')) writes.
	want := "\x93NUMPY\x01\x00v\x00{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }" + strings.Repeat(" ", 60) + "\n\xfe\xff\x02\x01"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("int16 (-want +got):\n%s", diff)
	}
	for _, a := range []*Array{
		{DType: "float64", Shape: []int{1}, F64: []float64{1}},
		{DType: "uint8", Shape: []int{3}, U8: []uint8{1}},
	} {
		if err := Write(&b, a); err == nil {
			t.Errorf("%+v was written", a)
		}
	}
}

// TestNumpyBytes reads files that NumPy wrote and writes the same bytes.
func TestNumpyBytes(t *testing.T) {
	dir := testenv.Data(t)
	for name, shape := range map[string][]int{
		"mnist_lenet/test_images.npy":            {2000, 28, 28},
		"mnist_lenet/model_reference_output.npy": {16, 10},
		"cifar10_resnet8/calib_labels.npy":       {500},
	} {
		path := filepath.Join(dir, name)
		a, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(shape, a.Shape); diff != "" {
			t.Errorf("%s: shape (-want +got):\n%s", name, diff)
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := Write(&b, a); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, b.Bytes()) {
			t.Errorf("%s: written bytes differ from NumPy's: %q against %q", name, b.Bytes()[:140], want[:140])
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 1), }\n", 7, 9))
	f.Add(file("{'descr': '<f8', 'fortran_order': True, 'shape': (), }\n", 0, 0, 0, 0, 0, 0, 0, 0))
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := Decode(bytes.NewReader(in), int64(len(in)))
		if err == nil && a.Len() != len(a.U8)+len(a.I32)+len(a.I64)+len(a.F32)+len(a.F64) {
			t.Errorf("shape %v does not fit the elements", a.Shape)
		}
	})
}
