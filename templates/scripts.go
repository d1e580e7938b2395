package templates

import "embed"

// Scripts is the folder scripts: tool scripts in the places that they have in a project, those for C++ in hls, those for
// SystemVerilog in rtl and those for both in board. They read the constants of a design from design.tcl and
// design.sh.
//
//go:embed scripts
var Scripts embed.FS

// Host is the folder host: the PYNQ driver, the XRT host, and the data mover kernels of
// the Alveo flow. They read the constants of a design from design.json and design.hpp.
//
//go:embed host
var Host embed.FS
