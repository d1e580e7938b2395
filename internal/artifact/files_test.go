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
	// The last one fails: no file changes.
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

// TestStale: temporary files of killed processes are removed; those of running processes and files of users
// stay.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	if f, err := os.Open(dir); err != nil || tryLock(f) == lockUnknown {
		t.Skip("skipped: no locks on this file system")
	}
	target := filepath.Join(dir, "out")
	living, err := newTemporaryFile(target)
	if err != nil {
		t.Fatal(err)
	}
	defer living.remove()
	folder, err := newTemporaryFolder(target)
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

// TestWriteFolder: a folder appears as a whole or not at all, and leaves of killed processes go.
func TestWriteFolder(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "out")
	dead := temporaryName(dir)
	if err := os.Mkdir(dead, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, "half", dead, "file")
	fill := func(end error) func(string) error {
		return func(tmp string) error {
			write(t, "text", tmp, "file")
			return end
		}
	}
	wantErr(t, WriteFolder(dir, fill(errors.New("no room"))), "no room")
	if left := names(t, parent); len(left) > 0 {
		t.Errorf("after a failure %q stay", left)
	}
	for range 2 { // the second finds a folder that is not empty
		err := WriteFolder(dir, fill(nil))
		if text := read(t, filepath.Join(dir, "file")); text != "text" {
			t.Errorf("%q, %v", text, err)
		}
	}
	wantErr(t, WriteFolder(dir, fill(nil)), dir)
	if diff := cmp.Diff([]string{"out"}, names(t, parent)); diff != "" {
		t.Error(diff)
	}
}

// TestScratch: a folder for temporary files goes when its user is done, and one of a killed process with the next.
func TestScratch(t *testing.T) {
	parent := t.TempDir()
	t.Setenv("TMPDIR", parent)
	dead := temporaryName(filepath.Join(parent, "hass"))
	if err := os.Mkdir(dead, 0o777); err != nil {
		t.Fatal(err)
	}
	dir, done, err := Scratch()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{filepath.Base(dir)}, names(t, parent)); diff != "" {
		t.Error(diff)
	}
	write(t, "text", dir, "file")
	done()
	if left := names(t, parent); len(left) > 0 {
		t.Errorf("%q stay", left)
	}
	t.Setenv("TMPDIR", filepath.Join(parent, "none"))
	if _, _, err := Scratch(); err == nil {
		t.Error("a folder below one that does not exist")
	}
}
