package host

import (
	"fmt"
	"math/bits"
	"slices"

	"hass/codegen/project"
)

// kernel is the SystemVerilog as a kernel of Vitis (board/hass_kernel.v): hass_kernel_control.sv has its registers.
type kernel struct {
	Name, Top string
	Range     string // bytes of its registers
	Control   []signal
	Masters   []master
	Args      []argument
	Registers []kernelRegister
}

// PointersHigh is the highest bit of the concatenated addresses of all masters.
func (k *kernel) PointersHigh() int { return 64*len(k.Masters) - 1 }

// BusyHigh is the highest bit of a vector with one bit for each master.
func (k *kernel) BusyHigh() int { return len(k.Masters) - 1 }

// master is an AXI4 master of the kernel and the stream that it serves.
type master struct {
	Index   int
	Name    string // of the argument
	Port    string
	Stream  string // interface of the top
	Bits    int    // of the stream's words
	Memory  int    // bits of memory
	Words   int    // of an image, or of all weights
	Reads   bool
	Weights bool
	Bank    string // of the card's memory; "" leaves it to the linker
}

// The least and the largest memory width of the movers, in bits.
const minMemory, maxMemory = 32, 512

func memoryBits(stream int) int { return min(max(stream, minMemory), maxMemory) }

// High is the highest bit of the stream's words.
func (m master) High() int { return m.Bits - 1 }

// Size is AXI's code for the bytes of a beat.
func (m master) Size() int { return bits.Len(uint(m.Memory/8)) - 1 }

// PointerHigh is the highest bit of the master's address among the addresses of all masters.
func (m master) PointerHigh() int { return 64*m.Index + 63 }

// PointerLow is the lowest bit of that address.
func (m master) PointerLow() int { return 64 * m.Index }

// Mode is the master's access in IP-XACT's terms.
func (m master) Mode() string {
	if m.Reads {
		return "READ_ONLY"
	}
	return "WRITE_ONLY"
}

// Signals are the signals of the master.
func (m master) Signals() []signal {
	if m.Reads {
		return []signal{
			{"araddr", "ARADDR", input, 64}, {"arlen", "ARLEN", input, 8}, {"arsize", "ARSIZE", input, 3}, {"arburst", "ARBURST", input, 2},
			{"arvalid", "ARVALID", input, 1}, {"arready", "ARREADY", output, 1},
			{"rdata", "RDATA", output, m.Memory}, {"rlast", "RLAST", output, 1}, {"rvalid", "RVALID", output, 1}, {"rready", "RREADY", input, 1},
		}
	}
	return []signal{
		{"awaddr", "AWADDR", input, 64}, {"awlen", "AWLEN", input, 8}, {"awsize", "AWSIZE", input, 3}, {"awburst", "AWBURST", input, 2},
		{"awvalid", "AWVALID", input, 1}, {"awready", "AWREADY", output, 1},
		{"wdata", "WDATA", input, m.Memory}, {"wstrb", "WSTRB", input, m.Memory / 8}, {"wlast", "WLAST", input, 1},
		{"wvalid", "WVALID", input, 1}, {"wready", "WREADY", output, 1}, {"bvalid", "BVALID", output, 1}, {"bready", "BREADY", input, 1},
	}
}

// argument is an argument of the kernel, for kernel.xml and XRT. Its number is its index.
type argument struct {
	Name, Port string
	Qualifier  int // 0: a scalar, 1: an address
	At, Bytes  int
	Type       string
}

// Offset is the register's offset as text.
func (a argument) Offset() string { return fmt.Sprintf("0x%03x", a.At) }

// Size is the argument's size as text.
func (a argument) Size() string { return fmt.Sprintf("0x%x", a.Bytes) }

// kernelRegister is a register of the packaged kernel; Master is the port that an address belongs
// to.
type kernelRegister struct {
	register
	Bits   int
	Master string
}

// The register addresses of the arguments in hass_kernel_control.sv: scalars take 8 bytes,
// addresses 12.
const (
	argMode, argImages = 0x10, 0x18
	argPointers        = 0x20
	pointerSpan        = 12
)

// kernelOf describes the kernel of a project.
func kernelOf(p *project.Project) *kernel {
	k := &kernel{Name: "hass_kernel", Top: project.TopName, Range: controlRange, Control: axiLite(16)}
	add := func(name, stream string, bits, words int, d direction) {
		i := len(k.Masters)
		k.Masters = append(k.Masters, master{
			Index: i, Name: name, Port: "m_axi_" + name, Stream: stream, Bits: bits, Memory: memoryBits(bits), Words: words,
			Reads: d == input, Weights: i == 0, Bank: p.Board.Bank(i),
		})
	}
	add(weightStream, "s_axis_"+weightStream, 32, p.Words, input)
	add(p.Input.Name, "s_axis_"+p.Input.Name, p.Input.AXIBits, p.Input.Words, input)
	for _, o := range p.Outputs {
		add(o.Name, "m_axis_"+o.Name, o.AXIBits, o.Words, output)
	}
	k.Args = []argument{{"mode", "s_axi_control", 0, argMode, 4, "uint"}, {"images", "s_axi_control", 0, argImages, 4, "uint"}}
	for i, m := range k.Masters {
		k.Args = append(k.Args, argument{m.Name, m.Port, 1, argPointers + pointerSpan*i, 8, "void*"})
	}
	for i, name := range []string{"CTRL", "GIER", "IP_IER", "IP_ISR"} {
		k.Registers = append(k.Registers, kernelRegister{register{name, 4 * i, "read-write"}, 32, ""})
	}
	for _, a := range k.Args {
		r := kernelRegister{register{a.Name, a.At, "read-write"}, 8 * a.Bytes, ""}
		if a.Qualifier == 1 {
			r.Master = a.Port
		}
		k.Registers = append(k.Registers, r)
	}
	return k
}

// arg is the number of an argument.
func (k *kernel) arg(name string) int {
	return slices.IndexFunc(k.Args, func(a argument) bool { return a.Name == name })
}
