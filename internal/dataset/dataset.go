package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hass/internal/userfile"
)

// Set is an open data set. All methods except Check may be called concurrently.
type Set struct {
	Path    string   // of the TOML file, as given to Open
	H, W, C int      // of every image; C is the number of channels of the input, len(Preproc.Mean) for images
	Classes []string // Classes[label]; nil if the file names none
	Preproc Preproc
	// Output is the name of the model's output to which the labels apply; "" if the file does not say.
	Output string

	n       int // images in use
	all     int // images in the file
	src     source
	feats   *features // the source if inputs are unconverted numbers; otherwise nil
	last    bool      // their channels come last (Check)
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

// Open reads the data-set file path and the headers of the images and labels
// that it names; no image is decoded. Errors name the file and the key.
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
	if ext := strings.ToLower(filepath.Ext(images)); s.C == 0 && ext != ".npy" && ext != ".csv" {
		return nil, errNoInput
	}
	s.src, err = openImages(images, s.C)
	if err != nil {
		return nil, fmt.Errorf("key \"images\": %s: %w", images, err)
	}
	s.feats, _ = s.src.(*features)
	if s.feats != nil {
		if s.C == 0 { // used unchanged
			s.Preproc = Preproc{Divisor: 1, Mean: []float64{0}, Std: []float64{1}}
		}
		s.C = s.feats.shape[0]
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

	if s.feats == nil {
		s.lut = make([][256]float32, s.C)
	}
	for c := range s.lut {
		for u := range 256 {
			s.lut[c][u] = s.Preproc.Value(uint8(u), c)
		}
	}
	return s, nil
}

// errNoInput is the error of images without a table [input].
var errNoInput = fmt.Errorf("key \"input\" is missing; images need it, as in%s", example)

// openImages chooses the reader by the kind of path.
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
	case ext == ".csv":
		return openCSV(path)
	default:
		return nil, fmt.Errorf("ends in %q; images are a .npy file, a .tar file or a folder, features a .npy or .csv file", ext)
	}
}

// Len is the number of images.
func (s *Set) Len() int { return s.n }

// Limit is the set reduced to its first n images; n <= 0 or beyond the end keeps all.
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
// [1,C,H,W] of Preproc.Value; numbers are copied in the order of the
// model's input.
func (s *Set) Float(i int, dst []float32) error {
	if len(dst) != s.C*s.H*s.W {
		return fmt.Errorf("data set %s: images have %d elements (%dx%dx%d), the destination %d", s.Path, s.C*s.H*s.W, s.C, s.H, s.W, len(dst))
	}
	if s.feats != nil {
		return s.numbers(i, dst)
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

// Floats is Float into a new slice.
func (s *Set) Floats(i int) ([]float32, error) {
	x := make([]float32, s.C*s.H*s.W)
	return x, s.Float(i, x)
}

// numbers is Float for data sets of numbers.
func (s *Set) numbers(i int, dst []float32) error {
	if i < 0 || i >= s.n {
		return fmt.Errorf("data set %s: no input %d: there are %d", s.Path, i, s.n)
	}
	px := s.H * s.W
	for k, v := range s.feats.of(i) {
		c, at := k/px, k
		if s.last {
			c = k % s.C
			at = c*px + k/s.C
		}
		m := min(c, len(s.Preproc.Mean)-1) // one for all, or one per channel
		if dst[at] = float32((float64(v)/s.Preproc.Divisor - s.Preproc.Mean[m]) / s.Preproc.Std[m]); !finite(float64(dst[at])) {
			return fmt.Errorf("data set %s: number %d of input %d becomes %v; check divisor, mean and std", s.Path, k, i, dst[at])
		}
	}
	return nil
}

// Pixels reports whether the set holds images of bytes, whose range follows from the preprocessing; otherwise it holds numbers.
func (s *Set) Pixels() bool { return s.feats == nil }

// PreprocOf is the preprocessing of an input that hardware reads with the given number of channels: one mean and one std for
// each.
func (s *Set) PreprocOf(channels int) (Preproc, error) {
	p := Preproc{Divisor: s.Preproc.Divisor}
	switch mean, std := s.Preproc.Mean, s.Preproc.Std; {
	case len(mean) == channels:
		return s.Preproc, nil
	case uniform(mean) && uniform(std):
		p.Mean, p.Std = slices.Repeat(mean[:1], channels), slices.Repeat(std[:1], channels)
		return p, nil
	}
	return p, fmt.Errorf("data set %s: \"input.mean\" and \"input.std\" differ by channel, but the hardware reads the input as %d channels, not %d; store the inputs with mean and std applied", s.Path, channels, len(s.Preproc.Mean))
}

func uniform(v []float64) bool { return slices.Equal(v[1:], v[:len(v)-1]) }

// InputShape reads the shape of a model's input as the channels, rows and columns of an image: [1,C,H,W]; a sequence [1,C,L] is
// a row, a vector [1,C] one pixel. ok is false for any other shape, which no data set fits.
func InputShape(shape []int) (c, h, w int, ok bool) {
	if len(shape) < 2 || len(shape) > 4 || slices.Min(shape) < 1 || shape[0] != 1 {
		return 0, 0, 0, false
	}
	h, w = 1, 1
	switch len(shape) {
	case 3:
		w = shape[2]
	case 4:
		h, w = shape[2], shape[3]
	}
	return shape[1], h, w, true
}

// Check fits the set to a model input of shape [1,C,H,W], [1,C,L] or [1,C]; it is an error if its images do not fit. Numbers
// may have the channels last. A vector, or a map of one pixel, also accepts images with the same number of values.
func (s *Set) Check(shape []int) error {
	c, h, w, ok := InputShape(shape)
	if !ok {
		return fmt.Errorf("data set %s: the model's input has shape %v; images need [1 channels height width], sequences [1 channels length], features [1 features]", s.Path, shape)
	}
	if s.feats != nil {
		if s.last, ok = s.feats.fit(shape); !ok {
			return fmt.Errorf("data set %s: each input has shape %v, but the model's input is %v", s.Path, s.feats.shape, shape[1:])
		}
		if m := len(s.Preproc.Mean); m != 1 && m != c {
			return fmt.Errorf("data set %s: \"input.mean\" has %d numbers, but the model's input has %d channels", s.Path, m, c)
		}
		s.C, s.H, s.W = c, h, w
		return nil
	}
	if h == 1 && w == 1 && c == s.C*s.H*s.W {
		return nil
	}
	if c != s.C {
		return fmt.Errorf("data set %s: \"input.mean\" has %d numbers, but the model's input has %d channels", s.Path, s.C, c)
	}
	if h != s.H || w != s.W {
		return fmt.Errorf("data set %s: images are %dx%d (height x width), but the model's input is %dx%d; images are not resized here, store them at the model's size", s.Path, s.H, s.W, h, w)
	}
	return nil
}

// Files are all files from which the set is read, including the TOML file.
func (s *Set) Files() []string {
	list := []string{s.Path}
	for _, f := range s.sources {
		list = append(list, f.path)
	}
	if files, ok := s.src.(*fileSource); ok {
		for i, f := range files.files {
			if i == 0 || f.path != files.files[i-1].path { // one tar holds all images, a folder one file each
				list = append(list, f.path)
			}
		}
	}
	return list
}

// Hash is the SHA-256 in hex of the set's contents: the TOML, the bytes of
// images, labels and classes, and the number of images in use. It reads all
// files again.
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
