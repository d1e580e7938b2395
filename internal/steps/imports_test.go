package steps_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hass/internal/test/testenv"
)

// The rules of who imports whom. Test files may import anything: they compare stages with one another.

// stages are the folders that a network goes through, with the stages that each may import.
var stages = map[string][]string{
	"frontend":  {"frontend"},
	"sparsity":  {"frontend", "sparsity"},
	"optimizer": {"frontend", "sparsity", "optimizer"},
	"codegen":   {"frontend", "sparsity", "codegen"},
	"hwsim":     {"frontend", "sparsity", "hwsim"},
}

// testPackages are packages, with all below them, that only tests and tools outside of hass may import.
var testPackages = []string{
	"frontend/exporttest", "internal/test", "optimizer/cost/fit", "optimizer/search/sampler/goptunatest",
}

// stepsPackage, with all below it, may import every stage, and only cmd imports it.
const stepsPackage = "internal/steps"

// exceptions are imports that break a rule, "importing package: imported package". One that is no longer there must leave
// the list, so that the list only shrinks. No new one may come.
var exceptions = []string{}

// within tells whether a package is one of some folders or below one.
func within(pkg string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return pkg == f || strings.HasPrefix(pkg, f+"/") })
}

// stage is the stage that a package belongs to, or "".
func stage(pkg string) string {
	top, _, _ := strings.Cut(pkg, "/")
	if _, ok := stages[top]; ok {
		return top
	}
	return ""
}

// broken says which rule an import breaks, or "".
func broken(from, to string) string {
	switch {
	case within(to, "cmd"):
		return "nobody imports cmd"
	case from == "templates":
		return "templates imports nothing"
	case within(to, stepsPackage) && !within(from, "cmd", stepsPackage):
		return "only cmd and tests import " + stepsPackage
	case within(to, testPackages...) && !within(from, testPackages...):
		return "only tests import a package for tests"
	case strings.HasPrefix(from, "codegen/") && within(to, "codegen") && to != "codegen/project" && to != "codegen/lint":
		return "packages below codegen write or run a project and know no other target"
	case within(from, testPackages...), within(from, "cmd", stepsPackage), stage(to) == "":
		return ""
	case stage(from) == "":
		return "internal imports no stage"
	case !slices.Contains(stages[stage(from)], stage(to)):
		return stage(from) + " does not import " + stage(to)
	}
	return ""
}

// TestImports checks every import of the module, except in test files, for all build tags.
func TestImports(t *testing.T) {
	root := testenv.Root(t)
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			// Folders that Go ignores, and modules of their own.
			if _, err := os.Stat(filepath.Join(file, "go.mod")); file != root && (err == nil || strings.ContainsAny(d.Name()[:1], "._") || d.Name() == "testdata" || d.Name() == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := path.Dir(filepath.ToSlash(rel))
		for _, i := range f.Imports {
			to, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "hass/")
			if !ok {
				continue
			}
			rule, edge := broken(from, to), from+": "+to
			if rule == "" {
				continue
			}
			seen[edge] = true
			if !slices.Contains(exceptions, edge) {
				t.Errorf("%s imports %s: %s", filepath.ToSlash(rel), to, rule)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range exceptions {
		if !seen[e] {
			t.Errorf("%q is no longer imported, or no longer against a rule: take it off the exceptions", e)
		}
	}
	if !slices.IsSorted(exceptions) {
		t.Error("the exceptions are not sorted")
	}
}

// TestRules: some import breaks every rule, and the imports that the design wants break none.
func TestRules(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"cmd/hass", "internal/steps", ""},
		{"cmd/hass", "optimizer", ""},
		{"internal/steps", "cmd/hass", "nobody imports cmd"},
		{"internal/steps", "codegen", ""},
		{"internal/steps/more", "codegen", ""},
		{"internal/steps/more", "internal/steps", ""},
		{"internal/graph", "internal/steps/more", "only cmd and tests import internal/steps"},
		{"internal/graph", "internal/steps", "only cmd and tests import internal/steps"},
		{"codegen", "internal/steps", "only cmd and tests import internal/steps"},
		{"internal/hw", "internal/intnet", ""},
		{"internal/hw", "optimizer", "internal imports no stage"},
		{"internal/test/designtest", "optimizer", ""},
		{"internal/hw", "internal/test/hwtest", "only tests import a package for tests"},
		{"frontend", "frontend/onnx", ""},
		{"frontend/onnx", "sparsity", "frontend does not import sparsity"},
		{"sparsity", "frontend", ""},
		{"sparsity", "optimizer", "sparsity does not import optimizer"},
		{"optimizer", "sparsity", ""},
		{"optimizer", "codegen", "optimizer does not import codegen"},
		{"codegen", "optimizer", "codegen does not import optimizer"},
		{"codegen", "hwsim", "codegen does not import hwsim"},
		{"codegen", "codegen/verify", ""},
		{"codegen/rtl", "codegen/project", ""},
		{"codegen/rtl", "codegen/verify", "packages below codegen write or run a project and know no other target"},
		{"codegen/project", "codegen", "packages below codegen write or run a project and know no other target"},
		{"internal/steps", "codegen/verify", ""},
		{"hwsim", "codegen", "hwsim does not import codegen"},
		{"hwsim", "optimizer", "hwsim does not import optimizer"},
		{"codegen", "templates", ""},
		{"templates", "internal/hw", "templates imports nothing"},
	} {
		if got := broken(c.from, c.to); got != c.want {
			t.Errorf("%s imports %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

// packageLines is the most lines, without tests, of a package that can still be read in one sitting or two.
const packageLines = 4000

// TestPackageSizes: no package is larger than packageLines.
func TestPackageSizes(t *testing.T) {
	root := testenv.Root(t)
	lines := map[string]int{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (strings.HasPrefix(e.Name(), ".") || e.Name() == "testdata" || e.Name() == "build" || e.Name() == "runs") && path != root {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		data, err := os.ReadFile(path)
		lines[filepath.Dir(path)] += bytes.Count(data, []byte("\n"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) < 40 {
		t.Fatalf("%d packages under %s", len(lines), root)
	}
	for dir, n := range lines {
		if n > packageLines {
			t.Errorf("%s has %d lines without tests, the limit is %d: split it by idea", dir, n, packageLines)
		}
	}
}
