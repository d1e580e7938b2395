package artifact

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// project gives the files of a project with its manifest; pairs are path and contents.
func project(pairs ...string) []TreeFile {
	hash := HashBytes(nil)
	m := Manifest{Header: NewHeader(ManifestSchema, ManifestVersion, map[string]string{"design": hash, "weights": hash, "golden": hash}), Target: "hls"}
	var files []TreeFile
	for i := 0; i < len(pairs); i += 2 {
		files = append(files, TreeFile{Path: pairs[i], Data: []byte(pairs[i+1])})
		m.Files = append(m.Files, SideFile{Path: pairs[i], SHA256: HashBytes([]byte(pairs[i+1])), Bytes: int64(len(pairs[i+1]))})
	}
	slices.SortFunc(m.Files, func(a, b SideFile) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	var b bytes.Buffer
	if err := Encode(&b, m); err != nil {
		panic(err)
	}
	return append(files, TreeFile{Path: ManifestName, Data: b.Bytes()})
}

// tree has every file below dir with its contents, except manifest and marker.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	m := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == ManifestName || path == Marker {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		m[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWriteProject(t *testing.T) {
	a := project("README", "a", "src/top", "a", "src/gone", "a", "old/gone", "a")
	b := project("README", "a", "src/top", "b", "new/more", "b")
	user := map[string]string{"notes": "mine", "src/mine": "mine", "vivado_out/run/log": "hours", "old/mine": "mine"}
	for _, tt := range []struct {
		name  string
		edit  map[string]string // after a was written; "" removes
		files []TreeFile
		mode  Mode
		err   string
		want  map[string]string // besides the user's files
		kept  Kept
	}{
		{"update", nil, b, KeepEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{}},
		{"the same again", nil, a, KeepEdits, "", map[string]string{"README": "a", "src/top": "a", "src/gone": "a", "old/gone": "a"}, Kept{}},
		{"removed by the user", map[string]string{"src/top": "", "README": ""}, b, KeepEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{}},
		{"edited, same version", map[string]string{"README": "mine"}, b, KeepEdits, "", map[string]string{"README": "mine", "src/top": "b", "new/more": "b"}, Kept{Edited: []string{"README"}}},
		{"edited, same version, forced", map[string]string{"README": "mine"}, b, ReplaceEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{Replaced: []string{"README"}}},
		{"edited, other version", map[string]string{"src/top": "mine"}, b, KeepEdits, "src/top: edited since", nil, Kept{}},
		{"edited, other version, forced", map[string]string{"src/top": "mine"}, b, ReplaceEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{Replaced: []string{"src/top"}}},
		{"edited as the new one", map[string]string{"src/top": "b"}, b, KeepEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{}},
		{"edited, gone", map[string]string{"src/gone": "mine"}, b, KeepEdits, "src/gone: edited since", nil, Kept{}},
		{"edited, gone, forced", map[string]string{"src/gone": "mine"}, b, ReplaceEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{Replaced: []string{"src/gone"}}},
		{"in the way", map[string]string{"new/more": "mine"}, b, ReplaceEdits, "new/more: not made by hass", nil, Kept{}},
		{"in the way of a folder", map[string]string{"new": "mine"}, b, ReplaceEdits, "new/more: not made by hass", nil, Kept{}},
		{"no manifest", map[string]string{ManifestName: ""}, b, KeepEdits, "src/top: edited since", nil, Kept{}},
		{"no manifest, forced", map[string]string{ManifestName: ""}, b, ReplaceEdits, "",
			map[string]string{"README": "a", "src/top": "b", "new/more": "b", "src/gone": "a", "old/gone": "a"}, Kept{Replaced: []string{"src/top"}}},
		{"no marker", map[string]string{Marker: ""}, b, KeepEdits, "", map[string]string{"README": "a", "src/top": "b", "new/more": "b"}, Kept{}},
		{"bad manifest", map[string]string{ManifestName: "{}"}, b, KeepEdits, "manifest.json", nil, Kept{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "project")
			if _, err := WriteProject(t.Context(), dir, a, KeepEdits); err != nil {
				t.Fatal(err)
			}
			before := map[string]string{}
			for path, s := range user {
				before[path] = s
			}
			for path, s := range tt.edit {
				before[path] = s
			}
			for path, s := range before {
				name := filepath.Join(dir, path)
				if s == "" {
					if err := os.Remove(name); err != nil {
						t.Fatal(err)
					}
					continue
				}
				if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
					t.Fatal(err)
				}
				write(t, s, name)
			}
			before = tree(t, dir)
			kept, err := WriteProject(t.Context(), dir, tt.files, tt.mode)
			want := before
			if tt.err != "" {
				wantErr(t, err, dir, tt.err)
				if err == nil {
					t.Error("no error")
				}
			} else if err != nil {
				t.Fatal(err)
			} else {
				want = map[string]string{}
				for path, s := range user {
					want[path] = s
				}
				for path, s := range tt.want {
					want[path] = s
				}
				if diff := cmp.Diff(tt.kept.Edited, kept.Edited); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(tt.kept.Replaced, kept.Replaced); diff != "" {
					t.Error(diff)
				}
				if !slices.Contains(kept.Foreign, "notes") || !slices.Contains(kept.Foreign, "vivado_out/") || !slices.Contains(kept.Foreign, "src/mine") {
					t.Errorf("foreign: %q", kept.Foreign)
				}
				if got := read(t, dir, ManifestName); got != string(tt.files[len(tt.files)-1].Data) {
					t.Errorf("manifest %s", got)
				}
				if err := CheckDir(dir); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"project"}, names(t, parent)); diff != "" {
				t.Errorf("left behind:\n%s", diff)
			}
		})
	}
}

