package templates

import "embed"

// Scripts is the folder scripts: tool scripts in the places that they have in a project, those for C++ in hls, those for
// SystemVerilog in rtl and those for both in board. They read the constants of a design from design.tcl and
// design.sh.
//
//go:embed scripts
var Scripts embed.FS

// Host is the folder host: the PYNQ driver and the XRT host in both, and what targets have of their own in hls (with
// the data mover kernels of the Alveo flow) and rtl. They read the constants of a design from design.json and design.hpp.
//
//go:embed host
var Host embed.FS
