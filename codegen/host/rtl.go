package host

import (
	"io/fs"
	"strconv"

	"hass/codegen/project"
	"hass/internal/hw/limits"
	"hass/templates"
)

// signal is a signal of an AXI4-Lite slave in Verilog.
type signal struct {
	Name, Logical string
	In            direction
	Bits          int
}

// Direction is the Verilog direction.
func (s signal) Direction() string {
	if s.In {
		return "input "
	}
	return "output"
}

// Outward is the direction of the signal at a master, which drives the inputs of a slave.
func (s signal) Outward() string {
	if s.In {
		return "output"
	}
	return "input "
}

// Heard reports whether hass_kernel_control has the signal as a master: it ignores responses, which are always OKAY.
func (s signal) Heard() bool { return s.Name != "bresp" && s.Name != "rresp" }

// Range is the vector's range followed by a blank, "" for a single bit.
func (s signal) Range() string { return vector(s.Bits) }

// axiLite lists the signals of an AXI4-Lite slave. Its addresses have the given number of bits.
func axiLite(address int) []signal {
	return []signal{
		{"awaddr", "AWADDR", input, address}, {"awvalid", "AWVALID", input, 1}, {"awready", "AWREADY", output, 1},
		{"wdata", "WDATA", input, 32}, {"wstrb", "WSTRB", input, 4}, {"wvalid", "WVALID", input, 1}, {"wready", "WREADY", output, 1},
		{"bresp", "BRESP", output, 2}, {"bvalid", "BVALID", output, 1}, {"bready", "BREADY", input, 1},
		{"araddr", "ARADDR", input, address}, {"arvalid", "ARVALID", input, 1}, {"arready", "ARREADY", output, 1},
		{"rdata", "RDATA", output, 32}, {"rresp", "RRESP", output, 2}, {"rvalid", "RVALID", output, 1}, {"rready", "RREADY", input, 1},
	}
}

// ipText fills board/hass_ip.v.
type ipText struct {
	*hardware
	Top     string
	Control []signal
}

// oocText fills board/ooc.xdc.
type oocText struct{ Top, ClockNs string }

// RTLFiles are the files that AMD's tools need for the SystemVerilog of a design with a part: a wrapper in Verilog,
// constraints, scripts and their constants. A design without a part gets no files, because there is nothing to build for.
func RTLFiles(p *project.Project) ([]project.File, error) {
	if p.Board == nil {
		return nil, nil
	}
	h, k := rtlHardware(p), kernelOf(p)
	c, err := constantsOf(p, limits.RTL, h)
	if err != nil {
		return nil, err
	}
	c.Kernel = k
	c.ArgMode, c.ArgImages, c.ArgWeights, c.ArgInput = k.arg("mode"), k.arg("images"), k.arg(weightStream), k.arg(p.Input.Name)
	files, err := fill([]glued{
		{"design.sh", "host/design.sh", c},
		{"design.tcl", "host/design.tcl", c},
		{"board/" + h.Name + ".v", "board/hass_ip.v", ipText{h, project.TopName, axiLite(16)}},
		{"board/" + k.Name + ".v", "board/hass_kernel.v", k},
		{"board/kernel.xml", "board/kernel.xml", k},
		{"host/design.hpp", "host/design.hpp", c},
		{"link.cfg", "board/link.cfg", c},
		{"vivado/ooc.xdc", "board/ooc.xdc", oocText{project.TopName, p.Board.ClockNs()}},
	})
	if err != nil {
		return nil, err
	}
	json, err := designJSON(p, limits.RTL)
	if err != nil {
		return nil, err
	}
	files = append(files, project.File{Path: "host/design.json", Data: json})
	for _, folder := range c.folders("rtl") {
		part, err := scripts(folder)
		if err != nil {
			return nil, err
		}
		files = append(files, part...)
	}
	board, err := fs.Sub(templates.Board, "board")
	if err != nil {
		return nil, err
	}
	part, err := project.Library(board, func(name string) string { return "board/" + name })
	if err != nil {
		return nil, err
	}
	drivers, err := drivers("both", "rtl")
	return append(append(files, part...), drivers...), err
}

// vector is the range of a vector of the given width, followed by a blank; "" for a single bit.
func vector(bits int) string {
	if bits == 1 {
		return ""
	}
	return "[" + strconv.Itoa(bits-1) + ":0] "
}
