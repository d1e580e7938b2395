package pnr

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"hass/internal/test/figures"
	"hass/internal/test/testenv"
	"hass/optimizer/cost/calibration"
	"hass/optimizer/cost/delay"
	"hass/optimizer/cost/fit"
)

// fitCommitted fits the committed data.
func fitCommitted(t *testing.T) *Fitted {
	t.Helper()
	modules, err := Read(strings.NewReader(calibration.Routed))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Read(strings.NewReader(calibration.RoutedNetworks))
	if err != nil {
		t.Fatal(err)
	}
	r, err := FitFiles(modules, whole)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

// moduleTable has the measurements of every kind of module.
func moduleTable(r *Fitted) figures.Table {
	table := figures.Table{
		Command: "make pnr fit-clock NEXTPNR=... CHIPDB=...",
		Note: fmt.Sprintf("%d modules on xc7z010-1 without pins, each routed alone; %s, %s. Errors are of points left out of the fit in turn. The ends are those of the slowest path of the slowest point.",
			r.File.Points, r.File.Tool, r.File.Date),
		Columns: []string{"kind", "points", "MHz: slowest", "middle", "fastest", "error: median", "90th percentile", "slowest path"},
	}
	all := map[int][]*Residual{}
	for i := range r.Residuals {
		x := &r.Residuals[i]
		all[x.paths.Kind] = append(all[x.paths.Kind], x)
	}
	for k, name := range delay.Kinds() {
		list := all[k]
		if len(list) == 0 {
			continue
		}
		slices.SortStableFunc(list, func(a, b *Residual) int {
			if a.NS > b.NS {
				return -1
			}
			return 1
		})
		mhz := func(at int) string { return fmt.Sprintf("%.0f", 1000/list[at].NS) }
		f := r.File.Kind[name]
		table.Rows = append(table.Rows, []string{name, fmt.Sprint(len(list)), mhz(0), mhz(len(list) / 2), mhz(len(list) - 1), percent(f.Median), percent(f.P90), list[0].From + " to " + list[0].To})
	}
	table.Rows = append(table.Rows, []string{"all", fmt.Sprint(r.File.Points), "", "", "", percent(r.File.Median), percent(r.File.P90), ""})
	return table
}

// networkTable has the measurements of whole networks.
func networkTable(r *Fitted) figures.Table {
	table := figures.Table{
		Command: "make pnr fit-clock NEXTPNR=... CHIPDB=...",
		Note:    "Whole networks on xc7z010-1 without pins. The model has each left out of the fit of derates; its slowest module stands beside where the routed path begins. Latest arrivals: the five modules that hold the network back, with the signal at the end of each path and its time in ns, in which the clock's own net is and the setup of the end is not.",
		Columns: []string{"network", "fullest share", "modules", "MHz", "model", "slowest module by the model", "alone", "path begins at", "latest arrivals"},
	}
	for i := range r.Networks {
		n := &r.Networks[i]
		table.Rows = append(table.Rows, []string{n.Name, percent(n.Fill), fmt.Sprint(n.Modules), fmt.Sprintf("%.0f", n.MHz), fmt.Sprintf("%.0f", n.Model), n.Slowest, fmt.Sprintf("%.0f", n.ModuleMHz), n.From, n.Ends})
	}
	return table
}

// TestFigures: the documents show the committed data; -update writes them.
func TestFigures(t *testing.T) {
	testenv.Long(t)
	r := fitCommitted(t)
	modules, err := Read(strings.NewReader(calibration.Routed))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]figures.Table{"clock-modules": moduleTable(r), "clock-medians": medianTable(t, modules)}
	if len(r.Networks) > 0 {
		tables["clock-networks"] = networkTable(r)
	}
	for name, table := range tables {
		var old figures.Table
		data, err := os.ReadFile(filepath.Join(testenv.Root(t), "docs", "figures", name+".json"))
		if err == nil {
			err = json.Unmarshal(data, &old)
		}
		table.Date, table.Commit = old.Date, old.Commit // of when the table was written
		if err == nil && reflect.DeepEqual(old, table) {
			continue
		}
		if *update {
			figures.Write(t, name, table)
		} else {
			t.Errorf("docs/figures/%s.json is not of the committed data (go test ./optimizer/cost/fit/pnr -run TestFigures -update writes it): %v", name, err)
		}
	}
}

