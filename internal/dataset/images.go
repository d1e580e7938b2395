package dataset

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"hass/internal/npy"
	"hass/internal/userfile"
)

// Limits on one encoded image: the file's size, and the number of pixels in its
// header, which determines the memory for decoding.
const (
	maxImageBytes  = 64 << 20
	maxImagePixels = 8192 * 8192
)

// npySource holds all pixels in memory.
type npySource struct {
	n, h, w, c int
	u8         []uint8
}

func openNpy(p string, c int) (source, error) {
	a, err := npy.Read(p)
	if err != nil {
		return nil, errors.Unwrap(err) // Open names the file
	}
	if a.DType == "float32" {
		return openFloats(a)
	}
	if c == 0 {
		return nil, errNoInput
	}
	if a.DType != "uint8" {
		return nil, fmt.Errorf("holds %s; images are uint8 pixels, features float32 numbers", a.DType)
	}
	s := &npySource{c: 1, u8: a.U8}
	switch len(a.Shape) {
	case 4:
		s.n, s.h, s.w, s.c = a.Shape[0], a.Shape[1], a.Shape[2], a.Shape[3]
	case 3:
		s.n, s.h, s.w = a.Shape[0], a.Shape[1], a.Shape[2]
	case 2:
		s.n, s.h, s.w, s.c = a.Shape[0], 1, 1, a.Shape[1]
	default:
		return nil, fmt.Errorf("has shape %v; images are (N,H,W,C) or (N,H,W), vectors (N,C)", a.Shape)
	}
	if a.Len() == 0 {
		return nil, fmt.Errorf("has shape %v: no pixels", a.Shape)
	}
	if s.c != c && s.c != 1 {
		return nil, fmt.Errorf("has shape %v with %d channels, but \"input.mean\" has %d numbers", a.Shape, s.c, c)
	}
	return s, nil
}

func (s *npySource) size() (n, h, w int) { return s.n, s.h, s.w }
func (s *npySource) name(int) string     { return "" }

func (s *npySource) image(i, c int) ([]uint8, error) {
	size := s.h * s.w * s.c
	px := s.u8[i*size:][:size:size]
	if s.c == c {
		return px, nil
	}
	return replicate(px, c), nil
}

// replicate gives every channel the grey value.
func replicate(grey []uint8, c int) []uint8 {
	out := make([]uint8, 0, len(grey)*c)
	for _, g := range grey {
		for range c {
			out = append(out, g)
		}
	}
	return out
}

// fileSource decodes images from files: one file each, or parts of one tar.
type fileSource struct {
	files []imageFile
	h, w  int
}

// imageFile is a run of bytes of a file. The file is opened for each image, so
// that a set needs no closing and images decode concurrently.
type imageFile struct {
	name         string // in messages and in the labels' CSV, slash-separated
	path         string
	offset, size int64
}

func (s *fileSource) size() (n, h, w int) { return len(s.files), s.h, s.w }
func (s *fileSource) name(i int) string   { return s.files[i].name }

func isImageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".jpg", ".jpeg", ".png":
		return !strings.HasPrefix(path.Base(name), ".")
	}
	return false
}

// imageNames lists the images directly in a folder, sorted by name. Other files,
// such as a CSV of labels, are ignored.
func imageNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, cause(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && isImageName(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

func openFolder(dir string, c int) (source, error) {
	names, err := imageNames(dir)
	if err != nil {
		return nil, err
	}
	s := &fileSource{}
	for _, n := range names {
		p := filepath.Join(dir, n)
		st, err := os.Stat(p)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", n, cause(err))
		}
		if !st.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: not a regular file", n)
		}
		s.files = append(s.files, imageFile{name: n, path: p, size: st.Size()})
	}
	return s.checked(c)
}

// openTar lists the images of a tar in its order. The reader of archive/tar reads
// exactly the headers from the file, so the file's position after Next is the
// start of the entry's bytes.
func openTar(p string, size int64, c int) (source, error) {
	f, _, err := userfile.Open(p)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	s := &fileSource{}
	seen := map[string]bool{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("bad tar after %d images: %w", len(s.files), err)
		}
		if h.Typeflag != tar.TypeReg || !isImageName(h.Name) {
			if h.Typeflag == tar.TypeGNUSparse {
				return nil, fmt.Errorf("%q is a sparse file; write the tar without --sparse", h.Name)
			}
			continue
		}
		for k := range h.PAXRecords {
			if strings.HasPrefix(k, "GNU.sparse.") {
				return nil, fmt.Errorf("%q is a sparse file; write the tar without --sparse", h.Name)
			}
		}
		off, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, cause(err)
		}
		if h.Size < 0 || h.Size > size-off {
			return nil, fmt.Errorf("the tar ends inside %q", h.Name)
		}
		name := path.Clean(h.Name)
		if seen[name] {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		s.files = append(s.files, imageFile{name: name, path: p, offset: off, size: h.Size})
	}
	return s.checked(c)
}

