// Package codegen turns a design into a project folder and compares a folder with a design. The table of
// targets (targets.go) names the emitter and the verification of each.
//
// It takes a design and its side files and nothing else, and gives a folder that appears as a whole
// and is byte-identical for the same design. Package project has the data that all targets share,
// hls and rtl write C++ and SystemVerilog, host the files for AMD's tools and the boards, readme the
// README; package verify runs a folder. Every number and name in the emitted text comes from package
// hw and the integer network; names from the model never reach a source file. It never decides
// anything about the hardware.
package codegen
