package pnr

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

// Timing is the slowest register-to-register path in a report.
type Timing struct {
	MHz          float64
	Logic, Route float64 // ns of the slowest path: in cells including clock-to-output and setup, and on nets
	Cells        int     // number of cells on the path, without its ends
	From, To     string  // its ends: instance path and signal inside the module, or "wrapper"
	Slow         string  // type of the cell with most of its time
	// Ends are the latest arrivals in five parts of the design, the latest first: "5.71 window.emit, 4.2 left" means 5.71 and 4.20 ns after
	// the edge at the clock's source. This includes the clock's own net but not the setup of the end. A part is an instance in the module, or
	// a signal outside any instance.
	Ends string
}

// report holds the fields that are read from the JSON report of the place-and-route program.
type report struct {
	Paths []struct {
		From string `json:"from"`
		To   string `json:"to"`
		Path []hop  `json:"path"`
	} `json:"critical_paths"`
	Fmax map[string]struct {
		Achieved float64 `json:"achieved"`
	} `json:"fmax"`
	Nets []struct {
		Event     string `json:"event"`
		Endpoints []struct {
			Cell  string    `json:"cell"`
			Event string    `json:"event"`
			Delay []float64 `json:"delay"` // of the arrival, least and most
		} `json:"endpoints"`
	} `json:"detailed_net_timings"`
}

// hop is a part of a path: a cell or a net.
type hop struct {
	Delay float64 `json:"delay"` // ns
	Type  string  `json:"type"`
	Net   string  `json:"net"`
	From  pin     `json:"from"`
	To    pin     `json:"to"`
}

type pin struct {
	Cell string `json:"cell"`
	Port string `json:"port"`
}

// clockNet is the wrapper's clock.
const clockNet = "clk"

// readReport reads a report; its names are those of the mapped netlist.
func readReport(data []byte, names *netlist) (Timing, error) {
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		return Timing{}, fmt.Errorf("report: %w", err)
	}
	f, ok := r.Fmax[clockNet]
	if !ok || !(f.Achieved > 0) || math.IsInf(f.Achieved, 0) {
		return Timing{}, errors.New("report: no frequency of the clock")
	}
	t := Timing{MHz: f.Achieved}
	edge := "posedge " + clockNet
	inside := map[string]float64{} // ns by cell
	most := 0.0
	for _, p := range r.Paths {
		if p.From != edge || p.To != edge || len(p.Path) == 0 {
			continue
		}
		for _, h := range p.Path {
			switch h.Type {
			case "routing":
				t.Route += h.Delay
				continue
			case "clk-to-q", "setup":
			case "logic":
				t.Cells++
			default:
				return Timing{}, fmt.Errorf("report: a hop of type %q on the slowest path", h.Type)
			}
			t.Logic += h.Delay
			inside[h.To.Cell] += h.Delay
			if inside[h.To.Cell] > most {
				most, t.Slow = inside[h.To.Cell], names.kind(h.To.Cell)
			}
		}
		t.From, t.To = names.end(p.Path[0].From.Cell), names.end(p.Path[len(p.Path)-1].To.Cell)
		t.Ends = r.ends(edge, names)
		return t, nil
	}
	return Timing{}, errors.New("report: no path from register to register")
}

// mostEnds bounds the number of ends that are kept.
const mostEnds = 5

// ends are the latest arrivals of the parts of the design.
func (r *report) ends(edge string, names *netlist) string {
	type arrival struct {
		ns  float64
		end string
	}
	latest := map[string]arrival{} // by part
	for _, n := range r.Nets {
		if n.Event != edge {
			continue
		}
		for _, e := range n.Endpoints {
			if e.Event != edge || len(e.Delay) == 0 {
				continue
			}
			end := names.end(e.Cell)
			part, _, inside := strings.Cut(end, ".")
			if !inside {
				part = ""
			}
			a := arrival{e.Delay[len(e.Delay)-1], end}
			if old, ok := latest[part]; !ok || a.ns > old.ns || a.ns == old.ns && a.end < old.end {
				latest[part] = a
			}
		}
	}
	var all []arrival
	for _, a := range latest {
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b arrival) int { return cmp.Or(cmp.Compare(b.ns, a.ns), cmp.Compare(a.end, b.end)) })
	var list []string
	for _, a := range all[:min(len(all), mostEnds)] {
		list = append(list, fmt.Sprintf("%.2f %s", a.ns, a.end))
	}
	return strings.Join(list, ", ")
}

// netlist holds the cells of a mapped design. Modules that keep their hierarchy are instances in it; the program names their cells by
// instance path.
type netlist struct {
	cells map[string]netCell // by instance path
	nets  map[netBit]string  // the shortest name in the source, by instance path
}

