package templates

import "embed"

// Scripts is the folder scripts: tool scripts at their paths in a project, for C++ in hls, for SystemVerilog in rtl
// and for both in board. They read the constants of a design from design.tcl and design.sh.
//
//go:embed scripts
var Scripts embed.FS

// Host is the folder host: the PYNQ driver and the XRT host in both, and the files of single targets in hls (with the
// data mover kernels of the Alveo flow) and rtl. They read the constants of a design from design.json and design.hpp.
//
//go:embed host
var Host embed.FS
