// Package overhead knows what a design takes as C++ beside what its RTL takes: AXI ports, and what Vitis HLS makes of a FIFO.
//
// It takes a network of processes and gives resources. The figures are data (overhead.toml), from published reports of the tool on other
// designs, and each names its source. It never prices a module: those are taken to be as large in C++ as in RTL, which nobody has measured.
package overhead

import (
	_ "embed"

	"github.com/BurntSushi/toml"

	"hass/internal/design"
	"hass/internal/hw"
)

// Part is what a thing takes.
type Part struct {
	LUT    int    `toml:"lut"`
	FF     int    `toml:"ff"`
	BRAM18 int    `toml:"bram18"`
	What   string `toml:"what"`
	Source string `toml:"source"`
}

// Table is the file of figures.
type Table struct {
	Ports Part `toml:"ports"` // of the whole design
	FIFO  Part `toml:"fifo"`  // each
}

//go:embed overhead.toml
var file string

var table = func() Table {
	var t Table
	if _, err := toml.Decode(file, &t); err != nil {
		panic("overhead: overhead.toml: " + err.Error())
	}
	return t
}()

// BuiltIn is the committed table.
func BuiltIn() Table { return table }

// FIFOs is the number of FIFOs of a network's C++: a stream of several parts is as many, an engine that skips zeros has two inside,
// and the weight chain one before each process with weights and one at its end.
func FIFOs(n *hw.Network) int {
	count := 1
	for i := range n.Streams {
		count += n.Streams[i].Parts()
	}
	for i := range n.Processes {
		switch p := &n.Processes[i]; p.Kind {
		case hw.Engine:
			count++
			if n.Layers[p.Layer].Engine.Skips() {
				count += 2
			}
		case hw.Join:
			count++
		}
	}
	return count
}

// Of is what the C++ of a network takes beside its RTL.
func Of(n *hw.Network) design.Resources {
	fifos := FIFOs(n)
	return design.Resources{LUT: table.Ports.LUT + fifos*table.FIFO.LUT, FF: table.Ports.FF + fifos*table.FIFO.FF, BRAM18: table.Ports.BRAM18 + fifos*table.FIFO.BRAM18}
}
