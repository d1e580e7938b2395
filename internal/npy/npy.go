// Package npy reads and writes NumPy .npy files.
//
// It takes files of format 1.0, 2.0 or 3.0 with little-endian elements in C
// order and gives plain slices; it writes format 1.0. It reads uint8, int32,
// int64, float32 and float64 and writes uint8, int16, int32 and float32. Memory
// is allocated only after the shape in the header was found to match the size of
// the file. It never converts between element types.
//
// The format is small and the files come from anywhere, so it is written out
// here: the npyio package indexes headers without checking them, allocates what
// a header claims, reads uint8 arrays one byte per call, and would bring gonum,
// x/text and a pickle interpreter into the binary.
package npy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"strconv"
	"strings"

	"hass/internal/userfile"
)

// Array is one array in C order. Exactly one of the slices is non-nil, the one
// that DType names, and its length is the product of Shape (1 for a scalar).
type Array struct {
	DType string // "uint8", "int16", "int32", "int64", "float32" or "float64"
	Shape []int
	U8    []uint8
	I16   []int16
	I32   []int32
	I64   []int64
	F32   []float32
	F64   []float64
}

// Len is the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// Ints gives the elements of an integer array as int64.
func (a *Array) Ints() ([]int64, error) {
	out := make([]int64, 0, a.Len())
	switch a.DType {
	case "uint8":
		for _, v := range a.U8 {
			out = append(out, int64(v))
		}
	case "int16":
		for _, v := range a.I16 {
			out = append(out, int64(v))
		}
	case "int32":
		for _, v := range a.I32 {
			out = append(out, int64(v))
		}
	case "int64":
		out = append(out, a.I64...)
	default:
		return nil, fmt.Errorf("elements are %s, not integers", a.DType)
	}
	return out, nil
}

var magic = []byte("\x93NUMPY")

// maxHeader bounds the text of the header; NumPy's own are below 200 bytes for
// the arrays that this package reads.
const maxHeader = 1 << 16

// Read reads the file path. Its errors name the file.
func Read(path string) (*Array, error) {
	a, err := read(path)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err
		}
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return a, nil
}

func read(path string) (*Array, error) {
	f, size, err := userfile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return Decode(f, size)
}

