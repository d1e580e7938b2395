package pnr

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"hass/templates"
)

// Library holds SystemVerilog sources by module; each file has the module of its name.
type Library map[string]string

// BuiltIn is the RTL library of package templates.
func BuiltIn() (Library, error) { return readLibrary(templates.RTL, "rtl") }

// FromFolder reads a folder of SystemVerilog.
func FromFolder(dir string) (Library, error) { return readLibrary(os.DirFS(dir), ".") }

func readLibrary(f fs.FS, dir string) (Library, error) {
	names, err := fs.Glob(f, path.Join(dir, "*.sv"))
	if err != nil {
		return nil, err
	}
	l := Library{}
	for _, n := range names {
		data, err := fs.ReadFile(f, n)
		if err != nil {
			return nil, err
		}
		l[strings.TrimSuffix(path.Base(n), ".sv")] = string(data)
	}
	if len(l) == 0 {
		return nil, fmt.Errorf("%s: no SystemVerilog", dir)
	}
	return l, nil
}

var (
	comment    = regexp.MustCompile(`//[^\n]*|(?s:/\*.*?\*/)`)
	space      = regexp.MustCompile(`\s+`)
	identifier = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*`)
)

// meaning is a source without comments and with white space reduced to single spaces.
func meaning(text string) string {
	return strings.TrimSpace(space.ReplaceAllString(comment.ReplaceAllString(text, " "), " "))
}

// Closure lists the modules that an instance of a module may contain, itself included, sorted.
func (l Library) Closure(module string) ([]string, error) {
	if _, ok := l[module]; !ok {
		return nil, fmt.Errorf("no module %s in the library", module)
	}
	seen := map[string]bool{module: true}
	todo := []string{module}
	for len(todo) > 0 {
		m := todo[0]
		todo = todo[1:]
		for _, n := range identifier.FindAllString(comment.ReplaceAllString(l[m], " "), -1) {
			if _, ok := l[n]; ok && !seen[n] {
				seen[n] = true
				todo = append(todo, n)
			}
		}
	}
	var list []string
	for m := range seen {
		list = append(list, m)
	}
	slices.Sort(list)
	return list, nil
}

// Hash is the hash of the sources of a module and of all modules that it may contain. Comments and
// layout do not affect it.
func (l Library) Hash(module string) (string, error) {
	list, err := l.Closure(module)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, m := range list {
		fmt.Fprintf(h, "%s\n", meaning(l[m]))
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// write writes the sources of a module and of all modules that it may contain to a folder, and
// gives the files.
func (l Library) write(dir, module string) ([]string, error) {
	list, err := l.Closure(module)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, m := range list {
		name := filepath.Join(dir, m+".sv")
		if err := os.WriteFile(name, []byte(l[m]), 0o666); err != nil {
			return nil, err
		}
		files = append(files, m+".sv")
	}
	return files, nil
}
