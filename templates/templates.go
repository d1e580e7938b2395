// Package templates holds the emitted texts. Texts that do not depend on the design are
// real files that can be read and compiled in place: the HLS C++ module
// library, stand-ins for AMD's headers so that g++ alone compiles it, the csim
// runtime, the SystemVerilog library, scripts and drivers. Texts that depend on the design
// are text templates under glue: tops, testbenches, configurations, READMEs.
//
// It takes only the plain struct that fills a template, and imports no package of this
// module. It never holds generated files, and a template computes nothing.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"text/template"
)

// HLS is the folder hls: include/hass (the library), sim (headers for csim without
// AMD's), tb (runtime and testbench parts).
//
//go:embed hls
var HLS embed.FS

// RTL is the folder rtl: the SystemVerilog modules, one a file, the parts of the testbench that do not depend
// on the design (tb), and the Makefile.
//
//go:embed rtl
var RTL embed.FS

// Board is the folder board: SystemVerilog between the top and a card's memory and host.
//
//go:embed board
var Board embed.FS

// glueFiles is the folder glue: the emitted texts that depend on the design, as templates of text/template. They read
// like the SystemVerilog, C++ or Markdown that they become.
//
//go:embed glue
var glueFiles embed.FS

// glue holds the templates by their path below the folder, without the ending .tmpl.
var glue = parseGlue()

func parseGlue() *template.Template {
	all := template.New("")
	err := fs.WalkDir(glueFiles, "glue", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := glueFiles.ReadFile(name)
		if err != nil {
			return err
		}
		_, err = all.New(strings.TrimSuffix(strings.TrimPrefix(name, "glue/"), ".tmpl")).Parse(string(text))
		return err
	})
	return template.Must(all, err)
}

// Glue fills the template glue/NAME.tmpl with the fields of data.
func Glue(name string, data any) ([]byte, error) {
	var b bytes.Buffer
	if err := glue.ExecuteTemplate(&b, name, data); err != nil {
		return nil, fmt.Errorf("template %w", err)
	}
	return b.Bytes(), nil
}
