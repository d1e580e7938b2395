package dataset

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/internal/npy"
	"hass/internal/test/testenv"
)

const input1 = "\n[input]\ndivisor = 255.0\nmean = [0.5]\nstd = [0.25]\n"
const input3 = "\n[input]\ndivisor = 2.0\nmean = [1.0, 2.0, 3.0]\nstd = [1.0, 2.0, 4.0]\n"

// folder writes files, given as name and contents, and returns their folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func npyBytes(t testing.TB, a npy.Array) string {
	t.Helper()
	var b bytes.Buffer
	if err := npy.Write(&b, &a); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func u8(t testing.TB, shape []int, v ...uint8) string {
	return npyBytes(t, npy.Array{DType: "uint8", Shape: shape, U8: v})
}

func i32(t testing.TB, v ...int32) string {
	return npyBytes(t, npy.Array{DType: "int32", Shape: []int{len(v)}, I32: v})
}

// pngOf is a PNG of h x w pixels from RGB or grey bytes.
func pngOf(t testing.TB, h, w int, px ...uint8) string {
	t.Helper()
	var img image.Image
	if len(px) == h*w {
		img = &image.Gray{Pix: px, Stride: w, Rect: image.Rect(0, 0, w, h)}
	} else {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range h * w {
			m.SetNRGBA(i%w, i/w, color.NRGBA{px[3*i], px[3*i+1], px[3*i+2], 255})
		}
		img = m
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func greyJPEG(t *testing.T, h, w int, v uint8) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, w, h))
	for i := range m.Pix {
		m.Pix[i] = v
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tarOf is a tar of name, contents, name, contents, ...
func tarOf(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o644, Typeflag: tar.TypeReg}
		if strings.HasSuffix(files[i], "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func open1(t *testing.T, dir string) *Set {
	t.Helper()
	s, err := Open(filepath.Join(dir, "d.toml"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func floats(t *testing.T, s *Set, i int) []float32 {
	t.Helper()
	v := make([]float32, s.C*s.H*s.W)
	if err := s.Float(i, v); err != nil {
		t.Fatal(err)
	}
	return v
}

func labelsOf(s *Set) []int {
	out := []int{}
	for i := range s.Len() {
		out = append(out, s.Label(i))
	}
	return out
}

func TestNpyColour(t *testing.T) {
	dir := folder(t, map[string]string{
		"d.toml":    "images = \"x.npy\"\nlabels = \"y.npy\"\nclasses = \"c.txt\"\n" + input3,
		"x.npy":     u8(t, []int{2, 1, 2, 3}, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
		"y.npy":     i32(t, 1, 0),
		"c.txt":     "cat\r\ndog\r\n",
		"other.txt": "",
	})
	s := open1(t, dir)
	if s.Len() != 2 || s.H != 1 || s.W != 2 || s.C != 3 {
		t.Errorf("got %d images of %dx%dx%d", s.Len(), s.H, s.W, s.C)
	}
	img, err := s.Image(1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint8{7, 8, 9, 10, 11, 12}, img); diff != "" {
		t.Error(diff)
	}
	// (u8/2 - mean) / std, plane by plane.
	if diff := cmp.Diff([]float32{2.5, 4, 1, 1.75, 0.375, 0.75}, floats(t, s, 1)); diff != "" {
		t.Errorf("Float (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{1, 0}, labelsOf(s)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"cat", "dog"}, s.Classes); diff != "" {
		t.Error(diff)
	}
	if err := s.Check([]int{1, 3, 1, 2}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		shape []int
		want  []string
	}{
		{[]int{1, 3, 2, 1}, []string{"images are 1x2", "input is 2x1"}},
		{[]int{1, 1, 1, 2}, []string{"3 numbers", "1 channels"}},
		{[]int{1, 7}, []string{"3 numbers", "7 channels"}},
		{[]int{2, 3, 1, 2}, []string{"[2 3 1 2]"}},
	} {
		err := s.Check(c.shape)
		for _, w := range c.want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("Check(%v): %v does not contain %q", c.shape, err, w)
			}
		}
	}
	for _, i := range []int{-1, 2} {
		if _, err := s.Image(i); err == nil {
			t.Errorf("image %d exists", i)
		}
	}
	if err := s.Float(0, make([]float32, 5)); err == nil {
		t.Error("a destination of the wrong size was filled")
	}
	one := s.Limit(1)
	if one.Len() != 1 || s.Len() != 2 || one.Label(1) != -1 || s.Limit(0).Len() != 2 || s.Limit(9).Len() != 2 {
		t.Error("Limit")
	}
	if _, err := one.Image(1); err == nil {
		t.Error("image 1 of a set limited to 1 exists")
	}
}

// TestValueIsFloat64: the division is not done in float32.
func TestValueIsFloat64(t *testing.T) {
	p := Preproc{Divisor: 255, Mean: []float64{0.485}, Std: []float64{0.229}}
	differs := 0
	for u := range 256 {
		want := float32((float64(u)/255 - 0.485) / 0.229)
		if got := p.Value(uint8(u), 0); got != want {
			t.Errorf("pixel %d: %v, want %v", u, got, want)
		}
		if want != (float32(u)/255-0.485)/0.229 {
			differs++
		}
	}
	if differs == 0 {
		t.Error("the test cannot tell float32 from float64 arithmetic")
	}
}

func TestGreyIsReplicated(t *testing.T) {
	x := u8(t, []int{1, 1, 2}, 2, 4)
	for name, images := range map[string]string{"(N,H,W)": x, "(N,H,W,1)": u8(t, []int{1, 1, 2, 1}, 2, 4)} {
		s := open1(t, folder(t, map[string]string{"d.toml": `images = "x.npy"` + input3, "x.npy": images}))
		img, err := s.Image(0)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]uint8{2, 2, 2, 4, 4, 4}, img); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if s.Labels() != NoLabels || s.Label(0) != -1 {
			t.Errorf("%s: labels out of nowhere", name)
		}
	}
	s := open1(t, folder(t, map[string]string{"d.toml": `images = "x.npy"` + input1, "x.npy": x}))
	if diff := cmp.Diff([]float32{float32((2./255 - 0.5) / 0.25), float32((4./255 - 0.5) / 0.25)}, floats(t, s, 0)); diff != "" {
		t.Error(diff)
	}
}

func TestTarAndFolder(t *testing.T) {
	red := pngOf(t, 1, 2, 200, 10, 20, 1, 2, 3)
	grey := pngOf(t, 1, 2, 7, 9)
	flat := greyJPEG(t, 1, 2, 128)
	csv := "file,label\r\nb.png,2\r\n\"a.png\", 1\r\nc.jpg,0\r\nunused.png,5\r\n"
	tarDir := folder(t, map[string]string{
		"d.toml": `images = "x.tar"` + "\nlabels = \"y.csv\"\n" + input3,
		"x.tar":  tarOf(t, "set/", "", "./b.png", red, "README.md", "not an image", "set/a.png", grey, "c.jpg", flat),
		"y.csv":  csv,
	})
	dirDir := folder(t, map[string]string{
		"d.toml":  `images = "x"` + "\nlabels = \"y.csv\"\n" + input3,
		"x/b.png": red, "x/a.png": grey, "x/c.jpg": flat, "x/notes.txt": "", "x/._a.png": "junk",
		"y.csv": csv,
	})
	for _, c := range []struct {
		dir    string
		names  []string
		labels []int
		images [][]uint8
	}{
		{tarDir, []string{"b.png", "set/a.png", "c.jpg"}, []int{2, 1, 0}, [][]uint8{{200, 10, 20, 1, 2, 3}, {7, 7, 7, 9, 9, 9}, {128, 128, 128, 128, 128, 128}}},
		{dirDir, []string{"a.png", "b.png", "c.jpg"}, []int{1, 2, 0}, [][]uint8{{7, 7, 7, 9, 9, 9}, {200, 10, 20, 1, 2, 3}, {128, 128, 128, 128, 128, 128}}},
	} {
		s := open1(t, c.dir)
		if diff := cmp.Diff(c.labels, labelsOf(s)); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
		var wg sync.WaitGroup
		for i := range s.Len() {
			if s.Name(i) != c.names[i] {
				t.Errorf("image %d is %s, want %s", i, s.Name(i), c.names[i])
			}
			for range 4 {
				wg.Go(func() {
					img, err := s.Image(i)
					if err != nil {
						t.Error(err)
						return
					}
					if diff := cmp.Diff(c.images[i], img); diff != "" {
						t.Errorf("%s (-want +got):\n%s", c.names[i], diff)
					}
				})
			}
		}
		wg.Wait()
	}
}

func TestHash(t *testing.T) {
	files := map[string]string{
		"d.toml": `images = "x.npy"` + "\nlabels = \"y.npy\"\n" + input1,
		"x.npy":  u8(t, []int{2, 1, 1}, 1, 2),
		"y.npy":  i32(t, 0, 1),
	}
	hash := func(s *Set) string {
		h, err := s.Hash()
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	dir := folder(t, files)
	base := hash(open1(t, dir))
	if again := hash(open1(t, folder(t, files))); again != base {
		t.Error("the hash depends on where the folder is")
	}
	if hash(open1(t, dir).Limit(2)) != base {
		t.Error("a limit that cuts nothing changes the hash")
	}
	seen := map[string]string{base: "base", hash(open1(t, dir).Limit(1)): "limit"}
	for name, text := range map[string]string{
		"d.toml": files["d.toml"] + "# comment\n",
		"x.npy":  u8(t, []int{2, 1, 1}, 1, 3),
		"y.npy":  i32(t, 1, 1),
	} {
		changed := map[string]string{}
		for k, v := range files {
			changed[k] = v
		}
		changed[name] = text
		h := hash(open1(t, folder(t, changed)))
		if other, ok := seen[h]; ok {
			t.Errorf("changing %s gives the hash of %s", name, other)
		}
		seen[h] = name
	}
	pngs := map[string]string{"d.toml": `images = "x"` + input1, "x/a.png": pngOf(t, 1, 1, 1), "x/b.png": pngOf(t, 1, 1, 2)}
	h := hash(open1(t, folder(t, pngs)))
	pngs["x/b.png"], pngs["x/a.png"] = pngs["x/a.png"], pngs["x/b.png"]
	if hash(open1(t, folder(t, pngs))) == h {
		t.Error("swapping two images of a folder keeps the hash")
	}
}

func TestOpenErrors(t *testing.T) {
	x1 := u8(t, []int{2, 1, 1}, 1, 2)
	grey, wide := pngOf(t, 1, 1, 9), pngOf(t, 1, 2, 9, 9)
	colour := pngOf(t, 1, 1, 1, 2, 3)
	bomb := []byte(grey) // claims 16384 x 16384 pixels, with a correct checksum
	copy(bomb[16:], "\x00\x00\x40\x00\x00\x00\x40\x00")
	binary.BigEndian.PutUint32(bomb[29:], crc32.ChecksumIEEE(bomb[12:29]))
	var clear bytes.Buffer
	if err := png.Encode(&clear, image.NewNRGBA(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"no file":            {nil, []string{"d.toml", "no such file"}},
		"syntax":             {map[string]string{"d.toml": "images = \"x\"\nlabels = \n"}, []string{"d.toml", "line 2"}},
		"wrong type":         {map[string]string{"d.toml": `images = 3` + input1}, []string{"images"}},
		"unknown key":        {map[string]string{"d.toml": `images = "x.npy"` + input1 + "scale = 2\n"}, []string{`"input.scale"`, "input.divisor"}},
		"images missing":     {map[string]string{"d.toml": input1}, []string{`"images" is missing`}},
		"input missing":      {map[string]string{"d.toml": `images = "x.npy"`, "x.npy": x1}, []string{`"input" is missing`, "[input]"}},
		"input missing, tar": {map[string]string{"d.toml": `images = "x.tar"`}, []string{`"input" is missing`, "[input]"}},
		"std missing":        {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 1.0\nmean = [0.0]\n"}, []string{`"input.std" is missing`}},
		"divisor 0":          {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 0.0\nmean = [0.0]\nstd = [1.0]\n"}, []string{"input.divisor"}},
		"std 0":              {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 1.0\nmean = [0.0]\nstd = [0.0]\n"}, []string{"input.std"}},
		"std negative":       {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 1.0\nmean = [0.0]\nstd = [-1.0]\n"}, []string{"input.std"}},
		"mean NaN":           {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 1.0\nmean = [nan]\nstd = [1.0]\n"}, []string{"input.mean"}},
		"float32 overflow":   {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 1e-300\nmean = [0.0]\nstd = [1.0]\n"}, []string{"pixel 255"}},
		"lengths":            {map[string]string{"d.toml": "images = \"x.npy\"\n[input]\ndivisor = 1.0\nmean = [0.0, 1.0]\nstd = [1.0]\n"}, []string{"input.std", "input.mean"}},
		"no images":          {map[string]string{"d.toml": `images = "x.npy"` + input1}, []string{`"images"`, "x.npy", "no such file"}},
		"images kind":        {map[string]string{"d.toml": `images = "x.zip"` + input1, "x.zip": ""}, []string{`".zip"`}},
		"images float":       {map[string]string{"d.toml": `images = "x.npy"` + input1, "x.npy": i32(t, 1)}, []string{"x.npy", "int32"}},
		"images 1-D":         {map[string]string{"d.toml": `images = "x.npy"` + input1, "x.npy": u8(t, []int{1}, 1)}, []string{"[1]", "(N,H,W,C)"}},
		"images none":        {map[string]string{"d.toml": `images = "x.npy"` + input1, "x.npy": u8(t, []int{0, 1, 1})}, []string{"no pixels"}},
		"images cut":         {map[string]string{"d.toml": `images = "x.npy"` + input1, "x.npy": x1[:len(x1)-1]}, []string{"x.npy", "cut short"}},
		"channels":           {map[string]string{"d.toml": `images = "x.npy"` + input1, "x.npy": u8(t, []int{1, 1, 1, 3}, 1, 2, 3)}, []string{"3 channels", "1 numbers"}},
		"labels count":       {map[string]string{"d.toml": "images = \"x.npy\"\nlabels = \"y.npy\"" + input1, "x.npy": x1, "y.npy": i32(t, 1)}, []string{`"labels"`, "y.npy", "2 images"}},
		"labels negative":    {map[string]string{"d.toml": "images = \"x.npy\"\nlabels = \"y.npy\"" + input1, "x.npy": x1, "y.npy": i32(t, 1, -1)}, []string{"label -1 of image 1"}},
		"labels float":       {map[string]string{"d.toml": "images = \"x.npy\"\nlabels = \"y.npy\"" + input1, "x.npy": x1, "y.npy": npyBytes(t, npy.Array{DType: "float32", Shape: []int{2}, F32: []float32{1, 2}})}, []string{"float32, not integers"}},
		"labels kind":        {map[string]string{"d.toml": "images = \"x.npy\"\nlabels = \"y.txt\"" + input1, "x.npy": x1, "y.txt": ""}, []string{`".txt"`}},
		"label beyond":       {map[string]string{"d.toml": "images = \"x.npy\"\nlabels = \"y.npy\"\nclasses = \"c.txt\"" + input1, "x.npy": x1, "y.npy": i32(t, 0, 1), "c.txt": "one\n"}, []string{"label 1 of image 1", "names 1"}},
		"CSV for npy":        {map[string]string{"d.toml": "images = \"x.npy\"\nlabels = \"y.csv\"" + input1, "x.npy": x1, "y.csv": "file,label\n"}, []string{"joined by file name"}},
		"CSV header":         {map[string]string{"d.toml": "images = \"x\"\nlabels = \"y.csv\"" + input1, "x/a.png": grey, "y.csv": "a.png,1\n"}, []string{"line 1", "file,label"}},
		"CSV label":          {map[string]string{"d.toml": "images = \"x\"\nlabels = \"y.csv\"" + input1, "x/a.png": grey, "y.csv": "file,label\na.png,cat\n"}, []string{"line 2", `"cat"`}},
		"CSV fields":         {map[string]string{"d.toml": "images = \"x\"\nlabels = \"y.csv\"" + input1, "x/a.png": grey, "y.csv": "file,label\na.png,1,2\n"}, []string{"line 2"}},
		"CSV row missing":    {map[string]string{"d.toml": "images = \"x\"\nlabels = \"y.csv\"" + input1, "x/a.png": grey, "x/b.png": grey, "y.csv": "file,label\na.png,1\n"}, []string{`"b.png"`}},
		"CSV contradicts":    {map[string]string{"d.toml": "images = \"x\"\nlabels = \"y.csv\"" + input1, "x/a.png": grey, "y.csv": "file,label\na.png,1\na.png,2\n"}, []string{"line 3", "two labels"}},
		"CSV ambiguous":      {map[string]string{"d.toml": "images = \"x.tar\"\nlabels = \"y.csv\"" + input1, "x.tar": tarOf(t, "p/a.png", grey, "q/a.png", grey), "y.csv": "file,label\na.png,1\n"}, []string{`"a.png"`, "2 images"}},
		"folder empty":       {map[string]string{"d.toml": `images = "x"` + input1, "x/readme": ""}, []string{"no .jpg"}},
		"sizes differ":       {map[string]string{"d.toml": `images = "x"` + input1, "x/a.png": grey, "x/b.png": wide}, []string{"b.png is 1x2", "a.png is 1x1"}},
		"colour for grey":    {map[string]string{"d.toml": `images = "x"` + input1, "x/a.png": colour}, []string{"a.png", "colour"}},
		"not an image":       {map[string]string{"d.toml": `images = "x"` + input1, "x/a.png": "hello"}, []string{"a.png", "neither JPEG nor PNG"}},
		"claims gigapixels":  {map[string]string{"d.toml": `images = "x"` + input1, "x/a.png": string(bomb)}, []string{"a.png: 16384x16384 pixels; the limit"}},
		"two channels":       {map[string]string{"d.toml": "images = \"x\"\n[input]\ndivisor = 1.0\nmean = [0.0, 0.0]\nstd = [1.0, 1.0]\n", "x/a.png": grey}, []string{"1 or 3 channels"}},
		"tar twice":          {map[string]string{"d.toml": `images = "x.tar"` + input1, "x.tar": tarOf(t, "a.png", grey, "./a.png", grey)}, []string{`"a.png" is there twice`}},
		"tar cut":            {map[string]string{"d.toml": `images = "x.tar"` + input1, "x.tar": tarOf(t, "a.png", grey)[:512+20]}, []string{`ends inside "a.png"`}},
		"tar damaged":        {map[string]string{"d.toml": `images = "x.tar"` + input1, "x.tar": strings.Repeat("x", 2048)}, []string{"bad tar"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, c.files)
			_, err := Open(filepath.Join(dir, "d.toml"))
			for _, w := range c.want {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("error %v does not contain %q", err, w)
				}
			}
		})
	}

	// Faults that only decoding finds.
	for name, c := range map[string]struct{ file, want string }{
		"transparent": {clear.String(), "transparent"},
		"cut":         {colour[:len(colour)-20], "a.png"},
	} {
		s := open1(t, folder(t, map[string]string{"d.toml": `images = "x"` + input3, "x/a.png": c.file}))
		if _, err := s.Image(0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v does not contain %q", name, err, c.want)
		}
	}
	dir := folder(t, map[string]string{"d.toml": `images = "x"` + input3, "x/a.png": grey})
	s := open1(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "x", "a.png"), []byte(wide), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Image(0); err == nil {
		t.Error("an image that changed its size was decoded")
	}
}

// TestRealSets opens every set of the trained models.
func TestRealSets(t *testing.T) {
	dir := testenv.Data(t)
	for _, c := range []struct {
		toml                string
		n, ch, h, w, labels int
	}{
		{"mnist_lenet/test.toml", 2000, 1, 28, 28, 10},
		{"mnist_lenet/calib.toml", 500, 1, 28, 28, 10},
		{"cifar10_resnet8/test.toml", 2000, 3, 32, 32, 10},
		{"cifar10_resnet8/calib.toml", 500, 3, 32, 32, 10},
		{"mobilenet_v2/test.toml", 400, 3, 224, 224, 1000},
		{"mobilenet_v3_small/calib.toml", 100, 3, 224, 224, 1000},
		{"resnet50_pruned/test.toml", 400, 3, 224, 224, 1000},
	} {
		s, err := Open(filepath.Join(dir, c.toml))
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Len() != c.n || s.C != c.ch || s.H != c.h || s.W != c.w {
			t.Errorf("%s: %d images of %dx%dx%d", c.toml, s.Len(), s.C, s.H, s.W)
		}
		if err := s.Check([]int{1, c.ch, c.h, c.w}); err != nil {
			t.Error(err)
		}
		seen := map[int]bool{}
		for i := range s.Len() {
			if l := s.Label(i); l < 0 || l >= c.labels {
				t.Fatalf("%s: label %d", c.toml, l)
			}
			seen[s.Label(i)] = true
		}
		if len(seen) < min(c.labels, c.n)/2 {
			t.Errorf("%s: only %d different labels", c.toml, len(seen))
		}
		for _, i := range []int{0, 1, s.Len() - 1} {
			v := floats(t, s, i)
			if lo, hi := s.Preproc.Value(0, 0), s.Preproc.Value(255, 0); v[0] < lo || v[0] > hi {
				t.Errorf("%s: image %d starts with %v", c.toml, i, v[0])
			}
		}
		if _, err := s.Limit(1).Hash(); err != nil {
			t.Error(err)
		}
	}
	// The CSV is joined by name, not by position.
	s, err := Open(filepath.Join(dir, "mobilenet_v2/test.toml"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "imagenet_val/test_labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Len() {
		if row := fmt.Sprintf("\n%s,%d\n", s.Name(i), s.Label(i)); !strings.Contains(string(text), row) {
			t.Fatalf("no row %q", row)
		}
	}
}

func BenchmarkJPEG(b *testing.B) {
	s, err := Open(filepath.Join(testenv.Data(b), "mobilenet_v2/test.toml"))
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float32, s.C*s.H*s.W)
	for i := 0; b.Loop(); i++ {
		if err := s.Float(i%s.Len(), x); err != nil {
			b.Fatal(err)
		}
	}
}
