// Package utilisation reads reports of synthesis tools about the modules of a design, and fits the factors of a calibration
// to them.
//
// It takes the text of a report (yosys' JSON, Vivado's hierarchical utilisation) and the module instances of a design; it
// gives counts by instance, and a factor for each module and resource. It runs no tool.
package utilisation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"hass/internal/design"
	"hass/internal/hw"
	"hass/optimizer/cost"
)

// Usage holds the counts of one instance in a report. If the report has modules but no instances, Name is ""
// and Params identify the module.
type Usage struct {
	Name   string
	Module string
	Params map[string]int // integer parameters only
	Counts
}

// Report is a parsed utilisation report.
type Report struct {
	Tool  string
	Usage []Usage
}

// ParseReport reads a tool's report about the modules of a design: yosys' `stat -json` or `write_json` of a
// netlist that is not flattened, or the text of Vivado's `report_utilization -hierarchical`.
func ParseReport(data []byte) (*Report, error) {
	if t := bytes.TrimSpace(data); len(t) > 0 && t[0] == '{' {
		return parseYosys(data)
	}
	return parseVivado(data)
}

// parseYosys reads both forms of yosys' JSON.
func parseYosys(data []byte) (*Report, error) {
	var j struct {
		Creator string `json:"creator"`
		Modules map[string]struct {
			Types      map[string]int             `json:"num_cells_by_type"`
			Attributes map[string]json.RawMessage `json:"attributes"`
			Cells      map[string]struct {
				Type string `json:"type"`
			} `json:"cells"`
		} `json:"modules"`
	}
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("yosys JSON: %w", err)
	}
	if len(j.Modules) == 0 {
		return nil, errors.New("yosys JSON: it has no \"modules\"; write it by stat -json or write_json")
	}
	r := &Report{Tool: strings.Join(strings.Fields(j.Creator)[:min(2, len(strings.Fields(j.Creator)))], " ")}
	direct := map[string]map[string]int{}
	netlist := false
	for name, m := range j.Modules {
		cells := m.Types
		if cells == nil {
			cells = map[string]int{}
			for _, c := range m.Cells {
				cells[c.Type]++
				netlist = true
			}
		}
		direct[name] = cells
	}
	// Names in stat -json begin with a backslash, those in a netlist do not.
	find := func(name string) (string, bool) {
		for _, n := range []string{name, "\\" + name, strings.TrimPrefix(name, "\\")} {
			if _, ok := direct[n]; ok {
				return n, true
			}
		}
		return "", false
	}
	var all func(name string, depth int) (map[string]int, error)
	all = func(name string, depth int) (map[string]int, error) {
		if depth > 64 {
			return nil, fmt.Errorf("yosys JSON: module %.60q contains itself", name)
		}
		sum := map[string]int{}
		for t, n := range direct[name] {
			sub, ok := find(t)
			if !ok {
				sum[t] += n
				continue
			}
			cells, err := all(sub, depth+1)
			if err != nil {
				return nil, err
			}
			for c, k := range cells {
				sum[c] += n * k
			}
		}
		return sum, nil
	}
	add := func(u Usage, module string) error {
		cells, err := all(module, 0)
		if err != nil {
			return err
		}
		u.Counts = CountCells(cells)
		r.Usage = append(r.Usage, u)
		return nil
	}
	if !netlist {
		for name := range direct {
			u := Usage{}
			if u.Module, u.Params = moduleName(name); !strings.HasPrefix(u.Module, "hass_") {
				continue
			}
			if err := add(u, name); err != nil {
				return nil, err
			}
		}
		sortUsage(r.Usage)
		return r, nil
	}
	top, ok := find("hass_top")
	if !ok {
		return nil, errors.New("yosys JSON: the netlist has no module hass_top")
	}
	for instance, c := range j.Modules[top].Cells {
		sub, ok := find(c.Type)
		if !ok {
			continue
		}
		u := Usage{Name: strings.TrimPrefix(instance, "\\")}
		u.Module, _ = moduleName(c.Type)
		if err := add(u, sub); err != nil {
			return nil, err
		}
	}
	sortUsage(r.Usage)
	return r, nil
}

