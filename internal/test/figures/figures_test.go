package figures

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hass/internal/test/testenv"
)

var update = flag.Bool("update", false, "rewrite the tables in the documents from docs/figures")

// TestDocuments compares the tables in README.md and docs with the measured data.
func TestDocuments(t *testing.T) {
	mode := Compare
	if *update {
		mode = Update
	}
	if err := Render(testenv.Root(t), mode); err != nil {
		t.Error(err)
	}
}

func TestRender(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want := func(mode Mode, text string) {
		t.Helper()
		err := Render(root, mode)
		if text == "" && err != nil || text != "" && (err == nil || !strings.Contains(err.Error(), text)) {
			t.Fatalf("Render: %v, want %q", err, text)
		}
	}
	write("README.md", "# R\n")
	write("docs/figures/speed.json", `{"command":"make x","note":"","columns":["a","b"],"rows":[["1","x|y"]],"date":"2026-01-02","commit":"abc"}`)
	want(Compare, "no document shows docs/figures/speed.json")
	write("docs/m.md", "before\n<!-- figures:speed -->\n<!-- /figures -->\nafter\n")
	want(Compare, "differ from docs/figures")
	want(Update, "")
	want(Compare, "")
	got, err := os.ReadFile(filepath.Join(root, "docs/m.md"))
	if err != nil {
		t.Fatal(err)
	}
	const doc = "before\n<!-- figures:speed -->\nMeasured by `make x` at abc on 2026-01-02.\n\n| a | b |\n| --- | --- |\n| 1 | x\\|y |\n<!-- /figures -->\nafter\n"
	if string(got) != doc {
		t.Errorf("got %q, want %q", got, doc)
	}
	write("docs/figures/speed.json", `{"command":"make x","note":"","columns":["a","b"],"rows":[["1"]],"date":"","commit":""}`)
	want(Compare, "row 0 has 1 cells for 2 columns")
	os.Remove(filepath.Join(root, "docs/figures/speed.json"))
	want(Compare, "which does not exist")
	want(Update, "")
}
