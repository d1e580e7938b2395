// Package loops gives the clock of each module's C++ loop: its largest measured recurrence, which is the delay of the
// loop-carried dependence.
//
// It takes a kind of process, and for an engine its kind; it gives nanoseconds. The figures are data (loops.toml), which the
// test of package internal/test/recurrence measures and writes. They are estimates from LLVM IR: no tool has scheduled these
// loops. It never looks at a design's parameters.
package loops

import (
	_ "embed"
	"fmt"

	"github.com/BurntSushi/toml"

	"hass/internal/design"
	"hass/internal/hw"
)

// Table is the file of figures.
type Table struct {
	Tool   string             `toml:"tool"`
	Delays string             `toml:"delays"` // source of the delays of operations
	Date   string             `toml:"date"`
	Loops  int                `toml:"loops"` // number of loops measured
	NS     map[string]float64 `toml:"ns"`    // largest recurrence by Key
}

//go:embed loops.toml
var file string

var table = func() Table {
	var t Table
	if _, err := toml.Decode(file, &t); err != nil {
		panic("loops: loops.toml: " + err.Error())
	}
	return t
}()

// BuiltIn is the committed table.
func BuiltIn() Table { return table }

// Key names a module in the table: the kind of its process, and for an engine also the kind of the engine.
func Key(kind hw.ProcessKind, engine hw.EngineKind) string {
	if kind == hw.Engine {
		return string(kind) + "-" + string(engine)
	}
	return string(kind)
}

// KeyOf is the key of process i of a network.
func KeyOf(n *hw.Network, i int) string {
	p := &n.Processes[i]
	if p.Kind == hw.Engine {
		return Key(p.Kind, n.Layers[p.Layer].Engine)
	}
	return Key(p.Kind, "")
}

// Of is the recurrence of a module's loop in nanoseconds.
func Of(key string) (float64, error) {
	ns, ok := table.NS[key]
	if !ok {
		return 0, fmt.Errorf("loops: the recurrence of the loop of module %s was not measured", key)
	}
	return ns, nil
}

// MHz is the fastest clock at which the scheduler can start an iteration of a loop with this recurrence in every cycle.
func MHz(ns float64) float64 { return design.LoopBudget(1) / ns }
