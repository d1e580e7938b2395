package artifact

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text is an output with these contents.
func text(path, s string) Output {
	return Output{Path: path, Write: func(w io.Writer) error { _, err := io.WriteString(w, s); return err }}
}

func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	var s SideFile
	side := text(in("a.bin"), "side")
	side.Side = &s
	err := WriteFiles(t.Context(), side, Output{Path: in("a.json"), Write: func(w io.Writer) error {
		if s.SHA256 != HashBytes([]byte("side")) || s.Bytes != 4 || s.Path != "a.bin" {
			t.Errorf("recorded %+v", s)
		}
		if diff := cmp.Diff(2, len(names(t, dir))); diff != "" {
			t.Error("nothing stands in its place before all is written", names(t, dir))
		}
		_, err := io.WriteString(w, s.SHA256)
		return err
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a.bin", "a.json"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
	// The last fails: all stay as they were.
	boom := errors.New("boom")
	err = WriteFiles(t.Context(), text(in("a.bin"), "new"), text(in("b.bin"), "new"), Output{Path: in("a.json"), Write: func(io.Writer) error { return boom }})
	if !errors.Is(err, boom) || read(t, in("a.bin")) != "side" || read(t, in("a.json")) != s.SHA256 {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = WriteFiles(ctx, text(in("a.bin"), "new"), Output{Path: in("a.json"), Write: func(io.Writer) error { cancel(); return nil }})
	if !errors.Is(err, context.Canceled) || read(t, in("a.bin")) != "side" {
		t.Errorf("error %v", err)
	}
	// One that cannot be written is found before anything is.
	if err := os.Mkdir(in("d"), 0o777); err != nil {
		t.Fatal(err)
	}
	wantErr(t, WriteFiles(t.Context(), text(in("a.bin"), "new"), text(in("d"), "new")), "d: is a folder")
	if read(t, in("a.bin")) != "side" {
		t.Error("written beside a folder")
	}
	if diff := cmp.Diff([]string{"a.bin", "a.json", "d"}, names(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestStale: temporaries of killed processes go, those of living ones and the files of users
// stay.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	if f, err := os.Open(dir); err != nil || tryLock(f) == lockUnknown {
		t.Skip("skipped: no locks on this file system")
	}
	target := filepath.Join(dir, "out")
	living, err := newTemporary(target, false)
	if err != nil {
		t.Fatal(err)
	}
	defer living.remove()
	folder, err := newTemporary(target, true)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.remove()
	write(t, "half", temporaryName(target)) // nobody holds its lock
	dead := temporaryName(target)
	if err := os.Mkdir(dead, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, "half", dead, "file")
	users := []string{".out.hass-tmp-0123456789ab01234567", ".out.hass-tmp-", ".out.tmp-0123456789ab", "out.hass-tmp-x"}
	for _, u := range users {
		write(t, "mine", dir, u)
	}
	if err := CheckFile(target); err != nil {
		t.Fatal(err)
	}
	want := append([]string{filepath.Base(living.path), filepath.Base(folder.path)}, users...)
	sorted := cmp.Transformer("set", func(l []string) map[string]bool {
		m := map[string]bool{}
		for _, n := range l {
			m[n] = true
		}
		return m
	})
	if diff := cmp.Diff(want, names(t, dir), sorted); diff != "" {
		t.Error(diff)
	}
}
