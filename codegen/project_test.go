package codegen_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hass/codegen"
	"hass/codegen/hls"
	"hass/codegen/lint"
	"hass/codegen/project"
	"hass/internal/artifact"
	"hass/internal/design"
	"hass/internal/memory"
	"hass/internal/test/designtest"
	"hass/internal/test/projecttest"
)

// TestManifest checks that the manifest lists every file with its hash, and the inputs of the
// project.
func TestManifest(t *testing.T) {
	dir := t.TempDir()
	d := projecttest.Residual(t, dir, 1)
	out := projecttest.Generate(t, d, dir, "project")
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
		_, err = f.Read(out)
		return err
	})
	if err != nil || found != len(m.Files) {
		t.Errorf("%d files, %d listed: %v", found, len(m.Files), err)
	}
}

// tree reads a folder.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestGenerate checks that generation is deterministic, reads weights from the side file,
// and lets no name of the model through.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	d := projecttest.Residual(t, dir, 2)
	a := tree(t, projecttest.Generate(t, d, dir, "a"))
	const evil = "x\"); system(\"$(rm -rf /)\n#include </etc/passwd> é"
	d.Model, d.Net.Name = evil, evil
	for i := range d.Net.Tensors {
		d.Net.Tensors[i].Name = evil
	}
	for i := range d.Net.Layers {
		d.Net.Layers[i].Name = evil
		if c := d.Net.Layers[i].Conv; c != nil {
			c.Weights, c.Bias = nil, nil
		}
	}
	b := tree(t, projecttest.Generate(t, d, dir, "b"))
	for name, text := range a {
		// These files may contain the model's name, quoted, or a hash of it.
		if b[name] != text && !slices.Contains([]string{"README.md", project.RecordName, artifact.ManifestName}, name) {
			t.Errorf("%s differs", name)
		}
		if strings.Contains(b[name], evil) {
			t.Errorf("%s holds a name of the model as it is", name)
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d files, then %d", len(a), len(b))
	}
	for _, name := range []string{"Makefile", "src/hass_top.cpp", "src/layer_l0_conv.cpp", "include/hass/engine.hpp", "sim/ap_int.h", "tb/tb.cpp", "data/weights.bin", "data/golden_input.bin", "data/golden_output0.bin"} {
		if a[name] == "" {
			t.Errorf("no %s", name)
		}
	}
}

// TestBadDesigns checks that Generate refuses designs that it cannot emit, and then leaves no files behind.
func TestBadDesigns(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(d *design.Design, dir string)
		want   string
	}{
		{"weight memory", func(d *design.Design, _ string) { d.Layers[0].WeightMem = memory.None }, "weight_mem"},
		{"changed golden file", func(d *design.Design, dir string) {
			os.WriteFile(filepath.Join(dir, "golden.npy"), []byte("x"), 0o666)
		}, "golden.npy"},
		{"missing weights", func(d *design.Design, dir string) {
			d.Net.Layers[0].Conv.Weights = nil
			os.Remove(filepath.Join(dir, "weights.bin"))
		}, "weights.bin"},
		{"no network", func(d *design.Design, _ string) { d.Net = nil }, "no integer network"},
		{"bad identifier", func(d *design.Design, _ string) { d.Net.Layers[0].ID = "a b" }, "identifier"},
		{"too wide a port", func(d *design.Design, _ string) { d.Net.Tensors[0].C = 1000 }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			d := projecttest.Residual(t, dir, 1)
			tt.change(d, dir)
			_, err := codegen.Generate(context.Background(), d, dir, filepath.Join(dir, "out"), codegen.Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
				t.Error("a folder was left behind")
			}
		})
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := codegen.Generate(ctx, projecttest.Residual(t, dir, 1), dir, filepath.Join(dir, "out"), codegen.Options{}); err == nil {
		t.Error("a cancelled context generates")
	}
}

// TestHostileNames checks that no part of a model's or platform's names is in an emitted text file,
// except as escaped characters.
func TestHostileNames(t *testing.T) {
	net, layers := projecttest.SmallNet(t)
	k := 0
	next := func() string {
		k++
		return projecttest.Hostile[k%len(projecttest.Hostile)]
	}
	clean := map[string]string{}
	var dirs []string
	for round := range 3 {
		dir := t.TempDir()
		d := designtest.New(t, dir, net, layers, map[string]int{net.Tensors[1].ID + "_2": 200}, nil)
		projecttest.Board(d, "ZCU104", "xczu7ev-ffvc1156-2-e")
		_, q := projecttest.Pixels(t, d, 2)
		if round > 0 {
			for i := range net.Layers {
				net.Layers[i].Name = next()
			}
			for i := range net.Tensors {
				net.Tensors[i].Name = next()
			}
			net.Name, net.Results[0].Name, net.Host[0].Name = next(), next(), next()
			d.Model, d.Platform = next(), next()
		}
		e := designtest.New(t, dir, net, layers, nil, q)
		d.Golden = e.Golden
		out := projecttest.Generate(t, d, dir, "project")
		dirs = append(dirs, out)
		err := filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasSuffix(path, ".bin") {
				return err
			}
			rel, _ := filepath.Rel(out, path)
			text := string(projecttest.Read(t, path))
			for i := 0; i < len(text); i++ {
				if c := text[i]; c > 0x7e || c < 0x20 && c != '\n' && c != '\t' {
					t.Errorf("%s: byte 0x%02x at %d", rel, c, i)
					break
				}
			}
			if round == 0 {
				clean[rel] = text
				return nil
			}
			for _, h := range projecttest.Hostile {
				if strings.Contains(text, h) && !strings.Contains(clean[rel], h) {
					t.Errorf("%s holds %q", rel, h)
				}
			}
			// Only files that show names to people, the copy of the design, and hashes may differ.
			may := []string{"README.md", "host/design.json", "design.tcl", project.RecordName, artifact.ManifestName}
			if !slices.Contains(may, filepath.ToSlash(rel)) && text != clean[rel] {
				t.Errorf("%s depends on names", rel)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		p, err := project.New(d, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range lint.Check(tree(t, out), hls.LintOptions(p)) {
			t.Error(f)
		}
	}
	// The README's tables keep their shape.
	rows := func(s string) int { return len(regexp.MustCompile(`(?m)^\|`).FindAllString(s, -1)) }
	got := string(projecttest.Read(t, dirs[1], "README.md"))
	if rows(got) != rows(clean["README.md"]) {
		t.Errorf("README.md has %d table rows, %d with plain names", rows(got), rows(clean["README.md"]))
	}
	if !strings.Contains(got, "&#36;&#40;touch") {
		t.Errorf("README.md does not show the names:\n%s", got)
	}
}
