package timing

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// read gives a file of testdata. The reports there are made by hand in Vivado's format; no tool wrote them.
func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		file string
		want Report
		mhz  float64
	}{
		{"missed.rpt", Report{Tool: "Vivado v.2024.1", Clock: "aclk", PeriodNs: 5, SlackNs: -1.25, From: "conv1_window/col_reg[3]/C", To: "conv1_window/bank_reg[7]/R"}, 160},
		{"met.rpt", Report{Tool: "Vivado v.2024.1", Clock: "clk_fpga_0", PeriodNs: 10, SlackNs: 0.412}, 1000 / 9.588},
	} {
		data := read(t, c.file)
		if !Is(data) {
			t.Errorf("%s: not taken for a timing report", c.file)
		}
		// Files from other machines end their lines in another way.
		for _, text := range []string{string(data), strings.ReplaceAll(string(data), "\n", "\r\n")} {
			r, err := Parse([]byte(text))
			if err != nil {
				t.Errorf("%s: %v", c.file, err)
				continue
			}
			if *r != c.want || math.Abs(r.MHz()-c.mhz) > 1e-9 {
				t.Errorf("%s: %+v of %v MHz, want %+v of %v MHz", c.file, *r, r.MHz(), c.want, c.mhz)
			}
		}
	}
}

func TestParseErrors(t *testing.T) {
	if Is([]byte("| Instance | Module | Total LUTs |")) {
		t.Error("a utilisation report is taken for one of timing")
	}
	good := string(read(t, "missed.rpt"))
	for _, c := range []struct{ from, to, want string }{
		{"| Clock Summary", "| Other", "no table \"Clock Summary\""},
		{"5.000           200.000", "five            200.000", "no clock with its period"},
		{"5.000           200.000", "0.000           200.000", "a period of \"0.000\" ns"},
		{"| Intra Clock Table", "| Other", "no clock has paths"},
		{"\naclk               -1.250", "\nbclk               -1.250", "clock \"bclk\" has no period"},
		{"\naclk               -1.250", "\naclk                5.000", "a slack of 5 ns of a period of 5 ns"},
	} {
		bad := strings.Replace(good, c.from, c.to, 1)
		if bad == good {
			t.Fatalf("%q is not in the report", c.from)
		}
		if _, err := Parse([]byte(bad)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}
