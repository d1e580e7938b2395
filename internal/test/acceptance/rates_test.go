package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hass/internal/design"
	"hass/internal/steps/rundir"
	"hass/internal/test/figures"
	"hass/optimizer/derive"
)

// ratedNetworks are the networks for which the least hardware for a rate is measured, with 8 bits.
var ratedNetworks = []struct{ name, model string }{
	{"LeNet", lenet},
	{"ResNet-8", resnet},
	{"MobileNetV3-Small", "mobilenet_v3_small/model.onnx.gz"},
}

var (
	ratedPlatforms = []string{"zybo", "zcu104", "u250"}
	ratedRates     = []int{30, 300, 3000} // images/s
)

// rateShort is the share of the rate asked for that a simulated design may be slower: layers wait for each other, which the prediction
// does not know.
const rateShort = 0.05

// bestRate is how optimize says that a rate cannot be had.
var bestRate = regexp.MustCompile(`the best rate is ([0-9.]+) images/s`)

// rated is one design, as a file in the folder of runs, so that a run that was stopped goes on.
type rated struct {
	Network, Platform string
	Asked             int
	None              string           // why there is no design; the rest is then empty
	MHz               float64          // the design's clock
	Predicted         float64          // images/s
	Simulated         float64          // images/s
	Images            int              // simulated
	Mismatches        int              // of these
	Total, Budget     design.Resources // of the design
}

// TestRates measures the least hardware for rates: each design is simulated on real images.
func TestRates(t *testing.T) {
	dir := os.Getenv("HASS_RATES")
	if dir == "" {
		t.Skip("skipped: runs for an hour (run \"make acceptance-rates\")")
	}
	a := newAcceptance(t)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, n := range ratedNetworks {
		t.Run(n.name, func(t *testing.T) {
			run := filepath.Join(dir, n.name)
			if err := os.MkdirAll(run, 0o777); err != nil {
				t.Fatal(err)
			}
			profile := filepath.Join(run, "profile.json")
			if _, err := os.Stat(profile); errors.Is(err, os.ErrNotExist) {
				a.step(t, "profile", a.path(n.model), "--data", a.set(n.model, "calib.toml"), "--bits", "8", "-o", profile)
			}
			for _, platform := range ratedPlatforms {
				for _, rate := range ratedRates {
					t.Run(fmt.Sprintf("%s/%d", platform, rate), func(t *testing.T) {
						a.rate(t, &rated{Network: n.name, Platform: platform, Asked: rate}, n.model, profile, run)
					})
				}
			}
		})
	}
	if !t.Failed() {
		writeRates(t, dir)
	}
}

// file is the file of a design.
func (r *rated) file(run string) string {
	return filepath.Join(run, fmt.Sprintf("%s-%d.json", r.Platform, r.Asked))
}

// rate makes and simulates one design.
func (a *acceptance) rate(t *testing.T, r *rated, model, profile, run string) {
	if data, err := os.ReadFile(r.file(run)); err == nil && json.Unmarshal(data, r) == nil {
		t.Log("measured before")
		return
	}
	file := filepath.Join(run, fmt.Sprintf("%s-%d.design.json", r.Platform, r.Asked))
	var errs strings.Builder
	cmd := exec.Command(a.bin, "optimize", a.path(model), "--profile", profile, "--platform", r.Platform, "--images-per-second", strconv.Itoa(r.Asked), "-o", file)
	cmd.Stderr = &errs
	err := cmd.Run()
	text := errs.String()
	switch best := bestRate.FindStringSubmatch(text); {
	case err == nil:
		a.simulateRate(t, r, model, file)
	case best != nil:
		r.None = "the best rate is " + best[1]
	case strings.Contains(text, "does not fit"):
		var short []string
		for line := range strings.Lines(text) {
			if name, _, ok := strings.Cut(strings.TrimSpace(line), ": needs "); ok {
				short = append(short, name)
			}
		}
		r.None = "does not fit: " + strings.Join(short, ", ")
	default:
		t.Fatalf("optimize: %v\n%s", err, text)
	}
	if t.Failed() {
		return
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.file(run), data, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", *r)
}

// simulateRate simulates the design in file on images of the test set.
func (a *acceptance) simulateRate(t *testing.T, r *rated, model, file string) {
	d, err := derive.ReadDesign(file)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := a.step(t, "simulate", file, "--data", a.set(model, "test.toml"), "--images", "4", "--json")
	var s rundir.Simulation
	decode(t, out, &s)
	r.MHz, r.Predicted, r.Simulated = d.Clock.MHz, d.Predicted.ImagesPerSecond, d.Clock.ImagesPerSecond(s.CyclesPerImage)
	r.Images, r.Mismatches, r.Total, r.Budget = s.Images, s.Mismatches, d.Total, d.Budget
	if s.Mismatches > 0 {
		t.Errorf("%d of %d images differ", s.Mismatches, s.Images)
	}
	if asked := float64(r.Asked); r.Predicted < asked*(1-derive.FloatError) || r.Simulated < asked*(1-rateShort) {
		t.Errorf("%.1f images/s predicted, %.1f simulated; %d were asked for", r.Predicted, r.Simulated, r.Asked)
	}
}

// writeRates writes the table of all designs in the folder.
func writeRates(t *testing.T, dir string) {
	table := figures.Table{
		Command: "make acceptance-rates",
		Note: "The least hardware for a rate, by the fullest resource (`hass optimize --images-per-second`, 8 bits, the default budget): estimated resources, and the rate that 4 images of the test set take in the simulator at the design's clock. " +
			"The share is that of the fullest resource of the budget. Networks, platforms and rates that are not listed have not been run.",
		Columns: []string{"network", "platform", "asked, images/s", "simulated, images/s", "predicted", "MHz", "DSP", "LUT", "BRAM18", "URAM", "share"},
	}
	for _, n := range ratedNetworks {
		for _, platform := range ratedPlatforms {
			for _, rate := range ratedRates {
				r := &rated{Network: n.name, Platform: platform, Asked: rate}
				data, err := os.ReadFile(r.file(filepath.Join(dir, n.name)))
				if errors.Is(err, os.ErrNotExist) {
					continue
				}
				if err == nil {
					err = json.Unmarshal(data, r)
				}
				if err != nil {
					t.Fatal(err)
				}
				table.Rows = append(table.Rows, r.row())
			}
		}
	}
	figures.Write(t, "rates", table)
}

// row is the row of a design.
func (r *rated) row() []string {
	row := []string{r.Network, r.Platform, strconv.Itoa(r.Asked)}
	if r.None != "" {
		return append(row, r.None, "", "", "", "", "", "", "")
	}
	share, used, budget := 0.0, r.Total.Vec(), r.Budget.Vec()
	for i := range used {
		if budget[i] > 0 {
			share = max(share, float64(used[i])/float64(budget[i]))
		}
	}
	return append(row, fmt.Sprintf("%.1f", r.Simulated), fmt.Sprintf("%.1f", r.Predicted), fmt.Sprintf("%.4g", r.MHz),
		strconv.Itoa(r.Total.DSP), strconv.Itoa(r.Total.LUT), strconv.Itoa(r.Total.BRAM18), strconv.Itoa(r.Total.URAM), fmt.Sprintf("%.1f %%", 100*share))
}
