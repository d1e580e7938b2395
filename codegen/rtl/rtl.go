package rtl

import (
	"io/fs"
	"path"
	"strings"

	"hass/codegen/project"
	"hass/templates"
)

// synthText fills rtl/synth.tcl.
type synthText struct{ Top, Part, ClockNs string }

// Library is the same in every project: the modules, the parts of the testbench that do not depend on the design and the
// Makefile.
func Library() ([]project.File, error) {
	library, err := fs.Sub(templates.RTL, "rtl")
	if err != nil {
		return nil, err
	}
	return project.Library(library, func(name string) string {
		if path.Ext(name) == ".sv" && !strings.HasPrefix(name, "tb/") {
			return "rtl/" + name
		}
		return name
	})
}

// Files are the top, the testbench and, for a design with a part, a script of Vivado: synthesis out of context with
// reports of area and timing.
func Files(p *project.Project) (files []project.File, err error) {
	add := func(to string, data []byte, e error) {
		if err == nil {
			err = e
		}
		files = append(files, project.File{Path: to, Data: data})
	}
	top, e := Top(p)
	add("rtl/"+project.TopName+".sv", top, e)
	tb, e := Testbench(p)
	add("tb/hass_tb.sv", tb, e)
	if p.Board != nil {
		synth, e := templates.Glue("rtl/synth.tcl", synthText{project.TopName, p.Board.Part, p.Board.ClockNs()})
		add("vivado/synth.tcl", synth, e)
	}
	return files, err
}
