// Package figures keeps measured figures as data and shows them in the
// documents.
//
// An acceptance run calls Write with a table; the table becomes
// docs/figures/<name>.json. Every document under docs/ and the README shows a
// table between the two lines
//
//	<!-- figures:<name> -->
//	<!-- /figures -->
//
// and Render writes the table there. A test compares documents and data, so that
// a document never shows a figure that no run wrote. Only tests import the package.
// It measures nothing itself.
package figures

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hass/internal/test/testenv"
)

// Table is one table of measured figures.
type Table struct {
	Command string     `json:"command"` // the command that a reader runs to measure again
	Note    string     `json:"note"`    // how to read the table, one paragraph, may be empty
	Columns []string   `json:"columns"`
	Rows    [][]string `json:"rows"` // one cell for each column
	// Date and Commit are the date of the measurement and the measured state. Write fills them.
	Date   string `json:"date"`
	Commit string `json:"commit"`
}

var validName = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// Write stores the table under its name in docs/figures and renders all
// documents again. It fails the test if the table is empty or ragged.
func Write(t testing.TB, name string, table Table) {
	t.Helper()
	root := testenv.Root(t)
	table.Date = time.Now().UTC().Format(time.DateOnly)
	table.Commit = commit(root)
	if err := check(name, &table); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(table); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder(root), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder(root), name+".json"), b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Render(root, Update); err != nil {
		t.Fatal(err)
	}
}

func folder(root string) string { return filepath.Join(root, "docs", "figures") }

// Commit names the state that a test measures, in the form of Table.Commit.
func Commit(t testing.TB) string { return commit(testenv.Root(t)) }

// commit names the state of the work tree: the short hash, with a plus sign if
// anything but documents differs from it.
func commit(root string) string {
	out, err := exec.Command("git", "-C", root, "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	hash := strings.TrimSpace(string(out))
	if exec.Command("git", "-C", root, "diff", "--quiet", "HEAD", "--", ".", ":!docs", ":!README.md").Run() != nil {
		hash += "+"
	}
	return hash
}

func check(name string, table *Table) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("figures: name %q is not of the form [a-z][a-z0-9-]*", name)
	}
	if len(table.Columns) == 0 || len(table.Rows) == 0 || table.Command == "" {
		return fmt.Errorf("figures %s: a table has a command, columns and rows", name)
	}
	for i, row := range table.Rows {
		if len(row) != len(table.Columns) {
			return fmt.Errorf("figures %s: row %d has %d cells for %d columns", name, i, len(row), len(table.Columns))
		}
	}
	return nil
}

// Mode is the treatment of a document that differs from the data.
type Mode int

// The modes.
const (
	Compare Mode = iota // report it as an error
	Update              // rewrite it
)

var block = regexp.MustCompile(`(?s)<!-- figures:([a-z0-9-]+) -->\n(.*?)<!-- /figures -->`)

// Render brings README.md and docs/*.md below root up to date with the data, or
// compares them. It is an error if a document names a table that does not exist,
// or if no document shows a table that does.
func Render(root string, mode Mode) error {
	tables, err := read(root)
	if err != nil {
		return err
	}
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		return err
	}
	docs = append(docs, filepath.Join(root, "README.md"))
	shown := make(map[string]bool)
	for _, doc := range docs {
		old, err := os.ReadFile(doc)
		if err != nil {
			return err
		}
		text, err := fill(string(old), tables, shown)
		if err != nil && mode == Compare {
			return fmt.Errorf("%s: %w", doc, err)
		}
		if text == string(old) {
			continue
		}
		if mode == Compare {
			return fmt.Errorf("%s: its tables differ from docs/figures; run \"make figures\"", doc)
		}
		if err := os.WriteFile(doc, []byte(text), 0o666); err != nil {
			return err
		}
	}
	if mode == Update {
		// A new table may have no place in a document yet, and a place may have no table yet. Only the comparison demands both.
		return nil
	}
	for name := range tables {
		if !shown[name] {
			return fmt.Errorf("no document shows docs/figures/%s.json: write <!-- figures:%s --> and <!-- /figures --> where it belongs", name, name)
		}
	}
	return nil
}

// read gives all tables by name.
func read(root string) (map[string]Table, error) {
	files, err := filepath.Glob(filepath.Join(folder(root), "*.json"))
	if err != nil {
		return nil, err
	}
	tables := make(map[string]Table)
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		var table Table
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		if err := d.Decode(&table); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		if err := check(name, &table); err != nil {
			return nil, err
		}
		tables[name] = table
	}
	return tables, nil
}

// fill replaces each block of a document by its table, and records in shown which tables it has used.
func fill(text string, tables map[string]Table, shown map[string]bool) (string, error) {
	var failed error
	text = block.ReplaceAllStringFunc(text, func(old string) string {
		name := block.FindStringSubmatch(old)[1]
		table, ok := tables[name]
		if !ok {
			failed = fmt.Errorf("it shows docs/figures/%s.json, which does not exist", name)
			return old
		}
		shown[name] = true
		return "<!-- figures:" + name + " -->\n" + table.markdown() + "<!-- /figures -->"
	})
	return text, failed
}

// markdown is the table in Markdown.
func (t *Table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured by `%s` at %s on %s.", t.Command, t.Commit, t.Date)
	if t.Note != "" {
		b.WriteString(" " + t.Note)
	}
	b.WriteString("\n\n")
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + strings.NewReplacer("|", `\|`, "\n", " ").Replace(c) + " ")
		}
		b.WriteString("|\n")
	}
	line(t.Columns)
	line(slices.Repeat([]string{"---"}, len(t.Columns)))
	for _, row := range t.Rows {
		line(row)
	}
	return b.String()
}