// netBit is a bit of an instance, "" or a path with a dot at its end.
type netBit struct {
	instance string
	bit      int
}

type netCell struct {
	Type        string                       `json:"type"`
	Directions  map[string]string            `json:"port_directions"`
	Connections map[string][]json.RawMessage `json:"connections"`
	instance    string
}

type netModule struct {
	Attributes map[string]json.RawMessage `json:"attributes"`
	Cells      map[string]netCell         `json:"cells"`
	Nets       map[string]struct {
		Hidden int               `json:"hide_name"`
		Bits   []json.RawMessage `json:"bits"`
	} `json:"netnames"`
}

// box reports whether a module is a primitive of the device.
func (m *netModule) box() bool {
	for _, a := range []string{"blackbox", "whitebox"} {
		if _, ok := m.Attributes[a]; ok {
			return true
		}
	}
	return false
}

// readNetlist reads yosys' write_json output of the wrapper.
func readNetlist(data []byte) (*netlist, error) {
	var j struct {
		Modules map[string]*netModule `json:"modules"`
	}
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("netlist: %w", err)
	}
	if j.Modules[top] == nil {
		return nil, errors.New("netlist: no module " + top)
	}
	n := &netlist{map[string]netCell{}, map[netBit]string{}}
	return n, n.take(j.Modules, top, "", 0)
}

// maxNesting bounds the depth of instances.
const maxNesting = 64

// take adds an instance of a module.
func (n *netlist) take(modules map[string]*netModule, module, path string, depth int) error {
	if depth > maxNesting {
		return fmt.Errorf("netlist: module %s contains itself", module)
	}
	m := modules[module]
	for name, c := range m.Cells {
		if sub := modules[c.Type]; sub != nil && !sub.box() {
			if err := n.take(modules, c.Type, path+name+".", depth+1); err != nil {
				return err
			}
			continue
		}
		c.instance = path
		n.cells[path+name] = c
	}
	for name, net := range m.Nets {
		if net.Hidden != 0 {
			continue
		}
		for _, b := range net.Bits {
			bit, ok := bitOf(b)
			if !ok {
				continue
			}
			// The outer name is less useful: a module's own names begin with its instance.
			at := netBit{path, bit}
			if old, ok := n.nets[at]; !ok || better(path+name, old) {
				n.nets[at] = path + name
			}
		}
	}
	return nil
}

// better reports whether a is a better name for a net than b: a name inside the module, then the shorter name.
func better(a, b string) bool {
	ia, ib := strings.HasPrefix(a, instance+"."), strings.HasPrefix(b, instance+".")
	if ia != ib {
		return ia
	}
	if len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// bitOf is the number of a bit; false for a constant.
func bitOf(b json.RawMessage) (int, bool) {
	var n int
	return n, json.Unmarshal(b, &n) == nil
}

// kind is a cell's type; "" if mapping did not create the cell.
func (n *netlist) kind(cell string) string { return n.cells[cell].Type }

var (
	flattened = regexp.MustCompile(`\$flatten\\([^$]*)`)
	// A memory becomes several cells, and a LUT RAM several cells in one place: memory.0.8/DPR3_1.
	partOfMemory = regexp.MustCompile(`(\.[0-9]+)*(/.*)?$`)
	lastIndex    = regexp.MustCompile(`\[[0-9]+\]$`)
)

// end names the cell at an end of a path: the signal that it drives, by instance path inside the module, without the bit number. A
// cell outside the module is "wrapper".
func (n *netlist) end(cell string) string {
	c := n.cells[cell]
	var outs []string
	for port, d := range c.Directions {
		if d == "output" {
			outs = append(outs, port)
		}
	}
	slices.Sort(outs)
	best := ""
	for _, port := range outs {
		for _, b := range c.Connections[port] {
			if bit, ok := bitOf(b); ok {
				if name, ok := n.nets[netBit{c.instance, bit}]; ok && (best == "" || better(name, best)) {
					best = name
				}
			}
		}
	}
	if inside, ok := strings.CutPrefix(best, instance+"."); ok {
		return lastIndex.ReplaceAllString(inside, "")
	}
	// For a memory or a product whose outputs have no name in the source, the cell's own name has the instance path.
	name := strings.ReplaceAll(cell, `\`, "")
	if m := flattened.FindStringSubmatch(cell); m != nil {
		name = strings.ReplaceAll(m[1], `\`, "")
	}
	if inside, ok := strings.CutPrefix(name, instance+"."); ok {
		return strings.TrimRight(partOfMemory.ReplaceAllString(inside, ""), ".")
	}
	if best != "" {
		return "wrapper"
	}
	return "unnamed"
}