// checked reads the header of every image: all must have the same size, and a
// grey input accepts no colour.
func (s *fileSource) checked(c int) (source, error) {
	if len(s.files) == 0 {
		return nil, errors.New("holds no .jpg, .jpeg or .png file")
	}
	if c != 1 && c != 3 {
		return nil, fmt.Errorf("JPEG and PNG images have 1 or 3 channels, but \"input.mean\" has %d numbers", c)
	}
	for i := range s.files {
		f := &s.files[i]
		if f.size > maxImageBytes {
			return nil, fmt.Errorf("%s: has %d bytes; the limit of one image is %d", f.name, f.size, maxImageBytes)
		}
		cfg, err := f.config()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, cause(err))
		}
		if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxImagePixels/cfg.Height {
			return nil, fmt.Errorf("%s: %dx%d pixels; the limit is %d in all", f.name, cfg.Height, cfg.Width, maxImagePixels)
		}
		if i == 0 {
			s.h, s.w = cfg.Height, cfg.Width
		} else if cfg.Height != s.h || cfg.Width != s.w {
			return nil, fmt.Errorf("%s is %dx%d (height x width), but %s is %dx%d; all images need one size", f.name, cfg.Height, cfg.Width, s.files[0].name, s.h, s.w)
		}
		if c == 1 && !isGrey(cfg.ColorModel) {
			return nil, fmt.Errorf("%s is a colour image, but \"input.mean\" has one number, for grey", f.name)
		}
	}
	return s, nil
}

func isGrey(m color.Model) bool { return m == color.GrayModel || m == color.Gray16Model }

func (f *imageFile) config() (image.Config, error) {
	file, _, err := userfile.Open(f.path)
	if err != nil {
		return image.Config{}, err
	}
	defer file.Close()
	cfg, _, err := image.DecodeConfig(io.NewSectionReader(file, f.offset, f.size))
	if errors.Is(err, image.ErrFormat) {
		err = errors.New("is neither JPEG nor PNG")
	}
	return cfg, err
}

func (s *fileSource) image(i, c int) ([]uint8, error) {
	f := &s.files[i]
	file, _, err := userfile.Open(f.path)
	if err != nil {
		return nil, cause(err)
	}
	defer file.Close()
	data := make([]byte, f.size)
	if _, err := file.ReadAt(data, f.offset); err != nil && err != io.EOF {
		return nil, cause(err)
	}
	// Read the header again: the file may have changed since Open.
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if cfg.Height != s.h || cfg.Width != s.w {
		return nil, errors.New("was changed since the data set was opened")
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if b := img.Bounds(); b.Dy() != s.h || b.Dx() != s.w {
		return nil, errors.New("has another size than its header says")
	}
	return pixels(img, c)
}

// pixels gives an image's bytes, HWC with c = 1 or 3 channels. 16-bit samples
// keep their high byte; JPEG's YCbCr becomes RGB by image/color's formula.
func pixels(img image.Image, c int) ([]uint8, error) {
	b := img.Bounds()
	out := make([]uint8, 0, b.Dx()*b.Dy()*c)
	switch m := img.(type) {
	case *image.Gray:
		for y := b.Min.Y; y < b.Max.Y; y++ {
			out = append(out, m.Pix[m.PixOffset(b.Min.X, y):][:b.Dx()]...)
		}
		if c == 1 {
			return out, nil
		}
		return replicate(out, c), nil
	case *image.YCbCr:
		if c == 1 {
			break
		}
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				yi, ci := m.YOffset(x, y), m.COffset(x, y)
				r, g, bl := color.YCbCrToRGB(m.Y[yi], m.Cb[ci], m.Cr[ci])
				out = append(out, r, g, bl)
			}
		}
		return out, nil
	}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, bl, a := img.At(x, y).RGBA()
			if a != 0xffff {
				return nil, errors.New("has transparent pixels; flatten it onto a background")
			}
			if c == 1 {
				if r != g || g != bl {
					return nil, errors.New("is a colour image, but the input is grey")
				}
				out = append(out, uint8(r>>8))
				continue
			}
			out = append(out, uint8(r>>8), uint8(g>>8), uint8(bl>>8))
		}
	}
	return out, nil
}
