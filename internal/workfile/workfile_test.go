package workfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFile: values are there again, one that was cut off is not, and the file goes on behind the whole ones.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.work")
	open := func(identity string) *File {
		t.Helper()
		w, err := Open(path, identity)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	put := func(w *File, key string, v []float32) {
		t.Helper()
		if err := w.Put(key, v); err != nil {
			t.Fatal(err)
		}
	}
	w := open("one")
	if err := w.Remove(); err != nil {
		t.Fatalf("removing a file that was never begun: %v", err)
	}
	put(w, "a", []float32{1, 0.1})
	put(w, "b", []float32{2})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, whole[:len(whole)-cut], 0o666); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(whole[:len(whole)-cut]), magic+"one\n") {
			break
		}
		w := open("one")
		if want := 2 - min(cut, 1); cut < 10 && w.Len() != want {
			t.Fatalf("%d values of a file without its last %d bytes, want %d", w.Len(), cut, want)
		}
		put(w, "c", []float32{3})
		w.Close()
		w = open("one")
		var v []float32
		if ok, err := w.Get("c", &v); !ok || err != nil || len(v) != 1 || v[0] != 3 {
			t.Fatalf("after %d bytes were cut off: %v, %v, %v", cut, ok, err, v)
		}
		if ok, err := w.Get("a", &v); ok && (err != nil || len(v) != 2 || v[1] != 0.1) {
			t.Fatalf("a is %v, %v", v, err)
		}
	}
	// A byte that was changed ends the file.
	whole[len(whole)-3] ^= 1
	if err := os.WriteFile(path, whole, 0o666); err != nil {
		t.Fatal(err)
	}
	if w := open("one"); w.Has("b") || !w.Has("a") {
		t.Errorf("a damaged record: a %v, b %v", w.Has("a"), w.Has("b"))
	}
	w = open("two")
	if w.Len() != 0 || !w.Other() {
		t.Errorf("a file of another run has %d values", w.Len())
	}
	put(w, "d", nil)
	w.Close()
	if w = open("two"); !w.Has("d") || w.Other() {
		t.Error("the file of another run was not overwritten")
	}
	if err := w.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

// TestForeign: a file of the user is never touched.
func TestForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.work")
	for _, text := range []string{"", "notes\n", magic[:10]} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, "one"); err == nil || !strings.Contains(err.Error(), "is no work file") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Open(t.TempDir(), "one"); err == nil {
		t.Error("a folder was taken")
	}
	if _, err := Open(filepath.Join(t.TempDir(), "y"), "two\nlines"); err == nil {
		t.Error("an identity of two lines was taken")
	}
}
