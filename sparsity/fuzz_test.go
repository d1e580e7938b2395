package sparsity

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/artifact"
)

// FuzzRead reads random profiles with good side files: an accepted profile can be printed, and is written again unchanged.
func FuzzRead(f *testing.F) {
	m := measureSmall(f, Options{SampleImages: 2, GoldenImages: 2})
	dir := f.TempDir()
	path := filepath.Join(dir, "p.json")
	if err := Write(context.Background(), m, path); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, edit := range []string{`"images": 20|"images": -1`, `"bits": "16"|"bits": 16`, `"frac": 14|"frac": 2147483648`, `"seed": 0|"seed": 1e400`,
		`"std": [|"std": [0, `, `"layers": [|"layers": [null, `, `p.bitmaps.bin|../p.bitmaps.bin`, `"spec": {|"Spec": {`, `{|[`} {
		from, to, _ := strings.Cut(edit, "|")
		f.Add(bytes.Replace(text, []byte(from), []byte(to), 1))
	}
	f.Add([]byte(`{"schema":"hass.profile"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "fuzz.json")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		m, err := Read(path)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %v", err)
			}
			return
		}
		var b, again bytes.Buffer
		if err := Table(&b, m.Profile); err != nil {
			t.Error(err)
		}
		b.Reset()
		if err := artifact.Encode(&b, m.Profile); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if m, err = Read(path); err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if err := artifact.Encode(&again, m.Profile); err != nil || !bytes.Equal(b.Bytes(), again.Bytes()) {
			t.Errorf("it changes from reading to reading (%v)", err)
		}
	})
}
