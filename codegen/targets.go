package codegen

import (
	"fmt"

	"hass/codegen/hls"
	"hass/codegen/host"
	"hass/codegen/project"
	"hass/codegen/rtl"
	"hass/internal/design"
	"hass/internal/hw"
)

// Target is the language of what is generated.
type Target = hw.Target

// The targets.
const (
	HLS = hw.HLS // C++ for Vitis HLS, checked by csim
	RTL = hw.RTL // SystemVerilog, simulated cycle by cycle
)

// row is a target. Data, README, reports, the copy of the design and the manifest are the same for all and not emit's.
type row struct {
	name Target
	emit func(p *project.Project) ([]project.File, error)
}

// targets are all targets, in the order in which they are named to users.
var targets = []row{
	{HLS, emitHLS},
	{RTL, rtl.Files},
}

// find gives the row of a target.
func find(name Target) (*row, error) {
	for i := range targets {
		if targets[i].name == name {
			return &targets[i], nil
		}
	}
	return nil, fmt.Errorf("target %.40q: want %s or %s", string(name), HLS, RTL)
}

// DefaultTarget is what is generated from a design where nothing else is asked for: C++, or what the design is for.
func DefaultTarget(d *design.Design) Target {
	if d.Target == RTL {
		return RTL
	}
	return HLS
}

// emitHLS gives the C++ and what AMD's tools and the host need for it.
func emitHLS(p *project.Project) ([]project.File, error) {
	files, err := hls.Files(p)
	if err != nil {
		return nil, err
	}
	sources, testbench, err := hls.Sources(p)
	if err != nil {
		return nil, err
	}
	tools, err := host.Files(p, sources, testbench)
	return append(files, tools...), err
}
