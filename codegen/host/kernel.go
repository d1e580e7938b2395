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
			{"araddr", "ARADDR", true, 64}, {"arlen", "ARLEN", true, 8}, {"arsize", "ARSIZE", true, 3}, {"arburst", "ARBURST", true, 2},
			{"arvalid", "ARVALID", true, 1}, {"arready", "ARREADY", false, 1},
			{"rdata", "RDATA", false, m.Memory}, {"rlast", "RLAST", false, 1}, {"rvalid", "RVALID", false, 1}, {"rready", "RREADY", true, 1},
		}
	}
	return []signal{
		{"awaddr", "AWADDR", true, 64}, {"awlen", "AWLEN", true, 8}, {"awsize", "AWSIZE", true, 3}, {"awburst", "AWBURST", true, 2},
		{"awvalid", "AWVALID", true, 1}, {"awready", "AWREADY", false, 1},
		{"wdata", "WDATA", true, m.Memory}, {"wstrb", "WSTRB", true, m.Memory / 8}, {"wlast", "WLAST", true, 1},
		{"wvalid", "WVALID", true, 1}, {"wready", "WREADY", false, 1}, {"bvalid", "BVALID", false, 1}, {"bready", "BREADY", true, 1},
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
	add := func(name, stream string, bits, words int, reads bool) {
		i := len(k.Masters)
		k.Masters = append(k.Masters, master{
			Index: i, Name: name, Port: "m_axi_" + name, Stream: stream, Bits: bits, Memory: memoryBits(bits), Words: words,
			Reads: reads, Weights: i == 0, Bank: p.Board.Bank(i),
		})
	}
	add(weightStream, "s_axis_"+weightStream, 32, p.Words, true)
	add(p.Input.Name, "s_axis_"+p.Input.Name, p.Input.AXIBits, p.Input.Words, true)
	for _, o := range p.Outputs {
		add(o.Name, "m_axis_"+o.Name, o.AXIBits, o.Words, false)
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
