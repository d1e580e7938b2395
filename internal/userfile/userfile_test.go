package userfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// within fails if f takes longer than a test may notice.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatalf("%s: still waiting", what)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("ten bytes!"), 0o666); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, limit := range []int64{10, 1 << 40} {
		if data, err := Read(file, limit); err != nil || string(data) != "ten bytes!" {
			t.Errorf("limit %d: %q, %v", limit, data, err)
		}
		if data, err := ReadIn(root, "file", limit); err != nil || string(data) != "ten bytes!" {
			t.Errorf("limit %d, below a folder: %q, %v", limit, data, err)
		}
	}
	if err := os.Symlink("..", filepath.Join(dir, "out")); err == nil {
		if _, err := ReadIn(root, "out/file", 10); err == nil {
			t.Error("a link left the folder")
		}
	}
	pipe := makePipe(t, dir)
	for _, tt := range []struct {
		path  string
		limit int64
		err   string
	}{
		{file, 9, "more than 9 bytes"},
		{dir, 10, "is a folder, not a regular file"},
		{filepath.Join(dir, "none"), 10, "no such file"},
		{pipe, 10, "is a named pipe, not a regular file"},
		{"/dev/zero", 10, "is a device, not a regular file"},
	} {
		if tt.path == "" {
			continue
		}
		if _, err := os.Stat(tt.path); tt.path == "/dev/zero" && err != nil {
			continue
		}
		within(t, tt.path, func() {
			_, err := Read(tt.path, tt.limit)
			var p *fs.PathError
			if err == nil || !strings.Contains(err.Error(), tt.err) || !errors.As(err, &p) || p.Path != tt.path {
				t.Errorf("%s: error %v, want %q", tt.path, err, tt.err)
			}
		})
	}
	// Kernel files have a size of 0 and contents.
	if want, err := os.ReadFile("/proc/self/cmdline"); err == nil {
		if got, err := Read("/proc/self/cmdline", 1<<20); err != nil || !bytes.Equal(got, want) {
			t.Errorf("a file that grows: %q, %v", got, err)
		}
	}
}

func TestDecodeTOML(t *testing.T) {
	var v struct {
		A     any
		Layer map[string]struct{ Weights int }
		Mean  []float64
	}
	good := `# [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ in a comment
a = [[[1.5, 2.5], [3]], "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", '{.........................................',
  """ " '
  [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[ \""" """]
mean = [` + strings.Repeat("0.5, ", 1000) + `]
[layer."a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.a.b.c.d.e.f.g.h.i.j"]
weights = 3
`
	if _, err := DecodeTOML([]byte(good), &v); err != nil {
		t.Error(err)
	}
	if len(v.Mean) != 1000 || len(v.Layer) != 1 {
		t.Errorf("decoded %d means and %d layers", len(v.Mean), len(v.Layer))
	}
	const many = 100000
	for name, text := range map[string]string{
		"arrays":        "x = 1\na = " + strings.Repeat("[", many) + strings.Repeat("]", many),
		"open arrays":   "x = 1\na = " + strings.Repeat("[", many),
		"tables":        "x = 1\na = " + strings.Repeat("{a=", many),
		"dotted key":    "x = 1\n" + strings.Repeat("a.", many) + "a = 1",
		"header":        "x = 1\n[" + strings.Repeat("a.", many) + "a]",
		"mixture":       "x = 1\na = " + strings.Repeat("{a.a.a=", many),
		"after strings": "x = 1\n\"a\\\"\".'\\'.\"\" = " + strings.Repeat("[", many),
	} {
		within(t, name, func() {
			if _, err := DecodeTOML([]byte(text), &v); err == nil || !strings.Contains(err.Error(), "line 2: nested more than 32 levels") {
				t.Errorf("%s: error %v", name, err)
			}
		})
	}
	for _, text := range []string{"a = ", "a = \"", "a = \"\"\"", "a = '''\n", "]]]]", "a = \"\\", `a = """\`, "[a", "\x00"} {
		if _, err := DecodeTOML([]byte(text), &v); err == nil {
			t.Errorf("%q is no error", text)
		}
	}
}
