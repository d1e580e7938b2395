package figures

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hass/internal/test/testenv"
)

// written are files that programs write, not people: golden files and tables of measurements.
var written = []struct {
	how   string
	files *regexp.Regexp
}{
	{"-update", regexp.MustCompile(`\.golden\.|/testdata/golden/|testdata/digests\.txt$|^optimizer/testdata/|^optimizer/cost/loops/loops\.toml$|^docs/conformance\.md$`)},
	{"make sweep fit pnr fit-clock", regexp.MustCompile(`^optimizer/cost/calibration/|^docs/figures/|^docs/measurements\.md$`)},
}

// TestRecipes counts the files that are touched by branches which follow the recipes of CONTRIBUTING.md. HASS_RECIPES names the branches,
// as "what=BASE...BRANCH;...".
func TestRecipes(t *testing.T) {
	list := os.Getenv("HASS_RECIPES")
	if list == "" {
		t.Skip("HASS_RECIPES names no branches")
	}
	table := Table{
		Command: `HASS_RECIPES="an operator=main...BRANCH;..." go test ./internal/test/figures -run TestRecipes`,
		Note:    "Each recipe of CONTRIBUTING.md was followed once on a branch that was given up afterwards, with the focused tests of what it touches. Files that a program writes are counted apart. No program for place and route was at hand: the operator's delay in xc7z010-1.toml was that of a like module, and xc7z010-1.csv stayed.",
		Columns: []string{"recipe", "files by hand", "written by a program"},
	}
	for _, entry := range strings.Split(list, ";") {
		what, branches, ok := strings.Cut(entry, "=")
		if !ok {
			t.Fatalf("HASS_RECIPES: %q is not WHAT=BASE...BRANCH", entry)
		}
		cmd := exec.Command("git", "diff", "--name-only", branches)
		cmd.Dir = testenv.Root(t)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		var hand []string
		programs := make([]int, len(written))
	files:
		for _, f := range strings.Fields(string(out)) {
			for i, w := range written {
				if w.files.MatchString(f) {
					programs[i]++
					continue files
				}
			}
			hand = append(hand, f)
		}
		var other []string
		for i, n := range programs {
			if n > 0 {
				other = append(other, fmt.Sprintf("%d (%s)", n, written[i].how))
			}
		}
		table.Rows = append(table.Rows, []string{what, strconv.Itoa(len(hand)) + ": `" + strings.Join(hand, "`, `") + "`", strings.Join(other, ", ")})
	}
	Write(t, "recipes", table)
}
