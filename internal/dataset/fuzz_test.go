package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzOpen opens data sets of random TOML and CSV next to good images: all items of an accepted set can be read.
func FuzzOpen(f *testing.F) {
	dir := folder(f, map[string]string{
		"images.npy": u8(f, []int{3, 2, 2}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255),
		"colour.npy": u8(f, []int{1, 2, 2, 3}, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255),
		"i.npy":      i32(f, 0, 1, 2),
		"classes":    "a\nb\r\nc\n",
		"p/a.png":    pngOf(f, 1, 2, 1, 2, 3, 4, 5, 6),
		"p/b.png":    pngOf(f, 1, 2, 7, 8),
	})
	toml := "images = \"images.npy\"\nlabels = \"l.csv\"\nclasses = \"classes\"\n"
	f.Add(toml+input1, "file,label\n")
	f.Add("images = \"p\"\nlabels = \"l.csv\"\n"+input3, "file,label\na.png,0\nb.png,1\n")
	f.Add("images = \"images.npy\"\nlabels = \"i.npy\"\n"+input1, "")
	f.Add("images = \"colour.npy\"\n"+input3, "\"")
	f.Add("images = \"..\"\nlabels = \"i.npy\"\n[input]\ndivisor = 0\nmean = [nan]\nstd = [0.0]\n", "file,label\na.png,9999999999999999999\n")
	f.Add("images = \"/dev/zero\"\nlabels = 1\n[[input]]\n", "")
	f.Add(strings.Repeat("[", 100), "file;label")
	f.Fuzz(func(t *testing.T, toml, csv string) {
		for name, text := range map[string]string{"set.toml": toml, "l.csv": csv} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(filepath.Join(dir, "set.toml"))
		if err != nil {
			return
		}
		if s.Len() < 1 || s.H < 1 || s.W < 1 || s.C < 1 {
			t.Fatalf("accepted: %d images of %dx%dx%d", s.Len(), s.H, s.W, s.C)
		}
		x := make([]float32, s.H*s.W*s.C)
		for i := range s.Len() {
			if err := s.Float(i, x); err != nil {
				return // an image is damaged, which is found when it is read
			}
			if s.Labels() == ClassLabels {
				s.Label(i)
			}
			for _, v := range x {
				if v != v {
					t.Fatal("an image has no numbers")
				}
			}
		}
		if _, err := s.Hash(); err != nil {
			t.Error(err)
		}
	})
}
