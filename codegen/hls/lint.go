package hls

import (
	"fmt"

	"hass/codegen/lint"
	"hass/codegen/project"
)

// glueWords are the identifiers of the generated glue, besides those of the design, the
// language and the module library.
var glueWords = []string{"HASS_MAX_PROCESSES", "design", "shape", "axi", "input_axi", "nonzero", "chain_in", "chain_out", "lutram", "bram", "uram", "row_class", "column_class", "TABLE"}

// LintOptions gives package lint the identifiers that the project's sources may contain:
// identifiers that package ident made from names of the model, identifiers of ports, chain
// and token types, and a fixed vocabulary.
func LintOptions(p *project.Project) lint.Options {
	o := lint.Options{Known: append([]string{project.TopName, p.Loader, p.End}, glueWords...)}
	for _, l := range p.Net.Layers {
		o.IDs = append(o.IDs, l.ID)
		o.ModelNames = append(o.ModelNames, l.Name)
	}
	for _, t := range p.Net.Tensors {
		o.IDs = append(o.IDs, t.ID)
		o.ModelNames = append(o.ModelNames, t.Name)
	}
	for _, r := range p.Net.Results {
		o.ModelNames = append(o.ModelNames, r.Name)
	}
	for _, h := range p.Net.Host {
		o.ModelNames = append(o.ModelNames, h.Name)
	}
	if p.Net.Tail != nil {
		for _, in := range p.Net.Tail.Inputs {
			o.ModelNames = append(o.ModelNames, in.Name)
		}
	}
	o.ModelNames = append(o.ModelNames, p.Net.Name, p.Design.Model)
	for _, port := range p.Ports() {
		o.IDs = append(o.IDs, port.Name)
	}
	for i := range len(p.Chain) + 1 {
		o.Known = append(o.Known, p.ChainName(i), "s_"+p.ChainName(i))
	}
	for _, s := range p.HW.Streams {
		o.Known = append(o.Known, beatType(s))
	}
	for i := range max(2, hwPorts(p)) {
		o.Known = append(o.Known, fmt.Sprintf("in%d", i), fmt.Sprintf("out%d", i))
	}
	return o
}

// hwPorts is the largest number of ports on one side of a process.
func hwPorts(p *project.Project) (n int) {
	for _, pr := range p.HW.Processes {
		n = max(n, len(pr.In), len(pr.Out))
	}
	return n
}
