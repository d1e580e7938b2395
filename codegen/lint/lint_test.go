package lint_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/codegen/lint"
)

// TestFixtures lints each file of testdata separately. A line with expected findings
// has `want: rule rule`. The first lines of a file may have `// ids: a b` and
// `// model: name`.
func TestFixtures(t *testing.T) {
	names, err := filepath.Glob("testdata/*.cpp")
	if err != nil || len(names) < 11 {
		t.Fatalf("%d fixtures: %v", len(names), err)
	}
	rules := make(map[string]bool)
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".cpp"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var opts lint.Options
			var want []string
			for i, line := range strings.Split(string(data), "\n") {
				if ids, ok := strings.CutPrefix(line, "// ids: "); ok {
					opts.IDs = strings.Fields(ids)
				}
				if model, ok := strings.CutPrefix(line, "// model: "); ok {
					opts.ModelNames = append(opts.ModelNames, model)
					// The declaration itself is not to be found.
					data = []byte(strings.Replace(string(data), line, "//", 1))
				}
				if _, list, ok := strings.Cut(line, "want: "); ok {
					for _, rule := range strings.Fields(strings.TrimSuffix(list, `\`)) {
						want = append(want, key(i+1, rule))
						rules[rule] = true
					}
				}
			}
			var got []string
			for _, f := range lint.Check(map[string]string{"src/" + filepath.Base(name): string(data)}, opts) {
				got = append(got, key(f.Line, f.Rule))
				t.Log(f)
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if strings.HasSuffix(name, "good.cpp") != (len(want) == 0) {
				t.Errorf("%d findings expected", len(want))
			}
		})
	}
	for _, r := range lint.Rules {
		if !rules[r] {
			t.Errorf("no fixture breaks rule %s", r)
		}
	}
}

func key(line int, rule string) string { return fmt.Sprintf("%3d %s", line, rule) }

// TestOutside checks that test and host code may use constructs that modules may not.
func TestOutside(t *testing.T) {
	text := "#include <vector>\nstd::vector<int> v;\nvoid f() { while (true) { break; } }\n"
	if got := lint.Lint(map[string]string{"tb/tb.cpp": text, "sim/x.h": text, "host/xrt_host.cpp": text, "README.md": text}); got != nil {
		t.Errorf("findings in files that are not synthesized: %v", got)
	}
	if got := lint.Lint(map[string]string{"host/kernels/mm2s.cpp": text}); len(got) == 0 {
		t.Errorf("no findings in a kernel")
	}
}

// FuzzLint checks that no text, however broken, stops it.
func FuzzLint(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.cpp")
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Add("for(;")
	f.Add("void f(int n) { hls::stream<")
	f.Add("template <class T> void f(T... a) { while")
	f.Fuzz(func(t *testing.T, text string) {
		for _, x := range lint.Check(map[string]string{"src/a.cpp": text}, lint.Options{IDs: []string{"a"}, ModelNames: []string{"a/b"}}) {
			if x.Line < 1 || x.File != "src/a.cpp" || x.Rule == "" {
				t.Errorf("%v", x)
			}
		}
	})
}
