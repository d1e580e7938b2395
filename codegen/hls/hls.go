package hls

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"hass/codegen/project"
	"hass/templates"
)

// generator writes the C++ of a project.
type generator struct{ *project.Project }

// Library is the same in every project: the modules, the stand-ins for AMD's headers, the csim runtime and the Makefile.
func Library() ([]project.File, error) {
	library, err := fs.Sub(templates.HLS, "hls")
	if err != nil {
		return nil, err
	}
	files, err := project.Library(library, func(name string) string { return name })
	if err != nil {
		return nil, err
	}
	all, err := allHeaders(files)
	return append(files, all), err
}

// allHeaders is the header that a layer's sources include: it includes all other headers of the
// modules.
func allHeaders(files []project.File) (project.File, error) {
	var headers []string
	for _, f := range files {
		if name, ok := strings.CutPrefix(f.Path, "include/"); ok && path.Ext(name) == ".hpp" {
			headers = append(headers, name)
		}
	}
	slices.Sort(headers)
	data, err := templates.Glue("hls/hass.hpp", headers)
	return project.File{Path: "include/hass/hass.hpp", Data: data}, err
}

// Files are the sources and the testbench.
func Files(p *project.Project) (files []project.File, err error) {
	glue := func(to, template string, text any) {
		if err != nil {
			return
		}
		var data []byte
		data, err = templates.Glue(template, text)
		files = append(files, project.File{Path: to, Data: data})
	}
	g := &generator{p}
	units := g.units()
	top := g.top(units)
	glue("src/types.hpp", "hls/types.hpp", types(p))
	for _, u := range units {
		glue("src/"+u.File+".hpp", "hls/unit.hpp", u)
		glue("src/"+u.File+".cpp", "hls/unit.cpp", u)
	}
	glue("src/"+project.TopName+".hpp", "hls/hass_top.hpp", top)
	glue("src/"+project.TopName+".cpp", "hls/hass_top.cpp", top)
	glue("tb/tb.cpp", "hls/tb.cpp", testbench(p))
	return files, err
}

// Sources are the files that AMD's tools synthesise, and the files of the testbench.
func Sources(p *project.Project) (sources, testbench []string, err error) {
	for _, u := range (&generator{p}).units() {
		sources = append(sources, "src/"+u.File+".cpp")
	}
	sources = append(sources, "src/"+project.TopName+".cpp")
	testbench = []string{"tb/tb.cpp"}
	library, err := fs.Glob(templates.HLS, "hls/tb/*.cpp")
	for _, name := range library {
		testbench = append(testbench, "tb/"+path.Base(name))
	}
	return sources, testbench, err
}
