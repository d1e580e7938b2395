package host

import (
	"io/fs"
	"math"
	"strconv"

	"hass/codegen/project"
	"hass/internal/design"
	"hass/templates"
)

// clockUncertainty is design.Uncertainty as the tools take it.
var clockUncertainty = strconv.FormatFloat(100*design.Uncertainty, 'f', -1, 64) + "%"

// constants fill the templates of the folder host. Every word is made of letters, digits and _ . / - : %, so that braces
// of Tcl and quotes of a shell hold it.
type constants struct {
	Top                            string
	Board                          *project.Board
	Uncertainty                    string
	KernelMHz                      string // whole, as v++ wants it
	Sources, Testbench             []string
	Input                          project.Port
	Outputs                        []project.Port
	Words, Images                  int // of weights, golden ones
	ArgWeights, ArgMode, ArgImages int // numbers of the top's arguments
}

// vitisConfig fills host/hls_config.cfg, a configuration file of v++ --mode hls and vitis-run.
type vitisConfig struct {
	constants
	File, Flow, Format string
}

// Files are what AMD's tools and the host need for the C++ of a design with a part: configurations and scripts, drivers
// and the constants they read. A design without a part has nothing to build for and gets no files. sources and
// testbench are the C++ files of the project.
func Files(p *project.Project, sources, testbench []string) ([]project.File, error) {
	if p.Board == nil {
		return nil, nil
	}
	// The arguments of the top: input, outputs, weights, mode, images.
	first := 1 + len(p.Outputs)
	c := constants{
		Top: project.TopName, Board: p.Board, Uncertainty: clockUncertainty, KernelMHz: strconv.FormatFloat(math.Floor(p.Board.ClockMHz), 'f', 0, 64),
		Sources: sources, Testbench: testbench, Input: p.Input, Outputs: p.Outputs, Words: p.Words, Images: len(p.Images),
		ArgWeights: first, ArgMode: first + 1, ArgImages: first + 2,
	}
	var files []project.File
	for _, f := range []struct {
		path, template string
		text           any
	}{
		{"hls_config.cfg", "host/hls_config.cfg", vitisConfig{c, "hls_config.cfg", "vitis", "xo"}},
		{"hls_config_vivado.cfg", "host/hls_config.cfg", vitisConfig{c, "hls_config_vivado.cfg", "vivado", "ip_catalog"}},
		{"design.tcl", "host/design.tcl", c},
		{"link.cfg", "host/link.cfg", c},
		{"host/design.sh", "host/design.sh", c},
		{"host/design.hpp", "host/design.hpp", c},
		{"host/kernels/mm2s.cpp", "host/mm2s.cpp", c},
		{"host/kernels/s2mm.cpp", "host/s2mm.cpp", c},
	} {
		data, err := templates.Glue(f.template, f.text)
		if err != nil {
			return nil, err
		}
		files = append(files, project.File{Path: f.path, Data: data})
	}
	json, err := designJSON(p)
	if err != nil {
		return nil, err
	}
	files = append(files, project.File{Path: "host/design.json", Data: json})
	scripts, err := fs.Sub(templates.Scripts, "scripts")
	if err != nil {
		return nil, err
	}
	for _, tree := range []fs.FS{scripts, templates.Host} {
		part, err := project.Library(tree, func(name string) string { return name })
		if err != nil {
			return nil, err
		}
		files = append(files, part...)
	}
	return files, nil
}
