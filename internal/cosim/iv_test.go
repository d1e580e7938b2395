package cosim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hass/codegen"
	"hass/internal/designtest"
)

func TestIV(t *testing.T) {
	from, _ := strconv.Atoi(os.Getenv("FROM"))
	to, _ := strconv.Atoi(os.Getenv("TO"))
	ctx := context.Background()
	for seed := from; seed < to; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir := t.TempDir()
			d := designtest.Random(t, dir, int64(seed), 3)
			out := filepath.Join(dir, "rtl")
			if err := codegen.Generate(ctx, d, dir, out, codegen.Options{Target: codegen.RTL}); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command("timeout", "120", "make", "-s", "sim-iverilog")
			cmd.Dir = out
			text, err := cmd.CombinedOutput()
			data, _ := os.ReadFile(filepath.Join(out, "rtl_iverilog_report.json"))
			if len(data) == 0 {
				t.Fatalf("%v %s", err, text)
			}
			var r codegen.RTLResult
			if err := json.Unmarshal(data, &r); err != nil {
				t.Fatal(err)
			}
			n, _ := d.Network()
			images, _ := d.GoldenImages(dir)
			kinds := ""
			for _, p := range n.Processes {
				kinds += string(p.Kind) + " "
			}
			if !r.OK() {
				t.Fatalf("%s\n%s\n%s", r.Problem(), kinds, text)
			}
			diffs, err := Compare(ctx, n, images, &r)
			if err != nil {
				t.Fatal(err)
			}
			if len(diffs) > 0 {
				t.Errorf("%s\n%d differences:\n%s", kinds, len(diffs), strings.Join(diffs[:min(len(diffs), 8)], "\n"))
			}
		})
	}
}
