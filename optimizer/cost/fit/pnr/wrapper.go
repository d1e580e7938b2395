package pnr

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hass/internal/hw"
)

// Port is a port of a module; Width is in bits.
type Port struct {
	Name   string
	Output bool
	Width  int
}

// clockPorts are the possible names of a clock port.
var clockPorts = []string{"clk", "aclk"}

// readPorts reads the ports of a module from yosys' write_json output, in the order of the source.
func readPorts(data []byte, module string) ([]Port, error) {
	var j struct {
		Modules map[string]struct {
			Attributes map[string]json.RawMessage `json:"attributes"`
			Ports      json.RawMessage            `json:"ports"`
		} `json:"modules"`
	}
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("yosys JSON: %w", err)
	}
	// An instance whose parameters differ from the module's defaults has a derived name.
	var ports json.RawMessage
	for name, m := range j.Modules {
		if _, ok := m.Attributes["top"]; ok && strings.Contains(name, module) {
			ports = m.Ports
		}
	}
	if ports == nil {
		return nil, fmt.Errorf("yosys JSON: no top module %s", module)
	}
	// Decoding into a map would lose the order.
	d := json.NewDecoder(strings.NewReader(string(ports)))
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("yosys JSON: ports of %s: %w", module, err)
	}
	var list []Port
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("yosys JSON: ports of %s: %w", module, err)
		}
		var p struct {
			Direction string            `json:"direction"`
			Bits      []json.RawMessage `json:"bits"`
		}
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("yosys JSON: port %v of %s: %w", name, module, err)
		}
		if p.Direction != "input" && p.Direction != "output" {
			return nil, fmt.Errorf("port %v of %s is an %s; the wrapper knows inputs and outputs", name, module, p.Direction)
		}
		list = append(list, Port{name.(string), p.Direction == "output", len(p.Bits)})
	}
	return list, nil
}

// top is the name of the wrapper.
const top = "pnr_top"

// instance is the name of the measured module in the wrapper; nets of the module begin with it.
const instance = "u"

// wrapper is a top without pins for a module: a shift register that one toggling bit fills drives all inputs, outputs are registered
// and folded into another shift register, and the clock comes from a BUFG. So every path of the module begins and ends at a
// register, none of its inputs is constant, and no pin affects the placement.
func wrapper(module string, params []hw.Param, ports []Port) (string, error) {
	var in, out int
	var connect []string
	clocked := false
	for _, p := range ports {
		switch {
		case slices.Contains(clockPorts, p.Name) && !p.Output:
			connect = append(connect, fmt.Sprintf(".%s(clk)", p.Name))
			clocked = true
		case p.Name == "waits" && p.Output:
			// Only the counters of STATS read it, and designs do not have them.
			connect = append(connect, ".waits()")
		case p.Output:
			connect = append(connect, fmt.Sprintf(".%s(so[%d:%d])", p.Name, out+p.Width-1, out))
			out += p.Width
		default:
			connect = append(connect, fmt.Sprintf(".%s(si[%d:%d])", p.Name, in+p.Width-1, in))
			in += p.Width
		}
	}
	if !clocked {
		return "", fmt.Errorf("module %s has no clock port %s", module, strings.Join(clockPorts, " or "))
	}
	if in == 0 || out == 0 {
		return "", errors.New("module " + module + " has no inputs or no outputs")
	}
	shifted := func(name string, bits int, fill string) string {
		if bits == 1 {
			return fill
		}
		return fmt.Sprintf("{%s[%d:0], %s}", name, bits-2, fill)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "module %s;\n", top)
	fmt.Fprintf(&s, "  wire clk;\n  (* keep *) reg osc;\n  always @(posedge clk) osc <= ~osc;\n  (* keep *) BUFG bufg (.I(osc), .O(clk));\n")
	fmt.Fprintf(&s, "  (* keep *) reg din;\n  reg [%d:0] si;\n  always @(posedge clk) begin\n    din <= ~din;\n    si <= %s;\n  end\n", in-1, shifted("si", in, "din"))
	fmt.Fprintf(&s, "  wire [%d:0] so;\n  reg [%[1]d:0] ro, sh;\n  (* keep *) reg dout;\n  always @(posedge clk) begin\n    ro <= so;\n    sh <= %s ^ ro;\n    dout <= sh[%[1]d];\n  end\n", out-1, shifted("sh", out, "1'b0"))
	fmt.Fprintf(&s, "  %s", module)
	if len(params) > 0 {
		var list []string
		for _, p := range params {
			list = append(list, fmt.Sprintf(".%s(%s)", p.Name, p.Value))
		}
		fmt.Fprintf(&s, " #(\n      %s\n  )", strings.Join(list, ",\n      "))
	}
	fmt.Fprintf(&s, " %s (\n      %s\n  );\nendmodule\n", instance, strings.Join(connect, ",\n      "))
	return s.String(), nil
}
