package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"hass/internal/userfile"
)

// Set is an open data set. Its methods may be called concurrently.
type Set struct {
	Path    string   // of the TOML file, as given to Open
	H, W, C int      // of every image; C is the number of channels of the input, len(Preproc.Mean)
	Classes []string // Classes[label]; nil if the file names none
	Preproc Preproc
	// Output is the name of the model's output that the labels are for; "" if the file does not say.
	Output string

	n       int // images in use
	all     int // images in the file
	src     source
	labels  labels
	lut     [][256]float32
	toml    []byte
	sources []named // files behind the set, for Hash
}

// source gives images as HWC bytes with 1 or 3 channels.
type source interface {
	// size is the number of images and the shape of each.
	size() (n, h, w int)
	// image decodes image i to c channels: the set's C.
	image(i, c int) ([]uint8, error)
	// name is the file name of image i, "" if images have none.
	name(i int) string
}

type named struct{ role, path string }

// Open reads the data-set file path and looks at the images and labels it names:
// all headers are checked, no image is decoded. Errors name the file and the key.
func Open(path string) (*Set, error) {
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("data set %s: %w", path, err)
	}
	return s, nil
}

func open(path string) (*Set, error) {
	cfg, text, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	s := &Set{Path: path, Preproc: cfg.Input, C: len(cfg.Input.Mean), Output: cfg.Output, toml: text}

	images := relative(dir, cfg.Images)
	s.src, err = openImages(images, s.C)
	if err != nil {
		return nil, fmt.Errorf("key \"images\": %s: %w", images, err)
	}
	s.n, s.H, s.W = s.src.size()
	s.all = s.n
	s.sources = append(s.sources, named{"images", images})

	if cfg.Classes != "" {
		p := relative(dir, cfg.Classes)
		text, err := readText(p, maxClasses)
		if err != nil {
			return nil, fmt.Errorf("key \"classes\": %s: %w", p, err)
		}
		s.Classes = strings.Split(strings.TrimRight(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"), "\n")
		s.sources = append(s.sources, named{"classes", p})
	}
	if cfg.Labels != "" {
		p := relative(dir, cfg.Labels)
		s.labels, err = openLabels(p, s.src, s.Classes)
		if err != nil {
			return nil, fmt.Errorf("key \"labels\": %s: %w", p, err)
		}
		s.sources = append(s.sources, named{"labels", p})
	}

	s.lut = make([][256]float32, s.C)
	for c := range s.lut {
		for u := range 256 {
			s.lut[c][u] = s.Preproc.Value(uint8(u), c)
		}
	}
	return s, nil
}

// openImages chooses the reader by what path is.
func openImages(path string, c int) (source, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, cause(err)
	}
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case st.IsDir():
		return openFolder(path, c)
	case !st.Mode().IsRegular():
		return nil, cause(userfile.Regular(path, st))
	case ext == ".npy":
		return openNpy(path, c)
	case ext == ".tar":
		return openTar(path, st.Size(), c)
	default:
		return nil, fmt.Errorf("ends in %q; images are a .npy file, a .tar file or a folder", ext)
	}
}

// Len is the number of images.
func (s *Set) Len() int { return s.n }

// Limit is the set cut to its first n images; n <= 0 or beyond the end keeps all.
func (s *Set) Limit(n int) *Set {
	c := *s
	if n > 0 && n < s.n {
		c.n = n
	}
	return &c
}

// Name is the file name of image i, or its number if images have no names.
func (s *Set) Name(i int) string {
	if i >= 0 && i < s.n {
		if n := s.src.name(i); n != "" {
			return n
		}
	}
	return fmt.Sprintf("image %d", i)
}

