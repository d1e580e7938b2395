package stages

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// folder is a run folder whose stages copy a text: a, then b of a's file, then c without a file.
type folder struct {
	dir  string
	text string
	ran  []string // stages that ran
	said []string
	cut  string // the stage that is interrupted
	sum  int    // the result of c
}

func (f *folder) in(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) build(ctx context.Context, from, to string) (*Run, error) {
	f.ran, f.said, f.sum = nil, nil, 0
	r, err := Open(Options{Path: f.in(File), From: from, To: to, Say: func(name, text string) {
		if text == "unchanged" {
			f.said = append(f.said, name)
		}
	}})
	if err != nil {
		return nil, err
	}
	stage := func(name string, inputs any, output, text string, result any) Stage {
		files := Files()
		if output != "" {
			files = Files(f.in(output))
		}
		return Stage{Name: name, Inputs: inputs, Files: files, Result: result, Work: func() error {
			f.ran = append(f.ran, name)
			if name == f.cut {
				return context.Canceled
			}
			if name == "c" {
				f.sum = len(f.text)
			}
			if output == "" {
				return nil
			}
			return os.WriteFile(f.in(output), []byte(text), 0o666)
		}}
	}
	for _, s := range []func() Stage{
		func() Stage { return stage("a", f.text, "a.txt", f.text, nil) },
		func() Stage { return stage("b", r.Hashes("a"), "b.txt", strings.ToUpper(f.text), nil) },
		func() Stage { return stage("c", r.Hashes("b"), "", "", &f.sum) },
	} {
		if last, err := r.Do(ctx, s()); last || err != nil {
			return r, err
		}
	}
	return r, nil
}

func TestStages(t *testing.T) {
	f := &folder{dir: t.TempDir(), text: "one"}
	for _, step := range []struct {
		name     string
		change   func()
		from, to string
		ran      string
		wrong    string // the error
	}{
		{name: "first", ran: "a b c"},
		{name: "second"},
		{name: "other input", change: func() { f.text = "two" }, ran: "a b c"},
		{name: "same output", change: func() { f.text = "Two" }, ran: "a b"}, // b writes upper case
		{name: "damaged output", change: func() { os.WriteFile(f.in("b.txt"), []byte("x"), 0o666) }, ran: "b"},
		{name: "missing output", change: func() { os.Remove(f.in("a.txt")) }, ran: "a"},
		{name: "from", from: "b", ran: "b c"},
		{name: "from behind a change", change: func() { f.text = "three" }, from: "b", wrong: "--from b: stage a before it has other inputs or options now"},
		{name: "to", to: "a", ran: "a"},
		{name: "interrupted", change: func() { f.cut = "c" }, ran: "b c", wrong: "context canceled"},
		{name: "resumed", change: func() { f.cut = "" }, ran: "c"},
		{name: "interrupted in the middle", change: func() { f.text, f.cut = "four!", "b" }, ran: "a b", wrong: "context canceled"},
		{name: "resumed in the middle", change: func() { f.cut = "" }, ran: "b c"},
		{name: "from behind a damage", change: func() { os.WriteFile(f.in("a.txt"), []byte("x"), 0o666) }, from: "c", wrong: "--from c: stage a before it wrote another a.txt"},
		{name: "no log", change: func() { os.Remove(f.in(File)) }, ran: "a b c"},
	} {
		if step.change != nil {
			step.change()
		}
		_, err := f.build(t.Context(), step.from, step.to)
		if (err != nil) != (step.wrong != "") || err != nil && !strings.Contains(err.Error(), step.wrong) {
			t.Fatalf("%s: error %v, want %q", step.name, err, step.wrong)
		}
		if got := strings.Join(f.ran, " "); got != step.ran {
			t.Errorf("%s: ran %q, want %q", step.name, got, step.ran)
		}
		if err == nil && step.to == "" && f.sum != len(f.text) {
			t.Errorf("%s: result %d of %q", step.name, f.sum, f.text)
		}
	}
}

// TestSameBytes: two folders of one history have one log, and so has one that was interrupted.
func TestSameBytes(t *testing.T) {
	logs := make([][]byte, 2)
	for i := range logs {
		f := &folder{dir: t.TempDir(), text: "one"}
		if i == 1 {
			f.cut = "b"
			if _, err := f.build(t.Context(), "", ""); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			f.cut = ""
		}
		if _, err := f.build(t.Context(), "", ""); err != nil {
			t.Fatal(err)
		}
		var err error
		if logs[i], err = os.ReadFile(f.in(File)); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(string(logs[0]), string(logs[1])); d != "" {
		t.Error(d)
	}
}

// TestForeignLog: a file of the user's is not taken for a log, and stays.
func TestForeignLog(t *testing.T) {
	for _, text := range []string{"", "{", `{"schema": "other"}`, "[]"} {
		f := &folder{dir: t.TempDir(), text: "one"}
		if err := os.WriteFile(f.in(File), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := f.build(t.Context(), "", ""); err == nil || !strings.Contains(err.Error(), "is no log of the stages") {
			t.Errorf("%q: error %v", text, err)
		}
		if data, err := os.ReadFile(f.in(File)); err != nil || string(data) != text {
			t.Errorf("%q became %q (%v)", text, data, err)
		}
	}
	f := &folder{dir: t.TempDir(), text: "one"}
	if err := os.WriteFile(f.in(File), []byte(`{"schema": "hass.build", "schema_version": 0, "stages": [{"name": "a"}]}`), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := f.build(t.Context(), "", ""); err != nil || len(f.ran) != 3 {
		t.Errorf("a log of another version: ran %q, %v", f.ran, err)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ from, to, want string }{
		{"", "", ""}, {Profile, Eval, ""}, {Verify, Verify, ""},
		{Search, "", "--from search: this build has the stages profile"},
		{"", "x", "--to x"},
		{Eval, Verify, "eval comes after verify"},
	} {
		err := Check(tt.from, tt.to, Names(false))
		if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q to %q: %v, want %q", tt.from, tt.to, err, tt.want)
		}
	}
}
