package passes

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hass/frontend/ops"
	"hass/internal/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file, or writes the file under -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run with -update to make it)", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, d)
	}
}

// TestPassOrder checks the table against its own constraints.
func TestPassOrder(t *testing.T) {
	at := map[string]int{}
	for i, p := range table {
		if _, ok := at[p.name]; ok {
			t.Errorf("pass %s stands twice in the table", p.name)
		}
		at[p.name] = i
		if p.what == "" || p.run == nil {
			t.Errorf("pass %s has no description or no function", p.name)
		}
		file := strings.ReplaceAll(p.name, "-", "_") + ".go"
		if _, err := os.Stat(file); err != nil {
			t.Errorf("pass %s has no file of its own: %v", p.name, err)
		}
	}
	for _, p := range table {
		for _, o := range p.after {
			before, ok := at[o.pass]
			switch {
			case !ok:
				t.Errorf("pass %s must run after %s, which does not exist", p.name, o.pass)
			case before >= at[p.name]:
				t.Errorf("pass %s runs before %s, but: %s", p.name, o.pass, o.why)
			case o.why == "":
				t.Errorf("pass %s does not say why it runs after %s", p.name, o.pass)
			}
		}
	}
	if last := table[len(table)-1].name; last != "drop-dead" {
		t.Errorf("the last pass is %s, want drop-dead: dead nodes must not be reported", last)
	}
}

// TestPassGolden runs each pass alone on a hand-written graph: text in, text
// and collected refusals out.
func TestPassGolden(t *testing.T) {
	for _, p := range table {
		t.Run(p.name, func(t *testing.T) {
			base := filepath.Join("testdata", p.name)
			src, err := os.ReadFile(base + ".in.txt")
			if err != nil {
				t.Fatal(err)
			}
			g, err := graph.Parse(string(src))
			if err != nil {
				t.Fatal(err)
			}
			if err := graph.Verify(g); err != nil {
				t.Fatalf("the input is no good graph: %v", err)
			}
			refused := ops.Refusals{}
			if _, err := runPass(&p, newRewriter(g, 0, refused)); err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := g.Print(&b); err != nil {
				t.Fatal(err)
			}
			for _, n := range slices.Sorted(maps.Keys(refused)) {
				r := refused[n]
				fmt.Fprintf(&b, "# refused %q: %s; hint: %s\n", n, r.Reason, r.Hint)
			}
			golden(t, base+".golden.txt", b.String())
		})
	}
}