// TestUpdateKilled stops an update after each of its steps: the next call, with any project,
// finishes it, and a user's changes in between stay.
func TestUpdateKilled(t *testing.T) {
	a := project("README", "a", "src/top", "a", "src/gone", "a")
	b := project("README", "b", "src/top", "b", "new/more", "b")
	for done := range 6 {
		for _, next := range [][]TreeFile{a, b} {
			dir := filepath.Join(t.TempDir(), "project")
			if _, err := WriteProject(t.Context(), dir, a, KeepEdits); err != nil {
				t.Fatal(err)
			}
			write(t, "mine", dir, "notes")
			root, err := os.OpenRoot(dir)
			if err != nil {
				t.Fatal(err)
			}
			old, err := readOld(root, dir, KeepEdits)
			if err != nil {
				t.Fatal(err)
			}
			steps, _, err := planUpdate(t.Context(), root, old, b, KeepEdits)
			if err != nil || len(steps) != 5 || steps[4].Path != ManifestName {
				t.Fatalf("steps %+v, %v", steps, err)
			}
			if err := stage(t.Context(), dir, b, steps); err != nil {
				t.Fatal(err)
			}
			for _, s := range steps[:done%6] {
				if err := s.apply(root); err != nil {
					t.Fatal(err)
				}
			}
			root.Close()
			wantErr(t, CheckWhole(dir), "killed")
			if err := CheckDir(dir); err != nil {
				t.Error(err)
			}
			if _, err := WriteProject(t.Context(), dir, next, KeepEdits); err != nil {
				t.Fatalf("after %d steps: %v", done, err)
			}
			want := map[string]string{"notes": "mine"}
			for _, f := range next[:len(next)-1] {
				want[f.Path] = string(f.Data)
			}
			if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
				t.Errorf("after %d steps (-want +got):\n%s", done, diff)
			}
			if err := CheckWhole(dir); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestUpdateFailures: until all is written nothing changes.
func TestUpdateFailures(t *testing.T) {
	a, b := project("f", "a"), project("f", "b")
	dir := t.TempDir()
	if _, err := WriteProject(t.Context(), dir, a, KeepEdits); err != nil {
		t.Fatalf("into an empty folder: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := WriteProject(ctx, dir, b, KeepEdits); err == nil {
		t.Error("written in spite of the interrupt")
	}
	lock, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if tryLock(lock) == lockTaken {
		_, err := WriteProject(t.Context(), dir, b, KeepEdits)
		wantErr(t, err, "another hass")
	}
	lock.Close()
	if diff := cmp.Diff(map[string]string{"f": "a"}, tree(t, dir)); diff != "" {
		t.Error(diff)
	}
	home := t.TempDir()
	write(t, "years of work", home, "thesis")
	for _, tt := range []struct{ path, err string }{
		{home, "is not empty and was not written by hass"},
		{filepath.Join(home, "thesis"), "is not a folder"},
		{"/", "root"},
		{filepath.Join(home, "no", "p"), "parent folder"},
	} {
		_, err := WriteProject(t.Context(), tt.path, b, ReplaceEdits)
		wantErr(t, err, tt.err)
	}
	// Steps that lead out of the project are refused.
	for _, path := range []string{"../f", "/f", ".", ""} {
		if err := os.MkdirAll(filepath.Join(dir, updateName, newName), 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, fmt.Sprintf(`[{"path": %q, "old": "", "new": "x"}]`, path), dir, updateName, stepsName)
		_, err := WriteProject(t.Context(), dir, b, KeepEdits)
		wantErr(t, err, "path")
	}
}
