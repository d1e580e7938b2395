package rtl

import (
	"io/fs"
	"path"
	"strings"

	"hass/codegen/project"
	"hass/templates"
)

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

// Files are the top and the testbench.
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
	return files, err
}
