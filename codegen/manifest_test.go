package codegen

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hass/internal/artifact"
)

// TestManifest checks that the manifest lists every file with its hash and what the project was
// made from.
func TestManifest(t *testing.T) {
	dir := t.TempDir()
	d := residual(t, dir, 1)
	out := generate(t, d, dir, "project")
	m, err := artifact.ReadManifest(out)
	if err != nil {
		t.Fatal(err)
	}
	text, err := d.Text()
	if err != nil {
		t.Fatal(err)
	}
	if m.Target != "hls" || m.Golden != 3 || m.Inputs["design"] != artifact.HashBytes(text) || m.Inputs["weights"] != d.Weights.SHA256 || m.Inputs["golden"] != d.Golden.SHA256 {
		t.Errorf("made from %+v, target %q, %d images", m.Inputs, m.Target, m.Golden)
	}
	found := 0
	err = filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(out, path)
		if err != nil || e.IsDir() || rel == artifact.ManifestName || rel == artifact.Marker {
			return err
		}
		found++
		f := m.File(filepath.ToSlash(rel))
		if f == nil {
			t.Errorf("%s is not listed", rel)
			return nil
		}
		return f.Verify(out)
	})
	if err != nil || found != len(m.Files) {
		t.Errorf("%d files, %d listed: %v", found, len(m.Files), err)
	}
}

// TestPlainJSON checks that the design's copy has the same values in plain bytes.
func TestPlainJSON(t *testing.T) {
	for _, s := range append([]string{"", "plain", `"\/`, "\b\f\n\r\t\x00\x7f", "é😀\u2028", "<&>"}, hostile...) {
		want := map[string]any{"a": s, "b": []any{1.5, true, nil}}
		var b bytes.Buffer
		if err := artifact.Encode(&b, want); err != nil {
			t.Fatal(err)
		}
		got := plainJSON(b.Bytes())
		var v any
		if err := json.Unmarshal(got, &v); err != nil {
			t.Fatalf("%q: %v", got, err)
		}
		// The encoder replaces bytes that are not UTF-8.
		want["a"] = string([]rune(s))
		if !reflect.DeepEqual(v, any(want)) {
			t.Errorf("%q became %q", s, got)
		}
		for _, c := range got {
			if c > 0x7e || c < 0x20 && c != '\n' || strings.IndexByte("$`<>&;'%!", c) >= 0 {
				t.Errorf("%q holds byte %q", got, c)
				break
			}
		}
	}
}
