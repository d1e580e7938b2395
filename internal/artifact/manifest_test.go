package artifact

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadManifest checks which entries a manifest may have.
func TestReadManifest(t *testing.T) {
	hash := HashBytes(nil)
	inputs := map[string]string{"design": hash, "weights": hash, "golden": hash}
	file := func(path string) SideFile { return SideFile{Path: path, SHA256: hash} }
	for _, tt := range []struct {
		name   string
		inputs map[string]string
		files  []SideFile
		err    string
	}{
		{"right", inputs, []SideFile{file("a"), file("b/c.v")}, ""},
		{"outside", inputs, []SideFile{file("../a")}, "plain path"},
		{"absolute", inputs, []SideFile{file("/a")}, "plain path"},
		{"backslash", inputs, []SideFile{file(`a\b`)}, "plain path"},
		{"itself", inputs, []SideFile{file(ManifestName)}, "does not list itself"},
		{"marker", inputs, []SideFile{file(Marker)}, "does not list itself"},
		{"twice", inputs, []SideFile{file("a"), file("a")}, "once each"},
		{"order", inputs, []SideFile{file("b"), file("a")}, "order"},
		{"hash", inputs, []SideFile{{Path: "a", SHA256: strings.ToUpper(hash)}}, "SHA-256"},
		{"size", inputs, []SideFile{{Path: "a", SHA256: hash, Bytes: -1}}, "-1 bytes"},
		{"no weights", map[string]string{"design": hash, "golden": hash}, nil, "SHA-256 of the weights"},
	} {
		dir := t.TempDir()
		m := Manifest{Header: NewHeader(ManifestSchema, ManifestVersion, tt.inputs), Target: "hls", Files: tt.files}
		if err := WriteJSON(context.Background(), filepath.Join(dir, ManifestName), m); err != nil {
			t.Fatal(err)
		}
		got, err := ReadManifest(dir)
		switch {
		case tt.err == "" && (err != nil || got.File("b/c.v") == nil || got.File("c.v") != nil):
			t.Errorf("%s: %v, %+v", tt.name, err, got)
		case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.err)
		}
	}
	if _, err := ReadManifest(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
}
