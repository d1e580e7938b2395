// Package codegen turns a Design into a project folder: Vitis HLS C++ (the module
// library of package templates and thin generated glue, one file per layer), weights and
// golden vectors as data files, a testbench and a Makefile whose csim needs g++
// only. Verify runs that csim and reads its report.
//
// It takes the design and its side files and nothing else, and gives a folder that
// appears as a whole and is byte-identical for the same design. Every number and
// name in the emitted glue comes from package hw and the integer network; names from the
// model reach no emitted file. It never decides anything about the hardware.
package codegen