// Decode reads an array from r, which holds size bytes.
func Decode(r io.Reader, size int64) (*Array, error) {
	var pre [8]byte
	if _, err := io.ReadFull(r, pre[:]); err != nil || !bytes.Equal(pre[:6], magic) {
		return nil, errors.New("not a .npy file (no NUMPY magic); save it with numpy.save")
	}
	var hlen int
	used := int64(8)
	switch pre[6] {
	case 1:
		var b [2]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, errCut
		}
		hlen, used = int(binary.LittleEndian.Uint16(b[:])), used+2
	case 2, 3:
		var b [4]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, errCut
		}
		n := binary.LittleEndian.Uint32(b[:])
		if n > maxHeader {
			return nil, fmt.Errorf("header of %d bytes; a plain array has less than %d", n, maxHeader)
		}
		hlen, used = int(n), used+4
	default:
		return nil, fmt.Errorf(".npy format %d.%d; this reads 1.0 to 3.0", pre[6], pre[7])
	}
	if int64(hlen) > size-used {
		return nil, errCut
	}
	text := make([]byte, hlen)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, errCut
	}
	used += int64(hlen)
	h, err := parseHeader(string(text))
	if err != nil {
		return nil, err
	}
	dtype, item, err := dtypeOf(h.descr)
	if err != nil {
		return nil, err
	}
	if h.fortran && len(h.shape) > 1 {
		return nil, errors.New("array is in Fortran order; save numpy.ascontiguousarray(x)")
	}
	n := int64(1)
	for _, d := range h.shape {
		if d != 0 && n > math.MaxInt64/16/int64(d) {
			return nil, fmt.Errorf("shape %v is too large", h.shape)
		}
		n *= int64(d)
	}
	if want, have := n*int64(item), size-used; want != have {
		return nil, fmt.Errorf("%s array of shape %v needs %d bytes of data, but the file has %d: cut short or damaged", dtype, h.shape, want, have)
	}
	raw := make([]byte, n*int64(item))
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, errCut
	}
	a := &Array{DType: dtype, Shape: h.shape}
	le := binary.LittleEndian
	switch dtype {
	case "uint8":
		a.U8 = raw
	case "int32":
		a.I32 = make([]int32, n)
		for i := range a.I32 {
			a.I32[i] = int32(le.Uint32(raw[4*i:]))
		}
	case "int64":
		a.I64 = make([]int64, n)
		for i := range a.I64 {
			a.I64[i] = int64(le.Uint64(raw[8*i:]))
		}
	case "float32":
		a.F32 = make([]float32, n)
		for i := range a.F32 {
			a.F32[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
	case "float64":
		a.F64 = make([]float64, n)
		for i := range a.F64 {
			a.F64[i] = math.Float64frombits(le.Uint64(raw[8*i:]))
		}
	}
	return a, nil
}

var errCut = errors.New(".npy file is cut short")

// dtypeOf names an element type and its size in bytes.
func dtypeOf(descr string) (string, int, error) {
	switch descr {
	case "|u1", "<u1", "u1", "=u1", ">u1":
		return "uint8", 1, nil
	case "<i4":
		return "int32", 4, nil
	case "<i8":
		return "int64", 8, nil
	case "<f4":
		return "float32", 4, nil
	case "<f8":
		return "float64", 8, nil
	}
	if strings.HasPrefix(descr, ">") {
		return "", 0, fmt.Errorf("elements are big-endian (%q); save x.astype(x.dtype.newbyteorder('<'))", descr)
	}
	return "", 0, fmt.Errorf("element type %q is not read here; use uint8, int32, int64, float32 or float64 (x.astype(...))", descr)
}

// Write writes the array as format 1.0, which NumPy writes too: the same array
// gives the same bytes as numpy.save.
func Write(w io.Writer, a *Array) error {
	var descr string
	var n int
	switch a.DType {
	case "uint8":
		descr, n = "|u1", len(a.U8)
	case "int16":
		descr, n = "<i2", len(a.I16)
	case "int32":
		descr, n = "<i4", len(a.I32)
	case "float32":
		descr, n = "<f4", len(a.F32)
	default:
		return fmt.Errorf("npy: element type %q is not written here", a.DType)
	}
	if n != a.Len() {
		return fmt.Errorf("npy: %d elements do not fill shape %v", n, a.Shape)
	}
	var dims strings.Builder
	for i, d := range a.Shape {
		if i > 0 {
			dims.WriteString(", ")
		}
		dims.WriteString(strconv.Itoa(d))
	}
	if len(a.Shape) == 1 {
		dims.WriteByte(',')
	}
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, dims.String())
	// The data starts at a multiple of 64 bytes; NumPy adds room for the first
	// dimension to grow in place to 21 digits.
	if len(a.Shape) > 0 {
		text += strings.Repeat(" ", max(0, 21-len(strconv.Itoa(a.Shape[0]))))
	}
	const fixed = 10 // magic, version, header length
	text += strings.Repeat(" ", 64-(fixed+len(text)+1)%64) + "\n"
	if len(text) > math.MaxUint16 {
		return fmt.Errorf("npy: shape has too many dimensions (%d)", len(a.Shape))
	}

	b := bufio.NewWriterSize(w, 1<<16)
	b.Write(magic)
	b.Write([]byte{1, 0})
	var buf [4]byte
	binary.LittleEndian.PutUint16(buf[:], uint16(len(text)))
	b.Write(buf[:2])
	b.WriteString(text)
	switch a.DType {
	case "uint8":
		b.Write(a.U8)
	case "int16":
		for _, v := range a.I16 {
			binary.LittleEndian.PutUint16(buf[:], uint16(v))
			b.Write(buf[:2])
		}
	case "int32":
		for _, v := range a.I32 {
			binary.LittleEndian.PutUint32(buf[:], uint32(v))
			b.Write(buf[:])
		}
	case "float32":
		for _, v := range a.F32 {
			binary.LittleEndian.PutUint32(buf[:], math.Float32bits(v))
			b.Write(buf[:])
		}
	}
	return b.Flush() // bufio keeps the first error
}
