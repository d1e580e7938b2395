// Package templates holds the emitted sources that do not depend on the design: the
// HLS C++ module library, stand-ins for AMD's headers so that g++ alone compiles
// it, and the csim runtime. They are real files that can be compiled and read
// where they lie; package codegen copies them into a project.
//
// It takes nothing and imports nothing of ours. It never holds anything that was
// generated.
package templates

import "embed"

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