// TestStale reports how much of the data is from older sources of the modules. make pnr routes these again, with a program that not everybody
// has.
func TestStale(t *testing.T) {
	f, err := Read(strings.NewReader(calibration.Routed))
	if err != nil {
		t.Fatal(err)
	}
	l, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	old, err := Stale(l, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d lines are of older texts of their modules", old, len(f.Lines))
}

// routedPoint are the seeds of a point.
type routedPoint struct {
	fit.Point
	lines []Line
}

// mhz is the median of the seeds; of an even number the lower of the two in the middle.
func (r *routedPoint) mhz() float64 {
	var list []float64
	for i := range r.lines {
		list = append(list, r.lines[i].MHz)
	}
	slices.Sort(list)
	return list[(len(list)-1)/2]
}

// row is a row of the table of medians.
func (r *routedPoint) row(name, size string, before [3]string) []string {
	l := &r.lines[len(r.lines)-1]
	return []string{name, size, fmt.Sprint(len(r.lines)), fmt.Sprintf("%.0f", r.mhz()), fmt.Sprint(l.LUT), fmt.Sprint(l.FF), fmt.Sprint(l.Counts.DSP), fmt.Sprint(l.BRAM18), before[0], before[1], before[2]}
}

// before are the clocks, LUTs and registers of the named modules on 2026-11-29, before engines computed the cost of beats in advance. They come
// from ../shared/pnr/measured.csv, one seed of the same programs, in the order of named. The window's parameters are similar, not equal.
var before = [][3]string{{"206", "455", "747"}, {"140", "1103", "2075"}, {"124", "1102", "1880"}, {"111", "1644", "1289"}, {"146", "1156", "656"}, {"145", "396", "351"}}

// namesOfNamed are how readers know them.
var namesOfNamed = []string{"dense engine, 4 in a gang of 4", "elastic bank, 4->1 in a gang of 16", "banked engine, 16->4 in a gang of 4", "crossbar engine, 9->3 in a gang of 4",
	"window 3x3, all taps", "window 1x1 over block RAM"}

// medianTable is the named modules, and of each group the smallest, the middle and the largest that were routed on today's texts.
func medianTable(t *testing.T, f *File) figures.Table {
	t.Helper()
	table := figures.Table{
		Command: "make pnr PNR_SEEDS=3 fit-clock NEXTPNR=... CHIPDB=...",
		Note: fmt.Sprintf("Medians of the seeds of modules of today's texts, LUT and FF with the wrapper (a register for every bit of a port, two for outputs); %s The figures before are of one seed, of ../shared/pnr/measured.csv.",
			f.Comment),
		Columns: []string{"module", "size", "seeds", "MHz", "LUT", "FF", "DSP", "BRAM18", "before: MHz", "LUT", "FF"},
	}
	l, err := BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string][]Line{}
	for _, x := range f.Lines {
		if h, err := l.Hash(x.Module); err == nil && x.Failed == "" && h == x.Hash {
			k := fit.Canonical(x.Module, strings.Fields(x.Params))
			lines[k] = append(lines[k], x)
		}
	}
	routed := func(p fit.Point) (routedPoint, bool) {
		x := lines[fit.Canonical(p.ModuleName(), strings.Fields(p.ParamText()))]
		return routedPoint{p, x}, len(x) > 0
	}
	list, err := named()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range list {
		if r, ok := routed(fit.PointOf(m)); ok {
			table.Rows = append(table.Rows, r.row(namesOfNamed[i], "", before[i]))
		}
	}
	points, err := Known()
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groupsOf(points) {
		var of []routedPoint
		for _, p := range points {
			if r, ok := routed(p); ok && g.of(p.Module) {
				of = append(of, r)
			}
		}
		slices.SortStableFunc(of, func(a, b routedPoint) int { return a.lines[0].LUT + a.lines[0].FF/2 - b.lines[0].LUT - b.lines[0].FF/2 })
		switch n := len(of); {
		case n == 1:
			table.Rows = append(table.Rows, of[0].row(g.name, "one", [3]string{}))
		case n > 1:
			table.Rows = append(table.Rows, of[0].row(g.name, "smallest", [3]string{}))
			if n > 2 {
				table.Rows = append(table.Rows, of[n/2].row(g.name, "middle", [3]string{}))
			}
			table.Rows = append(table.Rows, of[n-1].row(g.name, "largest", [3]string{}))
		}
	}
	return table
}