func sortUsage(u []Usage) {
	sort.Slice(u, func(i, j int) bool {
		a, b := &u[i], &u[j]
		if a.Name != b.Name {
			return a.Name < b.Name
		}
		if a.Module != b.Module {
			return a.Module < b.Module
		}
		return fmt.Sprint(a.Params) < fmt.Sprint(b.Params)
	})
}

// moduleName splits yosys' name of a module with parameters: $paramod\hass_fifo\WIDTH=s32'0...101\DEPTH=s32'0...10. A name
// with a hash, such as $paramod$0123\hass_window, does not have the parameters.
func moduleName(name string) (module string, params map[string]int) {
	name = strings.TrimPrefix(name, "\\")
	if rest, ok := strings.CutPrefix(name, "$paramod\\"); ok {
		parts := strings.Split(rest, "\\")
		params = map[string]int{}
		for _, p := range parts[1:] {
			key, v, _ := strings.Cut(p, "=")
			if _, bits, ok := strings.Cut(v, "'"); ok {
				if n, err := strconv.ParseUint(bits, 2, 64); err == nil {
					params[key] = int(int32(n))
				}
			}
		}
		return parts[0], params
	}
	if strings.HasPrefix(name, "$paramod$") {
		if i := strings.LastIndexByte(name, '\\'); i >= 0 {
			return name[i+1:], nil
		}
	}
	return name, nil
}

// vivadoColumns are the columns of Vivado's table by name, with the count that each sets.
var vivadoColumns = map[string]func(c *Counts, n int){
	"Total LUTs":   func(c *Counts, n int) { c.LUT = n },
	"LUTRAMs":      func(c *Counts, n int) { c.LUTRAM += n },
	"SRLs":         func(c *Counts, n int) { c.LUTRAM += n },
	"FFs":          func(c *Counts, n int) { c.FF = n },
	"RAMB36":       func(c *Counts, n int) { c.BRAM18 += 2 * n },
	"RAMB18":       func(c *Counts, n int) { c.BRAM18 += n },
	"URAM":         func(c *Counts, n int) { c.URAM = n },
	"DSP48 Blocks": func(c *Counts, n int) { c.DSP = n },
	"DSP Blocks":   func(c *Counts, n int) { c.DSP = n },
	"DSPs":         func(c *Counts, n int) { c.DSP = n },
}

var vivadoTool = regexp.MustCompile(`Tool Version\s*:\s*(Vivado\s+v\.\S+)`)

// parseVivado reads the table of report_utilization -hierarchical.
func parseVivado(data []byte) (*Report, error) {
	r := &Report{Tool: "Vivado"}
	if m := vivadoTool.FindSubmatch(data); m != nil {
		r.Tool = string(m[1])
	}
	var columns []string
	for n, line := range strings.Split(string(data), "\n") {
		line = strings.TrimRight(line, "\r ")
		if !strings.HasPrefix(strings.TrimSpace(line), "|") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] == "Instance" {
			columns = cells
			continue
		}
		if columns == nil || len(cells) != len(columns) {
			continue
		}
		u := Usage{Name: cells[0]}
		for i, c := range columns[1:] {
			v := cells[i+1]
			if c == "Module" {
				u.Module = v
				continue
			}
			set := vivadoColumns[c]
			if set == nil {
				continue
			}
			// "12(3)": the count with and without submodules.
			v, _, _ = strings.Cut(v, "(")
			k, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil || k < 0 {
				return nil, fmt.Errorf("utilisation report: line %d: %q in column %s", n+1, cells[i+1], c)
			}
			set(&u.Counts, int(k))
		}
		if !strings.HasPrefix(u.Name, "(") { // (name): the part of a module outside its submodules
			r.Usage = append(r.Usage, u)
		}
	}
	if columns == nil {
		return nil, errors.New("no yosys JSON, and no table with a column \"Instance\" as report_utilization -hierarchical writes it")
	}
	return r, nil
}

// Match is an instance of a design that was found in a report.
type Match struct {
	hw.Instance
	Actual Counts
}

// suffix is the suffix that HLS and synthesis add to a name.
var suffix = regexp.MustCompile(`_U\d*$`)

