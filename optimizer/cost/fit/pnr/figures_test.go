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

// moduleTable is what was measured of every kind of module.
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

// networkTable is what was measured of whole networks.
func networkTable(r *Fitted) figures.Table {
	table := figures.Table{
		Command: "make pnr fit-clock NEXTPNR=... CHIPDB=...",
		Note:    "Whole networks on xc7z010-1 without pins. The model has each left out of the fit of derates; its slowest module stands beside where the routed path begins.",
		Columns: []string{"network", "fullest share", "modules", "MHz", "model", "slowest module by the model", "alone", "path begins at"},
	}
	for i := range r.Networks {
		n := &r.Networks[i]
		table.Rows = append(table.Rows, []string{n.Name, percent(n.Fill), fmt.Sprint(n.Modules), fmt.Sprintf("%.0f", n.MHz), fmt.Sprintf("%.0f", n.Model), n.Slowest, fmt.Sprintf("%.0f", n.ModuleMHz), n.From})
	}
	return table
}

// TestFigures: the documents show the committed data; -update writes them.
func TestFigures(t *testing.T) {
	testenv.Long(t)
	r := fitCommitted(t)
	tables := map[string]figures.Table{"clock-modules": moduleTable(r)}
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

// TestStale says how much of the data is of older texts of the modules; make pnr routes those anew, which takes a program that not
// everybody has.
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
