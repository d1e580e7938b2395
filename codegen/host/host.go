package host

import (
	"io/fs"
	"strconv"

	"hass/codegen/project"
	"hass/internal/design"
	"hass/internal/hw/limits"
	"hass/templates"
)

// clockUncertainty is design.Uncertainty in the tools' format.
var clockUncertainty = strconv.FormatFloat(100*design.Uncertainty, 'f', -1, 64) + "%"

// constants fill the templates of the folders host and board. Every word consists of letters, digits and _ . / - : %, so
// that it is safe in Tcl braces and shell quotes.
type constants struct {
	Target                         limits.Target
	Top                            string
	Board                          *project.Board
	Hardware                       *hardware // for a block design
	System                         *system   // around it, for a part with a processing system
	Kernel                         *kernel   // of the SystemVerilog
	Uncertainty                    string
	SLR                            string   // of the kernel; "" leaves it to the linker
	Regions                        []region // of a design whose layers lie in several
	Sources, Testbench             []string
	Input                          project.Port
	Outputs                        []project.Port
	Words, Images                  int // of weights, golden ones
	ArgWeights, ArgMode, ArgImages int // numbers of the top's arguments
	ArgInput                       int // of the SystemVerilog's kernel
}

// vitisConfig fills host/hls_config.cfg, a configuration file of v++ --mode hls and vitis-run.
type vitisConfig struct {
	constants
	File, Flow, Format string
}

// constantsOf are the constants for either target.
func constantsOf(p *project.Project, target limits.Target, h *hardware) (constants, error) {
	c := constants{
		Target: target, Top: project.TopName, Board: p.Board, Hardware: h, Uncertainty: clockUncertainty,
		SLR:   p.Board.SLR(p.Design.Total, p.Design.Budget),
		Input: p.Input, Outputs: p.Outputs, Words: p.Words, Images: len(p.Images),
	}
	switch regions := regionsOf(p); {
	case len(regions) == 1:
		c.SLR = regions[0].SLR
	case len(regions) > 1: // a kernel in several regions must not be confined to one
		c.SLR, c.Regions = "", regions
	}
	if !p.Board.HasPS() {
		return c, nil
	}
	var err error
	c.System, err = systemOf(p.Board, h)
	return c, err
}

// glued is a file made from a template.
type glued struct {
	path, template string
	text           any
}

// fill makes files from templates.
func fill(list []glued) ([]project.File, error) {
	var files []project.File
	for _, f := range list {
		data, err := templates.Glue(f.template, f.text)
		if err != nil {
			return nil, err
		}
		files = append(files, project.File{Path: f.path, Data: data})
	}
	return files, nil
}

// scripts are the files of a folder of scripts.
func scripts(folder string) ([]project.File, error) {
	tree, err := fs.Sub(templates.Scripts, "scripts/"+folder)
	if err != nil {
		return nil, err
	}
	return project.Library(tree, func(name string) string { return name })
}

// folders are the folders of scripts of a project for a target.
func (c *constants) folders(target string) []string {
	list := []string{target, "board"}
	if c.Regions != nil && c.Kernel != nil { // the scripts know the modules of the SystemVerilog
		list = append(list, "regions")
	}
	if c.Board.OnKria() {
		list = append(list, "kria")
	}
	return list
}

// Files are the files that AMD's tools and the host need for the C++ of a design with a part: configurations and
// scripts, drivers and their constants. A design without a part gets no files, because there is nothing to build for.
// sources and testbench are the C++ files of the project.
func Files(p *project.Project, sources, testbench []string) ([]project.File, error) {
	if p.Board == nil {
		return nil, nil
	}
	c, err := constantsOf(p, limits.HLS, hlsHardware(p))
	if err != nil {
		return nil, err
	}
	c.Sources, c.Testbench = sources, testbench
	// The arguments of the top: input, outputs, weights, mode, images.
	c.ArgWeights = 1 + len(p.Outputs)
	c.ArgMode, c.ArgImages = c.ArgWeights+1, c.ArgWeights+2
	files, err := fill([]glued{
		{"hls_config.cfg", "host/hls_config.cfg", vitisConfig{c, "hls_config.cfg", "vitis", "xo"}},
		{"hls_config_vivado.cfg", "host/hls_config.cfg", vitisConfig{c, "hls_config_vivado.cfg", "vivado", "ip_catalog"}},
		{"design.tcl", "host/design.tcl", c},
		{"link.cfg", "host/link.cfg", c},
		{"design.sh", "host/design.sh", c},
		{"host/design.hpp", "host/design.hpp", c},
		{"host/kernels/mm2s.cpp", "host/mm2s.cpp", c},
		{"host/kernels/s2mm.cpp", "host/s2mm.cpp", c},
	})
	if err != nil {
		return nil, err
	}
	json, err := designJSON(p, limits.HLS)
	if err != nil {
		return nil, err
	}
	files = append(files, project.File{Path: "host/design.json", Data: json})
	for _, folder := range c.folders("hls") {
		part, err := scripts(folder)
		if err != nil {
			return nil, err
		}
		files = append(files, part...)
	}
	drivers, err := drivers("both", "hls")
	return append(files, drivers...), err
}

// drivers are the files of folders of the host.
func drivers(folders ...string) ([]project.File, error) {
	var files []project.File
	for _, folder := range folders {
		tree, err := fs.Sub(templates.Host, "host/"+folder)
		if err != nil {
			return nil, err
		}
		part, err := project.Library(tree, func(name string) string { return "host/" + name })
		if err != nil {
			return nil, err
		}
		files = append(files, part...)
	}
	return files, nil
}
