package host

import (
	"fmt"
	"strconv"

	"hass/codegen/project"
)

// hardware is the accelerator from the point of view of a block design.
type hardware struct {
	Name         string // of the IP, and of its module
	Clock, Reset string // pins
	Control      string // AXI4-Lite interface
	Range        string // bytes of its registers
	Memories     []string
	Interrupt    string // "" if it has none
	Streams      []stream
	Exports      []string // folders in which the scripts put the packaged IP
	Registers    []register
}

// direction is where a signal or stream goes, seen from the accelerator.
type direction bool

const (
	output direction = false
	input  direction = true
)

// stream is an AXI4-Stream of the IP, which a DMA serves.
type stream struct {
	Name, Pin string
	In        direction
	Bits      int // of TDATA
}

// Direction is in or out.
func (s stream) Direction() string {
	if s.In {
		return "in"
	}
	return "out"
}

// Bytes is TDATA in bytes.
func (s stream) Bytes() int { return s.Bits / 8 }

// High is the highest bit of TDATA.
func (s stream) High() int { return s.Bits - 1 }

// KeepHigh is the highest bit of TKEEP.
func (s stream) KeepHigh() int { return s.Bits/8 - 1 }

// Forward is the Verilog direction of all signals except TREADY.
func (s stream) Forward() string {
	if s.In {
		return "input "
	}
	return "output"
}

// Backward is the Verilog direction of TREADY.
func (s stream) Backward() string {
	if s.In {
		return "output"
	}
	return "input "
}

// register is a register of the control.
type register struct {
	Name   string
	At     int
	Access string // in IP-XACT's terms
}

// Offset is the register's offset as text.
func (r register) Offset() string { return fmt.Sprintf("0x%03x", r.At) }

// controlRange is the span of hass_control's registers: 16 bits of address.
const controlRange = "0x10000"

// controlRegisters are the registers of hass_control.sv, without the counters of processes and FIFOs, whose number
// depends on the design.
var controlRegisters = []register{
	{"CONTROL", 0x00, "read-write"},
	{"IMAGES", 0x04, "read-write"},
	{"CYCLES_LOW", 0x08, "read-only"},
	{"CYCLES_HIGH", 0x0c, "read-only"},
	{"DONE", 0x10, "read-only"},
	{"PROCESSES", 0x14, "read-only"},
	{"FIFOS", 0x18, "read-only"},
	{"VERSION", 0x1c, "read-only"},
}

// hlsHardware is the IP that Vitis HLS exports.
func hlsHardware(p *project.Project) *hardware {
	h := &hardware{
		Name: project.TopName, Clock: "ap_clk", Reset: "ap_rst_n", Control: "s_axi_control", Range: controlRange,
		Memories: []string{"m_axi_gmem"}, Interrupt: "interrupt",
		Exports: []string{"w_vivado/hls/impl/ip", "hass_vivado/solution/impl/ip"},
	}
	for i, port := range p.Ports() {
		h.Streams = append(h.Streams, stream{port.Name, port.Name, i == 0, port.AXIBits})
	}
	return h
}

// weightStream is the name of the stream of weights of the SystemVerilog.
const weightStream = "weights"

// rtlHardware is board/hass_ip.v as an IP.
func rtlHardware(p *project.Project) *hardware {
	h := &hardware{
		Name: "hass_ip", Clock: "aclk", Reset: "aresetn", Control: "s_axi_control", Range: controlRange, Registers: controlRegisters,
		Streams: []stream{
			{weightStream, "s_axis_" + weightStream, input, 32},
			{p.Input.Name, "s_axis_" + p.Input.Name, input, p.Input.AXIBits},
		},
	}
	for _, o := range p.Outputs {
		h.Streams = append(h.Streams, stream{o.Name, "m_axis_" + o.Name, output, o.AXIBits})
	}
	return h
}

// Buses are the interfaces of the only clock, in the form of ASSOCIATED_BUSIF.
func (h *hardware) Buses() string {
	s := h.Control
	for _, x := range h.Streams {
		s += ":" + x.Pin
	}
	return s
}

// system is the part of a block design around the accelerator.
type system struct {
	PSMHz     string
	Clock     project.ClockSetting
	Addresses []address
}

// address is the address of a control interface for the processor.
type address struct {
	Interface string
	at, size  int64
}

// Offset is the interface's address as text.
func (a address) Offset() string { return fmt.Sprintf("0x%08x", a.at) }

// Range is its span as text.
func (a address) Range() string { return fmt.Sprintf("0x%08x", a.size) }

// controlSpan is the span of every control interface: that of the accelerator, and at least that of a DMA.
const controlSpan = 0x10000

// controlBase is the first address of the processor's control master: M_AXI_GP0 of Zynq-7000, M_AXI_HPM0_FPD of Zynq
// UltraScale+.
func controlBase(family string) (int64, error) {
	switch family {
	case project.Zynq:
		return 0x4000_0000, nil
	case project.ZynqMP:
		return 0xa000_0000, nil
	}
	return 0, fmt.Errorf("a part of family %q has no processing system", family)
}

// systemOf lays out the address map and sets the clock.
func systemOf(b *project.Board, h *hardware) (*system, error) {
	at, err := controlBase(b.Family)
	if err != nil {
		return nil, err
	}
	s := &system{PSMHz: strconv.Itoa(project.PSClockHz / 1_000_000), Clock: b.Setting}
	interfaces := []string{"accelerator/" + h.Control}
	for _, x := range h.Streams {
		interfaces = append(interfaces, "dma_"+x.Name+"/S_AXI_LITE")
	}
	for _, name := range append(interfaces, "intc/s_axi") {
		s.Addresses = append(s.Addresses, address{name, at, controlSpan})
		at += controlSpan
	}
	return s, nil
}