// Image gives image i as H*W*C bytes, channels innermost. Grey is replicated to
// the channels of the input. The slice may be shared: do not write to it.
func (s *Set) Image(i int) ([]uint8, error) {
	if i < 0 || i >= s.n {
		return nil, fmt.Errorf("data set %s: no image %d: there are %d", s.Path, i, s.n)
	}
	img, err := s.src.image(i, s.C)
	if err != nil {
		return nil, fmt.Errorf("data set %s: %s: %w", s.Path, s.Name(i), err)
	}
	return img, nil
}

// Float fills dst, of C*H*W elements, with image i as the network's input:
// [1,C,H,W] of Preproc.Value.
func (s *Set) Float(i int, dst []float32) error {
	if len(dst) != s.C*s.H*s.W {
		return fmt.Errorf("data set %s: images have %d elements (%dx%dx%d), the destination %d", s.Path, s.C*s.H*s.W, s.C, s.H, s.W, len(dst))
	}
	img, err := s.Image(i)
	if err != nil {
		return err
	}
	px := s.H * s.W
	for c := range s.C {
		lut, plane := &s.lut[c], dst[c*px:][:px]
		for p := range plane {
			plane[p] = lut[img[p*s.C+c]]
		}
	}
	return nil
}

// ImageShape reads the shape of a model's input as [1,C,H,W]; ok is false for any other
// shape, which no data set fits.
func ImageShape(shape []int) (c, h, w int, ok bool) {
	if len(shape) != 4 || shape[0] != 1 || shape[1] < 1 || shape[2] < 1 || shape[3] < 1 {
		return 0, 0, 0, false
	}
	return shape[1], shape[2], shape[3], true
}

// Check reports whether the images fit a model input of shape [1,C,H,W].
func (s *Set) Check(shape []int) error {
	c, h, w, ok := ImageShape(shape)
	if !ok {
		return fmt.Errorf("data set %s: the model's input has shape %v; images need [1 channels height width]", s.Path, shape)
	}
	if c != s.C {
		return fmt.Errorf("data set %s: \"input.mean\" has %d numbers, but the model's input has %d channels", s.Path, s.C, c)
	}
	if h != s.H || w != s.W {
		return fmt.Errorf("data set %s: images are %dx%d (height x width), but the model's input is %dx%d; images are not resized here, store them at the model's size", s.Path, s.H, s.W, h, w)
	}
	return nil
}

// Files are all files that the set is read from, the TOML file among them.
func (s *Set) Files() []string {
	list := []string{s.Path}
	for _, f := range s.sources {
		list = append(list, f.path)
	}
	if files, ok := s.src.(*fileSource); ok {
		for i, f := range files.files {
			if i == 0 || f.path != files.files[i-1].path { // one tar holds all, a folder one each
				list = append(list, f.path)
			}
		}
	}
	return list
}

// Hash is the SHA-256 in hex of everything the set stands for: the TOML, the
// bytes of images, labels and classes, and how many images are in use. It reads
// all files again.
func (s *Set) Hash() (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "toml %d\n", len(s.toml))
	h.Write(s.toml)
	for _, f := range s.sources {
		if err := hashSource(h, f); err != nil {
			return "", fmt.Errorf("data set %s: %s: %w", s.Path, f.path, cause(err))
		}
	}
	if s.n < s.all {
		fmt.Fprintf(h, "limit %d\n", s.n)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func hashSource(h io.Writer, f named) error {
	st, err := os.Stat(f.path)
	if err != nil {
		return err
	}
	if !st.IsDir() {
		return hashOne(h, f.role, f.path)
	}
	names, err := imageNames(f.path)
	if err != nil {
		return err
	}
	for _, n := range names {
		if err := hashOne(h, f.role+" "+n, filepath.Join(f.path, n)); err != nil {
			return err
		}
	}
	return nil
}

func hashOne(h io.Writer, label, path string) error {
	f, _, err := userfile.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	own := sha256.New()
	if _, err := io.Copy(own, f); err != nil {
		return err
	}
	_, err = fmt.Fprintf(h, "%s %x\n", label, own.Sum(nil))
	return err
}
