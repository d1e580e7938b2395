package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names lists everything in dir, hidden files too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func write(t *testing.T, text string, path ...string) string {
	t.Helper()
	p := filepath.Join(path...)
	if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return p
}

func wantErr(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if err == nil || !strings.Contains(err.Error(), p) {
			t.Errorf("error %v does not contain %q", err, p)
		}
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out.json")
	for _, text := range []string{"one", "two"} { // created, then replaced
		err := WriteFile(t.Context(), path, func(w io.Writer) error {
			if len(names(t, dir)) == 0 {
				t.Error("no temporary file while writing")
			}
			_, err := io.WriteString(w, text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, path); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	if diff := cmp.Diff([]string{"out.json"}, names(t, dir)); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm()&0o044 == 0 {
		t.Errorf("mode %v: not readable like any new file", st.Mode())
	}
}

func TestWriteFileFailures(t *testing.T) {
	dir := t.TempDir()
	path := write(t, "old", dir, "out")
	boom := errors.New("boom")
	err := WriteFile(t.Context(), path, func(w io.Writer) error {
		w.Write(make([]byte, 1<<20))
		return boom
	})
	if !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
	wantErr(t, err, "write "+path)

	ctx, cancel := context.WithCancel(t.Context())
	err = WriteFile(ctx, path, func(w io.Writer) error {
		cancel()
		_, err := w.Write(make([]byte, 1<<20))
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while writing: %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	err = WriteFile(ctx, path, func(w io.Writer) error {
		w.Write([]byte("small")) // still in the buffer
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled at the end: %v", err)
	}
	if got := read(t, path); got != "old" {
		t.Errorf("a failed write left %q", got)
	}
	if diff := cmp.Diff([]string{"out"}, names(t, dir)); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
	wantErr(t, WriteBytes(t.Context(), filepath.Join(dir, "no", "file"), nil), "no/file", "no such file or directory", "is the folder there")
	wantErr(t, WriteBytes(t.Context(), dir, nil), "is a folder")
	wantErr(t, WriteBytes(t.Context(), "", nil), "empty path")
	wantErr(t, WriteBytes(t.Context(), filepath.Join(path, "below"), nil), "not a directory")
}

func TestWriteFileThroughLinkAndToDevice(t *testing.T) {
	dir := t.TempDir()
	target := write(t, "old", dir, "target")
	link := filepath.Join(dir, "link")
	if err := os.Symlink("target", link); err != nil {
		t.Skipf("skipped: this file system makes no symbolic links: %v", err)
	}
	if err := WriteBytes(t.Context(), link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(link); err != nil || st.Mode()&os.ModeSymlink == 0 || read(t, target) != "new" {
		t.Error("the link was replaced instead of its target")
	}
	// A device would be replaced, and side files would be written next to it.
	wantErr(t, WriteBytes(t.Context(), os.DevNull, []byte("x")), os.DevNull, "is a device")
	wantErr(t, CheckFile(os.DevNull), "is a device")
	if st, err := os.Stat(os.DevNull); err != nil || st.Mode().IsRegular() {
		t.Error("the null device became a file")
	}
	// So is a regular file by its name there, as standard output may be.
	f, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	name := fmt.Sprintf("/proc/self/fd/%d", f.Fd())
	if _, err := os.Stat(name); err != nil {
		return // another system
	}
	through := filepath.Join(dir, "through")
	if err := os.Symlink(name, through); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{name, through, fmt.Sprintf("/dev/fd/%d", f.Fd()), "/dev/no-such-file"} {
		wantErr(t, CheckFile(path), path, "where no output is written to")
		wantErr(t, WriteBytes(t.Context(), path, []byte("x")), "where no output is written to")
		wantErr(t, CheckDir(path), "where no output is written to")
	}
	if read(t, target) != "new" {
		t.Error("written through a descriptor")
	}
}

type thing struct {
	Header
	Values map[string]int `json:"values"`
	Note   string         `json:"note"`
}

func TestCheckInputs(t *testing.T) {
	good := strings.Repeat("0a", 32)
	for _, tc := range []struct{ sum, want string }{{good, ""}, {"", "inputs: \"\" is not the SHA-256 of \"model\""}, {good[1:] + "g", "is not the SHA-256"}, {strings.ToUpper(good), "is not the SHA-256"}} {
		h := NewHeader("hass.thing", 1, map[string]string{"model": tc.sum, "dataset": good})
		if err := h.CheckInputs(); (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%q: %v", tc.sum, err)
		}
	}
}

func TestJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.json")
	in := thing{NewHeader("hass.thing", 2, map[string]string{"model": "ab", "dataset": "cd"}), map[string]int{"b": 2, "a": 1}, "x < y & \"z\""}
	if err := WriteJSON(t.Context(), path, in); err != nil {
		t.Fatal(err)
	}
	want := `{
  "schema": "hass.thing",
  "schema_version": 2,
  "tool": "hass ` + Version + `",
  "inputs": {
    "dataset": "cd",
    "model": "ab"
  },
  "values": {
    "a": 1,
    "b": 2
  },
  "note": "x < y & \"z\""
}
`
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var out thing
	if err := ReadJSON(path, "hass.thing", 2, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	wantErr(t, ReadJSON(path, "hass.design", 2, &out), path, "is a hass.thing file, not hass.design")
	wantErr(t, ReadJSON(path, "hass.thing", 3, &out), path, "version 2", `written by "hass `, "reads version 3")
	wantErr(t, ReadJSON(path+"x", "hass.thing", 2, &out), path+"x", "no such file")
	const open = `{"schema": "hass.thing", "schema_version": 2, "tool": "", "inputs": {}, `
	for text, hint := range map[string]string{
		``:   "unexpected end",
		`[]`: "not a hass.thing file",
		`{}`: `no "schema"`,
		"{\"schema\": \"hass.thing\",\n\"schema_version\": 2,\n\"values\": 3}": `line 3, "/values": a number where an object is wanted`,
		"{\"schema\": \"hass.thing\",\n\"schema_version\": 2,}":                "line 2",
		open + `"surprise": 1}`:                                    `unknown field "surprise"`,
		open + `"values": {}, "note": ""} {}`:                      "invalid character '{'",
		open + `"values": {"a": 1}, "note": 7}`:                    `"/note": a number where a string is wanted`,
		open + `"values": {"a": 1, "a": 2}, "note": ""}`:           `"/values": field "a" is there twice`,
		open + `"note": "", "values": {}, "note": ""}`:             `field "note" is there twice`,
		open + `"Note": "", "values": {}}`:                         `unknown field "Note"`,
		open + `"note": null, "values": {}}`:                       `"/note": is null`,
		open + `"note": ""}`:                                       `field "values" is missing`,
		`{"schema": "hass.thing", "schema_version": 2, "tool": ""`: "unexpected end",
		open + `"values": {"a": 1.5}, "note": ""}`:                 `"/values/a": a number where a whole number is wanted`,
		open + `"values": {}, "note": "` + "\xff" + `"}`:           "invalid UTF-8",
	} {
		var v thing
		if err := Decode([]byte(text), "hass.thing", 2, &v); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: error %v does not contain %q", text, err, hint)
		}
	}
}

// TestDecodeStrict checks faults that encoding/json accepts.
func TestDecodeStrict(t *testing.T) {
	type inner struct {
		Pair [2]int `json:"pair"`
	}
	type outer struct {
		Inner []inner          `json:"inner"`
		By    map[string]inner `json:"by,omitempty"`
		Maybe *inner           `json:"maybe"`
		Kept  string           `json:"-"`
	}
	for text, hint := range map[string]string{
		`{"inner": [{"pair": [1, 2]}], "maybe": null}`:                    "",
		`{"maybe": {"pair": [1, 2]}, "inner": null}`:                      "",
		`{"inner": [], "maybe": null, "by": {"x": {"pair": [0, 0]}}}`:     "",
		`{"inner": [{"pair": [1]}], "maybe": null}`:                       `"/inner/0/pair": a list where a list of 2 is wanted`,
		`{"inner": [{"pair": [1, 2, 3]}], "maybe": null}`:                 `"/inner/0/pair": a list where a list of 2 is wanted`,
		`{"inner": [{"pair": null}], "maybe": null}`:                      `"/inner/0/pair": is null`,
		`{"inner": [null], "maybe": null}`:                                `"/inner/0": is null`,
		`{"inner": [{}], "maybe": null}`:                                  `"/inner/0": field "pair" is missing`,
		`{"inner": [], "maybe": null, "by": {"x": {"Pair": [0, 0]}}}`:     `"/by/x": unknown field "Pair"`,
		`{"inner": [], "maybe": null, "Kept": "x"}`:                       `unknown field "Kept"`,
		`{"inner": [], "maybe": null, "by": {"a\nb": {"pair": 1}}}`:       `/by/a\nb/pair`,
		`{"inner": ` + strings.Repeat("[", 20000) + `, "maybe": null}`:    "",
		`{"inner": [{"pair": [1, 99999999999999999999]}], "maybe": null}`: "out of range",
	} {
		var v outer
		err := DecodeStrict([]byte(text), &v)
		if strings.Contains(text, "[[[") {
			if err == nil {
				t.Error("20,000 levels are read")
			}
			continue
		}
		if hint == "" && err != nil || hint != "" && (err == nil || !strings.Contains(err.Error(), hint)) {
			t.Errorf("%s: error %v does not contain %q", text, err, hint)
		}
	}
}

func TestSideFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "w"), 0o777); err != nil {
		t.Fatal(err)
	}
	path := write(t, "weights", dir, "w", "l0.bin")
	s, err := NewSideFile(dir, "w/l0.bin")
	if err != nil {
		t.Fatal(err)
	}
	want := SideFile{"w/l0.bin", HashBytes([]byte("weights")), 7}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if sum, err := HashFile(path); err != nil || sum != s.SHA256 {
		t.Errorf("HashFile: %v %v", sum, err)
	}
	moved := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Read(moved); err != nil || string(data) != "weights" {
		t.Errorf("after moving the folder: %q %v", data, err)
	}
	f, err := s.Open(moved)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	f.Close()
	if err != nil || string(data) != "weights" {
		t.Errorf("Open is not at the start: %q %v", data, err)
	}

	fail := func(s SideFile, parts ...string) {
		t.Helper()
		_, err := s.Open(moved)
		wantErr(t, err, parts...)
		_, err = s.Read(moved)
		wantErr(t, err, parts[0])
	}
	write(t, "Weights", moved, "w", "l0.bin")
	fail(s, "w/l0.bin", "was changed")
	write(t, "weight", moved, "w", "l0.bin")
	fail(s, "w/l0.bin", "has 6 bytes, but 7")
	os.Remove(filepath.Join(moved, "w", "l0.bin"))
	fail(s, "w/l0.bin", "no such file")
	secret := write(t, "secret", filepath.Dir(moved), "secret")
	for _, p := range []string{"", "../secret", "w/../../secret", secret, `..\secret`, "w"} {
		s.Path = p
		fail(s, "side file")
	}
	if err := os.Symlink(secret, filepath.Join(moved, "link")); err == nil {
		s.Path = "link"
		fail(s, "link", "escapes")
	}
	if _, err := NewSideFile(moved, "../secret"); err == nil {
		t.Error("a side file outside the folder was recorded")
	}
}

func TestHashIsSHA256(t *testing.T) {
	if got := HashBytes([]byte("abc")); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
	var b bytes.Buffer
	if err := Encode(&b, []int{1}); err != nil || b.String() != "[\n  1\n]\n" {
		t.Errorf("%q %v", b.String(), err)
	}
}