// Matches finds a design's instances in a report, by name, or by module and parameters if the report has no names.
func (r *Report) Matches(list []hw.Instance) ([]Match, error) {
	byName := map[string]*Usage{}
	for i := range r.Usage {
		u := &r.Usage[i]
		if u.Name == "" {
			continue
		}
		for _, n := range []string{u.Name, suffix.ReplaceAllString(u.Name, "")} {
			if byName[n] == nil { // the outer instance comes first
				byName[n] = u
			}
		}
	}
	var found []Match
	for _, in := range list {
		u := byName[in.Name]
		for i := 0; u == nil && i < len(r.Usage); i++ {
			if c := &r.Usage[i]; c.Name == "" && c.Module == in.Module.ModuleName() && same(c.Params, in.Module) {
				u = c
			}
		}
		if u != nil {
			found = append(found, Match{in, u.Counts})
		}
	}
	if len(found) == 0 {
		var names []string
		for _, in := range list[:min(4, len(list))] {
			names = append(names, in.Name)
		}
		return nil, fmt.Errorf("the report has none of the design's %d instances (%s, ...): is it hierarchical and of this design?", len(list), strings.Join(names, ", "))
	}
	return found, nil
}

// same reports whether the parameters in a module's name are those of an instance.
func same(name map[string]int, instance hw.Module) bool {
	params := hw.Params(instance)
	if len(name) == 0 {
		return len(params) == 0
	}
	found := 0
	for _, p := range params {
		v, ok := name[p.Name]
		if !ok {
			continue
		}
		found++
		if n, err := strconv.Atoi(p.Value); err == nil && n != v {
			return false
		}
	}
	return found == len(name)
}

// moduleKind is the name of an RTL module in a calibration.
func moduleKind(module string) string {
	k := strings.TrimSuffix(strings.TrimPrefix(module, "hass_"), "_stream")
	for _, n := range cost.ModuleNames() {
		if n == k {
			return k
		}
	}
	return ""
}

// values are counts by resource.
func (c Counts) values() map[string]int {
	return map[string]int{"DSP": c.DSP, "LUT": c.LUT, "FF": c.FF, "BRAM18": c.BRAM18, "URAM": c.URAM, "LUTRAM": c.LUTRAM}
}

// Calibrate fits a factor for each module and resource: the least-squares line through zero from the model's
// estimates to the report's counts.
func Calibrate(matches []Match, family string) (map[string]design.Scale, error) {
	type pair struct{ model, actual Counts }
	byKind := map[string][]pair{}
	for _, m := range matches {
		kind := moduleKind(m.Module.ModuleName())
		if kind == "" {
			continue
		}
		r, err := cost.ModuleCost(m.Module, family)
		if err != nil {
			return nil, err
		}
		byKind[kind] = append(byKind[kind], pair{CountsOf(r), m.Actual})
	}
	if len(byKind) == 0 {
		return nil, errors.New("the report has none of the modules that a calibration scales")
	}
	scales := map[string]design.Scale{}
	for kind, pairs := range byKind {
		factors := map[string]float64{}
		var errs [2][]float64
		for resource := range (Counts{}).values() {
			xy, xx := 0.0, 0.0
			for _, p := range pairs {
				x, y := float64(p.model.values()[resource]), float64(p.actual.values()[resource])
				xy, xx = xy+x*y, xx+x*x
			}
			f := 1.0
			if xx > 0 {
				f = xy / xx
			}
			factors[resource] = math.Round(f*1e4) / 1e4
			for i, name := range []string{"LUT", "FF"} {
				if resource != name {
					continue
				}
				for _, p := range pairs {
					if y := float64(p.actual.values()[resource]); y > 0 {
						errs[i] = append(errs[i], math.Abs(f*float64(p.model.values()[resource])/y-1))
					}
				}
			}
		}
		s := design.ScaleOf(factors)
		s.Instances = len(pairs)
		_, s.LUTError = Quantiles(errs[0])
		_, s.FFError = Quantiles(errs[1])
		s.LUTError, s.FFError = math.Round(s.LUTError*1e4)/1e4, math.Round(s.FFError*1e4)/1e4
		scales[kind] = s
	}
	return scales, nil
}
